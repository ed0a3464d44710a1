"""Problems that contradict themselves are told so, all at once and with the field; good ones are let pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fleet.base.errors import InputError
from fleet.plan.checks import MOST_LEG_COST, check, faults, remarks
from fleet.plan.problem import UNREACHABLE_MS, Charger, Problem
from fleet.plan.ways import Plane, Table

from .problems import KIND, barred, base, pickup, plant, random_problem, street, vehicle

GOOD = street([0, 1000, 2000], [vehicle()], [base(0), plant(2)], [pickup(0, 1), pickup(1, 1)])


def first(field: str, **changes) -> Problem:
    """`GOOD` with the first of a kind changed."""
    old = getattr(GOOD, field)
    return replace(GOOD, **{field: (replace(old[0], **changes), *old[1:])})


def table(**changes) -> Problem:
    return replace(GOOD, ways=(replace(GOOD.ways[0], **changes),))


def spoiled(name: str, row: int, column: int, value: float) -> Problem:
    matrix = getattr(GOOD.ways[0], name).copy()
    matrix[row, column] = value
    return table(**{name: matrix})


PLANE = Plane(np.zeros(3), np.zeros(3), 1.0)
CASES = [
    ("types.0.payload_kg", first("types", payload_kg=-1.0)),
    ("types.0.battery_wh", first("types", battery_wh=float("nan"), reserve_wh=0.0)),
    ("types.0.empty_kg", first("types", empty_kg=float("inf"))),
    ("types.0.reserve_wh", first("types", reserve_wh=101.0)),
    ("types.0.power_coefficient", first("types", power_coefficient=-1.0)),
    ("types.1.name", replace(GOOD, types=(KIND, KIND), ways=GOOD.ways * 2)),
    ("ways", replace(GOOD, ways=GOOD.ways * 2)),
    (
        "ways",
        replace(
            GOOD, types=(KIND, replace(KIND, name="b")), ways=(*GOOD.ways, Plane(np.zeros(4), np.zeros(4), 1.0))
        ),
    ),
    ("ways.0.cost", table(cost=np.zeros((3, 2), dtype=np.int64))),
    ("ways.0.travel_ms", table(travel_ms=np.zeros((3, 3)))),
    ("ways.0.cost.1.2", spoiled("cost", 1, 2, -5)),
    ("ways.0.effort_h.0.1", spoiled("effort_h", 0, 1, float("nan"))),
    ("ways.0.effort_h.0.1", spoiled("effort_h", 0, 1, float("inf"))),
    ("ways.0.travel_ms.1.1", spoiled("travel_ms", 1, 1, 7)),
    ("ways.0.x.1", replace(GOOD, ways=(replace(PLANE, x=np.array([0.0, np.nan, 0.0])),))),
    ("ways.0.rounding", replace(GOOD, ways=(replace(PLANE, rounding="sideways"),))),
    ("ways.0.ms_per_unit", replace(GOOD, ways=(replace(PLANE, ms_per_unit=-1.0),))),
    ("vehicles.0.type", first("vehicles", type=1)),
    ("vehicles.0.node", first("vehicles", node=3)),
    ("vehicles.0.battery_wh", first("vehicles", battery_wh=-1.0)),
    ("vehicles.0.ends.1", first("vehicles", ends=(0, 2))),
    ("vehicles.0.committed.0", first("vehicles", committed=(("pickup", 2),))),
    ("vehicles.0.committed.0", first("vehicles", committed=(("dock", -1),))),
    ("vehicles.0.committed.0", first("vehicles", committed=(("barn", 0),))),
    ("vehicles.0.committed.1", first("vehicles", committed=(("pickup", 1), ("pickup", 1)))),
    ("vehicles.0.committed", first("vehicles", committed=(("dock", 0),) * 1001)),
    ("vehicles.1.id", replace(GOOD, vehicles=(vehicle(), vehicle()))),
    ("docks.0.node", first("docks", node=-1)),
    ("docks.0.unload_ms", first("docks", unload_ms=-1)),
    ("docks.0.pads", first("docks", pads=0)),
    ("docks.0.hours.0", first("docks", hours=((5, 5),))),
    ("docks.0.hours.1", first("docks", hours=((0, 10), (9, 20)))),
    ("docks.0.charger.mode", first("docks", charger=Charger("magic"))),
    ("docks.0.charger.places", first("docks", charger=Charger("swap", places=0))),
    ("docks.0.charger.ms_per_wh", first("docks", charger=Charger("full", 0, float("nan")))),
    ("pickups.0.mass_kg", first("pickups", mass_kg=-1.0)),
    ("pickups.0.node", first("pickups", node=3)),
    ("pickups.0.penalty", first("pickups", penalty=-1)),
    ("pickups.0.latest_ms", first("pickups", earliest_ms=10, latest_ms=9)),
    ("pickups.0.latest_ms", first("pickups", earliest_ms=0, latest_ms=9_999)),
    ("pickups.1.id", first("pickups", id="p1")),
    ("apart", replace(GOOD, apart=frozenset({frozenset({"paper"})}))),
]


@pytest.mark.parametrize("path, problem", CASES, ids=[f"{i}: {c[0]}" for i, c in enumerate(CASES)])
def test_a_fault_names_its_field(path, problem):
    found = faults(problem, "day.json")
    assert [fault.path for fault in found] == [path]
    assert str(found[0]).startswith(f"day.json:1:1: {path}: expected ")


def test_all_faults_come_at_once():
    bad = replace(first("pickups", mass_kg=-1.0, node=9), end_ms=5, vehicles=(vehicle(node=7),))
    assert [fault.path for fault in faults(bad)] == ["vehicles.0.node", "pickups.0.node", "pickups.0.mass_kg"]
    with pytest.raises(InputError) as raised:
        check(bad)
    assert len(raised.value.faults) == 3


def test_two_vehicles_may_not_be_committed_to_one_pickup():
    both = tuple(vehicle(i, committed=(("pickup", 0),)) for i in range(2))
    found = faults(replace(GOOD, vehicles=both))
    assert [(fault.path, fault.hint) for fault in found] == [("vehicles.1.committed.0", "'v0' is")]


def test_good_problems_pass():
    assert faults(GOOD) == []
    assert remarks(GOOD) == []
    assert faults(replace(GOOD, vehicles=())) == []
    assert faults(replace(GOOD, vehicles=(), docks=(), pickups=())) == []
    assert faults(Problem((), (), (), (), (), 0)) == []
    assert faults(replace(GOOD, ways=(PLANE,))) == []
    check(GOOD)


@pytest.mark.parametrize("seed", range(40))
def test_random_problems_have_no_fault(seed):
    assert faults(random_problem(seed)) == []


def remarked(problem: Problem) -> list[str]:
    assert faults(problem) == []
    return [remark.path for remark in remarks(problem)]


def test_oddities_are_remarks():
    assert remarked(first("pickups", material="glass")) == ["pickups.0.material"]
    assert remarked(spoiled("travel_ms", 0, 2, 900_000)) == ["ways.0.travel_ms.0.2"]
    assert remarked(spoiled("travel_ms", 0, 2, 200_001)) == []
    assert remarked(spoiled("travel_ms", 0, 2, 10**9)) == ["docks.1.node"]
    assert remarked(first("docks", unload_ms=10, hours=((0, 9),))) == ["docks.0.hours.0"]
    assert remarked(first("vehicles", battery_wh=101.0)) == ["vehicles.0.battery_wh"]


def test_many_nodes_are_sampled():
    count = 500
    there = np.abs(np.subtract.outer(np.arange(count), np.arange(count))) * 1_000
    docks = (base(0), plant(400))
    fine = replace(GOOD, ways=(Table(there, there.copy(), there / 1000.0),), docks=docks)
    assert remarked(fine) == []
    wild = np.random.default_rng(1).integers(1_000, 9_000, (count, count))
    np.fill_diagonal(wild, 0)
    found = remarks(replace(fine, ways=(Table(wild, wild.copy(), wild / 1000.0),)))
    assert [remark.path.rsplit(".", 2)[0] for remark in found] == ["ways.0.travel_ms"]
    assert "among 60 nodes" in found[0].hint
    assert found == remarks(replace(fine, ways=(Table(wild, wild.copy(), wild / 1000.0),)))


WIDE = Plane(np.array([0.0, 1e6, 0.0]), np.zeros(3), 1.0)
LIMITS = [
    ("ways.0.cost.0.1", spoiled("cost", 0, 1, MOST_LEG_COST + 1)),
    ("ways.0.cost_per_unit", replace(GOOD, ways=(replace(WIDE, cost_per_unit=10**7),))),
    ("ways.0.ms_per_unit", replace(GOOD, ways=(replace(WIDE, ms_per_unit=1000.0),))),
    ("types.0.battery_wh", first("types", battery_wh=1e7)),
    ("docks.0.charger.ms_per_wh", first("docks", charger=Charger("full", 0, 1e12))),
    ("docks.0.charger.fixed_ms", first("docks", charger=Charger("swap", 10**12))),
    ("docks.0.unload_ms", first("docks", unload_ms=10**12)),
    ("pickups.0.service_ms", first("pickups", service_ms=10**12, latest_ms=10**13)),
    ("pickups.0.late_cost_per_s", first("pickups", late_cost_per_s=10**10)),
    ("pickups.0.late_cost_per_s", first("pickups", late_cost_per_s=10**9, due_ms=-(10**15), earliest_ms=10**14,
                                        latest_ms=10**15)),
    ("pickups.0.penalty", first("pickups", penalty=2**60)),
    ("types.0.fixed_cost", first("types", fixed_cost=2**61)),
    ("pickups", replace(GOOD, pickups=tuple(pickup(i, 1, material=f"m{i}") for i in range(63)))),
]  # fmt: skip


@pytest.mark.parametrize("path, problem", LIMITS, ids=[path for path, _ in LIMITS])
def test_what_the_search_cannot_count_is_refused(path, problem):
    assert path in [fault.path for fault in faults(problem)]


def test_what_a_leg_may_cost():
    assert faults(spoiled("cost", 0, 1, MOST_LEG_COST)) == []
    barred = spoiled("travel_ms", 0, 1, UNREACHABLE_MS).ways[0]
    dear = barred.cost.copy()
    dear[0, 1] = 10**15
    assert faults(replace(GOOD, ways=(replace(barred, cost=dear),))) == []


def test_what_is_committed_can_be_come_to():
    start = vehicle(committed=(("pickup", 0), ("dock", 0)))
    problem = street([0, 1000], [vehicle(1), start], [plant(0)], [pickup(0, 1)])
    assert faults(problem) == []
    found = faults(barred(problem, (1, 0)))
    assert [(one.path, one.expected) for one in found] == [
        ("vehicles.1.committed.1", "a way to it from where the vehicle is then")
    ]
