"""Those who live there: what they earn and bring, what they take unseen, how guards are sent and what they see.

Places are local metres, masses kilograms, times integer milliseconds since the start of the run. What a site, a
guard or an organiser says is a claim of an instrument; what scavengers do is on the truth plane alone.
"""

from __future__ import annotations

from typing import Literal

from fleet.messages.plane import Command, Telemetry, Truth

CreditCut = Literal["", "daily-limit", "contaminated", "refused"]
"""Why less was credited than the scale showed: the day's limit, or what was seen in it."""


class CreditEarned(Telemetry, frozen=True, kw_only=True):
    """A citizen is credited for what was collected in his name, or what he brought; `kg` is what counted."""

    citizen: str
    pickup_id: str
    material: str
    credits: float
    kg: float
    cut: CreditCut


class Deposited(Telemetry, frozen=True, kw_only=True):
    """A citizen brought something to a site's counter; `weighed_kg` is what its scale showed."""

    facility: str
    citizen: str
    deposit_id: str
    material: str
    weighed_kg: float
    stock_kg: float


class DepositRefused(Telemetry, frozen=True, kw_only=True):
    """A counter did not take what a citizen brought."""

    facility: str
    citizen: str
    deposit_id: str
    cause: Literal["material", "full", "closed"]


class CrowdCounted(Telemetry, frozen=True, kw_only=True):
    """How many people an organiser counts at a festival, which covers a circle."""

    festival: str
    x_m: float
    y_m: float
    radius_m: float
    people: int


GuardDoing = Literal["chasing", "following", "waiting", "holding-down", "returning", "off"]
"""`chasing`: making for where the vehicle says that it is. `following`: by sight. `waiting`: no lawful way leads
there, or its own battery is being filled. `holding-down`: the vehicle was forced to the ground."""


class GuardReported(Telemetry, frozen=True, kw_only=True):
    """What a guard does about a vehicle. Where it `sees` it, (x_m, y_m) is where, to the error of its camera."""

    guard: str
    vehicle: str
    doing: GuardDoing
    sees: bool
    x_m: float
    y_m: float


class FollowVehicle(Command, frozen=True, kw_only=True):
    """Send a guard after a vehicle, to keep it in sight. A `guard` of "" is the nearest that is free."""

    order_id: str
    guard: str
    vehicle: str


class StopVehicle(Command, frozen=True, kw_only=True):
    """Send a guard after a vehicle, to force it to the ground, for good."""

    order_id: str
    guard: str
    vehicle: str


class StandDown(Command, frozen=True, kw_only=True):
    """Call a guard off: it returns to the nearest charger."""

    order_id: str
    guard: str


class Scavenged(Truth, frozen=True, kw_only=True):
    """Somebody took so much of each material from a pickup before the fleet came; `left_kg` is what was left."""

    scavenger: str
    pickup_id: str
    kg: dict[str, float]
    left_kg: float


class MarketBought(Truth, frozen=True, kw_only=True):
    """An underground market paid `cash` credits for so much of each material."""

    market: str
    seller: str
    kg: dict[str, float]
    cash: float


class VehicleHeld(Truth, frozen=True, kw_only=True):
    """A guard forced a vehicle to the ground; `captured` is whether a foreign controller flew it until then."""

    vehicle: str
    guard: str
    captured: bool
