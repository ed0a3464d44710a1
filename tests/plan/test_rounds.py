"""Rounds keep to the budget of the whole, and idle vehicles stay within reach of several cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from fleet.plan.budget import Budget, Iterations, Seconds
from fleet.plan.cells import cut, recut
from fleet.plan.planner import solve
from fleet.plan.problem import Problem, Visit
from fleet.plan.referee import judge
from fleet.plan.result import Manner, Progress
from fleet.plan.rounds import Share, in_cells
from fleet.plan.solver import Routes, Solver, Tell

from .problems import pickup, plant, street, vehicle
from .test_cells import city


def town(vehicles_each: int = 6) -> Problem:
    """Four bases along a street, with forty pickups around the first and ten around each other."""
    bases = [0, 10_000, 20_000, 30_000]
    spots = [base + 10 * k for base, count in zip(bases, (40, 10, 10, 10), strict=True) for k in range(count)]
    vehicles = [vehicle(k, node=k % 4, ends=(k % 4,)) for k in range(4 * vehicles_each)]
    pickups = [pickup(k, 4 + k, mass_kg=0.1, volume_l=0.1) for k in range(len(spots))]
    return street([*bases, *spots], vehicles, [plant(k) for k in range(4)], pickups)


class Clock:
    """Time that passes only when somebody works."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def worker(clock: Clock, begin_s: float) -> Solver:
    """A search that takes a while to begin, uses up its budget, and lets its first vehicle do all there is."""

    def work(
        problem: Problem,
        budget: Budget,
        seed: int = 0,
        start: Sequence[Sequence[Visit]] | None = None,
        on_progress: Tell | None = None,
    ) -> Routes:
        done = 0
        clock.now_s += begin_s
        while budget.share(done) < 1.0:
            done += 1
            clock.now_s += 0.001
        every: list[Visit] = [("pickup", p) for p in range(len(problem.pickups))]
        return Routes(((*every, ("dock", 0)), *((),) * (len(problem.vehicles) - 1)), done, 0)

    return work


def rounds(problem: Problem, budget: Budget, solver: Solver) -> tuple[int, list[Progress]]:
    told: list[Progress] = []
    share = Share(budget, 1, None, 15, solver)
    _, done = in_cells(problem, share, 1, None, told.append)
    return done, told


def test_iterations_are_used_up_and_no_more() -> None:
    done, told = rounds(town(), Iterations(1000), worker(Clock(), 0.0))
    assert 900 <= done <= 1000
    assert [progress.iterations for progress in told] == sorted(progress.iterations for progress in told)


@pytest.mark.parametrize("begin_s", [0.0, 0.05])
def test_seconds_are_not_overrun_and_some_are_left_for_finishing(begin_s: float) -> None:
    clock = Clock()
    rounds(town(), Seconds(10.0, clock), worker(clock, begin_s))
    assert 7.5 <= clock.now_s <= 10.0


@pytest.mark.parametrize("begin_s, rounds_begun", [(0.1, 5), (4.0, 2), (11.0, 1)])
def test_no_round_begins_that_could_only_begin(begin_s: float, rounds_begun: int) -> None:
    """One cell, which takes so long to begin: a round must have as long, and none begins after the end."""
    clock = Clock()
    problem, told = town(), []
    share = Share(Seconds(10.0, clock), 1, None, len(problem.pickups), worker(clock, begin_s))
    in_cells(problem, share, 1, None, told.append)
    assert len(told) == rounds_begun


def test_a_cell_of_one_vehicle_is_no_larger_than_a_search_can_take() -> None:
    sizes: list[int] = []

    def measuring(problem: Problem, budget: Budget, seed: int = 0, *given: object) -> Routes:
        sizes.append(len(problem.pickups))
        return lazy(problem, budget, seed)

    problem = town(vehicles_each=1)
    parts = len(cut(problem, 15, np.random.default_rng(0)))
    in_cells(problem, Share(Iterations(100), 1, None, 15, measuring, most_pickups=8), 1, None, lambda it: None)
    assert sizes[:parts] == [8] * parts


