"""Guards: whom they follow, what they see, how they stop a vehicle, and what they cannot do."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from fleet.city.model import Zone
from fleet.city.sky import Closure, Schedule
from fleet.messages.orders import FlyRoute
from fleet.messages.people import FollowVehicle, GuardReported, VehicleHeld
from fleet.messages.reports import OrderAnswered, PickupCollected
from fleet.messages.truth import LegFlown
from fleet.sim.params import SensorParams
from fleet.sim.people.guard import meeting
from fleet.sim.spoofs import Spoof
from tests.sim.toy import check_invariants, junk, pickup, waste
from tests.sim_people.peopled import Peopled

GUARD = {"base": "home", "aim_s": 5.0}


def guarded(*waiting, guard=(), **changes):
    return Peopled({"guards": [{**GUARD, **dict(guard)}]}, waiting=waiting or (waste(0, 2),), **changes)


def far_m(toy, vehicle="v0", guard="guard-01"):
    return math.dist(toy.place(vehicle)[:2], toy.place(guard)[:2])


def answers(toy):
    return [a.cause for a in toy.heard(OrderAnswered) if a.claimed_sender == "operator/kim"]


def test_a_guard_follows_and_says_where_he_sees_it():
    toy = guarded()
    toy.order("v0", junk(1400.0, -900.0, service_ms=600_000))
    toy.run(20)
    toy.follow()
    toy.run(240)
    assert far_m(toy) < 15.0
    assert answers(toy) == [""]
    seen = [g for g in toy.heard(GuardReported) if g.sees]
    assert {g.doing for g in toy.heard(GuardReported)} == {"chasing", "following"}
    assert len(seen) > 20
    assert math.dist((seen[-1].x_m, seen[-1].y_m), toy.place()[:2]) < 12.0
    toy.stand_down()
    toy.run(900).close()
    guard = toy.body("guard-01")
    assert (guard.state, guard.site) == ("idle", "home")
    assert [g.doing for g in toy.heard(GuardReported)][-1] == "off"
    check_invariants(toy)


def test_the_energy_of_a_guard_is_booked():
    toy = guarded()
    toy.order("v0", junk(1400.0, -900.0, service_ms=600_000))
    toy.follow()
    before = toy.battery_wh("guard-01")
    toy.run(200)
    legs = toy.heard(LegFlown, "guard-01")
    assert sum(leg.energy_wh for leg in legs) > 20.0
    assert before - toy.battery_wh("guard-01") >= sum(leg.energy_wh for leg in legs) - 1e-3


def test_a_guard_forces_a_captured_vehicle_down_and_it_stays_there():
    toy = guarded()
    toy.order("v0", junk(1400.0, -900.0, service_ms=600_000))
    toy.run(30)
    toy.body().captured = True
    toy.stop()
    toy.until("lost", most_s=400)
    where = toy.place()
    assert where[2] == 0.0
    assert [(h.vehicle, h.guard, h.captured) for h in toy.heard(VehicleHeld)] == [("v0", "guard-01", True)]
    assert not toy.body().captured
    foreign = FlyRoute(order_id="x", vehicle="v0", append=False, stops=(pickup(0, 0),))
    toy.world.carry_out(toy.body(), foreign)
    toy.order("v0", pickup(0, 2))
    toy.run(900).close()
    assert toy.place() == where
    assert toy.heard(PickupCollected) == []
    assert [a.cause for a in toy.heard(OrderAnswered, "v0")][-1] == "held"
    assert toy.body("guard-01").site == "home"
    check_invariants(toy)


def test_who_is_to_follow_only_stops_nobody():
    toy = guarded()
    toy.order("v0", junk(900.0, 0.0, service_ms=3_000_000))
    toy.follow()
    toy.run(600)
    assert toy.heard(VehicleHeld) == []
    assert toy.body().state == "servicing"


def test_a_lie_leads_a_guard_astray_until_he_is_near():
    """He makes for where it says that it is; a vehicle that is far from there is out of his sight."""
    toy = guarded(guard={"sight_m": 100.0})
    toy.order("v0", junk(1400.0, 0.0, service_ms=3_000_000))
    toy.run(30)
    toy.flights.mislead(toy.body(), Spoof("tow", 0.0, 4.0))
    toy.run(90)
    toy.follow()
    toy.run(200)
    reports = toy.heard(GuardReported)
    assert reports
    assert not any(r.sees for r in reports)
    assert far_m(toy) > 100.0


@pytest.mark.parametrize(
    "vehicle, guard, cause",
    [("v9", "", "unknown-vehicle"), ("guard-01", "", "unknown-vehicle"), ("v0", "guard-07", "unknown-guard")],
)
def test_an_order_that_nobody_can_carry_out_is_refused(vehicle, guard, cause):
    toy = guarded()
    toy.follow(vehicle, guard)
    toy.run(3)
    assert answers(toy) == [cause]


def test_where_there_are_no_guards_that_is_said():
    toy = Peopled({}, waiting=(waste(0, 2),))
    toy.follow("v0")
    toy.run(3)
    assert answers(toy) == ["no-guards"]


def test_the_second_order_finds_the_guard_busy_and_the_same_one_does_not():
    toy = guarded()
    toy.follow("v0")
    toy.run(3)
    toy.stop("v1")
    toy.stop("v0")
    toy.run(3)
    assert answers(toy) == ["", "busy", ""]


def test_orders_count_only_from_who_is_trusted():
    toy = guarded()
    thief = toy.bus.port("operator/thief", toy.dispatch.key)
    thief.say_signed(FollowVehicle(order_id="t", guard="", vehicle="v0"))
    toy.run(60)
    assert [a.cause for a in toy.heard(OrderAnswered) if a.claimed_sender == "operator/thief"] == ["unknown-key"]
    assert toy.body("guard-01").state == "idle"


def test_a_guard_whose_battery_is_low_charges_and_comes_back():
    toy = guarded()
    toy.order("v0", junk(900.0, -300.0, service_ms=20_000_000))
    toy.run(5)
    toy.follow()
    toy.run(3 * 3600)
    doings = [g.doing for g in toy.heard(GuardReported)]
    first = doings.index("returning")
    assert "following" in doings[:first]
    assert "following" in doings[first:]
    assert toy.states("guard-01").count("charging") >= 1
    assert "lost" not in toy.states("guard-01")
    check_invariants(toy.close())


def test_whoever_goes_to_meet_a_target_meets_it():
    there = meeting((0.0, 0.0), 18.0, (300.0, 0.0), (0.0, 12.0))
    t = math.hypot(*there) / 18.0
    assert there == (300.0, pytest.approx(12.0 * t))
    # What flees as fast as he comes is never met: he makes for where it is in a minute.
    assert meeting((0.0, 0.0), 12.0, (300.0, 0.0), (12.0, 0.0)) == (300.0 + 60 * 12.0, 0.0)


PLACES = st.floats(-1500, 1500)
ERRANDS = st.lists(st.tuples(PLACES, PLACES, st.integers(0, 1500)), min_size=1, max_size=4)
VERBS = st.sampled_from(["follow", "stop", "off"])
SENT = st.lists(st.tuples(st.integers(0, 3000), VERBS, st.sampled_from(["v0", "v1"])), min_size=1, max_size=5)


@given(ERRANDS, SENT, st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_whoever_is_sent_after_whatever_a_guard_comes_home(errands, sent, seed):
    toy = guarded(seed=seed, sensors=SensorParams())
    for vehicle in ("v0", "v1"):
        toy.order(vehicle, *(junk(x, y, service_ms=1000 * s) for x, y, s in errands))
    for at_s, verb, vehicle in sorted(sent):
        toy.run(max(0, at_s - toy.tick))
        if verb == "off":
            toy.stand_down()
        else:
            getattr(toy, verb)(vehicle)
    toy.run(4000)
    toy.stand_down()
    toy.run(1200).close()
    check_invariants(toy)
    assert "lost" not in toy.states("guard-01")
    assert toy.body("guard-01").site
    for vehicle in ("v0", "v1"):
        held = toy.body(vehicle).held
        assert held == any(h.vehicle == vehicle for h in toy.heard(VehicleHeld))
        assert not held or toy.place(vehicle)[2] == 0.0


def test_a_guard_keeps_out_of_closed_sky_and_waits_until_it_opens():
    zone = Zone("fair", "crowd", box(300.0, -300.0, 900.0, 300.0))
    toy = guarded(waste(0, 2), closures=Schedule((Closure(zone, 20_000, 400_000),)))
    toy.body().captured = True
    toy.run(1)
    there = junk(600.0, 0.0, service_ms=900_000)
    toy.world.carry_out(toy.body(), FlyRoute(order_id="x", vehicle="v0", append=False, stops=(there,)))
    toy.run(90)
    toy.stop()
    inside = []

    def watch(toy):
        x, y, h = toy.place("guard-01")
        inside.append(300.0 < x < 900.0 and -300.0 < y < 300.0 and h > 0.0)

    toy.watch = watch
    toy.run(300)
    assert not any(inside)
    assert not toy.body().held
    assert [g.doing for g in toy.heard(GuardReported)] == ["waiting"]
    toy.run(120)
    assert toy.body().held
    assert any(inside)
