"""Legs: what they draw, what they take, and what becomes of those that are broken off."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.base.flight import (
    CLIMB_FACTOR,
    DESCENT_FACTOR,
    HOVER_FACTOR,
    Wind,
    effort_h,
    ground_speed_mps,
)
from fleet.messages.reports import PickupFailed, VehicleReported
from fleet.messages.truth import LegFlown
from fleet.plan.travel import travel_matrices
from fleet.sim.build import VehicleSpec
from fleet.sim.flights import ERROR_CUT
from tests.sim.toy import POINTS, SITES, Toy, check_invariants, dock, junk, light, pickup, still, waste, wh

CLIMB_S, DESCENT_S = 80 / 2.5, 80 / 2.0
WIND = Wind(4.0, -2.0)


def legs_of(toy, vehicle="v0"):
    return toy.heard(LegFlown, vehicle)


def test_a_leg_draws_by_phase_what_the_formula_says():
    toy = Toy(sensors=still())
    toy.order("v0", pickup(1), dock("home"))
    toy.until("servicing")
    body, legs = toy.body(), legs_of(toy)
    assert [leg.phase for leg in legs] == ["climbing", "cruising", "descending"]
    hours = [CLIMB_FACTOR * CLIMB_S / 3600, 50 / 3600, DESCENT_FACTOR * DESCENT_S / 3600]
    assert [leg.energy_wh for leg in legs] == pytest.approx([wh(body, [h], 0.0) for h in hours], rel=1e-6)
    assert [leg.t1_ms - leg.t0_ms for leg in legs] == [32_000, 50_000, 40_000]
    toy.until("idle")
    back = legs_of(toy)[3:]
    assert sum(leg.energy_wh for leg in back) == pytest.approx(wh(body, hours, 1.0), rel=1e-6)
    assert {leg.payload_kg for leg in back} == {1.0}
    assert toy.battery_wh() == pytest.approx(599.4 - wh(body, hours, 0) - wh(body, hours, 1), rel=1e-6)


def check_chain(legs, start, battery_wh):
    """Every leg begins where and when the last one ended, at no more than the airspeed and the wind."""
    place, at = start, 0
    for leg in legs:
        assert (leg.x0_m, leg.y0_m) == pytest.approx(place, abs=0.002)
        assert leg.t0_ms >= at
        seconds = (leg.t1_ms - leg.t0_ms) / 1000
        assert math.hypot(leg.x1_m - leg.x0_m, leg.y1_m - leg.y0_m) <= (12.0 + 5.0) * seconds + 0.1
        battery_wh -= leg.energy_wh
        assert leg.battery_wh == pytest.approx(battery_wh, abs=1e-4)
        place, at = (leg.x1_m, leg.y1_m), leg.t1_ms


def test_legs_are_a_chain_round_the_tower_in_wind():
    toy = Toy(wind=WIND)
    toy.order("v0", pickup(5), pickup(4), pickup(1))
    toy.run(900).close()
    legs = legs_of(toy)
    assert len(legs) > 9
    check_chain(legs, (0.0, 0.0), 599.4)
    straight = 800 / float(ground_speed_mps(12.0, 0.0, 1.0, WIND))
    cruise_s = sum(leg.t1_ms - leg.t0_ms for leg in legs[:5] if leg.phase == "cruising") / 1000
    assert cruise_s > straight, "the tower stands in the way"


@pytest.mark.parametrize("kind", ["light-collector", "heavy-collector"])
@pytest.mark.parametrize("wind", [Wind(), WIND, Wind(-6.0, 3.0)])
def test_flights_take_what_the_planner_reckons(kind, wind):
    """Time to within a millisecond per phase, energy within the flight's error and the planner's margin."""
    toy = Toy(wind=wind, vehicles=(VehicleSpec("v0", kind, "home"),))
    body, layer = toy.body(), toy.terrain.layers[kind]
    margin = 1.15
    travel_ms, planned_h = travel_matrices(layer.network, body.airframe, wind, margin)
    node_of = {name: n for n, name in enumerate(toy.terrain.names)}
    stops = ["b5", "b4", "b1", "b3", "b0", "home"]
    toy.order("v0", *(pickup(int(s[1])) if s != "home" else dock(s) for s in stops))
    toy.until("servicing")
    toy.until("idle")
    flown, at = legs_of(toy), "home"
    for name in stops:
        end = 1 + next(n for n, leg in enumerate(flown) if leg.phase == "descending")
        flight, flown = flown[:end], flown[end:]
        here, there = node_of[at], node_of[name]
        took_ms = flight[-1].t1_ms - flight[0].t0_ms
        assert abs(took_ms - travel_ms[here, there]) <= len(flight)
        drew_wh = sum(leg.energy_wh for leg in flight)
        planned_wh = body.airframe.power_w(flight[0].payload_kg) * planned_h[here, there]
        assert drew_wh <= planned_wh
        assert drew_wh == pytest.approx(planned_wh / margin, rel=ERROR_CUT)
        at = name


def test_the_error_of_a_flight_is_its_own_and_cut():
    wild = Toy(sensors=still(flight_energy_sigma=0.2))
    factors = []
    for _ in range(40):
        wild.order("v0", junk(60.0, 0.0, service_ms=0), dock("home", charge=True))
        wild.until("climbing")
        factors.append(wild.body().energy_factor)
        wild.until("idle")
    assert max(factors) == 1.0 + ERROR_CUT
    assert min(factors) == 1.0 - ERROR_CUT
    assert len(set(factors)) > 5


@given(
    breaks=st.lists(st.tuples(st.integers(1, 150), st.integers(0, 6)), min_size=1, max_size=8),
    wind=st.sampled_from([Wind(), WIND]),
)
@settings(max_examples=40, deadline=None)
def test_orders_in_mid_air_keep_the_books_and_the_chain(breaks, wind):
    toy = Toy(wind=wind)
    toy.watch = check_invariants
    choices = [*(pickup(n) for n in range(6)), junk()]
    toy.order("v0", pickup(3))
    for seconds, which in breaks:
        toy.run(seconds)
        toy.order("v0", choices[which])
    toy.run(300).close()
    check_invariants(toy)
    legs = legs_of(toy)
    check_chain(legs, (0.0, 0.0), 599.4)
    flown_wh = sum(leg.energy_wh for leg in legs)
    assert toy.account("Wh", "flown") == pytest.approx(flown_wh, abs=1e-3)


@pytest.mark.parametrize("climb, descent", [(10.0, 0.5), (0.5, 10.0)])
@pytest.mark.parametrize("height", [31.3, 100.1])
def test_an_order_at_any_moment_of_any_phase(climb, descent, height):
    """A hair's breadth below the top the rest of a climb takes no whole millisecond."""
    types = light(climb_mps=climb, descent_mps=descent, cruise_height_m=height, battery_wh=5000.0)
    toy = Toy(types=types, vehicles=(VehicleSpec("v0", "odd", "home"),), sensors=still())
    body, flights = toy.body(), toy.flights
    down = []
    for ms in (1, 3, 998, 3_130, 4_130, 10_009, 11_010, 11_500):
        line = np.array([[0.0, 0.0], [12.0, 0.0]])
        flights.start(body, line, down.append, down.append)
        toy.kernel.advance(toy.now_ms + ms)
        toy.kernel.advance(toy.now_ms + 1)
        flights.stop_here(body, down.append)
        flights.start(body, np.array([[0.0, 0.0], [0.0, 0.0]]), down.append, down.append)
        toy.kernel.advance(toy.now_ms + 1_000_000)
        assert toy.place()[2] == 0.0
        check_invariants(toy)
    assert len(down) == 8


