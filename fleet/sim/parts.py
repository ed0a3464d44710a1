"""What a world is made of, and the door in it for whoever tampers with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from fleet.base.streams import Noise
from fleet.base.winds import Winds
from fleet.city.sky import Schedule
from fleet.messages.envelope import Message
from fleet.messages.port import Port
from fleet.messages.reports import PickupCollected, PickupRequested
from fleet.messages.seal import Verifier
from fleet.sim.body import Body, Waste
from fleet.sim.books import Books
from fleet.sim.chargers import Chargers
from fleet.sim.docks import Docks
from fleet.sim.flights import Flights
from fleet.sim.kernel import Kernel
from fleet.sim.motion import Motion
from fleet.sim.terrain import Terrain
from fleet.sim.weighbridge import Weighbridge
from fleet.sim.yards import Dockyard


@dataclass(frozen=True)
class Parts:
    """What a world is made of; `fleet.sim.build` makes it."""

    kernel: Kernel
    motion: Motion
    books: Books
    terrain: Terrain
    flights: Flights
    weighbridge: Weighbridge
    chargers: Chargers
    docks: Docks
    bodies: tuple[Body, ...]
    yards: Mapping[str, Dockyard]
    waste: dict[str, Waste]
    day: tuple[tuple[int, PickupRequested], ...]
    """When which request is announced."""

    scale_noise: Noise
    scale_sigma: float
    citizens: Port
    truth: Port
    airspace: Port
    closures: Schedule
    winds: Winds
    airspace_trust: Verifier
    """Whose word closes and opens airspace."""
    guard_trust: Verifier
    """Whose word sends guards."""
    stock_trust: Verifier
    """Whose word gives stock out."""
    tamper_draw: Noise


class Ears(Protocol):
    """The faulty links over which vehicles hear their orders."""

    def hears(self, vehicle: str, now_ms: int, message: Message) -> list[Message]:
        """What a vehicle hears at once of a message on its way to it."""

    def late(self, now_ms: int) -> list[tuple[str, Message]]:
        """What comes to vehicles late, and is there now: (vehicle, message)."""


class Annex:
    """A part of the city that lives by the world's clock beside its vehicles: plants, a grid, people, trouble.

    What a kind does not need it inherits: nothing happens.
    """

    def begin(self) -> None:
        """The run begins; everything stands where it starts."""

    def hear(self, message: Message, now_ms: int) -> None:
        """Take in one message of the command plane, which may be meant for somebody else."""

    def takes(self, request: PickupRequested) -> bool:
        """Whether somebody sees to what lies there, so that no pickup is asked for."""
        return False

    def collected(self, report: PickupCollected, waste: Waste) -> None:
        """A vehicle took what lay there, and said what its scale showed."""

    def settle(self) -> None:
        """The run ends: bring what runs on to this moment, and hold it against the books."""


class Hand(Protocol):
    """What carries out tamper requests."""

    def hear(self, tick: int, now_ms: int, message: Message) -> None:
        """Take in one message of the injection or command plane."""

    def close(self) -> None:
        """The run ends."""
