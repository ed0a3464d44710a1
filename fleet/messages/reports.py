"""What citizens, vehicles and facilities tell. All of it is a claim: a sensor or a liar may be behind it.

Positions are local metres (east, north) of the city's frame, masses kilograms, volumes litres, energies
watt-hours, times integer milliseconds since the start of the run.
"""

from __future__ import annotations

from typing import Literal

from fleet.messages.plane import Telemetry

VehicleState = Literal[
    "idle",
    "climbing",
    "cruising",
    "descending",
    "servicing",
    "unloading",
    "charging",
    "queueing",
    "holding",
    "lost",
    "driving",
    "grounded",
]
"""What a vehicle says it is doing. `lost` is a vehicle that stopped for good away from every site, `grounded` one
that waits on the ground for the airspace above it to open, for the wind to turn, or for power to come back."""

STATES: tuple[VehicleState, ...] = (
    "idle", "climbing", "cruising", "descending", "servicing",
    "unloading", "charging", "queueing", "holding", "lost",
    "driving", "grounded",
)  # fmt: skip
"""The same words in order: telemetry frames carry the index."""


class PickupRequested(Telemetry, frozen=True, kw_only=True):
    """A citizen, a bin or a schedule asks for a pickup. `declared_*` is what the requester says is there."""

    pickup_id: str
    point_id: str
    district: str
    x_m: float
    y_m: float
    material: str
    declared_kg: float
    declared_l: float
    earliest_ms: int
    latest_ms: int
    service_ms: int
    priority: int
    requester: str


class VehicleReported(Telemetry, frozen=True, kw_only=True):
    """A vehicle's state changed: what it is bound for, and what its instruments show."""

    vehicle: str
    state: VehicleState
    x_m: float
    y_m: float
    battery_wh: float
    load_kg: float
    load_l: float
    order_id: str
    step: int
    bound_for: str


class PickupCollected(Telemetry, frozen=True, kw_only=True):
    """A vehicle emptied a pickup; `scale_kg` is its scale's reading."""

    vehicle: str
    pickup_id: str
    material: str
    scale_kg: float
    volume_l: float


FailureCause = Literal["does-not-fit", "out-of-reach", "not-found", "gone", "closed-airspace"]
"""Why a vehicle came away empty. `closed-airspace`: a temporary zone is in the way."""


class PickupFailed(Telemetry, frozen=True, kw_only=True):
    """A vehicle was sent to a pickup and came away without it."""

    vehicle: str
    pickup_id: str
    cause: FailureCause


class Unloaded(Telemetry, frozen=True, kw_only=True):
    """A facility weighed in a vehicle's whole load, by material; `stock_kg` is what its scales show of all."""

    facility: str
    vehicle: str
    weighed_kg: dict[str, float]
    volume_l: float
    stock_kg: float


class UnloadRefused(Telemetry, frozen=True, kw_only=True):
    """A facility did not take a load."""

    facility: str
    vehicle: str
    cause: Literal["material", "full", "closed"]


class Charged(Telemetry, frozen=True, kw_only=True):
    """A battery was filled or swapped; `drawn_wh` is what the site's meter saw, losses included."""

    site: str
    vehicle: str
    delivered_wh: float
    drawn_wh: float


class OrderAnswered(Telemetry, frozen=True, kw_only=True):
    """What a vehicle did with an order it received: a `cause` other than "" means that it was refused."""

    vehicle: str
    order_id: str
    claimed_sender: str
    counter: int
    cause: str


class VehicleRoster(Telemetry, frozen=True, kw_only=True):
    """Said once: the vehicles and anchors, in the order in which frames list them."""

    vehicles: tuple[str, ...]
    anchors: tuple[str, ...]
    anchor_x_m: tuple[float, ...]
    anchor_y_m: tuple[float, ...]
    anchor_sigma_m: float
    gnss_sigma_m: float
