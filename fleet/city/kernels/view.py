"""Which corners may be seen from a place: everything up to the horizon, nearest squares first.

The horizon closes in as squares further and further out are looked at; squares beyond it are left out, and when a
whole round of squares is, so is the rest of the city.
"""

from __future__ import annotations

import math

from fleet.city.kernels.compiled import compiled
from fleet.city.kernels.grid import Floats, Ints, clamped
from fleet.city.kernels.horizon import ALWAYS_M, close_sector, is_beyond, is_closed, place, shade
from fleet.city.kernels.plane import NEAR_M, distance, is_left, turn_of
from fleet.city.kernels.scene import STRETCH, Spots

ROOM = STRETCH + 1
"""Rows wanted in `seen`, of 3 numbers each: see `horizon.place`."""


@compiled
def look(spots: Spots, px: float, py: float, least_y: float, horizon: Floats, seen: Floats, found: Ints) -> int:
    """Close `horizon`, and write into `found` the corners that may be seen from p and at which a path from p may
    bend, but none whose y is below `least_y`, which is at most `py`. Returns how many. `horizon` comes open, or
    closed where nobody need look; `seen` is a place to work in.
    """
    low_x, low_y, size, columns, rows = spots.frame
    at_i, at_j = (px - low_x) / size, (py - low_y) / size
    i, j = clamped(at_i, columns), clamped(at_j, rows)
    within = 0.0 <= at_i <= columns and 0.0 <= at_j <= rows
    lowest = clamped((least_y - low_y) / size, rows)  # no leg from p up to a corner dips below p
    count = 0
    for ring in range(max(i, columns - 1 - i, j, rows - 1 - j) + 1):
        hidden = True
        for row in range(max(j - ring, lowest), min(j + ring, rows - 1) + 1):
            for column in range(i - ring, i + ring + 1, 1 if abs(row - j) == ring else 2 * ring):
                if column < 0 or column >= columns:
                    continue
                if _is_hidden(horizon, low_x + column * size - px, low_y + row * size - py, size):
                    continue
                hidden = False
                cell = row * columns + column
                _shade_from(spots, cell, px, py, least_y, horizon, seen)
                count = _collect(spots, cell, px, py, least_y, horizon, found, count)
        if hidden and within:
            break
    return _thinned(spots.bend, px, py, horizon, found, count)


@compiled
def _shade_from(
    spots: Spots, cell: int, px: float, py: float, least_y: float, horizon: Floats, seen: Floats
) -> None:
    """Close what the stretches of one square hide, but for those that lie below `least_y`."""
    line_start, line = spots.line_start, spots.line
    for stretch in range(spots.stretch_start[cell], spots.stretch_start[cell + 1]):
        first, end = line_start[stretch], line_start[stretch + 1]
        top_y = -math.inf
        for k in range(end - first):
            place(seen, k, line[first + k, 0] - px, line[first + k, 1] - py)
            top_y = max(top_y, line[first + k, 1])
        if top_y >= least_y:
            shade(horizon, seen, end - first - 1)


@compiled
def _collect(
    spots: Spots, cell: int, px: float, py: float, least_y: float, horizon: Floats, found: Ints, count: int
) -> int:
    """Add the corners of one square, from `least_y` up, to the `count` in `found`; returns how many they are."""
    bend = spots.bend
    for corner in range(spots.corner_start[cell], spots.corner_start[cell + 1]):
        dx, dy = bend[corner, 0] - px, bend[corner, 1] - py
        if bend[corner, 1] >= least_y and may_bend(bend, corner, dx, dy) and not is_beyond(horizon, dx, dy):
            found[count] = corner
            count += 1
    return count


@compiled
def _thinned(bend: Floats, px: float, py: float, horizon: Floats, found: Ints, count: int) -> int:
    """Take out what turned out to be hidden later."""
    kept = 0
    for k in range(count):
        if not is_beyond(horizon, bend[found[k], 0] - px, bend[found[k], 1] - py):
            found[kept] = found[k]
            kept += 1
    return kept


@compiled
def _is_hidden(horizon: Floats, x0: float, y0: float, size: float) -> bool:
    """Whether a whole square, whose lower left corner lies there from here, is beyond the horizon.

    The one the viewer stands in never is.
    """
    x0, y0, x1, y1 = x0 - NEAR_M, y0 - NEAR_M, x0 + size + NEAR_M, y0 + size + NEAR_M
    if x0 <= 0.0 <= x1 and y0 <= 0.0 <= y1:
        return False
    first_x, first_y, last_x, last_y = _silhouette(x0, y0, x1, y1)
    nearest = max(x0, -x1, 0.0) + max(y0, -y1, 0.0)
    return is_closed(horizon, turn_of(first_x, first_y), turn_of(last_x, last_y), nearest)


@compiled
def _silhouette(x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
    """The two corners between which a box is seen from (0, 0), which it does not hold: clockwise one first."""
    if x0 > 0.0:
        return (x1 if y0 > 0.0 else x0), y0, (x1 if y1 < 0.0 else x0), y1
    if x1 < 0.0:
        return (x0 if y1 < 0.0 else x1), y1, (x0 if y0 > 0.0 else x1), y0
    return (x1, y0, x0, y0) if y0 > 0.0 else (x0, y1, x1, y1)


@compiled
def may_bend(bend: Floats, corner: int, dx: float, dy: float) -> bool:
    """Whether a shortest path along (dx, dy) may bend at a corner: both its edges are on one side of the line.

    Any other bend could be shortened.
    """
    bx, by, ax, ay = bend[corner, 2], bend[corner, 3], bend[corner, 4], bend[corner, 5]
    if (dx * by > dy * bx) == (dx * ay > dy * ax):
        return True
    if is_left(dx, dy, bx, by, NEAR_M):
        return not is_left(ax, ay, dx, dy, NEAR_M)
    return not (is_left(dx, dy, ax, ay, NEAR_M) and is_left(bx, by, dx, dy, NEAR_M))


@compiled
def close_own(bend: Floats, corner: int, horizon: Floats) -> None:
    """From a corner, close the directions into its obstacle and the opposite ones: no path bends like that."""
    bx, by, ax, ay = bend[corner, 2], bend[corner, 3], bend[corner, 4], bend[corner, 5]
    if min(distance(ax, ay), distance(bx, by)) > ALWAYS_M and is_left(ax, ay, bx, by, 0.0):
        close_sector(horizon, turn_of(ax, ay), turn_of(bx, by))
        close_sector(horizon, turn_of(-ax, -ay), turn_of(-bx, -by))
