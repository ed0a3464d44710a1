"""Edges by where they are: square cells for legs, rows for points.

Arrays in the form (start, entries): what lies in cell k is `entries[start[k] : start[k + 1]]`.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from fleet.city.kernels.compiled import compiled, entry
from fleet.city.kernels.plane import NEAR_M, distance

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
_Number = TypeVar("_Number", np.float64, np.int32)

MOST_CELLS = 1024
"""Cells a grid may have along one side."""


class Frame(NamedTuple):
    """Square cells over a box: cell (i, j) is number `j * columns + i`."""

    x_m: float
    y_m: float
    cell_m: float
    columns: int
    rows: int


class Cells(NamedTuple):
    """Which edges come within `NEAR_M` of each cell, with a copy of their ends that lies in this order."""

    frame: Frame
    start: Ints
    edge: Ints
    ends: Floats
    """(entries, 4): x and y of the first end, x and y of the second."""


class Rows(NamedTuple):
    """Which edges reach into each row of a pile of equal rows."""

    y_m: float
    row_m: float
    start: Ints
    ends: Floats
    """As in `Cells`."""


def frame_over(x: Floats, y: Floats, cells: float) -> Frame:
    """A frame of about so many cells round the given points."""
    width, height = float(np.ptp(x)), float(np.ptp(y))
    cell = max(math.sqrt(width * height / max(1.0, cells)), max(width, height) / (MOST_CELLS - 1), 1e-3)
    return Frame(float(x.min()), float(y.min()), cell, int(width / cell) + 1, int(height / cell) + 1)


def cells_of(x: Floats, y: Floats, after: Ints) -> Cells:
    """A grid of about one cell for each edge; edge k runs from vertex k to vertex `after[k]`."""
    frame = frame_over(x, y, len(x))
    start = np.zeros(frame.columns * frame.rows + 1, dtype=np.int32)
    none = np.empty(0, dtype=np.int32)
    _register(frame, x, y, after, start, none)
    start[1:] = np.cumsum(start[:-1])
    start[0] = 0
    edge = np.empty(int(start[-1]), dtype=np.int32)
    _register(frame, x, y, after, start[:-1].copy(), edge)
    return Cells(frame, start, edge, _ends(x, y, after, edge))


def _ends(x: Floats, y: Floats, after: Ints, edge: Ints) -> Floats:
    return np.column_stack([x[edge], y[edge], x[after[edge]], y[after[edge]]])


def rows_of(x: Floats, y: Floats, after: Ints) -> Rows:
    """Rows through the whole height of the edges."""
    count = min(MOST_CELLS, len(y))
    low = float(y.min())
    row = max(float(np.ptp(y)) / count, 1e-3)
    start, edge = _by_row(y, after, low, row, count)
    return Rows(low, row, start, _ends(x, y, after, edge))


@entry
def _by_row(y: Floats, after: Ints, low: float, row: float, count: int) -> tuple[Ints, Ints]:
    first, last = np.empty(len(y), dtype=np.int32), np.empty(len(y), dtype=np.int32)
    start = np.zeros(count + 1, dtype=np.int32)
    for e in range(len(y)):
        first[e] = clamped((min(y[e], y[after[e]]) - low) / row, count)
        last[e] = clamped((max(y[e], y[after[e]]) - low) / row, count)
        for k in range(first[e], last[e] + 1):
            start[k + 1] += 1
    at = np.zeros(count + 1, dtype=np.int32)
    for k in range(count):
        start[k + 1] += start[k]
        at[k + 1] = start[k + 1]
    edge = np.empty(start[count], dtype=np.int32)
    for e in range(len(y)):
        for k in range(first[e], last[e] + 1):
            edge[at[k]] = e
            at[k] += 1
    return start, edge


@compiled
def clamped(at: float, count: int) -> int:
    """The cell of a coordinate in cells, at the border for what lies outside."""
    if at <= 0.0:
        return 0
    return count - 1 if at >= count else int(at)


@compiled
def longer(values: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
    """The same with as much room again behind it. (np.append takes numba seconds to compile.)"""
    more = np.empty(2 * len(values), dtype=values.dtype)
    for k in range(len(values)):
        more[k] = values[k]
    return more


@compiled
def cell_at(frame: Frame, x: float, y: float) -> int:
    """The number of the cell that a place lies in, or the nearest one."""
    column = clamped((x - frame.x_m) / frame.cell_m, frame.columns)
    return clamped((y - frame.y_m) / frame.cell_m, frame.rows) * frame.columns + column


@compiled
def gap(ends: Floats, k: int, x: float, y: float) -> float:
    """How far a place is from edge k of `Cells.ends`."""
    ax, ay = ends[k, 0], ends[k, 1]
    ex, ey = ends[k, 2] - ax, ends[k, 3] - ay
    part = min(1.0, max(0.0, ((x - ax) * ex + (y - ay) * ey) / (ex * ex + ey * ey)))
    return distance(ax + part * ex - x, ay + part * ey - y)


@entry
def _register(frame: Frame, x: Floats, y: Floats, after: Ints, at: Ints, edges: Ints) -> None:
    """Count the edges of each cell in `at`; or, given `edges`, write them where `at` says, and move it on."""
    for e in range(len(x)):
        ax, ay, bx, by = x[e], y[e], x[after[e]], y[after[e]]
        if ay > by:
            ax, ay, bx, by = bx, by, ax, ay
        low = clamped((ay - NEAR_M - frame.y_m) / frame.cell_m, frame.rows)
        high = clamped((by + NEAR_M - frame.y_m) / frame.cell_m, frame.rows)
        slope = (bx - ax) / (by - ay) if by > ay else 0.0
        for j in range(low, high + 1):
            left, right = min(ax, bx), max(ax, bx)
            if low < high and by - ay > NEAR_M:
                floor = frame.y_m + j * frame.cell_m - NEAR_M
                y0, y1 = max(ay, floor), min(by, floor + frame.cell_m + 2.0 * NEAR_M)
                x0, x1 = ax + (y0 - ay) * slope, ax + (y1 - ay) * slope
                left, right = max(left, min(x0, x1)), min(right, max(x0, x1))
            first = clamped((left - NEAR_M - frame.x_m) / frame.cell_m, frame.columns)
            last = clamped((right + NEAR_M - frame.x_m) / frame.cell_m, frame.columns)
            for cell in range(j * frame.columns + first, j * frame.columns + last + 1):
                if len(edges):
                    edges[at[cell]] = e
                at[cell] += 1
