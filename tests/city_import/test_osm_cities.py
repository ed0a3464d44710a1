"""The three real extracts of FLEET_DATA/cities make cities to fly in. Their counts are in `test_osm_sources`."""

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
    "city, median_m2, largest_m2",
    [("helsinki-centre", 861, 8363), ("monaco", 272, 16737), ("baltimore", 155, 95142)],
)
def test_footprints_are_measured_in_metres(city, median_m2, largest_m2):
    areas = [b.footprint.area for b in imported(city).city.buildings if not b.id.startswith("part-")]
    assert np.median(areas) == pytest.approx(median_m2, rel=0.02)
    assert max(areas) == pytest.approx(largest_m2, rel=0.02)


@pytest.mark.parametrize("city", CITIES)
def test_pickup_points_are_topped_up(city):
    assert len(imported(city).city.pickup_points) == 150


def test_containers_in_a_mall_are_left_out():
    assert imported("helsinki-centre").account.row("amenity=recycling").left_out == (
        ("indoors or on another level", 2),
    )


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


# Places that everybody can look up: (lon, lat), and whether there is water.
SHORES = [
    ("monaco", 7.4250, 43.7345, True),  # Port Hercule
    ("monaco", 7.4350, 43.7300, True),  # the open sea
    ("monaco", 7.4283, 43.7394, False),  # the casino
    ("monaco", 7.4246, 43.7311, False),  # the old town on its rock
    ("baltimore", -76.6000, 39.2770, True),  # the Northwest Harbor
    ("baltimore", -76.5800, 39.2633, False),  # Fort McHenry
    ("baltimore", -76.5900, 39.2850, False),  # Fells Point
    ("helsinki-centre", 24.9430, 60.1783, True),  # Kaisaniemenlahti
    ("helsinki-centre", 24.9458, 60.1752, False),  # the botanic garden
]


@pytest.mark.parametrize("city, lon, lat, wet", SHORES)
def test_the_sea_is_where_it_is(city, lon, lat, wet):
    made = imported(city).city
    x_m, y_m = (float(value) for value in made.frame.to_metres(lon, lat))
    assert any(c.kind == "water" and c.area.contains(shapely.Point(x_m, y_m)) for c in made.covers) == wet


@pytest.mark.parametrize("city", CITIES)
def test_streets_keep_their_nodes(city, tmp_path):
    """Where OpenStreetMap gives two streets a node in common they have a vertex in common, and nowhere else."""
    nodes: dict[int, set[str]] = {}
    spots: dict[int, tuple[int, int]] = {}
    for item in osmium.FileProcessor(str(source(city))).with_locations():
        if item.is_way() and "highway" in item.tags:
            for node in item.nodes:
                if node.location.valid():
                    nodes.setdefault(node.ref, set()).add(f"w{item.id}")
                    spots[node.ref] = (node.location.x, node.location.y)
    write_geojson(imported(city).city, tmp_path / "map.geojson")
    for made in (imported(city).city, load_city(tmp_path / "map.geojson")):
        vertices: dict[tuple[float, float], set[str]] = {}
        for street in made.streets:
            for vertex in street.line.coords:
                vertices.setdefault(vertex, set()).add(street.id)
        known = {street.id for street in made.streets}
        inside = {vertex for street in made.streets for vertex in street.line.coords[1:-1]}
        joined = sorted(sorted(names) for names in vertices.values() if len(names) > 1)
        expected: dict[tuple[int, int], set[str]] = {}
        for ref, names in nodes.items():
            expected.setdefault(spots[ref], set()).update(names & known)
        meant = sorted(sorted(names) for names in expected.values() if len(names) > 1)
        assert inside
        assert len(joined) > 500
        # Nodes outside the box are cut off; no street meets another where none was meant.
        assert len(joined) >= 0.97 * len(meant)
        assert {tuple(names) for names in joined} <= {tuple(names) for names in meant}
