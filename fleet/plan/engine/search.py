"""The door of the engine: a problem in, the best routes found out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fleet.base.streams import Streams
from fleet.plan.budget import Budget
from fleet.plan.engine.draws import words_of
from fleet.plan.engine.given import given_of
from fleet.plan.engine.layout import (
    ABSENT, BEFORE, BEST, BEST_COST, BEST_COUNT, CLASS_START, COST, DUE, EARLIEST, EMPTY_CARS, FACT_COLUMNS,
    FAR, FLAGS, FREE_TOP, HAS_TAILS, HAS_TRIPS, LAST, LATEST_START, NEAR_USED, NEXT, NODE_COLUMNS, N_CLASSES,
    N_PICKUPS, PENALTY, POOL, RELEASE, RUINED, SAVED, SEEN, SPOT, START, SUMS, TOUR_COLUMNS, TOUR_SAVED,
    UNDO_AT, VEHICLE, WORDS, WORK_ROWS, State, Tables,
)  # fmt: skip
from fleet.plan.engine.loop import run
from fleet.plan.engine.numbering import Numbering
from fleet.plan.engine.tables import facts_of, start_spot, tables_of
from fleet.plan.problem import Problem, Visit

CHUNK = 200
"""Iterations between two looks at the budget."""
HOTTEST, HOTTEST_WITH_TRIPS, LEAST_HOT = 1.0, 8.0, 0.03
"""Temperatures to begin with, in mean costs of a leg to a near neighbour: the most and the least."""
COLD, COLD_WITH_TRIPS, COLD_WITH_TAILS = (0.02, 0.2), (0.043, 0.33), (0.08, 0.2)
"""The last temperature after a first one of 1, and the exponent by which it grows with the first one; measured."""
PATIENCE, PATIENCE_WITH_TAILS, PATIENCE_IN_CELLS = 1000.0, 200.0, 50.0
"""With so many iterations for each pickup the search begins at a temperature of 1; with fewer it begins colder.
Where routes trade their tails long moves pay at higher temperatures."""


@dataclass(frozen=True, slots=True)
class Found:
    """Visits of every vehicle, what they cost (with penalties), and how the search went: (iterations, cost)."""

    visits: tuple[tuple[Visit, ...], ...]
    iterations: int
    cost: int
    trace: tuple[tuple[int, int], ...]


def search(
    problem: Problem,
    budget: Budget,
    seed: int = 0,
    start: Sequence[Sequence[Visit]] | None = None,
    on_progress: Callable[[int, int, int], None] | None = None,
    patience: float | None = None,
) -> Found:
    """Look for cheap routes until the budget is used up, from the given routes where they are legal.

    `patience`: iterations for each pickup with which the search begins hot.
    """
    if not problem.pickups or not problem.docks or not problem.vehicles:
        return _nothing(problem)
    numbering = Numbering.of(problem)
    problem = numbering.problem(problem)
    t = tables_of(problem)
    z = state_of(problem, t, seed)
    run(t, z, given_of(problem, None if start is None else numbering.inward(start)), 0, 1.0)
    heat = _heat(t, len(problem.pickups), patience)
    nothing = np.zeros(0, dtype=np.int64)
    done, trace = 0, [(0, int(z.work[SUMS, BEST_COST]))]
    while (share := budget.share(done)) < 1.0:
        chunk = CHUNK
        while chunk > 1 and budget.share(done + chunk) > 1.0:
            chunk //= 2
        run(t, z, nothing, chunk, heat.at(share, done))
        done += chunk
        if z.work[SUMS, BEST_COST] < trace[-1][1]:
            trace.append((done, int(z.work[SUMS, BEST_COST])))
            if on_progress is not None:
                on_progress(done, int(z.work[SUMS, BEST_COST]), _served(t, z))
    return Found(numbering.outward(_visits(t, z)), done, int(z.work[SUMS, BEST_COST]), tuple(trace))


def search_cell(
    problem: Problem,
    budget: Budget,
    seed: int = 0,
    start: Sequence[Sequence[Visit]] | None = None,
    on_progress: Callable[[int, int, int], None] | None = None,
) -> Found:
    """`search` as it is best for a cell of a large problem, which begins hotter."""
    return search(problem, budget, seed, start, on_progress, PATIENCE_IN_CELLS)


@dataclass(frozen=True, slots=True)
class _Heat:
    """How hot it is when: in costs of `scale`, at most `hottest`, `cold` in the end, by `patience` iterations."""

    scale: float
    hottest: float
    cold: tuple[float, float]
    patience: float

    def at(self, share: float, done: int) -> float:
        """The temperature when so many iterations have used up a share of the budget."""
        whole = done / max(share, 1e-9) / self.patience
        hot = min(self.hottest, max(LEAST_HOT, whole**1.5))
        least, growth = self.cold
        return float(self.scale * hot * (least * hot**growth / hot) ** share)


def _heat(t: Tables, pickups: int, patience: float | None) -> _Heat:
    if t.lists[FLAGS, HAS_TAILS]:
        hottest, cold, usual = HOTTEST, COLD_WITH_TAILS, PATIENCE_WITH_TAILS
    elif t.lists[FLAGS, HAS_TRIPS]:
        hottest, cold, usual = HOTTEST_WITH_TRIPS, COLD_WITH_TRIPS, PATIENCE
    else:
        hottest, cold, usual = HOTTEST, COLD, PATIENCE
    return _Heat(_scale(t), hottest, cold, min(patience or usual, usual) * pickups)


def _scale(t: Tables) -> float:
    """The mean cost of a leg to a near neighbour."""
    n, near = int(t.lists[FLAGS, N_PICKUPS]), min(5, int(t.lists[FLAGS, NEAR_USED]))
    legs = t.legs[0, 1, 0, np.arange(n)[:, None], t.about[:, :near]]
    return max(1.0, float(legs.mean())) if near else 1.0


def _nothing(problem: Problem) -> Found:
    visits = tuple(v.committed for v in problem.vehicles)
    return Found(visits, 0, sum(p.penalty for p in problem.pickups), ())


def state_of(problem: Problem, t: Tables, seed: int) -> State:
    """Empty routes."""
    n, cars = len(problem.pickups), len(problem.vehicles)
    pool = 4 * (cars + n) + sum(len(v.committed) for v in problem.vehicles) + 64
    total = n + cars + pool
    nodes = np.zeros((2 * total, NODE_COLUMNS), dtype=np.int64)
    facts = np.zeros((total, FACT_COLUMNS), dtype=np.int64)
    nodes[:, [NEXT, BEFORE, VEHICLE, SEEN, SAVED, RUINED]] = -1
    given = facts_of(problem)
    facts[:n, : given.shape[1]] = given
    nodes[:n, SPOT] = np.arange(n)
    facts[n : n + cars, EARLIEST], facts[n : n + cars, LATEST_START], facts[n : n + cars, RELEASE] = (
        -FAR,
        FAR,
        -FAR,
    )
    facts[n:, DUE] = FAR
    nodes[n : n + cars, SPOT], nodes[n : n + cars, VEHICLE] = start_spot(problem), np.arange(cars)
    tours = np.zeros((2 * cars, TOUR_COLUMNS), dtype=np.int64)
    tours[:cars, LAST], tours[:, TOUR_SAVED] = t.cars[:, START], -1
    classes = int(t.lists[FLAGS, N_CLASSES])
    work = np.zeros((WORK_ROWS, max(total, 256)), dtype=np.int64)
    work[SUMS, COST] = work[SUMS, BEST_COST] = int(facts[:n, PENALTY].sum())
    work[SUMS, ABSENT], work[SUMS, FREE_TOP], work[SUMS, UNDO_AT] = n, pool, total
    work[WORDS, :2] = words_of(Streams(seed).generator("plan/engine"))
    work[POOL, :pool] = np.arange(n + cars, total)
    work[EMPTY_CARS, :classes] = np.diff(t.lists[CLASS_START, : classes + 1])
    return State(nodes, facts, tours, work)


def _visits(t: Tables, z: State) -> tuple[tuple[Visit, ...], ...]:
    n, k = int(t.lists[FLAGS, N_PICKUPS]), 0
    routes: list[tuple[Visit, ...]] = []
    for count in z.work[BEST_COUNT, : len(t.cars)].tolist():
        codes = z.work[BEST, k : k + count].tolist()
        routes.append(tuple(_visit(c, n) for c in codes))
        k += count
    return tuple(routes)


def _served(t: Tables, z: State) -> int:
    """How many pickups the best routes serve."""
    stops = int(z.work[BEST_COUNT, : len(t.cars)].sum())
    return int((z.work[BEST, :stops] < int(t.lists[FLAGS, N_PICKUPS])).sum())


def _visit(code: int, pickups: int) -> Visit:
    return ("pickup", code) if code < pickups else ("dock", code - pickups)
