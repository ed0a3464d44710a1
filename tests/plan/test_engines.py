"""Whoever searches, plans are legal and repeat; and what one engine finds, the other proves."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fleet.plan.budget import Iterations
from fleet.plan.model import prove, search
from fleet.plan.model_word import word_on
from fleet.plan.planner import solve
from fleet.plan.referee import judge
from fleet.plan.result import Manner
from fleet.plan.solver import chosen, sizes
from fleet.plan.timetable import timetable

from .problems import pickup, plant, random_problem, roomy, street, vehicle

ORTOOLS = Manner(engine="ortools")
WITHOUT_NUMBA = """
import sys
sys.modules["numba"] = None
from fleet.plan.budget import Iterations
from fleet.plan.planner import solve
from fleet.plan.referee import judge
from fleet.plan.solver import chosen
from tests.plan.problems import random_problem
assert chosen("together") == "ortools"
served = 0
for seed in (3, 7, 12):
    problem = random_problem(seed)
    once = solve(problem, Iterations(500))
    assert judge(problem, once.plan) == ()
    assert solve(problem, Iterations(500)) == once
    served += len(problem.pickups) - len(once.plan.omitted)
assert "fleet.plan.engine.search" not in sys.modules
print(served)
"""


def test_without_numba_the_model_plans():
    root = Path(__file__).parents[2]
    paths = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NUMBA],
        cwd=root, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0


@pytest.mark.parametrize("seed", range(8))
def test_what_the_model_plans_is_legal_repeats_and_is_no_dearer_than_its_start(seed):
    problem = random_problem(seed)
    first = solve(problem, Iterations(1000), manner=ORTOOLS)
    assert judge(problem, first.plan) == ()
    assert solve(problem, Iterations(1000), manner=ORTOOLS) == first
    assert solve(problem, Iterations(1000), start=first.plan, manner=ORTOOLS).plan.cost <= first.plan.cost


def test_what_the_model_searches_keeps_a_timetable():
    """Also where a vehicle cannot go on from what it is committed to: then it does no more."""
    served = 0
    for seed in range(30, 62):
        problem = roomy(random_problem(seed))
        visits = search(problem, Iterations(5))
        for number, breach in enumerate(timetable(problem, visits).breaches):
            committed = problem.vehicles[number].committed
            assert breach is None or tuple(visits[number]) == committed, seed
        served += sum(kind == "pickup" for row in visits for kind, _ in row)
    assert served > 40


def test_what_the_engine_finds_is_proved():
    outright = but_for = unsaid = 0
    for seed in range(25):
        problem = random_problem(seed)
        result = solve(problem, Iterations(500), manner=Manner(prove=True))
        assert result.proved is not False, (seed, result.word)
        if result.proved is None:
            unsaid += 1
        elif result.word.but_for:
            but_for += 1
        else:
            outright += 1
    assert outright >= 5
    assert outright + but_for >= 20
    assert unsaid <= 3


def test_a_wrong_cost_and_a_late_route_are_not_proved():
    problem = street([0, 1000], [vehicle()], [plant(0)], [pickup(0, 1)])
    plan = solve(problem, Iterations(10)).plan
    assert word_on(problem, plan).proved is True
    assert word_on(problem, replace(plan, cost=plan.cost + 1)).proved is False
    early = replace(problem, pickups=(replace(problem.pickups[0], latest_ms=100),))
    word = word_on(early, plan)
    assert (word.proved, "window" in word.why) == (False, True)


def test_who_is_committed_to_what_is_legal_is_no_excuse():
    """The second pickup was planned, and is late; the first one was a promise."""
    me = vehicle(committed=(("pickup", 0),))
    problem = street([0, 1000, 2000], [me], [plant(0)], [pickup(i, 1 + i, mass_kg=1.0) for i in range(2)])
    plan = solve(problem, Iterations(10)).plan
    assert word_on(problem, plan).proved is True
    for late, proved in ((1, False), (0, None)):
        pickups = [replace(it, latest_ms=100) if i == late else it for i, it in enumerate(problem.pickups)]
        word = word_on(replace(problem, pickups=tuple(pickups)), plan)
        assert (word.proved, "it refuses v0 (window)" in word.why) == (proved, True)


def test_nobody_is_asked_about_no_vehicles():
    problem = street([0, 1000], [], [plant(0)], [pickup(0, 1)])
    assert prove(problem, []).cost == problem.pickups[0].penalty
    for manner in (ORTOOLS, Manner(prove=True)):
        assert solve(problem, Iterations(10), manner=manner).plan.cost == problem.pickups[0].penalty


def test_cells_are_as_small_as_the_model_needs():
    assert sizes(Manner(engine="compiled")) == (1500, 300)
    assert sizes(ORTOOLS) == (150, 100)
    assert sizes(Manner(50, 40, engine="ortools")) == (50, 40)
    assert chosen("ortools") == "ortools"


@pytest.mark.parametrize("wrong", [{"whole_pickups": 0}, {"cell_pickups": 0}, {"engine": "steam"}])
def test_a_manner_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=r"not by 0|no engine 'steam': together, compiled, ortools"):
        Manner(**wrong)


def test_the_model_plans_in_cells():
    metres = [0, *range(500, 4500, 100)]
    pickups = [pickup(i, 1 + i, mass_kg=1.0, volume_l=1.0) for i in range(40)]
    fleet = [vehicle(i) for i in range(6)]
    problem = street(metres, fleet, [plant(0)], pickups)
    result = solve(problem, Iterations(2000), manner=Manner(25, 20, engine="ortools"))
    assert judge(problem, result.plan) == ()
    assert len(result.plan.omitted) < 40


def test_progress_has_what_is_served_a_bound_and_the_time_of_the_budget():
    now = iter(range(10_000))
    problem = random_problem(4)
    told = []
    result = solve(problem, Iterations(50, clock=lambda: float(next(now))), on_progress=told.append)
    last = result.progress[-1]
    assert told == list(result.progress)
    assert last.served == len(problem.pickups) - len(result.plan.omitted)
    assert 0 <= last.bound <= last.cost == result.plan.cost
    assert last.elapsed_s > 0.0
    assert solve(problem, Iterations(50)) == result
    assert solve(problem, Iterations(50)).progress[-1].elapsed_s is None
