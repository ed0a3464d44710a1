"""A town of one object for every rule: `every-rule.osm`, whose comments say what becomes of each."""

from functools import cache
from pathlib import Path

import pytest
import shapely

from fleet.city.load import load_city
from fleet.city.osm import ImportResult, import_osm
from fleet.city.osm_zone_rules import DEFAULT_RULES, OPTIONAL_RULES, with_buffers
from fleet.city.save import write_geojson

TOWN = Path(__file__).with_name("every-rule.osm")
NOT_CLOSED, NOT_WHOLE = "an outline that does not close", "parts missing from the file"
POINT, OUTSIDE = "mapped as a point", "outside the box"


@cache
def town() -> ImportResult:
    return import_osm(TOWN)


def left_out(what):
    return dict(town().account.row(what).left_out)


def test_every_row_adds_up():
    rows = town().account.rows
    assert len({row.what for row in rows}) == len(rows)
    assert all(row.found == row.used + sum(number for _, number in row.left_out) for row in rows)
    parts = [row for row in rows if row.part_of]
    assert sum(row.found for row in parts) == town().account.row("buildings").found
    assert sum(row.used for row in parts) == town().account.row("buildings").used


def test_heights():
    assert {b.id: round(b.height_m, 3) for b in town().city.buildings} == {
        "w1": 12.13, "w2": 7.5, "w3": 12.192, "w4": 6.0, "w5": 15.0, "w6": 21.0, "w7": 9.0,
        "w8": 6.0, "w8~2": 6.0, "r1": 12.0, "part-w14": 30.0,
    }  # fmt: skip
    (court,) = (b for b in town().city.buildings if b.id == "r1")
    assert len(court.footprint.interiors) == 1
    account = town().account
    assert account.fact("buildings whose height was not understood") == 1
    assert account.fact("building outlines that cross themselves, mended") == 1
    assert account.fact("buildings that begin above the ground, taken as solid") == 1


def test_what_is_left_out_and_why():
    assert left_out("buildings") == {POINT: 1, NOT_CLOSED: 1, "underground": 1, OUTSIDE: 1, NOT_WHOLE: 1}
    assert left_out("building parts") == {"no higher than its building": 1}
    indoors, unknown = "indoors or on another level", "for materials we do not know"
    assert left_out("amenity=recycling") == {indoors: 1, unknown: 1, OUTSIDE: 1}
    assert left_out("amenity=waste_basket") == {"off the earth": 1}
    assert left_out("amenity=waste_disposal") == {NOT_CLOSED: 1}
    assert left_out("highway ways") == {
        "not built, or no more": 1, "not a street": 1, "indoors": 1, NOT_WHOLE: 1, OUTSIDE: 1,
    }  # fmt: skip
    assert left_out("helipad: aeroway=helipad") == {"out of reach of the box": 1}
    assert left_out("school: amenity=school") == {NOT_WHOLE: 1}
    assert left_out("police: amenity=police") == {"no rule closes these": 1}
    assert left_out("natural=water") == {POINT: 1}
    assert left_out("waterway") == {"under the ground or a roof": 1}
    assert left_out("landuse") == {"of a kind we do not know": 1, NOT_WHOLE: 1}
    assert left_out("railway ways") == {"no use for these": 1}
    assert town().account.fact("relations that we would use and that are not whole") == 3


def test_pickup_points_and_their_materials():
    mapped = {p.id: p.materials for p in town().city.pickup_points if p.id.startswith("osm-")}
    assert mapped == {
        "osm-n2": ("glass", "paper"), "osm-n3": (), "osm-n5": ("mixed",), "osm-w16": ("mixed",),
    }  # fmt: skip
    generated = [p.id for p in town().city.pickup_points if p.id not in mapped]
    assert len(generated) == town().account.fact("pickup points, generated at buildings") == 10
    assert not any("part" in name for name in generated)


