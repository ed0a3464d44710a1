"""The sea to the right of the coast, and only there."""

import pytest
import shapely

from tests.city_import.towns import Town


def harbour(*coast):
    """Houses on a grid of 20 x 20 steps, and coastlines of (x, y) corners."""
    town = Town(bounds=(0.0, 0.0, 20.0, 20.0))
    town.streets()
    for n in range(5):
        town.square(1.0 + n, 1.0, building="yes")
    for corners in coast:
        town.way(*corners, natural="coastline")
    return town


def wet(result, x, y):
    frame = result.city.frame
    point = shapely.Point(*(float(v) for v in frame.to_metres(*Town.degrees(x, y))))
    return any(c.kind == "water" and c.area.contains(point) for c in result.city.covers)


def test_land_on_the_left_water_on_the_right(tmp_path):
    result = harbour([(10, -3), (10, 23)]).imported(tmp_path)
    assert (wet(result, 5, 15), wet(result, 15, 15)) == (False, True)
    result = harbour([(10, 23), (10, -3)]).imported(tmp_path)
    assert (wet(result, 5, 15), wet(result, 15, 15)) == (True, False)


def test_islands_and_a_coast_in_pieces(tmp_path):
    island = [(14, 14), (16, 14), (16, 16), (14, 16), (14, 14)]  # anticlockwise: land within
    result = harbour([(10, -3), (10, 8)], [(10, 8), (10, 23)], island).imported(tmp_path)
    assert wet(result, 12, 12)
    assert not wet(result, 15, 15)
    assert sum(len(c.area.interiors) for c in result.city.covers if c.kind == "water") == 1


def test_a_coast_that_ends_near_the_edge_is_drawn_on(tmp_path):
    result = harbour([(10, 1), (10, 23)]).imported(tmp_path)
    assert result.account.fact("ends of the coast, drawn on to the edge of the box") == 1
    assert (wet(result, 5, 15), wet(result, 15, 15)) == (False, True)


def test_a_coast_that_ends_in_the_middle_parts_nothing(tmp_path):
    """Where the extract holds no more of the coast, nobody knows where the sea is."""
    town = harbour([(10, 10), (10, 23)])
    result = town.imported(tmp_path)
    assert result.account.row("natural=coastline").used == 1
    assert not wet(result, 5, 15)
    assert not wet(result, 15, 15)


def test_a_coast_elsewhere_is_left_out(tmp_path):
    result = harbour([(90, 0), (90, 30)]).imported(tmp_path)
    assert result.account.row("natural=coastline").left_out == (("outside the box", 1),)
    assert not result.city.covers


@pytest.mark.parametrize(
    "width, metres", [("12", 12.0), ("40 ft", 12.192), ("wide", 10.0), (None, 10.0), ("-4", 10.0)]
)
def test_a_river_has_its_width(tmp_path, width, metres):
    town = harbour()
    tags = {"waterway": "river"} if width is None else {"waterway": "river", "width": width}
    town.way((2, 10), (8, 10), **tags)
    (river,) = (c.area for c in town.imported(tmp_path).city.covers)
    south, north = river.bounds[1], river.bounds[3]
    assert north - south == pytest.approx(metres, abs=0.05)


def test_two_lakes_that_touch_and_a_park_that_crosses_itself(tmp_path):
    town = harbour()
    town.way((10, 10), (12, 12), (12, 10), (10, 12), (10, 10), leisure="park")
    town.square(14, 10, 1.0, natural="water")
    town.square(15, 10, 1.0, natural="water")
    kinds = [c.kind for c in town.imported(tmp_path).city.covers]
    assert sorted(kinds) == ["park", "park", "water", "water"]
