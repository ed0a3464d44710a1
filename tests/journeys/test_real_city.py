"""A day on a real city: import an OpenStreetMap extract, fly, close the books."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import osmium
import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def extract() -> Path:
    data = os.environ.get("FLEET_DATA")
    if not data:
        pytest.skip("FLEET_DATA is not set: no real extracts to import")
    return Path(data) / "cities" / "monaco.osm.pbf"


@pytest.fixture(scope="module")
def monaco(extract: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, Any]]:
    """(map, record, summary) of a day on Monaco."""
    place = tmp_path_factory.mktemp("monaco")
    city, record = place / "monaco.geojson", place / "run"
    fleet("map", "import", str(extract), "-o", str(city))
    day = fleet("run", "configs/day.yaml", "--set", f"city.map={city}", "--json", "--quiet", "-o", str(record))
    return city, record, json.loads(day)


def fleet(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "fleet", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_day_is_flown_and_the_books_close(monaco: tuple[Path, Path, dict[str, Any]]) -> None:
    summary = monaco[2]
    assert summary["status"] == "complete"
    assert summary["served"] > 0.9 * summary["requested"] > 0
    assert max(summary["residual_kg"], summary["residual_wh"]) <= 1e-6
    assert summary["served"] + sum(summary["missed"].values()) + summary["open"] == summary["requested"]


def test_pickups_are_at_the_mapped_recycling_points(
    extract: Path, monaco: tuple[Path, Path, dict[str, Any]]
) -> None:
    """Every mapped node is a pickup point within a metre of where OpenStreetMap has it, and is asked from."""
    mapped = {
        f"osm-n{node.id}": (node.lon, node.lat)
        for node in osmium.FileProcessor(str(extract), osmium.osm.NODE).with_filter(
            osmium.filter.KeyFilter("amenity")
        )
        if node.tags.get("amenity") == "recycling"
    }
    features = json.loads(monaco[0].read_text())["features"]
    points = {
        f["properties"]["id"]: f["geometry"]["coordinates"]
        for f in features
        if f["properties"]["kind"] == "pickup_point"
    }
    assert len(mapped) >= 14
    for name, (lon, lat) in mapped.items():
        x, y = points[name]
        assert math.hypot((x - lon) * 80_000, (y - lat) * 111_000) < 1.0
    events = (monaco[1] / "events.jsonl").read_text().splitlines()
    asked = {
        body["point_id"]
        for body in (json.loads(line)["body"] for line in events)
        if body["type"] == "PickupRequested"
    }
    assert len(asked & mapped.keys()) >= len(mapped) // 2
