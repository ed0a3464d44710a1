"""The solver: always legal, always the same, and bound by every limit that it claims to know."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.plan.params import SearchParams
from fleet.plan.problem import UNREACHABLE_MS, Plan, Problem
from fleet.plan.referee import judge
from fleet.plan.schedule import Breach, repair, schedule
from fleet.plan.solve import finish, solve

from .problems import KIND, NEVER_MS, barred, base, mixed, pickup, plant, street, town, vehicle

QUICK = SearchParams(solutions=15, rounds=10)
seeds = st.integers(0, 10**6)


def legal(problem: Problem, params: SearchParams = QUICK) -> Plan:
    plan = solve(problem, params)
    assert [str(violation) for violation in judge(problem, plan)] == []
    return plan


def served(plan: Plan) -> dict[int, int]:
    """Vehicle by pickup."""
    return {s.index: route.vehicle for route in plan.routes for s in route.stops if s.kind == "pickup"}


def reasons(plan: Plan) -> dict[int, str]:
    return {omission.pickup: omission.code for omission in plan.omitted}


@given(seeds, st.integers(1, 6), st.integers(1, 14), st.sampled_from([0.0, 0.3, 0.7, 1.0]))
@settings(max_examples=60, deadline=None)
def test_every_plan_is_legal(seed, vehicles, pickups, harsh):
    legal(town(seed, vehicles, pickups, harsh=harsh))


@given(seeds, st.integers(2, 7), st.integers(1, 14), st.sampled_from([0.0, 0.3, 0.7, 1.0]))
@settings(max_examples=60, deadline=None)
def test_every_plan_of_a_fleet_by_air_and_by_street_is_legal(seed, vehicles, pickups, harsh):
    problem = mixed(town(seed, vehicles, pickups, harsh=harsh), seed)
    legal(problem)
    assert judge(problem, finish(problem, [], 0)) == ()


@pytest.mark.parametrize("harsh", [0.0, 0.8])
def test_a_large_plan_is_legal(harsh):
    plan = legal(town(3, 12, 50, harsh=harsh), SearchParams())
    assert len(served(plan)) >= 20


@given(seeds, st.sampled_from([0.2, 0.6, 1.0]))
@settings(max_examples=60, deadline=None)
def test_every_excuse_is_true_when_nothing_is_served(seed, harsh):
    problem = town(seed, 4, 12, side_m=9000.0, harsh=harsh)
    assert judge(problem, finish(problem, [], 0)) == ()


@given(seeds)
@settings(max_examples=10, deadline=None)
def test_the_same_problem_has_the_same_plan(seed):
    problem = town(seed, 5, 15)
    assert solve(problem, QUICK) == solve(problem, QUICK)


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_the_referee_sees_what_is_changed_in_a_legal_plan(seed):
    problem = town(seed, 3, 8, harsh=0.1)
    plan = legal(problem)
    assert judge(problem, replace(plan, cost=plan.cost - 1)) != ()
    for number, route in enumerate(plan.routes):
        for at, stop in enumerate(route.stops):
            sooner = replace(stop, arrive_ms=stop.arrive_ms - 1)
            for stops in (
                (*route.stops[:at], *route.stops[at + 1 :]),
                (*route.stops[:at], sooner, *route.stops[at + 1 :]),
            ):
                routes = list(plan.routes)
                routes[number] = replace(route, stops=stops)
                assert judge(problem, replace(plan, routes=tuple(routes))) != ()


def test_one_pickup_and_many_vehicles_end():
    """OR-Tools' iterated local search went on for ever on this one."""
    assert len(legal(town(18821455, 12, 1, side_m=9000.0, harsh=0.228)).omitted) <= 1


# ------------------------------------------------------------------------------------- every limit binds

HOUR_MS = 3_600_000


def corner(vehicles=None, docks=None, pickups=None, types=(KIND,), end_ms=NEVER_MS) -> Problem:
    """Base at 0 m, two pickups near each other at 1000 and 1100 m, plant at 2000 m."""
    return street(
        [0, 1000, 1100, 2000],
        vehicles or [vehicle()],
        docks or [base(0), plant(3)],
        pickups or [pickup(0, 1, mass_kg=1.5), pickup(1, 2, mass_kg=1.5)],
        types,
        end_ms,
    )


def trips(plan: Plan) -> int:
    return sum(stop.unload for route in plan.routes for stop in route.stops)


def test_with_nothing_in_the_way_one_trip_does_it():
    plan = legal(corner())
    assert served(plan) == {0: 0, 1: 0}
    assert trips(plan) == 1
    assert plan.cost == 400_000


