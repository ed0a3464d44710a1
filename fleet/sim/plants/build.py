"""From settings to things."""

from __future__ import annotations

from fleet.sim.parts import Annex
from fleet.sim.plants.params import PlantsParams
from fleet.sim.surroundings import Surroundings


class Plants(Annex):
    """What the plants of a run are and can do."""

    def __init__(self, around: Surroundings, params: PlantsParams) -> None:
        self._around = around
        self._params = params
