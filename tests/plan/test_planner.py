"""What becomes of visits: what breaks a rule goes and no more, and what is left out is explained."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.plan import strategy
from fleet.plan.budget import Iterations
from fleet.plan.finish import finish
from fleet.plan.insertions import insertable
from fleet.plan.planner import solve
from fleet.plan.problem import Plan, Problem, Route
from fleet.plan.referee import judge
from fleet.plan.result import Manner
from fleet.plan.solver import Routes
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


@pytest.fixture
def forgetful(monkeypatch):
    """A search that goes the long way round and does not look at what it is given."""
    rows = ((("pickup", 1), ("pickup", 0), ("dock", 0)),)
    monkeypatch.setattr(strategy, "solver_of", lambda engine: lambda *given: Routes(rows, 5, 0))


def there_and_back() -> Problem:
    """Two pickups on the way to a plant, and one that comes too late for everybody."""
    pickups = [pickup(0, 1, mass_kg=1.0), pickup(1, 2, mass_kg=1.0), pickup(2, 1, latest_ms=9000, service_ms=0)]
    return street([0, 1000, 2000], [vehicle()], [plant(2)], pickups)


def test_a_start_that_is_kept_is_explained_if_asked(forgetful):
    problem = there_and_back()
    start = finish(problem, [[("pickup", 0), ("pickup", 1), ("dock", 0)]], explain=False)
    assert solve(problem, Iterations(5)).plan.cost > start.cost
    assert solve(problem, Iterations(5), start=start).plan == start
    told = solve(problem, Iterations(5), start=start, manner=Manner(explain=True)).plan
    assert (told.routes, told.cost) == (start.routes, start.cost)
    assert [change.kind for change in told.omitted[0].relaxations] == ["window"]


def test_what_a_start_says_it_costs_is_not_believed(forgetful):
    problem = there_and_back()
    start = finish(problem, [[("pickup", 0), ("pickup", 1), ("dock", 0)]], explain=False)
    dear = solve(problem, Iterations(5)).plan
    for claimed in (0, 10**17):
        assert solve(problem, Iterations(5), start=replace(start, cost=claimed)).plan == start
        assert solve(problem, Iterations(5), start=replace(dear, cost=claimed)).plan == dear


def test_a_start_that_breaks_a_rule_is_refused():
    problem = there_and_back()
    plan = solve(problem, Iterations(5)).plan
    (route,) = plan.routes
    early = replace(route, stops=(replace(route.stops[0], arrive_ms=1), *route.stops[1:]))
    strange = replace(route, stops=(replace(route.stops[0], index=7), *route.stops[1:]))
    for bad, told in (
        (replace(plan, routes=(early,)), "not legal: arrival: vehicle v0"),
        (replace(plan, routes=(strange,)), "not legal: index"),
        (replace(plan, routes=(route, route)), "not legal: one-route"),
        (replace(plan, omitted=()), "must leave out what it does not serve"),
        (replace(plan, routes=()), "must leave out what it does not serve"),
    ):
        with pytest.raises(ValueError, match=told):
            solve(problem, Iterations(5), start=bad)


def test_of_a_start_that_cannot_end_only_the_order_counts():
    stuck = replace(two(), docks=(base(0),))
    plan = solve(stuck, Iterations(5)).plan
    assert {violation.rule for violation in judge(stuck, plan)} == {"finish"}
    assert solve(stuck, Iterations(5), start=replace(plan, cost=-1)).plan == plan


@pytest.mark.parametrize("number", [-1, 1])
def test_a_start_with_a_vehicle_that_is_not_there_is_refused(number):
    problem = street([0, 1000], [vehicle()], [plant(0)], [pickup(0, 1)])
    start = Plan((Route(number, ()),), (), 0)
    with pytest.raises(ValueError, match=f"there is no vehicle {number}: they are 0 to 0"):
        solve(problem, Iterations(5), start=start)
