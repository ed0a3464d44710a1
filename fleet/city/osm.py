"""Reads a city from an OpenStreetMap extract. The only file that knows osmium.

The reader takes what real extracts throw at it: outlines cut at the border, relations with most members
missing, objects that arrive as a line and again as an area, boundary nodes far outside the extract. What is
left out is counted, not complained of; only a file that cannot be read, or that holds no city, is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import osmium
import shapely
from osmium.osm import Area, Node, Way
from shapely import LineString, MultiLineString, Point
from shapely.geometry.base import BaseGeometry

from fleet.base.errors import Fault, InputError, did_you_mean
from fleet.city.model import City
from fleet.city.osm_city import MAX_SIDE_M, build_city
from fleet.city.osm_extract import Box, Counts, Extract, Feature, Ground, is_building
from fleet.city.osm_rules import (
    DEFAULT_RULES,
    SEED_PLACES,
    Tags,
    ZoneRule,
    is_pickup,
    matching_rules,
    values_of,
)

SUFFIXES = (".osm.pbf", ".osm", ".osm.gz", ".osm.bz2")


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The city, and what was found or left out (and why), in reading order, for people."""

    city: City
    counts: Counts


def import_osm(path: Path, rules: tuple[ZoneRule, ...] = DEFAULT_RULES) -> ImportResult:
    """The city in an OpenStreetMap extract (.osm.pbf, .osm, .osm.gz or .osm.bz2).

    Buildings, no-fly zones (by `rules`), pickup points and streets are what is mapped, cropped to the box in
    the file's header or, without one, to the box of the buildings. Sites and anchors are seldom mapped and
    are placed by rule, as are pickup points where fewer than 150 are mapped; `city.notes` says so. The same
    file gives the same city. Raises `InputError` for a file that cannot be read or that holds no buildings.
    """
    file = _checked(path)
    try:
        extract = _Reading(rules).read(osmium.io.File(file, _suffix(path)[1:]))
    except (RuntimeError, ValueError, OverflowError, MemoryError) as error:
        # osmium reports every broken file as RuntimeError; text that is not UTF-8 surfaces as ValueError.
        raise _damaged(path, (str(error).splitlines() or [type(error).__name__])[0]) from None
    ground = _ground(path, extract)
    city, counts = build_city(_city_name(path), extract, ground, rules)
    if not city.buildings:
        raise _no_buildings(path, "none inside the header's box")
    if not city.sites:
        wanted = "open ground outside every no-fly zone, for depots and facilities"
        raise _fault(path, wanted, "too little", "import with rules that have smaller buffers")
    return ImportResult(city, counts)


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
    """The fault of a file that osmium gave up on, at the place that an XML reader names."""
    place = re.search(r"line (\d+), column (\d+)", found)
    line, column = (max(1, int(place[1])), int(place[2]) + 1) if place else (1, 1)
    expected = f"an intact OpenStreetMap file ({_suffix(path)})"
    return InputError([Fault(str(path), line, column, "", expected, found)])


def _checked(path: Path) -> str:
    """The absolute name of a readable file. A name that osmium would take for a URL never reaches it."""
    if not _suffix(path):
        wrong = "".join(path.suffixes[-2:]) or "no suffix"
        raise _fault(path, "a file named " + ", ".join(SUFFIXES), wrong, did_you_mean(wrong, SUFFIXES))
    if not path.is_file():
        raise _fault(path, "a file", "a directory" if path.is_dir() else "no such file")
    try:
        with path.open("rb"):
            return str(path.resolve())
    except OSError as error:
        raise _fault(path, "a readable file", (error.strerror or "an error").lower()) from None


