"""The outline of closed ground as flat arrays: vertices, their neighbours, and the corners among them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fleet.city.kernels.joints import joined

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

SAME_M = 4e-7
"""Vertices closer than this are in one place."""

_FLAT_RAD = 1e-9
_FLAT_M = 1e-8
"""A vertex is no corner if it turns less than the one, and is less than the other off the line past it."""


class Outline(NamedTuple):
    """Every vertex of every ring, each ring in one piece.

    `before` and `after` are the neighbours on the ring. `back` and `ahead` are the nearest ones that are not in
    the same place: what is inside at a vertex is judged by them. `convex`: whether the interior angle between
    those two is below 180 degrees.
    """

    x: Floats
    y: Floats
    before: Ints
    after: Ints
    back: Ints
    ahead: Ints
    convex: Bools
    corner: Ints
    """The vertices where a shortest path can bend."""


def outline_of(xy: Floats, start: npt.NDArray[np.int64]) -> Outline:
    """The outline of rings as `fleet.city.rings.rings_of` gives them, at least one."""
    xy, before, after = joined(xy, start)
    back, ahead = _elsewhere(xy, before), _elsewhere(xy, after)
    straight, turn = _turns(xy, before, after)
    convex = _turns(xy, back, ahead)[1] > 0.0
    corner = np.nonzero(((turn > 0.0) & ~straight) | (convex & ((back != before) | (ahead != after))))[0]
    x, y = np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])
    return Outline(x, y, before, after, back, ahead, convex, corner.astype(np.int32))


def _elsewhere(xy: Floats, step: Ints) -> Ints:
    """For each vertex the first one in the direction of `step` that is not in the same place."""
    found = step.copy()
    for _ in range(len(xy)):
        gap = xy[found] - xy
        same = np.nonzero(gap[:, 0] ** 2 + gap[:, 1] ** 2 < SAME_M**2)[0]
        if not len(same):
            break
        found[same] = step[found[same]]
    return found


def _turns(xy: Floats, back: Ints, ahead: Ints) -> tuple[Bools, Floats]:
    """For each vertex whether it is as good as straight, and a number that is positive where it turns left."""
    into, on = xy - xy[back], xy[ahead] - xy
    cross = into[:, 0] * on[:, 1] - into[:, 1] * on[:, 0]
    one, other = np.sqrt(into[:, 0] ** 2 + into[:, 1] ** 2), np.sqrt(on[:, 0] ** 2 + on[:, 1] ** 2)
    size = np.abs(cross)
    straight = (size <= _FLAT_RAD * one * other) & (size <= _FLAT_M * np.maximum(one, other))
    ahead_of = into[:, 0] * on[:, 0] + into[:, 1] * on[:, 1] > 0.0
    return straight & ahead_of, cross
