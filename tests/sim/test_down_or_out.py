"""A zone closes over the toy town: who comes down inside it, who flies out, and who may not take off again."""

import math
from dataclasses import replace

import pytest
import shapely
from shapely import box

from fleet.base.flight import Wind
from fleet.base.winds import Winds, WindStep
from fleet.city.model import Zone
from fleet.messages.reports import PickupCollected
from fleet.messages.truth import LegFlown
from tests.sim.test_overhead import ALL_OVER, WIDE, closing, never_inside, town
from tests.sim.toy import CITY, dock, pickup, waste

AT_THE_EDGE = box(-60, -60, 10, 60)
"""It ends 10 m east of home, 15 m with the clearance: 1.3 s of flight."""


def over(area, ceiling_m=50.0):
    """The toy town with a zone of its own that may be flown over at 80 m."""
    return replace(CITY, zones=(Zone("park", "", area, 0.0, ceiling_m),))


# Orders are heard after a second. At 2.5 m/s up and 2 m/s down, landing is sooner than what is left of the climb
# and 1.3 s of flight below 36.9 m: until 15.8 s.


@pytest.mark.parametrize("at_s", [10, 15])
def test_low_in_its_climb_it_comes_down_again_even_at_the_edge(at_s):
    toy = town(closing(at_s, 300, area=AT_THE_EDGE))
    toy.order("v0", pickup(0), dock("far"))
    toy.run(60)
    assert (toy.body().state, toy.body().site, toy.place()) == ("grounded", "home", (0.0, 0.0, 0.0))


@pytest.mark.parametrize("at_s", [17, 25, 31])
def test_high_in_its_climb_it_flies_out_at_the_edge(at_s):
    toy = town(closing(at_s, 300, area=AT_THE_EDGE))
    toy.order("v0", pickup(0), dock("far"))
    toy.run(200)
    assert "descending" not in {leg.phase for leg in toy.heard(LegFlown, "v0") if leg.t0_ms < 40_000}
    assert never_inside(toy, 1000 * (1 + 32) + math.ceil(1000 * 15 / 12) + 100, AT_THE_EDGE)
    assert [c.pickup_id for c in toy.heard(PickupCollected)] == ["p0"]


@pytest.mark.parametrize("at_s, grounded", [(8, True), (12, False), (20, False)])
def test_a_climb_through_a_low_zone_goes_on_where_its_ceiling_is_sooner_than_the_ground(at_s, grounded):
    """The edge is far, but the ceiling is at 40 m: the climb to it is shorter than the descent from 22.2 m on."""
    toy = town(closing(at_s, 300, area=box(-900, -900, 200, 900), ceiling=40.0))
    toy.order("v0", pickup(1), dock("far"))
    toy.run(60)
    assert ("grounded" in toy.states()) is grounded
    toy.run(500)
    assert [c.pickup_id for c in toy.heard(PickupCollected)] == ["p1"]


@pytest.mark.parametrize("notice_s", [0, 20])
def test_who_has_more_to_take_where_it_stands_does_not_leave_for_a_charger(notice_s):
    """Its next stop asks for no flight, and yet it would have gone: no charger can be come to from there."""
    toy = town(closing(150, 600, notice_s=notice_s), waiting=(waste(1, 1), waste(6, 1)))
    toy.order("v0", pickup(1), pickup(6, 1), dock("home"))
    toy.run(149)
    assert toy.body().state == "servicing"
    toy.run(450)
    assert toy.place()[2] == 0.0
    assert all(leg.t0_ms >= 600_000 for leg in toy.heard(LegFlown, "v0") if leg.t1_ms > 150_000)
    toy.run(400)
    assert {c.pickup_id for c in toy.heard(PickupCollected)} == {"p1", "p6"}
    assert toy.body().site == "home"


def test_nobody_comes_down_into_a_low_zone_of_the_map():
    park = box(200, -100, 500, 100)
    toy = town(closing(60, 900, area=WIDE), city=over(park))
    toy.order("v0", pickup(2), dock("far"))
    toy.run(60)
    assert park.contains(shapely.Point(toy.place()[:2]))
    toy.run(800)
    landed = [shapely.Point(leg.x1_m, leg.y1_m) for leg in toy.heard(LegFlown, "v0") if leg.phase == "descending"]
    assert landed
    assert not any(park.contains(spot) for spot in landed)


def test_just_outside_is_not_in_a_low_zone_of_the_map():
    """The nearest edge is the one in the south, and the park lies along it."""
    park = box(300, -450, 900, -290)
    toy = town(closing(80, area=ALL_OVER), city=over(park))
    toy.order("v0", pickup(2), dock("far"))
    toy.run(900)
    x, y, h = toy.place()
    assert (toy.body().state, h) == ("grounded", 0.0)
    spot = shapely.Point(x, y)
    assert not ALL_OVER.contains(spot)
    assert park.distance(spot) > 4.9


def test_where_the_wind_bars_the_shortest_way_out_it_takes_another():
    """As the zone closes a wind of 13 m/s comes up, against which nobody flies: the nearer edge is upwind."""
    winds = Winds((WindStep(0, 10.0, Wind()), WindStep(40_000, 10.0, Wind(13.0, 0.0))))
    area = box(50, -2000, 300, 2000)
    toy = town(closing(40, area=area), winds=winds)
    toy.order("v0", pickup(2), dock("far"))
    toy.run(40)
    x = toy.place()[0]
    assert 50 < x < 150
    toy.run(200)
    assert toy.place()[2] == 0.0
    assert not area.contains(shapely.Point(toy.place()[:2]))
    assert never_inside(toy, 40_000 + math.ceil(1000 * (305 - x) / 25) + 100, area)


def test_a_zone_beside_a_low_one_is_left_by_its_own_edge():
    """Where one may land is far on every side: 636 m in the north and east, and in the south past a low zone."""
    tall, wide = box(-600, -60, 1200, 2000), box(-600, -1200, 1200, -60)
    toy = town(closing(80, 900, area=tall), closing(10, 900, area=wide, ceiling=50.0, name="low"))
    toy.order("v0", pickup(2), dock("far"))
    toy.run(400)
    assert never_inside(toy, 80_000 + math.ceil(1000 * 65 / 12) + 100, tall)
    landed = [shapely.Point(leg.x1_m, leg.y1_m) for leg in toy.heard(LegFlown, "v0") if leg.phase == "descending"]
    assert len(landed) == 1
    assert not landed[0].intersects(wide.union(tall))
