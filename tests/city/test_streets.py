"""Ways by street: the shortest there are, never against a one-way street, never off the streets but for the last
metres."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString

from fleet.base.errors import InfeasibleError
from fleet.city.model import Street
from fleet.city.streets import LEAST_SHARE, REACH_M, Streets

SIDE, STEP_M = 5, 60.0
STEPS = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1)]


def street(*points, oneway=0, **more):
    return Street(LineString(points), oneway=oneway, **more)


@st.composite
def towns(draw):
    """Straight pieces of a grid, drawn as walks of some steps, each open one way or both."""
    streets = []
    for _ in range(draw(st.integers(1, 8))):
        x, y = draw(st.integers(0, SIDE)), draw(st.integers(0, SIDE))
        corners = [(x * STEP_M, y * STEP_M)]
        for dx, dy in draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=8)):
            x, y = x + dx, y + dy
            corners.append((x * STEP_M, y * STEP_M))
        streets.append(street(*corners, oneway=draw(st.sampled_from([-1, 0, 0, 1]))))
    return streets


PLACES = st.lists(
    st.tuples(st.floats(-150, 450, allow_nan=False), st.floats(-150, 450, allow_nan=False)), min_size=1, max_size=7
)


def arcs_of(streets, mode="bicycle"):
    """{(a, b): metres} of every direction that is open, from the lines alone."""
    arcs = {}
    for s in streets:
        for a, b in itertools.pairwise(s.line.coords):
            way = s.direction(mode)
            if way >= 0:
                arcs[a, b] = math.dist(a, b)
            if way <= 0:
                arcs[b, a] = math.dist(a, b)
    return arcs


def floyd(arcs):
    """Shortest ways between all vertices, the slow way."""
    vertices = sorted({v for arc in arcs for v in arc})
    best = {(a, b): 0.0 if a == b else arcs.get((a, b), math.inf) for a in vertices for b in vertices}
    for via in vertices:
        for a in vertices:
            for b in vertices:
                best[a, b] = min(best[a, b], best[a, via] + best[via, b])
    return vertices, best


def columns(places):
    return np.array([p[0] for p in places]), np.array([p[1] for p in places])


@given(towns())
def test_between_vertices_it_is_the_length_that_a_slow_search_finds(streets):
    arcs = arcs_of(streets)
    vertices, best = floyd(arcs)
    pieces = {frozenset(arc) for arc in arcs}
    together = {(a, b) for a in vertices for b in vertices if best[a, b] + best[b, a] < math.inf}
    part = {v: frozenset(w for w in vertices if (v, w) in together) for v in vertices}
    size = {v: sum(math.dist(*p) for p in pieces if p <= part[v]) for v in vertices}
    most = max(size.values())
    of_use = [v for v in vertices if size[v] > 0 and size[v] >= LEAST_SHARE * most]
    network = Streets(streets, "bicycle").network(*columns(of_use))
    for (i, a), (j, b) in itertools.product(enumerate(of_use), repeat=2):
        expected = best[a, b] if b in part[a] else math.inf
        assert network.length_m[i, j] == pytest.approx(expected, abs=1e-9)


@given(towns(), PLACES)
def test_the_triangle_holds_and_nothing_is_shorter_than_the_straight_line(streets, places):
    x, y = columns(places)
    length = Streets(streets, "bicycle").network(x, y).length_m
    assert np.all(np.diag(length) == 0.0)
    assert np.all(length >= np.hypot(x[:, None] - x, y[:, None] - y) - 1e-9)
    assert np.all(length[:, None, :] <= length[:, :, None] + length[None, :, :] + 1e-9)


@given(towns(), PLACES)
def test_a_path_has_the_length_it_is_said_to_have_and_keeps_to_streets_and_directions(streets, places):
    x, y = columns(places)
    network = Streets(streets, "bicycle").network(x, y)
    arcs = [LineString(arc) for arc in arcs_of(streets)]
    for i, j in itertools.permutations(range(len(places)), 2):
        if math.isinf(network.length_m[i, j]):
            with pytest.raises(InfeasibleError):
                network.path(i, j)
            continue
        path = network.path(i, j)
        assert (tuple(path[0]), tuple(path[-1])) == ((x[i], y[i]), (x[j], y[j]))
        assert LineString(path).length == pytest.approx(network.length_m[i, j], abs=1e-6)
        between = [
            (a, b)
            for a, b in itertools.pairwise(path.tolist())
            if tuple(a) != (x[i], y[i]) and tuple(b) != (x[j], y[j])
        ]
        for a, b in between:
            assert any(runs_along(arc, a, b) for arc in arcs), f"{a} to {b} is no street that is open this way"


def runs_along(arc, a, b):
    close = max(arc.distance(shapely.Point(p)) for p in (a, b)) < 1e-6
    return close and arc.project(shapely.Point(b)) >= arc.project(shapely.Point(a)) - 1e-6


@given(towns(), PLACES, st.sampled_from(["foot", "bicycle", "motor"]))
def test_two_ways_of_asking_give_the_same(streets, places, mode):
    known = Streets(streets, mode)
    network = known.network(*columns(places))
    (x0, y0), (x1, y1) = places[0], places[-1]
    line = known.path(x0, y0, x1, y1)
    length = network.length_m[0, -1]
    if not network.off_street[0] and len(places) > 1 and places[0] != places[-1]:
        assert (line is None) == math.isinf(length)
        if line is not None:
            assert LineString(line).length == pytest.approx(length, abs=1e-6)


LOOP = street((0, 0), (100, 0), (100, 100), (0, 100), (0, 0), oneway=1)


def test_against_a_one_way_street_the_way_goes_round():
    network = Streets([LOOP], "bicycle").network([20.0, 70.0], [0.0, 0.0])
    assert network.length_m.tolist() == [[0.0, 50.0], [350.0, 0.0]]
    assert network.path(1, 0).tolist() == [[70, 0], [100, 0], [100, 100], [0, 100], [0, 0], [20, 0]]


def test_a_street_drawn_against_its_direction_is_one_way_too():
    backwards = street((0, 0), (0, 100), (100, 100), (100, 0), (0, 0), oneway=-1)
    network = Streets([backwards], "bicycle").network([20.0, 70.0], [0.0, 0.0])
    assert network.length_m.tolist() == [[0.0, 50.0], [350.0, 0.0]]


def test_people_on_foot_walk_both_ways_and_bicycles_where_a_sign_lets_them():
    for mode, extra in (("foot", {}), ("bicycle", {"oneway_bicycle": 0})):
        loop = Street(LOOP.line, oneway=1, **extra)
        assert Streets([loop], mode).network([20.0, 70.0], [0.0, 0.0]).length_m[1, 0] == 50.0


def test_a_street_is_only_for_whom_it_is_open():
    steps = street((0, 0), (100, 0), access=frozenset({"foot"}))
    round_it = street((0, 0), (0, 80), (100, 80), (100, 0))
    ends = [0.0, 100.0], [0.0, 0.0]
    assert Streets([steps, round_it], "foot").network(*ends).length_m[0, 1] == 100.0
    assert Streets([steps, round_it], "bicycle").network(*ends).length_m[0, 1] == 260.0


def test_lines_that_merely_cross_are_a_bridge_and_not_a_junction():
    over, under = street((-50, 0), (50, 0)), street((0, -50), (0, 50))
    bend = street((50, 0), (0, 50))
    network = Streets([over, under, bend], "motor").network([-50.0, 0.0], [0.0, -50.0])
    assert network.length_m[0, 1] == pytest.approx(200.0 + math.hypot(50, 50))


def test_a_place_walks_to_the_nearest_street_and_is_out_of_reach_beyond_the_limit():
    road = street((0, 0), (400, 0))
    x, y = [0.0, 100.0, 200.0], [0.0, REACH_M - 0.5, REACH_M + 0.5]
    network = Streets([road], "bicycle").network(x, y)
    assert network.length_m[0, 1] == pytest.approx(100.0 + REACH_M - 0.5)
    assert network.off_street.tolist() == [False, False, True]
    assert np.isinf(network.length_m[2, :2]).all()
    assert np.isinf(network.length_m[:2, 2]).all()
    assert network.length_m[2, 2] == 0.0


def test_who_was_led_astray_goes_back_to_the_nearest_street_but_nobody_is_sent_off_it():
    road = Streets([street((0, 0), (400, 0))], "bicycle")
    assert road.path(0.0, 500.0, 400.0, 0.0).tolist() == [[0, 500], [0, 0], [400, 0]]
    assert road.path(400.0, 0.0, 0.0, 500.0) is None


def test_two_parts_without_a_bridge_cannot_be_reached_from_one_another():
    here, there = street((0, 0), (300, 0)), street((0, 1000), (300, 1000))
    network = Streets([here, there], "foot").network([0.0, 300.0, 0.0], [0.0, 0.0, 1000.0])
    assert network.length_m[0, 1] == 300.0
    assert np.isinf(network.length_m[0, 2])
    assert np.isinf(network.length_m[2, 0])


def test_scraps_are_left_out_and_places_beside_them_use_the_street_behind():
    road = street((0, 0), (3000, 0))
    scrap = street((100, 30), (150, 30))
    off_the_map = street((2000, 0), (2000, 400), oneway=1)
    known = Streets([road, scrap, off_the_map], "bicycle")
    assert (known.length_m, known.left_out_m) == (3000.0, 450.0)
    network = known.network([0.0, 120.0, 2000.0], [0.0, 30.0, 50.0])
    assert network.length_m[0].tolist() == [0.0, 150.0, 2050.0]


def test_a_map_without_streets_leads_nowhere():
    known = Streets([], "foot")
    network = known.network([0.0, 1.0], [0.0, 1.0])
    assert network.off_street.all()
    assert np.isinf(network.length_m[0, 1])
    assert known.path(0.0, 0.0, 1.0, 1.0) is None
    assert known.length_m == 0.0
    assert Streets([LOOP], "foot").network([], []).length_m.shape == (0, 0)


def test_many_places_on_one_piece_stand_in_their_order():
    x = [90.0, 10.0, 50.0, 50.0, 0.0, 100.0]
    network = Streets([street((0, 0), (100, 0))], "foot").network(x, [0.0] * 6)
    assert network.length_m.tolist() == [[abs(a - b) for b in x] for a in x]
