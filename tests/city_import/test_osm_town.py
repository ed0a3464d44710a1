"""The importer on hand-written towns: one trap of real extracts at a time."""

import numpy as np
import pytest
import shapely

from fleet.base.errors import InputError
from fleet.city.load import load_city
from fleet.city.osm import import_osm
from fleet.city.osm_sites import TALL_M
from fleet.city.osm_zone_rules import ZoneRule
from fleet.city.save import city_to_geojson, write_geojson
from tests.city_import.towns import LAT, LON, STEP, Town, plain_town


def test_a_closed_way_is_one_building(tmp_path):
    result = plain_town().imported(tmp_path)
    assert len(result.city.buildings) == 25
    assert len({b.id for b in result.city.buildings}) == 25
    side_m = 0.3 * STEP * 111_400.0
    assert result.city.buildings[0].footprint.area == pytest.approx(side_m**2 * 0.4985, rel=0.01)


@pytest.mark.parametrize(
    "tags, height_m",
    [
        ({"height": "12.13 m"}, 12.13),
        ({"height": "12,5"}, 12.5),
        ({"height": "40 ft"}, 12.192),
        ({"height": "tall", "building__levels": "2.5"}, 7.5),
        ({"height": "0"}, 6.0),
        ({"height": "99999"}, 6.0),
        ({"building__levels": "-1"}, 6.0),
        ({}, 6.0),
    ],
)
def test_heights(tmp_path, tags, height_m):
    town = plain_town()
    way = town.square(2.35, 2.35, building="yes", **tags)
    heights = {b.id: b.height_m for b in town.imported(tmp_path).city.buildings}
    assert heights[f"w{way}"] == pytest.approx(height_m)


def test_what_is_no_outline_is_counted_and_left_out(tmp_path):
    town = plain_town()
    town.way((2.4, 2.4), (2.5, 2.4), (2.5, 2.5), building="yes")  # cut open
    town.relation([(9_999_999, "outer")], building="yes")  # member missing
    town.node(1.5, 1.5, building="yes")
    town.square(1.4, 1.4, 0.1, building="no")
    result = town.imported(tmp_path)
    row = result.account.row("buildings")
    assert (row.found, row.used, len(result.city.buildings)) == (28, 25, 25)
    assert dict(row.left_out) == {
        "mapped as a point": 1,
        "an outline that does not close": 1,
        "parts missing from the file": 1,
    }


def test_relations_keep_courts_and_split_parts(tmp_path):
    town = plain_town()
    outer, inner = town.square(2.4, 2.4, 0.4), town.square(2.5, 2.5, 0.1)
    other = town.square(3.4, 3.4, 0.2)
    number = town.relation([(outer, "outer"), (inner, "inner"), (other, "outer")], building="yes")
    parts = {b.id: b for b in town.imported(tmp_path).city.buildings if b.id.startswith("r")}
    assert set(parts) == {f"r{number}", f"r{number}~2"}
    assert sorted(len(b.footprint.interiors) for b in parts.values()) == [0, 1]


def test_crop_by_the_header_not_by_the_nodes(tmp_path):
    town = Town(bounds=(-0.6, -0.6, 4.6, 4.6))
    town.streets()
    for x in range(5):
        town.square(x, 2, building="yes")
    town.square(400, 400, building="yes")
    town.node(300, 300, amenity="recycling")
    town.way((0, 1), (3000, 1), highway="primary")
    result = town.imported(tmp_path)
    assert len(result.city.buildings) == 5
    assert result.account.row("buildings").left_out == (("outside the box", 1),)
    assert not [p for p in result.city.pickup_points if p.id.startswith("osm-")]
    assert max(street.line.length for street in result.city.streets) < 600.0
    assert (result.city.frame.lon, result.city.frame.lat) == pytest.approx((LON + 2 * STEP, LAT + 2 * STEP))


def test_without_a_header_box_the_buildings_make_it(tmp_path):
    town = plain_town()
    town.node(900, 900, place="country")
    city = town.imported(tmp_path).city
    assert (city.frame.lon, city.frame.lat) == pytest.approx((LON + 2.15 * STEP, LAT + 2.15 * STEP))


