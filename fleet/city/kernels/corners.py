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

from fleet.city.kernels.compiled import compiled, entry
from fleet.city.kernels.grid import longer
from fleet.city.kernels.horizon import close_sector
from fleet.city.kernels.plane import NEAR_M, distance, is_left
from fleet.city.kernels.scene import Ground, Scene
from fleet.city.kernels.sight import free
from fleet.city.kernels.view import ROOM, close_own, look, may_bend

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

BELOW = (2.0, 4.0)
"""The directions down, as `turn_of` numbers them."""

SHORT_M = 1e-4
"""Directions over less than this are not trusted: any leg can follow."""


class Legs(NamedTuple):
    """Legs between corners, both ways. Those that leave corner c are numbers `start[c]` to `start[c + 1] - 1`.

    The first ones, below `middle[c]`, have the obstacle of c on their left and go counterclockwise, the others
    have it on their right and go clockwise. Leg k can be followed by legs `onward[k]` up to the end of their kind;
    by all legs of its far corner where that is -1. `lean` is the middle of the directions of the first kind.

    For c corners and k legs: `x_m`, `y_m`, `middle` (c,), `lean` (c, 2), `start` (c + 1,), the others (k,).
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
    kinds, head, length_m = _by_corner(low, high, x, y, lean)
    start, middle = np.ascontiguousarray(kinds[::2]), np.ascontiguousarray(kinds[1::2])
    legs = Legs(x, y, lean, start, middle, head, length_m, np.empty_like(head))
    _fill_onward(legs)
    return legs


@entry
def legs_between(scene: Scene) -> tuple[Ints, Ints]:
    """(low, high): the two corners of every leg that is free and tangent at both ends, with low < high.

    Whom one corner sees, sees it: so each looks only for those above it, or level with it and of a higher number.
    """
    spots, ground, bend = scene.spots, scene.ground, scene.spots.bend
    corners = len(bend)
    lows, highs = np.empty(8 * corners + 8, dtype=np.int32), np.empty(8 * corners + 8, dtype=np.int32)
    found = np.empty(corners, dtype=np.int32)
    horizon, seen = np.empty(spots.sectors), np.empty((ROOM, 3))
    count = 0
    for c in range(corners):
        px, py = bend[c, 0], bend[c, 1]
        horizon[:] = np.inf
        close_own(bend, c, horizon)
        close_sector(horizon, *BELOW)
        near = look(spots, px, py, py, horizon, seen, found)
        if count + near > len(lows):
            lows, highs = longer(lows), longer(highs)
        for k in range(near):
            other = found[k]
            dx, dy = bend[other, 0] - px, bend[other, 1] - py
            low, high = min(c, other), max(c, other)
            if (dy > 0.0 or other > c) and may_bend(bend, c, dx, dy) and _is_leg(ground, bend, low, high):
                lows[count], highs[count] = low, high
                count += 1
    return lows[:count], highs[:count]


@compiled
def _is_leg(ground: Ground, bend: Floats, low: int, high: int) -> bool:
    return free(ground, bend[low, 0], bend[low, 1], bend[high, 0], bend[high, 1])


@entry
def _by_corner(low: Ints, high: Ints, x: Floats, y: Floats, lean: Floats) -> tuple[Ints, Ints, Floats]:
    """(kinds, head, length_m) of all legs, both ways, in the order of `Legs`.

    Of those that leave corner c, the ones with its obstacle on their left begin at `kinds[2 * c]`, the others at
    `kinds[2 * c + 1]`. Legs in one direction stand by the number of the far corner.
    """
    half = len(low)
    kind, rank = np.empty(2 * half, dtype=np.int32), np.empty(2 * half)
    kinds = np.zeros(2 * len(x) + 1, dtype=np.int32)
    for k in range(2 * half):
        tail, head = (low[k], high[k]) if k < half else (high[k - half], low[k - half])
        side, rank[k] = _rank(lean, tail, x[head] - x[tail], y[head] - y[tail])
        kind[k] = 2 * tail + side
        kinds[kind[k] + 1] += 1
    ends = np.zeros(len(kinds), dtype=np.int32)
    for k in range(2 * len(x)):
        kinds[k + 1] += kinds[k]
        ends[k + 1] = kinds[k + 1]
    heads, length_m = np.empty(2 * half, dtype=np.int32), np.empty(2 * half)
    ranks = np.empty(2 * half)
    for k in range(2 * half):
        tail, head = (low[k], high[k]) if k < half else (high[k - half], low[k - half])
        at = ends[kind[k]]
        ends[kind[k]] += 1
        ranks[at], heads[at], length_m[at] = rank[k], head, distance(x[head] - x[tail], y[head] - y[tail])
    for k in range(2 * len(x)):
        _sort(ranks, heads, length_m, kinds[k], kinds[k + 1])
    return kinds, heads, length_m


@compiled
def _sort(ranks: Floats, heads: Ints, length_m: Floats, low: int, high: int) -> None:
    """Put the legs from `low` up to `high` in order (D. L. Shell, Communications of the ACM 2(7), 1959)."""
    gap = 1
    while 3 * gap + 1 < high - low:
        gap = 3 * gap + 1
    while gap > 0:
        for k in range(low + gap, high):
            rank, head, length, at = ranks[k], heads[k], length_m[k], k
            while at - gap >= low and _is_after(ranks[at - gap], heads[at - gap], rank, head):
                ranks[at], heads[at], length_m[at] = ranks[at - gap], heads[at - gap], length_m[at - gap]
                at -= gap
            ranks[at], heads[at], length_m[at] = rank, head, length
        gap //= 3


@compiled
def _is_after(rank: float, head: int, other_rank: float, other_head: int) -> bool:
    return rank > other_rank or (rank == other_rank and head > other_head)


@compiled
def _rank(lean: Floats, tail: int, dx: float, dy: float) -> tuple[int, float]:
    """The kind of a leg, and a number to sort its kind by."""
    dot, cross = lean[tail, 0] * dx + lean[tail, 1] * dy, lean[tail, 0] * dy - lean[tail, 1] * dx
    size = abs(dot) + abs(cross)
    if size > 0.0:
        return (1 if dot <= 0.0 else 0), cross / size
    return 0, 0.0


@compiled
def onward_of(legs: Legs, corner: int, dx: float, dy: float) -> int:
    """What can follow at `corner` after coming along (dx, dy), as `Legs.onward` says it."""
    x, y, lean, start, middle, head, _, _ = legs
    if (lean[corner, 0] == 0.0 and lean[corner, 1] == 0.0) or max(abs(dx), abs(dy)) < SHORT_M:
        return -1
    on_left = dx * lean[corner, 0] + dy * lean[corner, 1] > 0.0
    end: int = start[corner + 1]
    last = middle[corner] if on_left else end
    k = start[corner] if on_left else middle[corner]
    while k < last and _is_past(dx, dy, x[head[k]] - x[corner], y[head[k]] - y[corner], on_left):
        k += 1
    return k if k < last else end


@compiled
def _is_past(dx: float, dy: float, gx: float, gy: float, on_left: bool) -> bool:
    """Whether a leg along g turns away from the obstacle after one along d."""
    return is_left(gx, gy, dx, dy, NEAR_M) if on_left else is_left(dx, dy, gx, gy, NEAR_M)


@compiled
def following(start: Ints, middle: Ints, corner: int, onward: int) -> tuple[int, int]:
    """The range of legs that an entry of `Legs.onward` stands for, among those that leave `corner`."""
    if onward < 0:
        return start[corner], start[corner + 1]
    return onward, (middle[corner] if onward < middle[corner] else start[corner + 1])


@entry
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
