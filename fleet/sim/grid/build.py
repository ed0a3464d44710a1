"""From settings to things."""

from __future__ import annotations

from fleet.sim.grid.params import GridParams
from fleet.sim.parts import Annex
from fleet.sim.surroundings import Surroundings


class Grid(Annex):
    """What the chargers and plants of a run draw from."""

    def __init__(self, around: Surroundings, params: GridParams) -> None:
        self._around = around
        self._params = params
