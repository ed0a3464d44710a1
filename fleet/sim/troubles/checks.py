"""What is wrong with `troubles` in a scenario once its map, its sites and its vehicles are known."""

from __future__ import annotations

from collections.abc import Iterator

from fleet.base.errors import Fault
from fleet.sim.ground import Ground
from fleet.sim.troubles.params import TroublesParams


def faults(params: TroublesParams, ground: Ground) -> Iterator[Fault]:
    """Every fault; each path starts at the section."""
    yield from ()
