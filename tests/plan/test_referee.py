"""The referee against plans made by hand: a legal one, and ones with one fault each."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from fleet.plan.problem import Charger, Omission, Plan, Problem, Relaxation, Route, Stop
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
CHARGE = Stop("dock", 0, 430_000, 430_000, 460_000, charge_wh=61.0)
TOO_HEAVY = Omission(1, "too-heavy", 4.0, 3.0, 0)
PLAN = Plan((Route(0, (SERVE, UNLOAD, CHARGE), 100.0),), (TOO_HEAVY,), 400_700)
BUSY = Omission(0, "fleet-busy", 1.0, 0.0)


def flown(*stops: Stop, battery_wh: float = 100.0, cost: int = 400_700, vehicle: int = 0) -> Plan:
    return replace(PLAN, routes=(Route(vehicle, stops, battery_wh),), cost=cost)


def first_pickup(problem: Problem = PROBLEM, **changes) -> Problem:
    return replace(problem, pickups=(replace(problem.pickups[0], **changes), *problem.pickups[1:]))


def first_vehicle(**changes) -> Problem:
    return replace(PROBLEM, vehicles=(replace(PROBLEM.vehicles[0], **changes),))


def kind_with(**changes) -> Problem:
    return replace(PROBLEM, types=(replace(KIND, **changes),))


def base_with(**changes) -> Problem:
    return replace(PROBLEM, docks=(replace(PROBLEM.docks[0], **changes), PROBLEM.docks[1]))


def plant_with(**changes) -> Problem:
    return replace(PROBLEM, docks=(PROBLEM.docks[0], replace(PROBLEM.docks[1], **changes)))


def later(stop: Stop, ms: int) -> Stop:
    return replace(stop, arrive_ms=stop.arrive_ms + ms, start_ms=stop.start_ms + ms, end_ms=stop.end_ms + ms)


STANDS = Stop("dock", 0, 0, 0, 0)
AGAIN = Stop("pickup", 0, 110_000, 110_000, 120_000)

# Two light loads of two materials in one trip, brought to a plant that takes both.
PAIR = street(
    [0, 1000, 2000],
    [vehicle(battery_wh=50.0)],
    [base(0), plant(2, "paper", "glass")],
    [pickup(0, 1, mass_kg=1.0), pickup(1, 1, mass_kg=1.0, material="glass")],
)
PAIRED = Plan(
    (Route(0, (SERVE, replace(AGAIN, index=1), later(UNLOAD, 10_000)), 50.0 - 1.0 - 3.0**1.5),), (), 200_000
)
# One trip each: out with p0, back for p1.
TWO_TRIPS = Plan(
    (
        Route(
            0,
            (
                SERVE,
                UNLOAD,
                replace(later(SERVE, 230_000), index=1),
                later(UNLOAD, 230_000),
            ),
            50.0 - 1.0 - 2.0**1.5 - 1.0 - 2.0**1.5,
        ),
    ),
    (),
    400_000,
)


def twins(**changes) -> Problem:
    """Two vehicles that each bring one pickup to the same plant."""
    return street(
        [0, 1000, 2000],
        [vehicle(0, battery_wh=50.0), vehicle(1, battery_wh=50.0)],
        [base(0), plant(2, charger=Charger("swap", 30_000), **changes)],
        [pickup(0, 1), pickup(1, 1)],
    )


def both(*second: Stop) -> Plan:
    """`twins` side by side: the second's stops as given, or as the first's."""
    fill = replace(UNLOAD, end_ms=260_000, charge_wh=59.0)
    mine = second or (SERVE, fill)
    stops = tuple(replace(stop, index=1) if stop.kind == "pickup" else stop for stop in mine)
    return Plan((Route(0, (SERVE, fill), 100.0), Route(1, stops, 100.0)), (), 400_000)


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
        flown(SERVE, AGAIN, later(UNLOAD, 10_000), replace(later(CHARGE, 10_000), charge_wh=61.0)),
    ),
    ("accounted", "neither", PROBLEM, replace(PLAN, omitted=(), cost=400_000)),
    ("accounted", "both", PROBLEM, replace(PLAN, omitted=(TOO_HEAVY, BUSY), cost=900_700)),
    ("accounted", "left out twice", PROBLEM, replace(PLAN, omitted=(TOO_HEAVY, TOO_HEAVY), cost=401_400)),
    ("committed", "does something else", first_vehicle(committed=(("dock", 0),)), PLAN),
    ("committed", "in another order", first_vehicle(committed=(("dock", 1), ("pickup", 0))), PLAN),
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
    ("release", "left too soon", first_pickup(release_ms=1), PLAN),
    (
        "release",
        "left the dock too soon",
        replace(PAIR, pickups=(PAIR.pickups[0], replace(PAIR.pickups[1], release_ms=230_001))),
        TWO_TRIPS,
    ),
    ("hours", "before it opens", plant_with(hours=((210_001, 900_000),)), PLAN),
    ("hours", "over two openings", plant_with(hours=((0, 220_000), (220_000, 900_000))), PLAN),
    ("dock-time", "unloading", PROBLEM, flown(SERVE, replace(UNLOAD, end_ms=229_999), CHARGE)),
    ("dock-time", "charging", PROBLEM, flown(SERVE, UNLOAD, replace(CHARGE, end_ms=459_999))),
    ("dock-time", "by the amount", base_with(charger=Charger("full", 0, 500.0)), PLAN),
    ("pads", "one for two", twins(pads=1), both(SERVE, replace(UNLOAD, end_ms=270_000, charge_wh=59.0))),
    (
        "places",
        "one for two",
        replace(
            twins(),
            docks=(base(0), plant(2, charger=Charger("swap", 30_000, places=1))),
        ),
        both(SERVE, replace(UNLOAD, end_ms=289_999, charge_wh=59.0)),
    ),
    ("end", "of all", replace(PROBLEM, end_ms=459_999), PLAN),
    ("end", "of the shift", first_vehicle(until_ms=459_999), PLAN),
    ("ends", "elsewhere", first_vehicle(ends=(1,)), PLAN),
    (
        "mass",
        "too much",
        first_pickup(mass_kg=3.00001),
        flown(SERVE, UNLOAD, replace(CHARGE, charge_wh=53.0 + 4.00001**1.5)),
    ),
    ("volume", "too much", first_pickup(volume_l=10.00001), PLAN),
    ("apart", "in one trip", replace(PAIR, apart=frozenset({frozenset({"paper", "glass"})})), PAIRED),
    ("trips", "one too many", replace(PAIR, types=(replace(KIND, most_trips=1),)), TWO_TRIPS),
    ("certificate", "none", first_pickup(needs=frozenset({"hazard"})), PLAN),
    ("unload", "not accepted", plant_with(accepts=frozenset({"glass"})), replace(PLAN, omitted=(TOO_HEAVY,))),
    (
        "unload",
        "nothing on board",
        base_with(accepts=frozenset({"paper"})),
        flown(SERVE, UNLOAD, replace(CHARGE, unload=True)),
    ),
    ("unload", "at a pickup", PROBLEM, flown(replace(SERVE, unload=True), UNLOAD, CHARGE)),
    ("charge", "no charger", base_with(charger=None), PLAN),
    ("charge", "at a pickup", PROBLEM, flown(replace(SERVE, charge_wh=1.0), UNLOAD, CHARGE)),
    ("charge", "more than fits", PROBLEM, flown(SERVE, UNLOAD, replace(CHARGE, charge_wh=61.00001))),
    ("charge", "less than a full battery", PROBLEM, flown(SERVE, UNLOAD, replace(CHARGE, charge_wh=60.0))),
    (
        "charge",
        "no number",
        PROBLEM,
        flown(SERVE, UNLOAD, replace(CHARGE, charge_wh=float("nan")), battery_wh=39.0),
    ),
    ("idle", "on the way", PROBLEM, flown(STANDS, SERVE, UNLOAD, CHARGE)),
    ("idle", "as good as no charge", PROBLEM, flown(replace(STANDS, charge_wh=1e-12), SERVE, UNLOAD, CHARGE)),
    # The way draws 1 + 8 + 2 Wh.
    (
        "reserve",
        "at the end",
        first_vehicle(battery_wh=20.99),
        flown(SERVE, UNLOAD, replace(CHARGE, charge_wh=90.01)),
    ),
    (
        "reserve",
        "at the start",
        first_vehicle(battery_wh=10.99),
        flown(SERVE, UNLOAD, replace(CHARGE, charge_wh=100.01)),
    ),
    ("battery-claim", "too much", PROBLEM, flown(SERVE, UNLOAD, CHARGE, battery_wh=100.00001)),
    (
        "battery-claim",
        "as if empty",
        PROBLEM,
        flown(SERVE, UNLOAD, replace(CHARGE, charge_wh=0.0), battery_wh=46.0),
    ),
    (
        "finish",
        "not empty",
        PROBLEM,
        flown(SERVE, replace(CHARGE, arrive_ms=210_000, charge_wh=59.0), cost=200_700),
    ),
    ("finish", "not at a dock", PROBLEM, flown(SERVE, battery_wh=49.0, cost=100_700)),
    ("cost", "too low", PROBLEM, replace(PLAN, cost=400_699)),
    ("cost", "penalty forgotten", PROBLEM, replace(PLAN, cost=400_000)),
    ("cost", "fixed cost forgotten", kind_with(fixed_cost=5), PLAN),
    ("cost", "lateness forgotten", first_pickup(due_ms=109_999, late_cost_per_s=1), PLAN),
    ("reason", "wrong code", PROBLEM, replace(PLAN, omitted=(replace(TOO_HEAVY, code="too-voluminous"),))),
    ("reason", "wrong need", PROBLEM, replace(PLAN, omitted=(replace(TOO_HEAVY, need=4.1),))),
    ("reason", "wrong limit", PROBLEM, replace(PLAN, omitted=(replace(TOO_HEAVY, limit=2.9),))),
    ("reason", "wrong vehicle", PROBLEM, replace(PLAN, omitted=(replace(TOO_HEAVY, vehicle=-1),))),
    ("reason", "not busy", PROBLEM, replace(PLAN, omitted=(Omission(1, "fleet-busy", 1, 0),))),
    ("reason", "not dear", PROBLEM, replace(PLAN, omitted=(Omission(1, "too-dear", 800, 700, 0),))),
]


def rules(problem: Problem, plan: Plan) -> set[str]:
    return {violation.rule for violation in judge(problem, plan)}


def test_legal_plan_passes():
    assert judge(PROBLEM, PLAN) == ()
    assert judge(PAIR, PAIRED) == ()
    assert judge(PAIR, TWO_TRIPS) == ()
    assert judge(twins(), both()) == ()


@pytest.mark.parametrize("rule, name, problem, plan", CASES, ids=[f"{c[0]}: {c[1]}" for c in CASES])
def test_one_fault_breaks_one_rule(rule, name, problem, plan):
    assert rules(problem, plan) == {rule}


def test_every_rule_has_a_case():
    assert {case[0] for case in CASES} == set(get_args(Rule)) - {"insertable"}


def test_waiting_and_arriving_late_are_legal():
    waits = Stop("pickup", 0, 150_000, 200_000, 210_000)
    plan = flown(waits, later(UNLOAD, 100_000), replace(later(CHARGE, 100_000), end_ms=700_000))
    assert judge(first_pickup(earliest_ms=200_000), plan) == ()


def test_places_free_up_the_moment_they_are_left():
    second = (SERVE, Stop("dock", 1, 210_000, 230_000, 280_000, unload=True, charge_wh=59.0))
    assert judge(twins(pads=1), both(*second)) == ()
    crowded = replace(twins(), docks=(base(0), plant(2, charger=Charger("swap", 30_000, places=1))))
    assert (
        judge(crowded, both(SERVE, Stop("dock", 1, 210_000, 210_000, 290_000, unload=True, charge_wh=59.0))) == ()
    )


def test_what_is_committed_is_not_held_against_a_plan():
    committed = (("dock", 0), ("pickup", 0))
    problem = first_pickup(first_vehicle(committed=committed), latest_ms=5, needs=frozenset({"x"}), volume_l=99.0)
    assert judge(problem, flown(STANDS, SERVE, UNLOAD, CHARGE)) == ()
    assert rules(first_pickup(problem, earliest_ms=200_000), flown(STANDS, SERVE, UNLOAD, CHARGE)) == {"start"}


def test_partial_charging_gives_what_the_plan_says():
    problem = base_with(charger=Charger("partial", 1_000, 100.0))
    some = replace(CHARGE, charge_wh=10.0, end_ms=432_000)
    assert judge(problem, flown(SERVE, UNLOAD, some, battery_wh=49.0)) == ()
    assert rules(problem, flown(SERVE, UNLOAD, replace(some, end_ms=431_999), battery_wh=49.0)) == {"dock-time"}
    assert rules(
        problem, flown(SERVE, UNLOAD, replace(some, charge_wh=62.0, end_ms=440_000), battery_wh=101.0)
    ) == {"charge"}


def test_lateness_counts_seconds_begun():
    problem = first_pickup(due_ms=108_999, late_cost_per_s=7)
    assert judge(problem, replace(PLAN, cost=PLAN.cost + 14)) == ()


def test_a_charge_on_the_way_counts():
    """90 Wh are usable; with the stop at the base in the middle each half of the way needs 82 or less."""
    far = street(
        [0, 10_000, 20_000], [vehicle()], [base(1), plant(0)], [pickup(0, 2, penalty=9_000_000)]
    )  # out 10 + 10, back 80 + 80
    out = Stop("dock", 0, 1_000_000, 1_000_000, 1_030_000, charge_wh=10.0)
    serve = Stop("pickup", 0, 2_030_000, 2_030_000, 2_040_000)
    back = Stop("dock", 0, 3_040_000, 3_040_000, 3_070_000, charge_wh=90.0)
    home = Stop("dock", 1, 4_070_000, 4_070_000, 4_090_000, unload=True)
    assert judge(far, Plan((Route(0, (out, serve, back, home), 20.0),), (), 4_000_000)) == ()
    dry = replace(back, charge_wh=0.0, end_ms=3_040_000)
    plan = Plan((Route(0, (out, serve, dry, later(home, -30_000)), -70.0),), (), 4_000_000)
    assert rules(far, plan) == {"reserve", "idle"}


def test_a_battery_holds_no_more_than_its_capacity():
    overfull = first_vehicle(battery_wh=150.0)
    plan = flown(SERVE, UNLOAD, replace(CHARGE, charge_wh=0.0), battery_wh=139.0)
    assert rules(overfull, plan) == {"battery-claim"}
    assert judge(overfull, replace(plan, routes=(replace(plan.routes[0], battery_wh=89.0),))) == ()


def test_a_vehicle_below_its_reserve_may_charge_where_it_stands():
    flat = first_vehicle(battery_wh=3.0)
    plugged = Stop("dock", 0, 0, 0, 30_000, charge_wh=97.0)
    rest = [later(stop, 30_000) for stop in (SERVE, UNLOAD, CHARGE)]
    assert judge(flat, flown(plugged, *rest[:2], replace(rest[2], charge_wh=11.0))) == ()


def test_an_endless_battery_needs_no_charge():
    problem = kind_with(battery_wh=float("inf"), reserve_wh=0.0)
    plan = flown(SERVE, UNLOAD, replace(CHARGE, charge_wh=0.0), battery_wh=float("inf"))
    assert judge(problem, plan) == ()
    assert rules(problem, flown(SERVE, UNLOAD, CHARGE, battery_wh=float("inf"))) == {"charge"}


def test_a_violation_reads_well():
    assert str(Violation("battery-claim", "v0", "", 2.5, 0)) == "battery-claim: vehicle v0: needs 2.5, has 0"
    assert str(Violation("cost", "", "", 20_000_001, 7)) == "cost: needs 20000001, has 7"


def test_relaxations_are_no_business_of_the_judge():
    odd = replace(TOO_HEAVY, relaxations=(Relaxation("nonsense", 1.0, "", ""),))
    assert judge(PROBLEM, replace(PLAN, omitted=(odd,))) == ()
