"""A bound is below every plan, and what one reckons by hand."""

from __future__ import annotations

from dataclasses import replace

from fleet.plan.bound import lower_bound
from fleet.plan.budget import Iterations
from fleet.plan.planner import solve

from .problems import KIND, barred, pickup, plant, random_problem, street, vehicle

FAR = [0, 1000, 3000]


def test_it_is_the_cheapest_leg_or_the_penalty():
    problem = street(FAR, [vehicle()], [plant(0)], [pickup(0, 1), pickup(1, 2)])
    assert lower_bound(problem) == 100_000 + 200_000
    cheap = replace(problem, pickups=(problem.pickups[0], replace(problem.pickups[1], penalty=7)))
    assert lower_bound(cheap) == 100_000 + 7
    assert lower_bound(barred(problem, (1, 2))) == 100_000 + 300_000
    assert lower_bound(replace(problem, vehicles=(vehicle(committed=(("pickup", 1),)),))) == 100_000


def test_who_may_not_serve_it_does_not_count():
    problem = street(FAR, [vehicle()], [plant(0)], [pickup(0, 1, mass_kg=3.5), pickup(1, 2, needs=frozenset("x"))])
    assert lower_bound(problem) == 2 * 5_000_000
    assert lower_bound(replace(problem, vehicles=())) == 2 * 5_000_000
    assert lower_bound(replace(problem, pickups=())) == 0


def test_what_fits_but_for_rounding_counts():
    kind = replace(KIND, payload_kg=0.3)
    problem = street(FAR, [vehicle()], [plant(0)], [pickup(0, 1, mass_kg=0.1 + 0.2)], types=[kind])
    assert lower_bound(problem) == 100_000 <= solve(problem, Iterations(20)).plan.cost < 5_000_000


def test_no_plan_is_below_it():
    above = 0
    for seed in range(40):
        problem = random_problem(seed)
        bound = lower_bound(problem)
        assert bound <= solve(problem, Iterations(100)).plan.cost
        above += bound > 0
    assert above > 20
