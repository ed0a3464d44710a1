"""Runs the points of a study that have no findings yet, in any executor, and keeps what came of each.

A point that fails is written down with its error, and the others go on. Where a worker dies (out of memory,
killed) an executor breaks as a whole and cannot say at which point: so each point that was at work is tried once
more, alone in a new executor. One with which that breaks too is said to have failed. Nothing waits for the dead.
"""

from __future__ import annotations

import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass

from fleet.base.errors import FleetError, RunError
from fleet.study.model import Point, Result, Run, Study, wrong_findings
from fleet.study.store import Store

Crew = Callable[[], AbstractContextManager[Executor]]
"""Makes an executor: processes here, or a cluster's. It is asked for a new one when one breaks."""

DIED = "the process that ran it died, and nothing else was at work (out of memory, or killed?)"
MOST_STILLBORN = 3
"""After so many executors in a row that took no work at all nobody asks for another."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many points were run, how many had findings before, and which failed, with why."""

    ran: int
    known: int
    failed: tuple[tuple[Point, str], ...]


@dataclass(frozen=True, slots=True)
class Hands:
    """Who does the work: executors, and how many points at once; what is done is told to `say`, a line each."""

    crew: Crew
    at_once: int
    say: Callable[[str], None] = lambda text: None


def run_study(study: Study, run: Run, store: Store, hands: Hands) -> Outcome:
    """Run what is to be run; everything is in the `store` afterwards.

    Points that failed before are run again. Raises `UsageError` or `RunError` where the store takes nothing.
    """
    with store.opened(study):
        known = {point.key for point, result in store.results(study).items() if result.done}
        due = {point.key: point for point in reversed(study.points) if point.key not in known}
        work = _Work(run, store, hands, len(due))
        work.through(reversed(due.values()))
        failed = tuple((point, result.error) for point, result in store.results(study).items() if not result.done)
    return Outcome(len(due), len(known), failed)


def attempt(run: Run, point: Point) -> Result:
    """What comes of a point, whatever goes wrong: an exception may not survive the way between processes."""
    try:
        findings = dict(sorted(run(point).items()))
    except FleetError as error:
        return Result(point.key, error=str(error) or type(error).__name__)
    except Exception as error:  # noqa: BLE001  # whatever is wrong with one point, the others go on
        return Result(point.key, error=f"{type(error).__name__}: {error}", trace=traceback.format_exc())
    wrong = wrong_findings(findings)
    return Result(point.key, error=wrong) if wrong else Result(point.key, findings)


def _result_of(future: Future[Result], point: Point) -> Result:
    """What came of a point. Raises `BrokenExecutor`; any other mistake of an executor is one of the point."""
    try:
        return future.result()
    except BrokenExecutor:
        raise
    except Exception as error:  # noqa: BLE001  # each kind of executor has kinds of its own
        return Result(point.key, error=f"{type(error).__name__}: {error}")


class _Work:
    """Points on their way through executors."""

    def __init__(self, run: Run, store: Store, hands: Hands, total: int) -> None:
        self._run, self._store, self._hands = run, store, hands
        self._total = total
        self._settled = self._stillborn = 0
        self._waiting: deque[Point] = deque()
        self._suspects: deque[Point] = deque()
        """Those that were at work when an executor broke; they are run one by one."""
        self._flying: dict[Future[Result], tuple[Point, float]] = {}

    def through(self, points: Iterable[Point]) -> None:
        """Run all of them."""
        self._waiting.extend(points)
        while self._waiting or self._suspects:
            # The crew hears of a break, so that it can be rid of whom it started meanwhile. Only when it is gone
            # is it known of each point whether it came through.
            try:
                with self._hands.crew() as executor:
                    self._fly(executor)
            except BrokenExecutor:
                self._after_a_break()

    def _fly(self, executor: Executor) -> None:
        while self._waiting or self._suspects or self._flying:
            while self._waiting and not self._suspects and len(self._flying) < self._hands.at_once:
                self._submit(executor, self._waiting)
            if self._suspects and not self._flying:
                self._submit(executor, self._suspects)
            done, _ = wait(self._flying, return_when=FIRST_COMPLETED)
            for future in done:
                result = _result_of(future, self._flying[future][0])
                self._settle(result, *self._flying.pop(future))

    def _submit(self, executor: Executor, source: deque[Point]) -> None:
        future = executor.submit(attempt, self._run, source[0])
        self._flying[future] = (source.popleft(), time.monotonic())

    def _after_a_break(self) -> None:
        self._stillborn = 0 if self._flying else self._stillborn + 1
        if self._stillborn == MOST_STILLBORN:
            raise RunError("no process could be had for the points of the study")
        alone = len(self._flying) == 1
        for future, (point, began_s) in self._flying.items():
            if future.done() and not future.cancelled() and future.exception() is None:
                self._settle(future.result(), point, began_s)
            elif alone:
                self._settle(Result(point.key, error=DIED), point, began_s)
            else:
                self._suspects.append(point)
        self._flying.clear()

    def _settle(self, result: Result, point: Point, began_s: float) -> None:
        self._store.keep(result)
        self._settled += 1
        how = f"{time.monotonic() - began_s:.1f} s" if result.done else f"failed: {result.error}"
        self._hands.say(f"{self._settled}/{self._total}  {point.label}, seed {point.seed}: {how}")
