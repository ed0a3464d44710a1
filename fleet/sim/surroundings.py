"""What an annex of the world is built from."""

from __future__ import annotations

from dataclasses import dataclass

from fleet.base.streams import Streams
from fleet.sim.build import PortOf, Setting
from fleet.sim.flights import Flights
from fleet.sim.parts import Parts
from fleet.sim.world import World


@dataclass(frozen=True)
class Surroundings:
    """The world as it stands before the first moment, and where to draw chance and words from."""

    setting: Setting
    world: World
    flights: Flights
    streams: Streams
    port_of: PortOf

    @property
    def parts(self) -> Parts:
        """What the world is made of."""
        return self.world.parts
