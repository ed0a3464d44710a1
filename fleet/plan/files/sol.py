"""Reads and writes solutions in the form of CVRPLIB: `Route #1: 5 3 0 7`, and `Cost 27591`.

Customers are numbered from 1 in the order of the problem's pickups; a 0 within a route is a return to the depot
to unload, as in PyVRP's instances with several trips. Solomon's solutions (`Route 1 : 5 3`) are read as well.
A route says no times: each stop is made as early as the one before and the release times allow, which is as
good as any later time. Nor does it say why a customer is left out: that is taken for "fleet-busy".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fleet.base.errors import UsageError
from fleet.plan.files.loaded import Loaded
from fleet.plan.files.source import Source, number, shown
from fleet.plan.legs import Legs
from fleet.plan.problem import NEVER_MS, Omission, Plan, Problem, Route, Stop

_ROUTE = re.compile(r"\s*route\s*#?\s*\d+\s*:", re.IGNORECASE)
_STRAY = re.compile(r"\s*(\w+\s*#|route\b|-?\d+(\s|$))", re.IGNORECASE)
"""What is no route and may have been meant as one; other lines are talk."""
_COST = re.compile(r"\s*cost\s*:?\s*(\S*)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Solution:
    """A plan, and what its file says it costs in the units of its problem (None: nothing)."""

    plan: Plan
    cost: float | None


def read_sol(source: Source, loaded: Loaded) -> Solution:
    """The plan in a .sol file for `loaded`. Raises `InputError` with all faults, `UsageError` if such a file
    cannot tell a plan for the problem."""
    _must_be_routes(loaded, source.file)
    routes: list[list[int]] = []
    cost: float | None = None
    for line, text in enumerate(source.lines, start=1):
        head = _ROUTE.match(text)
        said = _COST.match(text)
        if head:
            routes.append(_numbers(source, line, head.end(), loaded))
        elif said:
            cost = number(said.group(1))
            if cost is None:
                source.fault(line, said.start(1) + 1, "Cost", "a number", shown(said.group(1)))
        elif _STRAY.match(text):
            source.fault(line, 1, "", "a line such as `Route #1: 5 3 7`, or `Cost 15`", shown(text.strip()))
    if not routes and cost is None:
        source.fault(1, 1, "", "lines such as `Route #1: 5 3 7`", "none")
    routes = [route for route in routes if any(route)]
    limit = len(loaded.problem.vehicles)
    if len(routes) > limit:
        source.fault(1, 1, "", f"at most {limit} routes, one for each vehicle", str(len(routes)))
    source.raise_if_any()
    return Solution(_plan(loaded.problem, routes), cost)


def sol_text(loaded: Loaded, plan: Plan) -> str:
    """The .sol file of a plan. Raises `UsageError` if such a file cannot tell it."""
    _must_be_routes(loaded, "a .sol file")
    lines: list[str] = []
    for route in plan.routes:
        words = [str(stop.index + 1) if stop.kind == "pickup" else "0" for stop in route.stops]
        while words and words[-1] == "0":
            words.pop()
        if words:
            lines.append(" ".join((f"Route #{len(lines) + 1}:", *words)))
    lines.append(f"Cost {legs_in_file_units(loaded, plan)}")
    return "\n".join(lines) + "\n"


def legs_in_file_units(loaded: Loaded, plan: Plan) -> str:
    """What a plan costs without its penalties, as a `Cost` line says it: with the convention's decimals."""
    cost = plan.cost - sum(loaded.problem.pickups[omission.pickup].penalty for omission in plan.omitted)
    decimals = len(str(loaded.cost_unit)) - 1
    return f"{cost / loaded.cost_unit:.{decimals}f}"


def _must_be_routes(loaded: Loaded, name: str) -> None:
    if not loaded.is_routes:
        raise UsageError(
            f"{name}: routes of customer numbers are for problems with one dock, no batteries and vehicles that "
            f"are all alike, and {loaded.file} is another; a plan.json says it all"
        )


def _numbers(source: Source, line: int, start: int, loaded: Loaded) -> list[int]:
    """The customers of a route, 0 for a return to the depot."""
    found = []
    most = len(loaded.problem.pickups)
    for column, word in source.words(line):
        if column <= start:
            continue
        if word.isascii() and word.isdigit() and len(word) < 10 and int(word) <= most:
            found.append(int(word))
        else:
            expected = f"a customer from 1 to {most}, or 0"
            source.fault(line, column, "Route", expected, shown(word), "is it a solution of another problem?")
    return found


def _plan(problem: Problem, routes: Iterable[list[int]]) -> Plan:
    timed = tuple(_timed(problem, vehicle, route) for vehicle, route in enumerate(routes))
    served = {stop.index for route, _ in timed for stop in route.stops if stop.kind == "pickup"}
    left_out = [n for n in range(len(problem.pickups)) if n not in served]
    omitted = tuple(Omission(n, "fleet-busy", 1.0, 0.0) for n in left_out)
    penalties = sum(problem.pickups[n].penalty for n in left_out)
    return Plan(tuple(route for route, _ in timed), omitted, sum(cost for _, cost in timed) + penalties)


def _timed(problem: Problem, index: int, customers: list[int]) -> tuple[Route, int]:
    """The route of a vehicle with the earliest times, and its cost."""
    vehicle, dock = problem.vehicles[index], problem.docks[0]
    kind = problem.types[vehicle.type]
    numbers = [n for n, before in zip([*customers, 0], [0, *customers], strict=True) if n or before]
    nodes = [vehicle.node, *(problem.pickups[n - 1].node if n else dock.node for n in numbers)]
    released = _released(problem, numbers)
    stops: list[Stop] = []
    now_ms, cost = max(vehicle.ready_ms, next(released)), kind.fixed_cost
    for n, (leg_ms, leg_cost, _) in zip(numbers, Legs(problem).along(vehicle.type, nodes), strict=True):
        now_ms += leg_ms
        cost += leg_cost
        if n:
            stops.append(_served(problem, n - 1, now_ms))
            cost += _lateness(problem, stops[-1])
        else:
            end_ms = max(now_ms + dock.unload_ms, next(released))
            stops.append(Stop("dock", 0, now_ms, now_ms, end_ms, unload=True))
        now_ms = stops[-1].end_ms
    return Route(index, tuple(stops)), cost


def _released(problem: Problem, numbers: Sequence[int]) -> Iterator[int]:
    """When each trip may set out, and at last when none may."""
    latest_ms = -NEVER_MS
    for n in numbers:
        if n:
            latest_ms = max(latest_ms, problem.pickups[n - 1].release_ms)
        else:
            yield latest_ms
            latest_ms = -NEVER_MS
    yield latest_ms


def _served(problem: Problem, index: int, arrive_ms: int) -> Stop:
    pickup = problem.pickups[index]
    start_ms = max(arrive_ms, pickup.earliest_ms)
    return Stop("pickup", index, arrive_ms, start_ms, start_ms + pickup.service_ms)


def _lateness(problem: Problem, stop: Stop) -> int:
    pickup = problem.pickups[stop.index]
    return -(-max(0, stop.end_ms - pickup.due_ms) // 1000) * pickup.late_cost_per_s
