"""The no-fly zones that rules put round the features of an extract."""

from __future__ import annotations

from collections import Counter

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from fleet.city.model import Zone
from fleet.city.osm_extract import Extract, Feature, Ground, numbered, solid
from fleet.city.osm_tally import Account, Tallies
from fleet.city.osm_zone_rules import OPTIONAL_RULES, ZoneRule, matching_rules

ZONE_MARGIN_M = 500.0
"""How far outside the box zones still count: a drone may fly there on its way."""

ARC_SEGMENTS = 4
"""Straight pieces per quarter of a round corner: 16 to a circle, few enough for fast path finding."""


def containing_buffer(shape: BaseGeometry, buffer_m: float) -> BaseGeometry:
    """A polygon that contains everything within `buffer_m` of `shape`.

    Shapely draws round corners as chords, which lie inside the circle by the factor cos(pi / n) for n chords;
    the distance is enlarged by it, so that the chords, not the corners, touch the circle.
    """
    if buffer_m == 0.0:
        return shape
    enlarged_m = buffer_m / np.cos(np.pi / (4 * ARC_SEGMENTS))
    return shapely.buffer(shape, float(enlarged_m), quad_segs=ARC_SEGMENTS)


def zones_of(extract: Extract, ground: Ground, rules: tuple[ZoneRule, ...]) -> tuple[tuple[Zone, ...], Account]:
    """The no-fly zones that `rules` put round features, clipped to the box and `ZONE_MARGIN_M` about it.

    A feature whose outline is cut at the border still closes the air along the piece that is there. Features
    that only the optional rules know are counted as left open.
    """
    in_use = {rule.feature for rule in rules}
    every = (*rules, *(rule for rule in OPTIONAL_RULES if rule.feature not in in_use))
    found = extract.with_tag(lambda tags: matching_rules(tags, every))
    shapes = ground.project([feature.geometry for feature in found])
    reach = shapely.buffer(ground.area, ZONE_MARGIN_M, join_style="mitre")
    zones: list[Zone] = []
    tallies = Tallies(f"{rule.reason}: {rule.feature}" for rule in every)
    for feature, shape in zip(found, shapes, strict=True):
        made = _zones(feature, shape, reach, rules)
        zones += made
        closed = {zone.reason for zone in made}
        for rule in dict.fromkeys(r for r in every if matching_rules(feature.tags, (r,))):
            tallies[f"{rule.reason}: {rule.feature}"].add(_why_open(feature, rule, closed, rule.feature in in_use))
    reasons = Counter(zone.reason for zone in zones)
    facts = tuple((f"no-fly zones: {reason}", number) for reason, number in sorted(reasons.items()))
    rows = tuple(row for row in tallies.rows() if row.found)
    return tuple(zones), Account(rows, (("no-fly zones", len(zones)), *facts))


def _zones(feature: Feature, shape: BaseGeometry, reach: BaseGeometry, rules: tuple[ZoneRule, ...]) -> list[Zone]:
    zones: list[Zone] = []
    numbers: Counter[str] = Counter()
    for rule in matching_rules(feature.tags, rules):
        clipped = shapely.intersection(containing_buffer(shape, rule.buffer_m), reach)
        for piece in solid(clipped):
            name = numbered(f"{rule.reason}-{feature.key}", numbers[rule.reason])
            numbers[rule.reason] += 1
            zones.append(Zone(name, rule.reason, piece, rule.floor_m, rule.ceiling_m))
    return zones


def _why_open(feature: Feature, rule: ZoneRule, closed: set[str], in_use: bool) -> str:
    if not in_use:
        return "no rule closes these"
    if rule.reason in closed:
        return ""
    if feature.geometry is None:
        return feature.why_no_area
    return "out of reach of the box"
