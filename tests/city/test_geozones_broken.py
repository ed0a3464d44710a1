"""Zone files that are not right: each fault named with its place, and never a traceback."""

import json
import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fleet.base.errors import InputError
from fleet.city.frame import Frame
from fleet.city.geozones import read_geozones
from fleet.city.jsonfile import MOST_FAULTS

from .zonefiles import ED269, ED318, FRAME, faults, good, layer, put, read, ring, write

G0 = ("features", 0, "geometry", "geometries", 0)
PROPERTIES = ("features", 0, "properties")
PERIOD = (*PROPERTIES, "limitedApplicability", 0)
DAILY = (*PERIOD, "schedule", 0)
CIRCLE = ("features", 1, "geometry")
ZONE = ("features", 0)
VOLUME = (*ZONE, "geometry", 0)
FLAT_RING = [[10.0, 50.0], [10.25, 50.25], [10.5, 50.5], [10.0, 50.0]]

IN_318 = [
    (("type",), "FeatureColection", "type", '"FeatureCollection"'),
    (("metadata",), [1], "metadata", "found a list of 1"),
    (("metadata", "validFrom"), "yesterday", "metadata.validFrom", "a date and time"),
    (("metadata", "issued"), "2026-02-30T00:00:00Z", "metadata.issued", "day is out of range"),
    (("features", 0), 7, "features[0]", "found 7"),
    (("features", 0, "type"), "Feture", "features[0].type", '"Feature"'),
    (PROPERTIES, None, "features[0].properties", "found nothing"),
    ((*PROPERTIES, "identifier"), 12, "features[0].properties.identifier", "put it in quotes"),
    ((*PROPERTIES, "identifier"), "\ud800", "features[0].properties.identifier", "expected text"),
    ((*PROPERTIES, "identifier"), "A~2", "features[0]", "without ~ and a number"),
    (
        (*PROPERTIES, "type"),
        "REQ_AUTHORISATION",
        "features[0].properties.type",
        "did you mean `REQ_AUTHORIZATION`?",
    ),
    ((*PROPERTIES, "type"), ["PROHIBITED"], "features[0].properties.type", "a list of 1"),
    ((*PROPERTIES, "type"), None, "features[0].properties.type", "found nothing"),
    ((*PROPERTIES, "variant"), "COMON", "features[0].properties.variant", "did you mean `COMMON`?"),
    ((*PROPERTIES, "reason"), "NATURE", "features[0].properties.reason", "a list of reasons"),
    ((*PROPERTIES, "reason", 1), "NOICE", "features[0].properties.reason[1]", "did you mean `NOISE`?"),
    ((*PROPERTIES, "limitedApplicability"), "always", "features[0].properties.limitedApplicability", "a list"),
    (PERIOD, 3, "features[0].properties.limitedApplicability[0]", "found 3"),
    ((*PERIOD, "startDateTime"), "2026-03-01T00:00:00", ".startDateTime", "add Z for UTC"),
    ((*PERIOD, "endDateTime"), "2026-01-01T00:00:00Z", ".endDateTime", "after startDateTime"),
    ((*PERIOD, "schedule"), {}, ".schedule", "a list of daily periods"),
    (DAILY, "SAT", ".schedule[0]", "a daily period"),
    ((*DAILY, "day"), "SAT", ".schedule[0].day", "a list of days"),
    ((*DAILY, "day", 1), "SON", ".schedule[0].day[1]", "did you mean"),
    ((*DAILY, "startTime"), "25:00:00Z", ".schedule[0].startTime", "a time such as"),
    ((*DAILY, "startTime"), "08:00:00", ".schedule[0].startTime", "add Z for UTC"),
    ((*DAILY, "endTime"), "24:30Z", ".schedule[0].endTime", "a time of the day"),
    ((*DAILY, "endTime"), 900, ".schedule[0].endTime", "found 900"),
    ((*PERIOD, "schedule", 1, "startEvent"), "NOON", ".schedule[1].startEvent", "one of BMCT, SR, SS, EECT"),
    (("features", 0, "geometry"), [], "features[0].geometry", "a geometry"),
    (("features", 0, "geometry", "geometries"), [], ".geometries", "at least one geometry"),
    (G0, None, ".geometries[0]", "an object, found nothing"),
    ((*G0, "type"), "LineString", ".geometries[0].type", "one of Polygon, MultiPolygon, Point"),
    ((*G0, "type"), "GeometryCollection", ".geometries[0].type", "one of Polygon"),
    ((*G0, "coordinates"), None, ".coordinates", "a list of rings"),
    ((*G0, "coordinates"), [ring()[:4]], ".coordinates[0][3]", "a closed ring"),
    ((*G0, "coordinates", 0, 2), [10.0, 95.0], ".coordinates[0][2]", "latitude in -90..90"),
    ((*G0, "coordinates", 0, 2), [50.0, 110.0], ".coordinates[0][2]", "longitude comes first"),
    ((*G0, "coordinates", 0, 2), ["10", 50], ".coordinates[0][2]", "two numbers"),
    ((*G0, "coordinates", 0, 2), [10**400, 50], ".coordinates[0][2]", "longitude in"),
    ((*G0, "coordinates"), [[[lat, lon] for lon, lat in ring()]], ".geometries[0]", "longitude comes first"),
    ((*G0, "coordinates"), [FLAT_RING], ".geometries[0]", "a polygon with an area"),
    ((*G0, "coordinates"), [[[10, 50]] * 4], ".geometries[0]", "a polygon with an area"),
    ((*G0, "coordinates"), [ring(), ring()], ".geometries[0]", "a polygon with an area"),
    ((*G0, "layer"), [0, 50], ".layer", "a layer with lower and upper"),
    ((*G0, "layer"), layer(50, 50), ".layer.upper", "a height above the floor (50)"),
    ((*G0, "layer"), layer(60, 50), ".layer.upper", "a height above the floor (60)"),
    ((*G0, "layer", "upper"), "50 m", ".layer.upper", "a height as a number"),
    ((*G0, "layer", "upper"), True, ".layer.upper", "found true"),
    ((*G0, "layer", "upper"), 10**400, ".layer.upper", "a height as a number"),
    ((*G0, "layer", "uom"), "km", ".layer.uom", "one of m, M, ft, FT"),
    ((*G0, "layer", "upperReference"), "MSL", ".layer.upperReference", "one of AGL, AMSL, WGS84"),
    ((*G0, "layer", "lowerReference"), None, ".layer.lowerReference", "found nothing"),
    ((*CIRCLE, "extent"), None, "features[1].geometry.extent", "a point is no zone"),
    ((*CIRCLE, "extent", "subType"), "Circl", "features[1].geometry.extent.subType", "did you mean `Circle`?"),
    ((*CIRCLE, "extent", "radius"), 0, "features[1].geometry.extent.radius", "above 0"),
    ((*CIRCLE, "extent", "radius"), 2e6, "features[1].geometry.extent.radius", "at most 1,000,000"),
    ((*CIRCLE, "coordinates"), [10], "features[1].geometry.coordinates", "[longitude, latitude]"),
    ((*CIRCLE, "coordinates"), [50.0, 10.05], "features[1].geometry", "longitude comes first"),
]

