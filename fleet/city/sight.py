"""Who can see whom past the obstacles.

Running along an edge, or round a corner, is legal; entering the interior is not. Floating point cannot tell
the two apart on the edge itself, so sight is tested against obstacles shrunk by `SKIN_M`, while paths bend at
the corners of the unshrunk ones. A straight leg may thus cut at most a skin deep into an obstacle.

Most pairs are settled without geometry: a leg that stays outside the circle round an obstacle misses it, one
that enters the circle inside the obstacle hits it. Only the rest goes to shapely, with prepared polygons.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import Polygon
from shapely.geometry.polygon import orient

from fleet.city.shapes import flat

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SKIN_M = 1e-3
"""How deep a straight leg may graze an obstacle."""

_CHUNK = 1 << 15
"""Legs tested at once: small enough to stay in the cache."""

_TOUCH_M = 1e-6
"""Closer than this, a corner is on a line."""

_POINT_M2 = 1e-18
"""A leg shorter than a nanometre is a point: the inverse of its square would not be a number."""


@dataclass(frozen=True, slots=True)
class _Solid:
    """A shrunk obstacle with a circle inside it and one round it, about the same centre."""

    shape: Polygon
    x_m: float
    y_m: float
    inner_m: float
    outer_m: float


class Sight:
    """Tests of points and legs against polygons that do not overlap."""

    def __init__(self, polygons: Iterable[Polygon]) -> None:
        shrunk = [
            part for polygon in polygons for part in flat(shapely.buffer(polygon, -SKIN_M, join_style="mitre"))
        ]
        # The largest first: what is settled early need not be tested again.
        self._solids = sorted((_solid(part) for part in shrunk), key=lambda s: -s.inner_m)

    def inside(self, x_m: Floats, y_m: Floats) -> Bools:
        """For each point whether it lies more than a skin deep in an obstacle."""
        found = np.zeros(x_m.shape, dtype=bool)
        for solid in self._solids:
            near = np.hypot(x_m - solid.x_m, y_m - solid.y_m) <= solid.outer_m
            found[near] |= shapely.contains_xy(solid.shape, x_m[near], y_m[near])
        return found

    def clear(self, x0: Floats, y0: Floats, x1: Floats, y1: Floats) -> Bools:
        """For each leg from (x0, y0) to (x1, y1) whether it is free of every obstacle."""
        parts = [self._clear(*(v[at : at + _CHUNK] for v in (x0, y0, x1, y1))) for at in range(0, len(x0), _CHUNK)]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=bool)

    def _clear(self, x0: Floats, y0: Floats, x1: Floats, y1: Floats) -> Bools:
        alive = np.arange(len(x0))
        dx, dy = x1 - x0, y1 - y0
        square = dx * dx + dy * dy
        scale = 1.0 / np.where(square > _POINT_M2, square, 1.0)
        legs = (x0, y0, dx, dy, scale)
        for solid in self._solids:
            if not len(alive):
                break
            hit = _hits(solid, *(v[alive] for v in legs))
            alive = alive[~hit]
        result = np.zeros(len(x0), dtype=bool)
        result[alive] = True
        return result


@dataclass(frozen=True, slots=True)
class Corners:
    """Where paths may bend: the convex corners of obstacles, with the neighbours along the edge.

    `anyway` marks points where rings touch; what is tangent there depends on both, so they are never ruled
    out. All arrays have one row per corner.
    """

    x_m: Floats
    y_m: Floats
    before: Floats
    after: Floats
    anyway: Bools

    def tangent_from(self, x_m: Floats, y_m: Floats, anyway: Bools) -> Bools:
        """(points, corners): whether a shortest path may come straight from the point and bend at the corner.

        It may when both neighbours of the corner are on one side of the line, or on it: other bends could be
        shortened. Points marked `anyway` lie in the skin of an obstacle and are spared the test.
        """
        dx, dy = self.x_m[None, :] - x_m[:, None], self.y_m[None, :] - y_m[:, None]
        length = np.hypot(dx, dy)
        safe = np.where(length > 0.0, length, 1.0)
        sides = []
        for other in (self.before, self.after):
            ex, ey = other[:, 0] - self.x_m, other[:, 1] - self.y_m
            sides.append((dx * ey - dy * ex) / safe)
        low, high = np.minimum(*sides), np.maximum(*sides)
        split = (low < -_TOUCH_M) & (high > _TOUCH_M)
        return ~split | (length <= _TOUCH_M) | self.anyway[None, :] | anyway[:, None]


def corners_of(polygons: Sequence[Polygon]) -> Corners:
    """The corners of `polygons` at which a path round them can bend."""
    here, before, after = _vertices(polygons)
    into, out_of = here - before, after - here
    turn = into[:, 0] * out_of[:, 1] - into[:, 1] * out_of[:, 0]
    convex = turn > 1e-9 * np.hypot(*into.T) * np.hypot(*out_of.T)
    _, first, which, count = np.unique(here, axis=0, return_index=True, return_inverse=True, return_counts=True)
    shared = (count > 1)[which.ravel()]
    is_first = np.zeros(len(here), dtype=bool)
    is_first[first] = True
    keep = np.where(shared, is_first, convex)
    return Corners(here[keep, 0], here[keep, 1], before[keep], after[keep], shared[keep])


def _vertices(polygons: Sequence[Polygon]) -> tuple[Floats, Floats, Floats]:
    """Every vertex with the one before and after it, the interior always to the left."""
    parts: list[tuple[Floats, Floats, Floats]] = []
    for polygon in polygons:
        turned = orient(polygon)
        for ring in (turned.exterior, *turned.interiors):
            xy = np.asarray(ring.coords, dtype=np.float64)[:, :2]
            xy = xy[1:][np.any(xy[1:] != xy[:-1], axis=1)]
            parts.append((xy, np.roll(xy, 1, axis=0), np.roll(xy, -1, axis=0)))
    if not parts:
        empty = np.zeros((0, 2))
        return empty, empty, empty
    here, before, after = (np.concatenate(column) for column in zip(*parts, strict=True))
    return here, before, after


def _solid(shape: Polygon) -> _Solid:
    best_x, best_y, inner = 0.0, 0.0, -1.0
    for candidate in (shape.centroid, shape.representative_point()):
        room = float(shape.boundary.distance(candidate)) if shape.contains(candidate) else 0.0
        if room > inner:
            best_x, best_y, inner = candidate.x, candidate.y, room
    xy = shapely.get_coordinates(shape)
    outer = float(np.hypot(xy[:, 0] - best_x, xy[:, 1] - best_y).max())
    shapely.prepare(shape)
    # Rounding may not turn a near miss into a certainty.
    return _Solid(shape, best_x, best_y, inner * (1.0 - 1e-9), outer * (1.0 + 1e-9))


def _hits(solid: _Solid, x0: Floats, y0: Floats, dx: Floats, dy: Floats, scale: Floats) -> Bools:
    """Which legs from (x0, y0) along (dx, dy) touch the solid; `scale` is one over their squared length."""
    to_x, to_y = solid.x_m - x0, solid.y_m - y0
    part = np.clip((to_x * dx + to_y * dy) * scale, 0.0, 1.0)
    off_x, off_y = to_x - part * dx, to_y - part * dy
    square = off_x * off_x + off_y * off_y
    hit: Bools = square < solid.inner_m**2
    unsure = np.nonzero(~hit & (square <= solid.outer_m**2))[0]
    if len(unsure):
        x0, y0, dx, dy = x0[unsure], y0[unsure], dx[unsure], dy[unsure]
        ends = np.stack([np.column_stack([x0, y0]), np.column_stack([x0 + dx, y0 + dy])], axis=1)
        hit[unsure] = shapely.intersects(solid.shape, shapely.linestrings(ends))
    return hit
