"""At the bin: waiting for it to open, finding nothing, too much, or what one may not carry."""

import pytest

from fleet.base.streams import Streams
from fleet.messages.frames import unpack
from fleet.messages.reports import PickupCollected, PickupFailed, PickupRequested, Unloaded, VehicleReported
from fleet.sim.build import VehicleSpec, build_sensors
from tests.sim.toy import ORDINARY, Toy, check_invariants, dock, pickup, still, waste

HEAVY = (VehicleSpec("v0", "heavy-collector", "home"),)


def visit(toy, *numbers, at=0, then="idle"):
    toy.watch = check_invariants
    toy.order("v0", *(pickup(n, at) for n in numbers), dock("home", unload=True))
    toy.until(then)
    toy.run(2)
    return toy


def outcome(toy):
    """(collected, failed with their causes), by pickup id."""
    return [c.pickup_id for c in toy.heard(PickupCollected)], [
        (f.pickup_id, f.cause) for f in toy.heard(PickupFailed)
    ]


def test_a_bin_is_heard_of_when_it_is_announced():
    toy = Toy(waiting=(waste(0), waste(1, 1, announced_ms=5_500)))
    toy.run(5)
    assert [r.pickup_id for r in toy.heard(PickupRequested)] == ["p0"]
    assert toy.account("kg", "waiting") == 1.0
    toy.run(2)
    assert [(m.t_ms, m.body.pickup_id) for m in toy.said if isinstance(m.body, PickupRequested)][1:] == [
        (5_500, "p1")
    ]
    assert toy.account("kg", "waiting") == 2.0
    assert toy.account("kg", "generated") == -2.0


def test_one_who_comes_early_waits():
    toy = Toy(waiting=(waste(0, earliest_ms=400_000),), sensors=still())
    visit(toy, 0)
    (at,) = [m.t_ms for m in toy.said if isinstance(m.body, PickupCollected)]
    assert at == 430_000
    assert toy.states().count("servicing") == 1


def shown_kg(toy):
    """What v0 says it carries: in its last report, and in a frame."""
    report = [r for r in toy.heard(VehicleReported) if r.vehicle == "v0"][-1]
    sensors = build_sensors(toy.setting, Streams(1), toy.motion)
    (frame_kg, *_) = unpack(sensors.telemetry(toy.tick, 1000 * toy.tick, list(toy.world.bodies)).load_kg)
    return report.load_kg, pytest.approx(frame_kg, abs=0.001)


def test_what_a_vehicle_says_of_its_load_is_read_off_its_scale():
    toy = Toy(waiting=(waste(0, 2, kg=2.0), waste(1, 2, kg=2.0)), sensors=still(vehicle_scale_sigma=0.05))
    body = toy.body("v0")
    body.wear.scale_zero_kg.put("test", -0.25)
    toy.order("v0", pickup(0, 2), pickup(1, 2), dock("home", unload=True))
    toy.until("unloading", most_s=1000)
    told, seen = shown_kg(toy)
    assert told == seen
    assert (body.load_kg, body.weighings) == (4.0, 2)
    assert told == pytest.approx(4.0 * body.scale_error - 0.25, abs=0.001)
    assert body.scale_error != 1.0
    toy.until("idle", most_s=1000)
    assert shown_kg(toy) == (0.0, 0.0)


def test_a_scale_that_is_set_too_low_still_tells_something_from_nothing():
    toy = Toy(waiting=(waste(0, 2, kg=0.1),), sensors=still())
    toy.body("v0").wear.scale_zero_kg.put("test", -0.2)
    toy.world.parts.yards["home"].wear.scale_zero_kg.put("test", -0.2)
    toy.order("v0", pickup(0, 2))
    toy.until("idle", most_s=1000)
    assert shown_kg(toy)[0] == 0.001
    toy.order("v0", dock("home", unload=True))
    toy.until("unloading").until("idle")
    ((collected,), (unloaded,)) = toy.heard(PickupCollected), toy.heard(Unloaded)
    assert (collected.scale_kg, unloaded.weighed_kg, unloaded.stock_kg) == (0.0, {"paper": 0.0}, 0.0)


