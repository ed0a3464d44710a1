"""Legs of routes, remembered one by one, and what routes and plans cost."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from fleet.plan.problem import Problem, Route, Visit

Leg = tuple[int, int, float]
"""Time in ms, cost, effort in h."""
_AT_ONCE = 256
"""Legs that are asked for together: what is made has as many rows and columns."""


class Legs:
    """Legs of a problem, remembered one by one as they are asked for."""

    def __init__(self, problem: Problem) -> None:
        self._ways = problem.ways
        self._known: tuple[dict[tuple[int, int], Leg], ...] = tuple({} for _ in problem.ways)

    def of(self, problem: Problem) -> Legs:
        """Those of another problem; what is known is shared as far as the ways are the same."""
        other = Legs(problem)
        mine = {id(ways): known for ways, known in zip(self._ways, self._known, strict=True)}
        other._known = tuple(mine.get(id(ways), {}) for ways in problem.ways)
        return other

    def along(self, type_index: int, nodes: Sequence[int]) -> list[Leg]:
        """The legs from each of `nodes` to the next."""
        known = self._known[type_index]
        pairs = list(itertools.pairwise(nodes))
        every = sorted({pair for pair in pairs if pair not in known})
        for begin in range(0, len(every), _AT_ONCE):
            missing = every[begin : begin + _AT_ONCE]
            rows = sorted({a for a, _ in missing})
            columns = sorted({b for _, b in missing})
            block = self._ways[type_index].block(np.array(rows), np.array(columns))
            row_of, column_of = {a: i for i, a in enumerate(rows)}, {b: i for i, b in enumerate(columns)}
            for pair in missing:
                at = row_of[pair[0]], column_of[pair[1]]
                known[pair] = int(block.travel_ms[at]), int(block.cost[at]), float(block.effort_h[at])
        return [known[pair] for pair in pairs]


def node_of(problem: Problem, visit: Visit) -> int:
    """Where a visit takes place."""
    kind, index = visit
    return problem.pickups[index].node if kind == "pickup" else problem.docks[index].node


def visits_of(route: Route) -> list[Visit]:
    """What a route visits, without the times."""
    return [(stop.kind, stop.index) for stop in route.stops]


def route_cost(problem: Problem, route: Route, legs: Legs | None = None) -> int:
    """What a route costs: fixed, legs and lateness; nothing if it has no stops."""
    if not route.stops:
        return 0
    vehicle = problem.vehicles[route.vehicle]
    nodes = [vehicle.node, *(node_of(problem, visit) for visit in visits_of(route))]
    cost = problem.types[vehicle.type].fixed_cost
    cost += sum(leg[1] for leg in (legs or Legs(problem)).along(vehicle.type, nodes))
    for stop in route.stops:
        if stop.kind == "pickup":
            pickup = problem.pickups[stop.index]
            cost += pickup.late_cost_per_s * max(0, -((pickup.due_ms - stop.end_ms) // 1000))
    return cost


def plan_cost(problem: Problem, routes: Iterable[Route], omitted: Iterable[int], legs: Legs | None = None) -> int:
    """What a plan costs that serves `routes` and leaves `omitted` out."""
    legs = legs or Legs(problem)
    return sum(route_cost(problem, route, legs) for route in routes) + sum(
        problem.pickups[index].penalty for index in omitted
    )
