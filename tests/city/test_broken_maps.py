"""One tiny bad map per complaint: the good one with one thing spoilt."""

import json
from copy import deepcopy

import pytest

from fleet.base.errors import InputError
from fleet.city.jsonfile import MOST_FAULTS
from fleet.city.load import load_city

from .small import GOOD, PLACE, faults, good, square

REMOVED = object()


def spoilt(name, path, value):
    """The good map with the thing at `path` in the feature `name` replaced or removed."""
    document = good()
    *steps, last = path.split(".")
    target = document["features"][PLACE[name]]
    for step in steps:
        target = target[step]
    if value is REMOVED:
        del target[last]
    else:
        target[last] = deepcopy(value)
    return document


BOW_TIE = [[[10.0, 50.0], [10.001, 50.001], [10.001, 50.0], [10.0, 50.001], [10.0, 50.0]]]
OPEN_RING = [square(10.0, 50.0)[0][:4]]

ONE_FAULT = [
    ("z", "properties.kind", "no_fl", "properties.kind", "did you mean `no_fly`?"),
    ("z", "properties.kind", REMOVED, "properties.kind", "found nothing"),
    ("z", "properties.kind", ["no_fly"], "properties.kind", "found a list of 1"),
    ("z", "properties", None, "properties", "an object with kind and id"),
    ("z", "type", "Feture", "", '"Feature"'),
    ("z", "properties.id", REMOVED, "properties.id", "expected text, found nothing"),
    ("z", "properties.id", "  ", "properties.id", "expected text"),
    ("z", "properties.id", 12, "properties.id", "put it in quotes"),
    ("z", "properties.id", "\ud800", "properties.id", "expected text"),
    ("plant", "properties.id", "depot", "properties.id", "as in features[3]"),
    ("z", "properties.reason", REMOVED, "properties.reason", "expected text"),
    ("z", "properties.floor_m", -1, "properties.floor_m", "at least 0"),
    ("z", "properties.ceiling_m", 0, "properties.ceiling_m", "above floor_m"),
    ("z", "properties.restriction", "authorisation", "properties.restriction", "did you mean `authorization`?"),
    ("z", "properties.restriction", True, "properties.restriction", "one of prohibited, authorization"),
    ("d", "properties.name", REMOVED, "properties.name", "expected text"),
    ("b", "properties.height_m", 0, "properties.height_m", "a number above 0"),
    ("b", "properties.height_m", "tall", "properties.height_m", 'found "tall"'),
    ("b", "properties.height_m", True, "properties.height_m", "found true"),
    ("b", "properties.height_m", float("nan"), "properties.height_m", "found NaN"),
    ("b", "properties.height_m", 10**400, "properties.height_m", "a number above 0"),
    ("plant", "properties.capacity_kg", -5, "properties.capacity_kg", "at least 0, found -5"),
    ("plant", "properties.capacity_kg", REMOVED, "properties.capacity_kg", "found nothing"),
    ("plant", "properties.accepts", "glass", "properties.accepts", 'or "all"'),
    ("plant", "properties.accepts", ["glas"], "properties.accepts[0]", "did you mean `glass`?"),
    ("plant", "properties.accepts", [7], "properties.accepts[0]", "known: paper"),
    ("p1", "properties.materials", "all", "properties.materials", "a list of materials"),
    ("depot", "properties.pads", 0, "properties.pads", "at least 1, found 0"),
    ("depot", "properties.pads", 1.5, "properties.pads", "a whole number"),
    ("depot", "properties.chargers", -1, "properties.chargers", "at least 0"),
    ("depot", "properties.base", "yes", "properties.base", "true or false"),
    ("plant", "properties.accepts", REMOVED, "properties.base", "none of them"),
    ("depot", "geometry", None, "geometry.type", "Point for a site, found nothing"),
    ("depot", "geometry.type", "Polygon", "geometry.type", "Point for a site"),
    ("b", "geometry.type", "Point", "geometry.type", "Polygon or MultiPolygon for a building"),
    ("s1", "geometry.coordinates", [[10, 50]], "geometry.coordinates", "at least 2 positions"),
    ("s1", "properties.oneway", 2, "properties.oneway", "one of -1, 0, 1, found 2"),
    ("s1", "properties.oneway", True, "properties.oneway", "found true"),
    ("s1", "properties.oneway_bicycle", "no", "properties.oneway_bicycle", "one of -1, 0, 1"),
    ("s1", "properties.maxspeed_kmh", 0, "properties.maxspeed_kmh", "a number above 0"),
    ("s1", "properties.access", "foot", "properties.access", "a list of foot, bicycle, motor"),
    ("s1", "properties.access", ["car"], "properties.access[0]", "one of foot, bicycle, motor"),
    ("s1", "properties.access", ["bicyle"], "properties.access[0]", "did you mean `bicycle`?"),
    ("s1", "properties.layer", 1.5, "properties.layer", "one of -9"),
    ("s1", "properties.highway", 7, "properties.highway", "expected text"),
    ("s1", "properties.bridge", "yes", "properties.bridge", "true or false"),
    ("depot", "geometry.coordinates", REMOVED, "geometry.coordinates", "found nothing"),
    ("depot", "geometry.coordinates", [10.0], "geometry.coordinates", "[longitude, latitude]"),
    ("depot", "geometry.coordinates", ["10", "50"], "geometry.coordinates", "two numbers"),
    ("depot", "geometry.coordinates", [True, 50], "geometry.coordinates", "two numbers"),
    ("depot", "geometry.coordinates", [10.0, 91.0], "geometry.coordinates", "latitude in -90..90"),
    ("depot", "geometry.coordinates", [50.0, 110.0], "geometry.coordinates", "longitude comes first"),
    ("depot", "geometry.coordinates", [500000.0, 5500000.0], "geometry.coordinates", "EPSG:4326"),
    ("depot", "geometry.coordinates", [10**400, 50], "geometry.coordinates", "longitude in"),
    ("depot", "geometry.coordinates", [float("inf"), 50], "geometry.coordinates", "longitude in"),
    ("depot", "geometry.coordinates", [50.0, 10.0], "geometry.coordinates", "within 1 degree"),
    ("d", "geometry.coordinates", BOW_TIE, "geometry.coordinates", "Self-intersection[10.0005"),
    ("z", "geometry.coordinates", BOW_TIE, "geometry.coordinates", "Self-intersection"),
    ("z", "geometry.coordinates", OPEN_RING, "geometry.coordinates[0][3]", "a closed ring"),
    ("z", "geometry.coordinates", [], "geometry.coordinates", "a list of rings"),
    ("z", "geometry.coordinates", [[[10, 50]]], "geometry.coordinates[0]", "at least 4 positions"),
    ("z", "geometry.coordinates", [[[10, 50], 7, 7, 7]], "geometry.coordinates[0][1]", "found 7"),
    ("b", "geometry.coordinates", [[[10, 50]] * 4], "geometry.coordinates", "a valid polygon"),
]