def test_waiting_on_the_ground_draws_nothing():
    toy = Toy(waiting=(waste(0, earliest_ms=10**6),), sensors=still())
    toy.order("v0", pickup(0))
    toy.until("servicing")
    before = toy.battery_wh()
    toy.run(500)
    assert toy.battery_wh() == before


def test_the_order_may_ask_for_later_but_not_for_sooner():
    toy = Toy(waiting=(waste(0, earliest_ms=400_000),), sensors=still())
    toy.order("v0", pickup(0, earliest_ms=100_000))
    toy.order("v1", pickup(0, earliest_ms=500_000))
    toy.run(700)
    assert [m.t_ms for m in toy.said if isinstance(m.body, PickupCollected)] == [430_000]
    assert [m.t_ms for m in toy.said if isinstance(m.body, PickupFailed)] == [530_000]


def test_a_false_call_is_found_out_on_the_spot():
    toy = visit(Toy(waiting=(waste(0, kg=0.0, litres=0.0, declared_kg=3.0),)), 0)
    assert outcome(toy) == ([], [("p0", "gone")])
    assert toy.heard(Unloaded) == []


def test_what_another_took_is_gone():
    toy = Toy(waiting=(waste(0),))
    visit(toy, 0, 0)
    assert outcome(toy) == (["p0"], [("p0", "gone")])


def test_what_is_not_announced_yet_is_not_there_yet():
    toy = visit(Toy(waiting=(waste(0, announced_ms=10**7),)), 0)
    assert outcome(toy) == ([], [("p0", "gone")])


@pytest.mark.parametrize(
    "first, second, fits",
    [
        ({"kg": 3.0}, {"kg": 2.6}, True),
        ({"kg": 3.0}, {"kg": 2.7}, False),
        ({"litres": 25.0}, {"litres": 15.0}, True),
        ({"litres": 25.0}, {"litres": 15.1}, False),
        ({"kg": 5.7}, {}, False),
        ({"litres": 41.0}, {}, False),
    ],
)
def test_what_does_not_fit_stays(first, second, fits):
    toy = visit(Toy(waiting=(waste(0, **first), waste(1, 0, **second))), 0, 1)
    collected, failed = outcome(toy)
    assert (not failed) == fits
    assert all(cause == "does-not-fit" for _, cause in failed)
    assert len(collected) + len(failed) == 2
    check_invariants(toy)


def test_only_the_certified_carry_what_is_hazardous():
    batteries = (waste(0, material="batteries"),)
    assert outcome(visit(Toy(waiting=batteries), 0)) == ([], [("p0", "does-not-fit")])
    assert "batteries" not in ORDINARY
    toy = Toy(waiting=batteries, vehicles=HEAVY)
    toy.order("v0", pickup(0))
    toy.run(300)
    assert outcome(toy) == (["p0"], [])


def test_what_is_there_counts_not_what_was_declared():
    toy = visit(Toy(waiting=(waste(0, kg=4.0, declared_kg=1.0, litres=20.0, declared_l=5.0),), sensors=still()), 0)
    (collected,) = toy.heard(PickupCollected)
    assert (collected.scale_kg, collected.volume_l) == (4.0, 20.0)
    (unloaded,) = toy.heard(Unloaded)
    assert (unloaded.weighed_kg, unloaded.volume_l, unloaded.stock_kg) == ({"paper": 4.0}, 20.0, 4.0)
    assert toy.account("kg", "stock") == 4.0


def test_materials_are_kept_apart():
    toy = visit(
        Toy(waiting=(waste(0), waste(1, 0, material="glass", kg=2.0), waste(2, 0, kg=0.5)), sensors=still()),
        0,
        1,
        2,
    )
    (unloaded,) = toy.heard(Unloaded)
    assert unloaded.weighed_kg == {"glass": 2.0, "paper": 1.5}
    assert toy.world._p.yards["home"].stock == {"glass": 2.0, "paper": 1.5}
