"""Several troubles at once, and trouble under tampering: each brings its own, and takes away its own."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from fleet.base.flight import CRUISE_FACTOR
from fleet.sim.books import WH
from fleet.sim.build import VehicleSpec
from fleet.sim.troubles.kind import Incident
from fleet.sim.troubles.registry import discover
from fleet.sim.yards import Places
from tests.sim.asking import ask, stop
from tests.sim.toy import SITES, Toy, check_invariants, dock, light, pickup, still

KINDS = discover()


def strike(toy: Toy, kind: str, entity: str, size: float, lasts_s: float | None) -> bool:
    lasts_ms = None if lasts_s is None else round(1000 * lasts_s)
    return toy.troubles.happen(KINDS[kind], Incident(f"{kind}/{entity}/{toy.tick}", entity, size, 0.3), lasts_ms)


def cruising() -> Toy:
    toy = Toy(tampering=True, sensors=still())
    toy.order("v0", pickup(2), dock("home", unload=True, charge=True))
    return toy.until("cruising").run(2)


def drain_w(toy: Toy) -> float:
    return float(toy.motion.drain_w[toy.body().index])


def off_m(toy: Toy) -> float:
    return math.hypot(*toy.motion.offset_of(toy.body().index, toy.now_ms))


def test_what_drags_is_multiplied_and_taken_away_in_any_order():
    toy = cruising()
    calm_w = drain_w(toy)
    strike(toy, "weather-gust", "v0", 0.2, 20)
    strike(toy, "weather-icing", "v0", 0.3, 10)
    assert drain_w(toy.run(2)) == pytest.approx(calm_w * 1.2 * 1.3)
    assert drain_w(toy.run(10)) == pytest.approx(calm_w * 1.2)
    assert drain_w(toy.run(10)) == calm_w


def test_a_gauge_that_is_off_by_itself_and_by_tampering():
    toy = cruising()
    strike(toy, "instrument-gauge-error", "v0", -0.02, 20)
    assert ask(toy, "battery.false-soc", offset_wh=-50.0) == ""

    def error_wh() -> float:
        return toy.motion.gauge_of(0, toy.now_ms) - toy.battery_wh()

    assert error_wh() == pytest.approx(-50.0 - 0.02 * 599.4)
    toy.run(20)
    assert error_wh() == pytest.approx(-50.0)
    strike(toy, "instrument-gauge-error", "v0", -0.03, 5)
    stop(toy)
    assert error_wh() == pytest.approx(-0.03 * 599.4)
    toy.run(6)
    assert error_wh() == 0.0
    assert not toy.motion.lies.gauges


def test_two_leaks_are_booked_each_by_itself():
    toy = cruising()
    strike(toy, "battery-self-discharge", "v0", 20.0, 60)
    assert ask(toy, "battery.drain", power_w=100.0) == ""
    toy.run(30)
    stop(toy)
    body, leaks = toy.body(), toy.flights.leaks
    tampered = leaks.drained_wh(body, "tampering")
    assert tampered == pytest.approx(100.0 * 31 / 3600, rel=0.05)
    toy.run(60)
    assert leaks.drained_wh(body, "tampering") == tampered
    assert leaks.drained_wh(body, "self-discharge") == pytest.approx(20.0 * 60 / 3600, rel=1e-6)
    assert body.leak_w == 0.0
    toy.flights.settle(body)
    total = tampered + leaks.drained_wh(body, "self-discharge")
    assert toy.account(WH, "drained") == pytest.approx(total)
    check_invariants(toy)


def test_a_spoofer_is_louder_than_an_echo_and_the_echo_shows_again():
    toy = cruising()
    strike(toy, "gnss-multipath", "v0", 10.0, 40)
    assert off_m(toy.run(1)) == pytest.approx(10.0)
    assert ask(toy, "navigation.gnss-bias", east_m=0.0, north_m=30.0) == ""
    assert off_m(toy) == pytest.approx(30.0)
    stop(toy)
    assert off_m(toy) == pytest.approx(10.0)
    toy.run(40)
    assert off_m(toy) == pytest.approx(0.0, abs=1e-9)


def test_an_echo_that_ends_under_a_spoofer_leaves_no_trace():
    toy = cruising()
    strike(toy, "gnss-multipath", "v0", 10.0, 5)
    assert ask(toy, "navigation.gnss-bias", east_m=0.0, north_m=30.0) == ""
    assert off_m(toy.run(10)) == pytest.approx(30.0)
    stop(toy)
    assert off_m(toy) == pytest.approx(0.0, abs=1e-9)


def test_a_spoofer_that_lets_go_under_a_dead_receiver_lets_it_reckon_on():
    toy = cruising()
    strike(toy, "gnss-outage", "v0", 0.1, 40)
    assert ask(toy, "navigation.gnss-jam", drift_mps=0.0) == ""
    assert toy.motion.lies.no_fix == toy.motion.lies.shaded == {0}
    stop(toy)
    before = off_m(toy)
    assert toy.motion.lies.no_fix == set()
    assert off_m(toy.run(10)) - before == pytest.approx(1.0, abs=0.01)


def test_a_broken_vehicle_obeys_nobody_before_it_is_repaired():
    toy = cruising()
    strike(toy, "vehicle-motor-failure", "v0", 1.0, 600)
    toy.run(5)
    toy.order("v0", pickup(0))
    toy.run(60)
    place = toy.place()
    assert place[2] == 0.0
    toy.recall("v0", navigation="anchors")
    toy.order("v0", pickup(0), append=True)
    toy.run(300)
    assert toy.place() == place
    assert toy.states()[-1] == "lost"
    toy.until("idle").close()
    check_invariants(toy)


def test_who_is_repaired_while_something_else_holds_it_goes_on_after_that():
    toy = cruising()
    strike(toy, "vehicle-motor-failure", "v0", 1.0, 600)
    toy.run(100)
    strike(toy, "vehicle-self-test", "v0", 1.0, 900)
    toy.run(600)
    assert (toy.body().state, toy.place()[2]) == ("grounded", 0.0)
    toy.run(1200)
    assert toy.body().site
    check_invariants(toy.close())


def test_who_is_held_by_two_things_waits_for_both():
    toy = Toy(tampering=True)
    strike(toy, "vehicle-self-test", "v0", 1.0, 60)
    toy.order("v0", pickup(0), dock("home"))
    toy.run(30)
    strike(toy, "vehicle-self-test", "v0", 1.0, 300)
    toy.body().wear.held.add("other")
    toy.run(60)
    assert (toy.body().state, toy.place()[2]) == ("grounded", 0.0)
    toy.body().wear.held.discard("other")
    strike(toy, "vehicle-self-test", "v0", 1.0, 30)
    toy.run(40)
    assert toy.body().phase == "climbing"


def test_whom_a_guard_forced_down_does_not_go_on_when_it_has_been_looked_at():
    toy = cruising()
    strike(toy, "vehicle-bird-strike", "v0", 1.0, 200)
    toy.body().held = True
    toy.run(400)
    assert toy.place()[2] == 0.0
    assert not toy.body().phase


def test_whoever_hovers_comes_down_before_a_leak_has_emptied_its_battery():
    toy = cruising()
    toy.flights.stop_here(toy.body(), toy.world.overhead.moves.downed)
    toy.run(5)
    hovering_w = drain_w(toy)
    strike(toy, "weather-gust", "v0", 0.3, 60)
    assert drain_w(toy.run(1)) == pytest.approx(1.3 * hovering_w)
    assert ask(toy, "battery.drain", power_w=20_000.0) == ""
    toy.watch = check_invariants
    toy.until("lost").run(30).close()
    assert toy.place()[2] == 0.0
    check_invariants(toy)


@pytest.mark.parametrize("kind", ["weather-gust", "weather-icing", "battery-cell-failure"])
def test_on_its_last_watt_hours_nobody_falls(kind):
    """Struck at every moment of a flight that ends with an empty battery, it still lands."""
    for second in range(0, 100, 14):
        toy = cruising()
        i = toy.body().index
        toy.flights.settle(toy.body())
        left_wh = toy.battery_wh()
        toy.books.transfer(WH, ("battery", "v0"), ("test", ""), left_wh - 35.0)
        toy.motion.battery_wh[i] = 35.0
        toy.body().phase = "cruising"
        toy.flights.replan(toy.body())
        toy.watch = check_invariants
        toy.run(second)
        strike(toy, kind, "v0", KINDS[kind].size.high, 60)
        toy.run(500).close()
        assert toy.place()[2] == 0.0, toy.states()
        check_invariants(toy)


def test_places_that_are_taken_out_of_use_come_back():
    places, granted = Places(1), []

    def ask_for(name: str) -> bool:
        return places.ask(lambda: granted.append(name) is None)

    assert ask_for("first")
    places.shut_one()
    assert not ask_for("second")
    places.give_back()
    assert granted == ["first"], "the place is out of use"
    places.open_one()
    assert granted == ["first", "second"]
    places.give_back()
    assert places.free == 1
    places.shut_one()
    places.shut_one()
    places.open_one()
    assert places.free == 0
    places.open_one()
    assert places.free == 1


def test_a_broken_charger_makes_a_queue_and_the_last_one_of_a_site_never_breaks():
    sites = tuple(replace(site, chargers=2) if site.id == "home" else site for site in SITES)

    def charged(broken: bool) -> Toy:
        toy = Toy(tampering=True, sites=sites)
        for vehicle in ("v0", "v1"):
            toy.order(vehicle, pickup(0))
        toy.run(150)
        assert not broken or strike(toy, "site-broken-charger", "home", 1.0, 600)
        for vehicle in ("v0", "v1"):
            toy.order(vehicle, dock("home", charge=True))
        return toy.run(300)

    sound, toy = charged(False), charged(True)
    assert "queueing" not in sound.states("v0") + sound.states("v1")
    assert "queueing" in toy.states("v0") + toy.states("v1")
    chargers = toy.world.parts.yards["home"].chargers
    assert not strike(Toy(tampering=True), "site-broken-charger", "home", 1.0, 600)
    toy.run(600)
    assert chargers.free == chargers.usable == 2


def test_who_could_no_longer_keep_its_reserve_in_rain_and_ice_turns_to_a_charger():
    """A battery that is enough for all of its way in calm weather, and for a part of it in this."""
    drone = {"types": light(battery_wh=260.0), "vehicles": (VehicleSpec("v0", "odd", "home"),)}

    def on_its_way() -> Toy:
        toy = Toy(tampering=True, sensors=still(), **drone)
        toy.order("v0", pickup(2), pickup(1), pickup(3), dock("home", unload=True))
        return toy.until("cruising").run(2)

    toy, calm = on_its_way(), on_its_way().until("idle", most_s=6000)
    body = toy.body()
    calm_w = body.power_w() * CRUISE_FACTOR
    strike(toy, "weather-rain", "city", 0.1, 3000)
    strike(toy, "weather-icing", "v0", 0.4, 3000)
    assert body.power_w() == pytest.approx(calm_w * 1.54)
    toy.until("idle", most_s=6000).close()
    assert [day.states().count("charging") for day in (calm, toy)] == [0, 1]
    assert toy.states().count("servicing") == 3
    assert "lost" not in toy.states()
    assert toy.battery_wh() > body.kind.reserve_wh
    check_invariants(toy)
