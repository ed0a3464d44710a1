"""From visits to a legal plan: exact times, breaches taken out, what has a place put in, reasons for the rest."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

from fleet.plan.calendar import Calendar
from fleet.plan.insertion import Insertion
from fleet.plan.parts import Visits
from fleet.plan.problem import Plan, Problem, Route, Visit
from fleet.plan.reasons import reasons
from fleet.plan.timetable import Breach, Legs, Timetable, plan_cost, route_cost, schedule, timetable, visits_of


def never() -> bool:
    """For who has all the time that it takes."""
    return False


def finish(
    problem: Problem,
    visits: Sequence[Sequence[Visit]],
    *,
    explain: bool = False,
    is_over: Callable[[], bool] = never,
    most: int | None = None,
) -> Plan:
    """The plan along `visits`: what breaks a rule is taken out, what has a place put in, reasons for the rest;
    with what would admit it if `explain`. At most `most` ways to put in each are tried, all if that is None.

    Once `is_over` says so only what must be done is done: a plan is legal still, and its reasons are true, but
    whole routes may go where a rule is broken, what has a place may be left out, and nothing is explained.
    """
    legs = Legs(problem)
    routes = _legal_routes(problem, [list(row) for row in visits], legs, is_over)
    insertion = Insertion(problem, routes, legs)
    on = {stop.index for route in insertion.routes for stop in route.stops if stop.kind == "pickup"}
    insertion.put((i for i in range(len(problem.pickups)) if i not in on), is_over, most)
    return plan_of(insertion, explain=explain, is_over=is_over)


def filled(
    problem: Problem, visits: Sequence[Sequence[Visit]], most: int, is_over: Callable[[], bool] = never
) -> Visits:
    """`visits` without what breaks a rule, and with those that are on no route where they have a place: at most
    `most` are tried, the dearest to leave out, until `is_over` says so."""
    legs = Legs(problem)
    insertion = Insertion(problem, _legal_routes(problem, [list(row) for row in visits], legs, is_over), legs)
    on = {stop.index for route in insertion.routes for stop in route.stops if stop.kind == "pickup"}
    left = [i for i in range(len(problem.pickups)) if i not in on]
    insertion.put(sorted(left, key=lambda i: (-problem.pickups[i].penalty, i))[:most], is_over)
    return [visits_of(route) for route in insertion.routes]


def plan_of(insertion: Insertion, *, explain: bool = False, is_over: Callable[[], bool] = never) -> Plan:
    """The plan that has the routes of `insertion`, and reasons for all others."""
    problem = insertion.problem
    routes = tuple(route for route in insertion.routes if route.stops)
    on = {stop.index for route in routes for stop in route.stops if stop.kind == "pickup"}
    left = [i for i in range(len(problem.pickups)) if i not in on]
    cost = plan_cost(problem, routes, left, insertion.legs)
    return Plan(routes, reasons(insertion, left, relax=explain, is_over=is_over), cost)


def _legal_routes(problem: Problem, visits: Visits, legs: Legs, is_over: Callable[[], bool]) -> list[Route]:
    """Routes with exact times; the pickup at a breach, or the nearest before it, goes until there is none.

    The search knows pads and places of chargers only roughly, so breaches are rare and few. What committed visits
    break is no reason to take anything out.
    """
    while True:
        times = timetable(problem, visits, legs=legs)
        bad = []
        for v, breach in enumerate(times.breaches):
            first = len(problem.vehicles[v].committed)
            if breach is not None and breach.position >= first and len(visits[v]) > first:
                bad.append((v, breach))
        if not bad:
            routes, stuck = _ended(problem, times, legs)
            rivals = _rivals(problem, visits, stuck)
            if not rivals:
                return routes
            for vehicle in rivals:
                visits[vehicle] = visits[vehicle][: len(problem.vehicles[vehicle].committed)]
        for vehicle, breach in bad:
            row = visits[vehicle]
            if is_over():
                visits[vehicle] = row[: len(problem.vehicles[vehicle].committed)]
            else:
                visits[vehicle] = _without(problem, vehicle, row, breach)


def _ended(problem: Problem, times: Timetable, legs: Legs) -> tuple[list[Route], dict[int, set[Visit]]]:
    """The routes of `times`; who has nothing left but what it is committed to, and breaks a rule behind it, ends
    by the cheapest way there is, by one dock or two. And those who cannot, with the docks by which they could if
    nobody else were there."""
    routes = [route or Route(v, ()) for v, route in enumerate(times.routes)]
    stuck = {}
    for v, breach in enumerate(times.breaches):
        if breach is None or breach.position < len(problem.vehicles[v].committed):
            continue
        others = Calendar.of(problem, (route for route in routes if route.vehicle != v))
        legal = _ends(problem, v, others, legs)
        if legal:
            routes[v] = min(legal, key=lambda route: route_cost(problem, route, legs))
        else:
            alone = _ends(problem, v, Calendar(problem), legs)
            stuck[v] = {visit for route in alone for visit in visits_of(route) if visit[0] == "dock"}
    return routes, stuck


def _ends(problem: Problem, v: int, calendar: Calendar, legs: Legs) -> list[Route]:
    """All legal ways to end after what a vehicle is committed to, by no dock, one or two."""
    committed = problem.vehicles[v].committed
    docks: list[Visit] = [("dock", dock) for dock in range(len(problem.docks))]
    ends = [(), *itertools.product(docks), *itertools.permutations(docks, 2)]
    tried = (schedule(problem, v, (*committed, *end), calendar, legs=legs) for end in ends)
    return [route for route in tried if isinstance(route, Route)]


def _rivals(problem: Problem, visits: Visits, stuck: Mapping[int, set[Visit]]) -> list[int]:
    """Who does more than it is committed to, and goes to a dock by which one of the stuck could end."""
    docks = {visit for mine in stuck.values() for visit in mine}
    rivals = []
    for v, vehicle in enumerate(problem.vehicles):
        more = len(visits[v]) > len(vehicle.committed) and v not in stuck
        if more and not docks.isdisjoint(visits[v]):
            rivals.append(v)
    return rivals


def _without(problem: Problem, vehicle: int, row: list[Visit], breach: Breach) -> list[Visit]:
    """A vehicle's visits without the last pickup up to a breach, or the first behind it, and without the dock that
    served it alone; or without a dock where there is nothing to do."""
    me = problem.vehicles[vehicle]
    first = len(me.committed)
    free = [at for at in range(first, len(row)) if row[at][0] == "pickup"]
    if not free:
        return row[:first]
    if breach.rule == "idle":
        return row[: breach.position] + row[breach.position + 1 :]
    culprit = max((at for at in free if at <= breach.position), default=free[0])
    rest = row[:culprit] + row[culprit + 1 :]
    if len(free) == 1 and not first:
        return []
    alone = culprit < len(rest) and rest[culprit][0] == "dock" and (culprit == 0 or rest[culprit - 1][0] == "dock")
    if alone:
        last = culprit == len(rest) - 1
        if not last or (culprit > 0 and (not me.ends or rest[culprit - 1][1] in me.ends)):
            del rest[culprit]
    return rest
