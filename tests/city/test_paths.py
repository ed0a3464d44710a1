"""Shortest legal paths: laws, and cases worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Polygon, box

from fleet.base.errors import InfeasibleError
from fleet.city.paths import Airspace
from tests.city.plain_paths import BOXES, GROUND, POINTS, SPOT, stars, union, walked

SAME_M = 1e-6


def shrunk(obstacles):
    # GEOS divides by zero within, and gives the right shape, where a corner is very sharp.
    with np.errstate(all="ignore"):
        return union(obstacles).buffer(-SAME_M, join_style="mitre")


@settings(max_examples=100, deadline=None)
@given(ground=GROUND, spots=POINTS)
def test_lengths_are_a_metric_and_never_beat_the_straight_line(ground, spots):
    x, y = np.array(spots, dtype=float).T
    airspace = Airspace(ground)
    length = airspace.network(x, y).length_m
    assert np.array_equal(length, length.T)
    assert not length.diagonal().any()
    assert np.all(length >= np.hypot(x[:, None] - x, y[:, None] - y) - 1e-9)
    through = (length[:, :, None] + length[None, :, :]).min(axis=1)
    assert np.all(length <= through + SAME_M)
    blocked = airspace.blocked(x, y)
    others = ~np.eye(len(x), dtype=bool)
    assert np.isinf(length[blocked[:, None] & others]).all()


@settings(max_examples=100, deadline=None)
@given(ground=GROUND, spots=POINTS)
def test_paths_are_as_long_as_they_say_and_stay_out_of_the_interior(ground, spots):
    points = np.array(spots, dtype=float)
    network = Airspace(ground).network(*points.T)
    inner = shrunk(ground)
    for i in range(len(points)):
        for j in range(len(points)):
            if i == j or np.isinf(network.length_m[i, j]):
                continue
            line = network.path(i, j)
            assert np.array_equal(line[[0, -1]], points[[i, j]])
            assert np.array_equal(line, network.path(j, i)[::-1])
            assert walked(line) == pytest.approx(network.length_m[i, j])
            assert not inner.intersects(LineString(line))


@settings(max_examples=60, deadline=None)
@given(ground=GROUND, more=BOXES, spots=POINTS)
def test_one_more_obstacle_never_shortens_a_path(ground, more, spots):
    x, y = np.array(spots, dtype=float).T
    before = Airspace(ground).network(x, y).length_m
    after = Airspace([*ground, more]).network(x, y).length_m
    assert np.all(after >= before - SAME_M)


@settings(max_examples=60, deadline=None)
@given(ground=GROUND, spots=POINTS)
def test_bent_lists_the_legs_of_every_path_with_a_bend(ground, spots):
    x, y = np.array(spots, dtype=float).T
    network = Airspace(ground).network(x, y)
    bent = network.bent()
    legs = {}
    for row, col, dx, dy in zip(bent.row, bent.col, bent.dx, bent.dy, strict=True):
        legs.setdefault((int(row), int(col)), []).append((dx, dy))
    assert list(legs) == sorted(legs)
    straight = np.hypot(x[:, None] - x, y[:, None] - y)
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            length = network.length_m[i, j]
            if (i, j) in legs:
                moves = np.array(legs[i, j])
                assert np.allclose(moves.sum(axis=0), [x[j] - x[i], y[j] - y[i]])
                assert np.hypot(*moves.T).sum() == pytest.approx(length)
            else:
                assert np.isinf(length) or length == pytest.approx(straight[i, j], rel=1e-14)


@settings(max_examples=60, deadline=None)
@given(ground=GROUND, ends=st.tuples(SPOT, SPOT))
def test_a_single_query_agrees_with_the_table(ground, ends):
    airspace = Airspace(ground)
    (x0, y0), (x1, y1) = ends
    length = airspace.network([x0, x1], [y0, y1]).length_m[0, 1]
    line = airspace.path(x0, y0, x1, y1)
    if np.isfinite(length):
        assert walked(line) == pytest.approx(length)
    elif airspace.blocked([x1], [y1])[0]:
        assert line is None
    elif line is not None:
        assert airspace.blocked([x0], [y0])[0]
        rest = LineString(line[1:])
        assert not shrunk(ground).intersects(rest)


@pytest.mark.parametrize("far_m", [0.0, 20_000.0])
def test_round_a_square_by_hand(far_m):
    airspace = Airspace([box(far_m, 0, far_m + 10, 10)])
    line = airspace.path(far_m - 10, 5, far_m + 20, 5)
    assert line.shape == (4, 2)
    assert walked(line) == pytest.approx(10 + 2 * np.hypot(10, 5))


def test_along_an_edge_and_past_a_corner_is_legal_and_straight():
    airspace = Airspace([box(0, 0, 10, 10)])
    network = airspace.network([-5, 15, 0, 10, 5, 20], [10, 10, 0, 0, 10, 0])
    assert network.length_m[0, 1] == 20
    assert network.length_m[2, 3] == 10
    assert network.length_m[0, 4] == 10
    assert network.length_m[4, 5] == pytest.approx(5 + np.hypot(10, 10))
    assert not airspace.blocked([0, 5, 5], [0, 0, 10]).any()


def test_touching_squares_leave_no_gap_and_a_shared_corner_does():
    wall = Airspace([box(0, 0, 10, 10), box(10, 0, 20, 10)])
    assert len(wall.obstacles) == 1
    assert walked(wall.path(10, -5, 10, 15)) == pytest.approx(10 + 2 * np.hypot(10, 5))
    corner = Airspace([box(0, 0, 10, 10), box(10, 10, 20, 20)])
    assert walked(corner.path(0, 20, 20, 0)) == pytest.approx(np.hypot(20, 20))
    assert walked(corner.path(5, 12, 12, 5)) == pytest.approx(np.hypot(5, 2) + np.hypot(2, 5))


def test_a_polygon_within_another_changes_nothing():
    outer, inner = box(0, 0, 10, 10), box(3, 3, 6, 6)
    one, two = Airspace([outer]), Airspace([outer, inner])
    assert np.array_equal(one.path(-5, 4, 15, 4), two.path(-5, 4, 15, 4))


def test_a_concave_obstacle_is_left_by_its_mouth():
    cup = Polygon([(0, 0), (10, 0), (10, 10), (8, 10), (8, 2), (2, 2), (2, 10), (0, 10)])
    line = Airspace([cup]).path(5, 3, 5, -3)
    length = np.hypot(3, 7) + 2 + 10 + np.hypot(5, 3)
    assert walked(line) == pytest.approx(length)


def test_two_ways_of_equal_length_are_chosen_between_the_same_way_each_time():
    lines = [Airspace([box(0, 0, 10, 10)]).path(-10, 5, 20, 5) for _ in range(3)]
    assert np.array_equal(lines[0], lines[1])
    assert np.array_equal(lines[0], lines[2])


def test_no_obstacles_no_points_one_point():
    free = Airspace([])
    assert free.network([0, 3], [0, 4]).length_m.tolist() == [[0, 5], [5, 0]]
    assert free.network([], []).length_m.shape == (0, 0)
    assert len(free.network([0, 3], [0, 4]).bent().row) == 0
    walled = Airspace([box(0, 0, 1, 1)])
    assert walled.network([], []).length_m.shape == (0, 0)
    assert walled.network([0.5], [0.5]).length_m.tolist() == [[0.0]]


def test_points_in_one_place_are_no_distance_apart():
    network = Airspace([box(0, 0, 10, 10)]).network([-5, -5, 10], [5, 5, 10])
    assert network.length_m[0, 1] == 0
    assert network.path(0, 1).tolist() == [[-5, 5], [-5, 5]]


def test_no_way_is_inf_and_has_no_polyline():
    moat = box(0, 0, 10, 10).difference(box(3, 3, 7, 7))
    airspace = Airspace([moat])
    network = airspace.network([5, 20, 6, 1], [5, 5, 6, 5])
    assert np.isinf(network.length_m[0, 1])
    assert network.length_m[0, 2] == pytest.approx(np.sqrt(2))
    assert np.isinf(network.length_m[3, :3]).all()
    assert airspace.path(5, 5, 20, 5) is None
    with pytest.raises(InfeasibleError, match="from point 0 to point 1"):
        network.path(0, 1)


def test_from_inside_the_nearest_edge_is_left_first():
    airspace = Airspace([box(0, 0, 10, 10)])
    assert airspace.path(4, 1, 4, -20).tolist() == [[4, 1], [4, 0], [4, -20]]
    line = airspace.path(4, 1, 4, 20)
    assert line[1].tolist() == [4, 0]
    assert not shrunk([box(0, 0, 10, 10)]).intersects(LineString(line[1:]))
    assert airspace.path(4, -20, 4, 1) is None
    moat = Airspace([box(0, 0, 10, 10).difference(box(4, 4, 6, 6))])
    assert moat.path(3, 5, 20, 5)[1].tolist() == [0, 5]
    assert moat.path(3, 5, 5, 5)[1].tolist() == [4, 5]


def test_what_rounding_leaves_inside_counts_as_on_the_edge():
    airspace = Airspace([box(0, 0, 100, 100)])
    x, y = [100 - 5e-8, 50.0, 1e-9], [50.0, 100 - 5e-8, 1e-9]
    assert not airspace.blocked(x, y).any()
    length = airspace.network([*x, -50.0], [*y, 50.0]).length_m
    assert length[0, 3] == pytest.approx(50 + 100 + np.hypot(50, 50), abs=SAME_M)
    assert length[0, 1] == pytest.approx(100, abs=SAME_M)


def test_a_micrometre_inside_is_inside():
    airspace = Airspace([box(0, 0, 100, 100)])
    assert airspace.blocked([99.999999, 50], [50, 1e-6]).all()
    assert airspace.path(-5, 50, 99.999999, 50) is None
    assert walked(airspace.path(99.9999, 50, 120, 50)) == pytest.approx(20.0001)


def test_in_a_city_sized_table_many_paths_bend():
    rng = np.random.default_rng(3)
    ground = list(stars(40, 5000, 900, rng))
    x, y = rng.uniform(-5000, 5000, (2, 700))
    network = Airspace(ground).network(x, y)
    assert (network.last >= 0).sum() > 50_000
    bent = network.bent()
    length = np.zeros_like(network.length_m)
    np.add.at(length, (bent.row, bent.col), np.hypot(bent.dx, bent.dy))
    assert np.allclose(length[bent.row, bent.col], network.length_m[bent.row, bent.col])
