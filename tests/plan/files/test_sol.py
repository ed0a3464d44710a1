"""Solutions of the field: what we write we read, and what is no solution is refused at its line."""

from __future__ import annotations

import pytest

from fleet.base.errors import InputError, UsageError
from fleet.plan.files.opening import read_plan, read_problem
from fleet.plan.files.sol import sol_text

from .samples import MULTI_TRIP, VRP, rich, rich_plan


@pytest.fixture
def given_problem(tmp_path):
    def reading(text, convention=None):
        path = tmp_path / "case.vrp"
        path.write_text(text)
        return read_problem(path, convention)

    return reading


@pytest.fixture
def solved(tmp_path):
    def reading(text, loaded):
        path = tmp_path / "case.sol"
        path.write_text(text)
        return read_plan(path, loaded)

    return reading


def test_a_route_goes_out_and_home(given_problem, solved):
    loaded = given_problem(VRP)
    read = solved("Route #1: 1 2\nRoute #2: 3 4\nCost 34\n", loaded)
    assert read.plan.cost == (5 + 5 + 10) + (5 + 4 + 1)
    assert read.stated_cost == 34
    first = read.plan.routes[0].stops
    assert [(stop.kind, stop.index, stop.arrive_ms) for stop in first] == [
        ("pickup", 0, 5), ("pickup", 1, 10), ("dock", 0, 20),
    ]  # fmt: skip
    assert first[-1].unload


def test_what_is_written_is_read_again(given_problem, solved):
    for text, sol in ((VRP, "Route #1: 1 2\nRoute #2: 3 4\n"), (MULTI_TRIP, "Route #1: 1 0 3\nRoute #2: 2\n")):
        loaded = given_problem(text)
        first = solved(sol, loaded).plan
        written = sol_text(loaded, first)
        assert written.startswith(sol)
        again = solved(written, loaded)
        assert again.plan == first
        assert again.stated_cost == float(written.split()[-1])


def test_the_cost_line_has_the_decimals_of_the_convention(given_problem, solved):
    for convention, cost in (("integer", "2"), ("dimacs", "2.8"), ("exact", "2.828")):
        loaded = given_problem(VRP, convention)
        assert sol_text(loaded, solved("Route #1: 4", loaded).plan).splitlines()[-1] == f"Cost {cost}"


def test_a_trip_sets_out_when_the_last_of_its_pickups_is_released(given_problem, solved):
    loaded = given_problem(MULTI_TRIP)
    one, home, three, _ = solved("Route #1: 1 0 3\n", loaded).plan.routes[0].stops
    assert (one.arrive_ms, one.start_ms, one.end_ms) == (120, 120, 140)
    assert (home.arrive_ms, home.end_ms) == (190, 500), "customer 3 is released at 50"
    assert three.arrive_ms == 550


def test_a_return_with_nothing_on_board_is_none(given_problem, solved):
    loaded = given_problem(MULTI_TRIP)
    assert solved("Route #1: 0 1 0 0 3 0\n", loaded).plan == solved("Route #1: 1 0 3\n", loaded).plan
    assert solved("Route #1: 0\nRoute #2:\nCost 0\n", loaded).plan.routes == ()


def test_who_is_left_out_costs_the_penalty(given_problem, solved):
    loaded = given_problem(VRP)
    plan = solved("Route #1: 1 2\nRoute #2: 3\n", loaded).plan
    assert [omission.pickup for omission in plan.omitted] == [3]
    assert plan.cost == 30 + loaded.problem.pickups[3].penalty
    assert sol_text(loaded, plan).splitlines()[-1] == "Cost 30"


@pytest.mark.parametrize(
    "text, said, line, column",
    [
        ("Route #1: 1 2\nRoute #2: 3 9\n", "a customer from 1 to 4, or 0, found '9'", 2, 13),
        ("Route #1: 1 x\n", "found 'x'", 1, 13),
        ("Route #1: 1\nCost much\n", "Cost: expected a number, found 'much'", 2, 6),
        ("Route #1: 1\nRoute #2: 2\nRoute #3: 3\nRoute #4: 4\nRoute #5: 4\n", "at most 4 routes", 1, 1),
        ("Route #1: 1\nRute #2: 2\n", "a line such as `Route #1: 5 3 7`", 2, 1),
        ("1 2 3\n", "a line such as `Route #1: 5 3 7`", 1, 1),
        ("hello\n", "lines such as `Route #1: 5 3 7`", 1, 1),
    ],
)
def test_what_is_no_solution(given_problem, solved, text, said, line, column):
    with pytest.raises(InputError) as caught:
        solved(text, given_problem(VRP))
    assert said in str(caught.value)
    assert (caught.value.faults[0].line, caught.value.faults[0].column) == (line, column)


def test_a_problem_that_routes_cannot_tell(solved):
    with pytest.raises(UsageError, match="are for problems with one dock"):
        sol_text(rich(), rich_plan())
    with pytest.raises(UsageError, match="are for problems with one dock"):
        solved("Route #1: 1\n", rich())
