"""What follows when a receiver lies: where the vehicle ends, and that it recovers when it is let go."""

import math

import pytest

from fleet.base.streams import Streams
from fleet.messages.frames import unpack
from fleet.messages.reports import PickupCollected, PickupFailed
from fleet.sim.build import build_sensors
from tests.sim.asking import ask, stop
from tests.sim.toy import Toy, check_invariants, dock, pickup, still


def on_the_way(seconds=60, *stops):
    toy = Toy(sensors=still(), tampering=True)
    toy.order("v0", *(stops or (pickup(2), dock("home", unload=True, charge=True))))
    return toy.run(seconds)


def offset(toy):
    i = toy.body().index
    return toy.motion.offset_of(i, toy.now_ms)


def frame(toy):
    sensors = build_sensors(toy.setting, Streams(1), toy.motion)
    return sensors.telemetry(toy.tick, toy.now_ms, list(toy.world.bodies))


def test_a_biased_vehicle_lands_as_far_off_as_its_fix_and_misses_its_bin():
    toy = on_the_way()
    assert ask(toy, "navigation.gnss-bias", east_m=0.0, north_m=80.0) == ""
    assert offset(toy) == pytest.approx((0.0, -80.0))
    toy.run(120)
    assert [f.cause for f in toy.heard(PickupFailed)] == ["not-found"]
    check_invariants(toy)


def test_a_bias_that_is_let_go_in_time_does_no_harm():
    toy = on_the_way()
    ask(toy, "navigation.gnss-bias", east_m=-40.0, north_m=80.0)
    toy.run(5)
    assert stop(toy) == ""
    assert offset(toy) == (0.0, 0.0)
    toy.until("idle")
    assert len(toy.heard(PickupCollected)) == 1
    assert toy.body().site == "home"
    check_invariants(toy.close())


def test_a_bias_in_the_descent_moves_nobody():
    """The vehicle goes straight down: it takes itself to be elsewhere, and finds the bin by eye."""
    toy = on_the_way().until("descending")
    ask(toy, "navigation.gnss-bias", east_m=200.0, north_m=0.0)
    toy.until("servicing")
    assert toy.place()[:2] == pytest.approx((900.0, 0.0), abs=0.1)
    toy.run(31)
    assert len(toy.heard(PickupCollected)) == 1


def test_a_bias_holds_over_a_landing():
    toy = on_the_way().until("descending")
    ask(toy, "navigation.gnss-bias", east_m=0.0, north_m=90.0)
    toy.until("servicing")
    assert offset(toy) == pytest.approx((0.0, 0.0), abs=0.1)
    toy.until("climbing")
    assert offset(toy) == pytest.approx((0.0, -90.0), abs=0.1)
    toy.until("lost")
    assert math.hypot(*toy.place()[:2]) == pytest.approx(90.0, abs=0.5)
    check_invariants(toy.close())


def test_a_frozen_vehicle_flies_on_until_its_battery_asks_for_the_ground():
    toy = on_the_way()
    x = toy.place()[0]
    assert ask(toy, "navigation.gnss-freeze") == ""
    toy.run(200)
    assert toy.place()[0] == pytest.approx(x + 12.0 * 202, abs=13.0)
    told = frame(toy)
    assert unpack(told.x_m)[0] == pytest.approx(x + 12.0, abs=13.0 + 8.0)
    assert unpack(told.speed_mps)[0] == 0.0
    toy.until("lost")
    assert toy.place()[0] > 5000.0
    assert toy.battery_wh() >= 0.0
    check_invariants(toy.close())


def test_a_frozen_vehicle_that_is_let_go_finds_its_way():
    toy = on_the_way()
    ask(toy, "navigation.gnss-freeze")
    toy.run(120)
    assert toy.place()[0] > 1200.0
    assert stop(toy) == ""
    toy.until("idle")
    assert len(toy.heard(PickupCollected)) == 1
    assert toy.body().site == "home"
    check_invariants(toy.close())


def test_what_else_happens_to_a_frozen_vehicle_does_not_thaw_it():
    toy = on_the_way()
    ask(toy, "navigation.gnss-freeze")
    ask(toy, "battery.drain", name="d", power_w=50.0)
    believed = toy.motion.place_of(0, toy.now_ms)
    true = toy.place()[0]
    toy.run(60)
    assert toy.motion.place_of(0, toy.now_ms) == pytest.approx(believed)
    assert toy.place()[0] == pytest.approx(true + 720.0, abs=0.5)
    check_invariants(toy.close())


