"""How closely a city is built: which share of the ground lies under roofs, cell by cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely

from fleet.city.model import Building

Floats = npt.NDArray[np.float64]
CELL_M = 100.0


class Density:
    """The share of roofs on a grid of square cells. A building counts whole in the cell of its centroid."""

    def __init__(self, buildings: Sequence[Building], cell_m: float = CELL_M) -> None:
        self._cell_m = cell_m
        shapes = np.array([b.footprint for b in buildings], dtype=object)
        middle = shapely.get_coordinates(shapely.centroid(shapes)).reshape(-1, 2)
        cells = np.floor(middle / cell_m).astype(np.int64)
        self._low = cells.min(axis=0) if len(cells) else np.zeros(2, dtype=np.int64)
        self._roofs = np.zeros(tuple(cells.max(axis=0) - self._low + 1) if len(cells) else (1, 1))
        np.add.at(self._roofs, tuple((cells - self._low).T), shapely.area(shapes) / cell_m**2)

    def at(self, x_m: npt.ArrayLike, y_m: npt.ArrayLike) -> Floats:
        """The share of roofs in the cells of these places; 0 where nothing is built."""
        cells = (
            np.floor(np.column_stack([np.ravel(x_m), np.ravel(y_m)]) / self._cell_m).astype(np.int64) - self._low
        )
        inside = ((cells >= 0) & (cells < self._roofs.shape)).all(axis=1)
        share = np.zeros(len(cells))
        share[inside] = self._roofs[tuple(cells[inside].T)]
        return share