def test_mass_binds():
    plan = legal(corner(pickups=[pickup(0, 1, mass_kg=1.5), pickup(1, 2, mass_kg=1.6)]))
    assert (set(served(plan)), trips(plan)) == ({0, 1}, 2)


def test_volume_binds():
    pickups = [pickup(i, 1 + i % 2, mass_kg=0.1, volume_l=6.0) for i in range(5)]
    assert trips(legal(corner(pickups=pickups))) == 5
    assert trips(legal(corner(pickups=[replace(p, volume_l=5.0) for p in pickups]))) == 3


def test_battery_binds():
    """One pickup is in reach of the charge left, the other is not, and there is no charger to go to first."""
    far = [0, 1000, 20_000, 2000]
    pickups = [pickup(0, 1), pickup(1, 2)]
    docks = [plant(3)]
    tired = replace(street(far, [vehicle(battery_wh=60.0)], docks, pickups))
    plan = legal(tired)
    assert served(plan) == {0: 0}
    assert reasons(plan) == {1: "battery"}
    frugal = replace(KIND, power_coefficient=0.1)
    assert set(served(legal(replace(tired, types=(frugal,))))) == {0, 1}


def test_on_the_street_the_battery_binds_by_the_mass_and_not_by_its_power_one_and_a_half():
    """There 10 km with 1 kg, back 10 km with 1 + 3 kg: 10 Wh + 40 Wh; by air it would be 10 Wh + 80 Wh."""
    for usable_wh, is_served in ((50.01, True), (49.99, False)):
        kind = replace(KIND, mass_exponent=1.0, battery_wh=10.0 + usable_wh)
        problem = street([0, 10_000], [vehicle(battery_wh=1e9)], [base(0), plant(0)], [pickup(0, 1)], [kind])
        plan = legal(problem)
        assert bool(served(plan)) == is_served
        if not is_served:
            assert (plan.omitted[0].code, plan.omitted[0].need) == ("battery", pytest.approx(50.0))


def test_what_one_type_cannot_reach_another_serves_and_what_none_can_has_no_legal_path():
    walker = replace(KIND, name="walker", mass_exponent=1.0)
    fleet = [vehicle(0), vehicle(1, type=1)]
    plain = street([0, 500, 700], fleet, [base(0), plant(0)], [pickup(0, 1), pickup(1, 2)], [KIND, walker])
    by_air, by_street = (matrix.copy() for matrix in plain.travel_ms)
    for node in (1, 2):
        by_air[node, 0] = by_air[0, node] = UNREACHABLE_MS
    by_street[0, 2] = UNREACHABLE_MS
    by_street[1, 2] = UNREACHABLE_MS
    plan = legal(replace(plain, travel_ms=(by_air, by_street)))
    assert served(plan) == {0: 1}
    assert [(o.pickup, o.code, o.need, o.limit) for o in plan.omitted] == [(1, "no-legal-path", 1.0, 0.0)]


@given(seeds, st.integers(1, 5), st.integers(1, 10))
@settings(max_examples=25, deadline=None)
def test_who_draws_nothing_is_planned_for_and_refused_for_the_true_reason(seed, vehicles, pickups):
    """Nothing times an infinite effort is no number: a barred way is barred for walkers too."""
    problem = town(seed, vehicles, pickups, harsh=1.0)
    legal(replace(problem, types=tuple(replace(kind, power_coefficient=0.0) for kind in problem.types)))


def test_charge_left_binds():
    plan = legal(corner(vehicles=[vehicle(battery_wh=12.0), vehicle(1, node=3)], docks=[plant(3)]))
    assert set(served(plan).values()) == {1}


def test_accepted_material_binds():
    glass = [pickup(0, 1, mass_kg=1.5), pickup(1, 2, mass_kg=1.5, material="glass")]
    both = legal(corner(pickups=glass, docks=[base(0), plant(3, "paper", "glass")]))
    assert trips(both) == 1
    apart = legal(corner(pickups=glass, docks=[base(0), plant(3, "paper"), plant(0, "glass")]))
    assert (set(served(apart)), trips(apart)) == ({0, 1}, 2)
    nowhere = legal(corner(pickups=glass, docks=[base(0), plant(3, "paper")]))
    assert reasons(nowhere) == {1: "not-accepted"}


def test_time_window_binds():
    late = [pickup(0, 1, mass_kg=1.5), pickup(1, 2, mass_kg=1.5, latest_ms=125_000)]
    plan = legal(corner(pickups=late))
    first = plan.routes[0].stops[0]
    assert (first.kind, first.index) == ("pickup", 1)
    both = legal(corner(pickups=[replace(p, latest_ms=125_000) for p in late]))
    assert reasons(both) == {1: "fleet-busy"} or reasons(both) == {0: "fleet-busy"}
    two = legal(corner(vehicles=[vehicle(), vehicle(1)], pickups=[replace(p, latest_ms=125_000) for p in late]))
    assert sorted(served(two).values()) == [0, 1]