IN_269 = [
    (("features", 1), None, "features[1]", "a zone"),
    ((*ZONE, "identifier"), None, "features[0].identifier", "found nothing"),
    ((*ZONE, "restriction"), "FORBIDDEN", "features[0].restriction", "one of REQ_AUTHORISATION, PROHIBITED"),
    ((*ZONE, "applicability"), {}, "features[0].applicability", "a list of periods"),
    ((*ZONE, "applicability", 0), "YES", "features[0].applicability[0]", "a period"),
    ((*ZONE, "applicability", 0, "permanent"), True, ".permanent", "one of YES, NO"),
    ((*ZONE, "geometry"), [], "features[0].geometry", "at least one volume"),
    (VOLUME, 1, "features[0].geometry[0]", "a volume"),
    ((*VOLUME, "uomDimensions"), None, ".uomDimensions", "M or FT"),
    ((*VOLUME, "lowerLimit"), "GND", ".lowerLimit", "a height as a number"),
    ((*VOLUME, "upperLimit"), 50, ".upperLimit", "a height above the floor (100)"),
    ((*VOLUME, "horizontalProjection"), None, ".horizontalProjection", "a Polygon or a Circle"),
    ((*VOLUME, "horizontalProjection", "type"), "Square", ".horizontalProjection.type", "one of Polygon, Circle"),
    ((*ZONE, "geometry", 1, "horizontalProjection", "radius"), "wide", ".radius", "a radius in metres"),
    ((*ZONE, "geometry", 1, "horizontalProjection", "center"), None, ".center", "[longitude, latitude]"),
]

