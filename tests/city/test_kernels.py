"""The parts of the path search, each against something simpler."""

import subprocess
import sys

import numba
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from shapely import box

from fleet.city.kernels import corners, grid, horizon, sight, view
from fleet.city.kernels.grid import cells_of
from fleet.city.kernels.plane import turn_of
from fleet.city.kernels.view import ROOM
from fleet.city.paths import Airspace
from tests.city.plain_paths import DEEP_M, GROUND, POINTS, is_clear, stars, union

FINITE = st.floats(-1e5, 1e5)


def door(function):
    """For Python to call what is compiled for the use of compiled functions only."""
    return numba.njit(error_model="numpy")(lambda *given: function(*given))


following, cell_at, ray_of = door(corners.following), door(grid.cell_at), door(horizon._ray)
free, inside, look, may_bend = door(sight.free), door(sight.inside), door(view.look), door(view.may_bend)


@given(x=FINITE, y=FINITE)
def test_turns_grow_with_the_angle(x, y):
    if abs(x) + abs(y) < 1e-3:
        return
    turn, angle = turn_of(x, y), np.arctan2(y, x) % (2 * np.pi)
    assert 0.0 <= turn <= 4.0
    quarter = min(int(angle / (np.pi / 2)), 3)
    # So near to +x that the angle is nothing, a turn may be the last as well as the first.
    assert quarter - 1e-9 <= turn <= quarter + 1 + 1e-9 or (angle == 0.0 and turn == 4.0)
    ray = np.array(ray_of(turn % 4.0))
    assert np.allclose(ray / np.hypot(*ray), np.array([x, y]) / np.hypot(x, y), atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(ground=GROUND)
def test_every_edge_is_in_all_cells_it_comes_near(ground):
    airspace = Airspace(ground)
    if not airspace.obstacles:
        return
    xy, start = airspace._rings
    after = np.arange(1, len(xy) + 1, dtype=np.int32)
    after[start[1:] - 1] = start[:-1]
    cells = cells_of(np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1]), after)
    for edge in range(len(xy)):
        for part in np.linspace(0, 1, 23):
            x, y = xy[edge] + part * (xy[after[edge]] - xy[edge])
            for dx, dy in ((0, 0), (9e-7, 0), (-9e-7, 0), (0, 9e-7), (0, -9e-7)):
                cell = cell_at(cells.frame, x + dx, y + dy)
                assert edge in cells.edge[cells.start[cell] : cells.start[cell + 1]]


@settings(max_examples=100, deadline=None)
@given(ground=GROUND, spots=POINTS)
def test_sight_agrees_with_shapely(ground, spots):
    merged = union(ground)
    if merged.is_empty:
        return
    scene = Airspace(ground)._scene
    points = np.array(spots, dtype=float)
    out = points[[not inside(scene.ground, *point) for point in points]]
    deep = shapely.contains_xy(merged, *points.T) & (
        shapely.distance(merged.boundary, shapely.points(points)) > DEEP_M
    )
    assert len(out) == len(points) - np.count_nonzero(deep)
    a, b = np.triu_indices(len(out), 1)
    seen = [free(scene.ground, *p, *q) for p, q in zip(out[a], out[b], strict=True)]
    assert np.array_equal(seen, is_clear(merged, out[a], out[b]))


def views(scene, points):
    """For each point its horizon and the corners that `look` finds."""
    bend = scene.spots.bend
    for x, y in points:
        horizon, found = np.full(scene.spots.sectors, np.inf), np.empty(len(bend), dtype=np.int32)
        yield x, y, horizon, found[: look(scene.spots, x, y, -np.inf, horizon, np.empty((ROOM, 3)), found)]


def assert_nothing_missed(scene, points):
    bend = scene.spots.bend
    for x, y, _, found in views(scene, points):
        seen = [
            c
            for c in range(len(bend))
            if may_bend(bend, c, bend[c, 0] - x, bend[c, 1] - y)
            and free(scene.ground, x, y, bend[c, 0], bend[c, 1])
        ]
        assert set(seen) <= set(found.tolist())


@settings(max_examples=60, deadline=None)
@given(ground=GROUND, spots=POINTS)
def test_the_horizon_hides_no_corner_that_can_be_seen(ground, spots):
    airspace = Airspace(ground)
    if airspace.obstacles:
        scene = airspace._scene
        corners = scene.spots.bend[:5, :2]
        out = [p for p in np.array(spots, dtype=float) if not inside(scene.ground, *p)]
        assert_nothing_missed(scene, [*out, *corners])


