"""Sites at work: queues in order of arrival, loads refused, batteries swapped or filled."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.messages.reports import Charged, Unloaded, UnloadRefused
from fleet.sim.build import VehicleSpec
from fleet.sim.params import DockingParams
from fleet.sim.yards import Places
from tests.sim.toy import SITES, Toy, check_invariants, dock, pickup, still, waste

THREE = tuple(VehicleSpec(f"v{n}", "light-collector", "home") for n in range(3))
SWAP_S, UNLOAD_S = 90, 60


def site(name, **changes):
    return tuple(replace(s, **changes) if s.id == name else s for s in SITES)


def loaded(toy, *vehicles):
    """Put a kilogram of paper on board of each, straight from the books."""
    for vehicle in vehicles:
        body = toy.body(vehicle)
        body.take("paper", {"paper": 1.0}, 5.0)
        toy.books.carry(("generated", ""), ("aboard", vehicle), {"paper": 1.0})
        toy.books.transfer("items", ("generated", ""), ("aboard", vehicle), 1)
    return toy


@given(st.integers(0, 4), st.lists(st.sampled_from(["ask", "give", "leave"]), max_size=40))
def test_places_are_never_more_than_there_are_and_go_in_order(count, moves):
    places, held, queue, gone, asked = Places(count), [], [], set(), 0

    def wish(number):
        def granted():
            if number in gone:
                return False
            held.append(number)
            return True

        return granted

    served = []
    for move in moves:
        before = list(held)
        if move == "ask":
            queue.append(asked)
            places.ask(wish(asked))
            asked += 1
        elif move == "give" and held:
            held.pop(0)
            places.give_back()
        elif move == "leave" and queue:
            gone.add(queue[-1])
        served += [n for n in held if n not in before]
        queue = [n for n in queue if n not in held and n not in gone]
        assert len(held) + places.free == count
        assert places.free == 0 or not queue
    assert served == sorted(served)


def test_one_pad_serves_in_order_of_arrival():
    toy = loaded(Toy(vehicles=THREE, sensors=still()), "v0", "v1", "v2")
    for vehicle in ("v1", "v0", "v2"):
        toy.order(vehicle, dock("home", unload=True))
    toy.run(10)
    assert [toy.body(v).state for v in ("v0", "v1", "v2")] == ["queueing", "unloading", "queueing"]
    toy.run(4 * UNLOAD_S)
    assert [m.body.vehicle for m in toy.said if isinstance(m.body, Unloaded)] == ["v1", "v0", "v2"]
    times = [m.t_ms for m in toy.said if isinstance(m.body, Unloaded)]
    assert [b - a for a, b in pairwise(times)] == [60_000, 60_000]
    check_invariants(toy)


def test_two_pads_serve_two_at_a_time():
    toy = loaded(Toy(vehicles=THREE, sites=site("home", pads=2)), "v0", "v1", "v2")
    for vehicle in ("v0", "v1", "v2"):
        toy.order(vehicle, dock("home", unload=True))
    toy.run(3 + UNLOAD_S)
    assert [toy.body(v).state for v in ("v0", "v1", "v2")] == ["idle", "idle", "unloading"]


def yard(toy, name):
    return toy.world._p.yards[name]


def test_one_who_is_called_away_from_the_queue_frees_nothing():
    toy = loaded(Toy(vehicles=THREE, sensors=still()), "v0", "v1", "v2")
    for vehicle in ("v0", "v1", "v2"):
        toy.order(vehicle, dock("home", unload=True))
    toy.run(10)
    toy.order("v1", dock("swap"))
    toy.run(2 * UNLOAD_S)
    assert toy.body("v1").load_kg == 1.0
    assert [m.body.vehicle for m in toy.said if isinstance(m.body, Unloaded)] == ["v0", "v2"]
    toy.run(300)
    assert yard(toy, "home").pads.free == 1
    assert not yard(toy, "home").pads.waiting
    check_invariants(toy)


def test_one_who_is_called_away_from_the_pad_frees_it_at_once_and_once():
    toy = loaded(Toy(vehicles=THREE, sensors=still()), "v0", "v1", "v2")
    for vehicle in ("v0", "v1", "v2"):
        toy.order(vehicle, dock("home", unload=True))
    toy.run(10)
    toy.order("v0", dock("swap"))
    toy.run(1)
    assert [toy.body(v).state for v in ("v1", "v2")] == ["unloading", "queueing"]
    toy.run(55)
    assert toy.body("v2").state == "queueing"
    toy.run(300)
    assert [m.body.vehicle for m in toy.said if isinstance(m.body, Unloaded)] == ["v1", "v2"]
    assert yard(toy, "home").pads.free == 1


def test_one_who_is_called_back_to_where_it_stands_queues_anew():
    toy = loaded(Toy(vehicles=THREE, sensors=still()), "v0", "v1")
    for vehicle in ("v0", "v1"):
        toy.order(vehicle, dock("home", unload=True))
    toy.run(30)
    toy.recall("v0")
    toy.run(2)
    assert [toy.body(v).state for v in ("v0", "v1")] == ["queueing", "unloading"]
    toy.run(2 * UNLOAD_S)
    assert [m.body.vehicle for m in toy.said if isinstance(m.body, Unloaded)] == ["v1", "v0"]


def test_a_swap_takes_its_time_whatever_is_missing():
    toy = Toy(sensors=still())
    toy.order("v0", pickup(0), dock("home", charge=True))
    toy.until("charging")
    begun, missing = toy.now_ms, 599.4 - toy.battery_wh()
    toy.until("idle")
    assert toy.now_ms - begun == 1000 * SWAP_S
    (charged,) = toy.heard(Charged)
    assert charged.delivered_wh == pytest.approx(missing, abs=1e-3)
    assert charged.drawn_wh == pytest.approx(missing / 0.92, abs=1e-3)
    assert toy.battery_wh() == 599.4
    assert toy.account("Wh", "grid") == pytest.approx(-missing / 0.92)
    assert toy.account("Wh", "charging-loss") == pytest.approx(missing / 0.92 - missing)


def test_filling_takes_as_long_as_is_missing():
    toy = Toy(sensors=still(), docking=DockingParams(charging="charge", charge_c_rate=2.0))
    toy.order("v0", pickup(0), dock("home", charge=True))
    toy.until("charging")
    begun, missing = toy.now_ms, 599.4 - toy.battery_wh()
    toy.until("idle")
    assert toy.now_ms - begun == pytest.approx(3_600_000 * missing / 599.4 / 2.0, abs=1000)


@pytest.mark.parametrize("charging, share", [("swap", 0.0), ("charge", 0.5)])
def test_one_who_is_called_away_keeps_what_it_was_given(charging, share):
    docking = DockingParams(charging=charging, charge_c_rate=1.0)
    toy = Toy(sensors=still(), docking=docking)
    toy.order("v0", pickup(0), dock("home", charge=True))
    toy.until("charging")
    start, missing = toy.battery_wh(), 599.4 - toy.battery_wh()
    full_s = round(3600 * missing / 599.4) if charging == "charge" else SWAP_S
    toy.run(full_s // 2 - 1)
    toy.order("v0", dock("swap"))
    toy.run(1)
    assert toy.body().state == "climbing"
    assert toy.battery_wh() == pytest.approx(start + share * missing, abs=0.02 * missing)
    assert yard(toy, "home").chargers.free == 1
    toy.run(300).close()
    assert len(toy.heard(Charged)) == (1 if share else 0)
    check_invariants(toy)


@pytest.mark.parametrize(
    "name, kg, material, cause",
    [("far", 1.0, "glass", "material"), ("swap", 1.0, "paper", "material"), ("far", 5.5, "paper", "full")],
)
def test_a_load_that_is_not_taken_stays_on_board(name, kg, material, cause):
    capacity = 5.0
    toy = Toy(
        waiting=(waste(0, 2, kg=kg, material=material),), sites=site("far", capacity_kg=capacity), sensors=still()
    )
    toy.order("v0", pickup(0, 2), dock(name, unload=True), dock("home", unload=True))
    toy.run(1000)
    assert [(r.facility, r.vehicle, r.cause) for r in toy.heard(UnloadRefused)] == [(name, "v0", cause)]
    (unloaded,) = toy.heard(Unloaded)
    assert (unloaded.facility, unloaded.weighed_kg, unloaded.stock_kg) == ("home", {material: kg}, kg)
    check_invariants(toy)


def test_what_a_site_says_of_its_stock_is_read_off_its_scales():
    toy = Toy(waiting=(waste(0, 2, kg=4.0),), sensors=still(weighbridge_sigma=0.05))
    toy.order("v0", pickup(0, 2), dock("home", unload=True))
    yard(toy, "home").wear.scale.put("test", 2.0)
    toy.until("idle", most_s=1000)
    (unloaded,) = toy.heard(Unloaded)
    assert yard(toy, "home").stock_kg == 4.0
    assert unloaded.stock_kg == pytest.approx(8.0, rel=0.25)
    assert unloaded.stock_kg not in (8.0, unloaded.weighed_kg["paper"]), "it has an error of its own"


def test_a_facility_is_never_filled_beyond_its_room_by_those_who_came_together():
    toy = loaded(Toy(vehicles=THREE, sites=site("home", capacity_kg=2.0, pads=2)), "v0", "v1", "v2")
    for vehicle in ("v0", "v1", "v2"):
        toy.order(vehicle, dock("home", unload=True))
    toy.run(4 * UNLOAD_S)
    assert yard(toy, "home").stock_kg == 2.0
    assert [r.vehicle for r in toy.heard(UnloadRefused)] == ["v2"]
    assert toy.body("v2").load_kg == 1.0
    check_invariants(toy)


def test_an_empty_box_is_not_weighed():
    toy = Toy()
    toy.order("v0", dock("home", unload=True, charge=True))
    toy.run(100)
    assert toy.heard(Unloaded) == []
    assert toy.states()[1:] == ["charging", "idle"]


def test_where_nothing_charges_nothing_is_charged():
    toy = Toy()
    toy.order("v0", dock("far", charge=True))
    toy.until("idle")
    assert toy.heard(Charged) == []
    assert toy.body().site == "far"


def test_a_vehicle_without_enough_for_the_way_charges_first_or_goes_where_it_can():
    toy = Toy(sensors=still())
    for vehicle in ("v0", "v1"):
        body = toy.body(vehicle)
        toy.books.transfer("Wh", ("battery", vehicle), ("drained", ""), 440.0)
        toy.motion.battery_wh[body.index] -= 440.0
    toy.order("v0", dock("far"))
    toy.run(5)
    assert toy.body("v0").state == "charging"
    toy.until("idle")
    assert toy.body("v0").site == "far"
    check_invariants(toy)


def test_a_mission_of_ten_thousand_stops_where_it_stands():
    toy = Toy()
    toy.order("v0", *[dock("home")] * 10_000)
    toy.run(2)
    assert toy.body().mission.step == 10_000
    assert toy.body().state == "idle"
