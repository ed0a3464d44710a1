"""Anchors: right on average, too long where there are echoes, silent where they are dead, and blind to GNSS."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from fleet.base.streams import Streams
from fleet.city.model import Building, City, Place
from fleet.messages.frames import unpack
from fleet.sim.build import VehicleSpec, build_sensors
from fleet.sim.multipath import Echoes, Multipath
from fleet.sim.sensornet.params import AnchorsParams, DeadAnchorsParams, MultipathParams, SensorNetworkParams
from tests.sim.asking import ask, stop
from tests.sim.toy import CITY, Toy, pickup, still

AROUND = ((0.0, 1.0), (0.9, -0.5), (-0.9, -0.5), (1.2, 0.8))
MANY = tuple(VehicleSpec(f"v{n:03d}", "light-collector", "home") for n in range(300))
ECHOES = SensorNetworkParams(anchors=AnchorsParams(multipath=MultipathParams(share=0.3, mean_m=8.0, tau_s=20.0)))


def town(**changes) -> City:
    """The toy city with a roof over home."""
    roof = Building("hall", box(10, 10, 90, 90), 20.0)
    return replace(CITY, buildings=(roof,), **changes)


def ranges(toy, tick=5, sensors=None) -> dict[tuple[int, int], float]:
    frame = (sensors or build_sensors(toy.setting, Streams(1), toy.motion)).ranges(tick, 1000 * tick)
    columns = unpack(frame.vehicle, "<u2"), unpack(frame.anchor, "<u2"), unpack(frame.range_m)
    return {(int(v), int(a)): float(m) for v, a, m in zip(*columns, strict=True)}


def excess(share=0.3, mean_m=8.0, tau_s=20.0, built=True, now_ms=0, pairs=20_000):
    echoes = Multipath(Echoes(share, mean_m, tau_s), Streams(3).noise("m"), lambda x, y: np.full(len(x), built))
    pair = np.arange(pairs)
    return echoes.excess_m(pair, np.zeros(pairs), np.zeros(pairs), now_ms)


# ---- echoes


def test_echoes_come_as_often_and_are_as_large_as_stated_and_never_too_short():
    found = excess()
    assert (found >= 0.0).all()
    assert (found > 0.0).mean() == pytest.approx(0.3, abs=0.015)
    assert found[found > 0.0].mean() == pytest.approx(8.0, rel=0.05)


def test_there_are_none_in_the_open_and_none_without_a_share():
    assert not excess(built=False).any()
    assert not excess(share=0.0).any()


def test_an_echo_lasts():
    """Over a fifth of the time that one lasts a fifth of all change; over many times, nothing is left."""
    before, soon, late = excess(now_ms=0), excess(now_ms=4000), excess(now_ms=400_000)
    assert (before == soon).mean() == pytest.approx(0.8 + 0.2 * 0.7**2, abs=0.02)
    assert abs(np.corrcoef(before, late)[0, 1]) < 0.03


@given(st.integers(0, 10**9), st.floats(0.0, 1.0), st.floats(0.0, 100.0), st.floats(0.1, 3600.0))
@settings(max_examples=50)
def test_whatever_is_asked_ranges_are_never_shortened_and_reading_changes_nothing(now_ms, share, mean_m, tau_s):
    asked = {"share": share, "mean_m": mean_m, "tau_s": tau_s, "now_ms": now_ms, "pairs": 50}
    first = excess(**asked)
    assert (first >= 0.0).all()
    assert np.isfinite(first).all()
    assert (excess(**asked) == first).all()


def test_only_who_is_in_a_built_up_place_hears_echoes():
    """Home lies under roofs; far does not."""
    spots = tuple(VehicleSpec(v.id, v.type_name, "home" if n % 2 else "far") for n, v in enumerate(MANY))
    anchors = (Place("a0", 100.0, 200.0), Place("a1", 1400.0, 200.0))
    plain, echoing = (
        ranges(Toy(vehicles=spots, city=town(anchors=anchors), **changes))
        for changes in ({}, {"sensor_network": ECHOES})
    )
    assert plain.keys() == echoing.keys()
    longer = {pair: echoing[pair] - plain[pair] for pair in plain}
    assert all(d == 0.0 for (v, _), d in longer.items() if v % 2 == 0)
    at_home = [d for (v, _), d in longer.items() if v % 2]
    assert min(at_home) >= 0.0
    assert np.mean([d > 0.0 for d in at_home]) == pytest.approx(0.3, abs=0.1)


# ---- dead anchors


def test_an_anchor_is_dead_from_its_hour_on():
    dead = SensorNetworkParams(anchors=AnchorsParams(dead=(DeadAnchorsParams(anchors=("a0",), from_h=0.01),)))
    toy = Toy(vehicles=MANY, sensor_network=dead)
    assert {a for _, a in ranges(toy, tick=35)} == {0}
    assert not ranges(toy, tick=36)


def test_a_share_of_the_anchors_is_dead_from_the_start():
    anchors = tuple(Place(f"n{n}", 0.5 * n, 0.0) for n in range(400))
    dead = SensorNetworkParams(anchors=AnchorsParams(dead_share=0.2))
    heard, all_heard = (
        {a for _, a in ranges(Toy(city=town(anchors=anchors), sensor_network=p))}
        for p in (dead, SensorNetworkParams())
    )
    assert heard < all_heard
    assert 1.0 - len(heard) / len(all_heard) == pytest.approx(0.2, abs=0.05)


def test_one_that_breaks_twice_broke_the_first_time():
    toy = Toy(vehicles=MANY)
    for at_ms in (9000, 4000, 7000):
        toy.annexes.sensornet.fail_anchor(0, at_ms)
    assert ranges(toy, tick=3)
    assert not ranges(toy, tick=4)


# ---- independent of GNSS


def astray(primitive, **asked) -> Toy:
    """v0 has flown for half a minute with a receiver that is tampered with, in the middle of four anchors."""
    anchors = tuple(Place(f"n{n}", 600.0 + 150.0 * x, 150.0 * y) for n, (x, y) in enumerate(AROUND))
    toy = Toy(sensors=still(range_sigma_m=3.0), tampering=True, city=town(anchors=anchors))
    toy.order("v0", pickup(2))
    toy.run(50)
    assert ask(toy, primitive, name="astray", **asked) == ""
    return toy.run(30)


def worst(toy) -> tuple[float, float]:
    """The largest difference of v0's ranges from where it is, and from where it believes to be."""
    anchors = toy.setting.city.anchors
    heard = {anchors[a]: m for (v, a), m in ranges(toy, toy.tick).items() if v == 0}
    assert len(heard) >= 3
    places = toy.place("v0")[:2], toy.motion.place_of(0, toy.now_ms)[:2]
    assert math.dist(*places) > 80.0, "it is not where it takes itself to be"
    true, believed = (max(abs(m - math.dist(p, (a.x_m, a.y_m))) for a, m in heard.items()) for p in places)
    return true, believed


