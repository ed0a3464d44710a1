"""How a run stands, as told by what is published: begun with a snapshot, kept up to date by what follows.

One set of rules for all who keep it: the gate for late joiners, the page for its browsers, `fleet watch`. Only
telemetry is taken in, so nothing of the truth can get into it. Pure: no socket, no clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from fleet.messages.airspace import AirspaceChanged
from fleet.messages.frames import TelemetryFrame
from fleet.messages.notices import Beat, Snapshot
from fleet.messages.orders import PickupMissed
from fleet.messages.plane import Body
from fleet.messages.reports import PickupCollected, PickupRequested, VehicleReported, VehicleRoster
from fleet.messages.security import Alert

KEPT_ALERTS = 500
"""So many of the latest alerts are kept; what is older is in the record."""


class Standing:
    """The state after `snapshot` and all that was heard since. It grows with vehicles and pickups, not with time.

    `now` has what is one value at a time (tick, clock, speed, roster, frame); its lists are of the beginning.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.now = snapshot
        self.reports = {report.vehicle: report for report in snapshot.vehicles}
        self.open = {pickup.pickup_id: pickup for pickup in snapshot.open_pickups}
        self.alerts = deque(snapshot.alerts, maxlen=KEPT_ALERTS)
        self.airspace = {change.zone: change for change in snapshot.airspace}
        """What is announced or closed, by zone."""
        self._collected: set[str] = set()
        self._missed: set[str] = set()
        self._take: dict[type[Body], Callable[[Any], None]] = {
            Beat: self._take_beat,
            VehicleRoster: self._take_roster,
            TelemetryFrame: self._take_frame,
            VehicleReported: self._take_report,
            PickupRequested: self._take_request,
            PickupCollected: self._take_collected,
            PickupMissed: self._take_missed,
            Alert: self.alerts.append,
            AirspaceChanged: self._take_airspace,
        }

    @property
    def collected(self) -> int:
        """How many pickups were collected."""
        return self.now.collected + len(self._collected)

    @property
    def missed(self) -> int:
        """How many were given up, and not fetched after all."""
        return self.now.missed + len(self._missed)

    def hear(self, body: Body) -> None:
        """Take in what was published; what says nothing about the state is passed over."""
        take = self._take.get(type(body))
        if take is not None:
            take(body)

    def snapshot(self) -> Snapshot:
        """The state now; `numbers` are those of the beginning."""
        return msgspec.structs.replace(
            self.now,
            vehicles=tuple(self.reports.values()),
            open_pickups=tuple(self.open.values()),
            collected=self.collected,
            missed=self.missed,
            alerts=tuple(self.alerts),
            airspace=tuple(self.airspace.values()),
        )

    def _take_beat(self, body: Beat) -> None:
        self.now = msgspec.structs.replace(
            self.now, tick=body.tick, now_ms=body.now_ms, speed=body.speed, paused=body.paused
        )

    def _take_roster(self, body: VehicleRoster) -> None:
        self.now = msgspec.structs.replace(self.now, roster=body)

    def _take_frame(self, body: TelemetryFrame) -> None:
        self.now = msgspec.structs.replace(self.now, frame=body)

    def _take_report(self, body: VehicleReported) -> None:
        self.reports[body.vehicle] = body

    def _take_request(self, body: PickupRequested) -> None:
        """A pickup that was settled does not open again, whoever says so."""
        if body.pickup_id not in self._collected and body.pickup_id not in self._missed:
            self.open[body.pickup_id] = body

    def _take_collected(self, body: PickupCollected) -> None:
        """What was given up and then fetched after all counts as collected only."""
        self.open.pop(body.pickup_id, None)
        self._missed.discard(body.pickup_id)
        self._collected.add(body.pickup_id)

    def _take_airspace(self, body: AirspaceChanged) -> None:
        if body.state == "open":
            self.airspace.pop(body.zone, None)
        else:
            self.airspace[body.zone] = body

    def _take_missed(self, body: PickupMissed) -> None:
        self.open.pop(body.pickup_id, None)
        if body.pickup_id not in self._collected:
            self._missed.add(body.pickup_id)
