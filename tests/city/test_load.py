"""What a good map becomes."""

import json
from pathlib import Path

import numpy as np
import pytest
from shapely import box

from fleet.base.materials import MATERIALS
from fleet.city.load import GEOMETRY, district_of
from fleet.city.model import District

from .small import PLACE, feature, good, load, square


def test_everything_the_map_says_is_in_the_city(tmp_path):
    city = load(tmp_path, good())
    assert (city.name, city.attribution, city.notes) == ("Small", "nobody", ("a first note",))
    assert [b.id for b in city.buildings] == ["b"]
    assert city.buildings[0].height_m == 20.0
    assert (city.districts[0].id, city.districts[0].name) == ("d", "Old Town")
    zone = city.zones[0]
    assert (zone.reason, zone.floor_m, zone.ceiling_m) == ("hospital", 0.0, 120.0)
    depot, plant = city.sites
    assert (depot.id, depot.base, depot.pads, depot.chargers, depot.accepts) == (
        "depot",
        True,
        2,
        2,
        frozenset(),
    )
    assert plant.accepts == {m.name for m in MATERIALS.values() if not m.hazardous}
    assert (plant.capacity_kg, plant.pads, plant.chargers) == (500.0, 1, 0)
    assert city.pickup_points[0].materials == ("glass", "paper")
    assert len(city.streets) == 1


def test_metres_are_counted_from_the_middle_of_all_but_the_streets(tmp_path):
    document = good()
    document["features"][PLACE["s1"]]["geometry"]["coordinates"] = [[10.0, 50.0], [10.5, 50.5]]
    city = load(tmp_path, document)
    assert (city.frame.lon, city.frame.lat) == pytest.approx((10.015, 50.01))
    depot = city.sites[0]
    assert (depot.x_m, depot.y_m) == pytest.approx((-1003.6, -1001.2), abs=1.0)


def test_a_place_belongs_to_its_district_or_to_none(tmp_path):
    city = load(tmp_path, good())
    assert city.pickup_points[0].district == "d"
    assert city.anchors[0].district == ""


def test_the_smallest_district_wins_and_on_a_shared_edge_the_first():
    around = District("around", "", box(0, 0, 10, 10))
    left, right = District("left", "", box(0, 0, 5, 5)), District("right", "", box(5, 0, 10, 5))
    x, y = np.array([1.0, 5.0, 5.0, 11.0]), np.array([1.0, 1.0, 9.0, 0.0])
    assert district_of((around, left, right), x, y) == ["left", "left", "around", ""]
    assert district_of((right, left, around), x, y) == ["left", "right", "around", ""]


def test_a_map_without_sites_is_legal(tmp_path):
    document = good()
    document["features"] = [f for f in document["features"] if f["properties"]["kind"] != "site"]
    assert load(tmp_path, document).sites == ()


def test_a_map_of_streets_alone_is_centred_on_them(tmp_path):
    document = good()
    document["features"] = [document["features"][PLACE["s1"]]]
    city = load(tmp_path, document)
    assert (city.frame.lon, city.frame.lat) == pytest.approx((10.01, 50.01))


def test_a_name_is_taken_from_the_file_when_there_is_none(tmp_path):
    document = good()
    del document["name"], document["attribution"], document["notes"]
    city = load(tmp_path, document)
    assert (city.name, city.attribution, city.notes) == ("small", "", ())


def test_the_parts_of_a_multipolygon_are_numbered_and_avoid_taken_ids(tmp_path):
    document = good()
    parts = [square(10.0, 50.0, 0.001), square(10.004, 50.0, 0.001), square(10.008, 50.0, 0.001)]
    document["features"] += [
        feature("building", "m", "MultiPolygon", parts, height_m=9),
        feature("building", "m~2", "Polygon", square(10.012, 50.0, 0.001)),
    ]
    city = load(tmp_path, document)
    assert [b.id for b in city.buildings] == ["b", "m", "m~3", "m~4", "m~2"]
    assert [b.height_m for b in city.buildings] == [20.0, 9.0, 9.0, 9.0, 6.0]


def test_an_invalid_building_is_repaired_and_mentioned(tmp_path):
    document = good()
    bow_tie = [[[10.0, 50.0], [10.001, 50.001], [10.001, 50.0], [10.0, 50.001], [10.0, 50.0]]]
    document["features"].append(feature("building", "bow", "Polygon", bow_tie))
    city = load(tmp_path, document)
    assert [b.id for b in city.buildings] == ["b", "bow", "bow~2"]
    assert all(b.footprint.is_valid and b.footprint.area > 1000 for b in city.buildings[1:])
    assert city.notes == ("a first note", "1 outline(s) were not valid and were repaired: bow")


def test_unknown_properties_heights_and_a_byte_order_mark_are_let_pass(tmp_path):
    document = good()
    depot = document["features"][PLACE["depot"]]
    depot["properties"]["colour"] = "red"
    depot["geometry"]["coordinates"] = [10.001, 50.001, 312.0]

    city = load(tmp_path, b"\xef\xbb\xbf" + json.dumps(document).encode())
    assert city.sites[0].id == "depot"


def test_holes_are_kept(tmp_path):
    document = good()
    rings = square(10.0, 50.0, 0.004) + square(10.001, 50.001, 0.001)
    document["features"].append(feature("building", "court", "Polygon", rings))
    assert len(load(tmp_path, document).buildings[1].footprint.interiors) == 1


def test_a_large_map_loads_whole(tmp_path):
    rng = np.random.default_rng(5)
    spots = rng.uniform((10.0, 50.0), (10.1, 50.1), (5600, 2)).tolist()
    document = good()
    document["features"] += [
        feature("building", f"b{n}", "Polygon", square(*spots[n], 0.0002)) for n in range(2000)
    ]
    document["features"] += [feature("pickup_point", f"p{n}", "Point", spots[n]) for n in range(2000, 2600)]
    document["features"] += [feature("street", f"s{n}", "LineString", spots[n : n + 6]) for n in range(2600, 5500)]
    city = load(tmp_path, document)
    assert (len(city.buildings), len(city.pickup_points), len(city.streets)) == (2001, 601, 2901)


def test_the_example_in_the_docs_loads_and_every_kind_is_described(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "maps.md").read_text(encoding="utf-8")
    example = page.split("```json\n")[1].split("```")[0]
    assert [p.id for p in load(tmp_path, example).pickup_points] == ["house-1", "house-2"]
    assert [kind for kind in GEOMETRY if f"| `{kind}` |" not in page] == []
