"""What the dashboard needs of the outside: who reads the telemetry door for it, and who may give orders.

The dashboard imports no bus. Whoever composes it hands in a `Source` and, where the user may steer the run, an
`Operator`; a test hands in its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple, Protocol

from fleet.messages.plane import Command

SHOWN = frozenset(
    {
        "AirspaceChanged", "Alert", "Beat", "PickupCollected", "PickupMissed", "PickupRequested", "RunEnded",
        "TelemetryFrame", "VehicleQuarantined", "VehicleReported", "VehicleRoster",
    }
)  # fmt: skip
"""The topics that the page draws; these are passed on to browsers."""

TOPICS = SHOWN | {"Charged", "MessagesRefused", "OrderAnswered"}
"""The topics to subscribe to: what is shown, and what else is counted."""


class BusMessage(NamedTuple):
    """One message as it came over the telemetry door: its topic, its number in the topic, its envelope's bytes."""

    topic: str
    number: int
    data: bytes


class Source(Protocol):
    """A reader of the telemetry door."""

    async def city(self) -> bytes:
        """The envelope with the `CityMap`."""

    async def snapshot(self) -> bytes:
        """An envelope with a fresh `Snapshot`. May be asked for while `messages` is being read."""

    def messages(self) -> AsyncIterator[BusMessage]:
        """Everything that is published from before the first snapshot on; ends when the run is gone."""


class Operator(Protocol):
    """Somebody whose orders the run obeys."""

    async def order(self, body: Command) -> str:
        """Sign and send; the cause of the refusal, or "" if the run took it."""
