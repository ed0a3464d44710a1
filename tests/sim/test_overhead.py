"""A zone closes over the toy town: what each vehicle does about it, by where it is and what it is doing."""

import math
from dataclasses import replace

import pytest
import shapely
from shapely import affinity, box

from fleet.base.flight import Wind
from fleet.base.winds import Winds, WindStep
from fleet.city.model import Building, Zone
from fleet.city.sky import Closure, Fence, Schedule, circle
from fleet.messages.airspace import AirspaceChanged
from fleet.messages.orders import FlyRoute
from fleet.messages.reports import PickupCollected, PickupFailed
from fleet.messages.tamper import ForgeOrder, StartTamper, StopTamper
from fleet.messages.truth import LegFlown
from tests.sim.toy import CITY, Toy, check_invariants, dock, pickup, still

AREA = box(540, -60, 660, 60)
"""Round bin b1 at (600, 0), on the way from home to b2 and far."""


def closing(from_s, until_s=None, notice_s=0, floor=0.0, ceiling=120.0, area=AREA, name="fair"):
    until_ms = None if until_s is None else round(1000 * until_s)
    return Closure(
        Zone(name, "test", area, floor, ceiling), round(1000 * from_s), until_ms, round(1000 * notice_s)
    )


def town(*closures, **changes) -> Toy:
    toy = Toy(closures=Schedule(closures), sensors=still(), **changes)
    toy.watch = check_invariants
    return toy


def level_lines(toy, since_ms=0):
    return [
        shapely.LineString([(leg.x0_m, leg.y0_m), (leg.x1_m, leg.y1_m)])
        for leg in toy.heard(LegFlown, "v0")
        if leg.t0_ms >= since_ms and leg.phase != "holding"
    ]


def never_inside(toy, since_ms=0, area=AREA):
    return not any(line.intersects(area) for line in level_lines(toy, since_ms))


# climb 80 m in 32 s, then 12 m/s: at (300, 0) after 57 s, at the zone's 5 m after 76.6 s, at (600, 0) after 82 s


def test_what_changes_is_said():
    toy = town(closing(100, 200, notice_s=60)).run(300)
    said = [(b.state, b.zone) for b in toy.heard(AirspaceChanged)]
    assert said == [("announced", "fair"), ("closed", "fair"), ("open", "fair")]
    assert [m.t_ms for m in toy.said if isinstance(m.body, AirspaceChanged)] == [40_000, 100_000, 200_000]
    (body, *_) = toy.heard(AirspaceChanged)
    assert (body.from_ms, body.until_ms, body.floor_m, body.ceiling_m) == (100_000, 200_000, 0.0, 120.0)
    assert set(zip(body.x_m[0], body.y_m[0], strict=True)) == {(540, -60), (660, -60), (660, 60), (540, 60)}


def test_what_stands_at_the_beginning_is_said_first():
    toy = town(closing(-100, 200)).run(1)
    assert [b.state for b in toy.heard(AirspaceChanged)] == ["closed"]


@pytest.mark.parametrize("notice_s", [0, 30])
def test_who_is_on_the_way_goes_round(notice_s):
    toy = town(closing(60, notice_s=notice_s))
    toy.order("v0", pickup(2), dock("far"))
    toy.run(400)
    assert [c.pickup_id for c in toy.heard(PickupCollected)] == ["p2"]
    assert never_inside(toy)
    assert toy.body().site == "far"


def test_a_zone_that_was_said_before_is_flown_round_from_the_start():
    toy = town(closing(500, notice_s=500))
    toy.order("v0", pickup(2), dock("far"))
    toy.run(300)
    assert never_inside(toy)
    assert "holding" not in {leg.phase for leg in toy.heard(LegFlown)}


def test_who_is_inside_leaves_by_the_shortest_way_and_goes_on():
    toy = town(closing(80))
    toy.order("v0", pickup(2), dock("far"))
    toy.run(400)
    out = (665 - (80 - 32) * 12) / 12.0  # east is not the nearest edge; north and south are 65 m away
    assert out > 65 / 12.0
    assert never_inside(toy, since_ms=80_000 + math.ceil(1000 * 65 / 12.0) + 2000)
    assert [c.pickup_id for c in toy.heard(PickupCollected)] == ["p2"]


