"""What dispatch believes of vehicles, pickups and sites: from messages alone, so a lie can mislead it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fleet.messages import reports

ARRIVED_WITHIN_M = 2.0
Status = Literal["open", "assigned", "collected", "missed"]


@dataclass(slots=True)
class VehicleBelief:
    """A vehicle. `free_*` say when, where and with how much battery it will have done what it was told."""

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
    quarantined: bool = False


@dataclass(slots=True)
class PickupBelief:
    """A pickup that was asked for. `reason`, `need` and `limit` are the last answer to why it is not planned."""

    request: reports.PickupRequested
    status: Status = "open"
    vehicle: str = ""
    failures: int = 0
    reason: str = "fleet-busy"
    need: float = 1.0
    limit: float = 0.0


class Belief:
    """The whole picture. `site_xy` is where the sites are, as the map says."""

    def __init__(self, vehicles: Mapping[str, VehicleBelief], site_xy: Mapping[str, tuple[float, float]]) -> None:
        self.vehicles = dict(vehicles)
        self.pickups: dict[str, PickupBelief] = {}
        self.open: dict[str, PickupBelief] = {}
        self.stock_kg: dict[str, float] = {}
        self._site_xy = dict(site_xy)

    def hear(self, body: object, now_ms: int) -> None:
        """Take one report into the picture."""
        match body:
            case reports.PickupRequested():
                self.pickups[body.pickup_id] = self.open[body.pickup_id] = PickupBelief(body)
            case reports.VehicleReported():
                self._vehicle(body, now_ms)
            case reports.PickupCollected():
                self._collected(body)
            case reports.PickupFailed():
                self._failed(body)
            case reports.Unloaded():
                self.stock_kg[body.facility] = body.stock_kg
                vehicle = self.vehicles.get(body.vehicle)
                if vehicle is not None:
                    vehicle.materials.clear()
                    vehicle.refused_by.clear()
            case reports.UnloadRefused():
                vehicle = self.vehicles.get(body.vehicle)
                if vehicle is not None:
                    vehicle.refused_by.add(body.facility)
            case _:
                pass

    def _vehicle(self, body: reports.VehicleReported, now_ms: int) -> None:
        vehicle = self.vehicles.get(body.vehicle)
        if vehicle is None:
            return
        vehicle.state = body.state
        vehicle.load_kg = body.load_kg
        vehicle.idle = body.state == "idle"
        if vehicle.idle:
            site = self._site_at(body.x_m, body.y_m)
            vehicle.free_ms, vehicle.free_wh = now_ms, body.battery_wh
            vehicle.free_site = site or vehicle.free_site
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
        if pickup is not None and pickup.status == "assigned":
            pickup.failures += 1
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

    def release(self, vehicle: VehicleBelief) -> None:
        """A vehicle will do nothing more: what it has not collected is open again."""
        for pickup_id in vehicle.assigned:
            pickup = self.pickups[pickup_id]
            if pickup.status == "assigned":
                self._reopen(pickup)
        vehicle.assigned.clear()

    def miss(self, pickup: PickupBelief) -> None:
        """Nobody will come for this one."""
        pickup.status = "missed"
        self.open.pop(pickup.request.pickup_id, None)
