"""How far one can possibly see in each direction from a place.

The round is cut into narrow sectors. An edge that faces the viewer and spans a sector from side to side
closes it: no leg within the sector is free beyond that edge. So the horizon of a sector is a distance beyond
which nothing can be seen, and it is never too short: what an edge covers only in part does not count, and next to
the end of an edge a margin is left for what may count as touching.

A horizon is an array of as many distances as there are sectors (a power of two), inf where nothing is closed. All
distances here are |dx| + |dy|: like the direction in `turn_of` they take no root, and along an edge they too are
greatest at one of its ends.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from fleet.city.kernels.compiled import compiled
from fleet.city.kernels.plane import NEAR_M, TOLERANCE_M, turn_of

Floats = npt.NDArray[np.float64]

ALWAYS_M = 1e-3
"""Closer than this, nothing is beyond the horizon: directions are too coarse to say."""

_CONE_MARGIN = 16.0 * TOLERANCE_M / ALWAYS_M


@compiled
def is_beyond(horizon: Floats, dx: float, dy: float) -> bool:
    """Whether the place (dx, dy) from here is certainly hidden."""
    away, sectors = abs(dx) + abs(dy), len(horizon)
    return away > ALWAYS_M and away > horizon[min(int(turn_of(dx, dy) * (0.25 * sectors)), sectors - 1)]


@compiled
def is_closed(horizon: Floats, start: float, end: float, from_m: float) -> bool:
    """Whether all directions from `start` counterclockwise to `end` are closed before `from_m`."""
    sectors = len(horizon)
    first, last = int(start * (0.25 * sectors)), int(end * (0.25 * sectors))
    if last < first:
        last += sectors
    for k in range(first, last + 1):  # noqa: SIM110 - numba compiles no generators like that
        if horizon[k & (sectors - 1)] >= from_m:
            return False
    return True


@compiled
def close_sector(horizon: Floats, start: float, end: float) -> None:
    """Close the directions from `start` counterclockwise to `end`, but for a margin, from here on."""
    if end < start:
        end += 4.0
    per_turn = 0.25 * len(horizon)
    first, last = math.ceil((start + _CONE_MARGIN) * per_turn), math.floor((end - _CONE_MARGIN) * per_turn)
    for k in range(first, last):
        horizon[k & (len(horizon) - 1)] = 0.0


@compiled
def place(seen: Floats, k: int, dx: float, dy: float) -> None:
    """Write vertex k of a stretch into `seen`: where it is from here, and how far."""
    seen[k, 0], seen[k, 1], seen[k, 2] = dx, dy, abs(dx) + abs(dy)


@compiled
def shade(horizon: Floats, seen: Floats, count: int) -> None:
    """Close what a stretch of `count` edges hides; its vertices are the first rows of `seen`."""
    begin = 0
    for k in range(count):
        if not _faces(seen, k):
            if k > begin:
                _close_behind(horizon, seen, begin, k)
            begin = k + 1
    if count > begin:
        _close_behind(horizon, seen, begin, count)


@compiled
def _faces(seen: Floats, k: int) -> bool:
    """Whether edge k turns its outer side to the viewer, who is not almost on it."""
    cross = seen[k, 0] * seen[k + 1, 1] - seen[k, 1] * seen[k + 1, 0]
    faces: bool = cross < -NEAR_M * (seen[k, 2] + seen[k + 1, 2])
    return faces


@compiled
def _close_behind(horizon: Floats, seen: Floats, begin: int, end: int) -> None:
    """Close what edges `begin` to `end - 1` hide together; seen from here they run clockwise."""
    sectors = len(horizon)
    width = 4.0 / sectors
    start = turn_of(seen[end, 0], seen[end, 1])
    reach = start + _onto(start, seen, begin)
    first = math.ceil((start + _margin(seen[end, 2])) / width)
    last = math.floor((reach - _margin(seen[begin, 2])) / width)
    if first >= last:
        return
    at = end
    turn = start + _onto(start, seen, end - 1)
    while turn < first * width and at > begin + 1:
        at -= 1
        turn += _onto(turn, seen, at - 1)
    near = _hit(seen, at, (first & (sectors - 1)) * width)
    for k in range(first, last):
        far = near
        while turn < (k + 1) * width and at > begin + 1:
            at -= 1
            far = max(far, seen[at, 2] + NEAR_M)
            turn += _onto(turn, seen, at - 1)
        near = _hit(seen, at, ((k + 1) & (sectors - 1)) * width)
        horizon[k & (sectors - 1)] = min(horizon[k & (sectors - 1)], max(far, near))


@compiled
def _onto(turn: float, seen: Floats, k: int) -> float:
    """How far it is, counterclockwise, from a direction to vertex k."""
    on = turn_of(seen[k, 0], seen[k, 1]) - turn
    while on < 0.0:
        on += 4.0
    return on


@compiled
def _margin(away_m: float) -> float:
    """What a leg that only touches a vertex so far away may be off, in the unit of `turn_of`."""
    return 4.0 * TOLERANCE_M / away_m + 1e-12


@compiled
def _hit(seen: Floats, k: int, turn: float) -> float:
    """How far a ray goes until it more than touches the edge from vertex k - 1 to k."""
    rx, ry = _ray(turn)
    ax, ay = seen[k - 1, 0], seen[k - 1, 1]
    ex, ey = seen[k, 0] - ax, seen[k, 1] - ay
    slant = ex * ry - ey * rx
    far: float = max(seen[k - 1, 2], seen[k, 2]) + NEAR_M
    if slant > 0.0:
        far = (ex * ay - ey * ax + 4.0 * TOLERANCE_M * (abs(ex) + abs(ey))) / slant
    return far


@compiled
def _ray(turn: float) -> tuple[float, float]:
    """The place on the diamond |x| + |y| = 1 whose direction has this number, from 0 to below 4: see `turn_of`."""
    if turn < 2.0:
        return 1.0 - turn, 1.0 - abs(turn - 1.0)
    return turn - 3.0, abs(turn - 3.0) - 1.0
