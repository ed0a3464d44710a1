"""Problems to test planners with: a street one can reckon by hand, and random towns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fleet.plan.problem import UNREACHABLE_MS, Dock, Pickup, Problem, Vehicle, VehicleType

KIND = VehicleType(
    "light", empty_kg=1.0, payload_kg=3.0, volume_l=10.0, battery_wh=100.0, reserve_wh=10.0, power_coefficient=1.0
)
"""Draws 1 Wh per km when empty and 8 Wh per km with 3 kg on board."""

NEVER_MS = 10_000_000


def vehicle(index: int = 0, **changes) -> Vehicle:
    return replace(Vehicle(f"v{index}", 0, 0, 0, 100.0), **changes)


def pickup(index: int, node: int, **changes) -> Pickup:
    """3 kg, 5 l of paper at any time, 10 s of service; leaving it out is dear."""
    return replace(Pickup(f"p{index}", node, "paper", 3.0, 5.0, 0, NEVER_MS, 10_000, 5_000_000), **changes)


def base(node: int, **changes) -> Dock:
    """Charges, in 30 s; takes nothing."""
    return replace(Dock(f"base{node}", node, frozenset(), 0, 30_000), **changes)


def plant(node: int, *accepts: str, **changes) -> Dock:
    """Takes what it says, in 20 s; does not charge."""
    return replace(Dock(f"plant{node}", node, frozenset(accepts or ("paper",)), 20_000, None), **changes)


def street(
    metres: Sequence[float],
    vehicles: Sequence[Vehicle],
    docks: Sequence[Dock],
    pickups: Sequence[Pickup],
    types: Sequence[VehicleType] = (KIND,),
    end_ms: int = NEVER_MS,
) -> Problem:
    """Nodes along a straight street: a kilometre is 100 s of flight and 0.001 h of effort per metre."""
    x = np.array(metres, dtype=np.float64)
    gap_m = np.abs(x[:, None] - x[None, :])
    travel = (100.0 * gap_m).astype(np.int64)
    count = len(types)
    return Problem(
        tuple(types),
        tuple(vehicles),
        tuple(docks),
        tuple(pickups),
        (travel,) * count,
        (gap_m / 1000.0,) * count,
        end_ms,
    )


def barred(problem: Problem, *legs: tuple[int, int]) -> Problem:
    """`problem` where these legs cannot be flown by anybody."""
    travel = [matrix.copy() for matrix in problem.travel_ms]
    effort = [matrix.copy() for matrix in problem.effort_h]
    for start, end in legs:
        for times, efforts in zip(travel, effort, strict=True):
            times[start, end] = UNREACHABLE_MS
            efforts[start, end] = np.inf
    return replace(problem, travel_ms=tuple(travel), effort_h=tuple(effort))


SITES = 9
MATERIALS = ("paper", "glass", "organics", "e-waste", "solvents")


def town(seed: int, vehicles: int, pickups: int, side_m: float = 4000.0, harsh: float = 0.3) -> Problem:
    """A random town. `harsh` in 0..1: how tight batteries and windows are, how much is barred or too large."""
    draw = np.random.default_rng(seed)
    types = (
        VehicleType("light", 9.5, 5.6, 40.0, 599.4 * (1.2 - 0.6 * harsh), 150.0, 32.3),
        VehicleType("heavy", 65.0, 30.0, 150.0, 3968.8, 1000.0, 15.4, hazmat=True),
    )
    where = draw.uniform(0.0, side_m, (SITES + pickups, 2))
    metres = np.hypot(*(where[:, None] - where[None]).transpose(2, 0, 1))
    travel, effort = [], []
    for speed in (12.0, 15.0):
        legs = (1000.0 * (54.0 + metres / speed)).astype(np.int64)
        hours = 1.15 * (56.0 + metres / speed) / 3600.0
        no = draw.random(metres.shape) < 0.1 * harsh
        legs[no], hours[no] = UNREACHABLE_MS, np.inf
        np.fill_diagonal(legs, 0)
        np.fill_diagonal(hours, 0.0)
        travel.append(legs)
        effort.append(hours)
    return Problem(
        types,
        tuple(_random_vehicle(draw, i, types) for i in range(vehicles)),
        tuple(_random_dock(draw, i) for i in range(SITES)),
        tuple(_random_pickup(draw, i, harsh) for i in range(pickups)),
        tuple(travel),
        tuple(effort),
        int(draw.integers(1_200_000, 3_600_000)),
    )


def mixed(problem: Problem, seed: int) -> Problem:
    """`problem` with a type more, on the street: slow, strong, one way not as long as back, and at places where
    nobody flies. About half of the vehicles are of it."""
    draw = np.random.default_rng(seed)
    bike = VehicleType("bike", 135.0, 150.0, 1200.0, 400.0, 80.0, 1.08, mass_exponent=1.0)
    ways = 3 * problem.travel_ms[0] % UNREACHABLE_MS + draw.integers(0, 200_000, problem.travel_ms[0].shape)
    ways[draw.random(ways.shape) < 0.05] = UNREACHABLE_MS
    np.fill_diagonal(ways, 0)
    effort = np.where(ways < UNREACHABLE_MS, 1.15 * ways / 3_600_000.0, np.inf)
    vehicles = []
    for vehicle in problem.vehicles:
        charge = float(draw.uniform(80.0, 400.0))
        rides = draw.random() < 0.5
        vehicles.append(replace(vehicle, type=len(problem.types), battery_wh=charge) if rides else vehicle)
    return replace(
        problem,
        types=(*problem.types, bike),
        vehicles=tuple(vehicles),
        travel_ms=(*problem.travel_ms, ways),
        effort_h=(*problem.effort_h, effort),
    )


def _random_vehicle(draw: np.random.Generator, index: int, types: Sequence[VehicleType]) -> Vehicle:
    kind = int(draw.random() < 0.3)
    charge = types[kind].battery_wh * draw.uniform(0.2, 1.0)
    return Vehicle(f"v{index}", kind, int(draw.integers(0, SITES)), int(draw.integers(0, 300_000)), float(charge))


def _random_dock(draw: np.random.Generator, index: int) -> Dock:
    takes = frozenset(m for m in MATERIALS if draw.random() < 0.35) if draw.random() < 0.7 else frozenset()
    charge = 90_000 if draw.random() < 0.5 else None
    return Dock(f"d{index}", index, takes, 60_000, charge)


def _random_pickup(draw: np.random.Generator, index: int, harsh: float) -> Pickup:
    material = str(draw.choice(MATERIALS))
    earliest = int(draw.integers(0, 900_000))
    return Pickup(
        f"p{index}",
        SITES + index,
        material,
        float(draw.lognormal(0.3 + harsh, 0.8)),
        float(draw.lognormal(2.2 + harsh, 0.6)),
        earliest,
        earliest + int(draw.uniform(30_000, 3_600_000 * (1.2 - harsh))),
        60_000,
        int(400_000 * draw.integers(1, 4)),
        material == "solvents",
    )
