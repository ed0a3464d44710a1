"""A day on real cities: import an OpenStreetMap extract, fly with its zones on, close the books."""

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

from tests.journeys.judge import Record

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


CITIES = ("monaco", "helsinki-centre", "baltimore")


@pytest.fixture(scope="module", params=CITIES)
def extract(request: pytest.FixtureRequest) -> Path:
    data = os.environ.get("FLEET_DATA")
    if not data:
        pytest.skip("FLEET_DATA is not set: no real extracts to import")
    return Path(data) / "cities" / f"{request.param}.osm.pbf"


@pytest.fixture(scope="module")
def day(extract: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, Any]]:
    """(map, record, summary) of a day in a city."""
    place = tmp_path_factory.mktemp("city")
    city, record = place / "city.geojson", place / "run"
    fleet("map", "import", str(extract), "-o", str(city))
    ran = fleet("run", "configs/day.yaml", "--set", f"city.map={city}", "--json", "--quiet", "-o", str(record))
    return city, record, json.loads(ran)


def fleet(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "fleet", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_day_is_flown_and_the_books_close(day: tuple[Path, Path, dict[str, Any]]) -> None:
    summary = day[2]
    assert summary["status"] == "complete"
    assert summary["served"] > 0.9 * summary["requested"] > 0
    assert max(summary["residual_kg"], summary["residual_wh"]) <= 1e-6
    assert summary["served"] + sum(summary["missed"].values()) + summary["open"] == summary["requested"]


def test_nobody_flies_over_closed_ground(day: tuple[Path, Path, dict[str, Any]]) -> None:
    record = Record(day[1], day[0])
    assert len(record.closed) >= 5
    assert len(record.legs["phase"]) > 1000
    assert record.metres_inside_closed() == 0.0


def test_pickups_are_at_the_mapped_recycling_points(extract: Path, day: tuple[Path, Path, dict[str, Any]]) -> None:
    """Every mapped node outdoors is a pickup point within a metre of its place, and waste is asked from there."""
    mapped = {
        f"osm-n{node.id}": (node.lon, node.lat, node.tags.get("level", "0") == "0")
        for node in osmium.FileProcessor(str(extract), osmium.osm.NODE).with_filter(
            osmium.filter.KeyFilter("amenity")
        )
        if node.tags.get("amenity") == "recycling"
    }
    features = json.loads(day[0].read_text())["features"]
    points = {
        f["properties"]["id"]: f["geometry"]["coordinates"]
        for f in features
        if f["properties"]["kind"] == "pickup_point"
    }
    expected = {"monaco": (15, 15), "helsinki-centre": (2, 0), "baltimore": (0, 0)}
    outdoors = {name for name, (_, _, is_outdoors) in mapped.items() if is_outdoors}
    assert (len(mapped), len(outdoors)) == expected[extract.name.removesuffix(".osm.pbf")]
    assert mapped.keys() & points.keys() == outdoors
    for name in outdoors:
        x, y = points[name]
        lon, lat, _ = mapped[name]
        assert math.hypot((x - lon) * 80_000, (y - lat) * 111_000) < 1.0
    events = (day[1] / "events.jsonl").read_text().splitlines()
    asked = {
        body["point_id"]
        for body in (json.loads(line)["body"] for line in events)
        if body["type"] == "PickupRequested"
    }
    assert len(asked & outdoors) >= len(outdoors) // 2
