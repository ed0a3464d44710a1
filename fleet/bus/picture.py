"""What somebody who joins late must know: the state of a run after everything that was published so far.

It listens to telemetry only, so nothing of the truth can get into it, and it holds no socket: whoever publishes
lets it hear what is published, in the same order and in the same thread, and asks it for a `Snapshot`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fleet.messages.envelope import Message
from fleet.messages.frames import TelemetryFrame
from fleet.messages.notices import Snapshot
from fleet.messages.orders import PickupMissed
from fleet.messages.plane import Body, Plane
from fleet.messages.reports import PickupCollected, PickupRequested, VehicleReported, VehicleRoster
from fleet.messages.security import Alert

KEPT_ALERTS = 500
"""A snapshot carries so many of the latest alerts; what is older is in the record."""


@dataclass(frozen=True)
class RunFacts:
    """What does not change in a run: name, beat, length, and the hour of the city's clock it starts at."""

    name: str
    tick_ms: int
    end_ms: int
    start_hour: float


class Picture:
    """A `fleet.messages.port.Listener` that keeps what a `Snapshot` needs.

    It grows with the vehicles and the pickups of the run, not with its length.
    """

    def __init__(self, facts: RunFacts) -> None:
        self._facts = facts
        self._tick = -1
        self._roster: VehicleRoster | None = None
        self._frame: TelemetryFrame | None = None
        self._vehicles: dict[str, VehicleReported] = {}
        self._open: dict[str, PickupRequested] = {}
        self._collected: set[str] = set()
        self._missed: set[str] = set()
        self._alerts: deque[Alert] = deque(maxlen=KEPT_ALERTS)
        self._keep: dict[type[Body], Callable[[Any], None]] = {
            VehicleRoster: self._take_roster,
            TelemetryFrame: self._take_frame,
            VehicleReported: self._take_report,
            PickupRequested: self._take_request,
            PickupCollected: self._take_collected,
            PickupMissed: self._take_missed,
            Alert: self._alerts.append,
        }

    def hear(self, tick: int, batch: Sequence[Message]) -> None:
        """Take in what was published at `tick`; other planes than telemetry are passed over."""
        self._tick = tick
        for message in batch:
            body = message.body
            keep = self._keep.get(type(body))
            if keep is not None and body.plane is Plane.TELEMETRY:
                keep(body)

    def snapshot(self, numbers: Mapping[str, int], *, speed: float, paused: bool) -> Snapshot:
        """The state now. `numbers` is the number of the next message of each topic, as the publisher counts."""
        facts, tick = self._facts, max(self._tick, 0)
        return Snapshot(
            name=facts.name,
            tick=tick,
            now_ms=tick * facts.tick_ms,
            tick_ms=facts.tick_ms,
            end_ms=facts.end_ms,
            start_hour=facts.start_hour,
            speed=speed,
            paused=paused,
            numbers=dict(numbers),
            roster=self._roster,
            frame=self._frame,
            vehicles=tuple(self._vehicles.values()),
            open_pickups=tuple(self._open.values()),
            collected=len(self._collected),
            missed=len(self._missed),
            alerts=tuple(self._alerts),
        )

    def _take_roster(self, body: VehicleRoster) -> None:
        self._roster = body

    def _take_frame(self, body: TelemetryFrame) -> None:
        self._frame = body

    def _take_report(self, body: VehicleReported) -> None:
        self._vehicles[body.vehicle] = body

    def _take_request(self, body: PickupRequested) -> None:
        """A pickup that was settled does not open again, whoever says so."""
        if body.pickup_id not in self._collected and body.pickup_id not in self._missed:
            self._open[body.pickup_id] = body

    def _take_collected(self, body: PickupCollected) -> None:
        """What was given up and then fetched after all counts as collected only."""
        self._open.pop(body.pickup_id, None)
        self._missed.discard(body.pickup_id)
        self._collected.add(body.pickup_id)

    def _take_missed(self, body: PickupMissed) -> None:
        self._open.pop(body.pickup_id, None)
        if body.pickup_id not in self._collected:
            self._missed.add(body.pickup_id)
