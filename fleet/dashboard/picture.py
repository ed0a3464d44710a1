"""The state of the run as the dashboard knows it: it begins with a snapshot and takes in what follows.

A browser that joins late is given this state, so that it waits for nobody, not even for a run that is over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from fleet.messages.envelope import Message
from fleet.messages.frames import TelemetryFrame
from fleet.messages.notices import Beat, RunEnded, Snapshot
from fleet.messages.orders import PickupMissed
from fleet.messages.plane import Body
from fleet.messages.reports import PickupCollected, PickupRequested, VehicleReported, VehicleRoster
from fleet.messages.security import Alert

KEPT_ALERTS = 500


class Picture:
    """Begins as `snapshot`; `hear` keeps it up to date. It grows with vehicles and pickups, not with time."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._now = snapshot
        self.numbers = dict(snapshot.numbers)
        self._vehicles = {report.vehicle: report for report in snapshot.vehicles}
        self._open = {pickup.pickup_id: pickup for pickup in snapshot.open_pickups}
        self._collected: set[str] = set()
        self._missed: set[str] = set()
        self._alerts = deque(snapshot.alerts, maxlen=KEPT_ALERTS)
        self.ended: RunEnded | None = None
        self._take: dict[type[Body], Callable[[Any], None]] = {
            Beat: self._take_beat,
            RunEnded: self._take_end,
            VehicleRoster: self._take_roster,
            TelemetryFrame: self._take_frame,
            VehicleReported: self._take_report,
            PickupRequested: self._take_request,
            PickupCollected: self._take_collected,
            PickupMissed: self._take_missed,
            Alert: self._alerts.append,
        }

    def is_news(self, topic: str, number: int) -> bool:
        """Whether the message of that number is not contained yet."""
        return number >= self.numbers.get(topic, 0)

    def hear(self, topic: str, number: int, message: Message) -> int:
        """Take a message in that is news; how many of its topic were lost before it."""
        lost = number - self.numbers.get(topic, 0)
        self.numbers[topic] = number + 1
        take = self._take.get(type(message.body))
        if take is not None:
            take(message.body)
        return lost

    def snapshot(self) -> Snapshot:
        """The state now."""
        return msgspec.structs.replace(
            self._now,
            numbers=dict(self.numbers),
            vehicles=tuple(self._vehicles.values()),
            open_pickups=tuple(self._open.values()),
            collected=self._now.collected + len(self._collected),
            missed=self._now.missed + len(self._missed),
            alerts=tuple(self._alerts),
        )

    def _take_beat(self, body: Beat) -> None:
        self._now = msgspec.structs.replace(
            self._now, tick=body.tick, now_ms=body.now_ms, speed=body.speed, paused=body.paused
        )

    def _take_end(self, body: RunEnded) -> None:
        self.ended = body

    def _take_roster(self, body: VehicleRoster) -> None:
        self._now = msgspec.structs.replace(self._now, roster=body)

    def _take_frame(self, body: TelemetryFrame) -> None:
        self._now = msgspec.structs.replace(self._now, frame=body)

    def _take_report(self, body: VehicleReported) -> None:
        self._vehicles[body.vehicle] = body

    def _take_request(self, body: PickupRequested) -> None:
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
