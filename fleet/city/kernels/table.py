"""The ways between all pairs of points, and between one pair."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fleet.city.kernels.compiled import compiled, entry
from fleet.city.kernels.corners import Legs
from fleet.city.kernels.grid import longer
from fleet.city.kernels.horizon import is_beyond
from fleet.city.kernels.plane import distance
from fleet.city.kernels.scene import Ground, Scene
from fleet.city.kernels.search import search
from fleet.city.kernels.sight import free, inside
from fleet.city.kernels.spread import Seeds, new_desk, new_queue, spread
from fleet.city.kernels.view import ROOM, look

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


class Table(NamedTuple):
    """n points, and what is asked about all pairs (i, j): see `fleet.city.network.PathNetwork`."""

    x_m: Floats
    y_m: Floats
    length_m: Floats
    last: Ints
    before: Ints


class Approaches(NamedTuple):
    """The corners that each point sees: those of point i are `start[i]` to `start[i + 1] - 1`."""

    start: Ints
    corner: Ints
    length_m: Floats


@entry
def fill_table(scene: Scene, legs: Legs, table: Table) -> None:
    """Fill `length_m`, `last` and `before`; `length_m` comes full of inf, the others full of -1.

    Points are sources, never nodes: no path bends at one. The way to a point is the best over the corners it sees.
    """
    approaches = _approach_all(scene, table)
    start, length_m = approaches.start, table.length_m
    points = len(length_m)
    desk, queue = new_desk(legs), new_queue(legs)
    for i in range(points):
        length_m[i, i] = 0.0
        hidden = False
        for j in range(i + 1, points):
            hidden = hidden or (length_m[i, j] == np.inf and start[j] < start[j + 1])
        if hidden and start[i] < start[i + 1]:
            spread(legs, desk, queue, _seeds(table, approaches, i))
            for c in range(len(desk.came)):
                table.before[i, c] = desk.came[c]
            _go_round(table, approaches, desk.away_m, i)


@entry
def fill_pair(scene: Scene, legs: Legs, table: Table) -> None:
    """`fill_table` for two points: one search that stops at the goal."""
    approaches = _approach_all(scene, table)
    table.length_m[0, 0] = table.length_m[1, 1] = 0.0
    if table.length_m[0, 1] < np.inf:
        return
    last, length_m, came = search(legs, _seeds(table, approaches, 0), _seeds(table, approaches, 1))
    table.length_m[0, 1] = table.length_m[1, 0] = length_m
    table.last[0, 1] = last
    for c in range(len(came)):
        table.before[0, c] = came[c]


@compiled
def _approach_all(scene: Scene, table: Table) -> Approaches:
    """The corners each point sees; direct sight between points goes into the table at once."""
    ground, bend, x, y = scene.ground, scene.spots.bend, table.x_m, table.y_m
    points = len(x)
    found = np.empty(len(bend), dtype=np.int32)
    corner, length_m = np.empty(16 * points + len(bend), dtype=np.int32), np.empty(16 * points + len(bend))
    start = np.zeros(points + 1, dtype=np.int32)
    horizon, seen = np.empty(scene.spots.sectors), np.empty((ROOM, 3))
    out = np.empty(points, dtype=np.bool_)
    for i in range(points):
        out[i] = not inside(ground, x[i], y[i])
    for i in range(points):
        count = start[i]
        if out[i]:
            horizon[:] = np.inf
            near = look(scene.spots, x[i], y[i], -np.inf, horizon, seen, found)
            if count + near > len(corner):
                corner, length_m = longer(corner), longer(length_m)
            for k in range(near):
                c = found[k]
                if free(ground, x[i], y[i], bend[c, 0], bend[c, 1]):
                    corner[count], length_m[count] = c, distance(bend[c, 0] - x[i], bend[c, 1] - y[i])
                    count += 1
            _see_points(ground, table, horizon, out, i)
        start[i + 1] = count
    return Approaches(start, corner, length_m)


@compiled
def _see_points(ground: Ground, table: Table, horizon: Floats, out: npt.NDArray[np.bool_], i: int) -> None:
    x, y, length_m = table.x_m, table.y_m, table.length_m
    for j in range(i + 1, len(x)):
        dx, dy = x[j] - x[i], y[j] - y[i]
        if out[j] and not is_beyond(horizon, dx, dy) and free(ground, x[i], y[i], x[j], y[j]):
            length_m[i, j] = length_m[j, i] = distance(dx, dy)


@compiled
def _seeds(table: Table, approaches: Approaches, i: int) -> Seeds:
    mine = slice(approaches.start[i], approaches.start[i + 1])
    return table.x_m[i], table.y_m[i], approaches.corner[mine], approaches.length_m[mine]


@compiled
def _go_round(table: Table, approaches: Approaches, away_m: Floats, i: int) -> None:
    """The ways from point i to the later points it does not see."""
    start, corner, rest_m = approaches
    length_m, last = table.length_m, table.last
    for j in range(i + 1, len(length_m)):
        if length_m[i, j] < np.inf:
            continue
        best, best_m = -1, np.inf
        for k in range(start[j], start[j + 1]):
            way = away_m[corner[k]] + rest_m[k]
            if way < best_m:
                best, best_m = corner[k], way
        length_m[i, j] = length_m[j, i] = best_m
        last[i, j] = best
