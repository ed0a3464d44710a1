"""The numbers of a run that an operations room watches, counted from what the telemetry door says.

Names and units follow the conventions of Prometheus (https://prometheus.io/docs/practices/naming/): a unit's full
name as suffix, `_total` on what only grows. How they are written out is `exposition`'s affair.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from fleet.messages.frames import TelemetryFrame, unpack
from fleet.messages.notices import Beat, MessagesRefused, Snapshot
from fleet.messages.orders import PickupMissed
from fleet.messages.plane import Body
from fleet.messages.reports import STATES, Charged, OrderAnswered, PickupCollected, PickupRequested
from fleet.messages.security import Alert

Labels = tuple[str, ...]

SPEED_WINDOW_S = 10.0
"""The measured speed is the mean over this long."""

MOST_SERIES = 200
"""Label values come from messages, and messages from anybody: past so many series the rest is `other`."""


@dataclass(frozen=True)
class Metric:
    """One name that is exposed. A counter's name is given without its `_total`."""

    name: str
    kind: Literal["counter", "gauge"]
    text: str
    labels: Labels = ()


SIMULATED = Metric("fleet_simulated_seconds", "gauge", "Simulated time since the start of the run.")
SPEED = Metric("fleet_speed_ratio", "gauge", "Simulated seconds per second, measured over the last ten seconds.")
PAUSED = Metric("fleet_paused", "gauge", "1 while the run is held.")
TICKS = Metric("fleet_ticks", "counter", "Ticks of the run so far.")
VEHICLES = Metric("fleet_vehicles", "gauge", "Vehicles by what they say they are doing.", ("state",))
BATTERY_MIN = Metric("fleet_battery_wh_min", "gauge", "Watt-hours in the emptiest battery.")
BATTERY_MEDIAN = Metric("fleet_battery_wh_median", "gauge", "Watt-hours in the median battery.")
REQUESTED = Metric("fleet_pickups_requested", "counter", "Pickups that were asked for.")
COLLECTED = Metric("fleet_pickups_collected", "counter", "Pickups that were emptied.")
MISSED = Metric("fleet_pickups_missed", "counter", "Pickups that were given up.", ("reason",))
KILOGRAMS = Metric("fleet_collected_kilograms", "counter", "What vehicles' scales read at pickups.", ("material",))
CHARGED = Metric("fleet_charged_watthours", "counter", "Energy that went into batteries.")
ALERTS = Metric("fleet_alerts", "counter", "Alerts of the watchmen.", ("detector", "attack_class"))
ORDERS_REFUSED = Metric("fleet_orders_refused", "counter", "Orders that vehicles refused.", ("cause",))
MESSAGES_REFUSED = Metric(
    "fleet_messages_refused", "counter", "Messages that the gate refused.", ("door", "cause")
)
LOST = Metric("fleet_bus_messages_lost", "counter", "Published messages that did not arrive here.", ("topic",))
VIEWERS = Metric("fleet_dashboard_viewers", "gauge", "Browsers that look on.")
DROPPED = Metric("fleet_dashboard_messages_dropped", "counter", "Messages not passed on to slow browsers.")

METRICS = (
    SIMULATED, SPEED, PAUSED, TICKS, VEHICLES, BATTERY_MIN, BATTERY_MEDIAN, REQUESTED, COLLECTED, MISSED,
    KILOGRAMS, CHARGED, ALERTS, ORDERS_REFUSED, MESSAGES_REFUSED, LOST, VIEWERS, DROPPED,
)  # fmt: skip


Reading = tuple[Metric, list[tuple[Labels, float]]]
"""A metric, and its values by labels."""


