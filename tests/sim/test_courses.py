"""What a vehicle reckons before it leaves: which way, how dear, and where the next charger is."""

import math

import pytest

from fleet.base.flight import Wind
from fleet.sim.courses import Courses
from tests.sim.toy import Toy, dock, junk, pickup, still


def courses(toy) -> Courses:
    return toy.world._courses


def outlook(toy, stop, vehicle="v0"):
    body = toy.body(vehicle)
    body.mission = type(body.mission)("o", (stop,))
    return courses(toy).outlook(body)


def test_targets_are_looked_up_by_their_kind():
    toy = Toy()
    nodes = {name: node for node, name in enumerate(toy.terrain.names)}
    assert courses(toy).node_of(dock("far")) == nodes["far"]
    assert courses(toy).node_of(pickup(3)) == nodes["b3"]
    assert [courses(toy).node_of(s) for s in (junk(), dock("far", target="p1"), pickup(1, target="far"))] == [
        -1
    ] * 3


def test_the_way_back_is_reckoned_with_what_will_be_on_board():
    toy = Toy()
    empty, full = outlook(toy, pickup(1, mass_kg=0.0)), outlook(toy, pickup(1, mass_kg=5.0))
    frame = toy.body().airframe
    assert empty.leg_wh == full.leg_wh == pytest.approx(empty.then_to_charger_wh)
    assert full.then_to_charger_wh / empty.then_to_charger_wh == pytest.approx(
        frame.power_w(5.0) / frame.power_w(0.0)
    )


def test_a_known_place_and_the_same_place_unknown_are_reckoned_alike():
    toy = Toy(wind=Wind(3.0, 1.0))
    known, unknown = outlook(toy, pickup(3, mass_kg=2.0)), outlook(toy, junk(600.0, 400.0, mass_kg=2.0))
    assert unknown.leg_wh == pytest.approx(known.leg_wh)
    assert unknown.then_to_charger_wh == pytest.approx(known.then_to_charger_wh)


def test_what_one_stands_on_says_whether_one_can_charge():
    toy = Toy()
    here = outlook(toy, pickup(0))
    assert (here.docked, here.can_charge_here, here.full) == (True, True, True)
    toy.order("v0", dock("far"))
    toy.until("idle")
    there = outlook(toy, pickup(0))
    assert (there.docked, there.can_charge_here, there.full) == (True, False, False)


@pytest.mark.parametrize("wind, charger", [(Wind(), "swap"), (Wind(0.0, -9.0), "home"), (Wind(0.0, 9.0), "swap")])
def test_the_next_charger_is_the_cheapest_not_the_nearest(wind, charger):
    toy = Toy(wind=wind, sensors=still())
    toy.flights.find_itself(toy.body())
    body = toy.body()
    body.node, body.site = -1, ""
    toy.motion.rest(body.index, 200.0, 650.0)
    divert = courses(toy).to_charger(body)
    assert toy.terrain.names[divert.node] == charger
    assert list(divert.line[0]) == [200.0, 650.0]
    assert math.isfinite(divert.effort_h)


def test_from_a_node_the_way_to_the_charger_is_the_networks():
    toy = Toy()
    body = toy.body()
    body.node, body.site = courses(toy).node_of(pickup(5)), ""
    divert = courses(toy).to_charger(body)
    assert toy.terrain.names[divert.node] == "swap"
    assert [list(p) for p in divert.line] == [[0.0, 800.0], [0.0, 1200.0]]


def test_where_the_wind_forbids_every_way_there_is_no_charger():
    toy = Toy(wind=Wind(0.0, 20.0))
    body = toy.body()
    body.node, body.site = -1, ""
    toy.motion.rest(body.index, 300.0, 1500.0)
    assert courses(toy).to_charger(body) is None
