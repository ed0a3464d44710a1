"""What may be asked of a vehicle, and what dispatch says about its own doing."""

from __future__ import annotations

from typing import Literal

import msgspec

from fleet.messages.plane import Command, Telemetry

Navigation = Literal["gnss", "anchors"]


class StopOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One stop of a route. `target` is a pickup's or a site's id, (x_m, y_m) where it is.

    `mass_kg` is what the vehicle should expect to weigh more after it.
    """

    kind: Literal["pickup", "dock"]
    target: str
    x_m: float
    y_m: float
    earliest_ms: int = 0
    latest_ms: int = 0
    service_ms: int = 0
    mass_kg: float = 0.0
    unload: bool = False
    charge: bool = False


class FlyRoute(Command, frozen=True, kw_only=True):
    """Fly these stops; with `append` after those already ordered, else instead of them."""

    order_id: str
    vehicle: str
    append: bool
    stops: tuple[StopOrder, ...]


class Recall(Command, frozen=True, kw_only=True):
    """Drop everything and come to a site, finding the way by `navigation`."""

    order_id: str
    vehicle: str
    site: str
    x_m: float
    y_m: float
    navigation: Navigation


class RotateKey(Command, frozen=True, kw_only=True):
    """From now on `holder` signs with `public_key`; whatever it signed with before is revoked."""

    order_id: str
    holder: str
    public_key: bytes


class QuarantineVehicle(Command, frozen=True, kw_only=True):
    """An intent of the blue team: take no report of `vehicle` at its word, and bring it home."""

    alert_id: str
    vehicle: str
    bring_home_by: Navigation


class RevokeKey(Command, frozen=True, kw_only=True):
    """An intent of the blue team: the key of `holder` is in wrong hands."""

    alert_id: str
    holder: str


class OrderIssued(Telemetry, frozen=True, kw_only=True):
    """Dispatch's announcement of an order it gave, so that anybody can hold deeds against words."""

    order_id: str
    vehicle: str
    verb: str
    counter: int
    targets: tuple[str, ...]
    x_m: tuple[float, ...]
    y_m: tuple[float, ...]


class PlanPublished(Telemetry, frozen=True, kw_only=True):
    """What one round of planning came to, and how many iterations of search it took."""

    round_id: int
    vehicles: int
    offered: int
    assigned: int
    cost: int
    iterations: int


class PickupMissed(Telemetry, frozen=True, kw_only=True):
    """Dispatch gives a pickup up, and says why; `limit` and `need` are the two numbers that do not meet.

    `docs/dispatch.md` lists the reasons.
    """

    pickup_id: str
    reason: str
    need: float
    limit: float


class VehicleQuarantined(Telemetry, frozen=True, kw_only=True):
    """Dispatch no longer plans with a vehicle."""

    vehicle: str
    alert_id: str
