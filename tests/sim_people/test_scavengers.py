"""Scavengers and their market."""

from dataclasses import replace

import pytest

from fleet.messages.people import MarketBought, Scavenged
from fleet.messages.plane import Plane
from fleet.messages.reports import PickupCollected, PickupFailed
from tests.sim.toy import pickup, waste
from tests.sim_people.peopled import Peopled

FOX = {"name": "fox", "home": {"id": "b0"}, "market": "arches", "per_day": 200.0, "reach_m": 700.0}
MARKET = {"name": "arches", "at": {"id": "b3"}}


def town(*waiting, fox=(), market=(), **changes):
    people = {"scavengers": [{**FOX, **dict(fox)}], "markets": [{**MARKET, **dict(market)}]}
    return Peopled(people, waiting=waiting, **changes)


def test_what_is_worth_most_goes_and_a_vehicle_finds_it_gone():
    toy = town(waste(0, 0, kg=2.0, material="e-waste"), waste(1, 1, kg=2.0, material="paper"))
    toy.run(3 * 3600)
    toy.order("v0", pickup(0, 0), pickup(1, 1))
    toy.run(1800).close()
    assert [(t.pickup_id, t.kg, t.left_kg) for t in toy.heard(Scavenged)] == [("p0", {"e-waste": 2.0}, 0.0)]
    assert [(f.pickup_id, f.cause) for f in toy.heard(PickupFailed)] == [("p0", "gone")]
    assert [c.pickup_id for c in toy.heard(PickupCollected)] == ["p1"]
    assert toy.account("items", "scavenged") == 1
    assert {m.body.plane for m in toy.said if isinstance(m.body, Scavenged | MarketBought)} == {Plane.TRUTH}


def test_a_bag_holds_so_much_and_the_rest_is_collected():
    toy = town(waste(0, 0, kg=5.0, litres=20.0, material="e-waste"), fox={"capacity_kg": 3.0, "per_day": 20.0})
    while not toy.heard(Scavenged):
        toy.run(60)
    left = toy.world.parts.waste["p0"]
    assert (left.kg, left.litres, left.there) == (pytest.approx(2.0), pytest.approx(8.0), True)
    toy.order("v0", pickup(0, 0))
    toy.run(300).close()
    (collected,) = toy.heard(PickupCollected)
    assert collected.scale_kg == pytest.approx(2.0)


def test_hazardous_and_worthless_material_stays():
    lots = waste(0, 0, material="lamps"), waste(1, 1, material="organics"), waste(2, 0, material="textiles")
    toy = town(*lots).run(4 * 3600).close()
    assert toy.heard(Scavenged) == []
    assert toy.account("kg", "waiting") == pytest.approx(3.0)


def test_what_is_inside_counts_and_not_what_it_is_called():
    lot = replace(waste(0, 0, kg=4.0, material="mixed"), contents={"mixed": 3.0, "metals": 1.0})
    toy = town(lot).run(4 * 3600).close()
    (took,) = toy.heard(Scavenged)
    assert (took.kg, took.left_kg) == ({"metals": 1.0}, 3.0)
    assert toy.account("kg/metals", "waiting") == pytest.approx(0.0)


def test_the_market_pays_a_share_and_resells_by_the_lot():
    toy = town(
        waste(0, 0, kg=2.0, material="e-waste"), waste(1, 1, kg=9.0, material="e-waste"), market={"lot_kg": 10}
    )
    toy.run(6 * 3600).close()
    assert sum(b.cash for b in toy.heard(MarketBought)) == pytest.approx(0.6 * 22.0)
    assert toy.account("credits", "scavenger") == pytest.approx(0.6 * 22.0)
    assert toy.account("credits", "market-cash") == pytest.approx((0.9 - 0.6) * 22.0)
    assert toy.account("kg", "resold") == pytest.approx(11.0)
    assert toy.account("kg", "market") == pytest.approx(0.0)


def test_nobody_goes_farther_than_he_knows():
    toy = town(waste(5, 5, material="e-waste"), fox={"reach_m": 800.0}).run(4 * 3600).close()
    assert toy.heard(Scavenged) == []


def test_nobody_steals_under_the_eyes_of_a_vehicle():
    toy = town(waste(0, 0, kg=2.0, material="e-waste", service_ms=8 * 3_600_000 - 60_000))
    toy.order("v0", pickup(0, 0))
    toy.run(6 * 3600).close()
    assert toy.heard(Scavenged) == []


def test_a_second_group_changes_nothing_of_what_the_first_draws():
    lots = tuple(waste(n, 0, kg=1.0, material="e-waste", announced_ms=n * 3_600_000) for n in range(4))
    other = {"name": "owl", "home": {"id": "b5"}, "market": "arches", "reach_m": 50.0}
    alone = Peopled({"scavengers": [FOX], "markets": [MARKET]}, waiting=lots).run(6 * 3600)
    both = Peopled({"scavengers": [FOX, other], "markets": [MARKET]}, waiting=lots).run(6 * 3600)
    assert alone.heard(Scavenged) == both.heard(Scavenged) != []
