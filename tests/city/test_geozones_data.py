"""The official sample files: what is in them, and which one is refused and why."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point

from fleet.base.errors import InputError
from fleet.city.airspace import closed_for_landing, closing, obstacles
from fleet.city.frame import Frame
from fleet.city.geozones import read_geozones, with_zones, within_reach
from fleet.city.geozones_fields import UNLIMITED_M
from fleet.city.model import City, Place
from fleet.city.times import Period, applies

from .test_geozones_broken import mutated, reads_or_refuses
from .zonefiles import write

HOUR = 3_600_000
BERN, GENEVA, PARIS, SOMME = Frame(7.44, 46.95), Frame(6.168, 46.215), Frame(2.65, 49.015), Frame(2.64, 50.12)
FILES = {
    "ed269_che_sample": GENEVA,
    "ed318_che_sample": BERN,
    "ed318_example_circle": SOMME,
    "ed318_example_2_layers": PARIS,
    "ed318_example_collection": PARIS,
}


def file(name):
    data = os.environ.get("FLEET_DATA")
    if not data:
        pytest.skip("FLEET_DATA is not set")
    return Path(data) / "airspace" / f"{name}.json"


def sample(name, frame=None):
    return read_geozones(file(name), frame or FILES[name])


def outline(area, frame):
    """The corners as the file has them, to seven decimals."""
    x, y = area.exterior.coords.xy
    return {(round(float(a), 7), round(float(b), 7)) for a, b in zip(*frame.to_degrees(x, y), strict=True)}


def test_ed269_geneva_is_one_zone_from_the_ground_up_at_all_times():
    found = sample("ed269_che_sample")
    (zone,) = found.zones
    assert (found.format, zone.id, zone.reason) == ("ED-269", "LSXX", "air_traffic")
    assert (zone.restriction, zone.times) == ("authorization", ())
    assert (zone.floor_m, zone.ceiling_m) == (0.0, UNLIMITED_M)
    assert outline(zone.area, GENEVA) == {
        (6.1664857, 46.2170245),
        (6.1679292, 46.2122801),
        (6.1708161, 46.2147772),
        (6.1706958, 46.2180232),
    }
    assert found.notes == ()


def test_ed318_switzerland_is_three_zones_and_the_first_is_open_below_sixty_metres():
    found = sample("ed318_che_sample")
    assert (found.format, found.counts.listed, found.notes) == ("ED-318", 3, ())
    assert [(z.id, z.reason, z.floor_m, z.ceiling_m) for z in found.zones] == [
        ("LSZB003", "air_traffic", 60.0, UNLIMITED_M),
        ("BLns058", "nature", 0.0, UNLIMITED_M),
        ("LSTB002", "air_traffic", 0.0, UNLIMITED_M),
    ]
    assert {(z.restriction, z.times) for z in found.zones} == {("authorization", ())}
    assert found.valid_from == datetime(2016, 9, 14, 22, tzinfo=UTC)
    listed = json.loads(file("ed318_che_sample").read_text(encoding="utf-8"))["features"]
    for zone, feature in zip(found.zones, listed, strict=True):
        (ring,) = feature["geometry"]["coordinates"]
        assert {(round(a, 7), round(b, 7)) for a, b in ring} <= outline(zone.area, BERN)
    city = City("c", BERN, pickup_points=(Place("p", 0.0, 0.0),))
    near = within_reach(found, city, 10_000.0)
    assert ([z.id for z in near.zones], near.counts.out_of_reach) == (["LSZB003"], 2)


def test_the_circle_holds_all_points_within_3500_m():
    (zone,) = sample("ed318_example_circle").zones
    assert (zone.id, zone.reason, zone.restriction) == ("ABC1234", "population, nature", "prohibited")
    assert (zone.floor_m, zone.ceiling_m, zone.times) == (50.0, 150.0, ())
    x, y = (float(v) for v in SOMME.to_metres(2.636866, 50.122901))
    assert zone.area.contains(Point(x, y).buffer(3499.999, quad_segs=400))
    assert max(Point(x, y).distance(Point(p)) for p in zone.area.exterior.coords) < 3503.5


def test_the_two_layers_apply_in_2019_every_afternoon_and_sunday_mornings():
    found = sample("ed318_example_2_layers")
    outer, inner = found.zones
    assert [(z.id, z.floor_m, z.ceiling_m) for z in found.zones] == [("NFZ6547", 50, 150), ("NFZ6547~2", 0, 50)]
    assert {(z.reason, z.restriction) for z in found.zones} == {("air_traffic, other", "authorization")}
    begins, ends = datetime(2018, 12, 31, 15, 59, 59, tzinfo=UTC), datetime(2019, 12, 31, 15, 59, 59, tzinfo=UTC)
    assert outer.times == inner.times
    assert set(outer.times) == {
        Period(begins, ends, opens=16 * HOUR, closes=17 * HOUR),
        Period(begins, ends, frozenset({"SUN"}), 10 * HOUR, 12 * HOUR),
    }
    saturday = datetime(2019, 6, 1, tzinfo=UTC)
    weekend = applies(outer.times, saturday, saturday + timedelta(days=2), 2.65, 49.0)
    assert [(a // HOUR, b // HOUR) for a, b in weekend] == [(16, 17), (34, 36), (40, 41)]
    later = datetime(2020, 6, 6, tzinfo=UTC)
    assert applies(outer.times, later, later + timedelta(days=2), 2.65, 49.0) == ()


def test_the_collection_holds_both_examples():
    found = sample("ed318_example_collection")
    apart = (*sample("ed318_example_2_layers").zones, *sample("ed318_example_circle", PARIS).zones)
    assert found.zones == apart
    assert (found.counts.listed, found.counts.volumes, found.counts.circles) == (2, 3, 1)


INNER, OUTER_ONLY, OUTSIDE = (2.66, 49.02), (2.60, 49.01), (2.56, 49.0)


@pytest.mark.parametrize(
    ("height_m", "cruise", "land"),
    [
        (30.0, [True, False, False], [True, False, False]),
        (49.0, [True, False, False], [True, False, False]),
        (50.0, [True, True, False], [True, False, False]),
        (100.0, [True, True, False], [True, True, False]),
        (150.0, [False, False, False], [True, True, False]),
        (200.0, [False, False, False], [True, True, False]),
    ],
)
def test_between_stacked_layers_flying_and_landing_are_legal_where_nothing_is_in_the_way(height_m, cruise, land):
    city = with_zones(City("c", PARIS), sample("ed318_example_2_layers"))
    x, y = PARIS.to_metres(*zip(INNER, OUTER_ONLY, OUTSIDE, strict=True))
    areas = obstacles(city, height_m)
    assert [any(a.contains(Point(p)) for a in areas) for p in zip(x, y, strict=True)] == cruise
    assert closed_for_landing(city, height_m, x, y).tolist() == land
    let_in = closing(city.zones, frozenset({"NFZ6547"}))
    assert let_in == ()
    assert obstacles(city, height_m, closed=let_in) == ()
    assert not closed_for_landing(city, height_m, x, y, closed=let_in).any()


def test_the_invalid_sample_is_refused_with_both_of_its_faults():
    path = file("ed318_invalid_2_layers")
    with pytest.raises(InputError) as caught:
        read_geozones(path, PARIS)
    first, second = caught.value.faults
    assert (first.line, first.column, first.path) == (5, 18, "metadata.validFrom")
    assert (second.line, second.column, second.path) == (89, 17, "features[0].properties.type")
    assert "found an object" in str(first)
    assert 'found "REQ_AUTHORISATION"; did you mean `REQ_AUTHORIZATION`?' in str(second)


@settings(max_examples=150)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_a_spoilt_sample_is_read_or_refused(tmp_path_factory, name, data):
    document = json.loads(file(name).read_text(encoding="utf-8"))
    path = write(tmp_path_factory.getbasetemp(), data.draw(mutated(document)))
    reads_or_refuses(path, FILES[name], ground_amsl_m=data.draw(st.none() | st.just(400.0)))
