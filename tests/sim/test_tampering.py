"""What the injection plane may ask, and why it is refused; a refusal changes nothing."""

import math

import pytest

from fleet.messages.codec import encode
from fleet.messages.orders import FlyRoute
from fleet.messages.plane import Plane
from fleet.messages.tamper import ForgeOrder, StartTamper, TamperAnswered
from fleet.messages.truth import TamperEffect
from fleet.sim.tampering import discover
from fleet.sim.tampering.checks import check_declaration, check_refusals, spoilt
from fleet.sim.tampering.primitive import Primitive
from tests.sim.asking import area, ask, played, say, sizes, stop
from tests.sim.test_orders import pickup, still
from tests.sim.toy import Toy

SOUND = {
    "navigation.gnss-tow": ("v0", {"rate_mps": 1.0, "bearing_deg": 0.0}),
    "navigation.gnss-bias": ("v0", {"east_m": 10.0, "north_m": 0.0}),
    "navigation.gnss-freeze": ("v0", {}),
    "navigation.gnss-jam": ("v0", {"drift_mps": 1.0}),
    "control.steal-key": ("dispatch", {}),
    "control.replay": ("dispatch", {"back": 1.0}),
    "control.foreign-controller": ("v0", {}),
    "payload.skim": ("v0", {"mass_kg": 0.5}),
    "payload.swap": ("v0", {"material": "paper", "replacement": "glass"}),
    "payload.mislabel": ("v0", {"material": "glass"}),
    "payload.undeclared-stop": ("v0", {"x_m": 100.0, "y_m": -100.0, "duration_s": 10.0}),
    "battery.drain": ("v0", {"power_w": 100.0}),
    "battery.false-soc": ("v0", {"offset_wh": -10.0}),
    "demand.phantom-pickup": ("city", {"count": 2.0}),
    "demand.flood": ("city", {"rate_per_min": 60.0, "duration_s": 10.0}),
}
"""A sound request for each primitive that needs nothing but the world."""

WORLDS_OWN = [discover()[name] for name in SOUND]


def flying(*vehicles):
    """They are on their way with something on board."""
    toy = Toy(sensors=still(), tampering=True)
    for vehicle, first in zip(vehicles, (0, 1), strict=False):
        toy.order(vehicle, pickup(first), pickup(2))
    toy.run(175)
    return toy


def request(primitive: Primitive) -> StartTamper:
    target, parameters = SOUND[primitive.name]
    return StartTamper(tamper_id="t", primitive=primitive.name, target=target, parameters=parameters)


def play(asks):
    """The toy world for five minutes, on a plan of its own."""
    toy = Toy(sensors=still(), tampering=True)
    toy.order("v0", pickup(0), pickup(2))
    toy.order("v1", pickup(3))
    return played(toy, asks)


# ---- what every primitive keeps


def test_the_worlds_families_are_all_here():
    families = {name.partition(".")[0] for name in SOUND}
    assert families == {"navigation", "control", "payload", "battery", "demand"}
    assert SOUND.keys() == {p.name for p in discover().values() if p.family in families}


@pytest.mark.parametrize("primitive", discover().values(), ids=discover())
def test_a_primitive_says_what_it_is(primitive):
    check_declaration(primitive)


@pytest.mark.parametrize("primitive", WORLDS_OWN, ids=lambda p: p.name)
def test_what_is_wrong_with_a_request_is_named_and_changes_nothing(primitive):
    check_refusals(play, primitive, request(primitive), at_tick=200)


@pytest.mark.parametrize("primitive", WORLDS_OWN, ids=lambda p: p.name)
def test_the_sound_request_that_was_spoilt_is_granted(primitive):
    """Else the test above would find refusals for another reason."""
    assert spoilt(primitive, request(primitive))
    toy = flying("v0")
    target, parameters = SOUND[primitive.name]
    assert ask(toy, primitive.name, target, **parameters) == ""
    assert stop(toy) == ""
    assert len(toy.heard(TamperEffect)) >= 2
    assert stop(toy) == "nothing is under way under this id"


