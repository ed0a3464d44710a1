"""Drones and cargo bikes on Monaco: what lies in a no-fly zone is served by street, and by nobody else.

All is read from the records and the map: neither the simulator's streets nor its airspace is asked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from tests.journeys.judge import Record

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow

CLEARANCE_M, LAST_METRES = 5.0, 100.0
"""What a drone keeps from a zone, and how far from a street a place may be, as the pages say."""
BY_STREET = ("bike-", "walker-")


def fleet(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "fleet", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = os.environ.get("FLEET_DATA")
    if not data:
        pytest.skip("FLEET_DATA is not set: no real extracts to import")
    path = tmp_path_factory.mktemp("monaco") / "monaco.geojson"
    fleet("map", "import", str(Path(data) / "cities" / "monaco.osm.pbf"), "-o", str(path))
    return path


Day = tuple[dict[str, Any], Record]


def a_day(city: Path, record: Path, name: str, seed: int) -> Day:
    wishes = ("--set", f"city.map={city}", "--seed", str(seed))
    summary = fleet("run", f"configs/{name}.yaml", *wishes, "--json", "--quiet", "-o", str(record))
    return json.loads(summary), Record(record, city)


@pytest.fixture(scope="module", params=[1, 2])
def seed(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def drones(city: Path, seed: int, tmp_path_factory: pytest.TempPathFactory) -> Day:
    return a_day(city, tmp_path_factory.mktemp("drones"), "day", seed)


@pytest.fixture(scope="module")
def mixed(city: Path, seed: int, tmp_path_factory: pytest.TempPathFactory) -> Day:
    return a_day(city, tmp_path_factory.mktemp("mixed"), "mixed", seed)


def inside_zones(record: Record) -> set[str]:
    """Pickups that a drone may not come down to."""
    zones = shapely.union_all([shape for p, shape in record._shapes("no_fly") if p["floor_m"] < 80.0])
    shut = shapely.buffer(zones, CLEARANCE_M, join_style="mitre", mitre_limit=2.0)
    asked = [body for _, body in record.bodies("PickupRequested")]
    hit = shapely.contains_xy(shut, [b["x_m"] for b in asked], [b["y_m"] for b in asked])
    return {body["pickup_id"] for body, shut in zip(asked, hit, strict=True) if shut}


def test_without_bikes_they_are_missed_and_the_reason_is_that_no_way_leads_there(drones: Day) -> None:
    _, record = drones
    inside = inside_zones(record)
    missed = {b["pickup_id"]: (b["reason"], b["need"], b["limit"]) for _, b in record.bodies("PickupMissed")}
    assert len(inside) >= 10
    assert {missed[name] for name in inside} == {("no-legal-path", 1.0, 0.0)}


def test_with_bikes_they_are_served_by_street_alone(mixed: Day) -> None:
    summary, record = mixed
    inside = inside_zones(record)
    collected = {b["pickup_id"]: b["vehicle"] for _, b in record.bodies("PickupCollected")}
    assert len(inside & collected.keys()) >= 0.9 * len(inside) > 0
    assert all(collected[name].startswith(BY_STREET) for name in inside & collected.keys())
    assert {vehicle.rsplit("-", 1)[0] for vehicle in collected.values()} >= {"light", "bike"}
    assert summary["status"] == "complete"


def test_more_is_served_than_by_drones_alone(drones: Day, mixed: Day) -> None:
    assert drones[0]["requested"] == mixed[0]["requested"]
    assert mixed[0]["served"] >= drones[0]["served"] + 10


def test_nobody_flies_through_a_zone_and_nobody_on_the_street_flies(mixed: Day) -> None:
    _, record = mixed
    assert record.metres_inside_closed() == 0.0
    by_street = np.array([str(v).startswith(BY_STREET) for v in record.legs["vehicle"]])
    drives = record.legs["phase"] == "driving"
    assert drives.any()
    assert np.array_equal(by_street, drives)


def test_who_drives_keeps_to_the_streets_open_to_it_but_for_the_last_metres(mixed: Day) -> None:
    """Both ends of every piece on one and the same street; or one end is where the vehicle stops."""
    _, record = mixed
    legs = record.legs
    stops = {(s.x, s.y) for _, s in (*record._shapes("pickup_point"), *record._shapes("site"))}
    tree_of_stops = shapely.STRtree([shapely.Point(p) for p in sorted(stops)])
    for head, mode in (("bike-", "bicycle"), ("walker-", "foot")):
        streets = [
            shape for p, shape in record._shapes("street") if mode in p.get("access", ["foot", "bicycle", "motor"])
        ]
        mine = np.array([str(v).startswith(head) for v in legs["vehicle"]])
        assert mine.sum() > 1000 or head != "bike-", "who walks may have nothing to do, who rides has"
        ends = [shapely.points(legs[f"x{n}_m"][mine], legs[f"y{n}_m"][mine]) for n in (0, 1)]
        tree = shapely.STRtree(streets)
        on = [set(zip(*tree.query(e, "dwithin", 0.05).tolist(), strict=True)) for e in ends]
        together = {leg for leg, _ in on[0] & on[1]}
        last = {leg for e in ends for leg in tree_of_stops.query(e, "dwithin", 0.1)[0].tolist()}
        length = shapely.distance(*ends)
        for leg in set(range(int(mine.sum()))) - together:
            assert leg in last
            assert length[leg] <= LAST_METRES


def test_the_books_close_and_everybody_is_accounted_for(mixed: Day) -> None:
    summary, record = mixed
    ((_, closed),) = record.bodies("WorldClosed")
    assert max(closed["residual_kg"], closed["residual_wh"]) <= 1e-6
    assert abs(sum(closed["kg"].values())) < 1e-3
    assert abs(sum(closed["wh"].values())) < 1e-3
    assert summary["served"] + sum(summary["missed"].values()) + summary["open"] == summary["requested"]
