"""A task run: warmed before, then by the clock, then judged. Each runs in a process of its own (`planning.py`)."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from fleet.plan.budget import Iterations, Seconds
from fleet.plan.planner import solve
from fleet.plan.problem import Plan
from fleet.plan.result import Engine, Manner, Progress
from fleet.plan.timetable import visits_of
from planning_work import changes, rivals
from planning_work.problems import Work, open_work
from planning_work.tasks import Task
from planning_work.verdict import judged, judged_visits

CLOCKS: dict[str, Callable[[], float]] = {"cpu": time.process_time, "wall": time.monotonic}
MOST_SLOW, ROOM = 8.0, 2.0
THEN_SHARE = 0.2
"""Of the time, for OR-Tools after the engine."""
WARM_PICKUPS, WARM_ITERATIONS = 20, 20


@dataclass
class Run:
    """What a solver is given, and what it tells: a plan, or visits.

    On the wall everything takes `slowness` times as long as by `clock`, for all that is known before.
    """

    work: Work
    clock: Callable[[], float]
    seconds: float
    seed: int
    reserve_s: float
    slowness: float
    plan: Plan | None = None
    visits: rivals.Visits = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)


def run(task: Task, reserve_s: float) -> dict[str, Any]:
    """The line of the log for a task. `reserve_s` of the time are kept for what comes after a search."""
    work, clock = open_work(task.work), CLOCKS[task.clock]
    if task.who == "changes":
        warm(work, "compiled")
        return {**changes.measured(work, clock, task.seconds, task.seed), "peak_mb": peak_mb()}
    prepare, solver = SOLVERS[task.who]
    began_s, began_wall_s = clock(), time.monotonic()
    prepare(work)
    slowness = (time.monotonic() - began_wall_s) / max(clock() - began_s, 1e-3)
    before_mb = peak_mb()
    it = Run(work, clock, task.seconds, task.seed, reserve_s, min(max(slowness, 1.0), MOST_SLOW))
    began_s, began_wall_s = clock(), time.monotonic()
    solver(it)
    it.told |= {"spent_s": clock() - began_s, "wall_s": time.monotonic() - began_wall_s}
    it.told |= {"peak_mb": peak_mb(), "before_mb": before_mb, "reserve_s": reserve_s, "slowness": it.slowness}
    verdict = judged(work, it.plan) if it.plan is not None else judged_visits(work, it.visits)
    return {**{name: round(value, 3) for name, value in it.told.items()}, **verdict}


def peak_mb() -> float:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def warm(work: Work, engine: Engine) -> None:
    """Load (or compile) all that is compiled, on the first pickups: once for a process, and not measured."""
    some = replace(work.problem, pickups=work.problem.pickups[:WARM_PICKUPS])
    solve(some, Iterations(WARM_ITERATIONS), manner=Manner(engine=engine))


def warm_compiled(work: Work) -> None:
    """`warm`, the compiled engine."""
    warm(work, "compiled")


def warm_model(work: Work) -> None:
    """`warm`, both engines."""
    warm(work, "compiled")
    warm(work, "ortools")


def load_pyvrp(work: Work) -> None:
    """Import it."""
    del work
    import pyvrp  # noqa: F401  # a process imports once


def load_vroom(work: Work) -> None:
    """Import it, and refuse what it cannot say."""
    import vroom  # type: ignore[import-untyped]  # noqa: F401  # it brings no types; a process imports once

    if not rivals.can_vroom_say(work.problem):
        raise ValueError(f"{work.name}: VROOM cannot say that problem")


# ------------------------------------------------------------------------------------------------ solvers


def ours(it: Run, engine: Engine = "together", share: float = 1.0) -> None:
    """The product as it is: tables, search, cells where pickups are many, and finishing, all by the clock."""
    began_s = it.clock()

    def hear(progress: Progress) -> None:
        if progress.served == len(it.work.problem.pickups):
            it.told.setdefault("complete_s", it.clock() - began_s)

    seconds = share * (it.seconds - it.reserve_s)
    budget = model_budget(it, seconds) if engine == "ortools" else Seconds(seconds, it.clock)
    found = solve(it.work.problem, budget, seed=it.seed, on_progress=hear, manner=Manner(engine=engine))
    it.plan = found.plan
    it.told["iterations"] = found.iterations


def model_budget(it: Run, seconds: float) -> Seconds:
    """A budget for OR-Tools, which also limits itself by the wall: as many seconds more as it may need there, of a
    clock that is faster by as much."""
    more = ROOM * it.slowness
    return Seconds(more * seconds, lambda: more * it.clock())


def ortools_alone(it: Run) -> None:
    """The planner where nothing else is installed: OR-Tools in one model, in cells where pickups are many."""
    ours(it, "ortools")


def compiled_alone(it: Run) -> None:
    """The compiled engine."""
    ours(it, "compiled")


def ortools_then(it: Run) -> None:
    """The compiled engine, and what it finds improved by OR-Tools for the last part of the time."""
    from fleet.plan.model import improve

    ours(it, "compiled", 1.0 - THEN_SHARE)
    assert it.plan is not None
    it.told["before_cost"] = it.plan.cost
    visits: rivals.Visits = [[] for _ in it.work.problem.vehicles]
    for route in it.plan.routes:
        visits[route.vehicle] = visits_of(route)
    it.visits = improve(it.work.problem, visits, model_budget(it, THEN_SHARE * it.seconds))
    it.plan = None


def one_model(it: Run, *, guided: bool = False) -> None:
    """The whole problem in one OR-Tools model, however large; building it counts."""
    from fleet.plan.model import search

    it.visits = search(it.work.problem, model_budget(it, it.seconds), guided=guided)


def one_model_guided(it: Run) -> None:
    """The same by the usual recipe: path cheapest arc and guided local search."""
    one_model(it, guided=True)


def vroom(it: Run) -> None:
    """VROOM, whose only limit is on the wall."""
    it.visits = rivals.vroom_whole(it.work, it.seconds, it.slowness).visits


def _rival(find: Callable[[Work, rivals.Clock, float, int], rivals.Found]) -> Callable[[Run], None]:
    def solver(it: Run) -> None:
        found = find(it.work, it.clock, it.seconds, it.seed)
        it.visits = found.visits
        it.told["iterations"] = found.iterations

    return solver


SOLVERS: dict[str, tuple[Callable[[Work], None], Callable[[Run], None]]] = {
    "fleet": (warm_compiled, ours),
    "fleet-ortools": (warm_model, ortools_alone),
    "fleet-compiled": (warm_compiled, compiled_alone),
    "fleet-then": (warm_model, ortools_then),
    "ortools": (warm_model, one_model),
    "ortools-guided": (warm_model, one_model_guided),
    "pyvrp": (load_pyvrp, _rival(rivals.pyvrp_whole)),
    "pyvrp-bases": (load_pyvrp, _rival(rivals.pyvrp_by_base)),
    "vroom": (load_vroom, vroom),
}
"""What is done before the clock runs, and what is measured, by name."""
