"""From settings to things."""

from __future__ import annotations

from fleet.sim.parts import Annex
from fleet.sim.people.params import PeopleParams
from fleet.sim.surroundings import Surroundings


class People(Annex):
    """The people of a run."""

    def __init__(self, around: Surroundings, params: PeopleParams) -> None:
        self._around = around
        self._params = params
