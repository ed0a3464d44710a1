"""A second run of the same map takes its paths from the disk, and is the same run."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.app.load import load_scenario
from fleet.bus.memory import MemoryBus
from fleet.city.paths import Airspace

SCENARIO = Path(__file__).parents[2] / "configs" / "four-corners.yaml"


def test_a_second_run_works_out_no_network(tmp_path, monkeypatch):
    monkeypatch.setenv("FLEET_CACHE", str(tmp_path))
    first = load_scenario(SCENARIO).build(MemoryBus)
    kept = sorted(tmp_path.iterdir())
    assert kept

    def refuse(*_):
        pytest.fail("worked out again")

    monkeypatch.setattr(Airspace, "network", refuse)
    second = load_scenario(SCENARIO).build(MemoryBus)
    assert sorted(tmp_path.iterdir()) == kept
    for name, layer in first.world.parts.terrain.layers.items():
        again = second.world.parts.terrain.layers[name]
        assert (layer.network.length_m == again.network.length_m).all()
        assert (layer.effort_h == again.effort_h).all()