def test_a_climb_ends_under_a_frozen_fix():
    toy = on_the_way(5)
    ask(toy, "navigation.gnss-freeze")
    toy.until("cruising", most_s=60)
    assert toy.place()[2] == pytest.approx(80.0)


def test_without_a_fix_the_error_grows_and_the_frame_says_so():
    toy = on_the_way()
    assert ask(toy, "navigation.gnss-jam", drift_mps=2.0) == ""
    toy.run(8)
    assert math.hypot(*offset(toy)) == pytest.approx(18.0, abs=2.1)
    assert math.isnan(unpack(frame(toy).x_m)[0])
    assert math.isfinite(unpack(frame(toy).x_m)[1]), "nobody else is jammed"
    toy.run(50)
    assert [f.cause for f in toy.heard(PickupFailed)] == []
    toy.until("cruising", most_s=200)
    assert [f.cause for f in toy.heard(PickupFailed)] == ["not-found"]


def test_on_the_ground_a_jammed_vehicle_knows_its_place():
    toy = on_the_way(60, dock("home"), pickup(0))
    ask(toy, "navigation.gnss-jam", drift_mps=0.05)
    toy.until("servicing")
    assert math.isfinite(unpack(frame(toy).x_m)[0])
    toy.until("climbing")
    assert math.isnan(unpack(frame(toy).x_m)[0])


def test_each_jammed_flight_drifts_its_own_way_and_the_same_way_again():
    def drift():
        toy = Toy(sensors=still(), tampering=True)
        for vehicle in ("v0", "v1"):
            toy.order(vehicle, pickup(2))
        toy.run(60)
        for vehicle in ("v0", "v1"):
            ask(toy, "navigation.gnss-jam", vehicle, name=vehicle)
        toy.run(10)
        return [toy.motion.offset_of(i, toy.now_ms) for i in (0, 1)]

    one, other = drift()
    assert math.atan2(*one) != pytest.approx(math.atan2(*other), abs=0.01)
    assert drift() == [one, other]


def test_anchors_bring_a_misled_vehicle_home_and_its_receiver_stays_tampered_with():
    toy = on_the_way()
    ask(toy, "navigation.gnss-bias", east_m=0.0, north_m=300.0)
    toy.run(5)
    toy.recall("v0", navigation="anchors")
    toy.until("charging")
    assert (toy.body().site, toy.place()[:2]) == ("home", pytest.approx((0.0, 0.0), abs=1e-6))
    toy.until("idle")
    toy.recall("v0", "swap")
    toy.until("cruising")
    assert offset(toy) == pytest.approx((0.0, -300.0))


@pytest.mark.parametrize("primitive", ["bias", "freeze", "jam", "tow"])
def test_one_on_the_ground_or_on_anchors_is_left_alone(primitive):
    asked = {"bias": {"east_m": 9.0, "north_m": 9.0}, "tow": {"rate_mps": 1.0, "bearing_deg": 1.0}}
    toy = Toy(tampering=True)
    assert ask(toy, f"navigation.gnss-{primitive}", **asked.get(primitive, {})) == "v0 is not in the air"
    toy.recall("v0", "far", navigation="anchors")
    toy.run(20)
    cause = ask(toy, f"navigation.gnss-{primitive}", **asked.get(primitive, {}))
    assert cause == "v0 does not navigate by GNSS"


def test_an_area_misleads_whoever_flies_in_it():
    toy = Toy(sensors=still(), tampering=True)
    toy.order("v0", pickup(2))
    toy.order("v1", pickup(5))
    toy.run(10)
    asked = {"x_m": 500.0, "y_m": 0.0, "radius_m": 100.0, "east_m": 0.0, "north_m": 10.0}
    assert ask(toy, "navigation.gnss-bias", "area", **asked) == ""
    seen = []
    for _ in range(120):
        toy.run(1)
        seen.append((toy.place()[0], offset(toy)[1]))
    inside = [north for x, north in seen if 420.0 < x < 590.0]
    assert inside
    assert all(north == pytest.approx(-10.0) for north in inside)
    assert all(north == 0.0 for x, north in seen if x < 390.0 or x > 620.0)
    assert toy.motion.offset_of(1, toy.now_ms) == (0.0, 0.0)
