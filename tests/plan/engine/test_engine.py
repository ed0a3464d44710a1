"""What the engine finds is legal, repeats, is the same without a compiler, and heeds all of the contract."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from fleet.plan.budget import Iterations, Seconds
from fleet.plan.engine.search import search
from fleet.plan.engine.tables import tables_of
from fleet.plan.problem import Charger, Dock, Plan, Problem
from fleet.plan.reasons import reasons_for
from fleet.plan.referee import judge
from fleet.plan.timetable import plan_cost, timetable
from fleet.plan.ways import UNREACHABLE_MS, Plane, Table
from tests.plan.engine.cases import EXPONENT_FREE, KINDS, full, simple, walk

ROUNDS = Iterations(3000)


def pickups(problem: Problem, **changes: object) -> Problem:
    return replace(problem, pickups=tuple(replace(p, **changes) for p in problem.pickups))


def types(problem: Problem, **changes: object) -> Problem:
    return replace(problem, types=tuple(replace(t, **changes) for t in problem.types))


def docks(problem: Problem, **changes: object) -> Problem:
    return replace(problem, docks=tuple(replace(d, **changes) for d in problem.docks))


def vehicles(problem: Problem, **changes: object) -> Problem:
    return replace(problem, vehicles=tuple(replace(v, **changes) for v in problem.vehicles))


def each_dock_takes_some(p: Problem) -> Problem:
    return replace(
        p,
        docks=tuple(
            replace(d, accepts=frozenset(k)) for d, k in zip(p.docks, (KINDS[:1], KINDS[1:]), strict=True)
        ),
    )


def released(p: Problem) -> Problem:
    return replace(p, pickups=tuple(replace(q, release_ms=8_000_000 * (k % 2)) for k, q in enumerate(p.pickups)))


def windows(p: Problem) -> Problem:
    early = [0, 2_000_000, 4_000_000]
    return replace(p, pickups=tuple(replace(q, earliest_ms=early[k % 3], latest_ms=early[k % 3] + 900_000)
                                    for k, q in enumerate(p.pickups)))  # fmt: skip


RULES = {
    "mass": lambda p: types(p, payload_kg=4.5),
    "volume": lambda p: types(p, volume_l=25.0),
    "windows": windows,
    "release": released,
    "certificates": lambda p: pickups(p, needs=frozenset(["acid"])),
    "acceptance": each_dock_takes_some,
    "apart": lambda p: replace(p, apart=frozenset([frozenset(KINDS[:2]), frozenset(KINDS[1:])])),
    "range": lambda p: docks(types(p, battery_wh=3.2, **EXPONENT_FREE), charger=Charger()),
    "load": lambda p: docks(types(p, battery_wh=7.0, power_coefficient=0.02), charger=Charger()),
    "trips": lambda p: types(p, most_trips=1, payload_kg=8.0),
    "ends": lambda p: vehicles(p, ends=(1,)),
    "until": lambda p: vehicles(p, until_ms=700_000),
    "ready": lambda p: vehicles(p, ready_ms=8_400_000),
    "lateness": lambda p: pickups(p, due_ms=300_000, late_cost_per_s=1),
    "fixed cost": lambda p: types(p, fixed_cost=50_000),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_binds_changes_the_plan_and_is_kept(rule: str) -> None:
    free = search(simple(), ROUNDS, 1)
    problem = RULES[rule](simple())
    bound = search(problem, ROUNDS, 1)
    assert walk(simple(), free.visits) == (free.cost, [])
    assert walk(problem, bound.visits) == (bound.cost, [])
    assert bound.cost > free.cost


def hurried(p: Problem, **changes: object) -> Problem:
    """Time for one long unloading, or one long charging, or little more."""
    return vehicles(
        docks(types(p, battery_wh=3.3, **EXPONENT_FREE), charger=Charger(), **changes), until_ms=2_000_000
    )


SLOW = Charger("full", 0, 600_000.0)
SERVICE = {
    "hours": (simple(), docks(simple(), hours=((0, 500_000), (600_000, 700_000)))),
    "pads": (hurried(simple(), unload_ms=1_200_000), hurried(simple(), unload_ms=1_200_000, pads=1)),
    "charging": (hurried(simple()), docks(hurried(simple()), charger=SLOW)),
    "part": (
        docks(hurried(simple()), charger=replace(SLOW, mode="partial")),
        docks(hurried(simple()), charger=SLOW),
    ),
}


@pytest.mark.parametrize("rule", SERVICE)
def test_what_docks_can_do_binds_and_is_kept(rule: str) -> None:
    without, problem = SERVICE[rule]
    free, bound = search(without, ROUNDS, 1), search(problem, ROUNDS, 1)
    assert timetable(without, free.visits).legal
    assert timetable(problem, bound.visits).legal
    assert bound.cost > free.cost


@pytest.mark.parametrize("seed", range(6))
def test_all_of_the_contract_at_once_is_legal(seed: int) -> None:
    problem = full(seed=seed)
    found = search(problem, Iterations(150), seed)
    times = timetable(problem, found.visits)
    routes = tuple(route for route in times.routes if route is not None and route.stops)
    assert times.legal
    served = {stop.index for route in routes for stop in route.stops if stop.kind == "pickup"}
    out = [i for i in range(len(problem.pickups)) if i not in served]
    plan = Plan(routes, reasons_for(problem, routes, out, relax=False), plan_cost(problem, routes, out))
    assert judge(problem, plan) == ()


def test_the_same_seed_gives_the_same_plan_and_another_seed_may_not() -> None:
    once, again = search(full(), Iterations(60), 3), search(full(), Iterations(60), 3)
    assert once == again
    assert once.iterations == 60


def plainly(code: str) -> str:
    """What code that uses the engine prints where nothing is compiled."""
    names = (
        "from dataclasses import replace\n"
        "from tests.plan.engine.cases import full, simple, walk\n"
        "from fleet.plan.budget import Iterations\n"
        "from fleet.plan.engine.search import search\n"
    )
    env = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    command = [sys.executable, "-W", "error", "-c", names + code]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


DEAR = """
base, cents = simple(8), 10**8
dear = replace(
    base,
    types=tuple(replace(t, fixed_cost=t.fixed_cost * cents) for t in base.types),
    pickups=tuple(replace(p, penalty=p.penalty * cents) for p in base.pickups),
    ways=tuple(replace(w, cost_per_unit=cents) for w in base.ways),
)
found = search(dear, Iterations(60), 5)
print(walk(dear, found.visits) == (found.cost, []), found.cost / search(base, Iterations(60), 5).cost / cents)
"""


def test_costs_may_be_as_large_as_sums_in_64_bits_allow() -> None:
    legal, ratio = plainly(DEAR).split()
    assert legal == "True"
    assert float(ratio) == pytest.approx(1.0, rel=0.2)


def test_without_a_compiler_the_results_are_the_same() -> None:
    plain = plainly("for problem in (simple(8), full(9, 2)):\n    print(search(problem, Iterations(40), 5))\n")
    compiled = [str(search(problem, Iterations(40), 5)) for problem in (simple(8), full(9, 2))]
    assert plain.splitlines() == compiled


def test_what_is_committed_stays_first_and_in_order() -> None:
    problem = full()
    found = search(problem, ROUNDS, 0)
    assert found.visits[0][:3] == problem.vehicles[0].committed
    assert found.visits[0][-1][0] == "dock"


def test_a_vehicle_whose_committed_visits_are_too_late_takes_nothing_more() -> None:
    base = simple()
    late = replace(base.vehicles[0], ready_ms=8_990_000, committed=(("pickup", 3),))
    found = search(replace(base, vehicles=(late, *base.vehicles[1:])), ROUNDS, 0)
    assert [visit for visit in found.visits[0] if visit[0] == "pickup"] == [("pickup", 3)]


def test_a_start_is_never_made_worse_and_is_kept_without_a_budget() -> None:
    found = search(simple(), ROUNDS, 1)
    kept = search(simple(), Iterations(0), 2, start=found.visits)
    assert kept.visits == found.visits
    assert kept.cost == found.cost


def test_a_start_that_is_not_legal_is_mended() -> None:
    base = simple()
    start = [(*(("pickup", k) for k in range(12)), ("dock", 0)), (), (), ()]
    found = search(base, Iterations(20), 0, start=start)
    assert walk(base, found.visits) == (found.cost, [])


def test_what_cannot_be_served_is_left_out_and_paid_for() -> None:
    problem = pickups(simple(), mass_kg=99.0)
    assert search(problem, Iterations(20)).cost == sum(p.penalty for p in problem.pickups)
    assert search(replace(simple(), docks=()), Iterations(20)).visits == ((), (), (), ())


def test_one_pickup_and_one_dock_are_a_problem_too() -> None:
    base = simple(1)
    found = search(replace(base, docks=(Dock("d", 1, frozenset(KINDS)),)), Iterations(20))
    assert found.visits.count(()) == 3
    assert (("pickup", 0), ("dock", 0)) in found.visits


def test_seconds_stop_by_their_clock() -> None:
    ticks = iter(range(1000))
    found = search(simple(), Seconds(5.0, lambda: float(next(ticks))), 0)
    assert 0 < found.iterations <= 5 * 200


def closed(ways: Plane, legs: list[tuple[int, int]]) -> Table:
    """The same ways without some legs."""
    nodes = np.arange(ways.size)
    table = Table(*(np.array(part) for part in ways.block(nodes, nodes)))
    for i, j in legs:
        table.travel_ms[i, j], table.cost[i, j], table.effort_h[i, j] = UNREACHABLE_MS, 10**12, np.inf
    return table


def test_a_leg_that_cannot_be_flown_is_in_no_route_and_its_cost_is_no_matter() -> None:
    base = docks(types(simple(), battery_wh=9.0, mass_exponent=0.0, power_coefficient=0.0), charger=Charger())
    free = search(base, ROUNDS, 1)
    at = {"pickup": [p.node for p in base.pickups], "dock": [d.node for d in base.docks]}
    legs = [(at[a][i], at[b][j]) for route in free.visits for (a, i), (b, j) in pairwise(route)]
    problem = replace(base, ways=(closed(base.ways[0], legs),) * 2)
    tables = tables_of(problem)
    assert (tables.legs.dtype, tables.energy.dtype) == (np.int32, np.int32)
    found = search(problem, ROUNDS, 1)
    assert walk(problem, found.visits) == (found.cost, [])
    flown = [(at[a][i], at[b][j]) for route in found.visits for (a, i), (b, j) in pairwise(route)]
    assert len(flown) > 10
    assert set(flown).isdisjoint(legs)
