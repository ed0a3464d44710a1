"""Obstacles as flat rings of vertices, for the kernels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely
from shapely import Polygon

from fleet.city.shapes import flat, repaired

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SAME_M = 2e-10
"""Vertices in a row closer than this are one: what is left of rounding in unions and buffers."""


def merged(polygons: Sequence[Polygon]) -> tuple[Polygon, ...]:
    """The union of polygons that may overlap, touch, nest or cross themselves: polygons that do not overlap."""
    given = np.array(list(polygons), dtype=object)
    good = shapely.is_valid(given)
    mended = [part for polygon in given[~good] for part in repaired(polygon)]
    return tuple(flat(shapely.union_all(np.concatenate([given[good], np.array(mended, dtype=object)]))))


def rings_of(polygons: Sequence[Polygon]) -> tuple[Floats, Ints]:
    """(xy, start): the vertices of all rings, ring k from `start[k]` on, with the interior to the left.

    No vertex stands twice in a row, nor does the first one come again at the end.
    """
    if not polygons:
        return np.empty((0, 2)), np.zeros(1, dtype=np.int64)
    rings: list[Floats] = []
    _, all_xy, (ring_ends, polygon_ends) = shapely.to_ragged_array(np.array(list(polygons), dtype=object))
    shells = set(polygon_ends.tolist())
    for number, (first, end) in enumerate(zip(ring_ends[:-1].tolist(), ring_ends[1:].tolist(), strict=True)):
        xy = _distinct(np.asarray(all_xy[first : end - 1, :2]))
        if len(xy) < 3:
            continue
        off = xy - xy[0]
        doubled = float(np.sum(off[:, 0] * np.roll(off[:, 1], -1) - off[:, 1] * np.roll(off[:, 0], -1)))
        rings.append(xy if (doubled > 0.0) == (number in shells) else xy[::-1])
    counts = [len(ring) for ring in rings]
    return np.concatenate([np.empty((0, 2)), *rings]), np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])


def _distinct(ring: Floats) -> Floats:
    """The vertices that are not where the one before them is."""
    while len(ring) > 1:
        step = ring - np.roll(ring, 1, axis=0)
        same = step[:, 0] ** 2 + step[:, 1] ** 2 < SAME_M**2
        if not same.any():
            break
        # Of several in a row only the first goes at a time: each is held against a neighbour that stays.
        ring = ring[~(same & ~np.roll(same, 1))] if not same.all() else ring[:1]
    return ring
