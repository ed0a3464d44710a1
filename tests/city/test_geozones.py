"""Zone files of both formats to zones: kinds, heights, hours, shapes, counts."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from shapely import Point, Polygon, box

from fleet.city.frame import Frame
from fleet.city.geozones import extent, with_zones, within_reach
from fleet.city.geozones_fields import FOOT_M, REASONS, UNLIMITED_M, Ground
from fleet.city.geozones_raw import Circle
from fleet.city.geozones_shapes import containing, wound_around
from fleet.city.model import City, Place, Zone
from fleet.city.times import DAY_MS, Period

from .zonefiles import ED269, ED318, FRAME, good, layer, put, read, ring

HOUR = 3_600_000
EARTH = Geod(ellps="WGS84")
LAYER = ("features", 0, "geometry", "geometries", 0, "layer")
KIND = ("features", 0, "properties", "type")
APPLICABLE = ("features", 0, "properties", "limitedApplicability")


def one(tmp_path, document, **options):
    """The first zone of a file."""
    return read(tmp_path, document, **options).zones[0]


def banded(tmp_path, *limits, **options):
    """Floor and ceiling of the first volume with this layer."""
    zone = one(tmp_path, put(ED318, LAYER, layer(*limits)), **options)
    return zone.floor_m, zone.ceiling_m


def test_ed318_is_read_with_layers_kinds_reasons_and_hours(tmp_path):
    found = read(tmp_path, ED318, ground_amsl_m=10.0)
    assert found.format == "ED-318"
    assert (found.counts.listed, found.counts.volumes, found.counts.circles) == (2, 3, 1)
    low, high, circle = found.zones
    assert [z.id for z in found.zones] == ["STACK", "STACK~2", "ROUND"]
    assert [(low.floor_m, low.ceiling_m), (high.floor_m, high.ceiling_m)] == [(0.0, 50.0), (50.0, 150.0)]
    assert [z.reason for z in found.zones] == ["air_traffic, dar", "air_traffic, dar", "unspecified"]
    assert [z.restriction for z in found.zones] == ["authorization", "authorization", "prohibited"]
    march, april = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    night = Period(march, april, frozenset({"SAT", "SUN"}), 22 * HOUR, 4 * HOUR)
    assert low.times == high.times == (night, Period(march, april, opens="BMCT", closes="EECT"))
    assert circle.times == ()
    assert circle.floor_m == pytest.approx(200 * FOOT_M - 10.0)
    assert circle.ceiling_m == UNLIMITED_M
    assert found.valid_from == datetime(2026, 1, 1, tzinfo=UTC)
    assert found.valid_to == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert found.notes == ()


def test_ed269_is_read_with_holes_feet_and_its_own_spelling(tmp_path):
    found = read(tmp_path, ED269)
    park, circle = found.zones
    assert (found.format, park.id, circle.id) == ("ED-269", "PARK", "PARK~2")
    assert (park.restriction, park.reason) == ("authorization", "nature, foreign_territory")
    assert (park.floor_m, park.ceiling_m) == pytest.approx((30.48, 121.92))
    assert (circle.floor_m, circle.ceiling_m) == (0.0, UNLIMITED_M)
    assert len(park.area.interiors) == 1
    hole = FRAME.to_metres(10.005, 50.005)
    assert not park.area.contains(Point(*hole))
    monday = Period(datetime(2026, 3, 1, tzinfo=UTC), None, frozenset({"MON"}), 8 * HOUR, DAY_MS)
    assert park.times == (monday,)


def test_the_format_is_told_by_the_content_whatever_the_wrapping(tmp_path):
    zones, feature = ED269["features"], ED318["features"][0]
    for document in ({"formatVersion": "1.0.0", "UASZoneList": zones}, zones):
        assert [z.id for z in read(tmp_path, document).zones] == ["PARK", "PARK~2"]
    single = read(tmp_path, feature)
    assert (single.format, len(single.zones)) == ("ED-318", 2)


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("USPACE", "uspace"),
        ("PROHIBITED", "prohibited"),
        ("REQ_AUTHORIZATION", "authorization"),
        ("CONDITIONAL", "conditional"),
        ("NO_RESTRICTION", "none"),
    ],
)
def test_every_kind_of_restriction_is_read_in_both_formats(tmp_path, word, meaning):
    assert one(tmp_path, put(ED318, KIND, word)).restriction == meaning
    found = read(tmp_path, put(ED269, ("features", 0, "restriction"), word))
    assert found.zones[0].restriction == meaning
    odd = ("zones with REQ_AUTHORIZATION, in ED-269 spelt REQ_AUTHORISATION: 1",)
    assert found.notes == (odd if word == "REQ_AUTHORIZATION" else ())


def test_every_reason_is_read_in_both_formats(tmp_path):
    said = ", ".join(REASONS.values())
    assert one(tmp_path, put(ED318, ("features", 0, "properties", "reason"), list(REASONS))).reason == said
    assert one(tmp_path, put(ED269, ("features", 0, "reason"), list(REASONS))).reason == said


@pytest.mark.parametrize(
    ("limits", "band"),
    [
        ((0, 99999), (0, UNLIMITED_M)),
        (("60", "99999"), (60, UNLIMITED_M)),
        ((None, None), (0, UNLIMITED_M)),
        (("12.5", 100, "AGL", "AGL", "m"), (12.5, 100)),
        ((-20, 100), (0, 100)),
        ((100, 400, "AGL", "AGL", "ft"), (30.48, 121.92)),
        ((0, 99999, "AGL", "AGL", "ft"), (0, UNLIMITED_M)),
        ((560, 800, "AMSL", "AMSL"), (60, 300)),
        ((60, 800, "AGL", "AMSL"), (60, 300)),
        ((400, 800, "AMSL", "AMSL"), (0, 300)),
        ((610, 850, "WGS84", "WGS84"), (60, 300)),
    ],
)
def test_heights_count_from_the_ground(tmp_path, limits, band):
    assert banded(tmp_path, *limits, ground_amsl_m=500.0, geoid_m=50.0) == pytest.approx(band)


def test_a_layer_without_unit_is_in_metres_and_no_layer_is_all_the_way_up(tmp_path):
    bare = layer(10, 20)
    del bare["uom"]
    zone = one(tmp_path, put(ED318, LAYER, bare))
    assert (zone.floor_m, zone.ceiling_m) == (10, 20)
    zone = one(tmp_path, put(ED318, LAYER, None))
    assert (zone.floor_m, zone.ceiling_m) == (0, UNLIMITED_M)


def test_where_the_ground_is_not_known_the_zone_is_as_tall_as_it_can_be(tmp_path):
    document = put(ED318, LAYER, layer(560, 800, "AMSL", "AMSL"))
    found = read(tmp_path, document)
    assert (found.zones[0].floor_m, found.zones[0].ceiling_m) == (0, 1240)
    assert found.notes == (
        "volumes with heights above sea level or the ellipsoid, read as low and as tall as can be: 2",
    )
    sloping = read(tmp_path, document, ground_amsl_m=(480.0, 520.0)).zones[0]
    assert (sloping.floor_m, sloping.ceiling_m) == (40, 320)
    assert read(tmp_path, document, ground_amsl_m=500.0).notes == ()


@given(
    st.sampled_from(["AGL", "AMSL", "WGS84"]),
    st.floats(-300, 3000),
    st.floats(1, 3000),
    st.floats(-440, 4000),
    st.floats(-106.99, 85.39),
)
def test_a_range_never_opens_what_the_truth_closes(reference, low_m, deep_m, ground_m, geoid_m):
    exact, geoid = (ground_m, ground_m), (geoid_m, geoid_m)
    true = Ground(exact, geoid)
    for vague in (Ground(), Ground(exact), Ground(geoid_m=geoid), Ground((ground_m - 9, ground_m + 9), geoid)):
        assert vague.floor_m(low_m, reference) <= true.floor_m(low_m, reference)
        assert vague.ceiling_m(low_m + deep_m, reference) >= true.ceiling_m(low_m + deep_m, reference)


def test_what_lies_under_the_ground_is_left_out_and_counted(tmp_path):
    found = read(tmp_path, put(ED318, LAYER, layer(100, 400, "AMSL", "AMSL")), ground_amsl_m=500.0)
    assert [z.id for z in found.zones] == ["STACK", "ROUND"]
    assert (found.counts.flat, found.zones[0].floor_m) == (1, 50)
    assert found.notes == ("volumes without any height above this ground, left out: 1",)


@pytest.mark.parametrize(
    ("periods", "times"),
    [
        (None, ()),
        ([], ()),
        ([{}], ()),
        ([{"schedule": []}], ()),
        ([{"schedule": [{"day": ["ANY"]}]}], ()),
        ([{"schedule": [{"day": ["ANY"], "startTime": "00:00:00Z", "endTime": "23:59:59Z"}]}], ()),
        (
            [{"schedule": [{"day": ["MON"], "startTime": "00:30:00+02:00", "endTime": "24:00:00Z"}]}],
            (Period(days=frozenset({"MON"}), opens=-90 * 60_000),),
        ),
        (
            [{"schedule": [{"day": ["MON"], "startTime": "08:00:00Z", "startEvent": "SR", "endEvent": "SS"}]}],
            (
                Period(days=frozenset({"MON"}), opens=8 * HOUR, closes="SS"),
                Period(days=frozenset({"MON"}), opens="SR", closes="SS"),
            ),
        ),
        (
            [{"startDateTime": "0001-01-01T00:00:00+10:00", "endDateTime": "9999-12-31T23:59:59-10:00"}],
            (Period(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)),),
        ),
    ],
)
def test_hours_as_people_write_them(tmp_path, periods, times):
    assert one(tmp_path, put(ED318, APPLICABLE, periods)).times == times


def test_a_permanent_zone_of_ed269_always_applies(tmp_path):
    where = ("features", 0, "applicability")
    empty = {"permanent": "YES", "startDateTime": None, "dailyPeriod": [{"day": [], "startTime": None}]}
    assert one(tmp_path, put(ED269, where, [ED269["features"][0]["applicability"][0], empty])).times == ()
    bounded = {"permanent": "YES", "startDateTime": "2026-01-01T00:00:00Z"}
    assert one(tmp_path, put(ED269, where, [bounded])).times == ()
    monday = {"permanent": "NO", "dailyPeriod": [{"day": ["MON"], "startTime": None, "endTime": "10:00Z"}]}
    assert one(tmp_path, put(ED269, where, [monday])).times == (Period(days=frozenset({"MON"}), closes=10 * HOUR),)


BOW_TIE = [[10.0, 50.0], [10.01, 50.01], [10.01, 50.0], [10.0, 50.01], [10.0, 50.0]]


def test_an_outline_that_crosses_itself_closes_all_it_goes_around(tmp_path):
    document = put(ED318, ("features", 0, "geometry", "geometries", 0, "coordinates"), [BOW_TIE])
    found = read(tmp_path, document)
    assert [z.id for z in found.zones] == ["STACK", "STACK~2", "STACK~3", "ROUND"]
    assert found.counts.repaired == 1
    assert "outlines that cross themselves, read as all they go around: 1" in found.notes
    left, right = FRAME.to_metres([10.002, 10.008], [50.005, 50.005])[0], FRAME.to_metres(10.005, 50.005)[1]
    union = shapely.union_all([z.area for z in found.zones[:2]])
    assert all(union.contains(Point(x, right)) for x in left)


def test_ground_gone_around_twice_is_no_hole_and_ground_cut_out_by_a_bridge_is_one():
    star = Polygon([(math.sin(0.8 * math.pi * n), math.cos(0.8 * math.pi * n)) for n in range(5)])
    assert not shapely.make_valid(star).contains(Point(0, 0))
    assert shapely.union_all(wound_around(star)).contains(Point(0, 0))
    bridged = Polygon([(0, 0), (9, 0), (9, 9), (0, 9), (0, 0), (3, 3), (3, 6), (6, 6), (6, 3), (3, 3)])
    (part,) = wound_around(bridged)
    assert part.area == pytest.approx(72)
    assert not part.contains(Point(4.5, 4.5))
    outside = Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(5, 5), (12, 5), (12, 6), (5, 6)]])
    assert shapely.union_all(wound_around(outside)).area == pytest.approx(77)


def test_a_tangle_closes_everything_between_its_ends():
    corners = np.random.default_rng(7).random((300, 2))
    (part,) = wound_around(Polygon(corners))
    assert part.equals(shapely.convex_hull(shapely.multipoints(corners)))


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=3, max_size=9))
def test_a_repaired_outline_is_valid_and_holds_all_that_is_wound_around(points):
    shape = Polygon(points)
    parts = wound_around(shape)
    assert all(part.is_valid and part.area > 0 for part in parts)
    union = shapely.union_all(parts)
    for x, y in ((0.37 + i, 0.41 + j) for i in range(8) for j in range(8)):
        turns = _turns(points, x, y)
        assert abs(turns - round(turns)) < 1e-6
        if shapely.distance(shape.exterior, Point(x, y)) > 1e-9:
            assert bool(shapely.contains_xy(union, x, y)) == (round(turns) != 0)


def _turns(points, x, y):
    """The winding number by adding up angles."""
    angles = np.array([math.atan2(b - y, a - x) for a, b in [*points, points[0]]])
    return float(np.sum((np.diff(angles) + math.pi) % (2 * math.pi) - math.pi) / (2 * math.pi))


@given(
    st.floats(0.5, 200_000),
    st.floats(-170, 170),
    st.floats(-80, 80),
    st.floats(0, 100_000),
    st.floats(0, 2 * math.pi),
)
def test_a_circles_polygon_holds_it_and_stands_out_by_a_thousandth_or_a_metre(radius_m, lon, lat, far_m, way):
    frame = Frame(lon, lat)
    at = frame.to_degrees(far_m * math.cos(way), far_m * math.sin(way))
    polygon = containing(Circle(float(at[0]), float(at[1]), radius_m), frame)
    centre = [np.full(400, float(v)) for v in at]
    rim = EARTH.fwd(*centre, np.linspace(0, 360, 400), np.full(400, radius_m))[:2]
    assert shapely.distance(polygon, shapely.points(*frame.to_metres(*rim))).max() < 1e-5
    corners = frame.to_degrees(*shapely.get_coordinates(polygon).T)
    reach_m = EARTH.inv(*(v[: len(corners[0])] for v in centre), *corners)[2]
    stretched = radius_m * ((radius_m + far_m) / 6_356_752) ** 2 / 4
    assert (reach_m <= radius_m + max(0.001 * radius_m, 1.0) + stretched + 1e-5).all()


def test_a_long_edge_follows_its_parallel_and_not_the_straight_line_in_metres(tmp_path):
    """RFC 7946: an edge is straight in degrees. At 50 degrees 70 km of it bulge by more than 100 m."""
    wide = [[9.5, 50.0], [10.5, 50.0], [10.5, 50.1], [9.5, 50.1], [9.5, 50.0]]
    zone = one(tmp_path, put(ED318, ("features", 0, "geometry", "geometries", 0, "coordinates"), [wide]))
    lon = np.linspace(9.5, 10.5, 333)
    border = shapely.points(*FRAME.to_metres(lon, np.full_like(lon, 50.0)))
    assert shapely.distance(zone.area.exterior, border).max() < 0.3
    chord = shapely.LineString([FRAME.to_metres(9.5, 50.0), FRAME.to_metres(10.5, 50.0)])
    assert shapely.distance(chord, border).max() > 100


def test_zones_far_away_are_counted_and_those_that_hold_the_map_are_cut_to_size(tmp_path):
    document = good(ED318)
    document["features"][0]["geometry"]["geometries"][0]["coordinates"] = [ring(-60.0, -50.0)]
    document["features"][0]["geometry"]["geometries"][1]["coordinates"] = [
        [[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]
    ]
    found = read(tmp_path, document)
    assert [z.id for z in found.zones] == ["STACK", "ROUND"]
    assert found.counts.far == 1
    assert found.zones[0].area.contains(box(-400_000, -400_000, 400_000, 400_000))
    assert "volumes farther than 500 km from the map, left out: 1" in found.notes


def test_a_zone_beyond_the_antimeridian_is_next_door(tmp_path):
    document = put(ED318, ("features", 0, "geometry", "geometries", 0, "coordinates"), [ring(-179.995, 50.0)])
    zone = one(tmp_path, document, frame=Frame(179.99, 50.0))
    assert zone.area.bounds[2] < 2500


def test_a_multipolygon_and_a_repeated_identifier_get_numbers(tmp_path):
    document = good(ED318)
    document["features"][1]["properties"]["identifier"] = "STACK"
    document["features"][0]["geometry"] = {
        "type": "MultiPolygon",
        "coordinates": [[ring()], [ring(10.1, 50.1)]],
        "layer": layer(0, 50),
    }
    found = read(tmp_path, document)
    assert [z.id for z in found.zones] == ["STACK", "STACK~2", "STACK~3"]
    assert "zones with the identifier of another, numbered: 1" in found.notes


def test_a_zone_without_geometry_is_counted(tmp_path):
    found = read(tmp_path, put(ED318, ("features", 0, "geometry"), None))
    assert [z.id for z in found.zones] == ["ROUND"]
    assert (found.counts.without_geometry, found.counts.listed) == (1, 2)


def test_only_zones_in_reach_of_the_map_are_kept_and_these_whole(tmp_path):
    city = City("c", FRAME, pickup_points=(Place("p", -500.0, 0.0), Place("q", 500.0, 0.0)))
    found = read(tmp_path, ED318, ground_amsl_m=0.0)
    assert extent(city) == (-500.0, 0.0, 500.0, 0.0)
    near = within_reach(found, city, 100.0)
    assert [z.id for z in near.zones] == ["STACK", "STACK~2"]
    assert (near.counts.out_of_reach, found.counts.out_of_reach) == (1, 0)
    assert near.notes == ("zones farther than 100 m from the map, left out: 1",)
    assert near.zones[1].area.equals(found.zones[1].area)
    assert within_reach(found, city, 5_000.0) == found
    assert extent(City("empty", FRAME)) == (0.0, 0.0, 0.0, 0.0)


def test_a_files_zones_follow_the_maps_own_and_no_id_is_taken_twice(tmp_path):
    own = (Zone("STACK", "school", box(0, 0, 1, 1)),)
    city = with_zones(City("c", FRAME, zones=own, notes=("a",)), read(tmp_path, ED318))
    assert [z.id for z in city.zones] == ["STACK", "STACK~3", "STACK~2", "ROUND"]
    assert len(with_zones(city, read(tmp_path, ED318)).zones) == 7
    ids = [z.id for z in with_zones(city, read(tmp_path, ED318)).zones]
    assert len(set(ids)) == 7
