"""Problems to test planners with: a street one can reckon by hand, and random ones (`tools.towns.draw`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fleet.plan.insertion import Insertion
from fleet.plan.problem import (
    UNLIMITED,
    UNREACHABLE_MS,
    Charger,
    Dock,
    Pickup,
    Problem,
    Route,
    Vehicle,
    VehicleType,
)
from fleet.plan.timetable import timetable
from fleet.plan.ways import Table
from tools.towns.draw import bare_visits
from tools.towns.draw import random_problem as random_problem

KIND = VehicleType(
    "light", empty_kg=1.0, payload_kg=3.0, volume_l=10.0, battery_wh=100.0, reserve_wh=10.0, power_coefficient=1.0
)
"""Draws 1 Wh per km when empty and 8 Wh per km with 3 kg on board."""

LATE_MS = 10_000_000


def vehicle(index: int = 0, **changes) -> Vehicle:
    return replace(Vehicle(f"v{index}", 0, 0, 0, 100.0), **changes)


def pickup(index: int, node: int, **changes) -> Pickup:
    """3 kg, 5 l of paper at any time, 10 s of service; leaving it out is dear."""
    return replace(Pickup(f"p{index}", node, "paper", 3.0, 5.0, 0, LATE_MS, 10_000, 5_000_000), **changes)


def base(node: int, **changes) -> Dock:
    """Swaps batteries, in 30 s; takes nothing."""
    return replace(Dock(f"base{node}", node, charger=Charger("swap", 30_000)), **changes)


def plant(node: int, *accepts: str, **changes) -> Dock:
    """Takes what it says, in 20 s; does not charge."""
    return replace(Dock(f"plant{node}", node, frozenset(accepts or ("paper",)), 20_000), **changes)


def street(
    metres: Sequence[float],
    vehicles: Sequence[Vehicle],
    docks: Sequence[Dock],
    pickups: Sequence[Pickup],
    types: Sequence[VehicleType] = (KIND,),
    end_ms: int = LATE_MS,
) -> Problem:
    """Nodes along a straight street: a kilometre takes 100 s, costs 100,000 and is 1 h of effort."""
    x = np.array(metres, dtype=np.float64)
    gap_m = np.abs(x[:, None] - x[None, :])
    travel = (100.0 * gap_m).astype(np.int64)
    ways = Table(travel, travel.copy(), gap_m / 1000.0)
    return Problem(tuple(types), tuple(vehicles), tuple(docks), tuple(pickups), (ways,) * len(types), end_ms)


def barred(problem: Problem, *legs: tuple[int, int]) -> Problem:
    """`problem` where these legs cannot be taken by anybody."""
    ways = []
    for old in problem.ways:
        table = Table(old.travel_ms.copy(), old.cost.copy(), old.effort_h.copy())
        for start, end in legs:
            table.travel_ms[start, end] = UNREACHABLE_MS
            table.effort_h[start, end] = np.inf
        ways.append(table)
    return replace(problem, ways=tuple(ways))


def roomy(problem: Problem) -> Problem:
    """`problem` without pads and places, which the OR-Tools model does not know."""
    docks = []
    for dock in problem.docks:
        charger = replace(dock.charger, places=UNLIMITED) if dock.charger else None
        docks.append(replace(dock, pads=UNLIMITED, charger=charger))
    return replace(problem, docks=tuple(docks))


# ----------------------------------------------------------------------------------------------- a simple planner


def home(problem: Problem) -> list[Route]:
    """Routes that do what is committed and no more than it takes to end."""
    return [route or Route(v, ()) for v, route in enumerate(timetable(problem, bare_visits(problem)).routes)]


def greedy(problem: Problem) -> list[Route]:
    """A route for each vehicle: pickups go in one by one, by falling penalty, where that costs least, until no
    more can be had for less than its penalty."""
    insertion = Insertion(problem, home(problem))
    served = {stop.index for route in insertion.routes for stop in route.stops if stop.kind == "pickup"}
    insertion.put(i for i in range(len(problem.pickups)) if i not in served)
    return insertion.routes
