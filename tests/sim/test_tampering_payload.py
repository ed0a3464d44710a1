"""What is in the box, what it is called, and where a vehicle stands that says it cruises."""

import pytest

from fleet.base.streams import Streams
from fleet.messages.frames import unpack
from fleet.messages.reports import STATES, PickupCollected, Unloaded, UnloadRefused, VehicleReported
from fleet.messages.truth import LegFlown
from fleet.sim.build import build_sensors
from tests.sim.asking import ask, sizes, stop
from tests.sim.toy import Toy, check_invariants, dock, pickup, still, waste


def loaded(*, then="cruising"):
    """v0 carries 1 kg of paper (5 l) and 2 kg of glass (8 l), and is on its way."""
    toy = Toy(sensors=still(), tampering=True, waiting=(waste(0, 0), waste(1, 1, 2.0, 8.0, "glass"), waste(2, 2)))
    toy.order("v0", pickup(0), pickup(1), dock("home", unload=True, charge=True))
    toy.until("servicing").until("climbing").until("servicing").until("climbing")
    return toy if then == "climbing" else toy.until(then)


# ---- skim


def test_mass_is_taken_of_everything_and_goes_to_its_account():
    toy = loaded()
    power = toy.body().phase_power_w
    assert ask(toy, "payload.skim", mass_kg=0.75) == ""
    assert toy.body().load == pytest.approx({"paper": 0.75, "glass": 1.5})
    assert toy.body().load_l == pytest.approx(13.0 * 0.75)
    assert toy.body().phase_power_w < power
    assert toy.account("kg", "skimmed") == pytest.approx(0.75)
    toy.until("idle")
    (unloaded,) = toy.heard(Unloaded)
    assert unloaded.weighed_kg == pytest.approx({"paper": 0.75, "glass": 1.5})
    assert sum(c.scale_kg for c in toy.heard(PickupCollected)) == pytest.approx(3.0)
    assert sizes(toy)[0] == ("v0", "skimmed_kg", 0.75)
    check_invariants(toy.close())


def test_all_can_be_taken_and_no_more():
    toy = loaded()
    assert ask(toy, "payload.skim", mass_kg=3.01) == (
        "mass_kg: expected at most what v0 carries, 3.000, found 3.01"
    )
    assert ask(toy, "payload.skim", mass_kg=3.0) == ""
    assert toy.body().load_kg == pytest.approx(0.0, abs=1e-12)
    assert ask(toy, "payload.skim", name="again", mass_kg=0.001) != ""
    toy.until("idle")
    check_invariants(toy.close())


# ---- swap


def test_what_was_swapped_is_weighed_in_by_its_true_name():
    toy = loaded()
    assert ask(toy, "payload.swap", material="paper", replacement="organics") == ""
    toy.until("idle")
    (unloaded,) = toy.heard(Unloaded)
    assert unloaded.weighed_kg == pytest.approx({"organics": 1.0, "glass": 2.0})
    assert (toy.account("kg", "swapped-out"), toy.account("kg", "swapped-in")) == (1.0, -1.0)
    check_invariants(toy.close())


def test_a_facility_refuses_what_was_swapped_into_something_it_does_not_take():
    toy = loaded()
    ask(toy, "payload.swap", material="glass", replacement="batteries")
    toy.until("idle")
    assert [r.cause for r in toy.heard(UnloadRefused)] == ["material"]
    assert toy.body().load == pytest.approx({"paper": 1.0, "batteries": 2.0})


def test_only_what_is_there_can_be_swapped_for_something_else():
    toy = loaded()
    assert ask(toy, "payload.swap", material="metals", replacement="glass") == (
        "material: expected what v0 carries (glass, paper), found 'metals'"
    )
    assert ask(toy, "payload.swap", material="glass", replacement="glass") == (
        "replacement: expected another material, found 'glass'"
    )
    assert ask(toy, "payload.swap", material="glass", replacement="paper") == ""
    assert toy.body().load == pytest.approx({"paper": 3.0})


# ---- mislabel


