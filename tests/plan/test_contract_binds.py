"""Every part of the problem changes what the planner does when it binds: small streets, reckoned by hand.

Each case has a problem, the same one where one part binds, and what becomes of both. (Places of chargers have
`test_places` to themselves.)
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.plan.budget import Iterations
from fleet.plan.checks import faults
from fleet.plan.planner import solve
from fleet.plan.problem import Charger, Plan, Problem
from fleet.plan.referee import judge
from fleet.plan.ways import Table

from .problems import KIND, barred, pickup, plant, street, vehicle

HEAVY = replace(KIND, name="heavy", payload_kg=9.0)
BIKE = replace(KIND, name="bike", battery_wh=float("inf"), certificates=frozenset({"hazmat"}))
HAZMAT = frozenset({"hazmat"})
SWAP = Charger("swap", 30_000)
SLOW = Charger("full", 0, 10_000.0)


def told(problem: Problem, plan: Plan) -> str:
    """The trips of every vehicle with what they bring where, its stops to charge alone, and what is left out."""
    said = []
    for route in plan.routes:
        aboard: list[str] = []
        for stop in route.stops:
            if stop.kind == "pickup":
                aboard.append(problem.pickups[stop.index].id)
                continue
            what = "+".join(sorted(aboard)) if stop.unload else "charge"
            said.append(f"{problem.vehicles[route.vehicle].id} {what}>{problem.docks[stop.index].id}")
            aboard = [] if stop.unload else aboard
    return ", ".join(sorted(said) + [f"no {problem.pickups[o.pickup].id} {o.code}" for o in plan.omitted])


def pair(**changes: object) -> Problem:
    """A vehicle and a plant at 0 m, light pickups at 1 and 2 km."""
    wishes = [pickup(k, 1 + k, mass_kg=1.0, volume_l=2.0, **changes) for k in range(2)]
    return street([0, 1000, 2000], [vehicle()], [plant(0)], wishes)


def one(*, end_ms: int = 10_000_000, **changes: object) -> Problem:
    """A vehicle and a plant at 0 m, another plant at 5 km, and a pickup at 1 km: done after 230 s."""
    wish = pickup(0, 1, **{"mass_kg": 1.0, **changes})
    return street([0, 1000, 5000], [vehicle()], [plant(0), plant(2)], [wish], end_ms=end_ms)


def sides(dearer: int = 0) -> Problem:
    """Full loads 1 km to both sides, and time for one of them."""
    wishes = [pickup(k, 1 + k, penalty=9_000_000 if k == dearer else 5_000_000) for k in range(2)]
    return street([0, 1000, -1000], [vehicle()], [plant(0)], wishes, end_ms=300_000)


def far(mass_kg: float = 3.0, metres: float = 9000.0, **changes: object) -> Problem:
    """A pickup at 9 km: 81 Wh there and back with 3 kg, of 90. A charger is halfway."""
    wish = pickup(0, 1, mass_kg=mass_kg)
    docks = [plant(0, charger=SWAP), replace(plant(2), id="post", accepts=frozenset(), charger=SWAP)]
    return street([0, metres, metres / 2], [vehicle(**changes)], docks, [wish])


def twice(charger: Charger) -> Problem:
    """Two full loads at 9 km: 3,660 s, and in between 72 Wh at least must be charged, or 81 to the brim."""
    wishes = [pickup(k, 1, penalty=9_000_000 - k) for k in range(2)]
    return street([0, 9000], [vehicle()], [plant(0, charger=charger)], wishes, end_ms=4_400_000)


def two_vehicles(**changes: object) -> Problem:
    """Full loads at 1 km for two vehicles, of which the first alone is in time for the first."""
    wishes = [pickup(0, 1, latest_ms=110_000, penalty=9_000_000), pickup(1, 1)]
    vehicles = [vehicle(), vehicle(1, ready_ms=5_000)]
    return street([0, 1000], vehicles, [plant(0, unload_ms=600_000, **changes)], wishes, end_ms=900_000)


def crews(*, needs: frozenset[str] = frozenset(), closed: bool = False) -> Problem:
    """A drone and a bike beside it, which goes three times as far and slow."""
    wish = pickup(0, 1, needs=needs)
    vehicles = [vehicle(), vehicle(1, type=1, battery_wh=float("inf"))]
    base = street([0, 1000], vehicles, [plant(0)], [wish], types=[KIND, BIKE])
    air = base.ways[0]
    ground = Table(3 * air.travel_ms, 3 * air.cost, 3 * air.effort_h)
    if closed:
        ground = barred(replace(base, ways=(ground,)), (0, 1)).ways[0]
    return replace(base, ways=(air, ground))


def both_ends(fixed_cost: int) -> Problem:
    """Vehicles and plants at 0 and 5 km, and something small beside each. The second must come home."""
    wishes = [pickup(k, 2 + k, mass_kg=0.1) for k in range(2)]
    kind = replace(KIND, fixed_cost=fixed_cost)
    vehicles = [vehicle(), vehicle(1, node=1, ends=(1,))]
    return street([0, 5000, 100, 4900], vehicles, [plant(0), plant(1)], wishes, types=[kind])


def with_vehicles(problem: Problem, *vehicles: object, types: tuple = ()) -> Problem:
    kinds = types or problem.types
    return replace(problem, vehicles=vehicles, types=kinds, ways=problem.ways[:1] * len(kinds))


def with_docks(problem: Problem, first: dict[str, object]) -> Problem:
    return replace(problem, docks=(replace(problem.docks[0], **first), *problem.docks[1:]))


def with_pickups(problem: Problem, *changes: dict[str, object]) -> Problem:
    return replace(
        problem, pickups=tuple(replace(p, **new) for p, new in zip(problem.pickups, changes, strict=True))
    )


TOGETHER, IN_TURN = "v0 p0+p1>plant0", "v0 p0>plant0, v0 p1>plant0"
HERE = "v0 p0>plant0"
LIGHT_OR_HEAVY = (KIND, HEAVY)
NEAR_AND_FAR = (vehicle(), vehicle(1, node=2, type=1))
LATE = {"late_cost_per_s": 10**6}

CASES: dict[str, tuple[Problem, str, Problem, str]] = {
    "mass": (pair(), TOGETHER, with_pickups(pair(), *[{"mass_kg": 2.0}] * 2), IN_TURN),
    "volume": (pair(), TOGETHER, with_pickups(pair(), *[{"volume_l": 6.0}] * 2), IN_TURN),
    "apart": (
        with_docks(with_pickups(pair(), {}, {"material": "glass"}), {"accepts": frozenset({"paper", "glass"})}),
        TOGETHER,
        with_docks(
            replace(
                with_pickups(pair(), {}, {"material": "glass"}),
                apart=frozenset({frozenset({"paper", "glass"})}),
            ),
            {"accepts": frozenset({"paper", "glass"})},
        ),
        IN_TURN,
    ),
    "several trips": (
        with_pickups(pair(), *[{"mass_kg": 2.0}] * 2),
        IN_TURN,
        replace(
            with_pickups(pair(), {"mass_kg": 2.0, "penalty": 9_000_000}, {"mass_kg": 2.0}),
            types=(replace(KIND, most_trips=1),),
        ),
        f"{HERE}, no p1 fleet-busy",
    ),
    "accepted materials": (one(), HERE, with_docks(one(), {"accepts": frozenset({"glass"})}), "v0 p0>plant2"),
    "opening hours": (one(), HERE, with_docks(one(), {"hours": ((0, 100_000),)}), "v0 p0>plant2"),
    "where routes end": (one(), HERE, with_vehicles(one(), vehicle(ends=(1,))), "v0 p0>plant2"),
    "unloading": (
        one(end_ms=500_000),
        HERE,
        with_docks(one(end_ms=500_000), {"unload_ms": 400_000}),
        "no p0 shift",
    ),
    "service": (one(end_ms=500_000), HERE, one(end_ms=500_000, service_ms=400_000), "no p0 shift"),
    "the end of all": (one(end_ms=230_000), HERE, one(end_ms=229_999), "no p0 shift"),
    "the end of a shift": (one(), HERE, with_vehicles(one(), vehicle(until_ms=229_999)), "no p0 shift"),
    "when a vehicle is free": (
        one(end_ms=500_000),
        HERE,
        with_vehicles(one(end_ms=500_000), vehicle(ready_ms=300_000)),
        "no p0 shift",
    ),
    "hard windows": (one(latest_ms=110_000), HERE, one(latest_ms=109_999), "no p0 window"),
    "penalty": (one(penalty=200_001), HERE, one(penalty=200_000), "no p0 too-dear"),
    "priority": (sides(0), f"{HERE}, no p1 fleet-busy", sides(1), "v0 p1>plant0, no p0 fleet-busy"),
    "lateness": (
        with_vehicles(pair(), vehicle(), vehicle(1, ready_ms=5_000)),
        TOGETHER,
        with_vehicles(
            with_pickups(pair(), {"due_ms": 110_000, **LATE}, {"due_ms": 215_000, **LATE}),
            vehicle(),
            vehicle(1, ready_ms=5_000),
        ),
        "v0 p0>plant0, v1 p1>plant0",
    ),
    "release": (
        with_pickups(pair(), {"latest_ms": 500_000}, {}),
        TOGETHER,
        with_pickups(pair(), {"latest_ms": 500_000}, {"release_ms": 1_000_000}),
        IN_TURN,
    ),
    "types of vehicles": (
        with_vehicles(one(), *NEAR_AND_FAR, types=LIGHT_OR_HEAVY),
        HERE,
        with_vehicles(one(mass_kg=5.0), *NEAR_AND_FAR, types=LIGHT_OR_HEAVY),
        "v1 p0>plant0",
    ),
    "bases": (
        with_vehicles(pair(), vehicle(), vehicle(1)),
        TOGETHER,
        with_vehicles(pair(), vehicle(), vehicle(1, node=2)),
        "v1 p0+p1>plant0",
    ),
    "fixed cost": (both_ends(0), "v0 p0>plant0, v1 p1>plant1", both_ends(10**6), "v0 p0+p1>plant1"),
    "hazards": (crews(), HERE, crews(needs=HAZMAT), "v1 p0>plant0"),
    "ways on the ground": (
        crews(needs=HAZMAT),
        "v1 p0>plant0",
        crews(needs=HAZMAT, closed=True),
        "no p0 no-legal-path",
    ),
    "committed visits": (
        with_vehicles(one(), vehicle(), vehicle(1, node=2)),
        HERE,
        with_vehicles(one(), vehicle(), vehicle(1, node=2, committed=(("pickup", 0),))),
        "v1 p0>plant0",
    ),
    "pads": (two_vehicles(), "v0 p0>plant0, v1 p1>plant0", two_vehicles(pads=1), f"{HERE}, no p1 fleet-busy"),
    "load": (far(1.0, 11_000), HERE, far(3.0, 11_000), f"v0 charge>post, {HERE}"),
    "reserve": (
        far(),
        HERE,
        replace(far(), types=(replace(KIND, reserve_wh=20.0),)),
        f"v0 charge>post, {HERE}",
    ),
    "charge at the start": (far(), HERE, far(battery_wh=50.0), f"v0 charge>plant0, {HERE}"),
    "full batteries": (twice(SWAP), IN_TURN, twice(SLOW), f"{HERE}, no p1 fleet-busy"),
    "partial charging": (
        twice(SLOW),
        f"{HERE}, no p1 fleet-busy",
        twice(replace(SLOW, mode="partial")),
        IN_TURN,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_part_of_the_problem_that_binds_changes_the_plan(name: str) -> None:
    free, before, bound, after = CASES[name]
    for problem, expected in ((free, before), (bound, after)):
        assert faults(problem) == []
        plan = solve(problem, Iterations(200)).plan
        assert judge(problem, plan) == ()
        assert told(problem, plan) == expected
