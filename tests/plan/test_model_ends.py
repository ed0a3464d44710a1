"""The OR-Tools model ends: in time by whatever clock, in work where there is no end of it, and in memory."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from fleet.plan import model, model_solver, model_stop, planner, strategy
from fleet.plan.budget import Iterations, Seconds
from fleet.plan.finish import filled, finish
from fleet.plan.model import improve, prove, search, solve_cell
from fleet.plan.model_stop import GUIDED_ITERATIONS, Tries, most_failures
from fleet.plan.planner import solve
from fleet.plan.problem import Problem
from fleet.plan.referee import judge
from fleet.plan.result import Manner
from fleet.plan.rounds import Share, in_cells
from fleet.plan.solver import Routes

from .problems import pickup, plant, random_problem, street, vehicle
from .test_rounds import Clock, town


def row(pickups: int, vehicles: int = 4, **changes) -> Problem:
    """Pickups along a street, dearer to leave out the farther they are."""
    goods = [pickup(i, 1 + i, mass_kg=1.0, volume_l=1.0, penalty=10**6 + i, **changes) for i in range(pickups)]
    metres = [0, *(500 + 97 * i * (i % 7) % 4000 for i in range(pickups))]
    return street(metres, [vehicle(i) for i in range(vehicles)], [plant(0)], goods)


def served(visits) -> set[int]:
    return {i for route in visits for kind, i in route if kind == "pickup"}


def ticking(step_s: float = 1.0):
    """A clock that has moved on whenever somebody looks."""
    looks = iter(range(10**6))
    return lambda: step_s * next(looks)


@pytest.fixture
def held(monkeypatch) -> Iterator[list[weakref.ref]]:
    """Whatever OR-Tools model is made while nothing is collected that reference counts do not free."""
    made: list[weakref.ref] = []
    original = model_solver.pywrapcp.RoutingModel

    def make(*arguments: Any) -> Any:
        routing = original(*arguments)
        made.append(weakref.ref(routing))
        return routing

    monkeypatch.setattr(model_solver.pywrapcp, "RoutingModel", make)
    gc.disable()
    try:
        yield made
    finally:
        gc.enable()


@pytest.mark.parametrize(
    "work",
    [
        lambda problem: search(problem, Iterations(5)),
        lambda problem: search(problem, Tries(Iterations(10_000), GUIDED_ITERATIONS), guided=True),
        lambda problem: search(problem, Seconds(0.05), guided=True),
        lambda problem: improve(problem, filled(problem, [[] for _ in problem.vehicles], 8), Iterations(5)),
        lambda problem: prove(problem, filled(problem, [[] for _ in problem.vehicles], 8)),
        lambda problem: solve_cell(problem, Iterations(10_000)),
    ],
)
def test_models_are_freed_as_soon_as_they_have_answered(held, work):
    problem = row(12)
    found = work(problem)
    assert found
    assert held
    assert [ref for ref in held if ref() is not None] == []


def test_a_model_is_freed_where_its_block_ends_though_somebody_holds_it(held):
    problem = row(6)
    with model_solver.Model(model._search_layout(problem, tuple(range(6)))) as one:
        assert one.search(Iterations(3))
        assert held[0]() is not None
    assert held[0]() is None


@pytest.mark.parametrize("guided", [False, True])
def test_a_search_ends_on_its_way_down_when_the_clock_says_so(guided):
    problem = row(30, vehicles=1)
    layout = model._search_layout(problem, tuple(range(30)))
    with model_solver.Model(layout, prefixed=True) as one:
        short = one.search(Seconds(60.0, ticking(20.0)), guided=guided)
    with model_solver.Model(layout, prefixed=True) as one:
        long = one.search(Iterations(20), guided=guided)
    assert 1 <= len(short) <= 3 < len(long)


def test_the_solution_at_which_the_work_is_done_is_kept():
    problem = row(10)
    assert served(search(problem, Iterations(1), guided=True)) == set(range(10))


def test_a_cell_stops_when_the_clock_says_so_and_is_a_legal_plan():
    problem = row(30)
    clock = ticking()
    found = solve_cell(problem, Seconds(12.0, clock))
    assert clock() <= 60.0
    assert prove(problem, found.visits).accepted
    assert served(found.visits)


def test_a_cell_that_is_not_reached_keeps_its_plan_and_builds_no_model(held, monkeypatch):
    problem = row(10)
    start = filled(problem, [[] for _ in problem.vehicles], 5)
    late = Seconds(1.0, ticking(2.0))
    monkeypatch.setattr(model, "timetable", None)
    assert solve_cell(problem, late, start=start) == Routes(
        tuple(map(tuple, start)), 0, prove_cost := model._reckoned(problem, start, served(start))
    )
    assert prove_cost > 0
    assert solve_cell(problem, Seconds(0.0)).visits == ((),) * 4
    assert improve(problem, start, late) == start
    assert held == []


def test_proofs_end_with_the_seconds_but_for_that_of_the_best():
    finds = [[[("pickup", i)]] for i in range(5)]
    assert list(model._in_time(finds, Seconds(1.0, ticking(2.0)))) == finds[:1]
    assert list(model._in_time(finds, Tries(Iterations(0), 10))) == finds


def test_a_first_solution_that_has_no_end_is_given_up_by_work(monkeypatch):
    """Here there is none, which shows after 6,700 dead ends."""
    problem = random_problem(10)
    monkeypatch.setattr(model_stop, "_LEAST_FAILURES", 500)
    with model_solver.Model(model._search_layout(problem, tuple(range(7))), prefixed=True) as one:
        assert one.search(Iterations(1), guided=True) == []
        assert 500 <= one.routing.solver().Failures() < 1000


def test_where_there_is_no_solution_nobody_else_is_asked():
    """CP-SAT would go on for as long as it likes."""
    assert model_solver._parameters(Iterations(1)).fallback_to_cp_sat_size_threshold == 0


def test_dead_ends_are_bounded_by_the_budget_of_work():
    assert most_failures(Seconds(1.0)) is None
    assert most_failures(Tries(Seconds(1.0), 100)) is None
    assert most_failures(Iterations(0)) == 20_000
    assert most_failures(Tries(Iterations(5000), 100)) == 50_000


def test_a_crowded_cell_is_planned_with_as_many_pickups_as_the_model_takes(monkeypatch):
    sizes = []
    original = model.Model

    def made(layout, **options):
        sizes.append(len(layout.pickups))
        return original(layout, **options)

    monkeypatch.setattr(model, "Model", made)
    monkeypatch.setattr(model, "MODEL_PICKUPS", 12)
    problem = row(30, vehicles=1)
    problem = replace(problem, types=(replace(problem.types[0], most_trips=3),), end_ms=1_500_000)
    found = solve_cell(problem, Iterations(20_000))
    assert 0 < len(served(found.visits)) < 12
    assert sizes
    assert max(sizes) == 12


def test_what_begins_legal_is_not_searched_from_nothing(monkeypatch):
    problem = row(10)
    start = filled(problem, [[] for _ in problem.vehicles], 10)
    monkeypatch.setattr(model, "_searched", None)
    found = solve_cell(problem, Iterations(15_000), start=start)
    assert found.cost <= model._reckoned(problem, start, served(start))


def test_nothing_more_is_filled_in_once_it_is_over():
    problem = row(10)
    assert filled(problem, [[] for _ in problem.vehicles], 10, lambda: True) == [[] for _ in problem.vehicles]


def test_rounds_behind_the_budget_are_left_out():
    clock, told, calls = Clock(), [], []

    def slow(problem, budget, seed=0, start=None, on_progress=None):
        calls.append(budget.share(0))
        clock.now_s += 3.0
        return Routes(tuple(map(tuple, start)), 1, 0)

    share = Share(Seconds(10.0, clock), 1, None, 15, slow, sketches=False, border_rounds=1)
    in_cells(town(), share, 1, None, told.append)
    assert len(told) == 1
    assert calls[0] == 0.0
    assert calls[-1] == 1.0


def test_a_budget_of_no_time_is_a_legal_plan():
    problem = row(40)
    result = solve(problem, Seconds(0.0), manner=Manner(25, 20, engine="ortools"))
    assert judge(problem, result.plan) == ()


LEFT_OUT_40_S = 40 * planner.IN_HASTE_S


@pytest.mark.parametrize("engine, sketches, rounds", [("compiled", True, 3), ("ortools", False, 1)])
def test_how_cells_are_searched_is_told_by_who_searches_and_finishing_ends_soon(
    monkeypatch, engine, sketches, rounds
):
    told: dict[str, Any] = {}

    def cells(problem, share, *_):
        told["share"] = share
        return [[] for _ in problem.vehicles], 0

    def finished(*arguments, **options):
        told["is_over"] = options["is_over"]
        return finish(*arguments, **options)

    monkeypatch.setattr(strategy, "in_cells", cells)
    monkeypatch.setattr(planner, "finish", finished)
    clock = Clock()
    solve(row(40), Seconds(10.0, clock), manner=Manner(25, 20, engine=engine))
    assert (told["share"].sketches, told["share"].border_rounds) == (sketches, rounds)
    clock.now_s = 11.49 - LEFT_OUT_40_S
    assert not told["is_over"]()
    clock.now_s = 11.51 - LEFT_OUT_40_S
    assert told["is_over"]()
