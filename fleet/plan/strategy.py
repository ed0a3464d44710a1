"""How a problem is searched, by its size and its budget: whole, in cells, or first the one and then the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fleet.plan.budget import Budget, Iterations, Seconds
from fleet.plan.parts import Visits
from fleet.plan.problem import Problem
from fleet.plan.result import Manner, Progress
from fleet.plan.rounds import Share, in_cells
from fleet.plan.solver import sizes, solver_of

Told = Callable[[int, int, int], None]
"""Told of iterations, cost, and pickups served."""

CELLS_FROM = 1.5
"""So many cells' worth of pickups are searched in cells, too, where there is time."""
WHOLE_SHARE = 0.5
"""The share of a long budget after which what is searched whole is searched on in cells. One search of a thousand
pickups cools down everywhere at once; cells that begin hot again get out of where it settled: 2.5 % less with
batteries, 1.5 % with several trips, 0.3 % with time windows, after 60 s."""
LONG_ITERATIONS, LONG_S = 500, 0.03
"""By pickup: a budget is long from here on. In a shorter one the whole is still far from settled halfway."""


def searched(
    problem: Problem, share: Share, manner: Manner, seed: int, first: Visits | None, tell: Told
) -> tuple[Visits, int]:
    """What every vehicle visits, and the iterations that took."""
    whole, cell = sizes(manner)
    count = len(problem.pickups)
    if count > whole:
        return in_cells(problem, share, seed, first, _rounds(tell, 0))
    budget, solver = share.budget, solver_of(manner.engine)
    if count <= CELLS_FROM * cell or not is_long(budget, count):
        found = solver(problem, budget, seed, first, tell)
        return [list(row) for row in found.visits], found.iterations
    found = solver(problem, budget.part(max(0.0, WHOLE_SHARE - budget.share(0))), seed, first, tell)
    done = found.iterations
    rest = replace(share, budget=budget.part(max(0.0, 1.0 - budget.share(done))))
    visits, more = in_cells(problem, rest, seed, [list(row) for row in found.visits], _rounds(tell, done))
    return visits, done + more


def is_long(budget: Budget, pickups: int) -> bool:
    """Whether a search of the whole settles long before the budget ends."""
    if isinstance(budget, Iterations):
        return budget.most >= LONG_ITERATIONS * pickups
    return isinstance(budget, Seconds) and budget.most_s >= LONG_S * pickups


def _rounds(tell: Told, before: int) -> Callable[[Progress], None]:
    """Tell of rounds, which begin after so many iterations."""
    return lambda it: tell(before + it.iterations, it.cost, it.served)
