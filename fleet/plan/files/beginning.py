"""A plan from a file as a beginning for the search: legal, whatever the file said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fleet.plan.change import repaired
from fleet.plan.problem import Plan, Problem, Route
from fleet.plan.reasons import reasons_for
from fleet.plan.referee import Violation, judge


def beginning(problem: Problem, plan: Plan) -> tuple[Plan, tuple[Violation, ...]]:
    """A legal plan, and what was wrong with the given one: nothing, and it has the same routes; or else as much of
    it is kept as is legal, and the rest offered to every gap again. Untrue reasons are no fault, but mended."""
    found = judge(problem, plan)
    broken = tuple(violation for violation in found if violation.rule != "reason")
    if broken:
        return repaired(problem, replace(plan, routes=tuple(_once(problem, plan)))), broken
    if found:
        left = [omission.pickup for omission in plan.omitted]
        plan = replace(plan, omitted=reasons_for(problem, plan.routes, left, relax=False))
    return plan, ()


def _once(problem: Problem, plan: Plan) -> Iterator[Route]:
    """Routes of which no vehicle has two, and that serve no pickup twice."""
    vehicles: set[int] = set()
    served: set[int] = set()
    for route in plan.routes:
        if route.vehicle in vehicles or not 0 <= route.vehicle < len(problem.vehicles):
            continue
        vehicles.add(route.vehicle)
        stops = []
        for stop in route.stops:
            if stop.kind == "pickup" and stop.index in served:
                continue
            if stop.kind == "pickup":
                served.add(stop.index)
            stops.append(stop)
        yield replace(route, stops=tuple(stops))
