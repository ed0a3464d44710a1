"""A round's problem: who is in it, what is offered, and what the numbers mean."""

from dataclasses import replace

import numpy as np
import pytest

from fleet.dispatch.params import DispatchParams
from fleet.dispatch.rounds import (
    FULL_SHARE,
    HAZMAT,
    ORDER_DELAY_MS,
    dock_order,
    make_round,
    needs_of,
    others_could,
    stop_orders,
)
from fleet.plan.problem import UNREACHABLE_MS, Charger, Route, Stop
from fleet.plan.referee import judge
from tests.dispatch.desk import DAY_MS, atlas, belief, far_away, planned
from tests.sim.toy import POINTS, SITES, waste

NOW = 600_000
ATLAS = atlas()
PARAMS = DispatchParams(lookahead_s=360, horizon_s=3000, candidates_per_vehicle=2)


def town(vehicles=2, pickups=4, **asked):
    mind = belief(vehicles)
    for number in range(pickups):
        mind.hear(waste(number, number % len(POINTS), **asked).request, 0)
    return mind


def round_of(mind, now_ms=NOW, **params):
    return make_round(ATLAS, mind, PARAMS.model_copy(update=params), now_ms)


def ids(this):
    return [v.id for v in this.vehicles], sorted(p.request.pickup_id for p in this.pickups)


@pytest.mark.parametrize(
    "changes, is_in",
    [
        ({}, True),
        ({"idle": False, "free_ms": NOW + 359_000}, True),
        ({"idle": False, "free_ms": NOW + 361_000}, False),
        ({"quarantined": True}, False),
        ({"state": "lost"}, False),
        ({"load_kg": 1.0}, False),
        ({"load_kg": 1.0, "idle": False, "free_ms": NOW}, True),
        ({"awaits": "o7", "idle": False}, False),
        ({"called_off_ms": 0, "idle": False, "free_ms": 0}, False),
    ],
)
def test_who_is_planned_with(changes, is_in):
    mind = town()
    for name, value in changes.items():
        setattr(mind.vehicles["v0"], name, value)
    assert ("v0" in ids(round_of(mind))[0]) == is_in
    assert "v1" in ids(round_of(mind))[0]


@pytest.mark.parametrize(
    "idle, free_ms, ready_ms",
    [
        (True, 0, NOW + ORDER_DELAY_MS),
        (True, NOW, NOW + ORDER_DELAY_MS),
        (False, NOW + 100_000, NOW + 100_000 + ORDER_DELAY_MS),
        (False, NOW - 5_000, NOW + 60_000 + ORDER_DELAY_MS),
        (False, NOW, NOW + 60_000 + ORDER_DELAY_MS),
    ],
)
def test_when_a_vehicle_is_ready(idle, free_ms, ready_ms):
    mind = town(1)
    vehicle = mind.vehicles["v0"]
    vehicle.idle, vehicle.free_ms, vehicle.free_site, vehicle.free_wh = idle, free_ms, "far", 333.0
    (planned,) = round_of(mind).problem.vehicles
    assert (planned.ready_ms, planned.battery_wh) == (ready_ms, 333.0)
    assert round_of(mind).problem.docks[2].node == planned.node


def test_nobody_free_means_nothing_offered():
    mind = town()
    for vehicle in mind.vehicles.values():
        vehicle.quarantined = True
    assert ids(round_of(mind)) == ([], [])


def test_matrices_are_cut_to_the_nodes_of_the_round():
    mind = town(pickups=3)
    this = round_of(mind)
    names = [d.id for d in this.problem.docks] + [p.request.point_id for p in this.pickups]
    nodes = [d.node for d in this.problem.docks] + [p.node for p in this.problem.pickups]
    (ways,) = this.problem.ways
    for a, row in zip(names, nodes, strict=True):
        for b, column in zip(names, nodes, strict=True):
            here, there = ATLAS.node_of[a], ATLAS.node_of[b]
            assert ways.travel_ms[row, column] == ways.cost[row, column] == ATLAS.travel_ms[0][here, there]
            assert ways.effort_h[row, column] == ATLAS.effort_h[0][here, there]
    assert ways.size == len(set(nodes))


@pytest.mark.parametrize("now_ms, end_ms", [(NOW, NOW + 3_360_000), (DAY_MS - 60_000, DAY_MS)])
def test_a_round_looks_as_far_as_its_horizon_and_not_beyond_the_day(now_ms, end_ms):
    assert round_of(town(), now_ms).problem.end_ms == end_ms


def test_no_more_is_offered_than_can_be_carried_and_the_urgent_come_first():
    mind = belief(2)
    for number in range(12):
        far = 4 if number % 2 else 0
        mind.hear(waste(number, far, latest_ms=10_000_000 - 100_000 * number).request, 0)
    offered = [p.request.pickup_id for p in round_of(mind).pickups]
    assert len(offered) == 4
    assert offered[:2] == ["p11", "p10"], "the two that close soonest"
    assert offered[2:] == ["p0", "p2"], "then the two nearest to a vehicle"


