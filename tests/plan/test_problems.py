"""The random problems that others test with: they repeat, they are small, and every feature binds at times."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from fleet.plan.insertion import Insertion
from fleet.plan.look import Wish
from fleet.plan.problem import Problem
from fleet.plan.timetable import Breach, plan_cost, schedule
from tools.towns.features import FEATURES

from .problems import greedy, home, random_problem


def cost(problem: Problem) -> int:
    routes = greedy(problem)
    served = {stop.index for route in routes for stop in route.stops if stop.kind == "pickup"}
    return plan_cost(problem, routes, (i for i in range(len(problem.pickups)) if i not in served))


@pytest.mark.parametrize("name", FEATURES)
def test_plans_change_when_a_feature_is_off(name):
    for seed in range(300):
        problem = random_problem(seed)
        without = FEATURES[name](problem)
        if without != problem and cost(without) != cost(problem):
            return
    pytest.fail(f"{name} makes no difference")


def test_places_of_chargers_are_waited_for():
    waits = 0
    for seed in range(400):
        for route in greedy(random_problem(seed)):
            for stop in route.stops:
                dock = random_problem(seed).docks[stop.index] if stop.kind == "dock" else None
                if dock is None or dock.charger is None or stop.charge_wh == 0:
                    continue
                busy = dock.unload_ms * stop.unload + dock.charger.fixed_ms
                busy += 0 if dock.charger.mode == "swap" else int(dock.charger.ms_per_wh * stop.charge_wh) + 1
                waits += stop.end_ms - stop.start_ms > busy
        if waits:
            return
    pytest.fail("nobody ever waits for a charger")


def test_every_rule_stops_some_route():
    seen: Counter[str] = Counter()
    for seed in range(150):
        problem = random_problem(seed)
        insertion = Insertion(problem, home(problem))
        for index in range(len(problem.pickups)):
            for count, trial in enumerate(insertion.trials(index, Wish(strict=False))):
                if count == 15:
                    break
                result = schedule(problem, trial.vehicle, trial.visits)
                seen[result.rule if isinstance(result, Breach) else "legal"] += 1
    rules = ["legal", "certificate", "mass", "volume", "apart", "trips", "accepts", "finish", "idle"]
    rules += ["battery", "window", "hours", "until"]
    assert set(rules) <= set(seen)


def test_problems_repeat_and_are_small():
    for seed in range(50):
        one, two = random_problem(seed), random_problem(seed)
        assert replace(one, ways=()) == replace(two, ways=())
        for a, b in zip(one.ways, two.ways, strict=True):
            assert all(np.array_equal(getattr(a, n), getattr(b, n)) for n in ("travel_ms", "cost", "effort_h"))
        assert 1 <= len(one.pickups) <= 12
        assert len(one.vehicles) <= 5
        assert 1 <= len(one.docks) <= 6
