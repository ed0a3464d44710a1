"""Puts the mapped layers and the generated places together to a city."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from fleet.city.load import district_of
from fleet.city.model import City, District, Place, Site
from fleet.city.osm_extract import Counts, Extract, Ground
from fleet.city.osm_layers import (
    buildings_of,
    districts_of,
    pickup_points_of,
    streets_of,
    zones_of,
)
from fleet.city.osm_rules import DEFAULT_HEIGHT_M, LEVEL_M, ZoneRule
from fleet.city.osm_sites import (
    MIN_PICKUP_POINTS,
    ZONE_CLEARANCE_M,
    Obstacles,
    more_pickup_points,
    place_anchors,
    place_sites,
    site_spots,
)

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"

MAX_SIDE_M = 40_000.0
"""Longest side of an area: the frame's lengths are right to 1e-5 within 20 km of its centre."""

Spot = TypeVar("Spot", Place, Site)


def build_city(name: str, extract: Extract, ground: Ground, rules: tuple[ZoneRule, ...]) -> tuple[City, Counts]:
    """The city on `ground`, and the counts of every layer.

    It is empty if no building lies in the box, and has no sites if no open ground is left for them; the
    caller knows the file and makes an error of either.
    """
    buildings, building_counts = buildings_of(extract, ground)
    if not buildings:
        return City(name, ground.frame), building_counts
    districts, district_counts = districts_of(extract, ground)
    zones, zone_counts = zones_of(extract, ground, rules)
    mapped, pickup_counts = pickup_points_of(extract, ground)
    streets, street_counts = streets_of(extract, ground)

    obstacles = Obstacles(buildings, zones)
    generated = more_pickup_points(MIN_PICKUP_POINTS - len(mapped), ground.area, obstacles)
    pickup_points = mapped + generated
    sites = place_sites(site_spots(extract, ground, obstacles))
    anchors = place_anchors(buildings, ground.area)
    closed = len(pickup_points) - int(np.count_nonzero(_open(pickup_points, obstacles)))
    city = City(
        name=name,
        frame=ground.frame,
        buildings=buildings,
        districts=districts,
        zones=zones,
        sites=_in_districts(sites, districts),
        pickup_points=_in_districts(pickup_points, districts),
        anchors=_in_districts(anchors, districts),
        streets=streets,
        attribution=ATTRIBUTION,
        notes=_notes(len(mapped), len(generated)),
    )
    counts = (
        *building_counts,
        *district_counts,
        *zone_counts,
        *pickup_counts,
        ("pickup points, generated at buildings", len(generated)),
        (f"pickup points within {ZONE_CLEARANCE_M:g} m of a no-fly zone", closed),
        ("percent of pickup points so closed", _percent(closed, len(pickup_points))),
        *street_counts,
        ("sites, generated", len(sites)),
        ("anchors, generated", len(anchors)),
    )
    return city, counts


def _open(places: Sequence[Place], obstacles: Obstacles) -> np.ndarray:
    return obstacles.clear_of_zones(np.array([(p.x_m, p.y_m) for p in places]).reshape(-1, 2))


def _percent(part: int, whole: int) -> int:
    return round(100.0 * part / whole) if whole else 0


def _in_districts(spots: tuple[Spot, ...], districts: tuple[District, ...]) -> tuple[Spot, ...]:
    x_m, y_m = np.array([s.x_m for s in spots]), np.array([s.y_m for s in spots])
    names = district_of(districts, x_m, y_m)
    return tuple(replace(spot, district=name) for spot, name in zip(spots, names, strict=True))


def _notes(mapped: int, generated: int) -> tuple[str, ...]:
    notes = [
        "Buildings, streets and no-fly zones are from OpenStreetMap; zones are features of the map with a "
        "buffer, not official airspace.",
        f"A building without a height has {LEVEL_M:g} m per level, or {DEFAULT_HEIGHT_M:g} m.",
        "Depots, facilities, charging pads and anchors are generated, not mapped.",
    ]
    if generated:
        notes.append(f"{mapped} pickup points are mapped; {generated} more are generated at buildings.")
    return tuple(notes)
