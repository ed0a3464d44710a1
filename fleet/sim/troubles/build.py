"""From settings to things."""

from __future__ import annotations

from fleet.sim.parts import Annex
from fleet.sim.surroundings import Surroundings
from fleet.sim.troubles.params import TroublesParams


class Troubles(Annex):
    """The incidents of a run."""

    def __init__(self, around: Surroundings, params: TroublesParams) -> None:
        self._around = around
        self._params = params
