"""What is wrong with `people` in a scenario once its map, its sites and its vehicles are known."""

from __future__ import annotations

from collections.abc import Iterator

from fleet.base.errors import Fault
from fleet.sim.ground import Ground
from fleet.sim.people.params import PeopleParams


def faults(params: PeopleParams, ground: Ground) -> Iterator[Fault]:
    """Every fault; each path starts at the section."""
    yield from ()
