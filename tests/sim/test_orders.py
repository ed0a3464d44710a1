"""Who is obeyed, from whatever state; and what an order leads to when it is a lie."""

import math

import msgspec
import pytest

from fleet.messages.codec import decode, encode
from fleet.messages.orders import FlyRoute
from fleet.messages.reports import OrderAnswered, PickupCollected, PickupFailed, Unloaded, VehicleReported
from fleet.messages.tamper import StartTamper, StopTamper, TamperAnswered
from fleet.messages.truth import TamperEffect
from tests.sim.toy import AUTHORITY, KEY, THIEF, Toy, check_invariants, dock, junk, pickup, still, waste


def answers(toy, vehicle="v0"):
    return [(a.order_id, a.cause) for a in toy.heard(OrderAnswered, vehicle)]


def test_an_order_is_heard_at_the_next_tick_and_answered():
    toy = Toy()
    toy.order("v0", pickup(0))
    toy.run(1)
    assert toy.body().state == "climbing"
    toy.run(1)
    assert answers(toy) == [("o1", "")]
    assert answers(toy, "v1") == []


def test_an_order_for_nobody_is_nobodys():
    toy = Toy()
    toy.order("v9", pickup(0))
    toy.run(5)
    assert toy.heard(OrderAnswered) == []
    assert {toy.body(v).state for v in ("v0", "v1")} == {"idle"}


def test_an_order_of_a_thief_is_refused_and_moves_nobody():
    toy = Toy()
    toy.dispatch.key = THIEF
    toy.order("v0", pickup(0))
    toy.run(5)
    assert answers(toy) == [("o1", "bad-signature")]
    assert toy.body().state == "idle"


def test_a_replayed_order_is_refused():
    toy = Toy()
    toy.order("v0", dock("home"))
    toy.run(2)
    sent = next(m for m in toy.said if isinstance(m.body, FlyRoute))
    toy.bus.port("eve").forward(decode(encode(sent)))
    toy.run(2)
    assert answers(toy) == [("o1", ""), ("o1", "replay")]


def test_the_key_can_be_changed_by_its_authority_alone():
    toy = Toy()
    toy.rotate("dispatch", THIEF.public)
    toy.run(2)
    toy.order("v0", pickup(0))
    toy.run(2)
    assert answers(toy) == [("key", ""), ("o1", "bad-signature")]
    toy.rotate("dispatch", b"no key")
    toy.authority.key = KEY
    toy.rotate("dispatch", KEY.public)
    toy.authority.key = AUTHORITY
    toy.run(2)
    assert answers(toy)[2:] == [("key", "malformed"), ("key", "bad-signature")]


@pytest.mark.parametrize(
    "stop",
    [
        junk(math.nan, 0.0),
        junk(0.0, math.inf),
        junk(1e300, 0.0),
        junk(mass_kg=-1e4),
        junk(mass_kg=math.nan),
        junk(service_ms=-(2**62)),
    ],
)
def test_numbers_that_cannot_be_flown_by_are_refused(stop):
    toy = Toy()
    toy.order("v0", pickup(0), stop)
    toy.run(5)
    assert answers(toy) == [("o1", "malformed")]
    assert toy.body().state == "idle"


def test_hundreds_of_stops_out_of_reach_are_given_up_one_by_one():
    toy = Toy()
    toy.order("v0", *[junk(500_000.0, 0.0)] * 400, dock("home"))
    toy.run(3)
    assert len(toy.heard(PickupFailed, "v0")) == 400
    assert toy.body().state == "idle"


def test_a_stop_at_the_end_of_time_waits_until_it_is_called_off():
    toy = Toy()
    toy.order("v0", junk(earliest_ms=2**62))
    toy.run(4000)
    assert toy.body().state == "servicing"
    toy.recall("v0")
    toy.until("idle")
    assert toy.body().site == "home"
    check_invariants(toy)


def test_an_unknown_place_is_flown_to_and_given_up():
    toy = Toy()
    toy.order("v0", junk(400.0, -300.0))
    toy.until("servicing")
    assert toy.place()[:2] == pytest.approx((400.0, -300.0))
    toy.run(25)
    assert [(f.pickup_id, f.cause) for f in toy.heard(PickupFailed)] == [("nowhere", "not-found")]
    toy.until("charging")
    assert toy.body().site == "home", "with nothing more to do it goes to a charger"
    check_invariants(toy)


def test_a_dock_that_is_a_bin_and_a_bin_that_is_a_dock_are_neither():
    toy = Toy()
    toy.order(
        "v0", msgspec.structs.replace(dock("home"), target="p0"), msgspec.structs.replace(pickup(0), target="home")
    )
    toy.run(600)
    assert toy.heard(PickupCollected) == []
    assert [f.pickup_id for f in toy.heard(PickupFailed)] == ["home"]
    assert toy.world._p.waste["p0"].there


