"""What becomes of visits: what breaks a rule goes and no more, and what is left out is explained."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.plan.budget import Iterations
from fleet.plan.finish import finish
from fleet.plan.insertions import insertable
from fleet.plan.planner import solve
from fleet.plan.problem import Plan, Problem, Route
from fleet.plan.referee import judge
from fleet.plan.result import Manner
from fleet.plan.timetable import visits_of

from .problems import base, pickup, plant, random_problem, street, vehicle

STREET = [0, 500, 1000, 700]


def two(**changes) -> Problem:
    """One pickup that the vehicle is committed to, and another behind it."""
    late = pickup(0, 1, **changes)
    me = vehicle(committed=(("pickup", 0),))
    return street(STREET, [me], [base(0), plant(2)], [late, pickup(1, 3)])


def served(plan: Plan) -> list[int]:
    return [index for route in plan.routes for kind, index in visits_of(route) if kind == "pickup"]


def test_what_committed_visits_break_takes_nothing_out():
    row = [("pickup", 0), ("dock", 1), ("pickup", 1), ("dock", 1)]
    for problem in (two(latest_ms=20_000), two(mass_kg=4.0), two(needs=frozenset({"x"}))):
        plan = finish(problem, [row])
        assert [visits_of(route) for route in plan.routes] == [row]
        assert judge(problem, plan) == ()


def test_who_is_committed_comes_to_an_end():
    problem = replace(two(), pickups=(pickup(0, 1), pickup(1, 3, penalty=0)))
    for row in ([("pickup", 0)], [("pickup", 0), ("pickup", 1)], [("pickup", 0), ("dock", 0)]):
        plan = finish(problem, [row])
        assert [visits_of(route) for route in plan.routes] == [[("pickup", 0), ("dock", 1)]]
        assert judge(problem, plan) == ()


def test_what_breaks_a_rule_goes_and_the_rest_stays():
    pickups = [pickup(0, 1), pickup(1, 3, latest_ms=20_000), pickup(2, 3)]
    problem = street(STREET, [vehicle()], [base(0), plant(2)], pickups)
    rows = [[("pickup", 0), ("dock", 1), ("pickup", 1), ("dock", 1), ("pickup", 2), ("dock", 1)]]
    plan = finish(problem, rows)
    assert visits_of(plan.routes[0]) == [("pickup", 0), ("dock", 1), ("pickup", 2), ("dock", 1)]
    assert [omission.code for omission in plan.omitted] == ["window"]


def test_an_idle_stop_goes_alone():
    problem = street(STREET, [vehicle()], [base(0), plant(2)], [pickup(0, 1)])
    plan = finish(problem, [[("dock", 0), ("pickup", 0), ("dock", 1)]])
    assert visits_of(plan.routes[0]) == [("pickup", 0), ("dock", 1)]


def test_reasons_are_the_same_with_and_without_changes_that_would_do():
    changes = 0
    for seed in range(40):
        problem = random_problem(seed)
        rows = [list(v.committed) for v in problem.vehicles]
        bare, told = finish(problem, rows), finish(problem, rows, explain=True)
        assert bare.routes == told.routes
        assert [(o.pickup, o.code) for o in bare.omitted] == [(o.pickup, o.code) for o in told.omitted]
        assert not any(omission.relaxations for omission in bare.omitted)
        changes += sum(bool(omission.relaxations) for omission in told.omitted)
    assert changes > 20


def test_solving_is_legal_repeats_and_is_no_dearer_than_its_start():
    for seed in range(8):
        problem = random_problem(seed)
        first = solve(problem, Iterations(40), manner=Manner(explain=True))
        assert judge(problem, first.plan) == ()
        assert insertable(problem, first.plan) == ()
        assert solve(problem, Iterations(40), manner=Manner(explain=True)) == first
        assert solve(problem, Iterations(5), seed=3, start=first.plan).plan.cost <= first.plan.cost


def test_a_start_that_is_kept_is_explained_if_asked():
    problem = street([0, 1000], [vehicle()], [plant(0)], [pickup(0, 1, latest_ms=109_000)])
    plan = solve(problem, Iterations(5)).plan
    cheaper = replace(plan, cost=plan.cost - 1)
    assert solve(problem, Iterations(5), start=cheaper).plan == cheaper
    told = solve(problem, Iterations(5), start=cheaper, manner=Manner(explain=True)).plan
    assert (told.routes, told.cost) == (cheaper.routes, cheaper.cost)
    assert [change.kind for change in told.omitted[0].relaxations] == ["window"]


@pytest.mark.parametrize("number", [-1, 1])
def test_a_start_with_a_vehicle_that_is_not_there_is_refused(number):
    problem = street([0, 1000], [vehicle()], [plant(0)], [pickup(0, 1)])
    start = Plan((Route(number, ()),), (), 0)
    with pytest.raises(ValueError, match=f"there is no vehicle {number}: they are 0 to 0"):
        solve(problem, Iterations(5), start=start)
