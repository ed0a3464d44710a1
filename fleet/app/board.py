"""What `fleet watch` knows of a run: the snapshot it began with, and everything heard since.

No terminal and no socket: it is fed messages, and read by whatever shows them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from fleet.bus.columns import Columns, columns
from fleet.demand.model import HOUR_MS, Span
from fleet.messages.envelope import Message
from fleet.messages.frames import TelemetryFrame
from fleet.messages.notices import Beat, MessagesRefused, Snapshot
from fleet.messages.orders import PickupMissed, VehicleQuarantined
from fleet.messages.reports import PickupCollected, PickupRequested, VehicleReported, VehicleRoster
from fleet.messages.security import Alert


@dataclass(frozen=True)
class Row:
    """One vehicle as it says it is; `remark` is what others say of it."""

    vehicle: str
    state: str
    battery_wh: float
    load_kg: float
    x_m: float
    y_m: float
    bound_for: str
    remark: str


class Board:
    """The state of a run, from a snapshot on."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._span = Span(snapshot.start_hour, snapshot.end_ms / HOUR_MS)
        self._vehicles: tuple[str, ...] = () if snapshot.roster is None else snapshot.roster.vehicles
        self._frame: Columns | None = None
        self._reports = {report.vehicle: report for report in snapshot.vehicles}
        self._remarks: dict[str, str] = {}
        self._open = {pickup.pickup_id for pickup in snapshot.open_pickups}
        self.name = snapshot.name
        self.now_ms, self.tick = snapshot.now_ms, snapshot.tick
        self.speed, self.paused = snapshot.speed, snapshot.paused
        self.collected, self.missed = snapshot.collected, snapshot.missed
        self.alerts, self.refused = 0, 0
        self.last_alert = ""
        for alert in snapshot.alerts:
            self._take_alert(alert)
        if snapshot.frame is not None:
            self._take_frame(snapshot.frame)

    def hear(self, message: Message) -> None:
        """Take in what was published."""
        body = message.body
        if isinstance(body, Beat):
            self.now_ms, self.tick, self.speed, self.paused = body.now_ms, body.tick, body.speed, body.paused
        elif isinstance(body, TelemetryFrame):
            self._take_frame(body)
        elif isinstance(body, VehicleReported):
            self._reports[body.vehicle] = body
        elif isinstance(body, VehicleRoster):
            self._vehicles = body.vehicles
        elif isinstance(body, PickupRequested):
            self._open.add(body.pickup_id)
        elif isinstance(body, PickupCollected):
            self._open.discard(body.pickup_id)
            self.collected += 1
        elif isinstance(body, PickupMissed):
            self._open.discard(body.pickup_id)
            self.missed += 1
        elif isinstance(body, Alert):
            self._take_alert(body)
        elif isinstance(body, VehicleQuarantined):
            self._remarks[body.vehicle] = "quarantined"
        elif isinstance(body, MessagesRefused):
            self.refused += body.count

    def _take_frame(self, frame: TelemetryFrame) -> None:
        self._frame = columns(frame, self._vehicles)

    def _take_alert(self, alert: Alert) -> None:
        self.alerts += 1
        self.last_alert = f"{alert.detector}: {alert.attack_class} {alert.entity}"
        self._remarks.setdefault(alert.entity, alert.attack_class)

    @property
    def waiting(self) -> int:
        """Pickups that were requested and neither collected nor missed."""
        return len(self._open)

    @property
    def clock(self) -> str:
        """The city's clock, HH:MM:SS."""
        return f"{self._span.clock(self.now_ms)}:{self.now_ms // 1000 % 60:02d}"

    @property
    def pace(self) -> str:
        """How fast the run goes, in words."""
        if self.paused:
            return "paused"
        return "as fast as it goes" if self.speed == 0.0 else f"{self.speed:g}x"

    @property
    def fleet_size(self) -> int:
        """How many vehicles there are."""
        return len(self._vehicles)

    def rows(self, most: int) -> list[Row]:
        """So many vehicles: those with a remark first, then in the order of the roster."""
        marked = [name for name in self._vehicles if name in self._remarks]
        plain = [name for name in self._vehicles if name not in self._remarks] if len(marked) < most else []
        places = {name: row for row, name in enumerate(self._vehicles)}
        return [self._row(name, places[name]) for name in (marked + plain)[:most]]

    def _row(self, name: str, row: int) -> Row:
        report, frame = self._reports.get(name), self._frame
        told = Row(name, "", 0.0, 0.0, 0.0, 0.0, "", self._remarks.get(name, ""))
        if report is not None:
            told = replace(
                told,
                state=report.state,
                battery_wh=report.battery_wh,
                load_kg=report.load_kg,
                x_m=report.x_m,
                y_m=report.y_m,
                bound_for=report.bound_for,
            )
        if frame is None:
            return told
        return replace(
            told,
            state=frame.state_of(row),
            battery_wh=float(frame.battery_wh[row]),
            load_kg=float(frame.load_kg[row]),
            x_m=float(frame.x_m[row]),
            y_m=float(frame.y_m[row]),
        )
