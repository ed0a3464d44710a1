"""A city from an OpenStreetMap extract: the door to the importer, and its complaints.

`osm_read` reads the file, `osm_city` builds the city from what it found. What is left out is counted, not
complained of; only a file that cannot be read, or that holds no city, is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import shapely

from fleet.base.errors import Fault, InputError, did_you_mean
from fleet.city.model import City
from fleet.city.osm_city import MAX_SIDE_M, Wishes, build_city
from fleet.city.osm_extract import Extract, Ground, is_building
from fleet.city.osm_faults import place_of
from fleet.city.osm_packed import MOST_BYTES, unpacks_to_more
from fleet.city.osm_read import Damaged, read_extract
from fleet.city.osm_rules import PICKUP_AMENITIES
from fleet.city.osm_sites import MIN_PICKUP_POINTS
from fleet.city.osm_tally import Account
from fleet.city.osm_zone_rules import DEFAULT_RULES, ZoneRule

SUFFIXES = (".osm.pbf", ".osm", ".osm.gz", ".osm.bz2")
CUT_OUT = "cut the city out with `osmium extract`"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The city, and what became of everything in the file, for people."""

    city: City
    account: Account


def import_osm(
    path: Path, rules: tuple[ZoneRule, ...] = DEFAULT_RULES, pickup_points: int = MIN_PICKUP_POINTS
) -> ImportResult:
    """The city in an OpenStreetMap extract (.osm.pbf, .osm, .osm.gz or .osm.bz2).

    Buildings, no-fly zones (by `rules`), pickup points, streets and ground covers are what is mapped, cropped to
    the box in the file's header or, without one, to the box of the buildings. Sites and anchors are seldom mapped
    and are placed by rule, as are pickup points where fewer than `pickup_points` are mapped (0: never);
    `city.notes` says so. The same file gives the same city. Raises `InputError` for a file that cannot be read or
    that holds no buildings, no pickup points or no open ground.
    """
    try:
        extract = read_extract(_checked(path), _suffix(path)[1:], rules)
    except Damaged as damaged:
        raise _damaged(path, str(damaged)) from None
    ground = _ground(path, extract)
    city, account = build_city(_city_name(path), extract, ground, Wishes(rules, pickup_points))
    if not city.buildings:
        raise _no_buildings(path, "none inside the header's box")
    if not city.sites:
        wanted = "open ground outside every no-fly zone, for depots and facilities"
        raise _fault(path, wanted, "too little", "import with smaller distances (--buffer)")
    if not city.pickup_points:
        wanted = f"a pickup point: amenity={' or '.join(PICKUP_AMENITIES)}, outdoors and inside the box"
        raise _fault(path, wanted, "none", "let some be generated at buildings (--pickups 150)")
    return ImportResult(city, _file_account(extract) + account)


def _file_account(extract: Extract) -> Account:
    nodes, ways, relations = extract.objects
    facts = (("nodes in the file", nodes), ("ways in the file", ways), ("relations in the file", relations))
    broken = sum(f.kind == "r" and f.geometry is None for f in extract.features)
    return Account(
        (),
        (
            *facts,
            ("objects given more than once", extract.doubled),
            ("relations that we would use and that are not whole", broken),
        ),
    )


def _suffix(path: Path) -> str:
    return next((s for s in sorted(SUFFIXES, key=len, reverse=True) if path.name.lower().endswith(s)), "")


def _city_name(path: Path) -> str:
    stem = path.name[: len(path.name) - len(_suffix(path))].replace("-", " ").replace("_", " ").strip()
    return stem[:1].upper() + stem[1:] or "City"


def _fault(path: Path, expected: str, found: str, hint: str = "") -> InputError:
    return InputError([Fault(str(path), 1, 1, "", expected, found, hint)])


def _no_buildings(path: Path, found: str) -> InputError:
    return _fault(path, "at least one closed outline tagged building=*", found)


def _damaged(path: Path, found: str) -> InputError:
    """The fault of a file that osmium gave up on."""
    line, column = place_of(path, found)
    expected = f"an intact OpenStreetMap file ({_suffix(path)})"
    return InputError([Fault(str(path), line, column, "", expected, re.sub(r"<fd:\d+>: ", "", found))])


def _checked(path: Path) -> str:
    """The absolute name of a readable file. A name that osmium would take for a URL never reaches it."""
    if not _suffix(path):
        wrong = "".join(path.suffixes[-2:]) or "no suffix"
        raise _fault(path, "a file named " + ", ".join(SUFFIXES), wrong, did_you_mean(wrong, SUFFIXES))
    if not path.is_file():
        raise _fault(path, "a file", "a directory" if path.is_dir() else "no such file")
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise _fault(path, "a readable file", (error.strerror or "an error").lower()) from None
    if unpacks_to_more(path, MOST_BYTES):
        raise _fault(path, f"at most {MOST_BYTES / 2**30:g} GiB unpacked", "more", CUT_OUT)
    return str(path.resolve())


def _ground(path: Path, extract: Extract) -> Ground:
    buildings = extract.buildings()
    if not buildings:
        broken = sum(f.area is None for f in extract.with_tag(is_building))
        raise _no_buildings(path, f"none ({broken} that do not close)" if broken else "none")
    # The nodes reach far beyond the area (boundaries, long ways), so their hull would be a wrong crop.
    hull = shapely.total_bounds([feature.area for feature in buildings])
    ground = Ground.of_box(extract.box or (float(hull[0]), float(hull[1]), float(hull[2]), float(hull[3])))
    if max(ground.size_m) > MAX_SIDE_M:
        width_km, height_km = (side / 1000.0 for side in ground.size_m)
        found = f"{width_km:.0f} x {height_km:.0f} km"
        limit = f"an area of at most {MAX_SIDE_M / 1000.0:g} km a side"
        raise _fault(path, limit, found, CUT_OUT)
    return ground