def test_all_that_is_wrong_is_told_at_once():
    cause = ask(flying("v0"), target="v00", rate_mps=math.nan, bearing_deg=721.0, speed_mps=1.0)
    assert cause.split("; ") == [
        "target: expected a vehicle or area, found 'v00'",
        "did you mean `v0`?",
        "speed_mps: unknown parameter",
        "known: rate_mps, bearing_deg",
        "rate_mps: expected a number from 0 to 50, found nan",
        "bearing_deg: expected a number from -360 to 360, found 721",
    ]


def test_what_nobody_knows_is_refused_with_what_there_is():
    cause = ask(flying("v0"), "weather.hail")
    assert cause.startswith("unknown primitive; known: ")
    assert all(name in cause for name in discover())


def test_tampering_that_nobody_asks_for_changes_nothing():
    def day(tampering):
        toy = Toy(tampering=tampering)
        toy.order("v0", pickup(2), pickup(1))
        return [encode(m) for m in toy.run(600).close().said]

    assert day(True) == day(False)


def test_one_id_is_for_one_thing_at_a_time():
    toy = flying("v0", "v1")
    assert ask(toy) == ""
    assert ask(toy, target="v1") == "something is under way under this id"
    assert stop(toy) == ""
    assert ask(toy, target="v1") == ""


def test_one_receiver_is_tampered_with_once_at_a_time():
    toy = flying("v0")
    assert ask(toy, name="first") == ""
    assert ask(toy, name="second", rate_mps=9.0) == "v0's receiver is tampered with already, by a tow"
    assert stop(toy, "second") == "nothing is under way under this id"
    before = toy.place()[1]
    toy.run(5)
    assert toy.place()[1] == pytest.approx(before + 5.0)


def test_a_forged_order_needs_something_that_forges():
    toy = flying("v0")
    assert ask(toy) == ""
    order = FlyRoute(order_id="x", vehicle="v0", append=False, stops=(pickup(1),))
    say(toy, ForgeOrder(tamper_id="t", order=order))
    toy.run(2)
    assert toy.heard(TamperAnswered)[-1].cause == "no key is stolen and no vehicle flown under this id"
    say(toy, ForgeOrder(tamper_id="other", order=order))
    toy.run(2)
    assert toy.heard(TamperAnswered)[-1].cause == "nothing is under way under this id"


def test_what_still_holds_at_the_end_is_told_once_more():
    toy = flying("v0")
    ask(toy, rate_mps=2.0)
    toy.run(10).close()
    assert sizes(toy) == [("v0", "offset_m", 0.0), ("v0", "offset_m", pytest.approx(22.0))]
    assert {m.body.plane for m in toy.said if isinstance(m.body, TamperEffect)} == {Plane.TRUTH}


# ---- areas


def test_an_area_takes_who_enters_and_lets_go_who_leaves():
    """v0 flies 300 m east past a circle of 60 m radius around x = 450."""
    toy = Toy(sensors=still(), tampering=True)
    toy.order("v0", pickup(2))
    toy.order("v1", pickup(5))
    toy.run(10)
    assert ask(toy, "battery.drain", "area", power_w=100.0, **area(450, 0, 60)) == ""
    assert sizes(toy) == []
    toy.run(150)
    (entered, left) = sizes(toy)
    assert entered == ("v0", "drained_wh", 0.0)
    assert left[:2] == ("v0", "drained_wh")
    assert left[2] == pytest.approx(100.0 / 3600.0 * 120.0 / 12.0, abs=100.0 / 3600.0)
    assert toy.books.totals("Wh")["drained"] == pytest.approx(left[2], abs=1e-3)
    assert toy.body("v1").leak_w == 0.0
    assert stop(toy) == ""
    toy.run(20)
    assert len(sizes(toy)) == 2


def test_an_area_that_is_stopped_lets_everybody_go():
    toy = flying("v0", "v1")
    assert ask(toy, "battery.drain", "area", power_w=100.0, **area(0, 0, 50_000)) == ""
    assert [entity for entity, _, _ in sizes(toy)] == ["v0", "v1"]
    assert stop(toy) == ""
    assert [body.leak_w for body in toy.world.bodies] == [0.0, 0.0]
    assert len(sizes(toy)) == 4
