"""Operators order that airspace closes and opens: who is heard, and what follows."""

import math

import pytest
from pydantic import ValidationError

from fleet.app.airspace import CircleParams
from fleet.messages.airspace import AirspaceChanged, CloseAirspace, OpenAirspace
from fleet.messages.reports import OrderAnswered, PickupCollected, PickupFailed
from fleet.messages.roles import AIRSPACE_VERBS
from fleet.messages.seal import KeyPair
from tests.messages.runs import RUN
from tests.sim.test_overhead import closing, town
from tests.sim.toy import THIEF, dock, pickup


def trusting(toy, *names):
    """Operators whose word counts, each with a key of its own."""
    ports = []
    for number, name in enumerate(names):
        key = KeyPair(bytes([40 + number]) * 32, RUN)
        toy.world.overhead.trusted.trust(name, key.public, AIRSPACE_VERBS, RUN)
        ports.append(toy.bus.port(name, key))
    return ports


def close_order(**changes):
    asked = {
        "order_id": "c1", "zone": "fair", "reason": "fire", "x_m": (600.0,), "y_m": (0.0,), "radius_m": 60.0,
        "from_ms": 0, "until_ms": -1, "floor_m": 0.0, "ceiling_m": 120.0,
    }  # fmt: skip
    return CloseAirspace(**asked | changes)


def causes(toy):
    return [a.cause for a in toy.heard(OrderAnswered) if not a.vehicle]


def test_an_operator_closes_the_sky_and_opens_it_again():
    toy = town()
    (kim,) = trusting(toy, "operator/kim")
    toy.order("v0", pickup(1), dock("home"))
    toy.run(60)
    kim.say_signed(close_order())
    toy.run(200)
    assert causes(toy) == [""]
    assert [f.cause for f in toy.heard(PickupFailed)] == ["closed-airspace"]
    toy.order("v1", pickup(1), dock("home"))
    toy.run(10)
    assert [f.vehicle for f in toy.heard(PickupFailed)] == ["v0", "v1"]
    kim.say_signed(OpenAirspace(order_id="o", zone="fair"))
    toy.run(2)
    toy.order("v1", pickup(1), dock("home"))
    toy.run(400)
    assert [c.vehicle for c in toy.heard(PickupCollected)] == ["v1"]
    assert [b.state for b in toy.heard(AirspaceChanged)] == ["closed", "open"]


def test_a_closure_ordered_for_later_is_announced_at_once():
    toy = town()
    (kim,) = trusting(toy, "operator/kim")
    kim.say_signed(close_order(from_ms=100_000, until_ms=200_000))
    toy.run(300)
    said = [(b.state, m.t_ms) for m in toy.said if isinstance(b := m.body, AirspaceChanged)]
    assert said == [("announced", 1000), ("closed", 100_000), ("open", 200_000)]


def test_a_zone_under_the_same_name_is_replaced():
    toy = town(closing(10, 50))
    (kim,) = trusting(toy, "operator/kim")
    toy.run(20)
    kim.say_signed(close_order(x_m=(900.0,)))
    toy.run(100)
    assert [(b.state, round(max(b.x_m[0]))) for b in toy.heard(AirspaceChanged)] == [
        ("closed", 660),
        ("closed", 960),
    ]
    toy.order("v0", pickup(1), pickup(2), dock("home"))
    toy.run(500)
    assert [c.pickup_id for c in toy.heard(PickupCollected)] == ["p1"]


@pytest.mark.parametrize(
    "changes",
    [
        {"radius_m": math.nan}, {"radius_m": -1.0}, {"x_m": ()}, {"x_m": (1.0, 2.0)}, {"y_m": (math.inf,)},
        {"floor_m": 130.0}, {"floor_m": -1.0}, {"zone": ""}, {"ceiling_m": 1e9}, {"radius_m": 50_000.1},
        {"from_ms": 90_000, "until_ms": 90_000}, {"until_ms": 0}, {"until_ms": 10, "floor_m": -1.0},
        {"radius_m": 0.0, "x_m": (0.0, 1.0, 0.0, 1.0), "y_m": (0.0, 1.0, 1.0, 0.0)},
        {"radius_m": 0.0, "x_m": (0.0, 1.0), "y_m": (0.0, 1.0)},
        {"radius_m": 0.0, "x_m": (0.0,) * 4, "y_m": (0.0,) * 4},
    ],
)  # fmt: skip
def test_numbers_that_make_no_zone_are_refused(changes):
    toy = town()
    (kim,) = trusting(toy, "operator/kim")
    toy.run(20)
    kim.say_signed(close_order(**changes))
    toy.run(5)
    assert causes(toy) == ["malformed"]
    assert toy.heard(AirspaceChanged) == []


def test_the_largest_circle_is_that_of_a_scenario():
    toy = town()
    (kim,) = trusting(toy, "operator/kim")
    kim.say_signed(close_order(x_m=(60_000.0,), radius_m=50_000.0))
    toy.run(5)
    assert causes(toy) == [""]
    with pytest.raises(ValidationError, match="less than or equal to 50000"):
        CircleParams(lon=0.0, lat=0.0, radius_m=50_000.1)


@pytest.mark.parametrize("until_ms, cause", [(10_000, "past"), (21_000, "past"), (21_001, "")])
def test_what_has_ended_when_it_comes_is_told_so(until_ms, cause):
    toy = town()
    (kim,) = trusting(toy, "operator/kim")
    toy.run(20)
    kim.say_signed(close_order(from_ms=9_000, until_ms=until_ms))
    toy.run(5)
    assert causes(toy) == [cause]
    assert len(toy.heard(AirspaceChanged)) == (0 if cause else 2)


def test_only_whom_it_trusts_is_heard_and_only_once():
    toy = town()
    (kim,) = trusting(toy, "operator/kim")
    toy.bus.port("operator/eve", THIEF).say_signed(close_order())
    toy.dispatch.say_signed(close_order())
    kim.say_signed(close_order(zone="other"))
    toy.run(3)
    (said,) = [m for m in toy.said if m.sender == "operator/kim"]
    kim.forward(said)
    kim.say_signed(OpenAirspace(order_id="o", zone="nowhere"))
    toy.run(3)
    assert causes(toy) == ["unknown-key", "unknown-key", "", "replay", "unknown-zone"]
    assert [b.zone for b in toy.heard(AirspaceChanged)] == ["other"]


def test_who_is_about_to_take_off_when_it_closes_stays_on_its_pad():
    """The order to close comes in the tick in which it was told to leave, while it stands at height 0."""
    toy = town()
    (kim,) = trusting(toy, "operator/kim")
    toy.order("v0", pickup(0), dock("far"))
    kim.say_signed(close_order(x_m=(0.0,), until_ms=100_000))
    toy.run(50)
    assert (toy.body().state, toy.body().site, toy.place()) == ("grounded", "home", (0.0, 0.0, 0.0))
    assert toy.body().node >= 0
    toy.run(500)
    assert [c.pickup_id for c in toy.heard(PickupCollected)] == ["p0"]
