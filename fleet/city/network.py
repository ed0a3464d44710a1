"""Shortest legal paths between all pairs of points, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fleet.base.errors import InfeasibleError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Bent:
    """Every straight leg of every path with a bend, for pairs (row, col) with row < col, in path order.

    Leg k runs (dx, dy) metres on the path from `row[k]` to `col[k]`; on the way back it runs (-dx, -dy).
    The legs of a pair stand together, and add up to the vector between its two points.
    """

    row: Ints
    col: Ints
    dx: Floats
    dy: Floats


@dataclass(frozen=True, slots=True, eq=False)
class PathNetwork:
    """Shortest legal paths between all pairs of n points.

    `length_m` is (n, n), symmetric, zero on the diagonal and inf where there is no legal path. `last[i, j]`,
    for i < j, is the corner before j on the path from i, or -1 where the path is straight or missing;
    `before[i, c]` is the corner before corner c on the way from i, or -1 where the way is straight.
    """

    x_m: Floats
    y_m: Floats
    corner_x_m: Floats
    corner_y_m: Floats
    length_m: Floats
    last: Ints
    before: Ints

    def path(self, i: int, j: int) -> Floats:
        """The polyline from point i to point j, shape (k, 2), both ends included.

        Raises InfeasibleError when there is no legal path.
        """
        if not np.isfinite(self.length_m[i, j]):
            raise InfeasibleError(f"there is no legal path from point {i} to point {j}")
        low, high = min(i, j), max(i, j)
        bends: list[int] = []
        corner = int(self.last[low, high])
        while corner >= 0:
            bends.append(corner)
            corner = int(self.before[low, corner])
        bends.reverse()
        x = [self.x_m[low], *self.corner_x_m[bends], self.x_m[high]]
        y = [self.y_m[low], *self.corner_y_m[bends], self.y_m[high]]
        line = np.column_stack([x, y]).astype(np.float64)
        # A point may stand on a corner; the two ends stay even when they are the same place.
        moves = np.any(line[1:] != line[:-1], axis=1)
        line = np.concatenate([line[:1], line[1:][moves]]) if moves.any() else line[[0, -1]]
        return line if i <= j else line[::-1].copy()

    def bent(self) -> Bent:
        """The legs of all paths that are not straight; see `Bent`."""
        row, col = np.nonzero(np.triu(self.last >= 0, 1))
        corner = self.last[row, col]
        parts = [(row, col, self.x_m[col] - self.corner_x_m[corner], self.y_m[col] - self.corner_y_m[corner])]
        while len(row):
            back = self.before[row, corner]
            bend = back >= 0
            from_x = np.where(bend, self.corner_x_m[back], self.x_m[row])
            from_y = np.where(bend, self.corner_y_m[back], self.y_m[row])
            parts.append((row, col, self.corner_x_m[corner] - from_x, self.corner_y_m[corner] - from_y))
            row, col, corner = row[bend], col[bend], back[bend]
        step = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts])
        rows, cols, dx, dy = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((-step, cols, rows))
        return Bent(rows[order].astype(np.int32), cols[order].astype(np.int32), dx[order], dy[order])