class Meters:
    """Counts. `clock` is monotonic seconds on the wall.

    Counting begins with the snapshot; what was missed before it has the reason `before-joining`.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._values: dict[Metric, dict[Labels, float]] = {metric: {} for metric in METRICS}
        self._passed: deque[tuple[float, int]] = deque()
        self._frame: TelemetryFrame | None = None
        self._count: dict[type[Body], Callable[[Any], None]] = {
            Beat: self._on_beat,
            TelemetryFrame: self._on_frame,
            PickupRequested: lambda body: self._add(REQUESTED),
            PickupCollected: self._on_collected,
            PickupMissed: lambda body: self._add(MISSED, 1, body.reason),
            Charged: lambda body: self._add(CHARGED, body.delivered_wh),
            Alert: lambda body: self._add(ALERTS, 1, body.detector, body.attack_class),
            OrderAnswered: self._on_answer,
            MessagesRefused: self._on_refused,
        }
        for plain in METRICS:
            if not plain.labels:
                self._values[plain][()] = 0

    def begin(self, snapshot: Snapshot) -> None:
        """Start from what was so when the dashboard joined."""
        self._add(REQUESTED, len(snapshot.open_pickups) + snapshot.collected + snapshot.missed)
        self._add(COLLECTED, snapshot.collected)
        if snapshot.missed:
            self._add(MISSED, snapshot.missed, "before-joining")
        for alert in snapshot.alerts:
            self._add(ALERTS, 1, alert.detector, alert.attack_class)
        if snapshot.frame is not None:
            self._on_frame(snapshot.frame)
        self._set(SIMULATED, snapshot.now_ms / 1000)
        self._set(TICKS, max(snapshot.tick, 0))
        self._set(PAUSED, snapshot.paused)

    def hear(self, body: Body) -> None:
        """Count one message."""
        count = self._count.get(type(body))
        if count is not None:
            count(body)

    def lose(self, topic: str, count: int) -> None:
        """So many messages of a topic were published and did not arrive."""
        self._add(LOST, count, topic)

    def look_on(self, viewers: int, dropped: int) -> None:
        """How many browsers there are, and what was not passed on to them."""
        self._set(VIEWERS, viewers)
        self._set(DROPPED, dropped)

    def read(self) -> Iterator[Reading]:
        """Every metric with its values by labels, in a fixed order."""
        self._measure_frame()
        self._measure_speed()
        for metric, values in self._values.items():
            yield metric, sorted(values.items())

    def _add(self, metric: Metric, amount: float = 1, *labels: str) -> None:
        values = self._values[metric]
        if labels not in values and len(values) >= MOST_SERIES:
            labels = ("other",) * len(labels)
        # A counter that went down would be read as a restart.
        values[labels] = values.get(labels, 0.0) + max(amount, 0.0)

    def _set(self, metric: Metric, value: float, *labels: str) -> None:
        self._values[metric][labels] = value

    def _on_beat(self, body: Beat) -> None:
        self._set(SIMULATED, body.now_ms / 1000)
        self._set(TICKS, body.tick)
        self._set(PAUSED, body.paused)
        now_s = self._clock()
        if self._passed and now_s - self._passed[-1][0] < SPEED_WINDOW_S / 100:
            return
        self._passed.append((now_s, body.now_ms))

    def _on_frame(self, body: TelemetryFrame) -> None:
        self._frame = body

    def _on_collected(self, body: PickupCollected) -> None:
        self._add(COLLECTED)
        self._add(KILOGRAMS, body.scale_kg, body.material)

    def _on_answer(self, body: OrderAnswered) -> None:
        if body.cause and body.vehicle:
            self._add(ORDERS_REFUSED, 1, body.cause)

    def _on_refused(self, body: MessagesRefused) -> None:
        self._add(MESSAGES_REFUSED, body.count, body.door, body.cause)

    def _measure_frame(self) -> None:
        """Frames come often and are read seldom, so only the last one is looked into."""
        if self._frame is None:
            return
        state = unpack(self._frame.state, "<u1")
        for name, count in zip(STATES, np.bincount(state, minlength=len(STATES)).tolist(), strict=False):
            self._set(VEHICLES, count, name)
        battery_wh = np.asarray(unpack(self._frame.battery_wh), dtype=np.float64)
        if battery_wh.size:
            self._set(BATTERY_MIN, float(np.min(battery_wh)))
            self._set(BATTERY_MEDIAN, float(np.median(battery_wh)))

    def _measure_speed(self) -> None:
        now_s = self._clock()
        while len(self._passed) > 1 and now_s - self._passed[1][0] > SPEED_WINDOW_S:
            self._passed.popleft()
        if not self._passed:
            return
        (then_s, then_ms), last_ms = self._passed[0], self._passed[-1][1]
        if now_s > then_s:
            self._set(SPEED, (last_ms - then_ms) / 1000 / (now_s - then_s))
