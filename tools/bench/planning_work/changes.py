"""A running plan that must change: urgent pickups put in one by one, a drone lost, a zone closed.

A plan for the drones' day is an hour old. What began by then is committed; who has done nothing yet stands ready.
Every changed plan is judged, and each repair is put beside planning anew, from the same hour, for as long as the
plan itself took.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from fleet.plan.budget import Seconds
from fleet.plan.change import insert, repaired, without_vehicle
from fleet.plan.planner import solve
from fleet.plan.problem import UNREACHABLE_MS, Plan, Problem
from fleet.plan.ways import Table, Ways
from planning_work.problems import Work, drones, generator, joined
from planning_work.verdict import judged

NOW_MS = 3_600_000
URGENT_SHARE = 0.3
"""Urgent pickups, as a share of those planned; drawn by the generator with another seed."""
URGENT_PENALTY = 100_000
REPAIR_S = 0.4
"""Search after a repair; the repair itself comes before."""
ZONE_SHARE = 0.05
"""Radius of the closed zone, as a share of the square's side."""


def measured(work: Work, clock: Callable[[], float], seconds: float, seed: int) -> dict[str, Any]:
    """The figures of one plan: times in ms and s by `clock`, costs, violations."""
    planned = len(work.problem.pickups)
    more = round(URGENT_SHARE * planned)
    instance = joined(work.instance, generator().make(planned, 2), more)
    whole = replace(drones(work.name, instance, work.level), instance=None)
    plan = solve(
        replace(whole.problem, pickups=whole.problem.pickups[:planned]), Seconds(seconds, clock), seed=seed
    ).plan
    problem = running(with_urgent(whole.problem, planned), plan)
    today = replace(problem, pickups=problem.pickups[:planned])
    # Reasons for what was left out are true for the morning; they must be so for now.
    plan = repaired(today, plan)
    out: dict[str, Any] = {"cost": plan.cost, "urgent": more}
    out |= inserted(replace(whole, problem=problem), plan, planned, clock)
    day = replace(whole, problem=today)
    out["lost"] = [lost(day, plan, v, (clock, seconds, seed)) for v in _three(today, plan)]
    out["closed"] = closed(day, plan, (clock, seconds, seed))
    parts = [out, *out["lost"], out["closed"]]
    out["broken"] = [text for part in parts for text in part.pop("texts")]
    out["violations"] = sum(part.pop("broken_rules") for part in parts)
    return out


def running(problem: Problem, plan: Plan) -> Problem:
    """What has begun by now is committed; who has done nothing is ready now."""
    begun = {}
    for route in plan.routes:
        left_ms = [0, *(stop.end_ms for stop in route.stops)]
        begun[route.vehicle] = tuple(
            (stop.kind, stop.index) for stop, ms in zip(route.stops, left_ms, strict=False) if ms <= NOW_MS
        )
    vehicles = (
        replace(vehicle, committed=begun[v]) if v in begun else replace(vehicle, ready_ms=NOW_MS)
        for v, vehicle in enumerate(problem.vehicles)
    )
    return replace(problem, vehicles=tuple(vehicles))


def with_urgent(problem: Problem, planned: int) -> Problem:
    """Pickups behind the planned ones are wanted from now on, and dearly."""
    urgent = (
        replace(p, earliest_ms=NOW_MS, latest_ms=problem.end_ms, penalty=URGENT_PENALTY)
        for p in problem.pickups[planned:]
    )
    return replace(problem, pickups=(*problem.pickups[:planned], *urgent))


def inserted(work: Work, plan: Plan, planned: int, clock: Callable[[], float]) -> dict[str, Any]:
    """Urgent pickups, one after the other."""
    problem = work.problem
    took_ms, wall_ms = [], []
    for pickup in range(planned, len(problem.pickups)):
        began_s, began_wall_s = clock(), time.perf_counter()
        plan = insert(problem, plan, pickup)
        took_ms.append(1000.0 * (clock() - began_s))
        wall_ms.append(1000.0 * (time.perf_counter() - began_wall_s))
    left = {omission.pickup for omission in plan.omitted}
    said = judged(work, plan)
    return {
        "placed": sum(p not in left for p in range(planned, len(problem.pickups))),
        "insert_ms": quantiles(took_ms),
        "insert_wall_ms": quantiles(wall_ms),
        "broken_rules": said["violations"],
        "texts": said["broken"],
    }