def test_who_is_inside_when_it_is_announced_finishes_its_way():
    toy = town(closing(1000, notice_s=920))
    toy.order("v0", pickup(2), dock("far"))
    toy.run(400)
    crossed = [line for line in level_lines(toy) if line.intersects(AREA)]
    assert [line.coords[-1] for line in crossed] == [(900.0, 0.0)]


def test_a_stop_inside_is_given_up_and_the_next_one_served():
    toy = town(closing(50))
    toy.order("v0", pickup(1), pickup(2), dock("far"))
    toy.run(500)
    assert [(f.pickup_id, f.cause) for f in toy.heard(PickupFailed)] == [("p1", "closed-airspace")]
    assert [c.pickup_id for c in toy.heard(PickupCollected)] == ["p2"]
    assert never_inside(toy)


def test_a_descent_inside_is_broken_off():
    toy = town(closing(100))
    toy.order("v0", pickup(1), dock("home"))
    toy.run(99)
    assert toy.body().phase == "descending"
    toy.run(300)
    assert [f.cause for f in toy.heard(PickupFailed)] == ["closed-airspace"]
    assert toy.body().site == "home"
    up_s = (18 * 2.0) / 2.5
    assert never_inside(toy, since_ms=100_000 + math.ceil(1000 * (up_s + 65 / 12.0)) + 2000)


def test_a_descent_that_the_battery_cannot_break_off_goes_on():
    toy = town(closing(100))
    toy.order("v0", pickup(1), dock("home"))
    toy.run(99)
    i = toy.body().index
    toy.books.transfer("Wh", ("battery", "v0"), ("gone", ""), float(toy.motion.battery_wh[i]) - 21.0)
    toy.motion.battery_wh[i] = 21.0
    toy.run(60)
    assert toy.place()[2] == 0.0
    assert AREA.contains(shapely.Point(toy.place()[:2]))


@pytest.mark.parametrize("notice_s", [0, 20])
def test_who_stands_inside_stays_until_it_opens(notice_s):
    toy = town(closing(130, 600, notice_s=notice_s))
    toy.order("v0", pickup(1), dock("home", unload=True))
    toy.run(500)
    assert [c.pickup_id for c in toy.heard(PickupCollected)] == ["p1"]
    assert toy.body().state == "grounded"
    assert toy.place() == (600.0, 0.0, 0.0)
    toy.run(400)
    assert toy.states().count("grounded") == 1
    assert toy.body().site == "home"
    assert toy.account("kg", "stock") == pytest.approx(1.0)
    assert all(leg.t0_ms >= 600_000 for leg in toy.heard(LegFlown) if leg.t0_ms > 130_000)


def test_who_was_warned_leaves_in_time():
    toy = town(closing(250, 900, notice_s=110))
    toy.order("v0", pickup(1, service_ms=30_000), dock("home"))
    toy.run(500)
    assert "grounded" not in toy.states()
    assert never_inside(toy, since_ms=250_000)
    assert toy.body().site == "home"


def test_who_would_be_late_does_not_leave():
    toy = town(closing(165, 900, notice_s=40))
    toy.order("v0", pickup(1), dock("home"))
    toy.run(500)
    assert toy.body().state == "grounded"
    assert never_inside(toy, since_ms=165_000)


def test_who_cannot_get_out_does_not_leave_while_it_is_warned():
    """A wind of 13 m/s lets nobody fly at 12 m/s to the west, and the zone lies open to the west only."""
    ring = box(400, -200, 1000, 200).difference(box(400, -100, 900, 100))
    walls = replace(CITY, buildings=(*CITY.buildings, Building("walls", ring, 150.0)))
    toy = town(closing(1000, 2000, notice_s=1000, area=box(395, -150, 950, 150)), city=walls, wind=Wind(13.0, 0.0))
    body = toy.body()
    toy.motion.rest(body.index, 600.0, 0.0)
    body.node, body.site = -1, ""
    assert toy.world._courses.out_ms(body, Fence(toy.world.overhead._now["fair"].closure.zone, 80.0)) == math.inf
    toy.order("v0", pickup(5), dock("home"))
    toy.run(60)
    assert (toy.body().state, toy.place()) == ("grounded", (600.0, 0.0, 0.0))


