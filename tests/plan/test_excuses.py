"""What the referee says of excuses, true and false, and where it finds room itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.plan.insertions import insertable
from fleet.plan.problem import Charger, Omission, Plan, Problem, Route
from fleet.plan.referee import judge

from .problems import KIND, barred, base, pickup, plant, street, vehicle
from .test_referee import BUSY, PLAN, PROBLEM, SERVE, UNLOAD, first_pickup


def alone(problem: Problem, *omissions: Omission) -> set[str]:
    cost = sum(problem.pickups[o.pickup].penalty for o in omissions)
    return {violation.rule for violation in judge(problem, Plan((), omissions, cost))}


STREET = [0, 1000, 2000]
HEAVY = replace(KIND, name="heavy", payload_kg=3.5)
FULL = Charger("full", 5_000, 1000.0)

EXCUSES: list[tuple[str, Problem, Omission]] = [
    (
        "of the ablest vehicle",
        street(STREET, [vehicle(), vehicle(1, type=1)], [plant(2)], [pickup(0, 1, mass_kg=4.0)], [KIND, HEAVY]),
        Omission(0, "too-heavy", 4.0, 3.5, 1),
    ),
    (
        "volume",
        street(STREET, [vehicle()], [plant(2)], [pickup(0, 1, volume_l=12.0)]),
        Omission(0, "too-voluminous", 12.0, 10.0, 0),
    ),
    (
        "certificates",
        street(
            STREET,
            [vehicle()],
            [plant(2)],
            [pickup(0, 1, needs=frozenset({"a", "b"}))],
            [replace(KIND, certificates=frozenset({"a", "c"}))],
        ),
        Omission(0, "not-certified", 2.0, 1.0, 0),
    ),
    (
        "nobody takes it",
        street(STREET, [vehicle()], [plant(2, "glass"), base(0)], [pickup(0, 1)]),
        Omission(0, "not-accepted", 1.0, 0.0, 0),
    ),
    ("no dock", street(STREET, [vehicle()], [], [pickup(0, 1)]), Omission(0, "not-accepted", 1.0, 0.0, 0)),
    (
        "no way out",
        barred(street(STREET, [vehicle()], [plant(2)], [pickup(0, 1)]), (0, 1)),
        Omission(0, "no-legal-path", 1.0, 0.0, 0),
    ),
    (
        "no way back",
        barred(street(STREET, [vehicle()], [plant(2)], [pickup(0, 1)]), (1, 2)),
        Omission(0, "no-legal-path", 1.0, 0.0, 0),
    ),
    (
        "no way home",
        barred(street(STREET, [vehicle(ends=(1,))], [plant(2), plant(0)], [pickup(0, 1)]), (2, 0), (1, 0)),
        Omission(0, "no-legal-path", 1.0, 0.0, 0),
    ),
    (
        "a way out by a charger",
        barred(street(STREET, [vehicle()], [base(2), plant(0)], [pickup(0, 1)]), (0, 1)),
        BUSY,
    ),
    (
        "energy of the round trip",
        street([0, 10_000, 21_000], [vehicle()], [plant(2)], [pickup(0, 1)]),
        Omission(0, "battery", 98.0, 90.0, 0),
    ),
    (
        "energy that is used already",
        street([0, 10_000, 20_000], [vehicle(battery_wh=99.0)], [plant(2)], [pickup(0, 1)]),
        Omission(0, "battery", 91.0, 90.0, 0),
    ),
    (
        "energy to come home",
        street(
            [*STREET, 40_000],
            [vehicle(ends=(1,))],
            [plant(2), base(3)],
            [pickup(0, 1)],
            [replace(KIND, battery_wh=40.0)],
        ),
        Omission(0, "battery", 60.0 + 1.0 + 8.0 + 38.0 - 60.0, 30.0, 0),
    ),
    (
        "after a commitment the battery may be full",
        street(
            [0, 10_000, 20_000],
            [vehicle(battery_wh=50.0, committed=(("dock", 1),))],
            [plant(2), base(0)],
            [pickup(0, 1)],
        ),
        BUSY,
    ),
    (
        "energy with a charger on the way out",
        street([0, 10_000, 21_000, 9_000], [vehicle()], [plant(2), base(3)], [pickup(0, 1)]),
        BUSY,
    ),
    (
        "energy of the worst stretch, with chargers",
        street([0, 10_000, 30_000, 18_000], [vehicle()], [plant(2), base(3), base(0)], [pickup(0, 1)]),
        Omission(0, "battery", 96.0, 90.0, 0),
    ),
    (
        "window",
        street(STREET, [vehicle(ready_ms=5)], [plant(2)], [pickup(0, 1, latest_ms=105_000)]),
        Omission(0, "window", 110_005.0, 105_000.0, 0),
    ),
    (
        "released too late",
        street(STREET, [vehicle()], [plant(2)], [pickup(0, 1, latest_ms=115_000, release_ms=5_001)]),
        Omission(0, "window", 115_001.0, 115_000.0, 0),
    ),
    (
        "window after a commitment",
        street(
            STREET,
            [vehicle(committed=(("pickup", 1), ("dock", 0)))],
            [plant(2)],
            [pickup(0, 1, latest_ms=300_000), pickup(1, 1, earliest_ms=200_000)],
        ),
        Omission(0, "window", 420_000.0, 300_000.0, 0),
    ),
    (
        "not unloaded by the end",
        street(STREET, [vehicle()], [plant(2)], [pickup(0, 1)], end_ms=229_000),
        Omission(0, "shift", 230_000.0, 229_000.0, 0),
    ),
    (
        "not back by the end of the shift",
        street(STREET, [vehicle(ends=(1,), until_ms=400_000)], [plant(2), base(0)], [pickup(0, 1)]),
        Omission(0, "shift", 430_000.0, 400_000.0, 0),
    ),
    (
        "closed by then",
        street(STREET, [vehicle()], [plant(2, hours=((0, 100_000), (150_000, 229_999)))], [pickup(0, 1)]),
        Omission(0, "closed", 210_000.0, 209_999.0, 0),
    ),
    (
        "never open for long enough",
        street(STREET, [vehicle()], [plant(2, hours=((0, 10_000), (300_000, 319_999)))], [pickup(0, 1)]),
        Omission(0, "closed", 20_000.0, 19_999.0, 0),
    ),
    (
        "opens too late to be back",
        street(STREET, [vehicle()], [plant(2, hours=((300_000, 900_000),))], [pickup(0, 1)], end_ms=319_999),
        Omission(0, "shift", 320_000.0, 319_999.0, 0),
    ),
    (
        "window, with the time to charge",
        street([0, 10_000, 21_000, 9_000], [vehicle()], [plant(2), base(3)], [pickup(0, 1, latest_ms=1_039_999)]),
        Omission(0, "window", 1_040_000.0, 1_039_999.0, 0),
    ),
    (
        "of a slow charge the fixed time alone",
        street(
            [0, 10_000, 21_000, 9_000],
            [vehicle()],
            [plant(2), base(3, charger=FULL)],
            [pickup(0, 1, latest_ms=1_014_999)],
        ),
        Omission(0, "window", 1_015_000.0, 1_014_999.0, 0),
    ),
    (
        "not unloaded, with the time to charge on the way back",
        street([0, 10_000, 30_000, 19_000], [vehicle()], [plant(2), base(3)], [pickup(0, 1)], end_ms=3_059_999),
        Omission(0, "shift", 3_060_000.0, 3_059_999.0, 0),
    ),
    (
        "the one that misses by least",
        street(STREET, [vehicle(ready_ms=9_000), vehicle(1)], [plant(2)], [pickup(0, 1, latest_ms=105_000)]),
        Omission(0, "window", 110_000.0, 105_000.0, 1),
    ),
]


@pytest.mark.parametrize("name, problem, excuse", EXCUSES, ids=[e[0] for e in EXCUSES])
def test_true_excuses_pass_and_false_ones_do_not(name, problem, excuse):
    told = {v.rule for v in judge(problem, Plan((), (excuse,), 5_000_000))} & {"reason"}
    assert told == set()
    for wrong in (
        replace(excuse, need=excuse.need + 0.01),
        replace(excuse, limit=excuse.limit - 0.01),
        replace(excuse, code="fleet-busy" if excuse.code != "fleet-busy" else "window"),
    ):
        assert "reason" in {v.rule for v in judge(problem, Plan((), (wrong,), 5_000_000))}


def test_nobody_there():
    assert alone(street(STREET, [], [plant(2)], [pickup(0, 1)]), BUSY) == set()


# --------------------------------------------------------------------------------------------------- insertable


def left_out(problem: Problem, routes: tuple[Route, ...] = (), code: str = "fleet-busy") -> list[str]:
    """Whom the referee can give pickup 0 to."""
    return [v.vehicle for v in insertable(problem, Plan(routes, (replace(BUSY, code=code),), 0))]


ONE = street(STREET, [vehicle()], [base(0), plant(2)], [pickup(0, 1), pickup(1, 1)])
# p1 is brought to the plant.
WITH_ONE = (Route(0, (replace(SERVE, index=1), UNLOAD), 91.0),)


def test_a_finished_plan_has_no_room():
    assert insertable(PROBLEM, PLAN) == ()


def test_an_idle_vehicle_takes_a_trip_of_its_own():
    assert left_out(ONE) == ["v0"]
    assert left_out(ONE, code="too-heavy") == []  # what cannot be is not tried
    assert left_out(replace(ONE, types=(replace(KIND, fixed_cost=4_800_000),))) == []
    assert left_out(first_pickup(ONE, penalty=200_000)) == []
    assert left_out(first_pickup(ONE, penalty=200_001)) == ["v0"]
    assert left_out(replace(ONE, end_ms=229_999)) == []
    assert left_out(replace(ONE, vehicles=(vehicle(ends=(0,)),))) == ["v0"]
    assert left_out(replace(ONE, vehicles=(vehicle(ends=(0,), until_ms=429_999),))) == []


def test_a_vehicle_goes_again_after_unloading():
    assert left_out(ONE, WITH_ONE) == ["v0"]
    assert left_out(replace(ONE, types=(replace(KIND, most_trips=1),)), WITH_ONE) == []
    assert left_out(replace(ONE, types=(replace(KIND, most_trips=1, payload_kg=6.0),)), WITH_ONE) == ["v0"]


def test_nothing_goes_before_or_between_what_is_committed():
    done = (("pickup", 1), ("dock", 1))
    problem = replace(
        ONE, vehicles=(vehicle(committed=done),), types=(replace(KIND, most_trips=1, payload_kg=6.0),)
    )
    assert left_out(problem, WITH_ONE) == []
    assert left_out(replace(problem, vehicles=(vehicle(committed=done[:1]),)), WITH_ONE) == ["v0"]


def test_others_keep_their_pads_and_places():
    problem = replace(
        ONE,
        vehicles=(vehicle(), vehicle(1)),
        docks=(base(0), plant(2, pads=1)),
        end_ms=240_000,
        types=(replace(KIND, most_trips=1),),
    )
    assert left_out(problem, WITH_ONE) == []
    assert left_out(replace(problem, end_ms=250_000), WITH_ONE) == ["v1"]


def test_a_charger_is_called_at_where_the_battery_needs_it():
    far = street([0, 10_000, 21_000, 9_000], [vehicle()], [plant(2), base(3)], [pickup(0, 1)])
    assert left_out(far) == ["v0"]
    assert left_out(replace(far, docks=(far.docks[0], replace(far.docks[1], charger=None)))) == []
