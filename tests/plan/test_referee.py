"""The referee against plans made by hand: a legal one, and ones with a single fault each."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from fleet.plan.problem import Omission, Plan, Problem, Route, Stop
from fleet.plan.referee import Rule, Violation, judge

from .problems import KIND, barred, base, pickup, plant, street, vehicle

# 0 m base, 1000 m pickups, 2000 m plant. p0 is brought to the plant; p1 is too heavy for anybody.
PROBLEM = street(
    [0, 1000, 2000],
    [vehicle(battery_wh=50.0)],
    [base(0), plant(2)],
    [pickup(0, 1, penalty=500_000), pickup(1, 1, mass_kg=4.0, penalty=700)],
)
SERVE = Stop("pickup", 0, 100_000, 100_000, 110_000)
UNLOAD = Stop("dock", 1, 210_000, 210_000, 230_000, unload=True)
CHARGE = Stop("dock", 0, 430_000, 430_000, 460_000, charge=True)
TOO_HEAVY = Omission(1, "too-heavy", 4.0, 3.0)
PLAN = Plan((Route(0, (SERVE, UNLOAD, CHARGE), 100.0),), (TOO_HEAVY,), 400_700)


def flown(*stops: Stop, battery_wh: float = 100.0, cost: int = 400_700, vehicle: int = 0) -> Plan:
    return replace(PLAN, routes=(Route(vehicle, stops, battery_wh),), cost=cost)


def first_pickup(**changes) -> Problem:
    return replace(PROBLEM, pickups=(replace(PROBLEM.pickups[0], **changes), PROBLEM.pickups[1]))


def first_vehicle(**changes) -> Problem:
    return replace(PROBLEM, vehicles=(replace(PROBLEM.vehicles[0], **changes),))


def plant_with(**changes) -> Problem:
    return replace(PROBLEM, docks=(PROBLEM.docks[0], replace(PROBLEM.docks[1], **changes)))


def later(stop: Stop, ms: int) -> Stop:
    return replace(stop, arrive_ms=stop.arrive_ms + ms, start_ms=stop.start_ms + ms, end_ms=stop.end_ms + ms)


STANDS = Stop("dock", 0, 0, 0, 0)
AGAIN = Stop("pickup", 0, 110_000, 110_000, 120_000)

CASES: list[tuple[Rule, str, Problem, Plan]] = [
    ("index", "no such dock", PROBLEM, flown(SERVE, UNLOAD, replace(CHARGE, index=9))),
    ("index", "no such dock below zero", PROBLEM, flown(SERVE, UNLOAD, replace(CHARGE, index=-1))),
    ("index", "no such vehicle", PROBLEM, flown(SERVE, UNLOAD, CHARGE, vehicle=3)),
    ("index", "no such kind of stop", PROBLEM, flown(SERVE, UNLOAD, replace(CHARGE, kind="barn"))),
    ("index", "no such pickup", PROBLEM, replace(PLAN, omitted=(TOO_HEAVY, Omission(7, "window", 1, 0)))),
    ("one-route", "two", PROBLEM, replace(PLAN, routes=(*PLAN.routes, Route(0, (STANDS,), 50.0)))),
    (
        "served-once",
        "twice on one route",
        first_pickup(mass_kg=1.5),
        flown(SERVE, AGAIN, later(UNLOAD, 10_000), later(CHARGE, 10_000)),
    ),
    ("accounted", "neither", PROBLEM, replace(PLAN, omitted=(), cost=400_000)),
    (
        "accounted",
        "both",
        PROBLEM,
        replace(PLAN, omitted=(TOO_HEAVY, Omission(0, "fleet-busy", 1, 0)), cost=900_700),
    ),
    ("accounted", "left out twice", PROBLEM, replace(PLAN, omitted=(TOO_HEAVY, TOO_HEAVY), cost=401_400)),
    ("path", "out", barred(PROBLEM, (0, 1)), PLAN),
    ("path", "between docks", barred(PROBLEM, (2, 0)), PLAN),
    ("arrival", "pickup", PROBLEM, flown(replace(SERVE, arrive_ms=99_999), UNLOAD, CHARGE)),
    ("arrival", "dock", PROBLEM, flown(SERVE, UNLOAD, replace(CHARGE, arrive_ms=429_999))),
    ("arrival", "not ready", first_vehicle(ready_ms=1), PLAN),
    ("start", "before the window", first_pickup(earliest_ms=100_001), PLAN),
    ("start", "before arrival", PROBLEM, flown(replace(SERVE, start_ms=99_999, end_ms=109_999), UNLOAD, CHARGE)),
    ("start", "at a dock", PROBLEM, flown(SERVE, replace(UNLOAD, start_ms=209_999), CHARGE)),
    ("service", "too short", PROBLEM, flown(replace(SERVE, end_ms=109_999), UNLOAD, CHARGE)),
    ("service", "too long", first_pickup(service_ms=9_999), PLAN),
    ("window", "too late", first_pickup(latest_ms=109_999), PLAN),
    ("dock-time", "unloading", PROBLEM, flown(SERVE, replace(UNLOAD, end_ms=229_999), CHARGE)),
    ("dock-time", "charging", PROBLEM, flown(SERVE, UNLOAD, replace(CHARGE, end_ms=459_999))),
    ("end", "too late", replace(PROBLEM, end_ms=459_999), PLAN),
    ("mass", "too much", first_pickup(mass_kg=3.00001), PLAN),
    ("volume", "too much", first_pickup(volume_l=10.00001), PLAN),
    ("certificate", "none", first_pickup(hazardous=True), PLAN),
    ("unload", "not accepted", plant_with(accepts=frozenset({"glass"})), PLAN),
    ("unload", "nothing is accepted", PROBLEM, flown(SERVE, UNLOAD, replace(CHARGE, unload=True))),
    ("unload", "at a pickup", PROBLEM, flown(replace(SERVE, unload=True), UNLOAD, CHARGE)),
    ("charge", "no charger", PROBLEM, flown(SERVE, replace(UNLOAD, charge=True), CHARGE)),
    ("charge", "at a pickup", PROBLEM, flown(replace(SERVE, charge=True), UNLOAD, CHARGE)),
    # The way draws 1 + 8 + 2 Wh.
    ("reserve", "at the end", first_vehicle(battery_wh=20.99), PLAN),
    ("reserve", "at the start", first_vehicle(battery_wh=10.99), PLAN),
    ("battery-claim", "too much", PROBLEM, flown(SERVE, UNLOAD, CHARGE, battery_wh=100.00001)),
    (
        "battery-claim",
        "as if empty",
        PROBLEM,
        flown(SERVE, UNLOAD, replace(CHARGE, charge=False), battery_wh=46.0),
    ),
    ("finish", "not empty", PROBLEM, flown(SERVE, replace(UNLOAD, unload=False), CHARGE)),
    ("finish", "not at a dock", PROBLEM, flown(SERVE, battery_wh=49.0, cost=100_700)),
    ("cost", "too low", PROBLEM, replace(PLAN, cost=400_699)),
    ("cost", "penalty forgotten", PROBLEM, replace(PLAN, cost=400_000)),
    ("reason", "wrong code", PROBLEM, replace(PLAN, omitted=(replace(TOO_HEAVY, code="too-voluminous"),))),
    ("reason", "wrong need", PROBLEM, replace(PLAN, omitted=(replace(TOO_HEAVY, need=4.1),))),
    ("reason", "wrong limit", PROBLEM, replace(PLAN, omitted=(replace(TOO_HEAVY, limit=2.9),))),
    ("reason", "not busy", PROBLEM, replace(PLAN, omitted=(Omission(1, "fleet-busy", 1, 0),))),
]


def rules(problem: Problem, plan: Plan) -> set[str]:
    return {violation.rule for violation in judge(problem, plan)}


def test_legal_plan_passes():
    assert judge(PROBLEM, PLAN) == ()


@pytest.mark.parametrize("rule, name, problem, plan", CASES, ids=[f"{c[0]}: {c[1]}" for c in CASES])
def test_one_fault_breaks_one_rule(rule, name, problem, plan):
    assert rules(problem, plan) == {rule}


def test_every_rule_has_a_case():
    assert {case[0] for case in CASES} == set(get_args(Rule))


def test_waiting_and_arriving_late_are_legal():
    waits = Stop("pickup", 0, 150_000, 200_000, 210_000)
    plan = flown(waits, later(UNLOAD, 100_000), replace(later(CHARGE, 100_000), end_ms=700_000))
    assert judge(first_pickup(earliest_ms=200_000), plan) == ()


def test_a_charge_on_the_way_counts():
    """90 Wh are usable; with the stop at the base in the middle each half of the way needs 82 or less."""
    far = street(
        [0, 10_000, 20_000], [vehicle()], [base(1), plant(0)], [pickup(0, 2, penalty=9_000_000)]
    )  # out 10 + 10, back 80 + 80
    out = Stop("dock", 0, 1_000_000, 1_000_000, 1_000_000)
    serve = Stop("pickup", 0, 2_000_000, 2_000_000, 2_010_000)
    back = Stop("dock", 0, 3_010_000, 3_010_000, 3_010_000)
    home = Stop("dock", 1, 4_010_000, 4_010_000, 4_030_000, unload=True)
    dry = Plan((Route(0, (out, serve, back, home), -80.0),), (), 4_000_000)
    assert rules(far, dry) == {"reserve"}
    stops = (
        replace(out, charge=True, end_ms=1_030_000),
        later(serve, 30_000),
        replace(later(back, 30_000), charge=True, end_ms=3_070_000),
        later(home, 60_000),
    )
    assert judge(far, Plan((Route(0, stops, 20.0),), (), 4_000_000)) == ()


def test_a_battery_holds_no_more_than_its_capacity():
    overfull = first_vehicle(battery_wh=150.0)
    plan = flown(SERVE, UNLOAD, replace(CHARGE, charge=False), battery_wh=139.0)
    assert rules(overfull, plan) == {"battery-claim"}
    assert judge(overfull, replace(plan, routes=(replace(plan.routes[0], battery_wh=89.0),))) == ()


def test_a_vehicle_below_its_reserve_may_charge_where_it_stands():
    flat = first_vehicle(battery_wh=3.0)
    plugged = Stop("dock", 0, 0, 0, 30_000, charge=True)
    plan = flown(plugged, later(SERVE, 30_000), later(UNLOAD, 30_000), later(CHARGE, 30_000))
    assert judge(flat, plan) == ()


def alone(problem: Problem, *omissions: Omission) -> set[str]:
    cost = sum(problem.pickups[o.pickup].penalty for o in omissions)
    return rules(problem, Plan((), omissions, cost))


STREET = [0, 1000, 2000]
HEAVY = replace(KIND, name="heavy", payload_kg=3.5)

EXCUSES: list[tuple[str, Problem, Omission]] = [
    (
        "of the ablest vehicle",
        street(STREET, [vehicle(), vehicle(1, type=1)], [plant(2)], [pickup(0, 1, mass_kg=4.0)], [KIND, HEAVY]),
        Omission(0, "too-heavy", 4.0, 3.5),
    ),
    (
        "volume",
        street(STREET, [vehicle()], [plant(2)], [pickup(0, 1, volume_l=12.0)]),
        Omission(0, "too-voluminous", 12.0, 10.0),
    ),
    (
        "certificate",
        street(STREET, [vehicle()], [plant(2)], [pickup(0, 1, hazardous=True)]),
        Omission(0, "not-certified", 1.0, 0.0),
    ),
    (
        "nobody takes it",
        street(STREET, [vehicle()], [plant(2, "glass"), base(0)], [pickup(0, 1)]),
        Omission(0, "not-accepted", 1.0, 0.0),
    ),
    ("no dock", street(STREET, [vehicle()], [], [pickup(0, 1)]), Omission(0, "not-accepted", 1.0, 0.0)),
    (
        "no way out",
        barred(street(STREET, [vehicle()], [plant(2)], [pickup(0, 1)]), (0, 1)),
        Omission(0, "no-legal-path", 1.0, 0.0),
    ),
    (
        "no way back",
        barred(street(STREET, [vehicle()], [plant(2)], [pickup(0, 1)]), (1, 2)),
        Omission(0, "no-legal-path", 1.0, 0.0),
    ),
    (
        "a way out by a charger",
        barred(street(STREET, [vehicle()], [base(2), plant(0)], [pickup(0, 1)]), (0, 1)),
        Omission(0, "fleet-busy", 1.0, 0.0),
    ),
    (
        "energy of the round trip",
        street([0, 10_000, 21_000], [vehicle()], [plant(2)], [pickup(0, 1)]),
        Omission(0, "battery", 98.0, 90.0),
    ),
    (
        "a full battery is meant",
        street([0, 10_000, 20_000], [vehicle(battery_wh=11.0)], [plant(2)], [pickup(0, 1)]),
        Omission(0, "fleet-busy", 1.0, 0.0),
    ),
    (
        "energy with a charger on the way out",
        street([0, 10_000, 21_000, 9_000], [vehicle()], [plant(2), base(3)], [pickup(0, 1)]),
        Omission(0, "fleet-busy", 1.0, 0.0),
    ),
    (
        "energy of the worst stretch, with chargers",
        street([0, 10_000, 30_000, 18_000], [vehicle()], [plant(2), base(3), base(0)], [pickup(0, 1)]),
        Omission(0, "battery", 96.0, 90.0),
    ),
    (
        "window",
        street(STREET, [vehicle(ready_ms=5)], [plant(2)], [pickup(0, 1, latest_ms=105_000)]),
        Omission(0, "window", 110_005.0, 105_000.0),
    ),
    (
        "window shorter than the service",
        street(STREET, [vehicle()], [plant(2)], [pickup(0, 1, earliest_ms=900_000, latest_ms=905_000)]),
        Omission(0, "window", 910_000.0, 905_000.0),
    ),
    (
        "not unloaded by the end",
        street(STREET, [vehicle()], [plant(2)], [pickup(0, 1)], end_ms=229_000),
        Omission(0, "window", 230_000.0, 229_000.0),
    ),
    (
        "window, with the time to charge",
        street([0, 10_000, 21_000, 9_000], [vehicle()], [plant(2), base(3)], [pickup(0, 1, latest_ms=1_039_999)]),
        Omission(0, "window", 1_040_000.0, 1_039_999.0),
    ),
    (
        "not unloaded, with the time to charge on the way back",
        street(
            [0, 10_000, 30_000, 19_000],
            [vehicle()],
            [plant(2), base(3)],
            [pickup(0, 1)],
            end_ms=3_059_999,
        ),
        Omission(0, "window", 3_060_000.0, 3_059_999.0),
    ),
    (
        "the one that misses by least",
        street(STREET, [vehicle(ready_ms=9_000), vehicle(1)], [plant(2)], [pickup(0, 1, latest_ms=105_000)]),
        Omission(0, "window", 110_000.0, 105_000.0),
    ),
    ("nobody there", street(STREET, [], [plant(2)], [pickup(0, 1)]), Omission(0, "fleet-busy", 1.0, 0.0)),
]


@pytest.mark.parametrize("name, problem, excuse", EXCUSES, ids=[e[0] for e in EXCUSES])
def test_true_excuses_pass_and_false_ones_do_not(name, problem, excuse):
    assert alone(problem, excuse) == set()
    assert alone(problem, replace(excuse, need=excuse.need + 0.01)) == {"reason"}
    assert alone(problem, replace(excuse, limit=excuse.limit - 0.01)) == {"reason"}
    other = "fleet-busy" if excuse.code != "fleet-busy" else "window"
    assert alone(problem, replace(excuse, code=other)) == {"reason"}


def test_a_violation_reads_well():
    assert str(Violation("battery-claim", "v0", "", 2.5, 0)) == "battery-claim: vehicle v0: needs 2.5, has 0"
    assert str(Violation("cost", "", "", 20_000_001, 7)) == "cost: needs 20000001, has 7"
