"""Random towns, with crews on the street and broken promises: planned, judged, and every change tried."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from fleet.plan.finish import finish
from fleet.plan.insertions import insertable
from fleet.plan.problem import Omission, Plan
from fleet.plan.referee import judge
from fleet.plan.timetable import visits_of
from tools.towns.draw import random_town
from tools.towns.tried import tried

from .problems import base, pickup, plant, street, vehicle

BOUND = street(
    [0, 500, 1000, 700],
    [vehicle(committed=(("pickup", 0),))],
    [base(0), plant(2)],
    [pickup(0, 1), pickup(1, 3)],
)


@pytest.mark.parametrize("seeds", [range(0, 400, 25), range(7, 400, 25)])
def test_towns(seeds):
    for seed in seeds:
        town = tried(seed, 50)
        assert (town.violations, town.insertable, town.broken) == ([], [], []), seed
        assert town.served + sum(town.codes.values()) == town.pickups


def test_two_broken_routes_at_one_charger_end_the_search():
    """Each waited for the other, beyond the end of all times, for ever."""
    town = tried(1688, 2000)
    assert (town.violations, town.insertable, town.broken) == ([], [], [])


def test_who_must_unload_goes_before_who_would_like_to():
    """One pad, which opens for a moment: one vehicle has something aboard already, another has chosen the pad."""
    town = tried(9250, 2000)
    assert (town.violations, town.insertable, town.broken) == ([], [], [])


def test_towns_repeat_and_have_everything():
    seen: Counter[str] = Counter()
    for seed in range(60):
        one, two = random_town(seed), random_town(seed)
        assert replace(one, ways=()) == replace(two, ways=())
        assert all(np.array_equal(a.cost, b.cost) for a, b in zip(one.ways, two.ways, strict=True))
        seen.update(kind.name for kind in one.types)
        seen["broken"] += any("nobody has it" in pickup.needs for pickup in one.pickups)
    assert seen["van"] > 5
    assert seen["broken"] > 0


@pytest.mark.parametrize("changes", [{"needs": frozenset({"x"})}, {"latest_ms": 20_000}, {"volume_l": 11.0}])
def test_what_is_committed_hides_no_breach_behind_it(changes):
    problem = replace(BOUND, pickups=(pickup(0, 1, **changes), pickup(1, 3)))
    for row in ([("pickup", 0)], [("pickup", 0), ("pickup", 1), ("dock", 1)]):
        plan = finish(problem, [row])
        assert judge(problem, plan) == ()
        assert [visit for visit in visits_of(plan.routes[0]) if visit[0] == "pickup"] == [
            ("pickup", 0),
            ("pickup", 1),
        ]


def test_the_referee_can_insert_behind_what_is_late():
    problem = replace(BOUND, pickups=(pickup(0, 1, latest_ms=20_000), pickup(1, 3)))
    alone = finish(replace(problem, pickups=(problem.pickups[0], pickup(1, 3, penalty=0))), [[("pickup", 0)]])
    plan = Plan(alone.routes, (Omission(1, "fleet-busy", 1.0, 0.0),), alone.cost + problem.pickups[1].penalty)
    assert judge(problem, plan) == ()
    assert [violation.place for violation in insertable(problem, plan)] == ["p1"]
