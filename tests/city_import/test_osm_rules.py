"""Laws of the small parts: lengths, zones' buffers, districts."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from fleet.base.materials import MATERIALS
from fleet.city import osm_heights, osm_rules
from fleet.city.osm_layers import Seed, voronoi_districts
from fleet.city.osm_zone_rules import DEFAULT_RULES, ZoneRule, matching_rules
from fleet.city.osm_zones import containing_buffer

LENGTHS = st.floats(min_value=0.01, max_value=900.0).map(lambda v: round(v, 3))


@given(LENGTHS, st.sampled_from(["", "m", " m", " metres", "M"]), st.sampled_from([".", ","]))
def test_a_written_length_is_read_back(length_m, unit, point):
    assert osm_heights.parse_length_m(f"{length_m:f}".replace(".", point) + unit) == pytest.approx(length_m)


@given(LENGTHS)
def test_feet(length_ft):
    assert osm_heights.parse_length_m(f"{length_ft:f} ft") == pytest.approx(length_ft * 0.3048)


@given(
    st.dictionaries(
        st.sampled_from(
            ["height", "building:levels", "min_height", "roof:levels", "roof:height", "building:min_level"]
        ),
        st.text(max_size=12),
    )
)
def test_every_building_has_a_height(tags):
    assert 0.0 < osm_heights.height_of(tags).metres <= osm_heights.MAX_HEIGHT_M


@given(st.dictionaries(st.text(max_size=10).map(lambda t: f"recycling:{t}"), st.just("yes"), min_size=1))
def test_materials_are_ours(tags):
    taken = osm_rules.materials_of({"amenity": "recycling", **tags})
    assert taken is None or (taken and set(taken) <= set(MATERIALS))


def test_the_table_of_materials_names_ours():
    assert set(osm_rules._MATERIAL_OF.values()) <= set(MATERIALS)


METRES = st.integers(-50_000, 50_000).map(lambda cm: cm / 100.0)
COORDINATES = st.tuples(METRES, METRES)


@given(st.lists(COORDINATES, min_size=1, max_size=5), st.floats(1.0, 300.0), COORDINATES)
def test_a_zone_contains_all_that_is_nearer_than_its_buffer(corners, buffer_m, spot):
    shape = shapely.MultiPoint(corners).convex_hull
    zone = containing_buffer(shape, buffer_m)
    point = shapely.Point(spot)
    if shape.distance(point) <= buffer_m * (1.0 - 1e-9):
        assert zone.contains(point)
    elif shape.distance(point) > buffer_m * 1.03:
        assert not zone.contains(point)


@given(st.lists(st.tuples(st.integers(-99, 99), st.integers(-49, 49)), min_size=2, max_size=12, unique=True))
def test_districts_tile_the_area_and_each_holds_its_seed(spots):
    area = shapely.box(-100.0, -50.0, 100.0, 50.0)
    seeds = [Seed(str(n), str(n), float(x), float(y)) for n, (x, y) in enumerate(spots)]
    districts = voronoi_districts(seeds, area)
    assert sum(d.area.area for d in districts) == pytest.approx(area.area)
    assert shapely.union_all([d.area for d in districts]).area == pytest.approx(area.area)
    for seed, district in zip(seeds, districts, strict=True):
        assert district.area.covers(shapely.Point(seed.x_m, seed.y_m))


def test_widest_rule_of_a_reason_wins():
    rules = (
        ZoneRule("amenity", "school", "school", 10.0),
        ZoneRule("building", "school", "school", 40.0),
        ZoneRule("man_made", "mast", "mast", 5.0),
    )
    tags = {"amenity": "school;theatre", "building": "school", "man_made": "mast"}
    assert [(r.reason, r.buffer_m) for r in matching_rules(tags, rules)] == [
        ("school", 40.0),
        ("mast", 5.0),
    ]
    assert np.all([r.buffer_m >= 0.0 for r in DEFAULT_RULES])
