"""What closes the sky, and at which height."""

import numpy as np
import pytest
from shapely import Point, box

from fleet.city.airspace import closed_for_landing, closing, obstacles
from fleet.city.frame import Frame
from fleet.city.model import Building, City, Zone

FRAME = Frame(10, 50)


def closed(city, height_m, x=0.0, y=0.0, **options):
    return any(o.contains(Point(x, y)) for o in obstacles(city, height_m, **options))


@pytest.mark.parametrize(
    ("height_m", "expected"), [(19.9, False), (20.0, True), (60.0, True), (99.9, True), (100.0, False)]
)
def test_a_zone_closes_its_band_floor_included_ceiling_not(height_m, expected):
    city = City("c", FRAME, zones=(Zone("z", "prison", box(-9, -9, 9, 9), 20.0, 100.0),))
    assert closed(city, height_m) == expected


@pytest.mark.parametrize(("height_m", "expected"), [(40.0, True), (59.9, True), (60.0, False), (80.0, False)])
def test_a_building_closes_everything_up_to_ten_metres_above_its_roof(height_m, expected):
    city = City("c", FRAME, buildings=(Building("b", box(-9, -9, 9, 9), 50.0),))
    assert closed(city, height_m) == expected
    assert not closed(city, 55.0, roof_clearance_m=0.0)


def test_the_clearance_keeps_square_corners():
    city = City("c", FRAME, zones=(Zone("z", "school", box(0, 0, 10, 10)),))
    (shape,) = obstacles(city, 60.0)
    assert shape.equals(box(-5, -5, 15, 15))
    assert obstacles(city, 60.0, clearance_m=0.0)[0].equals(box(0, 0, 10, 10))


def test_neighbours_within_twice_the_clearance_become_one():
    near = (Zone("a", "school", box(0, 0, 10, 10)), Zone("b", "school", box(19, 0, 30, 10)))
    far = (near[0], Zone("b", "school", box(21, 0, 30, 10)))
    assert len(obstacles(City("c", FRAME, zones=near), 60.0)) == 1
    assert len(obstacles(City("c", FRAME, zones=far), 60.0)) == 2


def test_an_open_courtyard_stays_open():
    ring = box(0, 0, 100, 100).difference(box(20, 20, 80, 80))
    (shape,) = obstacles(City("c", FRAME, buildings=(Building("b", ring, 90.0),)), 60.0)
    assert shape.interiors
    assert not shape.contains(Point(50, 50))


def test_a_clear_sky_has_no_obstacles():
    assert obstacles(City("c", FRAME), 60.0) == ()


def test_low_buildings_cost_nothing_and_close_nothing():
    low = tuple(Building(f"b{n}", box(n, 0, n + 0.5, 1), 20.0) for n in range(3000))
    assert obstacles(City("c", FRAME, buildings=low), 60.0) == ()


def test_landing_is_closed_under_a_zone_that_begins_below_the_cruise_height():
    zones = (
        Zone("ground", "school", box(0, 0, 10, 10), 0.0, 30.0),
        Zone("band", "helipad", box(100, 0, 110, 10), 20.0, 40.0),
        Zone("above", "airfield", box(200, 0, 210, 10), 60.0, 120.0),
    )
    city = City("c", FRAME, zones=zones)
    x, y = np.array([5.0, 105.0, 205.0, 50.0, 13.0]), np.full(5, 5.0)
    assert closed_for_landing(city, 60.0, x, y).tolist() == [True, True, False, False, True]
    assert closed_for_landing(city, 60.1, x, y).tolist() == [True, True, True, False, True]
    assert not closed(city, 50.0, 5.0, 5.0)
    assert closed_for_landing(City("c", FRAME), 60.0, [0.0], [0.0]).tolist() == [False]


def ruled(name, restriction, x, floor_m=0.0):
    return Zone(name, "nature", box(x, 0, x + 10, 10), floor_m, 120.0, restriction)


RULED = (
    ruled("a", "prohibited", 0),
    ruled("b", "authorization", 100),
    ruled("b~2", "authorization", 200),
    ruled("c", "none", 300),
    ruled("bb", "conditional", 400),
    ruled("d", "uspace", 500),
)


def test_every_zone_closes_but_those_without_restriction_and_those_one_may_enter():
    assert [z.id for z in closing(RULED)] == ["a", "b", "b~2", "bb", "d"]
    assert [z.id for z in closing(RULED, frozenset({"b", "d"}))] == ["a", "bb"]
    assert [z.id for z in closing(RULED, frozenset({"b~2", "x"}))] == ["a", "b", "bb", "d"]


def test_a_zone_without_restriction_is_flown_through_and_landed_in():
    city = City("c", FRAME, zones=RULED)
    x, y = np.array([5.0, 105.0, 205.0, 305.0, 405.0, 505.0]), np.full(6, 5.0)
    assert closed_for_landing(city, 60.0, x, y).tolist() == [True, True, True, False, True, True]
    assert [closed(city, 60.0, a, 5.0) for a in x] == [True, True, True, False, True, True]


def test_only_the_zones_that_are_closed_now_are_in_the_way():
    city = City("c", FRAME, (Building("h", box(0, 100, 10, 110), 90.0),), zones=RULED)
    x, y = np.array([5.0, 105.0]), np.full(2, 5.0)
    now = RULED[1:2]
    assert [closed(city, 60.0, a, 5.0, closed=now) for a in x] == [False, True]
    assert closed_for_landing(city, 60.0, x, y, closed=now).tolist() == [False, True]
    assert closed_for_landing(city, 60.0, x, y, closed=iter(())).tolist() == [False, False]
    assert len(obstacles(city, 60.0, closed=())) == 1, "buildings stay"
