"""Which corners see each other, and in which order a path can go on from one to the next.

A shortest path hugs the obstacle at each bend: it comes along a tangent and leaves along a tangent, turning
towards the obstacle. So legs that touch the obstacle of a corner on their left are kept apart from those that
touch it on their right, each kind sorted by direction, and for each leg it is known which legs of its far corner
can follow it. A search looks at those alone, a quarter of all of them on average.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fleet.city.kernels.compiled import compiled
from fleet.city.kernels.grid import longer
from fleet.city.kernels.plane import NEAR_M, is_left
from fleet.city.kernels.scene import Scene
from fleet.city.kernels.sight import free
from fleet.city.kernels.view import ROOM, close_own, look, may_bend

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

SHORT_M = 1e-4
"""Directions over less than this are not trusted: any leg can follow."""


class Legs(NamedTuple):
    """Legs between corners, both ways. Those that leave corner c are numbers `start[c]` to `start[c + 1] - 1`.

    The first ones, below `middle[c]`, have the obstacle of c on their left and go counterclockwise, the others
    have it on their right and go clockwise. Leg k can be followed by legs `onward[k]` up to the end of their kind;
    by all legs of its far corner where that is -1. `lean` is the middle of the directions of the first kind.
    """

    x_m: Floats
    y_m: Floats
    lean: Floats
    start: Ints
    middle: Ints
    head: Ints
    length_m: Floats
    onward: Ints


def graph_of(scene: Scene) -> Legs:
    """The legs between all corners of a scene."""
    low, high = legs_between(scene)
    x, y = np.ascontiguousarray(scene.spots.bend[:, 0]), np.ascontiguousarray(scene.spots.bend[:, 1])
    lean = _lean(scene.spots.bend)
    tail, head = np.concatenate([low, high]), np.concatenate([high, low])
    dx, dy = x[head] - x[tail], y[head] - y[tail]
    on_right, rank = _kinds(lean[tail], dx, dy)
    order = np.lexsort((rank, on_right, tail))
    tail, head, on_right = tail[order], head[order], on_right[order]
    start = np.searchsorted(tail, np.arange(len(x) + 1)).astype(np.int32)
    lefts = np.concatenate([[0], np.cumsum(~on_right)])
    middle = (start[:-1] + lefts[start[1:]] - lefts[start[:-1]]).astype(np.int32)
    length = np.sqrt(dx * dx + dy * dy)[order]
    legs = Legs(x, y, lean, start, middle, head, length, np.empty(len(head), dtype=np.int32))
    _fill_onward(legs)
    return legs


@compiled
def legs_between(scene: Scene) -> tuple[Ints, Ints]:
    """(tail, head) of every leg between corners that is free and tangent at both ends, with tail < head."""
    spots, ground, bend = scene.spots, scene.ground, scene.spots.bend
    corners = len(bend)
    tails, heads = np.empty(8 * corners + 8, dtype=np.int32), np.empty(8 * corners + 8, dtype=np.int32)
    found = np.empty(corners, dtype=np.int32)
    horizon, seen = np.empty(spots.sectors), np.empty((ROOM, 3))
    count = 0
    for c in range(corners):
        px, py = bend[c, 0], bend[c, 1]
        horizon[:] = np.inf
        close_own(bend, c, horizon)
        near = look(spots, px, py, c + 1, horizon, seen, found)
        if count + near > len(tails):
            tails, heads = longer(tails), longer(heads)
        for k in range(near):
            other = found[k]
            qx, qy = bend[other, 0], bend[other, 1]
            if may_bend(bend, c, qx - px, qy - py) and free(ground, px, py, qx, qy):
                tails[count], heads[count] = c, other
                count += 1
    return tails[:count], heads[:count]


@compiled
def onward_of(legs: Legs, corner: int, dx: float, dy: float) -> int:
    """What can follow at `corner` after coming along (dx, dy), as `Legs.onward` says it."""
    x, y, lean, start, middle, head, _, _ = legs
    if (lean[corner, 0] == 0.0 and lean[corner, 1] == 0.0) or max(abs(dx), abs(dy)) < SHORT_M:
        return -1
    on_left = dx * lean[corner, 0] + dy * lean[corner, 1] > 0.0
    last = middle[corner] if on_left else start[corner + 1]
    for k in range(start[corner] if on_left else middle[corner], last):
        gx, gy = x[head[k]] - x[corner], y[head[k]] - y[corner]
        if not (is_left(gx, gy, dx, dy, NEAR_M) if on_left else is_left(dx, dy, gx, gy, NEAR_M)):
            return k
    end: int = start[corner + 1]
    return end


@compiled
def following(start: Ints, middle: Ints, corner: int, onward: int) -> tuple[int, int]:
    """The range of legs that an entry of `Legs.onward` stands for, among those that leave `corner`."""
    if onward < 0:
        return start[corner], start[corner + 1]
    return onward, (middle[corner] if onward < middle[corner] else start[corner + 1])


@compiled
def _fill_onward(legs: Legs) -> None:
    x, y, _, start, _, heads, _, onward = legs
    for tail in range(len(x)):
        for k in range(start[tail], start[tail + 1]):
            onward[k] = onward_of(legs, heads[k], x[heads[k]] - x[tail], y[heads[k]] - y[tail])


def _lean(bend: Floats) -> Floats:
    """For each corner the middle between its two edges as directions; (0, 0) where they are too short to say."""
    into_x, into_y, on_x, on_y = -bend[:, 2], -bend[:, 3], bend[:, 4], bend[:, 5]
    into, on = np.sqrt(into_x * into_x + into_y * into_y), np.sqrt(on_x * on_x + on_y * on_y)
    into_x, into_y, on_x, on_y = into_x / into, into_y / into, on_x / on, on_y / on
    # The sum of both directions fades in a sharp corner, the difference turned outwards in a blunt one.
    lean = np.column_stack([into_x + on_x + (on_y - into_y), into_y + on_y - (on_x - into_x)])
    lean[np.minimum(into, on) < SHORT_M] = 0.0
    return lean


def _kinds(lean: Floats, dx: Floats, dy: Floats) -> tuple[npt.NDArray[np.bool_], Floats]:
    """For each leg whether the obstacle is on its right, and a number to sort its kind by."""
    dot, cross = lean[:, 0] * dx + lean[:, 1] * dy, lean[:, 0] * dy - lean[:, 1] * dx
    size = np.abs(dot) + np.abs(cross)
    trusted = size > 0.0
    rank = np.where(trusted, cross / np.where(trusted, size, 1.0), 0.0)
    return (dot <= 0.0) & trusted, rank
