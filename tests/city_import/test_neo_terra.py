"""The invented city: the committed map is what the tool makes, and it is fit to fly in."""

import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import shapely

from fleet.base.materials import MATERIALS
from fleet.city.airspace import closed_for_landing, obstacles
from fleet.city.load import load_city
from fleet.city.model import City

ROOT = Path(__file__).parents[2]
MAP = ROOT / "maps" / "neo-terra.geojson"


def run_tool(*arguments: str) -> subprocess.CompletedProcess[str]:
    tool = [sys.executable, str(ROOT / "tools" / "make_neo_terra.py"), *arguments]
    return subprocess.run(tool, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT)})


@cache
def neo_terra() -> City:
    return load_city(MAP)


def test_the_committed_map_is_what_the_tool_makes(tmp_path):
    done = run_tool("-o", str(tmp_path / "map.geojson"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "map.geojson").read_bytes() == MAP.read_bytes()


def test_wrong_calls_are_told_so(tmp_path):
    for arguments, word in ((("--scale", "9"), "0.5 to 4"), (("-o", str(tmp_path / "no" / "m")), "written")):
        done = run_tool(*arguments)
        assert done.returncode == 2
        assert word in done.stderr
        assert "Traceback" not in done.stderr


def test_size_and_parts():
    city = neo_terra()
    assert MAP.stat().st_size < 1_500_000
    assert len(city.buildings) == pytest.approx(2000, abs=100)
    assert len(city.pickup_points) == 600
    assert len(city.anchors) == 17 * 17
    assert len(city.districts) == 8
    assert {"hospital", "airfield", "school", "stadium"} <= {z.reason for z in city.zones}
    assert Counter(z.reason for z in city.zones)["school"] == 3
    heights_m = np.array([b.height_m for b in city.buildings])
    assert heights_m.min() >= 6.0
    assert np.count_nonzero(heights_m >= 70.0) >= 10
    assert not np.any((heights_m > 45.0) & (heights_m < 70.0))
    assert not city.attribution


def test_districts_tile_the_square():
    areas = [d.area for d in neo_terra().districts]
    whole = shapely.union_all(areas)
    assert sum(a.area for a in areas) == pytest.approx(whole.area, rel=1e-6)
    assert whole.area == pytest.approx(4000.0**2, rel=1e-3)


def test_buildings_do_not_overlap():
    footprints = np.array([b.footprint for b in neo_terra().buildings])
    left, right = shapely.STRtree(footprints).query(footprints, predicate="intersects")
    pairs = left < right
    common = shapely.area(shapely.intersection(footprints[left[pairs]], footprints[right[pairs]]))
    assert not np.any(common > 0.5)


def test_sites():
    sites = neo_terra().sites
    depots = [s for s in sites if s.base]
    works = [s for s in sites if s.accepts]
    pads = [s for s in sites if not s.base and not s.accepts]
    assert (len(depots), len(works), len(pads)) == (2, 6, 12)
    assert {(s.pads, s.chargers) for s in depots} == {(24, 20)}
    assert {(s.pads, s.chargers) for s in pads} == {(2, 2)}
    # Clinical waste has no taker on the map: a scenario that has any says who takes it.
    assert set().union(*(s.accepts for s in works)) == set(MATERIALS) - {"clinical"}


def test_pickup_points_are_in_every_district_and_can_be_served():
    city = neo_terra()
    homes = Counter(p.district for p in city.pickup_points)
    assert set(homes) == {d.id for d in city.districts}
    assert min(homes.values()) >= 30
    places = (*city.pickup_points, *city.sites)
    x_m, y_m = np.array([p.x_m for p in places]), np.array([p.y_m for p in places])
    assert not closed_for_landing(city, 80.0, x_m, y_m, clearance_m=10.0).any()
    assert not shapely.intersects_xy(shapely.union_all(obstacles(city, 60.0)), x_m, y_m).any()


def test_towers_stand_in_the_way_at_80_m():
    city = neo_terra()
    no_zones = [o for o in obstacles(city, 80.0) if not any(o.intersects(z.area) for z in city.zones)]
    assert len(no_zones) >= 8
