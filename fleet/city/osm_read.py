"""Reads the features that matter to us from an OpenStreetMap extract.

With `osm_order` the only file that knows osmium. The reader takes what real extracts throw at it: outlines cut at
the border, relations with most members missing, objects that arrive as a line and again as an area, boundary
nodes far outside the extract.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import osmium
import shapely
from osmium.osm import Area, Node, Way
from shapely import LineString, MultiLineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from fleet.city.osm_cover_rules import COVER_KEYS, cover_kind
from fleet.city.osm_extract import Box, Extract, Feature
from fleet.city.osm_order import census, renumbered, write_in_order
from fleet.city.osm_rules import SEED_PLACES, Tags, is_pickup, values_of
from fleet.city.osm_zone_rules import OPTIONAL_RULES, ZoneRule, matching_rules
from fleet.city.shapes import repaired

_KEYS = ("building", "building:part", "highway", "railway", "amenity", "place", *COVER_KEYS)


class Damaged(Exception):
    """The file is not an intact OpenStreetMap file; the text is osmium's."""


def read_extract(path: str, kind: str, rules: tuple[ZoneRule, ...]) -> Extract:
    """The features of the file at `path`, whose format is `kind` (such as "osm.gz"). Raises `Damaged`."""
    try:
        file = osmium.io.File(path, kind)
        counted = census(file)
        if counted.in_order:
            return replace(_Reading(rules).read(file), objects=counted.objects)
        with tempfile.TemporaryDirectory(prefix="fleet-") as folder:
            ordered = Path(folder) / "ordered.osm.pbf"
            counted = write_in_order(file, ordered)
            extract = _Reading(rules).read(osmium.io.File(str(ordered), "pbf"))
        features = tuple(replace(f, osm_id=renumbered(f.osm_id)) for f in extract.features)
        return replace(extract, features=features, objects=counted.objects, doubled=counted.doubled)
    except (RuntimeError, ValueError, OverflowError, MemoryError, osmium.InvalidLocationError) as error:
        # osmium reports every broken file as RuntimeError; text that is not UTF-8 surfaces as ValueError.
        raise Damaged((str(error).splitlines() or [type(error).__name__])[0]) from None


@dataclass
class _Reading:
    """The features of one file as they come by; by kind and number, so that an object given twice counts once."""

    rules: tuple[ZoneRule, ...]
    features: dict[tuple[str, int], Feature] = field(default_factory=dict)
    areas: dict[tuple[str, int], BaseGeometry] = field(default_factory=dict)

    def read(self, file: osmium.io.File) -> Extract:
        keys = {*_KEYS, *(rule.tag for rule in (*self.rules, *OPTIONAL_RULES))}
        processor = osmium.FileProcessor(file).with_areas().with_filter(osmium.filter.KeyFilter(*sorted(keys)))
        box = _header_box(processor)
        to_wkb = osmium.geom.WKBFactory()
        for item in processor:
            tags = {tag.k: tag.v for tag in item.tags}
            if self._matters(tags, isinstance(item, Node)):
                self._add(item, tags, to_wkb)
        whole = {key: self._whole(key, feature) for key, feature in self.features.items()}
        return Extract(
            box, tuple(whole[key] for key in sorted(whole, key=lambda key: ("nwr".index(key[0]), key[1])))
        )

    def _matters(self, tags: Tags, is_node: bool) -> bool:
        if not is_node and ("highway" in tags or "railway" in tags or tags.get("natural") == "coastline"):
            return True
        return (
            any(key in tags for key in ("building", "building:part", "landuse", "waterway"))
            or is_pickup(tags)
            or "parking" in values_of(tags, "amenity")
            or tags.get("place") in SEED_PLACES
            or cover_kind(tags) != ""
            or bool(matching_rules(tags, (*self.rules, *OPTIONAL_RULES)))
        )

    def _add(self, item: Any, tags: Tags, to_wkb: Any) -> None:
        if isinstance(item, Area):
            if item.num_rings()[0]:  # else osmium could not close it
                shape = shapely.from_wkb(to_wkb.create_multipolygon(item))
                self.areas["w" if item.from_way() else "r", item.orig_id()] = shape
        elif isinstance(item, Node):
            known = item.location.valid()
            at = Point(item.location.lon, item.location.lat) if known else None
            self.features["n", item.id] = Feature("n", item.id, tags, at)
        elif isinstance(item, Way):
            line = _line(item)
            self.features["w", item.id] = Feature("w", item.id, tags, line, line)
        else:
            self.features["r", item.id] = Feature("r", item.id, tags, None)

    def _whole(self, key: tuple[str, int], feature: Feature) -> Feature:
        """The feature with its area, if it has one: as osmium assembled it, or mended."""
        if key in self.areas:
            return replace(feature, geometry=self.areas[key])
        pieces = _enclosed(feature.line) if feature.tags.get("area") != "no" else []
        return replace(feature, geometry=MultiPolygon(pieces), mended=True) if pieces else feature


def _enclosed(line: BaseGeometry | None) -> list[Polygon]:
    """What an outline that comes back to its beginning and crosses itself encloses."""
    if not isinstance(line, LineString) or len(line.coords) < 4 or not line.is_closed:
        return []
    return repaired(Polygon(line.coords))


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