def test_a_vehicle_that_hovers_comes_down_before_its_battery_is_empty():
    toy = Toy(sensors=still())
    toy.order("v0", pickup(2))
    toy.run(60)
    height = toy.place()[2]
    down = []
    toy.flights.stop_here(toy.body(), down.append)
    start_wh, start_ms = toy.battery_wh(), toy.now_ms
    toy.watch = check_invariants
    toy.run(600)
    assert toy.place()[2] == height
    power = toy.body().airframe.power_w(0.0) * HOVER_FACTOR
    assert toy.battery_wh() == pytest.approx(start_wh - power * (toy.now_ms - start_ms) / 3.6e6)
    toy.run(3600)
    assert down == [toy.body()]
    assert toy.place()[2] == 0.0
    assert 0.0 <= toy.battery_wh() < 2.0


def test_a_vehicle_that_is_called_about_without_end_comes_down_in_time():
    """Each order makes it climb again; no number of orders flies it below zero."""
    toy = Toy()
    toy.watch = check_invariants
    for n in range(120):
        toy.order("v0", pickup(n % 4))
        toy.run(45)
    assert toy.body().state == "lost" or toy.body().site
    toy.recall("v0")
    toy.run(300).close()
    check_invariants(toy)


def test_a_flight_begins_where_the_vehicle_is_and_never_hurries():
    toy = Toy(sensors=still())
    line = np.array([[500.0, 0.0], [600.0, 0.0], [600.0, 120.0]])
    toy.flights.start(toy.body(), line, lambda b: None, lambda b: None)
    toy.run(200)
    cruise = [leg for leg in legs_of(toy) if leg.phase == "cruising"]
    assert [(leg.x0_m, leg.x1_m, leg.t1_ms - leg.t0_ms) for leg in cruise] == [
        (0, 600, 50_000),
        (600, 600, 10_000),
    ]


