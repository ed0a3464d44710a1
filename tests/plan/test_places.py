"""A plan changes when a charger has fewer places than vehicles that want to charge at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.plan.budget import Iterations
from fleet.plan.engine.search import search
from fleet.plan.finish import finish
from fleet.plan.problem import Charger, Problem, Route
from fleet.plan.referee import judge
from fleet.plan.timetable import schedule

from .problems import pickup, plant, street, vehicle

HOME, AWAY = 0, 1
TWICE = [("pickup", 0), ("dock", 0), ("pickup", 1), ("dock", 0)]


def with_places(places: int) -> Problem:
    """Two vehicles, four pickups that each take a battery, and time for two of them if nobody waits."""
    charger = Charger("swap", 600_000, places=places)
    pickups = [pickup(index, AWAY) for index in range(4)]
    problem = street([0, 9_000], [vehicle(), vehicle(1)], [plant(HOME, charger=charger)], pickups)
    alone = schedule(problem, 0, TWICE)
    assert isinstance(alone, Route)
    return replace(problem, end_ms=alone.stops[-1].start_ms + problem.docks[0].unload_ms)


@pytest.mark.parametrize(("places", "served"), [(2, 4), (1, 3)])
def test_who_must_wait_for_a_charger_leaves_a_pickup_out(places: int, served: int) -> None:
    problem = with_places(places)
    found = search(problem, Iterations(300), 1)
    assert sum(kind == "pickup" for row in found.visits for kind, _ in row) == served
    plan = finish(problem, found.visits)
    assert judge(problem, plan) == ()
    assert len(plan.omitted) == 4 - served
    assert [omission.code for omission in plan.omitted] == ["fleet-busy"] * (4 - served)


def test_a_plan_for_two_places_is_mended_for_one() -> None:
    roomy, narrow = with_places(2), with_places(1)
    plan = finish(narrow, search(roomy, Iterations(300), 1).visits)
    assert judge(narrow, plan) == ()
    assert len(plan.omitted) == 1
