"""Large problems in parts: nobody and nothing is lost or in two of them, and routes are put back as they were."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.plan.budget import Iterations
from fleet.plan.cells import cut, recut
from fleet.plan.checks import faults
from fleet.plan.parts import Part, thinned
from fleet.plan.planner import solve
from fleet.plan.problem import Dock, Pickup, Problem, Vehicle, VehicleType
from fleet.plan.referee import judge
from fleet.plan.result import Manner
from fleet.plan.timetable import timetable
from fleet.plan.ways import Plane

from .problems import LATE_MS, greedy, home, random_problem

SEEDS = st.integers(0, 10_000)


def city(pickups: int, starts: int, per_start: int, seed: int = 0, types: int = 1) -> Problem:
    """Pickups all over a square of 10 km, and docks where vehicles start, as many at each."""
    draw = np.random.default_rng(seed)
    ways = Plane(*draw.uniform(0.0, 10_000.0, (2, starts + pickups)), ms_per_unit=100.0)
    kinds = tuple(VehicleType(f"t{n}", 1.0, 10.0, 50.0) for n in range(types))
    vehicles = [Vehicle(f"v{n}", n % types, n % starts, 0) for n in range(starts * per_start)]
    docks = [Dock(f"d{n}", n, frozenset({"paper"}), 60_000) for n in range(starts)]
    wishes = [Pickup(f"p{n}", starts + n, "paper", 1.0, 5.0, 0, LATE_MS, 30_000, 10**6) for n in range(pickups)]
    return Problem(kinds, tuple(vehicles), tuple(docks), tuple(wishes), (ways,) * types, LATE_MS)


def draw(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def shared_out(problem: Problem, parts: tuple[Part, ...]) -> bool:
    """Whether every pickup and every vehicle is in one part and no more."""
    pickups = sorted(p for part in parts for p in part.pickups)
    vehicles = sorted(v for part in parts for v in part.vehicles)
    return pickups == list(range(len(problem.pickups))) and vehicles == list(range(len(problem.vehicles)))


@pytest.mark.parametrize(
    "pickups, starts, per_start, most",
    [
        (200, 1, 8, 50),
        (200, 1, 1, 50),
        (200, 40, 1, 50),
        (200, 40, 3, 30),
        (30, 5, 2, 100),
        (7, 10, 1, 3),
        (1, 1, 1, 9),
    ],
)
@pytest.mark.parametrize("types", [1, 2])
def test_a_cut_shares_out_everything(pickups, starts, per_start, most, types):
    problem = city(pickups, starts, per_start, types=types)
    parts = cut(problem, most, draw())
    assert shared_out(problem, parts)
    if per_start * starts >= 2 * pickups / most:
        assert max(len(part.pickups) for part in parts) <= 2 * most
    assert all(part.vehicles for part in parts)


def test_one_start_is_cut_into_clusters_with_vehicles_by_their_size():
    problem = city(400, 1, 16)
    parts = cut(problem, 100, draw())
    assert len(parts) == 4
    assert all(3 <= len(part.vehicles) <= 5 for part in parts)
    assert max(len(part.pickups) for part in parts) <= 1.2 * 100 + 1


def test_vehicles_of_each_type_go_to_every_cluster():
    problem = city(300, 1, 12, types=2)
    for part in cut(problem, 100, draw()):
        assert {problem.vehicles[v].type for v in part.vehicles} == {0, 1}


def test_starts_that_are_near_each_other_stay_together():
    """Two towns, 100 km apart, each with several starts: no part has vehicles of one and pickups of the other."""
    near, far = city(60, 3, 2), city(60, 3, 2, seed=1)
    ways = Plane(
        np.concatenate([near.ways[0].x, far.ways[0].x + 100_000.0]),
        np.concatenate([near.ways[0].y, far.ways[0].y]),
        ms_per_unit=10.0,
    )
    shift = near.ways[0].size
    problem = replace(
        near,
        vehicles=(*near.vehicles, *(replace(v, node=v.node + shift) for v in far.vehicles)),
        docks=(*near.docks, *(replace(d, node=d.node + shift) for d in far.docks)),
        pickups=(*near.pickups, *(replace(p, node=p.node + shift) for p in far.pickups)),
        ways=(ways,),
    )
    parts = cut(problem, 70, draw())
    assert len(parts) == 2
    for part in parts:
        assert len({p < 60 for p in part.pickups} | {v < 6 for v in part.vehicles}) == 1


def test_the_same_draw_is_the_same_cut():
    problem = city(300, 3, 5)
    assert cut(problem, 60, draw(4)) == cut(problem, 60, draw(4))


# ---- parts


@given(SEEDS)
def test_a_part_is_a_legal_problem_and_its_plan_is_part_of_the_whole(seed):
    """A plan of each part alone, put back, is as the parts had it, and legal but for places that parts share."""
    problem = random_problem(seed)
    problem = replace(problem, docks=tuple(_unshared(dock) for dock in problem.docks))
    assert faults(problem) == []
    parts = _halves(problem, draw(seed))
    whole = [list(v.committed) for v in problem.vehicles]
    for part in parts:
        own = part.problem(problem)
        if own.vehicles and own.pickups:
            assert faults(own) == []
        plan = greedy(own)
        row = {r.vehicle: [(s.kind, s.index) for s in r.stops] for r in plan}
        visits = [row.get(v, []) for v in range(len(own.vehicles))]
        part.put_back(visits, whole)
        assert part.visits_in(whole) == visits
        assert timetable(own, visits).breaches == timetable(own, part.visits_in(whole)).breaches
    assert timetable(problem, whole).legal == all(
        timetable(part.problem(problem), part.visits_in(whole)).legal for part in parts
    )


def _unshared(dock: Dock) -> Dock:
    charger = dock.charger and replace(dock.charger, places=10**9)
    return replace(dock, pads=10**9, charger=charger)


def _halves(problem: Problem, rng: np.random.Generator) -> list[Part]:
    side = rng.integers(0, 2, len(problem.vehicles))
    bound = {i for v in problem.vehicles for kind, i in v.committed if kind == "pickup"}
    free = [p for p in range(len(problem.pickups)) if p not in bound]
    where = rng.integers(0, 2, len(free))
    return [
        Part.of(
            problem,
            [p for p, s in zip(free, where, strict=True) if s == half],
            [v for v, s in enumerate(side) if s == half],
        )
        for half in (0, 1)
    ]


@given(SEEDS)
def test_nodes_of_a_part_are_the_places_of_the_whole(seed):
    problem = random_problem(seed)
    part = Part.of(problem, [0], range(0, len(problem.vehicles), 2))
    own = part.problem(problem)
    assert [d.id for d in own.docks] == [d.id for d in problem.docks]
    pairs = [(p.node, problem.pickups[old].node) for p, old in zip(own.pickups, part.pickups, strict=True)]
    pairs += [(v.node, problem.vehicles[old].node) for v, old in zip(own.vehicles, part.vehicles, strict=True)]
    pairs += [(d.node, old.node) for d, old in zip(own.docks, problem.docks, strict=True)]
    here, there = (np.array(column, dtype=np.int64) for column in zip(*pairs, strict=True))
    for ways, old in zip(own.ways, problem.ways, strict=True):
        assert ways.size == len(set(here.tolist()))
        for found, expected in zip(ways.block(here, here), old.block(there, there), strict=True):
            assert np.array_equal(found, expected)


def test_types_that_share_their_ways_share_them_in_a_part():
    problem = city(5, 1, 2, types=2)
    own = Part.of(problem, [1, 2], [0, 1]).problem(problem)
    assert own.ways[0] is own.ways[1]


def test_what_a_vehicle_is_committed_to_is_in_its_part():
    problem = city(4, 1, 2)
    busy = replace(problem.vehicles[1], committed=(("pickup", 3), ("dock", 0)))
    problem = replace(problem, vehicles=(problem.vehicles[0], busy))
    part = Part.of(problem, [1], [1])
    assert part.pickups == (1, 3)
    assert part.problem(problem).vehicles[0].committed == (("pickup", 1), ("dock", 0))


def test_what_is_committed_far_from_its_vehicle_is_in_no_other_part():
    """It once was in the part of the pickups around it, too, and was fetched twice."""
    problem = city(60, 3, 2)
    ways, (first, second, *rest) = problem.ways[0], problem.vehicles
    every = np.array([pickup.node for pickup in problem.pickups])
    remote = [int(ways.block(np.array([v.node]), every).cost.argmax()) for v in (first, second)]
    busy = [replace(v, committed=(("pickup", p),)) for v, p in zip((first, second), remote, strict=True)]
    problem = replace(problem, vehicles=(*busy, *rest))
    for most in (20, 9):
        assert shared_out(problem, cut(problem, most, draw()))
    result = solve(problem, Iterations(100), manner=Manner(whole_pickups=10, cell_pickups=20))
    assert judge(problem, result.plan) == ()


def test_all_may_be_committed():
    problem = city(2, 2, 1)
    busy = [replace(v, committed=(("pickup", 1 - k),)) for k, v in enumerate(problem.vehicles)]
    problem = replace(problem, vehicles=tuple(busy))
    assert shared_out(problem, cut(problem, 1, draw()))


def test_without_vehicles_there_are_no_parts_and_all_is_left_out():
    problem = replace(city(30, 1, 1), vehicles=())
    assert cut(problem, 10, draw()) == ()
    plan = solve(problem, Iterations(10), manner=Manner(whole_pickups=10, cell_pickups=10)).plan
    assert judge(problem, plan) == ()
    assert len(plan.omitted) == 30


@pytest.mark.parametrize("seed", range(30))
def test_random_problems_in_cells_are_judged_right(seed):
    problem = random_problem(seed)
    plan = solve(problem, Iterations(60), manner=Manner(whole_pickups=1, cell_pickups=3)).plan
    assert judge(problem, plan) == ()


# ---- cutting again


def routes(problem: Problem, served: int, working: int) -> list[list]:
    """The first pickups on the routes of the first vehicles, in turn; the rest is absent, the others are idle."""
    visits: list[list] = [[] for _ in problem.vehicles]
    for number in range(served):
        visits[number % working].append(("pickup", number))
    return [[*row, ("dock", 0)] if row else [] for row in visits]


@pytest.mark.parametrize("served, working", [(120, 12), (100, 12), (120, 7), (40, 3), (1, 1)])
@pytest.mark.parametrize("starts", [1, 6])
def test_cutting_again_shares_out_the_idle_and_the_absent_too(served, working, starts):
    problem = city(120, starts, 12 // starts)
    visits = routes(problem, served, working)
    parts = recut(problem, visits, 40, draw())
    assert shared_out(problem, parts)
    for part in parts:
        inside = set(part.pickups)
        for v in part.vehicles:
            assert {i for kind, i in visits[v] if kind == "pickup"} <= inside, "routes stay whole"


def test_cutting_again_follows_the_draw():
    problem = city(200, 1, 20)
    visits = routes(problem, 200, 20)
    first, again, other = (recut(problem, visits, 60, draw(s)) for s in (1, 1, 2))
    assert first == again
    assert first != other


def test_where_nobody_has_a_route_there_is_nothing_to_cut_again():
    problem = city(20, 1, 2)
    assert recut(problem, [[], []], 10, draw()) == ()


@pytest.mark.parametrize("seed", range(20))
def test_what_is_put_back_after_cutting_again_is_what_was_there(seed):
    problem = random_problem(seed)
    rows = home(problem)
    visits = [[(s.kind, s.index) for s in route.stops] for route in rows]
    copy = [list(row) for row in visits]
    for part in recut(problem, visits, 3, draw(seed)):
        part.put_back(part.visits_in(visits), copy)
    assert copy == visits


def test_a_large_city_is_planned_in_cells_and_judged_right():
    problem = city(150, 4, 3)
    manner = Manner(whole_pickups=50, cell_pickups=40)
    result = solve(problem, Iterations(400), manner=manner)
    assert judge(problem, result.plan) == ()
    assert not result.plan.omitted
    assert solve(problem, Iterations(400), manner=manner) == result


def test_a_part_with_too_many_pickups_keeps_what_is_on_routes_and_what_is_dear_to_leave_out():
    problem = city(30, 1, 2)
    dear = tuple(replace(p, penalty=10**6 + n) for n, p in enumerate(problem.pickups))
    problem = replace(problem, pickups=dear)
    part = Part.of(problem, range(30), range(2))
    visits = [[("pickup", 3), ("pickup", 0), ("dock", 0)], []]
    assert thinned(part, problem, visits, 5) == Part((0, 3, 27, 28, 29), (0, 1))
    assert thinned(part, problem, visits, 1) == Part((0, 3), (0, 1))
    assert thinned(part, problem, visits, 30) is part
