"""The OR-Tools model: what it finds is legal, what it proves costs what it costs, and breaches are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.plan.budget import Iterations, Seconds
from fleet.plan.engine.search import search as engine_search
from fleet.plan.finish import finish
from fleet.plan.model import improve, prove, search, solve_cell
from fleet.plan.problem import Charger, Dock, Problem
from fleet.plan.referee import judge
from fleet.plan.timetable import plan_cost, timetable, visits_of
from tests.plan.problems import KIND, base, greedy, pickup, plant, random_problem, roomy, street, vehicle

STRONG = replace(KIND, payload_kg=10.0, volume_l=30.0)
WIDE = replace(STRONG, battery_wh=float("inf"), reserve_wh=0.0, power_coefficient=0.0)
P0, P1, D0, D1 = ("pickup", 0), ("pickup", 1), ("dock", 0), ("dock", 1)


def corner(**changes) -> Problem:
    """A vehicle at 0 m, two pickups at 1 and 2 km, a plant for paper at 3 km and one for glass at 0."""
    docks = [plant(3), plant(0, "glass")]
    problem = street([0, 1000, 2000, 3000], [vehicle()], docks, [pickup(0, 1), pickup(1, 2)], (WIDE,))
    return replace(problem, **changes)


def kind(**changes):
    return {"types": (replace(WIDE, **changes),)}


def first(problem: Problem, **changes) -> Problem:
    """`problem` with another first pickup."""
    return replace(problem, pickups=(replace(problem.pickups[0], **changes), *problem.pickups[1:]))


def paper_plant(**changes):
    return {"docks": (replace(plant(3), **changes), plant(0, "glass"))}


def who(**changes):
    return {"vehicles": (vehicle(**changes),)}


def test_a_proof_costs_what_is_reckoned_by_hand():
    problem = corner(**kind(fixed_cost=7_000))
    assert prove(problem, [[P0, P1, D0]]).cost == 7_000 + 300_000
    assert prove(problem, [[P1, D0]]).cost == 7_000 + 300_000 + 5_000_000
    assert prove(problem, [[]]).cost == 10_000_000


def test_lateness_counts_by_begun_seconds():
    late = first(corner(), due_ms=109_000, late_cost_per_s=50)  # served from 100 s to 110 s
    assert prove(late, [[P0, P1, D0]]).cost == 300_000 + 50
    assert prove(first(late, due_ms=108_999), [[P0, P1, D0]]).cost == 300_000 + 100
    assert prove(first(late, due_ms=110_000), [[P0, P1, D0]]).cost == 300_000


BOTH = [[P0, P1, D0]]
BREACHES = {
    "mass": (corner(**kind(payload_kg=5.9)), BOTH, "mass"),
    "volume": (corner(**kind(volume_l=9.9)), BOTH, "volume"),
    "window": (first(corner(), latest_ms=109_999), BOTH, "window"),
    "wrong dock": (corner(), [[P0, P1, D1]], "material"),
    "apart": (
        replace(
            first(corner(**paper_plant(accepts=frozenset(("paper", "glass")))), material="glass"),
            apart=frozenset((frozenset(("paper", "glass")),)),
        ),
        BOTH,
        "apart",
    ),
    "not certified": (first(corner(), needs=frozenset(("hazard",))), BOTH, "certificates"),
    "shut": (corner(**paper_plant(hours=((0, 339_999), (400_000, 419_999)))), BOTH, "hours"),
    "another's end": (corner(**who(ends=(1,))), BOTH, "ends"),
    "home too late": (corner(**who(until_ms=339_999)), BOTH, "until"),
    "day over": (corner(end_ms=339_999), BOTH, "until"),
    "on board at the end": (corner(), [[P0, D0, P1]], "unloaded"),
    "trips": (corner(**kind(most_trips=1)), [[P0, D0, P1, D0]], "trips"),
    "released too late": (first(corner(), release_ms=100_000, latest_ms=209_999), BOTH, "release"),
    "idle": (corner(), [[P0, D0, D0, P1, D0]], "stop"),
    "battery": (
        corner(**kind(battery_wh=12.0, reserve_wh=1.0, power_coefficient=1.0)),
        BOTH,
        "battery",
    ),
}


@pytest.mark.parametrize("name", BREACHES)
def test_a_breach_is_refused_and_named(name):
    problem, visits, rule = BREACHES[name]
    proof = prove(problem, visits)
    assert (proof.accepted, proof.cost, proof.refused) == (False, None, (0,))
    assert rule in proof.broken


def test_what_barely_holds_is_accepted():
    exact = corner(**kind(payload_kg=6.0, volume_l=10.0), **who(until_ms=340_000, ends=(0,)))
    exact = replace(first(exact, latest_ms=110_000), end_ms=340_000)
    docks = (replace(exact.docks[0], hours=((320_000, 340_000),)), exact.docks[1])
    assert prove(replace(exact, docks=docks), BOTH).accepted
    waits = corner(**paper_plant(hours=((0, 339_999), (400_000, 420_000))))
    assert prove(waits, BOTH).accepted


def test_energy_is_that_of_the_load_on_board():
    """1 Wh empty, then 8 Wh with 3 kg and 18.5 Wh with 6 kg."""
    needs_wh = 1.0 + 8.0 + 7.0**1.5
    assert prove(corner(**kind(battery_wh=needs_wh + 0.001, power_coefficient=1.0)), BOTH).accepted
    assert not prove(corner(**kind(battery_wh=needs_wh - 0.001, power_coefficient=1.0)), BOTH).accepted


@pytest.mark.parametrize(
    "charger, ready_ms",
    [
        (Charger("swap", 30_000), 30_000),
        (Charger("full", 10_000, 1000.0), 60_000),
        (Charger("partial", 10_000, 1000.0), 30_000),
    ],
)
def test_charging_takes_its_time(charger, ready_ms):
    """There and back take 50 Wh of 60; the 20 that lack for a second time are worth as much time as they take."""
    flat = replace(WIDE, battery_wh=60.0, power_coefficient=1.0, mass_exponent=0.0)
    docks = [plant(0, charger=charger)]
    pickups = [pickup(0, 1), pickup(1, 1)]
    problem = street([0, 25_000], [vehicle()], docks, pickups, (flat,))
    trips = 4 * 2_500_000 + 2 * 10_000 + 2 * 20_000
    soon = trips + {"swap": 30_000, "full": 60_000, "partial": 50_000}[charger.mode]
    visits = [[P0, D0, P1, D0]]
    assert prove(replace(problem, end_ms=soon + 1), visits).accepted
    assert not prove(replace(problem, end_ms=soon - 2), visits).accepted


def test_twice_is_refused_and_so_is_leaving_the_committed_way():
    assert prove(corner(), [[P0, P0, D0]]).broken == ("twice",)
    bound = corner(**who(committed=(P1, D0)))
    assert prove(bound, BOTH).broken == ("committed",)
    assert search(bound, Iterations(5))[0][:2] == [P1, D0]


def test_what_the_model_cannot_say_is_said():
    two = corner(vehicles=(vehicle(), vehicle(1)))
    charger = Charger(places=1)
    docks = (replace(two.docks[0], pads=1), Dock("charger", 0, charger=charger))
    assert prove(replace(two, docks=docks), [[], []]).not_said == ("pads", "places")
    assert prove(two, [[], []]).not_said == ()


def test_a_stop_to_charge_is_found():
    docks, light = [plant(0), base(2)], [pickup(0, 1, mass_kg=0.5)]
    problem = street([0, 30_000, 5_000], [vehicle(battery_wh=60.0)], docks, light)
    problem = replace(problem, pickups=(replace(problem.pickups[0], penalty=9_000_000),))
    visits = solve_cell(problem, Iterations(100_000)).visits
    assert ("pickup", 0) in visits[0]
    assert ("dock", 1) in visits[0]
    assert prove(problem, visits).accepted


@pytest.mark.parametrize("rule", [lambda: Iterations(0), lambda: Iterations(30), lambda: Seconds(0.5)])
@pytest.mark.parametrize("penalty", [1, 5_000_000])
def test_any_budget_ends(rule, penalty):
    """Where nothing is worth collecting, the ruin of OR-Tools looks for ever for something to take out."""
    visits = search(first(corner(), penalty=penalty), rule())
    assert prove(first(corner(), penalty=penalty), visits).accepted
    nothing = replace(corner(), pickups=tuple(replace(p, penalty=1) for p in corner().pickups))
    assert search(nothing, rule()) == [[]]


def test_a_search_repeats_and_improving_never_makes_worse():
    problem = roomy(random_problem(15))
    once = search(problem, Iterations(10))
    assert search(problem, Iterations(10)) == once
    poor = [[] if not v.committed else once[i] for i, v in enumerate(problem.vehicles)]
    better = improve(problem, poor, Iterations(20))
    assert prove(problem, better).cost <= prove(problem, poor).cost
    assert improve(problem, poor, Iterations(20)) == better


def test_improving_goes_on_from_the_engines_routes_where_batteries_bind():
    """Vehicles of two types and none of the type with the largest battery: stops that nobody makes are no bar."""
    kinds = (replace(KIND, battery_wh=60.0), KIND, replace(KIND, battery_wh=200.0))
    fleet = [vehicle(battery_wh=60.0), vehicle(1, type=1)]
    docks = [plant(0, charger=Charger("swap", 30_000)), base(3)]
    pickups = [pickup(i, node, mass_kg=1.0) for i, node in enumerate((1, 2, 4, 5, 6))]
    problem = street([0, 2000, 5000, 8000, 10_000, 12_000, 14_000], fleet, docks, pickups, kinds)
    found = [list(row) for row in engine_search(problem, Iterations(500)).visits]
    assert ("pickup", 0) in found[0] + found[1]
    fewer = [[visit for visit in row if visit != ("pickup", 0)] for row in found]
    for start, drop in ((found, 0), (fewer, 1)):
        better = improve(problem, start, Iterations(30))
        plan = finish(problem, better)
        assert judge(problem, plan) == ()
        assert plan.cost == prove(problem, better).cost <= prove(problem, start).cost - drop


@pytest.mark.parametrize("seed", range(2, 14))
def test_random_problems(seed):
    """What it searches keeps a timetable; what others found in legal ways is proved, at their cost."""
    problem = roomy(random_problem(seed))
    times = timetable(problem, search(problem, Iterations(5)))
    assert times.legal
    found: list[list] = [[] for _ in problem.vehicles]
    for route in greedy(problem):
        found[route.vehicle] = visits_of(route)
    routes = timetable(problem, found)
    assert routes.legal
    served = {index for visits in found for kind_, index in visits if kind_ == "pickup"}
    cost = plan_cost(problem, routes.routes, set(range(len(problem.pickups))) - served)
    assert prove(problem, found).cost <= cost
