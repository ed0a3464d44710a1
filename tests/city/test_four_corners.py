"""The toy city is what its maker says it is."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from fleet.city.airspace import closed_for_landing, obstacles
from fleet.city.load import load_city
from fleet.city.paths import Airspace

ROOT = Path(__file__).parents[2]
MAP = ROOT / "maps" / "four-corners.geojson"


@pytest.fixture(scope="module")
def city():
    return load_city(MAP)


def test_the_file_is_what_the_script_writes(tmp_path):
    maker = runpy.run_path(str(ROOT / "tools" / "make_four_corners.py"))
    maker["write_geojson"](maker["four_corners"](), tmp_path / "again.geojson")
    assert (tmp_path / "again.geojson").read_bytes() == MAP.read_bytes()


def test_the_numbers_are_those_of_the_script(city):
    places = {p.id: (p.x_m, p.y_m) for p in (*city.sites, *city.pickup_points, *city.anchors)}
    assert places["depot"] == pytest.approx((-400, -400), abs=0.02)
    assert places["plant"] == pytest.approx((400, 400), abs=0.02)
    assert places["pad-1"] == pytest.approx((400, -400), abs=0.02)
    assert places["nw-1"] == pytest.approx((-200, 300), abs=0.02)
    assert places["anchor-5"] == pytest.approx((0, 0), abs=0.02)
    assert len(city.anchors) == 9
    assert [d.id for d in city.districts] == ["nw", "ne", "sw", "se"]
    assert {p.id: p.district for p in city.pickup_points} == {
        f"{c}-{n}": c for c in ("nw", "ne", "sw", "se") for n in (1, 2, 3)
    }


def test_the_diagonal_bends_round_the_stadium(city):
    airspace = Airspace(obstacles(city, 60.0))
    line = airspace.path(-400.0, -400.0, 400.0, 400.0)
    assert line.shape == (3, 2)
    assert sorted(np.abs(line[1])) == pytest.approx([105, 105], abs=0.02)
    length = float(np.hypot(*np.diff(line, axis=0).T).sum())
    assert length == pytest.approx(2 * np.hypot(505, 295), abs=0.05)


def test_the_stadium_and_the_tower_close_the_sky_at_sixty_metres_only(city):
    assert len(obstacles(city, 60.0)) == 2
    assert len(obstacles(city, 110.0)) == 1
    assert obstacles(city, 130.0) == ()


def test_every_place_that_is_served_can_be_reached(city):
    places = [*city.sites, *city.pickup_points]
    x, y = np.array([p.x_m for p in places]), np.array([p.y_m for p in places])
    assert np.isfinite(Airspace(obstacles(city, 60.0)).network(x, y).length_m).all()
    assert not closed_for_landing(city, 60.0, x, y).any()
