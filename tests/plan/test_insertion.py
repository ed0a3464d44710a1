"""Nothing is left out that has a place: the referee, who tries everything, finds none."""

from __future__ import annotations

import numpy as np
import pytest

from fleet.plan.finish import finish
from fleet.plan.insertion import Insertion
from fleet.plan.insertions import insertable
from fleet.plan.problem import Problem, Route
from fleet.plan.referee import judge
from fleet.plan.result import Manner
from fleet.plan.timetable import visits_of

from .problems import base, home, pickup, plant, random_problem, street, vehicle


def begun(problem: Problem, seed: int) -> list[list]:
    """Visits to finish: what is committed and an end, or some of a finished plan."""
    rows = [visits_of(route) for route in home(problem)]
    if seed % 2:
        return rows
    draw = np.random.default_rng(seed)
    plan = finish(problem, rows)
    for route in plan.routes:
        vehicle = problem.vehicles[route.vehicle]
        if not vehicle.committed:
            rows[route.vehicle] = [v for v in visits_of(route) if v[0] == "dock" or draw.random() < 0.6]
    return rows


@pytest.mark.parametrize("seed", [3232, 3433, 5109, 7117, 7808, 8610, 11914])
def test_what_bounds_once_forbade_wrongly(seed):
    """Unloading that is no more needed, a charge that must have a sense, a pad that who is committed needs."""
    problem = random_problem(seed)
    plan = finish(problem, begun(problem, seed))
    assert judge(problem, plan) == ()
    assert insertable(problem, plan) == ()


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_the_referee_finds_no_place_and_no_fault(first):
    left = 0
    for seed in range(first, first + 50):
        problem = random_problem(seed)
        plan = finish(problem, begun(problem, seed))
        assert judge(problem, plan) == (), seed
        assert insertable(problem, plan) == (), seed
        left += len(plan.omitted)
    assert left > 50


@pytest.mark.parametrize("most", [1, 5])
def test_so_many_ways_are_tried_for_each_that_is_left_out(monkeypatch, most):
    idle = [vehicle(n, battery_wh=90.0 + n) for n in range(9)]
    problem, calls = street([0, 1000, 2000], idle, [base(0), plant(0)], [pickup(0, 2)]), []

    def refused(*arguments, **more):
        calls.append(arguments)

    monkeypatch.setattr("fleet.plan.insertion.schedule", refused)
    insertion = Insertion(problem, [Route(v, ()) for v in range(9)])
    assert insertion.put([0], most=most) == [0]
    assert len(calls) == most
    assert insertion.put([0]) == [0]
    assert len(calls) > most + 5


def test_places_are_tried_at_least_one_by_one():
    with pytest.raises(ValueError, match="at least one by one, not by 0"):
        Manner(places_tried=0)