PAIR = ED269 | {"features": [*good(ED269)["features"], *ED269["features"]]}
ONE_FAULT = [(ED318, *case) for case in IN_318] + [(PAIR, *case) for case in IN_269]


@pytest.mark.parametrize(("document", "trail", "value", "where", "says"), ONE_FAULT)
def test_one_thing_wrong_is_one_fault_that_names_the_place(tmp_path, document, trail, value, where, says):
    (fault,) = faults(tmp_path, put(document, trail, value))
    assert fault.path.endswith(where)
    assert says in str(fault)


WHOLE_FILE = [
    ("", "an empty file"),
    ("{", "valid JSON"),
    (b"\xff\xfe", "text in UTF-8"),
    ("[" * 100_000, "nested too deeply"),
    ("1" * 5000, "thousands of digits"),
    ("null", "a zone file (ED-269 or ED-318), found nothing"),
    ("3", "a zone file"),
    ("[]", "a zone file (ED-269 or ED-318), found a list of 0"),
    ("{}", "found an object"),
    ('{"type": "Feature"}', "found an object"),
    ('{"features": 1}', "a list, found 1"),
    ('{"UASZoneList": []}', "at least one zone"),
    ('{"type": "FeatureCollection", "features": []}', "at least one zone"),
    ('{"type": "FeatureCollection", "features": [{"properties": {"kind": "site"}}]}', "found a map"),
    ('{"name": "say \\"NaN\\"",\n "a": [1, NaN]}', ":2:11: expected valid JSON, found NaN"),
    ('{"a": -Infinity}', "found -Infinity"),
]


@pytest.mark.parametrize(("content", "says"), WHOLE_FILE)
def test_a_file_that_is_no_zone_file_is_refused(tmp_path, content, says):
    (fault,) = faults(tmp_path, content)
    assert says in str(fault)


def test_a_name_with_nan_in_it_is_just_a_name(tmp_path):
    assert len(read(tmp_path, ED269 | {"title": "NaN, Infinity"}).zones) == 2


def test_all_faults_are_reported_at_once_at_their_lines(tmp_path):
    document = put(ED318, (*G0, "layer", "uom"), "km")
    document = put(document, (*CIRCLE, "extent", "radius"), -1)
    document = put(document, ("metadata", "validTo"), 5)
    path = write(tmp_path, document)
    with pytest.raises(InputError) as caught:
        read_geozones(path, FRAME)
    lines = path.read_text().splitlines()
    found = [(f.path, lines[f.line - 1][f.column - 1 :].rstrip(",")) for f in caught.value.faults]
    assert found == [
        ("metadata.validTo", "5"),
        ("features[0].geometry.geometries[0].layer.uom", '"km"'),
        ("features[1].geometry.extent.radius", "-1"),
    ]


