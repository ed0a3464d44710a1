"""Puts the mapped layers and the generated places together to a city."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from fleet.city.load import district_of
from fleet.city.model import Building, City, District, Place, Site
from fleet.city.osm_buildings import buildings_of, parts_of
from fleet.city.osm_covers import covers_of
from fleet.city.osm_extract import Extract, Ground
from fleet.city.osm_heights import DEFAULT_HEIGHT_M, LEVEL_M
from fleet.city.osm_layers import districts_of, pickup_points_of
from fleet.city.osm_sites import (
    MIN_PICKUP_POINTS,
    ZONE_CLEARANCE_M,
    Obstacles,
    more_pickup_points,
    place_anchors,
    place_sites,
    site_spots,
)
from fleet.city.osm_streets import streets_of
from fleet.city.osm_tally import Account, Row
from fleet.city.osm_zone_rules import DEFAULT_RULES, ZoneRule
from fleet.city.osm_zones import zones_of

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"

MAX_SIDE_M = 40_000.0
"""Longest side of an area: the frame's lengths are right to 1e-5 within 20 km of its centre."""

Spot = TypeVar("Spot", Place, Site)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user may choose: what closes the air, and how many pickup points there shall be at least."""

    rules: tuple[ZoneRule, ...] = DEFAULT_RULES
    pickup_points: int = MIN_PICKUP_POINTS


def build_city(name: str, extract: Extract, ground: Ground, wishes: Wishes) -> tuple[City, Account]:
    """The city on `ground`, and the account of every layer.

    It is empty if no building lies in the box, has no sites if no open ground is left for them, and no pickup
    points if none are mapped and none may be generated; the caller knows the file and makes an error of these.
    """
    buildings, account = buildings_of(extract, ground)
    if not buildings:
        return City(name, ground.frame), account
    parts, part_account = parts_of(extract, ground, buildings)
    districts, district_account = districts_of(extract, ground)
    zones, zone_account = zones_of(extract, ground, wishes.rules)
    streets, street_account = streets_of(extract, ground)
    covers, cover_account = covers_of(extract, ground)

    obstacles = Obstacles(buildings + parts, zones)
    pickup_points, pickup_account = _pickup_points(extract, ground, obstacles, buildings, wishes)
    sites = place_sites(site_spots(extract, ground, obstacles))
    anchors = place_anchors(buildings, ground.area)
    city = City(
        name=name,
        frame=ground.frame,
        buildings=buildings + parts,
        districts=districts,
        zones=zones,
        sites=_in_districts(sites, districts),
        pickup_points=_in_districts(pickup_points, districts),
        anchors=_in_districts(anchors, districts),
        streets=streets,
        covers=covers,
        attribution=ATTRIBUTION,
        notes=_notes(pickup_points),
    )
    made = Account(_not_used(extract), (("sites, generated", len(sites)), ("anchors, generated", len(anchors))))
    layers = (part_account, pickup_account, street_account, zone_account, cover_account, district_account, made)
    return city, sum(layers, account)


def _pickup_points(
    extract: Extract, ground: Ground, obstacles: Obstacles, buildings: tuple[Building, ...], wishes: Wishes
) -> tuple[tuple[Place, ...], Account]:
    """The mapped points, topped up at buildings to the number that is wished for."""
    mapped, account = pickup_points_of(extract, ground)
    generated = more_pickup_points(wishes.pickup_points - len(mapped), ground.area, obstacles, buildings)
    points = mapped + generated
    closed = len(points) - int(np.count_nonzero(_open(points, obstacles)))
    facts = (
        ("pickup points, mapped", len(mapped)),
        ("pickup points, generated at buildings", len(generated)),
        (f"pickup points within {ZONE_CLEARANCE_M:g} m of a no-fly zone", closed),
    )
    return points, account + Account((), facts)


def _not_used(extract: Extract) -> tuple[Row, ...]:
    """What people look for in the account and will not find on the map."""
    railways = sum(f.kind == "w" and "railway" in f.tags for f in extract.features)
    return (Row("railway ways", railways, 0, (("no use for these", railways),) if railways else ()),)


def _open(places: Sequence[Place], obstacles: Obstacles) -> np.ndarray:
    return obstacles.clear_of_zones(np.array([(p.x_m, p.y_m) for p in places]).reshape(-1, 2))


def _in_districts(spots: tuple[Spot, ...], districts: tuple[District, ...]) -> tuple[Spot, ...]:
    x_m, y_m = np.array([s.x_m for s in spots]), np.array([s.y_m for s in spots])
    names = district_of(districts, x_m, y_m)
    return tuple(replace(spot, district=name) for spot, name in zip(spots, names, strict=True))


def _notes(pickup_points: Sequence[Place]) -> tuple[str, ...]:
    notes = [
        "Buildings, streets and no-fly zones are from OpenStreetMap; zones are features of the map with a "
        "buffer, not official airspace.",
        f"A building without a height has {LEVEL_M:g} m per level, or {DEFAULT_HEIGHT_M:g} m.",
        "Depots, facilities, charging pads and anchors are generated, not mapped.",
    ]
    generated = sum(place.id.startswith("building-") for place in pickup_points)
    if generated:
        mapped = len(pickup_points) - generated
        notes.append(f"{mapped} pickup points are mapped; {generated} more are generated at buildings.")
    return tuple(notes)