@pytest.mark.parametrize("lie_m, found", [(0.0, True), (12.0, True), (40.0, False), (600.0, False)])
def test_a_bin_is_emptied_from_where_it_is_and_nowhere_else(lie_m, found):
    """In mid-air a vehicle flies to where the order says that the bin is; by eye it finds it within 15 m."""
    toy = Toy(sensors=still())
    toy.order("v0", pickup(4))
    toy.run(40)
    toy.order("v0", pickup(1, x_m=600.0 + lie_m), dock("home", unload=True))
    toy.until("descending")
    while toy.body().phase == "descending":
        toy.run(1)
    x = toy.place()[0]
    if found:
        i = toy.body().index
        assert toy.motion.place_of(i, toy.now_ms) == (600.0, 0.0, 0.0), "it believes to be where the bin is"
    toy.run(40)
    assert (toy.body().load_kg > 0.0) == found
    assert [f.cause for f in toy.heard(PickupFailed)] == ([] if found else ["not-found"])
    assert x == pytest.approx(600.0 + lie_m, abs=0.1), "being wrong about a place moves nobody"
    toy.until("idle")
    assert toy.body().site == "home"
    check_invariants(toy)


@pytest.mark.parametrize("lie_m, state", [(10.0, "charging"), (400.0, "lost")])
def test_a_pad_is_where_it_is(lie_m, state):
    toy = Toy()
    toy.order("v0", pickup(2))
    toy.run(60)
    toy.recall("v0", at=(lie_m, 0.0))
    toy.run(150)
    assert toy.body().state == state


# ---- called away, from every state

STATES = ["idle", "climbing", "cruising", "descending", "servicing", "unloading", "charging", "queueing", "lost"]


def brought_to(state, navigation="gnss"):
    toy = Toy(sensors=still(), waiting=(waste(0), waste(1, 1)), tampering=True)
    toy.watch = check_invariants
    if state == "queueing":
        toy.order("v1", dock("home", charge=True))
        toy.run(1)
        toy.order("v0", dock("home", charge=True))
    elif state == "lost":
        toy.order("v0", dock("far"))
        toy.run(3)
        tow(toy, 3.0)
    elif state != "idle":
        toy.order("v0", pickup(0), dock("home", unload=True, charge=True))
    return toy.until(state)


def tow(toy, rate_mps, vehicle="v0", name="t"):
    parameters = {"rate_mps": rate_mps, "bearing_deg": 0.0}
    toy.bus.port("red").say(
        StartTamper(tamper_id=name, primitive="navigation.gnss-tow", target=vehicle, parameters=parameters)
    )
    toy.run(1)


@pytest.mark.parametrize("navigation", ["gnss", "anchors"])
@pytest.mark.parametrize("state", STATES)
def test_a_recall_brings_it_home_from_every_state(state, navigation):
    toy = brought_to(state)
    collected = len(toy.heard(PickupCollected))
    toy.recall("v0", navigation=navigation)
    toy.run(1200).close()
    check_invariants(toy)
    body = toy.body()
    came_home = state != "lost" or navigation == "anchors"
    assert (body.state, body.site) == (("idle", "home") if came_home else ("lost", ""))
    if came_home:
        assert toy.place() == pytest.approx((0.0, 0.0, 0.0), abs=1e-6)
        assert body.load_kg == 0.0
        assert len(toy.heard(PickupCollected)) == collected, "what was planned is off"
    assert (answers(toy)[-1][1], body.navigation) == ("", navigation)
    for yard in toy.world._p.yards.values():
        assert yard.pads.free + yard.chargers.free == yard.charger_count + (2 if yard.id == "far" else 1)


@pytest.mark.parametrize("state", STATES)
def test_another_order_takes_the_place_of_the_first_in_every_state(state):
    toy = brought_to(state)
    toy.order("v0", pickup(1), dock("home", unload=True))
    toy.run(1200).close()
    check_invariants(toy)
    collected = [c.pickup_id for c in toy.heard(PickupCollected, "v0")]
    if state == "lost":
        assert "p1" not in collected, "it still believes to be elsewhere"
    else:
        assert collected[-1] == "p1"
        assert toy.body().state == "idle"


@pytest.mark.parametrize("state", STATES[:-1])
def test_an_appended_order_waits_for_the_first_in_every_state(state):
    toy = brought_to(state)
    added = toy.order("v0", pickup(1), dock("home", unload=True), append=True)
    toy.run(1200).close()
    check_invariants(toy)
    order = ["p1"] if state in ("idle", "queueing") else ["p0", "p1"]
    assert [c.pickup_id for c in toy.heard(PickupCollected, "v0")] == order
    assert (toy.body().state, toy.body().mission.order_id) == ("idle", added)
    assert toy.body().load_kg == 0.0


