"""Lengths against an independent search: grids full of touching things, random ground, real cities."""

import os
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from shapely import LineString, Polygon, affinity, box

from fleet.city.paths import Airspace
from tests.city.plain_paths import GROUND, POINTS, lengths, stars, union

SAME_M = 1e-6


def assert_agree(ground, points, airspace=None):
    found = (airspace or Airspace(ground)).network(*points.T).length_m
    expected = lengths(ground, points)
    finite = np.isfinite(expected)
    assert np.array_equal(np.isfinite(found), finite)
    assert np.abs(found[finite] - expected[finite]).max(initial=0.0) < SAME_M


@settings(max_examples=300, deadline=None)
@given(ground=GROUND, spots=POINTS)
def test_on_a_grid_where_everything_touches(ground, spots):
    assert_agree(ground, np.array(spots, dtype=float))


@settings(max_examples=100, deadline=None)
@given(ground=GROUND, spots=POINTS)
def test_far_from_the_origin(ground, spots):
    moved = [affinity.translate(polygon, 40_000, -70_000) for polygon in ground]
    assert_agree(moved, np.array(spots, dtype=float) + np.array([40_000, -70_000]))


@settings(max_examples=100, deadline=None)
@given(ground=GROUND, spots=POINTS)
def test_from_and_to_corners_edges_and_twice_the_same_place(ground, spots):
    outline = union(ground).boundary or LineString()
    corners = shapely.get_coordinates(outline)[:6]
    on_edge = shapely.get_coordinates(
        shapely.line_interpolate_point(outline, [0.123, 0.5, 0.789], normalized=True)
    )
    assert_agree(ground, np.concatenate([np.array(spots, dtype=float), corners, on_edge, corners[:1]]))


def grid_ground(rng):
    for _ in range(rng.integers(2, 7)):
        x, y = rng.integers(-6, 7, 2)
        yield box(x, y, x + rng.integers(1, 6), y + rng.integers(1, 6))
        knot = shapely.make_valid(Polygon(rng.integers(-6, 7, (rng.integers(4, 8), 2))))
        yield from (part for part in shapely.get_parts(knot) if isinstance(part, Polygon))


@pytest.mark.parametrize("seed", range(60))
def test_turned_so_that_nothing_touches_exactly(seed):
    """The same kind of ground, turned and enlarged: what met in a point now misses it by what rounding leaves."""
    rng = np.random.default_rng([5, seed])

    def turned(shape):
        large = affinity.scale(affinity.rotate(shape, 37.123, origin=(0, 0)), 100, 100, origin=(0, 0))
        return affinity.translate(large, 12345.678, -9876.54)

    ground = [turned(shape) for shape in grid_ground(rng)]
    points = shapely.get_coordinates([turned(shapely.Point(spot)) for spot in rng.integers(-7, 8, (6, 2))])
    assert_agree(ground, points)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(1, 6))])
def test_amid_random_stars(seed):
    rng = np.random.default_rng([11, seed])
    ground = list(stars(30, 1500, 700, rng))
    assert_agree(ground, rng.uniform(-2000, 2000, (15, 2)))


SLIVERS = {
    "a wall a nanometre thick": [box(-50, 0, 50, 1e-9)],
    "a wall a micrometre thick": [box(-50, 0, 50, 1e-6)],
    "a needle": [Polygon([(-50, 0), (50, 1e-3), (50, -1e-3)])],
    "a gap of nothing": [box(-50, -3, 0, 3), box(0, -3, 50, 3)],
    "a gap of a micrometre": [box(-50, -3, 0, 3), box(1e-6, -3, 50, 3)],
    "a gap of a millimetre": [box(-50, -3, 0, 3), box(1e-3, -3, 50, 3)],
    "a saw with teeth of a tenth of a millimetre": [
        Polygon([(-50, 0), *((0.01 * k, 1e-4 * (k % 2)) for k in range(100)), (50, 0), (50, -2), (-50, -2)])
    ],
    "corners a micrometre apart": [Polygon([(-50, 0), (50, 0), (50 + 1e-6, 1e-6), (50, 2e-6), (-50, 5)])],
}


@pytest.mark.parametrize("name", SLIVERS)
def test_thin_things(name):
    points = np.array([[0.3, -40.0], [0.2, 40.0], [-30.0, 9.0], [-49.0, -9.0], [70.0, 0.0]])
    found = Airspace(SLIVERS[name]).network(*points.T).length_m
    # The plain search takes what is thinner than half a micrometre for the edge itself; so it gets a thicker wall.
    thick = [box(-50, 0, 50, 2e-6)] if name.startswith("a wall") else SLIVERS[name]
    assert np.abs(found - lengths(thick, points)).max() < 2e-6


def test_a_courtyard_opens_where_it_touches_the_outside():
    """In a point: one may leave there, along the edge, although each ring alone would forbid it."""
    ring = box(0, 0, 10, 10).difference(Polygon([(5, 0), (7, 4), (3, 4)]))
    points = np.array([[5.0, 3.0], [5.0, -3.0], [9.0, -1.0]])
    assert_agree([ring], points)
    assert Airspace([ring]).network(*points.T).length_m[0, 1] == pytest.approx(6)
    closed = box(0, 0, 10, 10).difference(Polygon([(5, 1e-3), (7, 4), (3, 4)]))
    assert np.isinf(Airspace([closed]).network(*points.T).length_m[0, 1])


def test_a_crack_that_ends_in_the_ground_is_no_way_through():
    split = [Polygon([(0, 0), (10, 0), (10, 10), (5, 10), (5, 4), (5, 10), (0, 10)]), box(20, 0, 21, 1)]
    points = np.array([[5.0, 12.0], [5.0, -2.0], [5.0, 10.0], [5.0, 0.0]])
    assert_agree(split, points)
    above, below = ([(5 - 1e-7, y), (5 + 1e-7, y), (5, tip)] for y, tip in ((11, 6), (-1, 4)))
    cracked = box(0, 0, 10, 10).difference(Polygon(above)).difference(Polygon(below))
    assert_agree([cracked], points)
    assert Airspace([cracked]).network(*points[:2].T).length_m[0, 1] > 15


CITIES = ("monaco.osm.pbf", "helsinki-centre.osm.pbf", "baltimore.osm.pbf")
"""The crops of real cities that the plain search can take on."""


@pytest.mark.slow
@pytest.mark.parametrize("name", CITIES)
def test_in_crops_of_real_cities(name):
    data = os.environ.get("FLEET_DATA")
    if not data or not (Path(data) / "cities" / name).exists():
        pytest.skip("needs the city extracts: set FLEET_DATA")
    from fleet.city.airspace import obstacles
    from fleet.city.osm import import_osm

    ground = obstacles(import_osm(Path(data) / "cities" / name).city, 20.0)
    rng = np.random.default_rng(8)
    middles = [polygon.representative_point() for polygon in ground]
    for middle in rng.choice(np.array(middles, dtype=object), 4):
        crop = box(middle.x - 120, middle.y - 120, middle.x + 120, middle.y + 120)
        near = shapely.get_parts(shapely.intersection(shapely.union_all(ground), crop))
        points = rng.uniform(-150, 150, (12, 2)) + np.array([middle.x, middle.y])
        assert_agree(list(near[shapely.get_dimensions(near) == 2]), points)