def test_pickup_points_have_materials_and_stand_outdoors(tmp_path):
    town = plain_town()
    glass = town.node(1.5, 1.5, amenity="recycling", recycling__glass_bottles="yes", recycling__paper="no")
    anything = town.node(2.5, 1.5, amenity="recycling")
    sunk = town.node(1.5, 2.5, amenity="recycling", location="underground", level="0")
    basket = town.node(3.5, 1.5, amenity="waste_basket")
    yard = town.square(2.4, 2.4, 0.1, amenity="waste_disposal")
    town.node(1.4, 1.4, amenity="recycling", level="-2")
    town.node(1.4, 1.6, amenity="recycling", level="5")
    town.node(1.4, 1.7, amenity="recycling", recycling__cooking_oil="yes")
    result = town.imported(tmp_path)
    mapped = {p.id: p for p in result.city.pickup_points if p.id.startswith("osm-")}
    assert {name: p.materials for name, p in mapped.items()} == {
        f"osm-n{glass}": ("glass",),
        f"osm-n{anything}": (),
        f"osm-n{sunk}": (),
        f"osm-n{basket}": ("mixed",),
        f"osm-w{yard}": ("mixed",),
    }
    lon, lat = result.city.frame.to_degrees(mapped[f"osm-n{glass}"].x_m, mapped[f"osm-n{glass}"].y_m)
    assert (float(lon), float(lat)) == pytest.approx(Town.degrees(1.5, 1.5), abs=1e-7)
    assert dict(result.account.row("amenity=recycling").left_out) == {
        "indoors or on another level": 2,
        "for materials we do not know": 1,
    }


def test_few_mapped_points_are_topped_up_at_buildings(tmp_path):
    town = Town()
    town.streets(16)
    for x in range(15):
        for y in range(15):
            town.square(x, y, 0.3 if (x + y) % 2 else 0.2, building="yes")
    town.square(2.4, 2.4, 0.4, building="yes", height=str(TALL_M + 10))
    city = town.imported(tmp_path).city
    assert len(city.pickup_points) == 150
    footprints = {f"building-{b.id}": b for b in city.buildings}
    for place in city.pickup_points:
        assert footprints[place.id].footprint.contains(shapely.Point(place.x_m, place.y_m))
        assert footprints[place.id].height_m <= TALL_M
    quadrants = {(p.x_m > 0, p.y_m > 0) for p in city.pickup_points}
    assert len(quadrants) == 4
    assert any("generated at buildings" in note for note in city.notes)


def test_zones_contain_the_circle_and_stay_near_the_box(tmp_path):
    town = Town(bounds=(-1.0, -1.0, 5.0, 5.0))
    town.streets()
    for x in range(5):
        town.square(x, 2, building="yes")
    town.node(2.5, 2.5, aeroway="helipad")
    town.square(-4.0, 2.0, 5.0, amenity="school")
    town.way((2, 0), (2, 90), power="line")
    town.way((2, 4), (3, 4.9), (3, 5), amenity="hospital")  # cut at the border: half an outline
    result = town.imported(tmp_path)
    zones = {z.reason: z for z in result.city.zones}
    assert set(zones) == {"helipad", "school", "power-line", "hospital"}
    x_m, y_m = (float(v) for v in result.city.frame.to_metres(*Town.degrees(2.5, 2.5)))
    turn = np.linspace(0.0, 2.0 * np.pi, 720)
    rim = shapely.points(x_m + 99.999 * np.cos(turn), y_m + 99.999 * np.sin(turn))
    assert shapely.contains(zones["helipad"].area, rim).all()
    assert zones["helipad"].area.area < np.pi * 100.0**2 * 1.04
    height_m = 6.0 * STEP * 111_400.0
    assert zones["power-line"].area.bounds[3] == pytest.approx(height_m / 2.0 + 500.0, abs=2.0)


def test_another_table_of_rules(tmp_path):
    town = plain_town()
    town.node(2.5, 2.5, aeroway="helipad")
    town.node(2.5, 2.5, amenity="marketplace")
    path = tmp_path / "town.osm"
    path.write_text(town.xml(), encoding="utf-8")
    city = import_osm(path, (ZoneRule("amenity", "marketplace", "crowd", 40.0),)).city
    assert [z.reason for z in city.zones] == ["crowd"]


def test_districts_are_cells_round_places(tmp_path):
    town = plain_town()
    town.node(1.0, 1.0, place="suburb", name="Sainte-Dévote")
    town.node(3.0, 3.0, place="quarter", name="Mylly")
    town.node(3.0, 3.0, place="neighbourhood", name="On the same spot")
    town.node(90.0, 3.0, place="suburb", name="Far away")
    town.node(1.5, 1.5, amenity="recycling")
    city = town.imported(tmp_path).city
    assert [(d.id, d.name) for d in city.districts] == [
        ("sainte-devote", "Sainte-Dévote"),
        ("mylly", "Mylly"),
    ]
    assert city.pickup_points[0].district == "sainte-devote"
    both = shapely.union_all([d.area for d in city.districts])
    assert sum(d.area.area for d in city.districts) == pytest.approx(both.area)


def test_without_places_the_box_is_quartered(tmp_path):
    city = plain_town().imported(tmp_path).city
    assert [d.id for d in city.districts] == ["south-west", "south-east", "north-west", "north-east"]
    assert {p.district for p in city.pickup_points} == {d.id for d in city.districts}


