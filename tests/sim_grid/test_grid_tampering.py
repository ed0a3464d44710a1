"""Tampering with the grid: what is refused changes nothing; what is asked twice; what ends by itself."""

import pytest

from fleet.messages.grid import MeterRead, PowerChanged
from fleet.messages.tamper import StartTamper
from fleet.messages.truth import TamperEffect
from fleet.sim.grid.params import FeederParams, GridParams, MeterParams
from fleet.sim.tampering import discover
from fleet.sim.tampering.checks import check_refusals
from tests.sim.asking import ask, played, stop
from tests.sim.toy import Toy, check_invariants, pickup, still

GRID = GridParams(
    feeders=(
        FeederParams(id="west", sites=("home",), zone="left", limit_kw=50.0),
        FeederParams(id="east", sites=("swap",)),
    ),
    meters=MeterParams(interval_min=1),
)
SOUND = {
    "charger.tap": ("home", {"power_w": 1000.0}),
    "charger.false-meter": ("home", {"reads_factor": 0.5}),
    "grid.false-meter": ("west", {"offset_wh": 3.0}),
    "grid.outage": ("left", {"duration_s": 60.0}),
}


def toy(grid=GRID):
    return Toy(sensors=still(), tampering=True, grid=grid)


def play(asks):
    world = toy()
    world.order("v0", pickup(0), pickup(2))
    return played(world, asks, seconds=200)


@pytest.mark.parametrize("name", sorted(SOUND))
def test_what_is_wrong_with_a_request_is_named_and_changes_nothing(name):
    target, parameters = SOUND[name]
    request = StartTamper(tamper_id="t", primitive=name, target=target, parameters=parameters)
    check_refusals(play, discover()[name], request, at_tick=100)


def test_both_families_are_all_here():
    assert SOUND.keys() == {p.name for p in discover().values() if p.family in ("charger", "grid")}


def test_a_site_without_chargers_has_none_to_tamper_with():
    world = toy()
    for name in ("charger.tap", "charger.false-meter"):
        assert "a site with chargers (home, swap)" in ask(world, name, "far", **SOUND[name][1])


def test_a_meter_lies_once_at_a_time_and_says_something_else():
    world = toy()
    assert ask(world, "charger.false-meter", "home", reads_factor=0.5) == ""
    assert "lies already" in ask(world, "charger.false-meter", "home", "u", reads_factor=0.5)
    assert "expected another than 1" in ask(world, "charger.false-meter", "swap", "u")


def test_without_a_grid_there_is_no_feeder_and_a_site_can_still_be_dark():
    world = toy(GridParams())
    assert "a feeder of the scenario" in ask(world, "grid.false-meter", "west", offset_wh=3.0)
    assert ask(world, "grid.outage", "home") == ""
    assert not world.annexes.grid.live("home")
    assert ask(world, "charger.tap", "swap", "u", power_w=3600.0) == ""
    world.run(100)
    world.close()
    assert world.account("Wh", "tapped") == pytest.approx(101.0, abs=1.5)
    assert not world.heard(MeterRead)
    check_invariants(world)


def test_an_outage_ends_by_itself_and_two_of_them_are_over_when_both_are():
    world = toy()
    assert ask(world, "grid.outage", "left", duration_s=60.0) == ""
    assert ask(world, "grid.outage", "home", "u", duration_s=100.0) == ""
    world.run(80)
    assert not world.annexes.grid.live("home")
    assert [change.live for change in world.heard(PowerChanged)] == [False]
    world.run(30)
    assert world.annexes.grid.live("home")
    assert stop(world) == "nothing is under way under this id"
    assert [e.size for e in world.heard(TamperEffect) if e.tamper_id == "u"] == [1.0, 1.0]


def test_a_tap_that_is_too_much_trips_the_feeder():
    world = toy()
    assert ask(world, "charger.tap", "home", power_w=60_000.0) == ""
    world.run(5)
    assert [(change.site, change.live) for change in world.heard(PowerChanged)] == [("home", False)]
    check_invariants(world.run(60).close())