def test_certification_binds():
    kinds = (KIND, replace(KIND, name="certified", hazmat=True))
    near = [vehicle(0), vehicle(1, type=1, node=3)]
    plain = street([0, 1000, 2000, 5000], near, [base(0), plant(2)], [pickup(0, 1)], kinds)
    assert served(legal(plain)) == {0: 0}
    danger = replace(plain, pickups=(replace(plain.pickups[0], hazardous=True),))
    assert served(legal(danger)) == {0: 1}
    assert reasons(legal(replace(danger, vehicles=(near[0],)))) == {0: "not-certified"}


def test_the_end_binds():
    assert served(legal(corner(end_ms=480_000, pickups=[pickup(0, 1)]))) == {0: 0}
    assert reasons(legal(corner(end_ms=220_000, pickups=[pickup(0, 1)]))) == {0: "window"}


def test_a_pickup_dearer_to_fetch_than_to_leave_is_left():
    plan = legal(corner(pickups=[pickup(0, 1, penalty=1000)]))
    assert (served(plan), reasons(plan), plan.cost) == ({}, {0: "fleet-busy"}, 1000)


def test_a_stop_to_charge_is_made_where_the_battery_forces_it():
    """Out 30 Wh and home 55: too much for the 60 Wh that are left of 100; the base on the way fills up."""
    problem = street(
        [0, 30_000, 5_000],
        [vehicle(battery_wh=60.0)],
        [plant(0), base(2)],
        [pickup(0, 1, mass_kg=0.5, penalty=9_000_000)],
    )
    plan = legal(problem)
    charged = [stop for route in plan.routes for stop in route.stops if stop.charge]
    assert served(plan) == {0: 0}
    assert charged
    fresh = replace(problem, vehicles=(vehicle(battery_wh=100.0),), docks=(plant(0, charge_ms=1000), base(2)))
    middle = [stop.charge for route in legal(fresh).routes for stop in route.stops[:-1]]
    assert not any(middle)


def test_repair_adds_a_stop_to_charge_before_it_takes_a_pickup_out():
    pickups = [pickup(0, 1, mass_kg=0.5, penalty=9_000_000)]
    problem = street([0, 30_000, 5_000], [vehicle(battery_wh=60.0)], [plant(0), base(2)], pickups)
    wanted = [("pickup", 0), ("dock", 0), ("dock", 1)]
    assert schedule(problem, 0, wanted) == Breach(1, "battery", pytest.approx(35.1, abs=0.1))
    mended = repair(problem, 0, wanted)
    assert [(stop.kind, stop.index) for stop in mended.stops][:2] == [("dock", 1), ("pickup", 0)]
    assert mended.stops[0].charge
    chargerless = replace(problem, docks=(plant(0), plant(2, "glass")))
    assert repair(chargerless, 0, wanted).stops == ()


def test_full_battery_is_not_enough_without_a_stop_on_the_way():
    """Each half of the street draws most of a battery; there are chargers at the ends and in the middle."""
    problem = street(
        [0, 35_000, 70_000], [vehicle()], [plant(0, charge_ms=1000), base(1)], [pickup(0, 2, mass_kg=0.3)]
    )
    wide = replace(problem.pickups[0], penalty=50_000_000, latest_ms=50_000_000)
    plan = legal(replace(problem, pickups=(wide,), end_ms=50_000_000))
    assert served(plan) == {0: 0}
    assert sum(stop.charge for stop in plan.routes[0].stops[:-1]) >= 2


def test_a_dozen_vehicles_share_one_base_without_a_plant_that_charges():
    """The base is in no model often enough for everybody by copies alone; routes end there all the same."""
    metres = [0.0, 2000.0, *(500.0 + 100.0 * i for i in range(12))]
    pickups = [pickup(i, 2 + i, latest_ms=400_000) for i in range(12)]
    problem = street(metres, [vehicle(i) for i in range(12)], [base(0), plant(1)], pickups)
    plan = legal(problem)
    assert len(served(plan)) == 12
    assert all(route.stops[-1].index == 0 for route in plan.routes)


def test_many_trips_of_one_vehicle():
    pickups = [pickup(i, 1 + i % 2) for i in range(7)]
    plan = legal(corner(pickups=pickups))
    assert (len(served(plan)), trips(plan)) == (7, 7)


