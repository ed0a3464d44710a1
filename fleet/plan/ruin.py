"""Ruin and recreate with exact schedules: the last word after the model of `solve`, which knows energy and
charging only roughly and adds trips badly.

Each round takes strings of neighbouring pickups out of a few routes, then puts back what is on none, and keeps
the result if it is no dearer (SISR: Christiaens and Vanden Berghe, "Slack induction by string removals for
vehicle routing problems", Transportation Science 54(2), 2020).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fleet.base.streams import Streams
from fleet.plan.copies import homeward
from fleet.plan.place import Placer, dearest_first, flight_ms, visits_of
from fleet.plan.problem import Problem, Route
from fleet.plan.schedule import Visit, repair

_MOST_ROUTES = 3
"""Routes that one round takes pickups out of."""
_MOST_PICKUPS = 4
"""Pickups that one round takes out of one route."""
_MOST_LEFT = 4
"""Pickups on no route that one round tries to place, besides what it took out."""


def recreate(problem: Problem, routes: Sequence[Route], rounds: int) -> list[Route]:
    """Legal routes no dearer than `routes` (one per vehicle, in order), the same for the same input."""
    draw = Streams(0).generator("plan/ruin")
    best = list(routes)
    left = sorted(set(range(len(problem.pickups))) - _on(best))
    placer = Placer(problem)
    best = placer.place(best, dearest_first(problem, left))
    cost = _cost(problem, best)
    near = _neighbours(problem)
    for _ in range(rounds):
        seed = int(draw.integers(len(problem.pickups)))
        ruined, out = _ruin(problem, best, near[seed], draw)
        left = sorted(set(range(len(problem.pickups))) - _on(best))
        picked = [left[i] for i in draw.permutation(len(left))[:_MOST_LEFT]]
        trial = placer.place(ruined, _order(problem, out + picked, draw))
        price = _cost(problem, trial)
        if price <= cost:
            best, cost = trial, price
    return best


def _on(routes: Sequence[Route]) -> set[int]:
    return {stop.index for route in routes for stop in route.stops if stop.kind == "pickup"}


def _cost(problem: Problem, routes: Sequence[Route]) -> int:
    on = _on(routes)
    left = sum(pickup.penalty for i, pickup in enumerate(problem.pickups) if i not in on)
    return left + sum(flight_ms(problem, route) for route in routes)


def _neighbours(problem: Problem) -> list[list[int]]:
    """For every pickup all pickups, the soonest reached first."""
    nodes = [pickup.node for pickup in problem.pickups]
    travel = problem.travel_ms[problem.vehicles[0].type][np.ix_(nodes, nodes)]
    return [[int(i) for i in row] for row in np.argsort(travel, axis=1, kind="stable")]


def _ruin(
    problem: Problem, routes: Sequence[Route], near: Sequence[int], draw: np.random.Generator
) -> tuple[list[Route], list[int]]:
    """The routes with strings of pickups cut out, and those pickups."""
    ruined, out = list(routes), []
    where = {s.index: r.vehicle for r in routes for s in r.stops if s.kind == "pickup"}
    hit: set[int] = set()
    most_routes = int(draw.integers(1, _MOST_ROUTES + 1))
    for pickup in near:
        vehicle = where.get(pickup)
        if vehicle is None or vehicle in hit:
            continue
        hit.add(vehicle)
        string = _string(routes[vehicle], pickup, draw)
        rest: list[Visit] = [v for v in visits_of(routes[vehicle]) if v[0] == "dock" or v[1] not in string]
        ruined[vehicle] = repair(problem, vehicle, homeward(problem, vehicle, rest))
        gone = _on([routes[vehicle]]) - _on([ruined[vehicle]])
        out += sorted(gone)
        if len(hit) == most_routes:
            break
    return ruined, out


def _string(route: Route, around: int, draw: np.random.Generator) -> set[int]:
    row = [stop.index for stop in route.stops if stop.kind == "pickup"]
    size = int(draw.integers(1, min(_MOST_PICKUPS, len(row)) + 1))
    at = row.index(around)
    first = int(draw.integers(max(0, at - size + 1), min(at, len(row) - size) + 1))
    return set(row[first : first + size])


def _order(problem: Problem, pickups: list[int], draw: np.random.Generator) -> list[int]:
    way = int(draw.integers(4))
    if way == 0:
        return dearest_first(problem, pickups)
    if way == 1:
        return sorted(pickups, key=lambda i: (problem.pickups[i].latest_ms, i))
    if way == 2:
        return sorted(pickups, key=lambda i: (-problem.pickups[i].volume_l, i))
    return [pickups[i] for i in draw.permutation(len(pickups))]
