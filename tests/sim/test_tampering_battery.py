"""What is drawn is booked, nothing falls from the sky, and a gauge that lies leads the autopilot astray."""

import pytest

from fleet.messages.reports import Charged, PickupCollected, PickupFailed, VehicleReported
from fleet.sim.params import DockingParams
from tests.sim.asking import ask, sizes, stop
from tests.sim.toy import Toy, check_invariants, dock, pickup, still


def town(**world):
    return Toy(sensors=still(), tampering=True, **world)


def test_what_is_drained_in_the_air_and_on_the_ground_is_booked():
    toy = town()
    toy.order("v0", pickup(0), dock("home"))
    toy.run(20)
    assert ask(toy, "battery.drain", power_w=360.0) == ""
    toy.run(299)
    assert toy.body().state == "idle"
    toy.run(100)
    assert stop(toy) == ""
    flown, drained = toy.account("Wh", "flown"), toy.account("Wh", "drained")
    assert drained == pytest.approx(360.0 * (299 + 100 + 2) / 3600.0)
    assert toy.battery_wh() == pytest.approx(599.4 - flown - drained)
    assert sizes(toy)[-1] == ("v0", "drained_wh", pytest.approx(drained, abs=1e-3))
    toy.run(50)
    assert toy.account("Wh", "drained") == drained
    check_invariants(toy.close())


def test_flying_costs_what_it_costs_with_or_without():
    def flown(drained):
        toy = town()
        toy.order("v0", pickup(0), dock("home", unload=True))
        toy.run(20)
        if drained:
            ask(toy, "battery.drain", power_w=200.0)
        toy.run(400).close()
        return toy.account("Wh", "flown")

    assert flown(True) == pytest.approx(flown(False), abs=1e-3)


def test_a_parked_battery_runs_empty_and_stays_so():
    toy = town()
    assert ask(toy, "battery.drain", power_w=6000.0) == ""
    toy.watch = check_invariants
    toy.run(599.4 * 3600 / 6000 + 5)
    assert toy.battery_wh() == pytest.approx(0.0, abs=1e-2)
    assert toy.battery_wh() >= 0.0
    drained = toy.account("Wh", "drained")
    toy.run(60)
    assert toy.account("Wh", "drained") == drained
    toy.close()


@pytest.mark.parametrize("charging", ["swap", "charge"])
def test_what_is_charged_is_drained_again(charging):
    toy = town(docking=DockingParams(charging=charging, charge_c_rate=3.0))
    ask(toy, "battery.drain", power_w=6000.0)
    toy.run(500)
    assert toy.battery_wh() == pytest.approx(0.0, abs=1e-2)
    toy.order("v0", dock("home", charge=True))
    toy.watch = check_invariants
    toy.until("charging").until("idle", most_s=2000)
    charged = toy.heard(Charged)[0]
    assert charged.delivered_wh == pytest.approx(599.4, abs=0.02)
    before = toy.battery_wh()
    toy.run(30)
    assert toy.battery_wh() == pytest.approx(before - 50.0, abs=1e-2)
    check_invariants(toy.close())


def test_a_vehicle_that_is_drained_dry_comes_down_and_does_not_fall():
    toy = town()
    toy.watch = check_invariants
    toy.order("v0", pickup(2), dock("home"))
    toy.run(50)
    ask(toy, "battery.drain", power_w=60_000.0)
    toy.until("lost", most_s=200)
    assert toy.place()[2] == 0.0
    assert toy.battery_wh() >= 0.0
    assert 100.0 < toy.place()[0] < 900.0
    check_invariants(toy.close())


@pytest.mark.parametrize("phase", ["climbing", "cruising", "descending"])
def test_the_motors_come_first_on_the_way_down(phase):
    toy = town()
    toy.watch = check_invariants
    toy.order("v0", pickup(0))
    toy.until(phase)
    ask(toy, "battery.drain", power_w=100_000.0)
    while toy.place()[2] > 0.0:
        toy.run(1)
    toy.run(60)
    assert toy.battery_wh() == pytest.approx(0.0, abs=0.1)
    check_invariants(toy.close())


def test_a_battery_is_drained_by_one_at_a_time():
    toy = town()
    assert ask(toy, "battery.drain", power_w=1.0) == ""
    assert ask(toy, "battery.drain", name="u", power_w=2.0) == "v0 is drained already"


# ---- the gauge


def reported(toy, vehicle="v0"):
    return toy.heard(VehicleReported, vehicle)[-1].battery_wh


def test_too_high_a_reading_sends_it_out_on_a_leg_it_cannot_finish():
    toy = town(docking=DockingParams(charging="charge", charge_c_rate=0.1))
    ask(toy, "battery.drain", power_w=6000.0)
    toy.run(305)
    stop(toy)
    left = toy.battery_wh()
    assert left < 100.0
    assert ask(toy, "battery.false-soc", offset_wh=500.0) == ""
    toy.order("v0", pickup(2), pickup(4), dock("home"))
    toy.run(3)
    assert toy.body().phase == "climbing", "the autopilot believes its gauge"
    assert reported(toy) == pytest.approx(left + 500.0, abs=1.0)
    toy.watch = check_invariants
    toy.until("lost")
    assert toy.battery_wh() >= 0.0
    check_invariants(toy.close())


@pytest.mark.parametrize("charging", ["swap", "charge"])
def test_too_low_a_reading_makes_it_charge_and_give_up_what_it_could_reach(charging):
    toy = town(docking=DockingParams(charging=charging))
    toy.order("v0", pickup(0), dock("home"))
    toy.until("idle")
    assert ask(toy, "battery.false-soc", offset_wh=-500.0) == ""
    toy.order("v0", pickup(2), dock("home"))
    toy.run(3)
    assert toy.body().state == "charging"
    assert reported(toy) == pytest.approx(toy.battery_wh() - 500.0, abs=1e-3)
    toy.until("idle")
    assert [f.cause for f in toy.heard(PickupFailed, "v0")] == ["out-of-reach"]
    assert len(toy.heard(Charged)) == 1
    stop(toy)
    toy.order("v0", pickup(2), dock("home"))
    toy.until("climbing").until("idle")
    assert len(toy.heard(PickupCollected, "v0")) == 2


@pytest.mark.parametrize("offset_wh, shown", [(1e5, 599.4), (-1e5, 0.0)])
def test_a_gauge_shows_nothing_beyond_its_ends(offset_wh, shown):
    toy = town()
    toy.order("v0", pickup(0))
    toy.run(60)
    assert ask(toy, "battery.false-soc", offset_wh=offset_wh) == ""
    assert toy.motion.gauge_of(0, toy.now_ms) == shown
    assert toy.motion.gauges_wh(toy.now_ms)[0] == shown
    assert toy.motion.gauges_wh(toy.now_ms)[1] == toy.battery_wh("v1")


def test_a_lie_that_nobody_could_see_is_refused():
    toy = town()
    assert ask(toy, "battery.false-soc", offset_wh=10.0) == (
        "offset_wh: expected what the gauge can show, from -599.4 to 0.0 but not 0, found 10"
    )
    assert ask(toy, "battery.false-soc", offset_wh=-10.0) == ""
    assert ask(toy, "battery.false-soc", name="u", offset_wh=-10.0) == "v0's gauge is off already"