def test_every_kind_of_zone():
    assert [z.id for z in town().city.zones] == [
        "hospital-n20", "hospital-n21", "helipad-n22", "heliport-n23", "school-n24", "school-n25", "mast-n26",
        "crane-n27", "tower-n28", "hospital-w32", "airfield-w33", "prison-w34", "stadium-w35", "power-line-w36",
        "power-line-w37",
    ]  # fmt: skip
    made = {f"{rule.reason}: {rule.feature}" for rule in DEFAULT_RULES}
    assert made <= {row.what for row in town().account.rows if row.used}


def test_streets_with_all_that_is_said_of_them():
    streets = {s.id: s for s in town().city.streets}
    assert set(streets) == {"w20", "w21", "w22", "w23", "w28", "w30"}
    main, bridge, path, drive, ring, road = (streets[name] for name in sorted(streets))
    assert (main.highway, main.name, main.maxspeed_kmh) == ("residential", "Main Street", 30.0)
    assert (main.direction("motor"), main.direction("bicycle"), main.direction("foot")) == (1, 0, 0)
    assert (bridge.bridge, bridge.layer, bridge.direction("motor")) == (True, 1, -1)
    assert bridge.maxspeed_kmh == pytest.approx(40.23, abs=0.01)
    assert path.access == {"foot"}
    assert drive.access == {"bicycle"}
    assert ring.oneway == 1
    assert road.line.bounds[2] == pytest.approx(town().city.frame.to_metres(10.06, 50.015)[0], abs=1.0)


def test_streets_meet_in_common_nodes_and_a_bridge_passes():
    streets = {s.id: set(s.line.coords) for s in town().city.streets}
    assert len(streets["w20"] & streets["w22"]) == 1
    assert not streets["w20"] & streets["w21"]
    lines = {s.id: s.line for s in town().city.streets}
    assert lines["w20"].crosses(lines["w21"])


def test_ground():
    covers = town().city.covers
    assert sorted(c.kind for c in covers) == ["park", "water", "water", "water", "wood"]
    sea = max(covers, key=lambda c: c.area.area)
    frame = town().city.frame
    for lon, wet in ((10.0549, False), (10.0551, True)):
        assert sea.area.contains(shapely.Point(*(float(v) for v in frame.to_metres(lon, 50.02)))) == wet
    (river,) = (c.area for c in covers if c.area.covers(shapely.Point(*frame.to_metres(10.045, 50.018))))
    assert river.area / 556.0 == pytest.approx(20.0, rel=0.01)


def test_a_district_round_each_place():
    assert [d.name for d in town().city.districts] == ["West End", "East End"]


def test_buffers_by_reason():
    asked = {"police": 70.0, "hospital": None, "helipad": 500.0}
    zones = import_osm(TOWN, with_buffers(DEFAULT_RULES, asked)).city.zones
    reasons = [z.reason for z in zones]
    assert "hospital" not in reasons
    assert reasons.count("police") == 1
    (helipad,) = (z.area for z in zones if z.reason == "helipad")
    assert helipad.area == pytest.approx(3.14159 * 500.0**2, rel=0.04)
    assert not {rule.reason for rule in OPTIONAL_RULES} & {rule.reason for rule in DEFAULT_RULES} - {"tower"}


def test_the_map_that_is_written_says_the_same(tmp_path):
    made = town().city
    write_geojson(made, tmp_path / "town.geojson")
    loaded = load_city(tmp_path / "town.geojson")
    assert loaded.notes == made.notes
    plain = [(s.id, s.highway, s.oneway, s.oneway_bicycle, s.maxspeed_kmh, s.access, s.layer, s.bridge, s.name)
             for s in made.streets]  # fmt: skip
    assert plain == [
        (s.id, s.highway, s.oneway, s.oneway_bicycle, s.maxspeed_kmh, s.access, s.layer, s.bridge, s.name)
        for s in loaded.streets
    ]
    assert [c.kind for c in loaded.covers] == [c.kind for c in made.covers]
    streets = {s.id: set(s.line.coords) for s in loaded.streets}
    assert len(streets["w20"] & streets["w22"]) == 1
    assert not streets["w20"] & streets["w21"]