def test_a_flood_of_faults_is_cut_and_counted(tmp_path):
    document = good(ED318)
    document["features"] += [{}] * (MOST_FAULTS + 30)
    found = faults(tmp_path, document)
    assert len(found) == MOST_FAULTS + 1
    assert f"{MOST_FAULTS + 30 + MOST_FAULTS + 30 - MOST_FAULTS} more from here on" in str(found[-1])


def trails(value, trail=()):
    """The way to every value in a document."""
    yield trail
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in inside:
        yield from trails(part, (*trail, step))


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-200, 200),
    st.sampled_from(
        [10**400, -(10**30), 1e308, 99999, "99999", "", "YES", "ANY", "AMSL", "ft", "Circle", "Point"]
    ),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=6),
    st.just([]),
    st.just({}),
    st.recursive(
        st.floats(-180, 180),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    ),
)
FRAMES = st.sampled_from([FRAME, Frame(0.0, 90.0), Frame(180.0, -10.0), Frame(2.6, 49.5)])


@st.composite
def mutated(draw, document):
    """A document with a few values replaced, removed, doubled or swapped with others."""
    spoilt = good(document)
    for _ in range(draw(st.integers(1, 3))):
        ways = [trail for trail in trails(spoilt) if trail]
        *steps, last = draw(st.sampled_from(ways))
        at = spoilt
        for step in steps:
            at = at[step]
        act = draw(st.sampled_from(["replace", "replace", "remove", "double", "copy"]))
        if act == "remove":
            del at[last]
        elif act == "double" and isinstance(at, list):
            at.insert(last, good(at[last]))
        elif act == "copy":
            at[last] = good(_at(spoilt, draw(st.sampled_from(ways))))
        else:
            at[last] = draw(JUNK)
    return spoilt


def _at(document, trail):
    for step in trail:
        if not isinstance(document, dict | list):
            return None
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def reads_or_refuses(path, frame, **options):
    """Nothing but a good result or an InputError may come out of a file."""
    refused = None
    try:
        found = read_geozones(path, frame, **options)
    except InputError as error:
        refused = error.faults
    if refused is not None:
        assert refused
        assert all(fault.line >= 1 and fault.column >= 1 and fault.expected for fault in refused)
        return
    assert len({zone.id for zone in found.zones}) == len(found.zones)
    for zone in found.zones:
        assert zone.area.is_valid
        assert zone.area.area > 0
        assert all(math.isfinite(edge) for edge in zone.area.bounds)
        assert 0 <= zone.floor_m < zone.ceiling_m


@settings(max_examples=250)
@given(st.sampled_from([ED318, ED269]).flatmap(mutated), FRAMES, st.none() | st.floats(-400, 5000))
@example({"features": [{"geometry": [], "x": [[[[]]]]}]}, FRAME, None)
def test_a_spoilt_file_is_read_or_refused(tmp_path_factory, document, frame, ground):
    path = write(tmp_path_factory.getbasetemp(), document)
    reads_or_refuses(path, frame, ground_amsl_m=ground)


@settings(max_examples=150)
@given(st.sampled_from([ED318, ED269]), st.data())
def test_a_file_with_bytes_changed_or_cut_off_is_read_or_refused(tmp_path_factory, document, data):
    raw = bytearray(json.dumps(document).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        piece = data.draw(st.binary(max_size=3) | st.sampled_from([b"NaN", b"1e999", b"[[[[", b'"', b"}", b"-"]))
        raw[place : place + data.draw(st.integers(0, 3))] = piece
    cut = data.draw(st.just(len(raw)) | st.integers(0, len(raw)))
    path = write(tmp_path_factory.getbasetemp(), bytes(raw[:cut]))
    reads_or_refuses(path, FRAME)


@pytest.mark.parametrize("depth", [200, 900, 960, 990, 1000])
def test_deep_nesting_anywhere_is_no_traceback(tmp_path, depth):
    deep = "[" * depth + "]" * depth
    for text in (f'{{"features": {deep}}}', json.dumps(ED318).replace('"Polygon"', deep, 1)):
        reads_or_refuses(write(tmp_path, text), FRAME)
