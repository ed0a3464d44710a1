"""The referee's word on visits, whoever made them: exact times from the timetable, judged, the cost confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fleet.plan.problem import Omission, Plan, Visit
from fleet.plan.referee import judge
from fleet.plan.timetable import Legs, plan_cost, timetable
from planning_work.problems import Work, generator

MOST_SHOWN = 5


def judged(work: Work, plan: Plan, broken: Sequence[str] = (), *, has_reasons: bool = True) -> dict[str, Any]:
    """Cost and violations of a plan by the referee, and by the generator's own where the problem is its.

    A cost that the referee does not reckon is a violation. Who gives no reasons (`has_reasons`) has none judged.
    """
    found = [str(v) for v in judge(work.problem, plan) if has_reasons or v.rule != "reason"]
    out: dict[str, Any] = {
        "cost": plan.cost,
        "violations": len(found) + len(broken),
        "broken": [*broken, *found][:MOST_SHOWN],
        "served": len(work.problem.pickups) - len(plan.omitted),
        "used": sum(bool(route.stops) for route in plan.routes),
    }
    if work.instance is not None:
        said = generator().referee(work.instance, _for_generator(work, plan), work.level)
        broken_there = sum(said["bad"].values()) + (said["cost"] != plan.cost)
        out |= {"gen_cost": said["cost"], "gen_violations": broken_there, "gen_broken": said["bad"]}
    return out


def judged_visits(work: Work, visits: Sequence[Sequence[Visit]]) -> dict[str, Any]:
    """`judged` of the plan along visits; what keeps a route from having times is a violation, too."""
    problem = work.problem
    times = timetable(problem, visits)
    broken = [f"{problem.vehicles[v].id}: {breach}" for v, breach in enumerate(times.breaches) if breach]
    routes = tuple(route for route in times.routes if route is not None and route.stops)
    served = {stop.index for route in routes for stop in route.stops if stop.kind == "pickup"}
    left = [i for i in range(len(problem.pickups)) if i not in served]
    omitted = tuple(Omission(i, "fleet-busy", 1.0, 0.0) for i in left)
    plan = Plan(routes, omitted, plan_cost(problem, routes, left, Legs(problem)))
    return judged(work, plan, broken, has_reasons=False)


def _for_generator(work: Work, plan: Plan) -> list[list[int]]:
    """Routes as the generator writes them: nodes between the start and the unloading at home."""
    nodes: list[list[int]] = [[] for _ in work.problem.vehicles]
    for route in plan.routes:
        stops = [
            (work.problem.docks if s.kind == "dock" else work.problem.pickups)[s.index].node for s in route.stops
        ]
        nodes[route.vehicle] = stops[:-1]
    return nodes
