"""Closed ground in the order in which it is looked at: what every kernel works on.

Compiled code is fast where a loop reads one array from start to end, so places stand here in copies, next to
each other as the kernels want them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fleet.city.kernels.grid import Cells, Frame, Rows, cells_of, frame_over, rows_of
from fleet.city.kernels.outline import Outline

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

STRETCH = 16
"""Edges in a stretch of ring that casts one shadow: at most so many."""

_SQUARE = 8
"""Vertices to a square of `Spots`, on average."""


class Ground(NamedTuple):
    """Edges by where they are, for tests of legs and points."""

    cells: Cells
    rows: Rows
    wedge: Floats
    """(vertices, 7): where a vertex is; from there to `Outline.back` and to `Outline.ahead`; and 1 where the angle
    inside, between those two, is below 180 degrees, else 0."""


class Spots(NamedTuple):
    """Corners and stretches of ring by the square they lie in; a stretch lies where its middle is."""

    frame: Frame
    corner_start: Ints
    """Corners are numbered in the order of the squares: those in square k are `corner_start[k]` and on."""
    bend: Floats
    """(corners, 6): where it is; from there to the vertex before it on the ring, and to the one after it."""
    stretch_start: Ints
    line_start: Ints
    """By stretch: its vertices are `line[line_start[k] : line_start[k + 1]]`."""
    line: Floats
    sectors: int
    """How many sectors a horizon is cut into: more corners are told apart by narrower ones."""


class Scene(NamedTuple):
    """Everything there is to know of the closed ground."""

    ground: Ground
    spots: Spots


def scene_of(outline: Outline) -> Scene:
    """The scene of an outline that has at least one ring."""
    x, y, after = outline.x, outline.y, outline.after
    wedge = np.column_stack([_bends(outline, outline.back, outline.ahead), outline.convex])
    ground = Ground(cells_of(x, y, after), rows_of(x, y, after), wedge)
    return Scene(ground, _spots(outline))


def _bends(outline: Outline, one: Ints, other: Ints) -> Floats:
    x, y = outline.x, outline.y
    return np.column_stack([x, y, x[one] - x, y[one] - y, x[other] - x, y[other] - y])


def _spots(outline: Outline) -> Spots:
    x, y = outline.x, outline.y
    frame = frame_over(x, y, len(x) / _SQUARE)
    corner_start, order = _sorted(frame, x[outline.corner], y[outline.corner])
    bend = np.ascontiguousarray(_bends(outline, outline.before, outline.after)[outline.corner[order]])
    first, length = _stretches(outline)
    middle = first + length // 2
    stretch_start, order = _sorted(frame, x[middle], y[middle])
    first, length = first[order], length[order]
    line_start = np.concatenate([[0], np.cumsum(length + 1)])
    # A stretch has one vertex more than edges; the last one is the next on the ring, wherever that stands.
    vertex = np.arange(line_start[-1]) + np.repeat(first - line_start[:-1], length + 1)
    vertex[line_start[1:] - 1] = outline.after[first + length - 1]
    line = np.column_stack([x[vertex], y[vertex]])
    return Spots(frame, corner_start, bend, stretch_start, line_start.astype(np.int32), line, _sectors(len(x)))


def _sectors(vertices: int) -> int:
    """A power of two between 128 and 1024, about six times the root of the number of vertices."""
    return int(2 ** np.clip(np.round(np.log2(6.0 * np.sqrt(vertices))), 7, 10))


def _stretches(outline: Outline) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First vertex and number of edges of each stretch."""
    jumps = np.nonzero(outline.after != np.arange(1, len(outline.x) + 1))[0] + 1
    runs = np.diff(np.concatenate([[0], jumps]))
    pieces = -(-runs // STRETCH)
    which = np.repeat(np.arange(len(runs)), pieces)
    part = np.arange(len(which)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    return (jumps - runs)[which] + STRETCH * part, np.minimum(STRETCH, runs[which] - STRETCH * part)


def _sorted(frame: Frame, x: Floats, y: Floats) -> tuple[Ints, Ints]:
    i = np.clip(((x - frame.x_m) / frame.cell_m).astype(np.int64), 0, frame.columns - 1)
    j = np.clip(((y - frame.y_m) / frame.cell_m).astype(np.int64), 0, frame.rows - 1)
    cell = j * frame.columns + i
    order = np.argsort(cell, kind="stable").astype(np.int32)
    start = np.searchsorted(cell[order], np.arange(frame.columns * frame.rows + 1)).astype(np.int32)
    return start, order
