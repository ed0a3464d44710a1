"""EDGE_WEIGHT_SECTION: the ways in which TSPLIB (Reinelt, 1991) writes a matrix as a list of numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fleet.plan.problem import Floats
from fleet.plan.ways import Nodes

_Triangle = Callable[[int], tuple[Nodes, Nodes]]


def _lower(size: int, diagonal: bool) -> tuple[Nodes, Nodes]:
    rows, columns = np.tril_indices(size, 0 if diagonal else -1)
    return rows.astype(np.int64), columns.astype(np.int64)


def _upper(size: int, diagonal: bool) -> tuple[Nodes, Nodes]:
    rows, columns = np.triu_indices(size, 0 if diagonal else 1)
    return rows.astype(np.int64), columns.astype(np.int64)


# A lower triangle column by column is the upper one row by row, mirrored; the matrix is symmetric.
_TRIANGLES: dict[str, _Triangle] = {
    "LOWER_ROW": lambda size: _lower(size, False),
    "UPPER_COL": lambda size: _lower(size, False),
    "LOWER_DIAG_ROW": lambda size: _lower(size, True),
    "UPPER_DIAG_COL": lambda size: _lower(size, True),
    "UPPER_ROW": lambda size: _upper(size, False),
    "LOWER_COL": lambda size: _upper(size, False),
    "UPPER_DIAG_ROW": lambda size: _upper(size, True),
    "LOWER_DIAG_COL": lambda size: _upper(size, True),
}
FORMATS = ("FULL_MATRIX", *_TRIANGLES)


def entries(form: str, size: int) -> int:
    """How many numbers a matrix of `size` nodes has in a format."""
    if form == "FULL_MATRIX":
        return size * size
    diagonal = size if "DIAG" in form else 0
    return size * (size - 1) // 2 + diagonal


def unfolded(form: str, size: int, values: Floats) -> Floats:
    """The (size, size) matrix that `values` spell; what they say of the diagonal is left out."""
    if form == "FULL_MATRIX":
        full = values.reshape(size, size).copy()
    else:
        full = np.zeros((size, size))
        rows, columns = _TRIANGLES[form](size)
        full[rows, columns] = values
        full[columns, rows] = values
    np.fill_diagonal(full, 0.0)
    return full
