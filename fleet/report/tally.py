"""Counts what a run came to, from what was said: live, batch by batch, or from a record alone.

It believes what it hears (scales, states, answers): a lie told on the bus is in the tally too; the truth is
in the score. Lengths and energies of legs are summed as whole millimetres and milliwatt-hours, so that the
sum does not depend on the order in which legs are read.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fleet.messages.envelope import Message
from fleet.messages.orders import FlyRoute, PickupMissed, Recall, VehicleQuarantined
from fleet.messages.people import CreditEarned, Deposited
from fleet.messages.plane import Frame
from fleet.messages.plants import BatchEnded
from fleet.messages.reports import (
    Charged,
    OrderAnswered,
    PickupCollected,
    PickupFailed,
    PickupRequested,
    Unloaded,
    UnloadRefused,
    VehicleReported,
    VehicleRoster,
)
from fleet.messages.security import Alert
from fleet.messages.sensornet import TagsSeen
from fleet.messages.truth import LegFlown, TroubleBegan, WorldClosed

_ADDED_UP = frozenset(
    {
        PickupCollected,
        PickupFailed,
        Unloaded,
        UnloadRefused,
        Charged,
        OrderAnswered,
        FlyRoute,
        Recall,
        Alert,
        CreditEarned,
        Deposited,
        BatchEnded,
        TagsSeen,
    }
)
"""What is summed or counted, and so must not count twice if it is heard twice."""


class Tally:
    """A `fleet.messages.port.Listener` that adds up. All fields may be read at any time."""

    def __init__(self) -> None:
        self.end_ms = 0
        self.latest_ms: dict[str, int] = {}
        self.ready_ms: dict[str, int] = {}
        self.collected_ms: dict[str, int] = {}
        self.missed: dict[str, str] = {}
        self.failed: Counter[str] = Counter()
        self.collected_kg: defaultdict[str, float] = defaultdict(float)
        self.collected_l: defaultdict[str, float] = defaultdict(float)
        self.unloaded_kg = 0.0
        self.unloads = 0
        self.unloads_refused: Counter[str] = Counter()
        self.batches = 0
        self.processed_kg: defaultdict[str, float] = defaultdict(float)
        """What plants say went into batches ("input") and came out ("sorted", "product", "byproduct", "lost")."""
        self.plant_kwh = 0.0
        self.delivered_wh = 0.0
        self.drawn_wh = 0.0
        self.legs = 0
        self.flown_mm = 0
        self.flown_mwh = 0
        self.orders = 0
        self.orders_refused: Counter[str] = Counter()
        self.credits = 0.0
        self.earners: set[str] = set()
        self.deposits = 0
        self.deposited_kg = 0.0
        self.alerts = 0
        self.quarantined: set[str] = set()
        self.lost: set[str] = set()
        self.troubles: Counter[str] = Counter()
        self.tags_seen: Counter[str] = Counter()
        self.vehicles: set[str] = set()
        self.closed: WorldClosed | None = None
        self._closed_ms = 0
        self._since: dict[str, tuple[bool, int]] = {}
        self._busy_ms = 0
        self._added: set[tuple[str, int, int]] = set()
        self._count: dict[type, Callable[[Any, int], None]] = {
            PickupRequested: self._requested, PickupCollected: self._collected, PickupMissed: self._missed,
            PickupFailed: self._failed, Unloaded: self._unloaded, UnloadRefused: self._unload_refused,
            Charged: self._charged, FlyRoute: self._ordered, Recall: self._ordered,
            OrderAnswered: self._answered, Alert: self._alerted, VehicleQuarantined: self._quarantined,
            VehicleRoster: self._rostered, VehicleReported: self._reported, WorldClosed: self._closed,
            CreditEarned: self._earned, Deposited: self._deposited,
            TroubleBegan: self._troubled, BatchEnded: self._processed, TagsSeen: self._tags,
        }  # fmt: skip

    def hear(self, tick: int, batch: Sequence[Message]) -> None:
        """Count everything heard at `tick`."""
        for message in batch:
            body = message.body
            if isinstance(body, LegFlown):
                self._leg(body)
            elif not isinstance(body, Frame):
                self.end_ms = max(self.end_ms, message.t_ms)
                count = self._count.get(type(body))
                if count is not None and (type(body) not in _ADDED_UP or self._is_first(message)):
                    count(body, message.t_ms)

    def _is_first(self, message: Message) -> bool:
        """Whether this is not the second copy of a message that a faulty link, or a replay, brought twice."""
        number = (message.sender, message.seq, message.t_ms)
        if number in self._added:
            return False
        self._added.add(number)
        return True

    def hear_legs(self, columns: Mapping[str, npt.NDArray[Any]]) -> None:
        """Count recorded legs, as columns named like the fields of `LegFlown`."""
        dx = columns["x1_m"] - columns["x0_m"]
        dy = columns["y1_m"] - columns["y0_m"]
        # The square root of the sum, not hypot: both of its steps round the same way in math and numpy.
        self.legs += len(dx)
        self.flown_mm += int(np.rint(np.sqrt(dx * dx + dy * dy) * 1000.0).astype(np.int64).sum())
        self.flown_mwh += int(np.rint(columns["energy_wh"] * 1000.0).astype(np.int64).sum())

    def _leg(self, leg: LegFlown) -> None:
        dx, dy = leg.x1_m - leg.x0_m, leg.y1_m - leg.y0_m
        self.legs += 1
        self.flown_mm += round(math.sqrt(dx * dx + dy * dy) * 1000.0)
        self.flown_mwh += round(leg.energy_wh * 1000.0)

    @property
    def late(self) -> int:
        """Pickups collected after their window closed."""
        latest = self.latest_ms
        return sum(t_ms > latest.get(pickup, t_ms) for pickup, t_ms in self.collected_ms.items())

    @property
    def waits_ms(self) -> list[int]:
        """How long each collected pickup waited, ascending: from the request, or from when its window opened."""
        ready = self.ready_ms
        return sorted(max(0, t_ms - ready.get(pickup, t_ms)) for pickup, t_ms in self.collected_ms.items())

    @property
    def missed_by_reason(self) -> Counter[str]:
        """Pickups given up and not collected after all."""
        return Counter(why for pickup, why in self.missed.items() if pickup not in self.collected_ms)

    @property
    def utilisation(self) -> float:
        """Share of all vehicles' time in any state but idle, 0 to 1; 0 where there is no time."""
        end_ms = self.closed_ms
        open_ms = sum(max(0, end_ms - since) for busy, since in self._since.values() if busy)
        total_ms = end_ms * len(self.vehicles)
        return (self._busy_ms + open_ms) / total_ms if total_ms else 0.0

    @property
    def closed_ms(self) -> int:
        """When the run ended: as the world closed, else as the last event was said."""
        return self._closed_ms if self.closed is not None else self.end_ms

    def _requested(self, body: PickupRequested, t_ms: int) -> None:
        self.latest_ms[body.pickup_id] = body.latest_ms
        self.ready_ms.setdefault(body.pickup_id, max(t_ms, body.earliest_ms))

    def _collected(self, body: PickupCollected, t_ms: int) -> None:
        self.collected_ms.setdefault(body.pickup_id, t_ms)
        self.collected_kg[body.material] += body.scale_kg
        self.collected_l[body.material] += body.volume_l

    def _missed(self, body: PickupMissed, t_ms: int) -> None:
        self.missed[body.pickup_id] = body.reason

    def _failed(self, body: PickupFailed, t_ms: int) -> None:
        self.failed[body.cause] += 1

    def _unloaded(self, body: Unloaded, t_ms: int) -> None:
        self.unloads += 1
        self.unloaded_kg += sum(body.weighed_kg.values())

    def _processed(self, body: BatchEnded, t_ms: int) -> None:
        self.batches += 1
        for what in ("input", "sorted", "product", "byproduct", "lost"):
            self.processed_kg[what] += sum(getattr(body, f"{what}_kg").values())
        self.plant_kwh += body.kwh

    def _unload_refused(self, body: UnloadRefused, t_ms: int) -> None:
        self.unloads_refused[body.cause] += 1

    def _charged(self, body: Charged, t_ms: int) -> None:
        self.delivered_wh += body.delivered_wh
        self.drawn_wh += body.drawn_wh

    def _ordered(self, body: FlyRoute | Recall, t_ms: int) -> None:
        self.orders += 1

    def _answered(self, body: OrderAnswered, t_ms: int) -> None:
        # Orders about airspace go to no vehicle, and are not among `orders`.
        if body.cause and body.vehicle:
            self.orders_refused[body.cause] += 1

    def _earned(self, body: CreditEarned, t_ms: int) -> None:
        self.credits += body.credits
        if body.credits > 0.0:
            self.earners.add(body.citizen)

    def _deposited(self, body: Deposited, t_ms: int) -> None:
        self.deposits += 1
        self.deposited_kg += body.weighed_kg

    def _alerted(self, body: Alert, t_ms: int) -> None:
        self.alerts += 1

    def _quarantined(self, body: VehicleQuarantined, t_ms: int) -> None:
        self.quarantined.add(body.vehicle)

    def _rostered(self, body: VehicleRoster, t_ms: int) -> None:
        self.vehicles.update(body.vehicles)

    def _reported(self, body: VehicleReported, t_ms: int) -> None:
        vehicle = body.vehicle
        self.vehicles.add(vehicle)
        was_busy, since_ms = self._since.get(vehicle, (False, 0))
        if t_ms < since_ms:
            return
        if was_busy:
            self._busy_ms += max(0, t_ms - since_ms)
        self._since[vehicle] = (body.state != "idle", t_ms)
        if body.state == "lost":
            self.lost.add(vehicle)

    def _tags(self, body: TagsSeen, t_ms: int) -> None:
        self.tags_seen[body.kind] += len(body.tags)

    def _troubled(self, body: TroubleBegan, t_ms: int) -> None:
        self.troubles[body.kind] += 1

    def _closed(self, body: WorldClosed, t_ms: int) -> None:
        self.closed = body
        self._closed_ms = t_ms