@pytest.mark.parametrize(("name", "path", "value", "where", "says"), ONE_FAULT)
def test_one_thing_wrong_is_one_fault_that_names_the_place(tmp_path, name, path, value, where, says):
    (fault,) = faults(tmp_path, spoilt(name, path, value))
    prefix = f"features[{PLACE[name]}]"
    assert fault.path == (f"{prefix}.{where}" if where else prefix)
    assert says in str(fault)


WHOLE_FILE = [
    ("", "an empty file"),
    (" \n ", "an empty file"),
    ("[1, 2]", "found a list of 2"),
    ("null", "found nothing"),
    ("{}", '"FeatureCollection", found nothing'),
    ('{"type": "Feature"}', 'found "Feature"'),
    ('{"type": "FeatureCollection", "features": {}}', "a list of features, found an object"),
    ('{"type": "FeatureCollection", "features": []}', "at least one feature"),
    ("[" * 100_000, "nested too deeply"),
    ("1" * 5000, "thousands of digits"),
    (b"\xff\xfe{}", "byte 0xff at offset 0"),
    (json.dumps(GOOD | {"name": 5}), "name: expected text, found 5"),
    (json.dumps(GOOD | {"notes": "one"}), "notes: expected a list of texts"),
    (json.dumps(GOOD | {"crs": {"properties": {"name": "EPSG:25832"}}}), "reproject"),
]


@pytest.mark.parametrize(("content", "says"), WHOLE_FILE)
def test_a_file_that_is_no_map_is_refused(tmp_path, content, says):
    assert any(says in str(fault) for fault in faults(tmp_path, content))


def test_broken_json_is_reported_at_its_line_and_column(tmp_path):
    text = '{\n"type": "FeatureCollection",\n  "features": [1 2]\n}\n'
    (fault,) = faults(tmp_path, text)
    assert (fault.line, fault.column) == (3, 18)
    assert str(fault).startswith(f"{tmp_path / 'small.geojson'}:3:18: expected valid JSON")


def test_a_fault_is_reported_where_its_feature_begins(tmp_path):
    document = good()
    document["features"][1]["properties"]["reason"] = 3
    document["features"][3]["properties"]["pads"] = 0
    lines = [json.dumps(f) for f in document.pop("features")]
    text = json.dumps(document)[:-1] + ',\n"features": [\n  ' + ",\n\n    ".join(lines) + "\n]}"
    first, second = faults(tmp_path, text)
    assert (first.line, first.column, first.path) == (5, 5, "features[1].properties.reason")
    assert (second.line, second.column, second.path) == (9, 5, "features[3].properties.pads")


def test_all_faults_are_reported_at_once(tmp_path):
    document = spoilt("plant", "properties.accepts", ["glas", "papr"])
    document["features"][PLACE["z"]]["geometry"]["coordinates"] = BOW_TIE
    document["features"][PLACE["p1"]]["properties"]["kind"] = "pickup"
    document["name"] = []
    assert len(faults(tmp_path, document)) == 5


def test_a_flood_of_faults_is_cut_and_counted(tmp_path):
    document = good()
    document["features"] += [{"type": "Feature"}] * (MOST_FAULTS + 30)
    found = faults(tmp_path, document)
    assert len(found) == MOST_FAULTS + 1
    assert "30 more from here on" in str(found[-1])


def test_a_missing_file_and_a_directory_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_city(tmp_path / "nowhere.geojson")
    with pytest.raises(InputError, match="a directory"):
        load_city(tmp_path)