def test_of_many_idle_vehicles_only_some_near_ones_are_planned_with():
    mind = town(vehicles=40, pickups=3)
    for number in range(20, 40):
        mind.vehicles[f"v{number}"].free_site = "far"
    named, _ = ids(round_of(mind))
    assert 2 <= len(named) <= 6
    assert {mind.vehicles[name].free_site for name in named} == {"home", "far"}


@pytest.mark.parametrize(
    "share, accepts", [(0.0, True), (FULL_SHARE - 0.01, True), (FULL_SHARE, False), (2.0, False)]
)
def test_what_is_full_takes_no_more_but_charges_still(share, accepts):
    mind = town()
    mind.stock_kg["home"] = share * 1000.0
    home, swap, far = round_of(mind).problem.docks
    assert bool(home.accepts) == accepts
    assert (home.charger, swap.charger, far.charger) == (Charger("swap", 90_000), Charger("swap", 90_000), None)
    assert (home.pads, swap.pads, far.pads) == (1, 1, 2)
    assert (swap.accepts, far.accepts) == (frozenset(), {"paper"})


def penalty(**asked):
    mind = belief()
    mind.hear(waste(0, **asked).request, 0)
    return round_of(mind).problem.pickups[0].penalty


def test_leaving_out_costs_more_the_sooner_it_closes_and_the_more_it_matters():
    by_time = [penalty(latest_ms=NOW + minutes * 60_000) for minutes in (0, 5, 30, 89, 90, 500)]
    assert by_time == sorted(by_time, reverse=True)
    assert by_time[0] == 4 * by_time[-1]
    assert by_time[-2] == by_time[-1]
    assert [penalty(priority=p) for p in (1, 2, 3)] == [by_time[-1] * p for p in (1, 2, 3)]
    assert penalty(latest_ms=0) == by_time[0]


def asked_for(kg, litres, failures=0):
    mind = belief()
    asked = waste(0, 3, kg=kg, litres=litres, material="batteries", earliest_ms=5, service_ms=9).request
    mind.hear(asked, 0)
    mind.pickups["p0"].misfits = failures
    (pickup,) = round_of(mind, load_margin=1.1).problem.pickups
    return pickup


def test_what_was_declared_is_what_is_planned():
    pickup = asked_for(2.5, 7.0)
    assert (pickup.id, pickup.material, pickup.earliest_ms, pickup.service_ms) == ("p0", "batteries", 5, 9)
    assert pickup.needs == {HAZMAT}
    assert not needs_of("paper")


@pytest.mark.parametrize(
    "declared, expected",
    [
        ((2.0, 10.0), (2.2, 11.0)),
        ((5.5, 39.0), (5.6, 40.0)),
        ((5.6, 40.0), (5.6, 40.0)),
        ((6.0, 41.0), (6.0, 41.0)),
    ],
)
def test_a_little_more_than_declared_is_planned_for_but_not_more_than_fits(declared, expected):
    pickup = asked_for(*declared)
    assert (pickup.mass_kg, pickup.volume_l) == pytest.approx(expected)


def test_for_what_did_not_fit_more_room_is_planned():
    assert asked_for(2.0, 10.0, failures=1).mass_kg == pytest.approx(2.0 * 1.5)
    assert asked_for(2.0, 38.0, failures=1).volume_l == 40.0


def test_a_round_can_be_solved_and_is_judged_right():
    this = round_of(town(pickups=6), candidates_per_vehicle=6)
    plan = planned(this.problem).plan
    assert not judge(this.problem, plan)
    assert sum(s.kind == "pickup" for r in plan.routes for s in r.stops) == 6


def test_a_route_becomes_stops_with_places_windows_and_masses():
    mind = town(pickups=3, earliest_ms=700_000, service_ms=25_000, kg=1.5)
    this = round_of(mind)
    route = Route(0, (Stop("pickup", 1, 0, 0, 0), Stop("dock", 0, 0, 0, 0, unload=True, charge_wh=5.0)))
    first, home = stop_orders(this, ATLAS, route)
    request = this.pickups[1].request
    assert (first.kind, first.target, first.x_m, first.y_m) == (
        "pickup",
        request.pickup_id,
        request.x_m,
        request.y_m,
    )
    assert (first.earliest_ms, first.latest_ms, first.service_ms, first.mass_kg) == (700_000, 10**8, 25_000, 1.5)
    assert home == dock_order(ATLAS, "home", unload=True, charge=True)


def test_a_dock_order_points_at_the_dock():
    for site in SITES:
        stop = dock_order(ATLAS, site.id, unload=False, charge=True)
        assert (stop.target, stop.x_m, stop.y_m, stop.unload, stop.charge) == (
            site.id,
            site.x_m,
            site.y_m,
            False,
            True,
        )


def test_two_types_keep_their_own_matrices():
    double = replace(
        ATLAS,
        types=(ATLAS.types[0], replace(ATLAS.types[0], name="other")),
        travel_ms=(ATLAS.travel_ms[0], 2 * ATLAS.travel_ms[0]),
        effort_h=(ATLAS.effort_h[0], 2 * ATLAS.effort_h[0]),
    )
    problem = make_round(double, town(), PARAMS, NOW).problem
    for name in ("travel_ms", "cost", "effort_h"):
        assert np.array_equal(2 * getattr(problem.ways[0], name), getattr(problem.ways[1], name))