def quantiles(values: list[float]) -> dict[str, float]:
    """The median, the 99th percentile, and the most."""
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": round(cuts[49], 2), "p99": round(cuts[98], 2), "max": round(max(values), 2)}


Terms = tuple[Callable[[], float], float, int]
"""The clock, the seconds for planning anew, the seed."""


def lost(work: Work, plan: Plan, vehicle: int, terms: Terms) -> dict[str, Any]:
    """A drone is gone: its pickups are offered to the others."""

    def repair(budget: Seconds | None) -> tuple[Problem, Plan]:
        return without_vehicle(work.problem, plan, vehicle, budget, seed=terms[2])

    return _beside_anew(work, repair, terms)


def closed(work: Work, plan: Plan, terms: Terms) -> dict[str, Any]:
    """A zone closes to whoever is not under way in it."""
    shut = replace(work.problem, ways=_closed_ways(work))

    def repair(budget: Seconds | None) -> tuple[Problem, Plan]:
        return shut, repaired(shut, plan, budget, seed=terms[2])

    return _beside_anew(work, repair, terms)


def _beside_anew(
    work: Work, repair: Callable[[Seconds | None], tuple[Problem, Plan]], terms: Terms
) -> dict[str, Any]:
    clock, seconds, seed = terms
    out: dict[str, Any] = {"broken_rules": 0, "texts": []}

    def judge_it(problem: Problem, plan: Plan) -> None:
        said = judged(replace(work, problem=problem), plan)
        out["broken_rules"] += said["violations"]
        out["texts"] += said["broken"]

    for name, searches in (("at_once", False), ("repaired", True)):
        began_s = clock()
        problem, plan = repair(Seconds(REPAIR_S, clock) if searches else None)
        out[f"{name}_s"], out[f"{name}_cost"] = round(clock() - began_s, 3), plan.cost
        judge_it(problem, plan)
    anew = solve(problem, Seconds(seconds, clock), seed=seed).plan
    out["anew_cost"] = anew.cost
    judge_it(problem, anew)
    return out


def _three(problem: Problem, plan: Plan) -> list[int]:
    """The vehicles with most, with middling and with least to do from now on."""
    left = {r.vehicle: len(r.stops) - len(problem.vehicles[r.vehicle].committed) for r in plan.routes}
    order = sorted(left, key=lambda v: (-left[v], v))
    return sorted({order[0], order[len(order) // 2], order[-1]})


def _closed_ways(work: Work) -> tuple[Ways, ...]:
    """Legs that meet a circle are closed, but for those that vehicles are committed to."""
    problem, x, y = work.problem, work.x, work.y
    radius = ZONE_SHARE * float(np.ptp(x))
    stands = [dock.node for dock in problem.docks]
    going = []
    for vehicle in problem.vehicles:
        nodes = [vehicle.node, *(_node(problem, visit) for visit in vehicle.committed)]
        stands.append(nodes[-1])
        going += list(itertools.pairwise(nodes))
    middle = np.hypot(x - x.mean(), y - y.mean()).argsort(kind="stable")
    free = (c for c in middle if (np.hypot(x[stands] - x[c], y[stands] - y[c]) > radius).all())
    centre = int(next(free))
    meets = _meets(x - x[centre], y - y[centre], radius)
    for start, end in going:
        meets[start, end] = False
    every = np.arange(len(x))
    shut = []
    for ways in problem.ways:
        block = ways.block(every, every)
        time_ms, effort = np.where(meets, UNREACHABLE_MS, block.travel_ms), np.where(meets, np.inf, block.effort_h)
        shut.append(Table(time_ms, block.cost, effort))
    return tuple(shut)


def _meets(x: Any, y: Any, radius: float) -> Any:
    """Which legs between points come within `radius` of the origin."""
    dx, dy = x[None, :] - x[:, None], y[None, :] - y[:, None]
    square = dx * dx + dy * dy
    along = -(x[:, None] * dx + y[:, None] * dy) / np.where(square > 0.0, square, 1.0)
    t = np.clip(along, 0.0, 1.0)
    meets = np.hypot(x[:, None] + t * dx, y[:, None] + t * dy) <= radius
    np.fill_diagonal(meets, False)
    return meets


def _node(problem: Problem, visit: tuple[str, int]) -> int:
    kind, index = visit
    return problem.docks[index].node if kind == "dock" else problem.pickups[index].node
