"""Plans that change under way stay legal, keep what vehicles are committed to, and keep what can stay."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.plan.budget import Iterations
from fleet.plan.change import insert, repaired, without_vehicle
from fleet.plan.finish import finish
from fleet.plan.insertions import insertable
from fleet.plan.problem import Plan, Problem
from fleet.plan.referee import judge
from fleet.plan.timetable import node_of, visits_of

from .problems import barred, home, pickup, plant, random_problem, street, vehicle


def planned(seed: int) -> tuple[Problem, Plan]:
    problem = random_problem(seed)
    return problem, finish(problem, [visits_of(route) for route in home(problem)])


def committed_to(problem: Problem, plan: Plan) -> list[tuple]:
    routes = {route.vehicle: visits_of(route) for route in plan.routes}
    return [tuple(routes.get(v, [])[: len(me.committed)]) for v, me in enumerate(problem.vehicles)]


def test_a_pickup_that_is_new_goes_where_it_costs_least():
    put = 0
    for seed in range(60):
        problem, _ = planned(seed)
        last = len(problem.pickups) - 1
        if any(("pickup", last) in me.committed for me in problem.vehicles):
            continue
        before = replace(problem, pickups=problem.pickups[:-1])
        plan = finish(before, [visits_of(route) for route in home(before)])
        after = insert(problem, plan, last)
        assert judge(problem, after) == (), seed
        assert insertable(problem, after, [last]) == (), seed
        assert committed_to(problem, after) == [me.committed for me in problem.vehicles]
        changed = [route for route in after.routes if route not in plan.routes]
        assert len(changed) <= 1
        put += len(changed)
        if changed:
            assert [v for v in visits_of(changed[0]) if v[0] == "pickup" and v[1] == last]
    assert put > 10


def test_a_pickup_that_was_left_out_is_asked_again():
    for seed in range(40):
        problem, plan = planned(seed)
        for omission in plan.omitted:
            assert insert(problem, plan, omission.pickup).cost == plan.cost
    place = street([0, 500, 1000], [vehicle()], [plant(2)], [pickup(0, 1)])
    plan = insert(place, Plan((), (), 0), 0)
    assert judge(place, plan) == ()
    with pytest.raises(ValueError, match="pickup p0 is on a route"):
        insert(place, plan, 0)


def test_a_vehicle_is_lost():
    moved = 0
    for seed in range(40):
        problem, plan = planned(seed)
        for lost in range(len(problem.vehicles)):
            smaller, after = without_vehicle(problem, plan, lost)
            assert len(smaller.vehicles) == len(problem.vehicles) - 1
            assert judge(smaller, after) == (), seed
            assert insertable(smaller, after) == (), seed
            route = next((route for route in plan.routes if route.vehicle == lost), None)
            mine = set() if route is None else {v for v in visits_of(route) if v[0] == "pickup"}
            now = {v for route in after.routes for v in visits_of(route)}
            moved += len(mine & now)
            for other in plan.routes:  # the others lose nothing
                if other.vehicle != lost:
                    assert {v for v in visits_of(other) if v[0] == "pickup"} <= now
    assert moved > 10


def test_a_zone_closes():
    """Legs that the plan flies are barred behind what is committed; what is repaired is legal, and no dearer after
    a search from there."""
    for seed in range(40):
        problem, plan = planned(seed)
        legs = []
        for route in plan.routes[:2]:
            first, visits = len(problem.vehicles[route.vehicle].committed), visits_of(route)
            if len(visits) > max(first, 1):
                legs.append(tuple(node_of(problem, visit) for visit in visits[-2:]))
        closed = barred(problem, *(leg for leg in legs if leg[0] != leg[1]))
        if judge(closed, finish(closed, [visits_of(route) for route in home(closed)])):
            continue  # somebody has no way left to end
        after = repaired(closed, plan)
        assert judge(closed, after) == (), seed
        assert insertable(closed, after) == (), seed
        assert committed_to(closed, after) == [me.committed for me in problem.vehicles]
        if seed < 8:
            searched = repaired(closed, plan, Iterations(40))
            assert judge(closed, searched) == ()
            assert searched.cost <= after.cost


@pytest.mark.parametrize("number", [-1, 1])
def test_who_is_not_there_cannot_be_lost_or_put_in(number):
    problem = street([0, 500, 1000], [vehicle()], [plant(2)], [pickup(0, 1)])
    plan = Plan((), (), 0)
    with pytest.raises(ValueError, match=f"there is no vehicle {number}: they are 0 to 0"):
        without_vehicle(problem, plan, number)
    with pytest.raises(ValueError, match=f"there is no pickup {number}: they are 0 to 0"):
        insert(problem, plan, number)