@pytest.mark.parametrize("at_s, grounded", [(10, True), (20, False)])
def test_a_climb_below_the_floor_ends_on_the_ground_again(at_s, grounded):
    """At 2.5 m/s it is at 25 m, or at 50 m; the floor is at 40 m."""
    over_home = box(-60, -60, 60, 60)
    toy = town(closing(at_s, 300, floor=40.0, area=over_home))
    toy.order("v0", pickup(0), dock("far"))
    toy.run(60)
    assert ("grounded" in toy.states()) is grounded
    assert (toy.body().site == "home") is grounded
    toy.run(500)
    assert [c.pickup_id for c in toy.heard(PickupCollected)] == ["p0"]


WIDE = box(-5000, -5000, 5000, 5000)


@pytest.mark.parametrize("at_s", [10, 31])
def test_a_climb_in_a_wide_zone_ends_on_the_ground_where_it_began(at_s):
    """Landing takes 40 s at most; the edge is 5 km away."""
    toy = town(closing(at_s, 600, area=WIDE))
    toy.order("v0", pickup(0), dock("far"))
    toy.run(100)
    assert (toy.body().state, toy.body().site, toy.place()) == ("grounded", "home", (0.0, 0.0, 0.0))
    assert {leg.phase for leg in toy.heard(LegFlown, "v0")} == {"climbing", "descending"}
    toy.run(900)
    assert [c.pickup_id for c in toy.heard(PickupCollected)] == ["p0"]


def test_who_cruises_in_a_wide_zone_lands_where_it_is_and_goes_on_when_it_opens():
    toy = town(closing(60, 600, area=WIDE))
    toy.order("v0", pickup(2), dock("far"))
    toy.run(102)
    assert (toy.body().state, toy.place()[2]) == ("grounded", 0.0)
    assert toy.place()[0] == pytest.approx(28 * 12, abs=15)
    toy.run(900)
    assert [c.pickup_id for c in toy.heard(PickupCollected)] == ["p2"]
    assert all(leg.t0_ms >= 600_000 for leg in toy.heard(LegFlown) if leg.t1_ms > 102_000)


def test_a_descent_in_a_wide_zone_goes_on():
    toy = town(closing(100, 900, area=WIDE))
    toy.order("v0", pickup(1), dock("home"))
    toy.run(500)
    assert [c.pickup_id for c in toy.heard(PickupCollected)] == ["p1"]
    assert toy.body().state == "grounded"


def test_nobody_comes_down_into_another_zone_that_is_closed_below():
    toy = town(closing(60, 900, area=WIDE, floor=60.0), closing(10, 900, area=WIDE, ceiling=50.0, name="low"))
    toy.order("v0", pickup(2), dock("far"))
    toy.run(62)
    assert toy.body().phase != "descending"


def test_a_descent_below_the_floor_goes_on_and_the_stop_is_served():
    toy = town(closing(115, 600, floor=40.0))
    toy.order("v0", pickup(1), dock("home"))
    toy.run(300)
    assert [c.pickup_id for c in toy.heard(PickupCollected)] == ["p1"]
    assert toy.body().state == "grounded"
    toy.run(600)
    assert toy.body().site == "home"


def test_a_zone_above_the_cruise_height_is_nobody_s_business():
    toy = town(closing(10, floor=90.0))
    toy.order("v0", pickup(1), dock("far"))
    toy.run(400)
    assert [c.pickup_id for c in toy.heard(PickupCollected)] == ["p1"]


def test_over_a_low_zone_one_may_fly_but_not_come_down():
    toy = town(closing(10, ceiling=60.0))
    toy.order("v0", pickup(1), pickup(2), dock("far"))
    toy.run(500)
    assert [f.cause for f in toy.heard(PickupFailed)] == ["closed-airspace"]
    assert [c.pickup_id for c in toy.heard(PickupCollected)] == ["p2"]
    assert any(line.crosses(AREA) for line in level_lines(toy))


ALL_OVER = box(-300, -300, 1700, 1400)


@pytest.mark.parametrize(
    "area",
    [ALL_OVER, *(affinity.rotate(ALL_OVER, by) for by in (7, 17, -17)), circle(700.0, 560.0, 1000.0)],
    ids=["straight", "turned 7", "turned 17", "turned back", "circle"],
)
def test_where_every_charger_is_shut_it_lands_just_outside(area):
    shut = closing(80, area=area)
    toy = town(shut)
    toy.order("v0", pickup(2), dock("far"))
    toy.run(80)
    nearest_m = area.exterior.distance(shapely.Point(toy.place()[:2])) + 5.0
    toy.run(820)
    x, y, h = toy.place()
    assert (toy.body().state, h) == ("grounded", 0.0)
    assert not area.contains(shapely.Point(x, y))
    assert area.distance(shapely.Point(x, y)) == pytest.approx(5.0, abs=0.1)
    flown_m = sum(line.length for line in level_lines(toy, since_ms=80_000))
    assert flown_m == pytest.approx(nearest_m, abs=0.1)


