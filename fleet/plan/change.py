"""Plans that must change while they are carried out: one more pickup, a vehicle lost, a zone closed.

`insert` only puts in: all other routes stay as they are, and so does the order of the one it changes. `repaired`
keeps of a plan what is still legal, offers the rest to every gap again, and then searches on from there as long
as a budget says. What vehicles are committed to is never touched.
"""

from __future__ import annotations

from dataclasses import replace

from fleet.plan.budget import Budget, Iterations
from fleet.plan.cells import around
from fleet.plan.finish import finish
from fleet.plan.insertion import Insertion
from fleet.plan.look import Wish
from fleet.plan.parts import Visits
from fleet.plan.planner import solve
from fleet.plan.problem import Plan, Problem, Route, Visit
from fleet.plan.reasons import reasons
from fleet.plan.result import Manner
from fleet.plan.solver import chosen, solver_of
from fleet.plan.timetable import visits_of

_MANNER = Manner()

NEAR_PICKUPS, NEAR_ITERATIONS = 200, 3000
"""How much around pickups that lost their place is searched again, and how long: some tenths of a second."""


def insert(problem: Problem, plan: Plan, pickup: int) -> Plan:
    """`plan` with a pickup, which is on no route, where that costs least; left out, and why, if it has no place at
    less than its penalty.

    The reasons for others stay as they were. Cost is that of `plan` and what the pickup adds, be it among those
    that `plan` leaves out or unknown to it. Raises ValueError for a pickup that is on a route, or is none.
    """
    if not 0 <= pickup < len(problem.pickups):
        raise ValueError(f"there is no pickup {pickup}: they are 0 to {len(problem.pickups) - 1}")
    if any(stop.kind == "pickup" and stop.index == pickup for route in plan.routes for stop in route.stops):
        raise ValueError(f"pickup {problem.pickups[pickup].id} is on a route")
    insertion = Insertion(problem, _every(problem, plan))
    penalty = problem.pickups[pickup].penalty
    omitted = tuple(omission for omission in plan.omitted if omission.pickup != pickup)
    cost = plan.cost - (penalty if len(omitted) < len(plan.omitted) else 0)
    place = insertion.cheapest(pickup, Wish(penalty))
    if place is None:
        why = reasons(insertion, [pickup], relax=False)
        every = sorted((*omitted, *why), key=lambda omission: omission.pickup)
        return Plan(plan.routes, tuple(every), cost + penalty)
    routes = {route.vehicle: route for route in (*plan.routes, place.route)}
    return Plan(tuple(routes[v] for v in sorted(routes)), omitted, cost + place.extra_cost)


def repaired(
    problem: Problem, plan: Plan, budget: Budget | None = None, *, seed: int = 0, manner: Manner = _MANNER
) -> Plan:
    """A legal plan for `problem`, made from one for a problem with the same numbers in which something else held:
    other ways, other hours, other vehicles. No search without a `budget`; with one routes near what lost its place
    are searched again at first, shortly, and then all as long as it says."""
    visits = _kept(problem, plan)
    if budget is not None and chosen(manner.engine) == "compiled":
        _search_near(problem, visits, plan, seed)
    kept = finish(problem, visits, explain=manner.explain and budget is None)
    if budget is None:
        return kept
    return solve(problem, budget, seed=seed, start=kept, manner=manner).plan


def _search_near(problem: Problem, visits: Visits, plan: Plan, seed: int) -> None:
    """Search again where pickups that were not left out in `plan` are on no route of `visits` now."""
    on = {i for row in visits for kind, i in row if kind == "pickup"}
    absent = [i for i in range(len(problem.pickups)) if i not in on]
    before = {omission.pickup for omission in plan.omitted}
    lost = [i for i in absent if i not in before]
    if not lost or not problem.docks or not problem.vehicles:
        return
    part = around(problem, visits, lost, absent, NEAR_PICKUPS)
    if part.vehicles:
        found = solver_of("compiled")(
            part.problem(problem), Iterations(NEAR_ITERATIONS), seed, part.visits_in(visits)
        )
        part.put_back(found.visits, visits)


def without_vehicle(
    problem: Problem,
    plan: Plan,
    vehicle: int,
    budget: Budget | None = None,
    *,
    seed: int = 0,
    manner: Manner = _MANNER,
) -> tuple[Problem, Plan]:
    """The problem without a vehicle, and the plan repaired; those behind it move up by one number.

    What it was committed to is offered to others: say before that it is not (by a penalty of 0, or a pickup that
    is gone) where it has it on board. Raises ValueError where there is no such vehicle.
    """
    if not 0 <= vehicle < len(problem.vehicles):
        raise ValueError(f"there is no vehicle {vehicle}: they are 0 to {len(problem.vehicles) - 1}")
    rest = (*problem.vehicles[:vehicle], *problem.vehicles[vehicle + 1 :])
    smaller = replace(problem, vehicles=rest)
    moved = (
        replace(route, vehicle=route.vehicle - (route.vehicle > vehicle))
        for route in plan.routes
        if route.vehicle != vehicle
    )
    return smaller, repaired(smaller, replace(plan, routes=tuple(moved)), budget, seed=seed, manner=manner)


def _every(problem: Problem, plan: Plan) -> list[Route]:
    routes = {route.vehicle: route for route in plan.routes}
    return [routes.get(v, Route(v, ())) for v in range(len(problem.vehicles))]


def _kept(problem: Problem, plan: Plan) -> Visits:
    """The visits of `plan`, each vehicle's behind what it is committed to by now."""
    bound = {visit for vehicle in problem.vehicles for visit in vehicle.committed if visit[0] == "pickup"}
    visits: Visits = []
    for vehicle, route in zip(problem.vehicles, _every(problem, plan), strict=True):
        row, first = visits_of(route), list(vehicle.committed)
        rest = row[len(first) :] if row[: len(first)] == first else row
        visits.append([*first, *(visit for visit in rest if visit not in bound and _exists(problem, visit))])
    return visits


def _exists(problem: Problem, visit: Visit) -> bool:
    return visit[1] < len(problem.docks if visit[0] == "dock" else problem.pickups)
