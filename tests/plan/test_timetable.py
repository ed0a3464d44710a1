"""Times by hand for each thing that makes a vehicle wait, charge or stop; and routes that the referee allows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.plan.calendar import Calendar
from fleet.plan.problem import NEVER_MS, Charger, Omission, Plan, Problem, Route, Stop
from fleet.plan.referee import judge
from fleet.plan.timetable import Breach, Charging, plan_cost, route_cost, schedule, timetable, visits_of

from .problems import KIND, barred, base, greedy, home, pickup, plant, random_problem, street, vehicle

STREET = [0, 1000, 2000]
TRIP = [("pickup", 0), ("dock", 1)]


def one(changes: dict | None = None, plant_changes: dict | None = None, **of_pickup) -> Problem:
    """One vehicle, a base at 0 m, a pickup of 3 kg at 1000 m and a plant at 2000 m."""
    return street(
        STREET,
        [vehicle(**(changes or {}))],
        [base(0), plant(2, **(plant_changes or {}))],
        [pickup(0, 1, **of_pickup)],
    )


def times(problem: Problem, visits=TRIP, **more) -> list[tuple[int, int, int]]:
    route = schedule(problem, 0, visits, **more)
    assert isinstance(route, Route), route
    return [(stop.arrive_ms, stop.start_ms, stop.end_ms) for stop in route.stops]


def breach(problem: Problem, visits=TRIP, **more) -> tuple:
    found = schedule(problem, 0, visits, **more)
    assert isinstance(found, Breach), found
    return found.position, found.rule, found.need, found.limit


def test_a_trip():
    assert times(one()) == [(100_000, 100_000, 110_000), (210_000, 210_000, 230_000)]
    assert schedule(one(), 0, TRIP).battery_wh == pytest.approx(91.0)
    assert schedule(one(), 0, []) == Route(0, (), 100.0)


def test_it_waits_for_windows_hours_and_releases():
    assert times(one(earliest_ms=150_000))[0] == (100_000, 150_000, 160_000)
    assert times(one(plant_changes={"hours": ((0, 229_999), (300_000, 400_000))}))[1] == (
        210_000,
        300_000,
        320_000,
    )
    assert times(one({"ready_ms": 7}, release_ms=5_000))[0][0] == 105_000
    assert times(one({"ready_ms": 5_001}, release_ms=5_000))[0][0] == 105_001
    two = replace(one(), pickups=(pickup(0, 1), pickup(1, 1, release_ms=500_000)))
    twice = times(two, [*TRIP, ("pickup", 1), ("dock", 1)])
    assert twice[1:3] == [(210_000, 210_000, 500_000), (600_000, 600_000, 610_000)]


def test_pads_go_to_who_comes_first():
    problem = street(
        STREET, [vehicle(ready_ms=3_000), vehicle(1)], [base(0), plant(2, pads=1)], [pickup(0, 1), pickup(1, 1)]
    )
    routes = timetable(problem, [[("pickup", 0), ("dock", 1)], [("pickup", 1), ("dock", 1)]]).routes
    assert [route.stops[1].start_ms for route in routes] == [230_000, 210_000]
    tie = replace(problem, vehicles=(vehicle(), vehicle(1)))
    routes = timetable(tie, [[("pickup", 0), ("dock", 1)], [("pickup", 1), ("dock", 1)]]).routes
    assert [route.stops[1].start_ms for route in routes] == [210_000, 230_000]


def test_a_calendar_keeps_what_others_have():
    problem = replace(one(plant_changes={"pads": 1}), vehicles=(vehicle(), vehicle(1)))
    other = Route(1, (Stop("dock", 1, 0, 215_000, 235_000, unload=True),))
    calendar = Calendar.of(problem, [other])
    assert times(problem, calendar=calendar)[1] == (210_000, 235_000, 255_000)
    assert times(problem, calendar=calendar)[1] == (210_000, 235_000, 255_000)  # and is not written in
    before = Route(1, (Stop("dock", 1, 0, 230_000, 250_000, unload=True),))
    assert times(problem, calendar=Calendar.of(problem, [before]))[1] == (210_000, 210_000, 230_000)


# Out to 10 km and back draws 10 and 80 Wh.
FAR = [0, 10_000, 20_000]


def far(charger: Charger | None, battery_wh: float = 100.0, **more) -> Problem:
    return street(
        FAR,
        [vehicle(battery_wh=battery_wh, **more)],
        [plant(0, charger=charger), plant(0)],
        [pickup(0, 1), pickup(1, 1)],
    )


TWICE = [("pickup", 0), ("dock", 0), ("pickup", 1), ("dock", 0)]


def test_it_charges_where_the_battery_would_not_last():
    swap = schedule(far(Charger("swap", 30_000)), 0, TWICE, charging=Charging(top_up_below=0.0))
    assert [stop.charge_wh for stop in swap.stops] == pytest.approx([0, 90, 0, 0])
    assert swap.stops[1].end_ms - swap.stops[1].start_ms == 50_000
    full = schedule(far(Charger("full", 1_000, 100.0)), 0, TWICE)
    assert full.stops[1].end_ms - full.stops[1].start_ms == 20_000 + 1_000 + 9_000
    assert full.stops[3].charge_wh == pytest.approx(90)  # and at the end, as there is time
    part = schedule(far(Charger("partial", 1_000, 100.0), 100.0), 0, TWICE)
    assert [stop.charge_wh for stop in part.stops] == pytest.approx([0, 90, 0, 0])
    spare = far(Charger("partial"), 100.0)
    spare = replace(spare, pickups=(spare.pickups[0], pickup(1, 1, mass_kg=1.0)))
    needs = 10 + 2.0**1.5 * 10
    route = schedule(spare, 0, TWICE)
    assert route.stops[1].charge_wh == pytest.approx(needs)
    assert route.battery_wh == pytest.approx(10.0)
    assert schedule(spare, 0, TWICE, charging=Charging(margin=0.1)).battery_wh == pytest.approx(20.0)
    assert breach(far(None), TWICE) == (2, "battery", pytest.approx(90.0), pytest.approx(0.0))


def test_a_partial_charger_that_is_not_needed_gives_nothing():
    near = street(STREET, [vehicle()], [base(0, charger=Charger("partial")), plant(2)], [pickup(0, 1)])
    drained = replace(near, vehicles=(vehicle(battery_wh=50.0),))
    assert breach(drained, [("dock", 0), *TRIP]) == (0, "idle", 1, 0)


def test_no_charge_where_none_is_needed():
    near = street(STREET, [vehicle()], [plant(0, charger=Charger("swap", 5))], [pickup(0, 1), pickup(1, 1)])
    route = schedule(near, 0, [("pickup", 0), ("dock", 0), ("pickup", 1), ("dock", 0)])
    assert [stop.charge_wh for stop in route.stops] == [0, 0, 0, 0]
    endless = replace(near, types=(replace(KIND, battery_wh=float("inf")),))
    assert schedule(endless, 0, [("pickup", 0), ("dock", 0)]).battery_wh == float("inf")


def test_topping_up_comes_last_and_only_in_time():
    charger = Charger("swap", 30_000, places=1)
    problem = street(
        FAR,
        [vehicle(), vehicle(1, ready_ms=5_000)],
        [plant(0, charger=charger)],
        [pickup(0, 1), pickup(1, 1), pickup(2, 1)],
    )
    first, second = timetable(
        problem, [[("pickup", 0), ("dock", 0)], [("pickup", 1), ("dock", 0), ("pickup", 2), ("dock", 0)]]
    ).routes
    begins = second.stops[1].end_ms - 30_000
    assert begins == second.stops[1].start_ms + 20_000  # who needs it is not kept waiting
    assert first.stops[1].end_ms >= second.stops[1].end_ms + 30_000
    late = replace(problem, end_ms=first.stops[1].end_ms - 1)
    assert timetable(late, [[("pickup", 0), ("dock", 0)], []]).routes[0].stops[1].charge_wh > 0
    done = times(replace(far(charger), end_ms=2_059_999), [("pickup", 0), ("dock", 0)])
    assert done[1][2] == 2_030_000


def test_a_charger_on_the_way_is_for_charging():
    problem = street([0, 10_000, 21_000, 9_000], [vehicle()], [base(3), plant(2)], [pickup(0, 1)])
    route = schedule(problem, 0, [("dock", 0), *TRIP])
    assert route.stops[0].charge_wh == pytest.approx(9.0)
    assert breach(problem) == (1, "battery", pytest.approx(88.0), pytest.approx(80.0))
    assert breach(problem, [("dock", 0), ("dock", 0), *TRIP]) == (1, "idle", 1, 0)


BREACHES = [
    ("certificate", one(needs=frozenset({"x"})), TRIP, (0, "certificate", 1, 0)),
    ("mass", one(mass_kg=3.5), TRIP, (0, "mass", 3.5, 3.0)),
    ("volume", one(volume_l=11.0), TRIP, (0, "volume", 11.0, 10.0)),
    (
        "apart",
        replace(
            one(mass_kg=1.0),
            pickups=(pickup(0, 1, mass_kg=1.0), pickup(1, 1, mass_kg=1.0, material="glass")),
            apart=frozenset({frozenset({"paper", "glass"})}),
        ),
        [("pickup", 0), ("pickup", 1), ("dock", 1)],
        (1, "apart", 1, 0),
    ),
    ("trips", replace(one(), types=(replace(KIND, most_trips=0),)), TRIP, (0, "trips", 1, 0)),
    ("idle", one(), [("pickup", 0), ("dock", 1), ("dock", 1), ("dock", 0)], (2, "idle", 1, 0)),
    (
        "not taken",
        street(STREET, [vehicle()], [plant(0, "glass"), plant(2)], [pickup(0, 1)]),
        [("pickup", 0), ("dock", 0), ("dock", 1)],
        (1, "accepts", 1, 0),
    ),
    ("finish", one(), [("pickup", 0)], (1, "finish", 1, 0)),
    ("loaded", one(), [("pickup", 0), ("dock", 0)], (2, "finish", 1, 0)),
    ("ends", one({"ends": (0,)}), TRIP, (2, "ends", 1, 0)),
    ("path", barred(one(), (1, 2)), TRIP, (1, "path", 1, 0)),
    ("battery", one({"battery_wh": 18.9}), TRIP, (1, "battery", pytest.approx(8.0), pytest.approx(7.9))),
    ("window", one(latest_ms=109_999), TRIP, (0, "window", 110_000, 109_999)),
    ("hours", one(plant_changes={"hours": ((0, 229_999),)}), TRIP, (1, "hours", 210_000, 209_999)),
    ("too short", one(plant_changes={"hours": ((0, 19_999),)}), TRIP, (1, "hours", 20_000, 19_999)),
    ("until", one({"until_ms": 229_999}), TRIP, (2, "until", 230_000, 229_999)),
    ("end", replace(one(), end_ms=229_999), TRIP, (2, "until", 230_000, 229_999)),
    ("committed", one({"committed": (("dock", 0),)}), TRIP, (2, "committed", 1, 2)),
]


@pytest.mark.parametrize("name, problem, visits, expected", BREACHES, ids=[b[0] for b in BREACHES])
def test_the_first_breach(name, problem, visits, expected):
    assert breach(problem, visits) == expected


def test_committed_visits_are_kept_whatever_they_break():
    problem = one({"committed": (("pickup", 0),)}, latest_ms=5, mass_kg=4.0)
    table = timetable(problem, [TRIP])
    assert table.breaches == (Breach(0, "mass", 4.0, 3.0),)
    assert visits_of(table.routes[0]) == TRIP
    assert not table.legal
    assert isinstance(schedule(problem, 0, TRIP), Route)
    assert judge(problem, Plan(table.routes, (), route_cost(problem, table.routes[0]))) == ()
    lost = timetable(barred(problem, (0, 1)), [TRIP])
    assert lost.routes == (None,)
    assert lost.breaches[0].rule == "mass"
    assert isinstance(schedule(barred(problem, (0, 1)), 0, TRIP), Breach)


def test_costs():
    problem = replace(one(due_ms=108_999, late_cost_per_s=7), types=(replace(KIND, fixed_cost=1_000),))
    route = schedule(problem, 0, TRIP)
    assert route_cost(problem, route) == 1_000 + 200_000 + 14
    assert route_cost(problem, Route(0, ())) == 0
    assert plan_cost(problem, [route], [0]) == 1_000 + 200_000 + 14 + 5_000_000


def legal(problem: Problem, routes: list[Route]) -> bool:
    """Whether the referee finds nothing wrong but with the excuses."""
    served = {stop.index for route in routes for stop in route.stops if stop.kind == "pickup"}
    out = [i for i in range(len(problem.pickups)) if i not in served]
    omitted = tuple(Omission(i, "fleet-busy", 1.0, 0.0) for i in out)
    plan = Plan(tuple(route for route in routes if route.stops), omitted, plan_cost(problem, routes, out))
    return not [violation for violation in judge(problem, plan) if violation.rule != "reason"]


@pytest.mark.parametrize("first", range(0, 120, 40))
def test_the_referee_agrees(first):
    """On random problems what is planned with these times is legal, also when all vehicles are timed at once."""
    stops = 0
    for seed in range(first, first + 40):
        problem = random_problem(seed)
        assert legal(problem, home(problem)), seed
        routes = greedy(problem)
        assert legal(problem, routes), seed
        again = timetable(problem, [visits_of(route) for route in routes])
        if again.legal:
            assert legal(problem, list(again.routes)), seed
            assert again == timetable(problem, [visits_of(route) for route in routes])
        stops += sum(len(route.stops) for route in routes)
    assert stops > 40


def test_never_is_late_enough():
    assert times(replace(one(latest_ms=NEVER_MS), end_ms=NEVER_MS))[1][2] == 230_000