def test_what_no_cell_found_a_place_for_is_left_out_when_the_seconds_are_over() -> None:
    for seconds, served in ((1.0, len(town().pickups)), (0.0, 0)):
        told: list[Progress] = []
        nobody = Share(Seconds(seconds, Clock()), 1, None, 15, idle)
        in_cells(town(), nobody, 1, None, told.append)
        assert told[0].served == served


class Crew(Executor):
    """Workers side by side on a clock: each takes the next job when it is free."""

    def __init__(self, clock: Clock, workers: int) -> None:
        self.clock, self.workers, self.jobs = clock, workers, 0

    def map(self, fn: Callable, *given: Sequence, **_: object) -> Iterator:
        free, found = [self.clock.now_s] * self.workers, []
        for job in zip(*given, strict=True):
            at = free.index(min(free))
            self.clock.now_s = free[at]
            found.append(fn(*job))
            free[at] = self.clock.now_s
            self.jobs += 1
        self.clock.now_s = max(free)
        return iter(found)


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 20])
def test_seconds_are_used_up_and_not_overrun_by_workers_side_by_side(workers: int) -> None:
    clock = Clock()
    crew = Crew(clock, workers)
    in_cells(town(), Share(Seconds(10.0, clock), workers, crew, 15, worker(clock, 0.0)), 1, None, lambda it: None)
    assert crew.jobs > 20
    assert 9.0 <= clock.now_s <= 10.1


def test_cells_in_two_processes_are_the_same_plan_as_one_by_one() -> None:
    problem, manner, budget = city(150, 4, 3), Manner(whole_pickups=50, cell_pickups=40), Iterations(600)
    alone = solve(problem, budget, seed=3, manner=manner)
    assert judge(problem, alone.plan) == ()
    assert len({progress.cost for progress in alone.progress}) > 1
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for _ in range(2):
            assert solve(problem, budget, seed=3, executor=pool, workers=2, manner=manner) == alone


def test_a_base_with_vehicles_to_spare_keeps_the_pickups_near_it() -> None:
    problem = town()
    for part in cut(problem, 15, np.random.default_rng(1)):
        homes = {problem.vehicles[v].node for v in part.vehicles}
        near = {min(range(4), key=lambda b: abs(10_000 * b - _metres(p))) for p in part.pickups}
        assert near <= homes


def _metres(pickup_index: int) -> int:
    if pickup_index < 40:
        return 10 * pickup_index
    return 10_000 * (1 + (pickup_index - 40) // 10) + 10 * ((pickup_index - 40) % 10)


def test_idle_vehicles_are_lent_to_several_cells() -> None:
    problem = town()
    visits: list[list[Visit]] = [[] for _ in problem.vehicles]
    for route in range(4):
        visits[4 * route] = [*(("pickup", p) for p in range(10 * route, 10 * route + 10)), ("dock", 0)]
    parts = recut(problem, visits, 10, np.random.default_rng(1))
    idle_at_first = [sum(v % 4 == 0 and not visits[v] for v in part.vehicles) for part in parts]
    assert sum(idle_at_first) == 2
    assert max(idle_at_first) == 1
    everybody = sorted(v for part in parts for v in part.vehicles)
    assert everybody == list(range(len(problem.vehicles)))


def idle(problem: Problem, *given: object) -> Routes:
    """A search that finds nothing, in no time."""
    return Routes(tuple(() for _ in problem.vehicles), 1, 0)


def lazy(
    problem: Problem,
    budget: Budget,
    seed: int = 0,
    start: Sequence[Sequence[Visit]] | None = None,
    on_progress: Tell | None = None,
) -> Routes:
    """A search that leaves out the first pickup of every cell that it begins with nothing."""
    served: list[Visit] = [("pickup", p) for p in range(1, len(problem.pickups))]
    mine = (
        start
        if start is not None and any(start)
        else ((*served, ("dock", 0)), *((),) * (len(problem.vehicles) - 1))
    )
    return Routes(tuple(tuple(row) for row in mine), 1, 0)


def test_the_first_plan_serves_what_no_cell_found_a_place_for() -> None:
    _, told = rounds(town(), Iterations(10), lazy)
    assert told[0].served == len(town().pickups)