def test_what_is_lost_with_an_empty_battery_stays_lost():
    toy = Toy(sensors=still(), types=light(battery_wh=45.0), vehicles=(VehicleSpec("v0", "odd", "home"),))
    toy.watch = check_invariants
    body = toy.body()
    line = np.array([[0.0, 0.0], [1500.0, 0.0]])
    down = []
    toy.flights.start(body, line, down.append, toy.world._downed)
    toy.run(400)
    assert down == []
    assert body.state == "lost"
    assert toy.place()[2] == 0.0
    assert 0.0 < toy.place()[0] < 1500.0
    for _ in range(3):
        toy.recall("v0", navigation="anchors")
        toy.run(60)
    assert body.state == "lost"
    assert toy.battery_wh() >= 0.0


@pytest.mark.parametrize("point", [(20.0, 400.0), (-60.0, 340.0)])
def test_a_place_within_closed_ground_is_not_flown_to(point):
    toy = Toy()
    toy.order("v0", junk(*(0.0, 400.0)), junk(*point), dock("home"))
    toy.run(400)
    failed = toy.heard(PickupFailed, "v0")
    assert failed[0].cause == "out-of-reach"
    inside = abs(point[0]) < 55 and abs(point[1] - 400) < 55
    assert failed[1].cause == ("out-of-reach" if inside else "not-found")


def test_a_wind_nobody_can_fly_against_keeps_everybody_at_home():
    toy = Toy(wind=Wind(0.0, 20.0))
    toy.order("v0", pickup(0), pickup(4))
    toy.run(600)
    assert [f.cause for f in toy.heard(PickupFailed, "v0")] == ["out-of-reach"] * 2
    assert legs_of(toy) == []
    assert toy.body().state == "idle"


def test_it_does_not_leave_for_where_there_is_no_way_back():
    toy = Toy(wind=Wind(0.0, -11.7), sensors=still())
    toy.order("v0", junk(0.0, -600.0), junk(100.0, -600.0))
    toy.run(90)
    assert [f.cause for f in toy.heard(PickupFailed, "v0")] == ["out-of-reach"] * 2
    assert toy.body().state == "idle"
    assert legs_of(toy) == []


def test_reports_say_where_and_for_what():
    toy = Toy(sensors=still())
    order = toy.order("v0", pickup(0), dock("home", unload=True))
    toy.until("unloading")
    said = [r for r in toy.heard(VehicleReported, "v0") if r.order_id == order]
    assert [(r.state, r.bound_for, r.step, r.x_m) for r in said] == [
        ("climbing", "p0", 0, 0.0),
        ("servicing", "p0", 0, 300.0),
        ("climbing", "home", 1, 300.0),
        ("unloading", "home", 1, 0.0),
    ]


def test_effort_of_the_terrain_is_the_effort_of_the_line():
    toy = Toy(wind=WIND)
    layer = toy.terrain.layers["light-collector"]
    frame = toy.body().airframe
    for a in range(len(SITES) + len(POINTS)):
        for b in range(a):
            line = toy.terrain.line("light-collector", a, b)
            assert toy.terrain.energy_h(frame, line) == pytest.approx(float(layer.effort_h[a, b]), rel=1e-9)
    assert layer.effort_h[0, 0] == 0.0
    assert layer.effort_h[0, 1] > float(effort_h(frame, 0.0))


def test_a_scenario_without_waste_flies_nothing():
    toy = Toy(waiting=(waste(0, announced_ms=10**6),))
    toy.run(100).close()
    assert legs_of(toy) == []
    assert toy.account("Wh", "battery") == pytest.approx(2 * 599.4)
