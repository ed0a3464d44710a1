"""What is wrong with `grid` in a scenario once its map, its sites and its vehicles are known."""

from __future__ import annotations

from collections.abc import Iterator

from fleet.base.errors import Fault
from fleet.sim.grid.params import GridParams
from fleet.sim.ground import Ground


def faults(params: GridParams, ground: Ground) -> Iterator[Fault]:
    """Every fault; each path starts at the section."""
    yield from ()
