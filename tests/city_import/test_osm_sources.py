"""The figures of FLEET_DATA/cities/SOURCES.md, counted with other code, come out of our imports' accounts."""

import os
import re
from functools import cache
from pathlib import Path

import pytest

from fleet.city.osm import ImportResult, import_osm

DATA = os.environ.get("FLEET_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="FLEET_DATA names no folder with cities/*.osm.pbf")

CITIES = ("helsinki-centre", "monaco", "baltimore")
DOCS = Path(__file__).parents[2] / "docs" / "maps.md"


@cache
def imported(city: str) -> ImportResult:
    return import_osm(Path(str(DATA)) / "cities" / f"{city}.osm.pbf")


def table(path: Path, corner: str) -> dict[str, list[str]]:
    """The cells of the table whose head begins with `corner`, by the first cell of their row."""
    lines = path.read_text(encoding="utf-8").splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {corner}"))
    rows: dict[str, list[str]] = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        first, *rest = (cell.strip() for cell in line.strip("|").split("|"))
        rows[first.strip("`")] = rest
    return rows


def said(what: str, city: str) -> list[int]:
    """The numbers in a cell of SOURCES.md."""
    cell = table(Path(str(DATA)) / "cities" / "SOURCES.md", "| helsinki")[what][CITIES.index(city)]
    return [int(number) for number in re.findall(r"\d+", cell.replace(",", ""))]


def found(city: str, *names: str) -> list[int]:
    """How many of each the import found; a kind that no row is about was not found."""
    rows = {row.what: row.found for row in imported(city).account.rows}
    features = {name.split(": ")[-1]: number for name, number in rows.items()}
    return [rows.get(name, features.get(name, 0)) for name in names]


SAME = {
    "amenity=waste_basket / waste_disposal": ("amenity=waste_basket", "amenity=waste_disposal"),
    "hospital / clinic": ("amenity=hospital", "amenity=clinic"),
    "school / kindergarten / university": ("amenity=school", "amenity=kindergarten", "amenity=university"),
    "prison / police / fire_station": ("amenity=prison", "amenity=police", "amenity=fire_station"),
    "natural=water / waterway": ("natural=water", "waterway"),
    "crane / mast / tower": ("man_made=crane", "man_made=mast", "man_made=tower"),
    "highway ways / railway ways": ("highway ways", "railway ways"),
}


@pytest.mark.parametrize("city", CITIES)
@pytest.mark.parametrize("what", SAME)
def test_what_the_table_counts_is_found(what, city):
    assert found(city, *SAME[what]) == said(what, city)


@pytest.mark.parametrize("city", CITIES)
def test_objects_of_the_file(city):
    facts = dict(imported(city).account.facts)
    counted = [facts[f"{kind} in the file"] for kind in ("nodes", "ways", "relations")]
    assert counted == said("nodes / ways / relations", city)


@pytest.mark.parametrize("city", CITIES)
def test_buildings(city):
    """Outlines that cross themselves are no valid areas to SOURCES.md; the import mends and keeps them."""
    row, mended = imported(city).account.row("buildings"), "building outlines that cross themselves, mended"
    areas = row.used - imported(city).account.fact(mended)
    assert [row.found, areas] == said("building objects (valid assembled areas)", city)
    heights, levels = found(city, "buildings with a height", "buildings with a number of levels only")
    told = said("buildings with height or building:levels", city)
    assert heights + levels == told[0]
    assert [heights] == (told[1:] or [0])


@pytest.mark.parametrize("city", CITIES)
def test_recycling(city):
    assert found(city, "amenity=recycling") == said("amenity=recycling", city)[:1]


def test_power_and_aeroway():
    """Cells of words and numbers, in an order of their own."""
    names = ("power=minor_line", "power=line", "power=tower", "power=substation")
    power = {city: found(city, *names) for city in CITIES}
    assert power == {"helsinki-centre": [1, 0, 0, 1], "monaco": [0, 0, 0, 2], "baltimore": [0, 8, 12, 2]}
    assert [said("power", city) for city in CITIES] == [[1, 1], [2], [12, 8, 2]]
    names = ("aeroway=helipad", "aeroway=heliport", "aeroway=aerodrome")
    assert [found(city, *names) for city in CITIES] == [[0, 0, 0], [13, 1, 0], [6, 0, 1]]
    assert [said("aeroway", city) for city in CITIES] == [[], [13, 1], [6, 1]]


@pytest.mark.parametrize("city", CITIES)
def test_places_of_worship(city):
    assert found(city, "amenity=place_of_worship") == said("places of worship / parking", city)[:1]


@pytest.mark.parametrize("city", CITIES)
def test_every_row_adds_up(city):
    for row in imported(city).account.rows:
        assert row.found == row.used + sum(number for _, number in row.left_out)


@pytest.mark.parametrize("city", CITIES)
def test_the_differences_are_those_that_the_manual_explains(city):
    """docs/maps.md says of each kind how many of the file came onto the map; no other kind lost any."""
    explained = table(DOCS, "on the map, of found")
    rows = {row.what: row for row in imported(city).account.rows if not row.part_of}
    wanted = {what: cells[CITIES.index(city)] for what, cells in explained.items()}
    assert {what: f"{rows[what].used:,} of {rows[what].found:,}" for what in wanted} == wanted
    optional = {row.what for row in rows.values() if dict(row.left_out).get("no rule closes these")}
    lost = {row.what for row in rows.values() if row.used < row.found} - optional - {"railway ways"}
    assert lost <= set(wanted)
