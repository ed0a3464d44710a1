"""The planner's door: a problem and a budget in, a plan and how it came about out.

Who searches is told by `Manner.engine` (`fleet.plan.solver`). Small problems are searched whole. Larger ones are
cut into cells that are searched apart, in as many processes as an executor has, and cut again along the borders
(`fleet.plan.cells`). What the search leaves out is then offered to every gap of every route once more, with exact
times, so that what is left out in the end has no place (unless `Manner.places_tried` ends that sooner). A plan is
legal, whatever the budget; with `Iterations` it repeats. If asked, the OR-Tools model proves it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace

from fleet.plan.bound import lower_bound
from fleet.plan.budget import Budget, Seconds
from fleet.plan.finish import finish, never
from fleet.plan.insertion import Insertion
from fleet.plan.parts import Visits
from fleet.plan.problem import Plan, Problem, Route
from fleet.plan.reasons import reasons
from fleet.plan.referee import judge
from fleet.plan.result import USUAL, Listener, Manner, Progress, Result, Word
from fleet.plan.rounds import Share
from fleet.plan.solver import MODEL_BORDER_ROUNDS, cell_solver_of, chosen, sizes
from fleet.plan.strategy import searched
from fleet.plan.timetable import plan_cost, visits_of

OVERTIME, OVERTIME_S = 1.1, 0.5
"""A plan is there after so many times its seconds and so many more."""
IN_HASTE_S = 6e-4
"""Seconds for each pickup that is left out to see why, if nothing else is done any more; on a slow machine."""
MOST_BOUNDED = 1500
"""A bound looks at the ways between all pickups; of more than so many it would take longer than a first plan."""


def solve(
    problem: Problem,
    budget: Budget,
    *,
    seed: int = 0,
    start: Plan | None = None,
    on_progress: Listener | None = None,
    executor: Executor | None = None,
    workers: int = 1,
    manner: Manner = USUAL,
) -> Result:
    """A legal plan for `problem`, no dearer than `start`.

    `executor` runs the cells of a large problem, `workers` at a time; without one they run here, one by one. A
    contradictory problem is not noticed here: `fleet.plan.checks.check` says what is wrong with one. Where a
    vehicle cannot end after what it is committed to, no plan is legal: its route breaks off, and the referee says
    so. What a `start` costs is reckoned here, and not read. Raises ValueError for one that is not legal.
    """
    told: list[Progress] = []
    bound = lower_bound(problem) if len(problem.pickups) <= MOST_BOUNDED else None

    def tell(done: int, cost: int, served: int) -> None:
        told.append(Progress(done, cost, served, bound, budget.elapsed_s()))
        if on_progress is not None:
            on_progress(told[-1])

    first = None if start is None else _visits(problem, start.routes)
    start = None if start is None else _legal(problem, start)
    whole, cell = sizes(manner)
    share = Share(budget, max(1, workers), executor, cell, cell_solver_of(manner.engine), most_pickups=whole)
    if chosen(manner.engine) == "ortools":
        share = replace(share, sketches=False, border_rounds=MODEL_BORDER_ROUNDS)
    visits, done = searched(problem, share, manner, seed, first, tell)
    is_over = _overtime(budget, len(problem.pickups) - sum(kind == "pickup" for row in visits for kind, _ in row))
    plan = finish(problem, visits, explain=manner.explain, is_over=is_over, most=manner.places_tried)
    if start is not None and start.cost < plan.cost:
        plan = _explained(problem, start, is_over) if manner.explain else start
    tell(done, plan.cost, len(problem.pickups) - len(plan.omitted))
    return Result(plan, done, tuple(told), _word(problem, plan) if manner.prove else None)


def _overtime(budget: Budget, left_out: int) -> Callable[[], bool]:
    """Seconds may be overrun a little, and by then all is to be done; work is done whatever it takes."""
    if not isinstance(budget, Seconds):
        return never
    by_s = OVERTIME * budget.most_s + OVERTIME_S - IN_HASTE_S * left_out
    return lambda: (budget.elapsed_s() or 0.0) > by_s


def _explained(problem: Problem, plan: Plan, is_over: Callable[[], bool]) -> Plan:
    """`plan` with what would admit what it leaves out."""
    routes = {route.vehicle: route for route in plan.routes}
    insertion = Insertion(problem, [routes.get(v, Route(v, ())) for v in range(len(problem.vehicles))])
    return replace(plan, omitted=reasons(insertion, [o.pickup for o in plan.omitted], is_over=is_over))


def _legal(problem: Problem, start: Plan) -> Plan | None:
    """`start` with what it costs in truth; None where a route breaks a rule that its vehicle may be committed to
    break, so that only the order is of use. Raises ValueError where any other breaks one."""
    silent = replace(start, omitted=())  # the referee would prove every reason, which takes far longer
    broken = [it for it in judge(problem, silent) if it.rule not in ("accounted", "cost")]
    bound = {vehicle.id for vehicle in problem.vehicles if vehicle.committed}
    if wrong := next((it for it in broken if it.vehicle not in bound), None):
        raise ValueError(f"the plan to start with is not legal: {wrong}")
    served = {stop.index for route in start.routes for stop in route.stops if stop.kind == "pickup"}
    left = [index for index in range(len(problem.pickups)) if index not in served]
    if sorted(omission.pickup for omission in start.omitted) != left:
        raise ValueError(
            "the plan to start with is not legal: it must leave out what it does not serve, and say so"
        )
    return None if broken else replace(start, cost=plan_cost(problem, start.routes, left))


def _word(problem: Problem, plan: Plan) -> Word:
    from fleet.plan.model_word import word_on

    return word_on(problem, plan)


def _visits(problem: Problem, routes: Sequence[Route]) -> Visits:
    visits: Visits = [list(vehicle.committed) for vehicle in problem.vehicles]
    for route in routes:
        if not 0 <= route.vehicle < len(visits):
            raise ValueError(f"there is no vehicle {route.vehicle}: they are 0 to {len(visits) - 1}")
        visits[route.vehicle] = visits_of(route)
    return visits
