"""A large problem in rounds: cut into cells that are searched apart, and again along the borders."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from fleet.base.streams import Streams
from fleet.plan.budget import Budget, Iterations, Seconds
from fleet.plan.cells import cut, recut
from fleet.plan.finish import filled
from fleet.plan.parts import Part, Visits, thinned
from fleet.plan.problem import Problem
from fleet.plan.result import USUAL, Listener, Progress
from fleet.plan.solver import Found, Solver

FIRST_SHARE = 0.5
"""Share of the budget that the first cells have; each round along the borders has a part of the rest."""
BORDER_ROUNDS = 3
SEEN_S, LEFT_OUT_S = 5e-5, 3e-3
"""Seconds to finish a plan, for each pickup and for each that is left out, on a slow machine."""
MOST_FOR_FINISH = 0.2
MOST_FILLED = 200
"""So many that found no place in their cell are offered to all others for the first plan, so that it is complete
where few are left."""


@dataclass(frozen=True, slots=True)
class Share:
    """A budget for the whole, who works on it, how large a cell should be, who searches it and how.

    `sketches`: whether a plan is made at once, with no budget at all; `border_rounds`: how often cells are cut
    again along the borders; `most_pickups`: a cell has no more, where it cannot be as small as it should because
    vehicles are few.
    """

    budget: Budget
    workers: int
    executor: Executor | None
    cell_pickups: int
    solver: Solver
    sketches: bool = True
    border_rounds: int = BORDER_ROUNDS
    most_pickups: int = USUAL.whole_pickups

    def is_late(self) -> bool:
        """Whether a budget of seconds is used up."""
        return isinstance(self.budget, Seconds) and self.budget.share(0) >= 1.0

    def run(self, problem: Problem, jobs: Sequence[_Job], done: int, until: float) -> Iterator[Found]:
        """Search every part, so that a share `until` of the budget is used up in the end, as it is after `done`
        iterations; what was found, in the order of the jobs."""
        if self.executor is None:
            yield from self._here(problem, jobs, done, until)
            return
        given = [
            (self.solver, job.part.problem(problem), self.budget, share, job.seed, job.start)
            for job, share in zip(jobs, self._shares(jobs, done, until), strict=True)
        ]
        yield from self.executor.map(_search_part, *zip(*given, strict=True))

    def _shares(self, jobs: Sequence[_Job], done: int, until: float) -> list[float]:
        """The share of each job where all are handed out at once. Seconds pass for all workers, who take the
        next job when they are free; iterations add up as they do one by one, so that plans are the same where each
        search uses up its share."""
        sizes = [len(job.part.pickups) for job in jobs]
        if not isinstance(self.budget, Iterations):
            free = [0] * self.workers
            for size in sizes:
                heapq.heapreplace(free, free[0] + size)
            left = max(0.0, until - self.budget.share(done))
            return [left * size / max(1, *free) for size in sizes]
        shares, weight, most = [], sum(sizes), self.budget.most
        for size in sizes:
            left = max(0.0, until - self.budget.share(done))
            part = self.budget.part(left * size / weight).most
            shares.append(part / most if most > 0 else 0.0)
            done, weight = done + part, weight - size
        return shares

    def _here(self, problem: Problem, jobs: Sequence[_Job], done: int, until: float) -> Iterator[Found]:
        """One by one: what one leaves of its share, or takes too much, is shared by those behind it."""
        weight = sum(len(job.part.pickups) for job in jobs)
        for job in jobs:
            left = max(0.0, until - self.budget.share(done))
            part = self.budget.part(left * len(job.part.pickups) / weight)
            found = self.solver(job.part.problem(problem), part, job.seed, job.start)
            done += found.iterations
            weight -= len(job.part.pickups)
            yield found


@dataclass(frozen=True, slots=True)
class _Job:
    """A part to search, and from where."""

    part: Part
    seed: int
    start: Visits | None


def _search_part(
    solver: Solver, problem: Problem, budget: Budget, share: float, seed: int, start: Visits | None
) -> Found:
    return solver(problem, budget.part(share), seed, start)


def in_cells(
    problem: Problem, share: Share, seed: int, first: Visits | None, tell: Listener
) -> tuple[Visits, int]:
    """The routes found, and the iterations that took.

    Some seconds of a budget are left for `finish`. A round for which there is less left than searches take to
    begin is left out, and once all seconds are over none begins but the first.
    """
    draw = Streams(seed).generator("plan/cells")
    visits: Visits = first or [list(vehicle.committed) for vehicle in problem.vehicles]
    done, left_out = 0, 0
    firsts = [] if first is not None else [0.0, FIRST_SHARE] if share.sketches else [FIRST_SHARE]
    begin = firsts[-1] if firsts else 0.0
    borders = [begin + (1.0 - begin) * (k + 1) / share.border_rounds for k in range(share.border_rounds)]
    parts: tuple[Part, ...] = ()
    begin_share = 0.0
    for number, end in enumerate(firsts + borders):
        if (number or first is not None) and share.is_late():
            break
        if number >= len(firsts):
            parts = recut(problem, visits, share.cell_pickups, draw)
        elif number == 0:
            parts = cut(problem, share.cell_pickups, draw)
        fitting = [thinned(part, problem, visits, share.most_pickups) for part in parts]
        until = end * (1.0 - _for_finish(problem, share.budget, left_out))
        if begin_share > 0.0 and until - share.budget.share(done) < begin_share * _legs(fitting):
            continue
        jobs = _jobs(fitting, seed + number, visits)
        for job, found in zip(jobs, share.run(problem, jobs, done, until), strict=True):
            job.part.put_back(found.visits, visits)
            done += found.iterations
        if first is None and number == 0:
            if share.sketches and isinstance(share.budget, Seconds):
                begin_share = share.budget.share(done) / max(1, _legs(fitting))
            visits = filled(problem, visits, MOST_FILLED, share.is_late)
        progress = _progress(problem, visits, done)
        left_out = len(problem.pickups) - progress.served
        tell(progress)
    return visits, done


def _for_finish(problem: Problem, budget: Budget, left_out: int) -> float:
    """The share of a budget of seconds that finishing will take, which grows with what is left out."""
    if not isinstance(budget, Seconds) or budget.most_s <= 0.0:
        return 0.0
    return min(MOST_FOR_FINISH, (SEEN_S * len(problem.pickups) + LEFT_OUT_S * left_out) / budget.most_s)


def _legs(parts: Sequence[Part]) -> int:
    """Of all pickups of a part to all, which takes most of the time that a search needs to begin."""
    return sum(len(part.pickups) ** 2 for part in parts)


def _jobs(parts: Sequence[Part], seed: int, visits: Visits) -> list[_Job]:
    return [_Job(part, seed, part.visits_in(visits)) for part in parts if part.pickups and part.vehicles]


def _progress(problem: Problem, visits: Visits, done: int) -> Progress:
    """The cost without waiting for pads: a legal plan may cost a little more."""
    served = {i for row in visits for kind, i in row if kind == "pickup"}
    cost = sum(p.penalty for i, p in enumerate(problem.pickups) if i not in served)
    for vehicle, row in zip(problem.vehicles, visits, strict=True):
        if row:
            kind = problem.types[vehicle.type]
            nodes = [problem.pickups[i].node if what == "pickup" else problem.docks[i].node for what, i in row]
            here = np.array([vehicle.node, *nodes[:-1]], dtype=np.int64)
            block = problem.ways[vehicle.type].block(here, np.array(nodes, dtype=np.int64))
            cost += kind.fixed_cost + int(np.diagonal(block.cost).sum())
    return Progress(done, cost, len(served))
