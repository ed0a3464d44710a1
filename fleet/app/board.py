"""What `fleet watch` knows of a run: the snapshot it began with, and everything heard since.

No terminal and no socket: it is fed messages, and read by whatever shows them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from fleet.bus.columns import Columns, columns, names_of
from fleet.demand.model import HOUR_MS, Span
from fleet.messages.envelope import Message
from fleet.messages.frames import TelemetryFrame
from fleet.messages.notices import MessagesRefused, Snapshot
from fleet.messages.orders import VehicleQuarantined
from fleet.messages.reports import VehicleRoster
from fleet.messages.security import Alert
from fleet.messages.standing import Standing


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
        self._standing = Standing(snapshot)
        self._span = Span(snapshot.start_hour, snapshot.end_ms / HOUR_MS)
        self._vehicles: tuple[str, ...] = () if snapshot.roster is None else snapshot.roster.vehicles
        self._names = names_of(self._vehicles)
        self._frame: Columns | None = None
        self._remarks: dict[str, str] = {}
        self.name = snapshot.name
        self.alerts, self.refused = 0, 0
        self.last_alert = ""
        for alert in snapshot.alerts:
            self._take_alert(alert)
        if snapshot.frame is not None:
            self._take_frame(snapshot.frame)

    def hear(self, message: Message) -> None:
        """Take in what was published."""
        body = message.body
        self._standing.hear(body)
        if isinstance(body, TelemetryFrame):
            self._take_frame(body)
        elif isinstance(body, VehicleRoster):
            self._vehicles, self._names = body.vehicles, names_of(body.vehicles)
        elif isinstance(body, Alert):
            self._take_alert(body)
        elif isinstance(body, VehicleQuarantined):
            self._remarks[body.vehicle] = "quarantined"
        elif isinstance(body, MessagesRefused):
            self.refused += body.count

    def _take_frame(self, frame: TelemetryFrame) -> None:
        self._frame = columns(frame, self._names)

    def _take_alert(self, alert: Alert) -> None:
        self.alerts += 1
        self.last_alert = f"{alert.detector}: {alert.attack_class} {alert.entity}"
        self._remarks.setdefault(alert.entity, alert.attack_class)

    @property
    def waiting(self) -> int:
        """Pickups that were requested and neither collected nor missed."""
        return len(self._standing.open)

    @property
    def collected(self) -> int:
        """Pickups that were collected."""
        return self._standing.collected

    @property
    def missed(self) -> int:
        """Pickups that were given up, and not fetched after all."""
        return self._standing.missed

    @property
    def now_ms(self) -> int:
        """Simulated time."""
        return self._standing.now.now_ms

    @property
    def airspace(self) -> str:
        """Which zones are announced or closed, in words; "" for none."""
        standing = sorted(self._standing.airspace.values(), key=lambda change: (change.state, change.zone))
        return ", ".join(f"{change.zone} ({change.state})" for change in standing)

    @property
    def tick(self) -> int:
        """Where the run is."""
        return self._standing.now.tick

    @property
    def clock(self) -> str:
        """The city's clock, HH:MM:SS."""
        return f"{self._span.clock(self.now_ms)}:{self.now_ms // 1000 % 60:02d}"

    @property
    def pace(self) -> str:
        """How fast the run goes, in words."""
        now = self._standing.now
        if now.paused:
            return "paused"
        return "as fast as it goes" if now.speed == 0.0 else f"{now.speed:g}x"

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
        report, frame = self._standing.reports.get(name), self._frame
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