def with_bikes(closed_by_air, closed_by_street=(), slower=3):
    """The toy town for light collectors and for bikes, with bins that the one or the other cannot reach."""
    by_air = ATLAS.travel_ms[0].copy()
    by_street = slower * ATLAS.travel_ms[0]
    for travel, closed in ((by_air, closed_by_air), (by_street, closed_by_street)):
        for node in (ATLAS.node_of[bin_] for bin_ in closed):
            travel[node, :] = travel[:, node] = UNREACHABLE_MS
    bike = replace(ATLAS.types[0], name="bike", mass_exponent=1.0)
    effort = ATLAS.effort_h[0]
    return replace(ATLAS, types=(ATLAS.types[0], bike), travel_ms=(by_air, by_street), effort_h=(effort, effort))


def crew(*types, pickups=2, **asked):
    mind = town(len(types), pickups, **asked)
    for vehicle, kind in zip(mind.vehicles.values(), types, strict=True):
        vehicle.type = kind
    return mind


def test_near_is_what_is_near_by_the_ways_of_those_who_are_free():
    view = with_bikes(closed_by_air=["b0"])
    for kind, nearest in ((0, "p1"), (1, "p0")):
        mind = crew(kind, pickups=0)
        for number in (0, 1):
            mind.hear(waste(number, number, latest_ms=10**8).request, 0)
        mind.hear(waste(9, 5, latest_ms=10**7).request, 0)
        this = make_round(view, mind, PARAMS, NOW)
        assert [p.request.pickup_id for p in this.pickups] == ["p9", nearest]


@pytest.mark.parametrize(
    "types, changes, closed_by_street, could",
    [
        ((0, 1), {}, [], True),
        ((0, 0), {}, [], False),
        ((0, 1), {}, ["b0"], False),
        ((0, 1), {"state": "lost"}, [], False),
        ((0, 1), {"quarantined": True}, [], False),
    ],
)
def test_no_vehicle_of_the_round_has_a_way_but_one_that_is_busy_may(types, changes, closed_by_street, could):
    view = with_bikes(["b0"], closed_by_street)
    mind = crew(*types, pickups=1)
    second = mind.vehicles["v1"]
    second.free_ms, second.idle = DAY_MS, False
    for name, value in changes.items():
        setattr(second, name, value)
    this = make_round(view, mind, PARAMS, NOW)
    assert [v.id for v in this.vehicles] == ["v0"]
    (omission,) = planned(this.problem).plan.omitted
    assert (omission.code, omission.need, omission.limit) == ("no-legal-path", 1.0, 0.0)
    assert others_could(view, mind, this.pickups[0]) == could


@pytest.mark.parametrize(
    "asked", [{"kg": 50.0}, {"litres": 500.0}, {"material": "solvents"}, {"material": "metals"}]
)
def test_a_busy_vehicle_that_could_not_carry_or_unload_it_is_no_excuse(asked):
    view = with_bikes(["b0"])
    mind = crew(0, 1, pickups=1, **asked)
    mind.vehicles["v1"].free_ms, mind.vehicles["v1"].idle = DAY_MS, False
    this = make_round(view, mind, PARAMS, NOW)
    assert not others_could(view, mind, this.pickups[0])


def test_what_nobody_can_carry_costs_the_others_no_place():
    mind = town(1, pickups=2)
    for number in range(10, 20):
        mind.hear(waste(number, 0, kg=50.0, latest_ms=NOW + 900_000).request, 0)
    for number in range(20, 30):
        mind.hear(waste(number, 0, material="solvents", latest_ms=NOW + 900_000).request, 0)
    this = round_of(mind)
    assert {"p0", "p1"} < set(ids(this)[1])
    assert len(this.pickups) == 22
    plan = planned(this.problem).plan
    assert not judge(this.problem, plan)
    reasons = {this.pickups[o.pickup].request.pickup_id: o.code for o in plan.omitted}
    assert reasons == {
        **{f"p{n}": "too-heavy" for n in range(10, 20)},
        **{f"p{n}": "not-certified" for n in range(20, 30)},
    }


def test_how_near_something_is_goes_by_the_type_that_would_fly():
    """Two types with the same airframe at two heights: at the first one's, the nearest bins are closed."""
    shut = far_away(far_away(ATLAS, "b0"), "b1")
    view = replace(
        ATLAS,
        types=(ATLAS.types[0], replace(ATLAS.types[0], name="low")),
        travel_ms=(*shut.travel_ms, *ATLAS.travel_ms),
        effort_h=(*shut.effort_h, *ATLAS.effort_h),
    )
    mind = town(1, len(POINTS))
    mind.vehicles["v0"].type = 1
    offered = make_round(view, mind, PARAMS, NOW).pickups
    mind.vehicles["v0"].type = 0
    alone = replace(ATLAS, types=view.types, travel_ms=2 * ATLAS.travel_ms, effort_h=2 * ATLAS.effort_h)
    assert offered == make_round(alone, mind, PARAMS, NOW).pickups
    assert len(offered) < len(POINTS)
