"""From what the field's files say to a `Problem`: one depot, one kind of vehicle, every customer a must.

Vehicles that deliver from a depot and vehicles that collect for it are the same to capacity, windows and
release times, so customers become pickups.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from fleet.base.errors import Fault, InputError
from fleet.plan.files.loaded import SCALE, Convention, Loaded
from fleet.plan.problem import NEVER_MS, UNREACHABLE_MS, Dock, Floats, Pickup, Problem, Vehicle, VehicleType
from fleet.plan.ways import Plane, Table, Ways

Kind = Literal["CVRP", "VRPTW", "MTVRPTWR", "Solomon"]
DEFAULT_CONVENTION: dict[Kind, Convention] = {
    "CVRP": "integer",
    "VRPTW": "dimacs",
    "MTVRPTWR": "dimacs",
    "Solomon": "dimacs",
}
SPARE_SHARE = 1.25
SPARE_VEHICLES = 5
"""Vehicles beyond those that the demand fills, where a file does not say how many there are."""
MOST_PENALTIES = 2**62
"""All penalties together must fit in 64 bits."""

_MATERIAL = "goods"
_ROUNDING: dict[Convention, str] = {"dimacs": "down", "exact": "nearest", "integer": "nearest"}


@dataclass(frozen=True)
class Instance:
    """An instance in its own units; arrays have one entry per node, the depot first.

    Legs are `weights`, or straight lines between `x` and `y`. `whole_legs` is "up" or "down" where the file itself
    says that legs are whole numbers. `vehicles` is None where the file does not say. `route_limit` bounds the
    length and the service times of a route together. `latest` is the last moment for service to begin.
    """

    name: str
    kind: Kind
    capacity: float
    demand: Floats
    x: Floats
    y: Floats
    weights: Floats | None = None
    whole_legs: str = ""
    vehicles: int | None = None
    most_trips: int = 1
    earliest: Floats | None = None
    latest: Floats | None = None
    service: Floats | None = None
    release: Floats | None = None
    route_limit: float | None = None


def as_loaded(file: Path, instance: Instance, convention: Convention | None) -> Loaded:
    """The instance under a convention, or under the one that is usual for its kind.

    Raises `InputError` where its legs are too long for the convention.
    """
    chosen = convention or DEFAULT_CONVENTION[instance.kind]
    ways, longest = _ways(instance, chosen)
    pickups = _pickups(instance, chosen, longest)
    if longest >= UNREACHABLE_MS or sum(pickup.penalty for pickup in pickups) >= MOST_PENALTIES:
        found = f"one of {longest / SCALE[chosen]:,.0f} in a file of {len(pickups):,} customers"
        expected = f"legs shorter than {UNREACHABLE_MS // SCALE[chosen]:,} ({chosen})"
        hint = "" if chosen == "integer" else "--convention integer allows longer ones"
        raise InputError([Fault(str(file), 1, 1, "", expected, found, hint)])
    opens_ms, closes_ms = _depot_hours(instance, chosen)
    count = _vehicles(instance)
    kind = VehicleType("vehicle", 0.0, float(instance.capacity), 0.0, most_trips=instance.most_trips)
    problem = Problem(
        types=(kind,),
        vehicles=tuple(Vehicle(str(n + 1), 0, 0, opens_ms, until_ms=closes_ms, ends=(0,)) for n in range(count)),
        docks=(Dock("depot", 0, frozenset({_MATERIAL})),),
        pickups=pickups,
        ways=(ways,),
        end_ms=closes_ms,
    )
    ids = ("depot", *(pickup.id for pickup in pickups))
    unit = SCALE[chosen] if instance.kind != "MTVRPTWR" else 1
    return Loaded(file, instance.kind, instance.name, problem, ids, convention=chosen, cost_unit=unit)


def scaled(values: Floats, convention: Convention) -> list[int]:
    """Times of a file in milliseconds."""
    grown = np.asarray(values, dtype=np.float64) * SCALE[convention]
    return [int(v) for v in (np.floor(grown) if convention == "dimacs" else np.floor(grown + 0.5))]


def _ways(instance: Instance, convention: Convention) -> tuple[Ways, float]:
    """The legs, and an upper bound of the longest."""
    scale = SCALE[convention]
    if instance.weights is not None:
        legs = np.array([scaled(row, convention) for row in instance.weights], dtype=np.int64)
        legs = legs.reshape(instance.weights.shape)
        return Table(legs, legs, np.zeros(legs.shape)), float(legs.max(initial=0))
    across = math.hypot(float(np.ptp(instance.x)), float(np.ptp(instance.y)))
    if instance.whole_legs:
        plane = Plane(instance.x, instance.y, float(scale), scale, rounding=instance.whole_legs)
    else:
        plane = Plane(instance.x, instance.y, 1.0, scale=float(scale), rounding=_ROUNDING[convention])
    return plane, (across + 1.0) * scale


def _pickups(instance: Instance, convention: Convention, longest: float) -> tuple[Pickup, ...]:
    """Customers; leaving one out costs more than any plan, which has at most two legs per customer."""
    count = len(instance.demand) - 1
    penalty = math.ceil(2 * count * longest) + 1
    none = np.zeros(count + 1)
    earliest = scaled(none if instance.earliest is None else instance.earliest, convention)
    latest = None if instance.latest is None else scaled(instance.latest, convention)
    service = scaled(none if instance.service is None else instance.service, convention)
    release = None if instance.release is None else scaled(instance.release, convention)
    return tuple(
        Pickup(
            id=str(n),
            node=n,
            material=_MATERIAL,
            mass_kg=float(instance.demand[n]),
            volume_l=0.0,
            earliest_ms=earliest[n],
            latest_ms=NEVER_MS if latest is None else latest[n] + service[n],
            service_ms=service[n],
            penalty=penalty,
            release_ms=-NEVER_MS if release is None else release[n],
        )
        for n in range(1, count + 1)
    )


def _depot_hours(instance: Instance, convention: Convention) -> tuple[int, int]:
    opens_ms = 0 if instance.earliest is None else scaled(instance.earliest[:1], convention)[0]
    closes_ms = NEVER_MS if instance.latest is None else scaled(instance.latest[:1], convention)[0]
    if instance.route_limit is not None:
        limit = np.array([instance.route_limit])
        closes_ms = min(closes_ms, opens_ms + scaled(limit, convention)[0])
    return opens_ms, closes_ms


def _vehicles(instance: Instance) -> int:
    """How many vehicles; never more than there are customers, as no more could be of use."""
    customers = len(instance.demand) - 1
    if instance.vehicles is not None:
        return min(instance.vehicles, customers)
    if instance.latest is not None or instance.route_limit is not None or instance.capacity <= 0:
        return customers
    filled = math.ceil(SPARE_SHARE * float(instance.demand.sum()) / instance.capacity) + SPARE_VEHICLES
    return min(customers, max(filled, _packed(instance.demand[1:].tolist(), instance.capacity)))


def _packed(demands: Sequence[float], capacity: float) -> int:
    """Vehicles that first-fit decreasing fills (Johnson, 1973): with as many there is a plan."""
    room: list[float] = []
    for demand in sorted(demands, reverse=True):
        if demand > capacity:
            continue
        fits = next((n for n, left in enumerate(room) if demand <= left), None)
        if fits is None:
            room.append(capacity - demand)
        else:
            room[fits] -= demand
    return len(room)
