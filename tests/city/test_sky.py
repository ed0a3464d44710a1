"""Closures in time, and the ways that are left while zones are shut."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, affinity, box

from fleet.city.frame import Frame
from fleet.city.model import Building, City, Zone
from fleet.city.sky import Closure, Fence, Schedule, Skies, circle

WALL = box(-20, 100, 400, 140)
CITY = City("plain", Frame(7.0, 43.0), buildings=(Building("wall", WALL, 150.0),))
FAIR = Zone("fair", "crowd", box(-100, -100, 300, 400))
NODES = np.array([0.0, 1000.0, -500.0]), np.array([0.0, 0.0, 800.0])
TIMES = st.integers(-20, 20)


def skies(*zones):
    return Skies(CITY, *NODES, {zone.id: zone for zone in zones})


def way_out(sky, x_m, y_m):
    return next(iter(sky.ways_down(x_m, y_m)), None)


def length(way):
    return float(np.hypot(*np.diff(way, axis=0).T).sum())


# ---- closures


def test_a_closure_is_announced_then_closed_then_open():
    closure = Closure(FAIR, 100, 200, 30)
    states = [closure.state(t) for t in (69, 70, 99, 100, 199, 200)]
    assert states == ["open", "announced", "announced", "closed", "closed", "open"]
    assert Closure(FAIR, 100).state(10**12) == "closed"


CLOSURES = st.lists(
    st.builds(
        lambda name, start, lasts, notice: Closure(
            Zone(name, "", FAIR.area), start, None if lasts is None else start + lasts, notice
        ),
        st.sampled_from("ab"), TIMES, st.none() | st.integers(1, 9), st.integers(0, 9),
    ),
    max_size=5,
)  # fmt: skip


@given(CLOSURES)
def test_between_two_changes_nothing_changes(closures):
    schedule = Schedule(tuple(closures))
    changes = schedule.changes_ms()
    for t in range(-40, 41):
        if t not in changes:
            assert schedule.standing(t) == schedule.standing(t - 1)
        standing = {name: closure.state(t) for name, closure in schedule.standing(t).items()}
        states = {name: {c.state(t) for c in closures if c.zone.id == name} for name in "ab"}
        assert standing == {
            name: "closed" if "closed" in found else "announced"
            for name, found in states.items()
            if found - {"open"}
        }


@given(CLOSURES, TIMES)
def test_what_is_opened_stays_open_and_nothing_else_changes(closures, moment):
    before = Schedule(tuple(closures))
    after = before.opened("a", moment)
    for t in range(-40, 41):
        if t < moment:
            assert after.standing(t).keys() == before.standing(t).keys()
        else:
            assert "a" not in after.standing(t)
        assert ("b" in after.standing(t)) == ("b" in before.standing(t))


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.floats(1.0, 5e4), st.floats(0.0, 2 * math.pi))
def test_a_circle_is_contained_and_hardly_more(x, y, radius, angle):
    area = circle(x, y, radius)
    assert area.contains(Point(x + 0.999999 * radius * math.cos(angle), y + 0.999999 * radius * math.sin(angle)))
    far = np.hypot(*(shapely.get_coordinates(area) - (x, y)).T).max()
    assert far <= 1.0013 * radius


# ---- fences


@pytest.mark.parametrize(
    "floor, ceiling, cruise, landing",
    [(0, 120, True, True), (0, 60, False, True), (60, 120, True, True), (80, 120, True, False),
     (90, 120, False, False), (0, 80, False, True)],
)  # fmt: skip
def test_what_a_zone_bars_at_80_m(floor, ceiling, cruise, landing):
    fence = Fence(Zone("z", "", FAIR.area, floor, ceiling), 80.0)
    assert (fence.bars_cruise, fence.bars_landing, fence.matters) == (cruise, landing, cruise or landing)


def test_a_fence_keeps_the_clearance_and_its_edge_is_free():
    fence = Fence(FAIR, 80.0)
    assert fence.holds(304.9, 0)
    assert not fence.holds(305.0, 0)
    assert not fence.crossed_by([(305.0, -500), (305.0, 500)])
    assert fence.crossed_by([(304.9, -500), (304.9, 500)])


# ---- skies


def test_nothing_is_worked_out_twice_and_what_does_not_matter_is_left_out():
    high = Zone("high", "", FAIR.area, 200.0, 300.0)
    town = skies(FAIR, high)
    assert town.at(80.0, frozenset({"fair"})) is town.at(80.0, frozenset({"fair", "high", "nobody knows"}))
    assert town.at(80.0, frozenset({"high"})) is town.at(80.0)
    assert town.at(250.0, frozenset({"fair"})) is not town.at(80.0, frozenset({"fair"}))


def test_a_zone_that_is_added_anew_is_another():
    town = skies(FAIR)
    before = town.at(80.0, frozenset({"fair"}))
    town.add(Zone("fair", "", box(0, 0, 1, 1)))
    assert town.at(80.0, frozenset({"fair"})) is not before


def test_nodes_inside_are_cut_off_and_come_back():
    town = skies(FAIR)
    shut = town.at(80.0, frozenset({"fair"})).network.length_m
    assert np.isinf(shut[0, 1:]).all()
    assert np.isinf(shut[1:, 0]).all()
    assert np.isfinite(shut[1, 2])
    assert np.isfinite(town.at(80.0).network.length_m).all()


def test_over_a_low_zone_the_way_is_straight_but_there_is_no_landing():
    low = Zone("low", "", FAIR.area, 0.0, 60.0)
    sky = skies(low).at(80.0, frozenset({"low"}))
    assert len(sky.path(-500, 0, 1000, 0)) == 2
    assert sky.path(-500, 0, 0, 0) is None
    assert length(sky.path(0, 0, 1000, 0)) == pytest.approx(1000.0)
    assert np.isinf(sky.network.length_m[0, 1])


def test_the_way_out_is_the_shortest_that_the_map_allows():
    """Straight up would be nearest from (250, 90), were the wall not there."""
    sky = skies(Zone("fair", "", box(-100, -1000, 390, 125))).at(80.0, frozenset({"fair"}))
    way = way_out(sky, 250.0, 90.0)
    assert length(way) == pytest.approx(395 - 250, abs=0.01)
    assert not shapely.LineString(way).crosses(WALL)


PLAIN = City("plain", Frame(7.0, 43.0))
SHAPES = {
    "circle": circle(0.0, 0.0, 500.0),
    **{f"turned {by}": affinity.rotate(box(-300, -300, 300, 300), by) for by in (0, 17, 33, 61)},
    "odd": affinity.rotate(shapely.Polygon([(-310, -200), (290, -260), (170, 20), (350, 240), (-40, 300)]), 11.3),
}
BANDS = [(0.0, 120.0), (0.0, 60.0)]


@pytest.mark.parametrize("floor, ceiling", BANDS)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_way_out_of_any_shape_leads_straight_to_the_nearest_point_of_its_edge(shape, floor, ceiling):
    sky = Skies(PLAIN, *NODES, {"z": Zone("z", "", shape, floor, ceiling)}).at(80.0, frozenset({"z"}))
    wide = shape.buffer(5.0, join_style="mitre", mitre_limit=2.0)
    spots = np.random.default_rng(1).uniform(-500, 500, (150, 2))
    for x, y in spots[shapely.contains_xy(wide, *spots.T)]:
        way = way_out(sky, x, y)
        assert length(way) == pytest.approx(wide.exterior.distance(Point(x, y)), abs=0.01)
        end = way[-1]
        assert sky.may_land(*end)
        assert not shape.buffer(4.9).contains(Point(end))
        assert len(way_out(sky, *end)) == 1  # there, it is out


def test_where_one_may_come_down_the_way_out_is_no_way():
    sky = skies(FAIR).at(80.0, frozenset({"fair"}))
    assert way_out(sky, 700.0, 0.0).tolist() == [[700.0, 0.0]]


def test_where_the_map_lets_nobody_out_there_is_no_way_out():
    ring = box(-200, -200, 200, 200).difference(box(-100, -100, 100, 100))
    walled = City("court", Frame(7.0, 43.0), buildings=(Building("ring", ring, 150.0),))
    for shape in (box(-150, -150, 150, 150), affinity.rotate(box(-120, -120, 120, 120), 17)):
        sky = Skies(walled, *NODES, {"z": Zone("z", "", shape)}).at(80.0, frozenset({"z"}))
        assert way_out(sky, 10.0, 20.0) is None


def test_out_of_two_zones_that_overlap_it_leads_out_of_both():
    """One may be flown over, and the other may not be flown through."""
    low, tall = Zone("low", "", box(0, -300, 600, 300), 0.0, 60.0), Zone("tall", "", box(-200, -300, 50, 300))
    sky = Skies(PLAIN, *NODES, {"low": low, "tall": tall}).at(80.0, frozenset({"low", "tall"}))
    assert length(way_out(sky, 100.0, 0.0)) == pytest.approx(305.0, abs=0.01)
    assert length(way_out(sky, -100.0, 0.0)) == pytest.approx(105.0, abs=0.01)


def test_the_way_out_of_one_zone_does_not_lead_through_another():
    """Straight to the east the edge is 60 m away, and behind it is a strip that is shut too."""
    block, strip = Zone("block", "", box(-500, -300, 0, 300)), Zone("strip", "", box(0, -300, 60, 300))
    sky = Skies(PLAIN, *NODES, {"block": block, "strip": strip}).at(80.0, frozenset({"block", "strip"}))
    for way in (way_out(sky, -30.0, 0.0), sky.path(-30.0, 0.0, 1000.0, 0.0)):
        assert not shapely.LineString(way).intersects(strip.area)
    assert length(way_out(sky, -30.0, 0.0)) == pytest.approx(305.0, abs=0.1)
    assert length(way_out(sky, 30.0, 0.0)) == pytest.approx(35.0, abs=0.1)  # out of the strip, past the block


def test_who_is_shut_in_by_other_zones_has_no_way_out():
    ring = box(-200, -200, 200, 200).difference(box(-100, -100, 100, 100))
    zones = {"court": Zone("court", "", box(-90, -90, 90, 90)), "ring": Zone("ring", "", ring)}
    sky = Skies(PLAIN, *NODES, zones).at(80.0, frozenset(zones))
    assert way_out(sky, 10.0, 20.0) is None
    assert sky.path(10.0, 20.0, 1000.0, 0.0) is None


SPOTS = st.tuples(st.floats(-90, 290), st.floats(-90, 390))


@given(SPOTS, st.tuples(st.floats(350, 900), st.floats(-900, 900)))
@settings(deadline=None, max_examples=60)
def test_from_inside_a_way_leaves_once_and_stays_outside(start, goal):
    sky = skies(FAIR).at(80.0, frozenset({"fair"}))
    if sky.free.blocked([start[0]], [start[1]])[0] or sky.airspace.blocked([goal[0]], [goal[1]])[0]:
        return
    way = sky.path(*start, *goal)
    line = shapely.LineString(way)
    assert not line.intersects(WALL.buffer(4.9))
    wide = FAIR.area.buffer(5.0, join_style="mitre")
    inside = line.intersection(wide.buffer(-0.01))
    assert inside.geom_type in ("LineString", "Point")
    edge = wide.exterior
    straight = min(
        shapely.LineString([start, edge.interpolate(share, normalized=True)]).length
        for share in np.linspace(0, 1, 400)
        if not shapely.LineString([start, edge.interpolate(share, normalized=True)]).intersects(WALL.buffer(5.01))
    )
    assert inside.length <= straight + 1.0