def test_two_orders_in_one_tick_are_taken_in_their_order():
    toy = Toy()
    toy.order("v0", junk(500_000.0, 0.0))
    toy.order("v0", pickup(0), append=True)
    toy.order("v1", pickup(0))
    toy.order("v1", pickup(1))
    toy.run(200)
    assert [c.pickup_id for c in toy.heard(PickupCollected, "v0")] == ["p0"]
    assert [c.pickup_id for c in toy.heard(PickupCollected, "v1")] == ["p1"]
    assert len([s for s in toy.states("v0")[:4] if s == "climbing"]) <= 2


def test_of_two_orders_in_one_tick_only_the_last_is_begun():
    toy = Toy()
    for _ in range(2):
        toy.order("v0", dock("home", charge=True))
    toy.run(200)
    assert toy.states()[1:] == ["charging", "idle"]


def test_reports_name_the_order_that_is_being_carried_out():
    toy = Toy(sensors=still())
    first = toy.order("v0", pickup(0), dock("home", unload=True))
    toy.run(20)
    second = toy.order("v0", pickup(1), dock("home", unload=True), append=True)
    toy.until("unloading")
    assert {r.order_id for r in toy.heard(VehicleReported, "v0")[1:]} == {first}
    toy.until("idle")
    toy.run(1)
    said = toy.heard(VehicleReported, "v0")
    begun = next(n for n, r in enumerate(said) if r.order_id == second)
    assert (said[begun].state, said[begun].bound_for, said[begun].step) == ("climbing", "p1", 0)
    assert (said[-1].order_id, said[-1].step) == (second, 2)
    assert len(toy.heard(Unloaded)) == 2


# ---- towed


def test_a_towed_vehicle_misses_its_bin_and_does_not_know_why():
    toy = Toy(sensors=still(), tampering=True)
    toy.order("v0", pickup(2), dock("home"))
    toy.run(3)
    tow(toy, 1.0)
    toy.run(150)
    assert [f.cause for f in toy.heard(PickupFailed)] == ["not-found"]
    believed = toy.heard(VehicleReported, "v0")[-1]
    assert abs(believed.y_m) < 0.1
    assert toy.place()[1] > 100.0


def test_a_little_tow_is_forgiven_within_sight():
    toy = Toy(sensors=still(), tampering=True)
    toy.order("v0", pickup(0), dock("home", unload=True))
    toy.run(3)
    tow(toy, 0.05)
    toy.until("idle")
    assert [a.cause for a in toy.heard(TamperAnswered)] == [""]
    assert len(toy.heard(PickupCollected)) == 1
    assert toy.place()[:2] == (0.0, 0.0), "a pad guides it in"


def test_a_tow_ends_when_it_is_let_go_and_its_size_is_told():
    toy = Toy(sensors=still(), tampering=True)
    toy.order("v0", pickup(2))
    toy.run(40)
    tow(toy, 2.0)
    toy.run(20)
    offset = toy.place()[1]
    assert offset == pytest.approx(40.0, abs=2.1)
    toy.bus.port("red").say(StopTamper(tamper_id="t"))
    toy.run(2)
    begun, effect = toy.heard(TamperEffect)
    assert (begun.size, begun.quantity) == (0.0, "offset_m") == (0.0, effect.quantity)
    assert effect.size == pytest.approx(offset, abs=2.1)
    there = toy.place()[1]
    toy.run(10)
    assert toy.place()[1] == pytest.approx(there)
    assert [a.cause for a in toy.heard(TamperAnswered)] == ["", ""]
    check_invariants(toy)


def test_one_on_the_ground_or_on_anchors_cannot_be_towed():
    toy = Toy(tampering=True)
    tow(toy, 1.0)
    toy.recall("v0", "far", navigation="anchors")
    toy.run(20)
    tow(toy, 1.0)
    toy.run(200)
    assert len([a for a in toy.heard(TamperAnswered) if a.cause]) == 2
    assert toy.place()[1] == 0.0


def test_anchors_are_not_towed():
    toy = Toy(sensors=still(), tampering=True)
    toy.order("v0", pickup(2))
    toy.run(40)
    tow(toy, 2.0)
    toy.run(20)
    toy.recall("v0", navigation="anchors")
    toy.until("charging")
    toy.run(5)
    assert toy.body().site == "home"
    assert toy.place()[:2] == pytest.approx((0.0, 0.0), abs=1e-6)


def test_an_order_without_a_seal_is_refused():
    toy = Toy()
    toy.bus.port("dispatch").say(FlyRoute(order_id="u", vehicle="v0", append=False, stops=(pickup(0),)))
    toy.run(2)
    assert answers(toy) == [("u", "bad-signature")]