def _ground(path: Path, extract: Extract) -> Ground:
    buildings = extract.buildings()
    if not buildings:
        broken = sum(is_building(tags) for tags in extract.broken)
        raise _no_buildings(path, f"none ({broken} that do not close)" if broken else "none")
    # The nodes reach far beyond the area (boundaries, long ways), so their hull would be a wrong crop.
    hull = shapely.total_bounds([feature.geometry for feature in buildings])
    ground = Ground.of_box(extract.box or (float(hull[0]), float(hull[1]), float(hull[2]), float(hull[3])))
    if max(ground.size_m) > MAX_SIDE_M:
        width_km, height_km = (side / 1000.0 for side in ground.size_m)
        found = f"{width_km:.0f} x {height_km:.0f} km"
        limit = f"an area of at most {MAX_SIDE_M / 1000.0:g} km a side"
        raise _fault(path, limit, found, "cut the city out with `osmium extract`")
    return ground


@dataclass
class _Reading:
    """The features of one file as they come by; by key, so that an object given twice counts once."""

    rules: tuple[ZoneRule, ...]
    points: dict[int, Feature] = field(default_factory=dict)
    lines: dict[int, Feature] = field(default_factory=dict)
    areas: dict[str, Feature] = field(default_factory=dict)
    outlines: dict[str, Tags] = field(default_factory=dict)

    def read(self, file: osmium.io.File) -> Extract:
        processor = osmium.FileProcessor(file).with_areas()
        box = _header_box(processor)
        to_wkb = osmium.geom.WKBFactory()
        for item in _tagged(processor):
            tags = {tag.k: tag.v for tag in item.tags}
            if not self._matters(tags):
                continue
            if isinstance(item, Area):
                self._add_area(item, tags, to_wkb)
            elif isinstance(item, Way):
                self._add_way(item, tags)
            elif isinstance(item, Node):
                if item.location.valid():
                    at = Point(item.location.lon, item.location.lat)
                    self.points[item.id] = Feature("n", item.id, tags, at)
            else:
                self.outlines[f"r{item.id}"] = tags
        return self._extract(box)

    def _matters(self, tags: Tags) -> bool:
        return (
            "building" in tags
            or "highway" in tags
            or is_pickup(tags)
            or "parking" in values_of(tags, "amenity")
            or tags.get("place") in SEED_PLACES
            or bool(matching_rules(tags, self.rules))
        )

    def _add_area(self, area: Area, tags: Tags, to_wkb: Any) -> None:
        if area.num_rings()[0] == 0:  # osmium could not close it
            return
        kind, osm_id = ("w" if area.from_way() else "r"), area.orig_id()
        shape = shapely.from_wkb(to_wkb.create_multipolygon(area))
        self.areas[f"{kind}{osm_id}"] = Feature("w" if area.from_way() else "r", osm_id, tags, shape)

    def _add_way(self, way: Way, tags: Tags) -> None:
        line = _line(way)
        if line is not None:
            self.lines[way.id] = Feature("w", way.id, tags, line)
        if is_building(tags) or is_pickup(tags):
            self.outlines[f"w{way.id}"] = tags

    def _extract(self, box: Box | None) -> Extract:
        # A closed way comes as a line and as an area: one object, so the area stands for both, but a street
        # that goes round a block stays a street.
        lines = (f for f in self.lines.values() if f.key not in self.areas or "highway" in f.tags)
        broken = (tags for key, tags in self.outlines.items() if key not in self.areas)
        return Extract(box, tuple(self.points.values()), tuple(lines), tuple(self.areas.values()), tuple(broken))


def _tagged(processor: osmium.FileProcessor) -> Iterator[Any]:
    for item in processor:
        if item.tags:
            yield item


def _header_box(processor: osmium.FileProcessor) -> Box | None:
    box = processor.header.box()
    if not box.valid():
        return None
    west, south = box.bottom_left.lon, box.bottom_left.lat
    east, north = box.top_right.lon, box.top_right.lat
    return (west, south, east, north) if west < east and south < north else None


def _line(way: Way) -> BaseGeometry | None:
    """The way's course, broken where nodes are missing from the file; None where nothing is left."""
    runs: list[list[tuple[float, float]]] = [[]]
    for node in way.nodes:
        if node.location.valid():
            runs[-1].append((node.lon, node.lat))
        elif runs[-1]:
            runs.append([])
    parts = [LineString(run) for run in runs if len(run) >= 2]
    if len(parts) == 1:
        return parts[0]
    return MultiLineString(parts) if parts else None