@pytest.mark.parametrize(
    "primitive, asked",
    [
        ("navigation.gnss-tow", {"rate_mps": 3.0, "bearing_deg": 180.0}),
        ("navigation.gnss-bias", {"east_m": 0.0, "north_m": 90.0}),
        ("navigation.gnss-jam", {"drift_mps": 3.0}),
    ],
)
def test_a_receiver_that_is_led_astray_leaves_ranges_true(primitive, asked):
    true, believed = worst(astray(primitive, **asked))
    assert true < 4 * 3.0
    assert believed > 50.0


def test_hijacked_anchors_can_agree_with_a_receiver_that_is_led_astray_until_they_are_let_go():
    toy = astray("navigation.gnss-tow", rate_mps=3.0, bearing_deg=180.0)
    assert ask(toy, "sensornet.phantom", "v0", "p", place="claimed") == ""
    true, believed = worst(toy)
    assert believed < 4 * 3.0
    assert true > 50.0
    assert stop(toy, "p") == ""
    true, believed = worst(toy)
    assert true < 4 * 3.0


def test_what_holds_one_anchor_twice_lets_it_go_twice():
    toy = Toy(vehicles=MANY, tampering=True)
    before = ranges(toy, tick=9)
    assert ask(toy, "sensornet.dead", "a0", "one") == ""
    assert ask(toy, "sensornet.dead", "area", "two", x_m=0.0, y_m=0.0, radius_m=10.0) == ""
    stop(toy, "one")
    assert not ranges(toy, tick=9)
    stop(toy, "two")
    assert ranges(toy, tick=9) == before


def test_a_new_reader_of_ranges_shifts_nothing():
    toy = Toy(vehicles=MANY, city=town(), sensor_network=ECHOES)
    sensors = build_sensors(toy.setting, Streams(1), toy.motion)
    first = ranges(toy, 5, sensors)
    ranges(toy, 6, sensors)
    assert ranges(toy, 5, sensors) == first
