"""Whether a point lies inside the closed ground, and whether a straight leg touches its interior.

The ground is closed in its interior and open on its edge. A leg whose ends are not inside reaches the interior in
one of two ways: it crosses an edge between the edge's ends, or it meets a vertex and goes on, in one direction
or the other, between the two edges there. Each is tested to within `TOLERANCE_M`.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from fleet.city.kernels.compiled import compiled, entry
from fleet.city.kernels.grid import Cells, Floats, Rows, cell_at, clamped, gap
from fleet.city.kernels.plane import TOLERANCE_M, distance, is_left
from fleet.city.kernels.scene import Ground

Leg = tuple[float, float, float, float, float]
"""x and y of the start, x and y of the unit vector along it, the length."""

FREE, CROSSED, MET = 0, 1, 2


@compiled
def inside(ground: Ground, px: float, py: float) -> bool:
    """Whether a point lies deeper in an obstacle than the tolerance, or nowhere (not a finite place)."""
    if not (math.isfinite(px) and math.isfinite(py)):
        return True
    return _is_odd(ground.rows, px, py) and not _touches(ground.cells, px, py)


@entry
def all_inside(ground: Ground, x: Floats, y: Floats, found: npt.NDArray[np.bool_]) -> None:
    """`inside` for many points, into `found`."""
    for k in range(len(x)):
        found[k] = inside(ground, x[k], y[k])


@compiled
def _is_odd(rows: Rows, px: float, py: float) -> bool:
    """Whether a ray towards +x crosses an odd number of edges."""
    start, ends = rows.start, rows.ends
    row = (py - rows.y_m) / rows.row_m
    if row < -1.0 or row > len(start):
        return False
    at = clamped(row, len(start) - 1)
    odd = False
    for k in range(start[at], start[at + 1]):
        ax, ay, bx, by = ends[k, 0], ends[k, 1], ends[k, 2], ends[k, 3]
        if (ay > py) != (by > py):
            side = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
            odd = odd != ((side > 0.0) == (by > ay))
    return odd


@compiled
def _touches(cells: Cells, px: float, py: float) -> bool:
    """Whether an edge is within the tolerance."""
    cell = cell_at(cells.frame, px, py)
    for k in range(cells.start[cell], cells.start[cell + 1]):  # noqa: SIM110 - numba compiles no generators like that
        if gap(cells.ends, k, px, py) <= TOLERANCE_M:
            return True
    return False


@compiled
def free(ground: Ground, px: float, py: float, qx: float, qy: float) -> bool:
    """Whether the leg from p to q, neither of them inside, stays out of the interior.

    Walks the cells the leg runs through (Amanatides and Woo, "A fast voxel traversal algorithm for ray tracing",
    Eurographics 1987) and stops at the first obstacle.
    """
    start, edge, ends, wedge = ground.cells.start, ground.cells.edge, ground.cells.ends, ground.wedge
    low_x, low_y, size, columns, rows = ground.cells.frame
    dx, dy = qx - px, qy - py
    length = distance(dx, dy)
    if length <= TOLERANCE_M:
        return True
    begin, end = _within(low_x - 1e-3, columns * size + 2e-3, px, dx, 0.0, 1.0)
    begin, end = _within(low_y - 1e-3, rows * size + 2e-3, py, dy, begin, end)
    if begin > end:
        return True
    leg = (px, py, dx / length, dy / length, length)
    i = clamped((px + begin * dx - low_x) / size, columns)
    j = clamped((py + begin * dy - low_y) / size, rows)
    next_i, step_i = _gates(low_x, size, i, px, dx)
    next_j, step_j = _gates(low_y, size, j, py, dy)
    while 0 <= i < columns and 0 <= j < rows:
        cell = j * columns + i
        for k in range(start[cell], start[cell + 1]):
            found = _meets(ends, k, leg)
            if found == CROSSED or (found == MET and _enters(wedge, edge[k], leg)):
                return False
        if min(next_i, next_j) > end:
            return True
        if next_i < next_j:
            i += 1 if dx > 0.0 else -1
            next_i += step_i
        else:
            j += 1 if dy > 0.0 else -1
            next_j += step_j
    return True


@compiled
def _within(low: float, width: float, p: float, d: float, begin: float, end: float) -> tuple[float, float]:
    """The part of [begin, end] in which p + part * d is in a band; empty (1, 0) if it never is."""
    if d == 0.0:
        return (begin, end) if low <= p <= low + width else (1.0, 0.0)
    one, other = (low - p) / d, (low + width - p) / d
    return max(begin, min(one, other)), min(end, max(one, other))


@compiled
def _gates(low: float, cell: float, at: int, p: float, d: float) -> tuple[float, float]:
    """At which part of the leg the next cell begins along one axis, and how far apart the borders are."""
    if d == 0.0:
        return math.inf, math.inf
    return (low + (at + (1 if d > 0.0 else 0)) * cell - p) / d, cell / abs(d)


@compiled
def _meets(ends: Floats, k: int, leg: Leg) -> int:
    """Whether the leg crosses an edge between its ends, going in or out; or meets its first vertex; or neither."""
    px, py, ux, uy, length = leg
    ax, ay, bx, by = ends[k, 0] - px, ends[k, 1] - py, ends[k, 2] - px, ends[k, 3] - py
    side_a, side_b = ux * ay - uy * ax, ux * by - uy * bx
    if abs(side_a) <= TOLERANCE_M:
        return MET if -TOLERANCE_M <= ux * ax + uy * ay <= length + TOLERANCE_M else FREE
    if (side_a > 0.0) == (side_b > 0.0) or abs(side_b) <= TOLERANCE_M:
        return FREE
    ex, ey = bx - ax, by - ay
    deep = TOLERANCE_M * distance(ex, ey)
    first, last = ey * ax - ex * ay, ex * (uy * length - ay) - ey * (ux * length - ax)
    return CROSSED if max(first, last) > deep and min(first, last) <= deep else FREE


@compiled
def _enters(wedge: Floats, vertex: int, leg: Leg) -> bool:
    """Whether the leg, which meets a vertex, goes from there into the interior, on or back."""
    px, py, ux, uy, length = leg
    sx, sy = px - wedge[vertex, 0], py - wedge[vertex, 1]
    along = -(ux * sx + uy * sy)
    if length - along > TOLERANCE_M and _is_between(wedge, vertex, sx + ux * length, sy + uy * length):
        return True
    return along > TOLERANCE_M and _is_between(wedge, vertex, sx, sy)


@compiled
def _is_between(wedge: Floats, vertex: int, tx: float, ty: float) -> bool:
    """Whether the place t, seen from a vertex, lies between the two edges there, on their inner side."""
    bx, by, ax, ay = wedge[vertex, 2], wedge[vertex, 3], wedge[vertex, 4], wedge[vertex, 5]
    left_of_ahead = is_left(ax, ay, tx, ty, TOLERANCE_M)
    right_of_back = is_left(tx, ty, bx, by, TOLERANCE_M)
    if wedge[vertex, 6] > 0.0:
        return left_of_ahead and right_of_back
    # At the end of a narrow gap both lines run on into the ground.
    return left_of_ahead or right_of_back or (tx * ax + ty * ay < 0.0 and tx * bx + ty * by < 0.0)