@settings(max_examples=60, deadline=None)
@given(ground=GROUND)
def test_the_legs_are_all_that_are_free_and_tangent_each_once_in_order(ground):
    airspace = Airspace(ground)
    if not airspace.obstacles:
        return
    scene, graph = airspace._scene, airspace.graph
    bend = scene.spots.bend
    expected = set()
    for low in range(len(bend)):
        for high in range(low + 1, len(bend)):
            dx, dy = bend[high, :2] - bend[low, :2]
            tangent = may_bend(bend, low, dx, dy) and may_bend(bend, high, dx, dy)
            if tangent and free(scene.ground, *bend[low, :2], *bend[high, :2]):
                expected |= {(low, high), (high, low)}
    tail = np.repeat(np.arange(len(bend)), np.diff(graph.start))
    assert sorted(zip(tail.tolist(), graph.head.tolist(), strict=True)) == sorted(expected)
    gone = bend[graph.head, :2] - bend[tail, :2]
    assert np.array_equal(graph.length_m, np.sqrt(gone[:, 0] ** 2 + gone[:, 1] ** 2))
    # Within its kind each leg goes on counterclockwise from the one before it, or clockwise.
    on_right = np.arange(len(tail)) >= graph.middle[tail]
    same = (tail[1:] == tail[:-1]) & (on_right[1:] == on_right[:-1])
    one, other = gone[:-1][same], gone[1:][same]
    cross = (one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]) * np.where(on_right[1:][same], -1.0, 1.0)
    assert (cross >= -1e-9 * np.abs(one).sum(axis=1) * np.abs(other).sum(axis=1)).all()


def test_in_a_city_the_horizon_hides_much_and_nothing_that_can_be_seen():
    rng = np.random.default_rng(2)
    scene = Airspace(list(stars(400, 8000, 300, rng)))._scene
    points = [p for p in rng.uniform(-9000, 9000, (60, 2)) if not inside(scene.ground, *p)]
    assert_nothing_missed(scene, points)
    kept = [len(found) for _, _, _, found in views(scene, points)]
    assert np.mean(kept) < 0.1 * len(scene.spots.bend)


def test_the_horizon_is_as_far_as_a_wall_in_front():
    scene = Airspace([box(100, -1000, 120, 1000)])._scene
    _, _, horizon, _ = next(views(scene, [(0.0, 0.0)]))
    for k in range(len(horizon)):
        x, _ = ray_of((k + 0.5) * 4 / len(horizon))
        # |x| + |y| = 1 on the ray, so its place on the wall is 100 / x away, in that measure.
        if x > 0.3:
            assert horizon[k] == pytest.approx(100 / x, rel=0.1)
        elif x < 0:
            assert np.isinf(horizon[k])


def test_what_cannot_follow_a_leg_is_on_no_shortest_way():
    """The search that tries a quarter of the legs, against one that tries all of them."""
    rng = np.random.default_rng(4)
    airspace = Airspace(list(stars(80, 3000, 400, rng)))
    scene, legs = airspace._scene, airspace.graph
    corners = len(legs.x_m)
    points = np.array([p for p in rng.uniform(-3500, 3500, (60, 2)) if not inside(scene.ground, *p)])
    near = np.full((len(points), corners), np.inf)
    for i, (x, y, _, found) in enumerate(views(scene, points)):
        seen = [c for c in found if free(scene.ground, x, y, legs.x_m[c], legs.y_m[c])]
        near[i, seen] = np.hypot(legs.x_m[seen] - x, legs.y_m[seen] - y)
    tail = np.repeat(np.arange(corners), np.diff(legs.start))
    between = dijkstra(csr_array((legs.length_m, (tail, legs.head)), shape=(corners, corners)))
    expected = (near[:, None, :] + (near[:, :, None] + between).min(axis=1)[None, :, :]).min(axis=2)
    network = airspace.network(*points.T)
    bent = network.last >= 0
    assert bent.sum() > 1000
    assert np.allclose(network.length_m[bent], expected[bent], rtol=0, atol=1e-9)
    all_of_them = np.diff(legs.start)[legs.head]
    assert sum(_followers(legs, k) for k in range(len(legs.head))) < 0.4 * all_of_them.sum()


def _followers(legs, leg):
    head = legs.head[leg]
    first, end = following(legs.start, legs.middle, head, legs.onward[leg])
    return end - first


WITHOUT = """
import sys
import numpy as np
from fleet.city.paths import Airspace
sky = Airspace([])
sky.network(np.array([0.0, 3.0]), np.array([0.0, 4.0]))
sky.path(0, 0, 3, 4), sky.blocked([0], [0])
sys.exit("numba" in sys.modules)
"""


def test_without_obstacles_nothing_is_compiled():
    assert subprocess.run([sys.executable, "-c", WITHOUT], check=False).returncode == 0
