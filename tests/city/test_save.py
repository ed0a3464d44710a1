"""Saving is the inverse of loading."""

import json
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, box

from fleet.base.errors import UsageError
from fleet.base.materials import MATERIALS
from fleet.city.frame import Frame
from fleet.city.load import load_city
from fleet.city.model import MODES, Building, City, Cover, District, Place, Restriction, Site, Street, Zone
from fleet.city.save import city_to_geojson, write_geojson

from .small import good, load

METRES = st.floats(-3000, 3000).map(lambda v: round(v, 2))
SPOT = st.tuples(METRES, METRES)
SQUARE = st.tuples(METRES, METRES, st.floats(10, 500)).map(lambda v: box(v[0], v[1], v[0] + v[2], v[1] + v[2]))
NAMES = st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip)
MATERIAL_SETS = st.frozensets(st.sampled_from(list(MATERIALS)), min_size=1)
HEIGHTS = st.floats(1, 300)
WAYS = st.sampled_from([-1, 0, 1])
STREETS = st.builds(
    Street,
    st.lists(SPOT, min_size=2, max_size=5).map(LineString),
    highway=NAMES,
    oneway=WAYS,
    maxspeed_kmh=st.none() | st.floats(1, 200),
    access=st.frozensets(st.sampled_from(MODES)),
    oneway_bicycle=st.none() | WAYS,
    layer=st.integers(-9, 9),
    bridge=st.booleans(),
    tunnel=st.booleans(),
    name=st.just("") | NAMES,
    id=st.just("") | NAMES,
)


def some(make, things):
    """Up to three parts with the ids x0, x1, x2."""
    return st.lists(things, max_size=3).map(lambda vs: tuple(make(f"x{n}", v) for n, v in enumerate(vs)))


@st.composite
def cities(draw):
    home = draw(SPOT)
    return City(
        name=draw(NAMES),
        frame=Frame(draw(st.floats(-179, 179)), draw(st.floats(-80, 80))),
        buildings=draw(some(lambda n, v: Building(n, *v), st.tuples(SQUARE, HEIGHTS))),
        districts=draw(some(lambda n, v: District(n, *v), st.tuples(NAMES, SQUARE))),
        zones=draw(
            some(
                lambda n, v: Zone(n, v[0], v[1], v[2], v[2] + 60, v[3]),
                st.tuples(NAMES, SQUARE, HEIGHTS, st.sampled_from(get_args(Restriction))),
            )
        ),
        sites=(
            Site("home", *home, base=True, pads=draw(st.integers(1, 9)), chargers=draw(st.integers(0, 9))),
            *draw(
                some(
                    lambda n, v: Site(n, *v[0], accepts=v[1], capacity_kg=v[2]),
                    st.tuples(SPOT, MATERIAL_SETS, HEIGHTS),
                )
            ),
        ),
        pickup_points=draw(
            some(lambda n, v: Place(n, *v[0], materials=tuple(sorted(v[1]))), st.tuples(SPOT, MATERIAL_SETS))
        ),
        anchors=draw(some(lambda n, v: Place(n, *v), SPOT)),
        streets=tuple(draw(st.lists(STREETS, max_size=2))),
        covers=tuple(draw(st.lists(st.builds(Cover, NAMES, SQUARE), max_size=2))),
        attribution=draw(st.one_of(st.just(""), NAMES)),
        notes=tuple(draw(st.lists(NAMES, max_size=2))),
    )


def shapes(city):
    """Every shape of a city in degrees, in one fixed order and orientation."""
    metres = [
        *(b.footprint for b in city.buildings),
        *(d.area for d in city.districts),
        *(z.area for z in city.zones),
        *(shapely.Point(p.x_m, p.y_m) for p in (*city.sites, *city.pickup_points, *city.anchors)),
        *(s.line for s in city.streets),
        *(c.area for c in city.covers),
    ]
    return shapely.transform(
        np.array(metres, dtype=object), lambda xy: np.column_stack(city.frame.to_degrees(*xy.T))
    )


def facts(city):
    """Everything but shapes, frames, and what is computed from them."""
    bare = {"x_m": 0.0, "y_m": 0.0, "district": ""}
    return (
        (city.name, city.attribution, city.notes),
        [(b.id, b.height_m) for b in city.buildings],
        [(d.id, d.name) for d in city.districts],
        [(z.id, z.reason, z.floor_m, z.ceiling_m, z.restriction) for z in city.zones],
        [replace(p, **bare) for p in (*city.sites, *city.pickup_points, *city.anchors)],
        [replace(s, line=None, id=s.id or f"street-{n}") for n, s in enumerate(city.streets, start=1)],
        [c.kind for c in city.covers],
    )


@settings(max_examples=40, deadline=None)
@given(city=cities())
def test_a_saved_city_loads_as_the_same_city(city, tmp_path_factory):
    path = tmp_path_factory.mktemp("map") / "city.geojson"
    write_geojson(city, path)
    again = load_city(path)
    assert facts(again) == facts(city)
    before, after = shapes(city), shapes(again)
    assert [shape.geom_type for shape in before] == [shape.geom_type for shape in after]
    for one, other in zip(before, after, strict=True):
        assert shapely.hausdorff_distance(one, other) < 1e-6


def test_saving_what_was_loaded_changes_no_byte(tmp_path):
    first, second = tmp_path / "first.geojson", tmp_path / "second.geojson"
    write_geojson(load(tmp_path, good()), first)
    write_geojson(load_city(first), second)
    assert first.read_bytes() == second.read_bytes()


def test_a_feature_is_a_line_of_seven_decimals(tmp_path):
    path = tmp_path / "city.geojson"
    city = load(tmp_path, good())
    write_geojson(city, path)
    lines = path.read_text().splitlines()
    features = [line for line in lines if '"Feature"' in line]
    assert len(features) == len(good()["features"]) == len(city_to_geojson(city)["features"])
    assert json.loads(features[2].rstrip(","))["geometry"]["coordinates"] == [10.001, 50.001]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "city.geojson"
    path.write_text("old")
    broken = City("x", Frame(10, 50), sites=(Site("s", 0.0, 0.0, base=True, capacity_kg=float("nan")),))
    with pytest.raises(ValueError, match="JSON compliant"):
        write_geojson(broken, path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["city.geojson"]


def test_a_folder_that_is_not_there_is_the_callers_mistake(tmp_path):
    with pytest.raises(UsageError, match="cannot be written"):
        write_geojson(City("x", Frame(10, 50)), tmp_path / "no" / "city.geojson")