def test_sites_stand_in_the_open(tmp_path):
    town = plain_town()
    town.node(0.5, 0.5, amenity="hospital")
    town.way((-0.5, 3.5), (4.5, 3.5), highway="residential", tunnel="yes")
    city = town.imported(tmp_path).city
    assert [s.id for s in city.sites] == [
        *("depot-1", "depot-2", "facility-1", "facility-2", "facility-3"),
        *(f"pad-{n}" for n in range(1, 7)),
    ]
    assert len({(s.x_m, s.y_m) for s in city.sites}) == 11
    closed = shapely.union_all([z.area for z in city.zones] + [b.footprint for b in city.buildings])
    for site in city.sites:
        assert closed.distance(shapely.Point(site.x_m, site.y_m)) >= 3.0
    assert all(s.accepts and "batteries" not in s.accepts for s in city.sites if s.capacity_kg)


def test_without_streets_sites_still_find_ground(tmp_path):
    town = Town()
    for x in range(5):
        for y in range(5):
            town.square(x, y, building="yes")
    assert len(town.imported(tmp_path).city.sites) == 11


def test_a_street_with_missing_nodes_is_not_drawn_across_the_gap(tmp_path):
    town = plain_town()
    here = [town.node(0.2, 2.4), town.node(0.6, 2.4)]
    there = [town.node(3.2, 2.4), town.node(3.6, 2.4)]
    town.way_of([*here, 8_888_888, *there], highway="footway")
    before = plain_town().imported(tmp_path).city.streets
    after = town.imported(tmp_path).city.streets
    assert len(after) - len(before) == 2


def test_the_same_file_gives_the_same_map_and_the_map_loads(tmp_path):
    town = plain_town()
    town.node(0.5, 0.5, amenity="hospital")
    first, second = town.imported(tmp_path).city, town.imported(tmp_path).city
    assert city_to_geojson(first) == city_to_geojson(second)
    write_geojson(first, tmp_path / "town.geojson")
    loaded = load_city(tmp_path / "town.geojson")
    assert len(loaded.buildings) == len(first.buildings)
    assert [s.id for s in loaded.sites] == [s.id for s in first.sites]
    assert loaded.attribution == "© OpenStreetMap contributors, ODbL 1.0"


def test_no_buildings_is_an_error_that_says_so(tmp_path):
    town = Town()
    town.streets()
    with pytest.raises(InputError, match=r"at least one closed outline tagged building=\*, found none$"):
        town.imported(tmp_path)
    town.way((0, 0), (1, 0), building="yes")
    with pytest.raises(InputError, match=r"found none \(1 that do not close\)"):
        town.imported(tmp_path)


def test_buildings_outside_the_header_box_only(tmp_path):
    town = Town(bounds=(50, 50, 60, 60))
    town.square(1, 1, building="yes")
    with pytest.raises(InputError, match="none inside the header's box"):
        town.imported(tmp_path)


def test_a_country_is_too_large(tmp_path):
    town = Town(bounds=(-1000, -1000, 1000, 1000))
    town.square(1, 1, building="yes")
    with pytest.raises(InputError, match=r"at most 40 km a side, found \d+ x \d+ km; cut the city out"):
        town.imported(tmp_path)


def test_no_open_ground_is_an_error_that_says_so(tmp_path):
    town = plain_town()
    town.square(-5, -5, 20, amenity="prison")
    with pytest.raises(InputError, match="open ground outside every no-fly zone"):
        town.imported(tmp_path)


def one_house(height_m):
    town = Town(bounds=(-1.0, -1.0, 4.0, 4.0))
    town.streets()
    town.square(0.0, 0.0, 1.5, building="yes", height=str(height_m))
    return town


def test_a_town_of_one_house(tmp_path):
    city = one_house(6.0).imported(tmp_path).city
    assert (len(city.pickup_points), len(city.sites)) == (1, 11)


def test_a_town_without_a_pickup_point_is_refused(tmp_path):
    """A tower is no place to generate one at; and whoever wants none generated is told what is missing."""
    with pytest.raises(InputError, match=r"little-town.osm:1:1: expected a pickup point: amenity=recycling or"):
        one_house(TALL_M + 1.0).imported(tmp_path)
    with pytest.raises(InputError, match=r"found none; let some be generated at buildings \(--pickups 150\)"):
        one_house(6.0).imported(tmp_path, pickup_points=0)


def test_only_as_many_pickup_points_are_generated_as_wanted(tmp_path):
    town = plain_town()
    town.node(1.5, 1.5, amenity="waste_basket")
    for wanted, points in ((0, 1), (1, 1), (7, 7), (150, 26)):
        city = town.imported(tmp_path, pickup_points=wanted).city
        assert len(city.pickup_points) == points
        assert any("generated at buildings" in note for note in city.notes) == (wanted > 1)
