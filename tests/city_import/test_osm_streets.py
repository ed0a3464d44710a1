"""Laws of clipping, and what the tags of a street let whom do."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, box

from fleet.city.osm_street_rules import (
    access_of,
    maxspeed_kmh_of,
    oneway_for_bicycles,
    oneway_of,
    street_values,
    why_no_street,
)
from fleet.city.osm_streets import clipped

METRES = st.integers(-300, 300).map(float) | st.floats(-300.0, 300.0)
LINES = (
    st.lists(st.tuples(METRES, METRES), min_size=2, max_size=8).filter(lambda c: len(set(c)) > 1).map(LineString)
)
BOUNDS = (-100.0, -50.0, 100.0, 80.0)


@given(LINES)
def test_clipping_keeps_what_is_inside_and_its_direction(line):
    pieces = list(clipped(line, BOUNDS))
    area = box(*BOUNDS)
    assert all(area.buffer(1e-6).covers(piece) for piece in pieces)
    segments = [
        LineString(pair) for pair in zip(line.coords[:-1], line.coords[1:], strict=True) if pair[0] != pair[1]
    ]
    inside_m = sum(shapely.intersection(segment, area).length for segment in segments)
    assert sum(piece.length for piece in pieces) == pytest.approx(inside_m, abs=1e-6)
    corners = set(line.coords)
    kept = [c for piece in pieces for c in piece.coords if c in corners]
    order = [line.coords[:].index(c) for c in dict.fromkeys(kept)]
    if len(set(line.coords)) == len(line.coords):
        assert order == sorted(order)


@given(LINES)
def test_a_line_inside_is_left_as_it_is(line):
    bounds = (-301.0, -301.0, 301.0, 301.0)
    (piece,) = clipped(line, bounds)
    assert [c for n, c in enumerate(line.coords) if n == 0 or c != line.coords[n - 1]] == [
        c for n, c in enumerate(piece.coords) if n == 0 or c != piece.coords[n - 1]
    ]


def test_a_loop_that_crosses_itself_gets_no_new_vertex():
    """A ramp that winds over itself must not be joined to itself where it crosses."""
    ramp = LineString([(0, 0), (50, 0), (50, 40), (20, 40), (20, -30), (200, -30)])
    (piece,) = clipped(ramp, BOUNDS)
    assert list(piece.coords) == [*ramp.coords[:-1], (100.0, -30.0)]


ALL, WALK = ["bicycle", "foot", "motor"], ["bicycle", "foot"]


@pytest.mark.parametrize(
    "tags, modes",
    [
        ({"highway": "residential"}, ALL),
        ({"highway": "motorway"}, ["motor"]),
        ({"highway": "trunk", "motorroad": "yes"}, ["motor"]),
        ({"highway": "footway"}, ["foot"]),
        ({"highway": "footway", "bicycle": "yes"}, WALK),
        ({"highway": "footway", "access": "yes"}, ["foot"]),
        ({"highway": "cycleway", "foot": "no"}, ["bicycle"]),
        ({"highway": "steps", "bicycle": "dismount"}, ["foot"]),
        ({"highway": "pedestrian"}, WALK),
        ({"highway": "pedestrian", "motor_vehicle": "delivery"}, ALL),
        ({"highway": "service", "access": "private"}, []),
        ({"highway": "service", "access": "private", "foot": "yes"}, ["foot"]),
        ({"highway": "service", "access": "no", "motor_vehicle": "destination"}, ["motor"]),
        ({"highway": "residential", "vehicle": "no"}, ["foot"]),
        ({"highway": "residential", "vehicle": "no", "bicycle": "yes"}, WALK),
        ({"highway": "primary", "bicycle": "use_sidepath"}, ["foot", "motor"]),
        ({"highway": "residential", "oneway": "reversible"}, WALK),
        ({"highway": "track"}, WALK),
        ({"highway": "residential", "access": "nonsense"}, ALL),
    ],
)
def test_who_is_let_in(tags, modes):
    assert sorted(access_of(tags)) == modes


@pytest.mark.parametrize(
    "tags, oneway, bicycles",
    [
        ({"highway": "residential"}, 0, None),
        ({"highway": "residential", "oneway": "yes"}, 1, None),
        ({"highway": "residential", "oneway": "1", "cycleway": "opposite_lane"}, 1, 0),
        ({"highway": "residential", "oneway": "-1", "oneway:bicycle": "no"}, -1, 0),
        ({"highway": "residential", "oneway:bicycle": "yes"}, 0, 1),
        ({"highway": "residential", "oneway": "reverse", "oneway:bicycle": "-1"}, -1, -1),
        ({"highway": "motorway"}, 1, None),
        ({"highway": "motorway", "oneway": "no"}, 0, None),
        ({"highway": "tertiary", "junction": "roundabout"}, 1, None),
        ({"highway": "residential", "oneway": "maybe"}, 0, None),
    ],
)
def test_directions(tags, oneway, bicycles):
    assert (oneway_of(tags), oneway_for_bicycles(tags)) == (oneway, bicycles)


@pytest.mark.parametrize(
    "text, kmh",
    [
        ("50", 50.0), ("30 km/h", 30.0), ("25 mph", 40.2336), ("50;30", 30.0), ("walk", 7.0), ("none", None),
        ("FR:urban", None), ("-5", None), ("0", None), ("9999", None), ("", None), ("30 mph; signals", 48.28032),
    ],
)  # fmt: skip
def test_speeds(text, kmh):
    assert maxspeed_kmh_of({"maxspeed": text}) == kmh


KEYS = ("highway", "access", "oneway", "maxspeed", "layer", "bridge", "bicycle", "motor_vehicle", "name")


@given(st.dictionaries(st.sampled_from(KEYS), st.text(max_size=8)))
def test_nothing_that_is_written_in_a_tag_breaks_a_street(tags):
    tags = {"highway": "residential", **tags}
    values = street_values(tags)
    assert values["oneway"] in (-1, 0, 1)
    assert abs(values["layer"]) <= 9
    assert values["maxspeed_kmh"] is None or values["maxspeed_kmh"] > 0.0
    assert isinstance(why_no_street(tags), str)


def test_bounds_are_part_of_the_inside():
    along = LineString([(-200.0, 80.0), (200.0, 80.0)])
    (piece,) = clipped(along, BOUNDS)
    assert np.array(piece.coords).tolist() == [[-100.0, 80.0], [100.0, 80.0]]
    assert list(clipped(LineString([(-200.0, 80.1), (200.0, 80.1)]), BOUNDS)) == []
