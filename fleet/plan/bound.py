"""A cost that no plan can be below."""

from __future__ import annotations

import numpy as np

from fleet.plan.calendar import ROUNDING
from fleet.plan.problem import UNREACHABLE_MS, Matrix, Problem

_FAR = np.iinfo(np.int64).max


def lower_bound(problem: Problem) -> int:
    """The sum over all pickups of the penalty or the cheapest leg to it of a vehicle that may serve it, whichever
    is less.

    It holds because a pickup is left out, or some leg leads to it. It is weak: ways back, docks, loads and fixed
    costs are not counted, nor is what vehicles are committed to. Takes the ways between all pickups at once.
    """
    bound = [pickup.penalty for pickup in problem.pickups]
    for number in sorted({vehicle.type for vehicle in problem.vehicles}):
        kind = problem.types[number]
        cheapest = _cheapest(problem, number)
        for index, pickup in enumerate(problem.pickups):
            fits = pickup.mass_kg <= kind.payload_kg + ROUNDING and pickup.volume_l <= kind.volume_l + ROUNDING
            if fits and pickup.needs <= kind.certificates:
                bound[index] = min(bound[index], int(cheapest[index]))
    for vehicle in problem.vehicles:
        for what, index in vehicle.committed:
            if what == "pickup":
                bound[index] = 0
    return sum(bound)


def _cheapest(problem: Problem, number: int) -> Matrix:
    """For each pickup the cheapest leg to it, from anywhere, for vehicles of a type."""
    places = [pickup.node for pickup in problem.pickups]
    count = len(places)
    places += [v.node for v in problem.vehicles if v.type == number] + [dock.node for dock in problem.docks]
    nodes = np.array(places, dtype=np.int64)
    block = problem.ways[number].block(nodes, nodes[:count])
    cost = np.where(block.travel_ms < UNREACHABLE_MS, block.cost, _FAR)
    np.fill_diagonal(cost, _FAR)
    return np.asarray(cost.min(axis=0, initial=_FAR))
