"""Which docks a model may visit, how often, and where its vehicles end.

A model visits every node once, so a dock that is to be visited often must be there in several copies. Symmetric
copies are what drowns the local search: there should be as many as trips are likely to need, and no more.
"""

from __future__ import annotations

import math

import numpy as np

from fleet.plan.problem import UNREACHABLE_MS, Matrix, Problem
from fleet.plan.schedule import Visit

_NEAREST_TAKERS = 2
"""How many takers count as near to a pickup."""


def choose_copies(problem: Problem, per_vehicle: int) -> tuple[int, ...]:
    """Dock indices, ascending, each as often as a model may visit it.

    Trips are shared out over the takers by how many pickups have them near. Half as many stops to charge go to
    the charger nearest to each taker that has none itself. Every other charger is there once.
    """
    travel = np.minimum.reduce([problem.travel_ms[t] for t in sorted({v.type for v in problem.vehicles})])
    near: dict[int, int] = {}
    for pickup in problem.pickups:
        takers = [
            (int(travel[pickup.node, dock.node]), i)
            for i, dock in enumerate(problem.docks)
            if pickup.material in dock.accepts and travel[pickup.node, dock.node] < UNREACHABLE_MS
        ]
        for _, index in sorted(takers)[:_NEAREST_TAKERS]:
            near[index] = near.get(index, 0) + 1
    share = _trips(problem, per_vehicle) / (sum(near.values()) or 1)
    visits = {index: float(max(1, round(share * count))) for index, count in near.items()}
    for index in sorted(near):
        charger = nearest_charger(problem, travel, problem.docks[index].node)
        if problem.docks[index].charge_ms is None and charger is not None:
            visits[charger] = visits.get(charger, 0.0) + visits[index] / 2
    for index, dock in enumerate(problem.docks):
        if dock.charge_ms is not None:
            visits.setdefault(index, 1.0)
    return tuple(index for index in sorted(visits) for _ in range(math.ceil(visits[index])))


def _trips(problem: Problem, per_vehicle: int) -> int:
    """`per_vehicle` trips for each vehicle, or more where the fleet's mean vehicle could not carry it all so."""
    kinds = [problem.types[v.type] for v in problem.vehicles]
    payload_kg = sum(k.payload_kg for k in kinds) / len(kinds)
    volume_l = sum(k.volume_l for k in kinds) / len(kinds)
    fills = max(
        sum(p.mass_kg for p in problem.pickups) / payload_kg if payload_kg > 0 else 0.0,
        sum(p.volume_l for p in problem.pickups) / volume_l if volume_l > 0 else 0.0,
    )
    needed = math.ceil(1.5 * fills)
    return max(per_vehicle * len(problem.vehicles), min(needed, len(problem.pickups)))


def nearest_charger(problem: Problem, travel: Matrix, node: int) -> int | None:
    """The dock with a charger that is soonest reached from `node`; None where there is none in reach."""
    options = [
        (int(travel[node, dock.node]), i)
        for i, dock in enumerate(problem.docks)
        if dock.charge_ms is not None and travel[node, dock.node] < UNREACHABLE_MS
    ]
    return min(options)[1] if options else None


def homeward(problem: Problem, vehicle_index: int, visits: list[Visit]) -> list[Visit]:
    """`visits` with the nearest charger at the end, if they end at a dock without one and one is in reach.

    A vehicle left where it cannot charge may be of no more use to anybody.
    """
    if not visits or visits[-1][0] != "dock" or problem.docks[visits[-1][1]].charge_ms is not None:
        return visits
    travel = problem.travel_ms[problem.vehicles[vehicle_index].type]
    charger = nearest_charger(problem, travel, problem.docks[visits[-1][1]].node)
    return visits if charger is None else [*visits, ("dock", charger)]