def test_without_chargers_a_route_ends_at_the_plant():
    plan = legal(corner(docks=[plant(3)]))
    assert set(served(plan)) == {0, 1}
    assert not any(stop.charge for stop in plan.routes[0].stops)


def test_no_top_up_that_would_end_too_late():
    tired = [vehicle(battery_wh=50.0)]
    ample = legal(corner(vehicles=tired, pickups=[pickup(0, 1)]))
    assert ample.routes[0].stops[-1].charge
    full = ample.routes[0].stops[-1].end_ms
    short = legal(corner(vehicles=tired, pickups=[pickup(0, 1)], end_ms=full - 1))
    assert served(short) == {0: 0}
    assert not short.routes[0].stops[-1].charge


def test_an_overfull_battery_is_a_full_one():
    plan = legal(corner(vehicles=[vehicle(battery_wh=170.0)]))
    assert plan.routes[0].battery_wh <= KIND.battery_wh


def test_a_flat_vehicle_on_a_charger_is_of_use():
    plan = legal(corner(vehicles=[vehicle(battery_wh=2.0)]))
    assert set(served(plan)) == {0, 1}


def test_a_loaded_vehicle_may_charge_where_its_load_is_not_taken():
    """The base also takes glass; the paper stays on board."""
    metres = [0, 20_000, 8_000]
    docks = [plant(0), plant(2, "glass", charge_ms=30_000)]
    plan = schedule(
        street(metres, [vehicle()], docks, [pickup(0, 1)]), 0, [("pickup", 0), ("dock", 1), ("dock", 0)]
    )
    assert isinstance(plan, Breach)
    nearer = street([0, 12_000, 4_000], [vehicle()], docks, [pickup(0, 1)])
    route = schedule(nearer, 0, [("pickup", 0), ("dock", 1), ("dock", 0)])
    assert not isinstance(route, Breach)
    assert [(stop.unload, stop.charge) for stop in route.stops[1:]] == [(False, True), (True, False)]


# ------------------------------------------------------------------------------------------- odd problems

ODD = {
    "no vehicles": (replace(corner(), vehicles=()), {0: "fleet-busy", 1: "fleet-busy"}),
    "no pickups": (replace(corner(), pickups=()), {}),
    "nothing at all": (replace(corner(), pickups=(), vehicles=(), docks=()), {}),
    "no docks": (replace(corner(), docks=()), {0: "not-accepted", 1: "not-accepted"}),
    "all unreachable": (
        barred(corner(), *((a, b) for a in range(4) for b in range(4) if a != b)),
        {0: "no-legal-path", 1: "no-legal-path"},
    ),
    "window shorter than the service": (
        corner(pickups=[pickup(0, 1, earliest_ms=500_000, latest_ms=509_999)]),
        {0: "window"},
    ),
    "window before time": (corner(pickups=[pickup(0, 1, earliest_ms=-9, latest_ms=-5)]), {0: "window"}),
    "window after the end": (corner(pickups=[pickup(0, 1, earliest_ms=HOUR_MS)], end_ms=HOUR_MS), {0: "window"}),
    "ready after the end": (
        corner(vehicles=[vehicle(ready_ms=HOUR_MS + 1)], end_ms=HOUR_MS),
        {0: "window", 1: "window"},
    ),
    "no time": (corner(end_ms=0), {0: "window", 1: "window"}),
    "less than no time": (corner(end_ms=-1), {0: "window", 1: "window"}),
    "reserve above capacity": (
        corner(types=[replace(KIND, reserve_wh=200.0)]),
        {0: "battery", 1: "battery"},
    ),
    "no payload": (
        corner(types=[replace(KIND, payload_kg=0.0, volume_l=0.0)]),
        {0: "too-heavy", 1: "too-heavy"},
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_problems_get_a_plan(name):
    problem, expected = ODD[name]
    plan = legal(problem)
    assert (plan.routes, reasons(plan)) == ((), expected)


def test_long_days_keep_what_is_barred_barred():
    """Times of day 30 exceed any fixed number that would stand for "barred"."""
    late = 30 * 24 * HOUR_MS
    pickups = [pickup(0, 1, latest_ms=late + HOUR_MS), pickup(1, 2, latest_ms=late + HOUR_MS)]
    problem = corner(vehicles=[vehicle(ready_ms=late)], pickups=pickups, end_ms=late + HOUR_MS)
    assert late > UNREACHABLE_MS
    assert set(served(legal(problem))) == {0, 1}
    cut_off = barred(problem, (0, 1), (3, 1), (2, 1))
    assert reasons(legal(cut_off)) == {0: "no-legal-path"}
