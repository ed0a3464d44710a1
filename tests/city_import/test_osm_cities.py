"""The three real extracts of FLEET_DATA/cities: what their SOURCES.md counts is found, or explained."""

import os
from functools import cache
from pathlib import Path

import numpy as np
import osmium
import pytest
import shapely

from fleet.city.load import load_city
from fleet.city.osm import ImportResult, import_osm
from fleet.city.save import write_geojson

DATA = os.environ.get("FLEET_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="FLEET_DATA names no folder with cities/*.osm.pbf")

CITIES = ("helsinki-centre", "monaco", "baltimore")


def source(city: str) -> Path:
    return Path(str(DATA)) / "cities" / f"{city}.osm.pbf"


@cache
def imported(city: str) -> ImportResult:
    return import_osm(source(city))


@pytest.mark.parametrize(
    "city, buildings, unclosed, as_points, with_height, with_levels",
    [
        # 536 objects = 446 areas + 54 relations with missing members + 36 points
        ("helsinki-centre", 446, 54, 36, 16, 138),
        ("monaco", 1214, 1, 0, 39, 419),
        # 1966 objects = 1736 areas + 2 relations that do not close + 228 points
        ("baltimore", 1736, 2, 228, 0, 159),
    ],
)
def test_buildings(city, buildings, unclosed, as_points, with_height, with_levels):
    counts = dict(imported(city).counts)
    assert counts["buildings"] == len(imported(city).city.buildings) == buildings
    assert counts["left out: building outlines that do not close"] == unclosed
    assert counts["left out: buildings mapped as a point"] == as_points
    assert counts["buildings with a height"] == with_height
    assert counts["buildings with a number of levels only"] == with_levels


@pytest.mark.parametrize(
    "city, median_m2, largest_m2",
    [("helsinki-centre", 861, 8363), ("monaco", 272, 16737), ("baltimore", 155, 95142)],
)
def test_footprints_are_measured_in_metres(city, median_m2, largest_m2):
    areas = [b.footprint.area for b in imported(city).city.buildings]
    assert np.median(areas) == pytest.approx(median_m2, rel=0.02)
    assert max(areas) == pytest.approx(largest_m2, rel=0.02)


@pytest.mark.parametrize(
    "city, recycling, baskets, disposals, indoors",
    [("helsinki-centre", 0, 36, 14, 2), ("monaco", 16, 41, 1, 0), ("baltimore", 0, 8, 0, 0)],
)
def test_pickup_points(city, recycling, baskets, disposals, indoors):
    counts = dict(imported(city).counts)
    assert counts["pickup points: recycling"] == recycling
    assert counts["pickup points: waste_basket"] == baskets
    assert counts["pickup points: waste_disposal"] == disposals
    assert counts["left out: pickup points indoors or on another level"] == indoors
    assert len(imported(city).city.pickup_points) == 150


def test_monaco_pickup_points_are_where_they_are_mapped():
    city = imported("monaco").city
    mapped = {
        f"osm-n{o.id}": (o.location.lon, o.location.lat)
        for o in osmium.FileProcessor(str(source("monaco")))
        if o.is_node() and o.tags.get("amenity") in ("recycling", "waste_basket", "waste_disposal")
    }
    places = {p.id: p for p in city.pickup_points if p.id.startswith("osm-n")}
    assert set(places) == set(mapped)
    for name, place in places.items():
        lon, lat = city.frame.to_degrees(place.x_m, place.y_m)
        assert (float(lon), float(lat)) == pytest.approx(mapped[name], abs=1e-7)
    assert sum(p.materials == ("glass",) for p in places.values()) >= 6


@pytest.mark.parametrize(
    "city, reasons",
    [
        ("helsinki-centre", {"hospital": 3, "school": 3, "power-line": 1, "mast": 1, "tower": 2}),
        # 10 schools and 1 kindergarten
        ("monaco", {"hospital": 7, "helipad": 13, "heliport": 1, "school": 11, "stadium": 1, "prison": 1,
                    "crane": 3, "tower": 1}),
        # 10 hospitals and 1 clinic
        ("baltimore", {"hospital": 11, "helipad": 6, "airfield": 1, "school": 74, "stadium": 3, "prison": 1,
                       "power-line": 8, "tower": 3}),
    ],
)  # fmt: skip
def test_zones(city, reasons):
    zones = imported(city).city.zones
    assert {r: sum(z.reason == r for z in zones) for r in {z.reason for z in zones}} == reasons
    assert all(z.area.is_valid for z in zones)


@pytest.mark.parametrize("city", CITIES)
def test_generated_places_are_usable(city):
    made = imported(city).city
    assert len({s.id for s in made.sites}) == 11
    closed = shapely.union_all([z.area for z in made.zones])
    for site in made.sites:
        assert closed.distance(shapely.Point(site.x_m, site.y_m)) >= 10.0
        assert site.district
    generated = [p for p in made.pickup_points if p.id.startswith("building-")]
    assert all(closed.distance(shapely.Point(p.x_m, p.y_m)) >= 10.0 for p in generated)
    assert len({p.id for p in made.pickup_points}) == len(made.pickup_points)
    assert made.anchors


@pytest.mark.parametrize("city", CITIES)
def test_a_written_import_loads_again(city, tmp_path):
    made = imported(city).city
    write_geojson(made, tmp_path / "map.geojson")
    loaded = load_city(tmp_path / "map.geojson")
    assert len(loaded.buildings) == len(made.buildings)
    assert [z.id for z in loaded.zones] == [z.id for z in made.zones]
    same = sum(a.district == b.district for a, b in zip(loaded.pickup_points, made.pickup_points, strict=True))
    assert same >= len(made.pickup_points) - 1
