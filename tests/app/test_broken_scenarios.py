"""A thousand spoilt scenario files: an answer and an exit code, never a traceback; a place for every fault."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path

import pytest
from app_yaml.spoil import spoilt
from click.testing import CliRunner

from fleet.app.cli import cli
from fleet.app.starter import map_file

CONFIGS = Path(__file__).parents[2] / "configs"
MORE = b"""
facilities:
  - {id: plant, accepts: [all, batteries], capacity_kg: 900}
  - {id: extra, lon: 9.99, lat: 50.0, base: true, chargers: 1}
docking: {charging: charge, charge_c_rate: 2}
output: {telemetry_s: 10}
"""


@pytest.fixture(scope="module")
def texts():
    """Scenarios of every kind, all in Four Corners, so that the map is read in no time."""
    found = [path.read_bytes() for path in sorted(CONFIGS.glob("*.yaml"))]
    moved = [re.sub(rb"(?m)^( +map:) .*$", rb"\1 four-corners.geojson", text) for text in found]
    return [*moved, moved[0] + MORE, moved[-1] + MORE]


@pytest.mark.parametrize("seed", range(10))
def test_a_hundred_broken_scenarios(tmp_path, texts, seed):
    shutil.copy(map_file(), tmp_path)
    path = tmp_path / "day.yaml"
    rng = random.Random(seed)
    codes = []
    for _ in range(100):
        path.write_bytes(spoilt(rng, rng.choice(texts)))
        result = CliRunner().invoke(cli, ["validate", str(path)])
        assert result.exit_code in (0, 2, 3), (path.read_bytes(), result.output)
        assert result.exception is None or isinstance(result.exception, SystemExit), path.read_bytes()
        if result.exit_code == 3:
            assert re.match(r"[^:\n]+:[1-9]\d*:[1-9]\d*: ", result.stderr), result.stderr
            assert result.stdout == ""
        codes.append(result.exit_code)
    assert codes.count(3) > 50