def test_who_waits_just_outside_goes_on_when_it_opens():
    toy = town(closing(80, 600, area=ALL_OVER))
    toy.order("v0", pickup(2), dock("far"))
    toy.run(599)
    assert toy.states()[-1] == "grounded"
    toy.run(400)
    assert (toy.body().site, toy.body().state) == ("home", "idle")
    assert "lost" not in toy.states()


def test_on_its_last_way_down_it_comes_down_whatever_closes():
    """The place just outside where it lands is closed when it has come half of the way down."""
    toy = town(closing(80, area=ALL_OVER), closing(125, area=box(-300, -900, 1700, -290), name="south"))
    toy.order("v0", pickup(2), dock("far"))
    toy.run(900)
    assert toy.place()[2] == 0.0
    down = [leg for leg in toy.heard(LegFlown, "v0") if leg.phase == "descending"]
    assert down[0].t0_ms < 125_000 < down[-1].t1_ms
    assert not [leg for leg in toy.heard(LegFlown, "v0") if leg.t0_ms >= 125_000 and leg.phase != "descending"]


def test_who_is_flown_by_a_thief_does_not_care():
    toy = town(closing(100), tampering=True)
    toy.bus.port("red").say(
        StartTamper(tamper_id="t", primitive="control.foreign-controller", target="v0", parameters={})
    )
    toy.run(2)
    forged = FlyRoute(order_id="f1", vehicle="v0", append=False, stops=(pickup(1),))
    toy.bus.port("red").say(ForgeOrder(tamper_id="t", order=forged))
    toy.run(300)
    assert [c.pickup_id for c in toy.heard(PickupCollected)] == ["p1"]


@pytest.mark.parametrize("at_s", [13, 79])
def test_who_is_let_go_by_a_thief_heeds_what_is_closed(at_s):
    """Before the zone, and in it."""
    toy = town(closing(10, 2000), tampering=True)
    red = toy.bus.port("red")
    red.say(StartTamper(tamper_id="t", primitive="control.foreign-controller", target="v0", parameters={}))
    toy.run(1)
    forged = FlyRoute(order_id="f1", vehicle="v0", append=False, stops=(pickup(2), dock("far")))
    red.say(ForgeOrder(tamper_id="t", order=forged))
    toy.run(at_s - 1)
    red.say(StopTamper(tamper_id="t"))
    toy.run(400)
    free_ms = 1000 * (at_s + 2) + (math.ceil(1000 * 65 / 12) if at_s > 76 else 0)
    late = [leg for leg in toy.heard(LegFlown, "v0") if leg.t1_ms > free_ms]
    ways = [shapely.LineString([(leg.x0_m, leg.y0_m), (leg.x1_m, leg.y1_m)]) for leg in late]
    assert late
    assert not any(way.intersects(AREA) for way in ways)
    assert [c.pickup_id for c in toy.heard(PickupCollected)] == ["p2"]


def test_the_wind_turns_and_the_flight_takes_longer():
    winds = Winds((WindStep(0, 10.0, Wind()), WindStep(60_000, 10.0, Wind(-6.0, 0.0))))
    calm, windy = (Toy(sensors=still(), **more) for more in ({}, {"winds": winds}))
    for toy in (calm, windy):
        toy.watch = check_invariants
        toy.order("v0", pickup(2), dock("far"))
        toy.until("descending")
    # 32 s up, 28 s at 12 m/s, and the 564 m that are left at 6 m/s
    assert windy.tick - calm.tick == pytest.approx(564 / 6 - 564 / 12, abs=1.5)


def test_on_the_ground_one_waits_for_a_storm_to_end():
    storm = Winds(
        (WindStep(0, 10.0, Wind()), WindStep(100_000, 10.0, Wind(20.0, 0.0)), WindStep(400_000, 10.0, Wind()))
    )
    toy = Toy(sensors=still(), winds=storm)
    toy.watch = check_invariants
    toy.order("v0", pickup(0), dock("home"))
    toy.run(300)
    assert (toy.body().state, toy.place()) == ("grounded", (300.0, 0.0, 0.0))
    toy.run(300)
    assert toy.body().site == "home"