def test_a_false_name_is_said_and_the_true_thing_carried():
    toy = Toy(sensors=still(), tampering=True)
    toy.order("v0", pickup(0), pickup(1), dock("home", unload=True))
    toy.run(60)
    assert ask(toy, "payload.mislabel", material="glass") == ""
    assert ask(toy, "payload.mislabel", name="u", material="metals") == "v0 is made to say 'glass' already"
    toy.until("servicing").until("climbing")
    assert stop(toy) == ""
    toy.until("idle")
    assert [c.material for c in toy.heard(PickupCollected)] == ["glass", "paper"]
    assert toy.heard(Unloaded)[0].weighed_kg == pytest.approx({"paper": 2.0})
    assert sizes(toy) == [("v0", "mislabelled_pickups", 0.0), ("v0", "mislabelled_pickups", 1.0)]


# ---- a stop on the way


def told(toy):
    sensors = build_sensors(toy.setting, Streams(1), toy.motion)
    frame = sensors.telemetry(toy.tick, toy.now_ms, list(toy.world.bodies))
    return (
        STATES[unpack(frame.state, "<u1")[0]],
        float(unpack(frame.height_m)[0]),
        float(unpack(frame.speed_mps)[0]),
    )


def detour(toy, **changes):
    return ask(toy, "payload.undeclared-stop", **{"x_m": 300.0, "y_m": -200.0, "duration_s": 30.0} | changes)


def test_it_stands_says_nothing_and_goes_on():
    toy = loaded()
    known = len(toy.heard(VehicleReported, "v0"))
    assert detour(toy) == ""
    stood = 0
    while toy.body().flight.phases[-1].x_m != 0.0:
        assert told(toy) == ("cruising", 80.0, 12.0)
        stood += toy.place() == pytest.approx((300.0, -200.0, 0.0), abs=0.01)
        toy.run(1)
    assert stood == pytest.approx(30, abs=1)
    assert len(toy.heard(VehicleReported, "v0")) == known
    toy.until("cruising")
    toy.run(2)
    assert sizes(toy) == [("v0", "stood_s", 0.0), ("v0", "stood_s", 30.0)]
    assert stop(toy) == "nothing is under way under this id", "it is over by itself"
    toy.until("idle")
    assert toy.heard(Unloaded)[0].weighed_kg == pytest.approx({"paper": 1.0, "glass": 2.0})
    assert (300.0, -200.0) in [(leg.x1_m, leg.y1_m) for leg in toy.heard(LegFlown)]
    check_invariants(toy.close())


def test_an_order_on_the_way_there_ends_the_pretence():
    toy = loaded()
    detour(toy)
    toy.run(5)
    toy.recall("v0")
    toy.run(2)
    toy.until("descending")
    assert told(toy)[0] == "descending"
    toy.until("idle")
    assert toy.body().site == "home"
    assert stop(toy) == ""
    check_invariants(toy.close())


@pytest.mark.parametrize("seconds", [5, 90])
def test_let_go_it_goes_on_at_once(seconds):
    """On the way there, and while it stands."""
    toy = loaded()
    detour(toy, duration_s=3600.0)
    toy.run(seconds)
    assert stop(toy) == ""
    assert toy.body().flight.phases[-1].x_m == 0.0
    assert told(toy)[0] == ("cruising" if seconds == 5 else "climbing")
    toy.until("idle", most_s=400)
    check_invariants(toy.close())


def test_an_order_while_it_stands_is_obeyed():
    toy = loaded()
    detour(toy, duration_s=3600.0)
    toy.run(90)
    toy.recall("v0", "swap")
    toy.until("idle", most_s=600)
    assert toy.body().site == "swap"


def test_where_it_cannot_stop():
    toy = loaded()
    assert detour(toy, x_m=0.0, y_m=400.0) == (  # the tower
        "x_m, y_m: expected a place to which v0 can fly and go on, found 0, 400"
    )
    assert detour(toy) == ""
    again = {"name": "u", "x_m": 0.0, "y_m": -50.0}
    assert ask(toy, "payload.undeclared-stop", **again) == "v0 makes an undeclared stop already"
    assert ask(toy, "payload.undeclared-stop", "v1", **again) == "v1 is not on its way"
