"""Large problems: cut into cells, solved, put together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.plan.cells import MOST_VEHICLES, cut, solve_cells
from fleet.plan.params import SearchParams
from fleet.plan.problem import Plan
from fleet.plan.referee import judge
from fleet.plan.solve import solve

from .problems import town

QUICK = SearchParams(solutions=5, rounds=5)


def served(plan: Plan) -> set[int]:
    return {s.index for route in plan.routes for s in route.stops if s.kind == "pickup"}


def test_forty_vehicles_and_three_hundred_pickups():
    problem = town(2, 40, 300, side_m=6000.0, harsh=0.0)
    plan = solve_cells(problem, QUICK)
    assert judge(problem, plan) == ()
    assert len(served(plan)) > 100
    assert solve_cells(problem, QUICK) == plan


@pytest.mark.parametrize("vehicles, pickups", [(3, 130), (1, 70), (40, 5), (17, 1), (20, 61)])
def test_uneven_numbers(vehicles, pickups):
    problem = town(5, vehicles, pickups)
    assert judge(problem, solve_cells(problem, QUICK)) == ()


@pytest.mark.parametrize("vehicles, pickups", [(0, 100), (40, 0), (0, 0)])
def test_nobody_or_nothing(vehicles, pickups):
    problem = town(5, vehicles, pickups)
    plan = solve_cells(problem, QUICK)
    assert (plan.routes, judge(problem, plan)) == ((), ())
    assert {o.code for o in plan.omitted} <= {"fleet-busy"}


def test_cut_off_pickups_are_in_no_cell():
    problem = town(5, 20, 80, harsh=0.0)
    heavy = replace(problem.pickups[7], mass_kg=1000.0)
    problem = replace(problem, pickups=(*problem.pickups[:7], heavy, *problem.pickups[8:]))
    assert 7 not in {p for cell in cut(problem, 30) for p in cell.pickups}
    plan = solve_cells(problem, QUICK)
    assert judge(problem, plan) == ()
    assert next(o.code for o in plan.omitted if o.pickup == 7) == "too-heavy"


def test_cells_keep_to_their_size_and_share_nothing():
    problem = town(2, 50, 170, harsh=0.1)
    cells = cut(problem, 40)
    assert all(1 <= len(c.pickups) <= 40 and 1 <= len(c.vehicles) <= MOST_VEHICLES for c in cells)
    pickups = [p for c in cells for p in c.pickups]
    vehicles = [v for c in cells for v in c.vehicles]
    assert len(set(pickups)) == len(pickups)
    assert sorted(vehicles) == list(range(50))


def test_hazardous_pickups_get_certified_vehicles():
    problem = town(4, 34, 120, harsh=0.0)
    for cell in cut(problem, 40):
        if sum(problem.pickups[p].hazardous for p in cell.pickups) >= 3:
            assert any(problem.types[problem.vehicles[v].type].hazmat for v in cell.vehicles)


def test_a_small_problem_is_not_cut():
    problem = town(6, 4, 12)
    assert solve_cells(problem, QUICK) == solve(problem, QUICK)
