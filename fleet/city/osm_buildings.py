"""The buildings of an extract, with their heights."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType

import shapely
from shapely.geometry.base import BaseGeometry

from fleet.city.model import Building
from fleet.city.osm_extract import OUTSIDE, Extract, Feature, Ground, is_building, numbered, solid
from fleet.city.osm_heights import HeightSource, height_of, starts_at_m
from fleet.city.osm_tally import Account, Tallies, Tally

WITHIN_SHARE = 0.99
"""A part lies in an outline that holds this share of it: edges in common are seldom so to the last digit."""

_SAID: MappingProxyType[HeightSource, str] = MappingProxyType({
    "height": "with a height", "levels": "with a number of levels only", "default": "with neither",
})  # fmt: skip


def buildings_of(extract: Extract, ground: Ground) -> tuple[tuple[Building, ...], Account]:
    """Every closed outline that touches the box, whole, with its holes; each part becomes a building."""
    found = extract.with_tag(is_building)
    tally, heights = Tally("buildings"), Tallies((f"buildings {said}" for said in _SAID.values()), "buildings")
    odd: Counter[str] = Counter()
    buildings: list[Building] = []
    for feature, shape in zip(found, ground.project([f.area for f in found]), strict=True):
        height, why_not = height_of(feature.tags), _why_not(feature, shape, ground)
        heights[f"buildings {_SAID[height.source]}"].add(why_not)
        if not tally.add(why_not):
            continue
        odd["height not understood"] += height.unclear
        odd["mended"] += feature.mended
        odd["raised"] += starts_at_m(feature.tags) > 0.0
        pieces = enumerate(solid(shape))
        buildings += [Building(numbered(feature.key, n), piece, height.metres) for n, piece in pieces]
    facts = (
        ("buildings whose height was not understood", odd["height not understood"]),
        ("building outlines that cross themselves, mended", odd["mended"]),
        ("buildings that begin above the ground, taken as solid", odd["raised"]),
    )
    return tuple(buildings), Account((tally.row(), *heights.rows()), facts)


def _why_not(feature: Feature, shape: BaseGeometry, ground: Ground) -> str:
    if feature.area is None:
        return feature.why_no_area
    if feature.tags.get("location") == "underground":
        return "underground"
    if not solid(shape):
        return "too small"
    return "" if shape.intersects(ground.area) else OUTSIDE


def parts_of(
    extract: Extract, ground: Ground, buildings: tuple[Building, ...]
) -> tuple[tuple[Building, ...], Account]:
    """The parts of buildings (`building:part`) that rise above the outline they lie in, as buildings.

    A lower part adds nothing to what its outline already closes, from the ground to its own height.
    """
    found = extract.with_tag(lambda tags: tags.get("building:part", "no") != "no" and not is_building(tags))
    tally = Tally("building parts")
    tree = shapely.STRtree([building.footprint for building in buildings])
    parts: list[Building] = []
    for feature, shape in zip(found, ground.project([f.area for f in found]), strict=True):
        height, why_not = height_of(feature.tags), _why_not(feature, shape, ground)
        part = shape if shape.is_valid else shapely.make_valid(shape)
        if not why_not:
            near = (buildings[int(n)] for n in tree.query(part, predicate="intersects"))
            over = [b for b in near if part.intersection(b.footprint).area >= WITHIN_SHARE * part.area]
            if any(height.source == "default" or b.height_m >= height.metres for b in over):
                why_not = "no higher than its building"
        if tally.add(why_not):
            pieces = enumerate(solid(part))
            parts += [Building(numbered(f"part-{feature.key}", n), piece, height.metres) for n, piece in pieces]
    return tuple(parts), Account((tally.row(),))
