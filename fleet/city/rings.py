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

SAME_M = 3e-10
"""Vertices in a row closer than this are one: what is left of rounding in unions and buffers."""


_APART_M = 1e-8
"""Polygons further apart are left out of unions: nothing would change."""

_LOST_M2 = 1e-6
"""More than rounding takes from a polygon in a union."""


def merged(polygons: Sequence[Polygon]) -> tuple[Polygon, ...]:
    """The union of polygons that may overlap, touch, nest or cross themselves: polygons that do not overlap.

    Those that meet no other are taken as they are, which is most of the work saved.
    """
    given = np.array(list(polygons), dtype=object)
    good = shapely.is_valid(given) & ~shapely.is_empty(given)
    valid = given
    if not good.all():
        mended = [part for polygon in given[~good] for part in repaired(polygon)]
        valid = np.concatenate([given[good], np.array(mended, dtype=object)])
    one, other = shapely.STRtree(valid).query(valid, predicate="dwithin", distance=_APART_M)
    meets = np.zeros(len(valid), dtype=bool)
    meets[one[one != other]] = True
    if not meets.any():
        return tuple(valid)
    return (*valid[~meets], *flat(united(valid[meets])))


def united(polygons: npt.NDArray[np.object_]) -> shapely.Geometry:
    """The union of valid polygons, all of them.

    GEOS (3.14 too) now and then loses one where many edges meet, so the union is held against each of them. On a
    grid of 1e-10 m it does not; but that is slower, and moves what it need not.
    """
    union = shapely.union_all(polygons)
    lost = shapely.area(shapely.difference(polygons, union))
    return shapely.union_all(polygons, grid_size=1e-10) if lost.max(initial=0.0) > _LOST_M2 else union


def rings_of(polygons: Sequence[Polygon]) -> tuple[Floats, Ints]:
    """(xy, start): the vertices of all rings, ring k from `start[k]` on, with the interior to the left.

    No vertex stands twice in a row, nor does the first one come again at the end.
    """
    if not polygons:
        return np.empty((0, 2)), np.zeros(1, dtype=np.int64)
    rings, polygon = shapely.get_rings(np.array(list(polygons), dtype=object), return_index=True)
    ends = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(rings))])
    last = np.zeros(ends[-1], dtype=bool)
    last[ends[1:] - 1] = True
    xy, start = shapely.get_coordinates(rings)[~last], ends - np.arange(len(ends))
    is_shell = np.concatenate([[True], polygon[1:] != polygon[:-1]])
    wrong = (_doubled_area(xy, start) > 0.0) != is_shell
    return _distinct(_turned(xy, start, wrong) if wrong.any() else xy, start)


def _ring(start: Ints) -> Ints:
    """For each vertex the number of its ring."""
    return np.repeat(np.arange(len(start) - 1), np.diff(start))


def _before(start: Ints) -> Ints:
    before = np.arange(start[-1]) - 1
    before[start[:-1]] = start[1:] - 1
    return before


def _doubled_area(xy: Floats, start: Ints) -> Floats:
    """For each ring, positive where it goes counterclockwise."""
    off = xy - xy[start[_ring(start)]]  # far from the origin, the area would drown in rounding
    other = off[_before(start)]
    return np.add.reduceat(other[:, 0] * off[:, 1] - other[:, 1] * off[:, 0], start[:-1])


def _turned(xy: Floats, start: Ints, which: npt.NDArray[np.bool_]) -> Floats:
    """The rings, some of them the other way round."""
    ring, index = _ring(start), np.arange(len(xy))
    return xy[np.where(which[ring], start[ring] + start[ring + 1] - 1 - index, index)]


def _distinct(xy: Floats, start: Ints) -> tuple[Floats, Ints]:
    """The rings without vertices that are where the one before them is; a ring that shrinks to nothing goes."""
    while True:
        before = _before(start)
        step = xy - xy[before]
        same = step[:, 0] ** 2 + step[:, 1] ** 2 < SAME_M**2
        if not same.any():
            break
        # Of several in a row only the first goes at a time: each is held against a neighbour that stays.
        gone = same & ~same[before]
        first = np.zeros(len(xy), dtype=bool)
        first[start[:-1]] = True
        gone |= same & ~first & np.logical_and.reduceat(same, start[:-1])[_ring(start)]
        if not gone.any():
            break
        xy, start = _kept(xy, start, ~gone)
    are_rings = np.diff(start) > 2
    return (xy, start) if are_rings.all() else _kept(xy, start, are_rings[_ring(start)])


def _kept(xy: Floats, start: Ints, which: npt.NDArray[np.bool_]) -> tuple[Floats, Ints]:
    """Some of the vertices; rings that lose all of them are no more."""
    counts = np.bincount(_ring(start)[which], minlength=len(start) - 1)
    return xy[which], np.concatenate([[0], np.cumsum(counts[counts > 0])])
