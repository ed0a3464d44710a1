"""What dispatch believes of vehicles, pickups and sites: from messages alone, so a lie can mislead it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Literal

from fleet.base.materials import MATERIALS
from fleet.messages import people, plants, reports
from fleet.messages.grid import PowerChanged

ARRIVED_WITHIN_M = 2.0
MAX_FAILURES = 2
"""After so many vain visits a pickup is given up; closed airspace and chargers without power are nobody's
failure."""
ANSWER_WITHIN_MS = 15_000
"""An order that is not answered by then was not heard."""
Status = Literal["open", "assigned", "collected", "missed"]


@dataclass(slots=True)
class VehicleBelief:
    """A vehicle. `free_*` say when, where and with how much battery it will have done what it was told.

    `awaits` is the order it has not answered yet, until `awaits_until_ms`; `before` is what `free_*` are if it
    does not take that order. `called_off_ms` is when it was last told to forget its route, -1 once it is idle
    again: until then nobody knows where it will be, with what on board. `refused_by` are sites that did not take
    its load; of these `turned_away` were full or closed, and which one is said how much lay there.
    """

    id: str
    type: int
    free_ms: int
    free_site: str
    free_wh: float
    state: str = "idle"
    idle: bool = True
    load_kg: float = 0.0
    materials: set[str] = field(default_factory=set)
    assigned: list[str] = field(default_factory=list)
    refused_by: set[str] = field(default_factory=set)
    turned_away: dict[str, float] = field(default_factory=dict)
    quarantined: bool = False
    awaits: str = ""
    awaits_until_ms: int = 0
    before: tuple[int, str, float] = (0, "", 0.0)
    called_off_ms: int = -1


@dataclass(slots=True)
class PickupBelief:
    """A pickup that was asked for.

    `failures` are vain visits, `misfits` those for want of room. `reason`, `need` and `limit` are the last answer
    to why it is not planned; `seen` says whether any round of planning was held while it was open.
    """

    request: reports.PickupRequested
    status: Status = "open"
    vehicle: str = ""
    failures: int = 0
    misfits: int = 0
    reason: str = "fleet-busy"
    need: float = 1.0
    limit: float = 0.0
    malformed: bool = False
    seen: bool = False

    @property
    def hopeless(self) -> bool:
        """Whether nobody is to be sent (again)."""
        return self.malformed or self.failures >= MAX_FAILURES


class Belief:
    """The whole picture. `site_xy` is where the sites are, `points` where pickups can be, as the map says."""

    def __init__(
        self,
        vehicles: Mapping[str, VehicleBelief],
        site_xy: Mapping[str, tuple[float, float]],
        points: Set[str],
    ) -> None:
        self.vehicles = dict(vehicles)
        self.pickups: dict[str, PickupBelief] = {}
        self.open: dict[str, PickupBelief] = {}
        self.stock_kg: dict[str, float] = {}
        self.dark: set[str] = set()
        """Sites that are said to have no power."""
        self.power_failed = False
        """Whether any site ever was."""
        self.closed: set[str] = set()
        """Sites that say they take no loads."""
        self._site_xy = dict(site_xy)
        self._points = points

    def hear(self, body: object, now_ms: int) -> None:
        """Take one report into the picture."""
        match body:
            case reports.PickupRequested():
                self._requested(body)
            case reports.VehicleReported():
                self._vehicle(body, now_ms)
            case reports.PickupCollected():
                self._collected(body)
            case reports.PickupFailed():
                self._failed(body)
            case reports.Unloaded():
                self._stocked(body)
                self._unloaded(body.vehicle)
            case people.Deposited():
                self._stocked(body)
            case reports.OrderAnswered():
                vehicle = self.vehicles.get(body.vehicle)
                if vehicle is not None and vehicle.awaits == body.order_id and not body.cause:
                    vehicle.awaits = ""
            case reports.UnloadRefused():
                self._refused(body)
            case _:
                self._plant(body)

    def _refused(self, body: reports.UnloadRefused) -> None:
        vehicle = self.vehicles.get(body.vehicle)
        if vehicle is not None:
            vehicle.refused_by.add(body.facility)
            if body.cause != "material":
                vehicle.turned_away[body.facility] = self.stock_kg.get(body.facility, 0.0)

    def _plant(self, body: object) -> None:
        """What a plant says of itself: what lies there, and whether it takes loads at all."""
        match body:
            case plants.StockReported():
                stock_kg = sum(body.stock_kg.values())
                if math.isfinite(stock_kg):
                    self.stock_kg[body.site] = stock_kg
                    self._try_again(body.site, stock_kg)
            case plants.SiteClosed():
                self.closed.add(body.site)
            case plants.SiteOpened():
                self.closed.discard(body.site)
                self._try_again(body.site, -math.inf)

    def _try_again(self, site: str, stock_kg: float) -> None:
        """Whom a site turned away may come again, once it has room for the load or is open."""
        for vehicle in self.vehicles.values():
            before_kg = vehicle.turned_away.get(site)
            if before_kg is not None and before_kg >= stock_kg + vehicle.load_kg:
                vehicle.refused_by.discard(site)
                del vehicle.turned_away[site]

    def power(self, body: PowerChanged) -> None:
        """Take in where power went away or came back."""
        if body.live:
            self.dark.discard(body.site)
        elif body.site in self._site_xy:
            self.dark.add(body.site)
            self.power_failed = True

    def _stocked(self, body: reports.Unloaded | people.Deposited) -> None:
        if math.isfinite(body.stock_kg):
            self.stock_kg[body.facility] = body.stock_kg

    def _unloaded(self, name: str) -> None:
        vehicle = self.vehicles.get(name)
        if vehicle is not None:
            vehicle.materials.clear()
            vehicle.refused_by.clear()
            vehicle.turned_away.clear()

    def _requested(self, body: reports.PickupRequested) -> None:
        """A new wish; one that is said twice is the same wish."""
        if body.pickup_id in self.pickups:
            return
        pickup = PickupBelief(body)
        if not self._sane(body):
            pickup.malformed, pickup.reason = True, "malformed"
        self.pickups[body.pickup_id] = self.open[body.pickup_id] = pickup

    def _sane(self, body: reports.PickupRequested) -> bool:
        amounts = (body.declared_kg, body.declared_l)
        place = (body.x_m, body.y_m)
        times = (body.earliest_ms, body.latest_ms, body.service_ms)
        return (
            body.point_id in self._points
            and body.material in MATERIALS
            and all(math.isfinite(coordinate) for coordinate in place)
            and all(math.isfinite(amount) and amount >= 0.0 for amount in amounts)
            and all(0 <= time < 2**53 for time in times)
            and 1 <= body.priority <= 1000
        )

    def _vehicle(self, body: reports.VehicleReported, now_ms: int) -> None:
        vehicle = self.vehicles.get(body.vehicle)
        if vehicle is None or not (math.isfinite(body.battery_wh) and math.isfinite(body.load_kg)):
            return
        vehicle.state = body.state
        vehicle.load_kg = body.load_kg
        idle = body.state == "idle"
        if idle:
            free = (now_ms, self._site_at(body.x_m, body.y_m) or vehicle.free_site, body.battery_wh)
            if vehicle.awaits:  # it said so before it heard its new order
                vehicle.before = free
                return
            vehicle.free_ms, vehicle.free_site, vehicle.free_wh = free
        vehicle.idle = idle
        if idle:
            vehicle.called_off_ms = -1
        if body.state in ("idle", "lost"):
            self.release(vehicle)

    def _site_at(self, x_m: float, y_m: float) -> str:
        for site, (x, y) in self._site_xy.items():
            if abs(x - x_m) <= ARRIVED_WITHIN_M and abs(y - y_m) <= ARRIVED_WITHIN_M:
                return site
        return ""

    def _collected(self, body: reports.PickupCollected) -> None:
        pickup = self.pickups.get(body.pickup_id)
        if pickup is not None:
            pickup.status = "collected"
            self.open.pop(body.pickup_id, None)
        vehicle = self.vehicles.get(body.vehicle)
        if vehicle is not None:
            vehicle.materials.add(body.material)
            if body.pickup_id in vehicle.assigned:
                vehicle.assigned.remove(body.pickup_id)

    def _failed(self, body: reports.PickupFailed) -> None:
        vehicle = self.vehicles.get(body.vehicle)
        if vehicle is not None and body.pickup_id in vehicle.assigned:
            vehicle.assigned.remove(body.pickup_id)
        pickup = self.pickups.get(body.pickup_id)
        if pickup is not None and pickup.status == "assigned" and pickup.vehicle == body.vehicle:
            out_of_power = body.cause == "out-of-reach" and bool(self.dark)
            pickup.failures += body.cause != "closed-airspace" and not out_of_power
            pickup.misfits += body.cause == "does-not-fit"
            pickup.reason = body.cause
            self._reopen(pickup)

    def _reopen(self, pickup: PickupBelief) -> None:
        pickup.status, pickup.vehicle = "open", ""
        self.open[pickup.request.pickup_id] = pickup

    def assign(self, vehicle: VehicleBelief, pickup_id: str) -> None:
        """A pickup is on a vehicle's route now."""
        pickup = self.pickups[pickup_id]
        pickup.status, pickup.vehicle = "assigned", vehicle.id
        vehicle.assigned.append(pickup_id)
        self.open.pop(pickup_id, None)

    def ordered(self, vehicle: VehicleBelief, order_id: str, now_ms: int) -> None:
        """An order is on its way to a vehicle; call this before `free_*` become what the order makes of them."""
        vehicle.awaits, vehicle.awaits_until_ms = order_id, now_ms + ANSWER_WITHIN_MS
        vehicle.before = (vehicle.free_ms, vehicle.free_site, vehicle.free_wh)
        vehicle.idle = False

    def not_taken(self, vehicle: VehicleBelief, targets: Set[str], now_ms: int) -> None:
        """A vehicle will not do the order it was sent: it is what it was before, and `targets` are open again."""
        vehicle.awaits = ""
        vehicle.idle = vehicle.state == "idle"
        if vehicle.idle:
            vehicle.called_off_ms = -1
        self.release(vehicle, None if vehicle.idle else targets)
        free_ms, vehicle.free_site, vehicle.free_wh = vehicle.before
        vehicle.free_ms = max(now_ms, free_ms)

    def release(self, vehicle: VehicleBelief, only: Set[str] | None = None) -> None:
        """What a vehicle has not collected, of `only` these or of all, is open again: it will not do it."""
        for pickup_id in [p for p in vehicle.assigned if only is None or p in only]:
            pickup = self.pickups[pickup_id]
            if pickup.status == "assigned":
                self._reopen(pickup)
            vehicle.assigned.remove(pickup_id)

    def miss(self, pickup: PickupBelief) -> None:
        """Nobody will come for this one."""
        pickup.status = "missed"
        self.open.pop(pickup.request.pickup_id, None)
