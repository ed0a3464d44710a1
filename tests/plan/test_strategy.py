"""Whole, in cells, or first the one and then the other: by size and budget."""

from __future__ import annotations

import pytest

from fleet.plan import strategy
from fleet.plan.budget import Iterations, Seconds
from fleet.plan.planner import solve
from fleet.plan.referee import judge
from fleet.plan.result import Manner, Progress
from fleet.plan.solver import Routes

from .test_cells import city
from .test_rounds import Clock


@pytest.mark.parametrize(
    "budget, long",
    [
        (Iterations(strategy.LONG_ITERATIONS * 100), True),
        (Iterations(strategy.LONG_ITERATIONS * 100 - 1), False),
        (Seconds(strategy.LONG_S * 100), True),
        (Seconds(strategy.LONG_S * 99), False),
    ],
)
def test_a_budget_is_long_for_so_many_pickups(budget, long):
    assert strategy.is_long(budget, 100) is long


@pytest.mark.parametrize(
    "pickups, seconds, whole_s, cells_s",
    [
        (30, 3600.0, 3600.0, None),  # one cell
        (31, 10.0, 5.0, 7.0),  # long; the clock stands at 3 s when cells begin
        (31, 30 * strategy.LONG_S, 30 * strategy.LONG_S, None),  # too short
        (101, 10.0, None, 10.0),  # too many for one search
    ],
)
def test_what_is_searched_and_for_how_long(monkeypatch, pickups, seconds, whole_s, cells_s):
    asked: dict[str, float] = {}
    clock = Clock()

    def whole(problem, budget, seed=0, start=None, on_progress=None):
        asked["whole"] = budget.most_s
        clock.now_s += 3.0
        return Routes(tuple(() for _ in problem.vehicles), 7, 0)

    def cells(problem, share, seed, first, tell):
        asked["cells"] = share.budget.most_s
        return [[] for _ in problem.vehicles], 4

    monkeypatch.setattr(strategy, "solver_of", lambda engine: whole)
    monkeypatch.setattr(strategy, "in_cells", cells)
    manner = Manner(whole_pickups=100, cell_pickups=20)
    result = solve(city(pickups, 2, 4), Seconds(seconds, clock), manner=manner)
    expected = {"whole": whole_s, "cells": cells_s}
    assert asked == pytest.approx({name: most_s for name, most_s in expected.items() if most_s is not None})
    assert result.iterations == 7 * ("whole" in asked) + 4 * ("cells" in asked)


def test_a_long_search_goes_on_in_cells_is_legal_repeats_and_keeps_to_its_work(monkeypatch):
    monkeypatch.setattr(strategy, "LONG_ITERATIONS", 1)
    problem, manner = city(80, 3, 4), Manner(whole_pickups=100, cell_pickups=20)
    told: list[Progress] = []
    result = solve(problem, Iterations(2000), seed=3, manner=manner, on_progress=told.append)
    assert judge(problem, result.plan) == ()
    assert result.plan == solve(problem, Iterations(2000), seed=3, manner=manner).plan
    assert 1900 <= result.iterations <= 2000
    assert [it.iterations for it in told] == sorted(it.iterations for it in told)
    halfway = min(it.cost for it in told if it.iterations <= 1000)
    assert result.plan.cost <= halfway


def test_a_plan_to_start_with_is_searched_on_from(monkeypatch):
    monkeypatch.setattr(strategy, "LONG_ITERATIONS", 0)
    problem, manner = city(80, 3, 4), Manner(whole_pickups=100, cell_pickups=20)
    good = solve(problem, Iterations(4000), manner=manner).plan
    assert solve(problem, Iterations(0), start=good, manner=manner).plan.cost == good.cost
