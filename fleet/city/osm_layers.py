"""From OpenStreetMap features in degrees to the layers of a map in metres: what is mapped, nothing made up.

Each function gives one layer and its account; buildings, zones, streets and the ground have files of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import shapely
from shapely import MultiPoint, Point, Polygon

from fleet.city.model import District, Place
from fleet.city.osm_extract import OFF_EARTH, OUTSIDE, Extract, Feature, Ground
from fleet.city.osm_rules import (
    PICKUP_AMENITIES,
    SEED_PLACES,
    Tags,
    is_outdoors,
    is_pickup,
    materials_of,
    values_of,
)
from fleet.city.osm_tally import Account, Tallies


def pickup_points_of(extract: Extract, ground: Ground) -> tuple[tuple[Place, ...], Account]:
    """Mapped recycling containers, waste baskets and disposals in the box; areas by a point within them."""
    found = extract.with_tag(is_pickup)
    tallies = Tallies(f"amenity={amenity}" for amenity in PICKUP_AMENITIES)
    places: list[Place] = []
    for feature, shape in zip(found, ground.project([f.geometry for f in found]), strict=True):
        point = shape if isinstance(shape, Point) else shapely.point_on_surface(shape)
        materials = materials_of(feature.tags)
        tally = tallies[f"amenity={_pickup_kind(feature.tags)}"]
        if tally.add(_why_no_pickup(feature, point, ground, materials)):
            places.append(Place(f"osm-{feature.key}", point.x, point.y, materials=materials or ()))
    return tuple(places), Account(tallies.rows())


def _why_no_pickup(feature: Feature, point: Point, ground: Ground, materials: tuple[str, ...] | None) -> str:
    if feature.area is None and feature.kind != "n":
        return feature.why_no_area
    if point.is_empty:
        return OFF_EARTH
    if not ground.area.covers(point):
        return OUTSIDE
    if not is_outdoors(feature.tags):
        return "indoors or on another level"
    return "for materials we do not know" if materials is None else ""


def _pickup_kind(tags: Tags) -> str:
    return next(kind for kind in PICKUP_AMENITIES if kind in values_of(tags, "amenity"))


@dataclass(frozen=True, slots=True)
class Seed:
    """A named point about which a district lies."""

    id: str
    name: str
    x_m: float
    y_m: float


def districts_of(extract: Extract, ground: Ground) -> tuple[tuple[District, ...], Account]:
    """Districts about the mapped suburb, quarter and neighbourhood points; with fewer than 2, box quarters.

    Administrative outlines would be better, but extracts cut nearly all of them.
    """
    found = [
        f for f in extract.features if f.kind == "n" and f.tags.get("place") in SEED_PLACES and f.tags.get("name")
    ]
    shapes = ground.project([f.geometry for f in found])
    seeds = _seeds([(f, p) for f, p in zip(found, shapes, strict=True) if ground.area.covers(p)])
    if len(seeds) >= 2:
        return voronoi_districts(seeds, ground.area), Account(
            (), (("districts, round mapped places", len(seeds)),)
        )
    return _quarters(ground.area), Account((), (("districts, quarters of the box", 4),))


def _seeds(found: Iterable[tuple[Feature, Point]]) -> list[Seed]:
    seeds: dict[str, Seed] = {}
    spots: set[tuple[float, float]] = set()
    for feature, point in found:
        spot = (round(point.x, 2), round(point.y, 2))
        if spot in spots:  # two names on one spot cannot part the ground between them
            continue
        spots.add(spot)
        name = feature.tags["name"]
        slug = slug_of(name) or feature.key
        if slug in seeds:
            slug = f"{slug}-{feature.key}"
        seeds[slug] = Seed(slug, name, point.x, point.y)
    return list(seeds.values())


def slug_of(name: str) -> str:
    """A name in plain small letters; empty where it has none.

    >>> slug_of("Sainte-Dévote"), slug_of("O'Donnell Heights")
    ('sainte-devote', 'o-donnell-heights')
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def voronoi_districts(seeds: Sequence[Seed], area: Polygon) -> tuple[District, ...]:
    """One district per seed, in the seeds' order: the ground nearer to it than to any other seed.

    The districts tile `area`, which must be convex; the seeds lie in it, on two spots at least.
    """
    points = shapely.points([[seed.x_m, seed.y_m] for seed in seeds])
    cells = shapely.get_parts(shapely.voronoi_polygons(MultiPoint(list(points)), extend_to=area))
    tree = shapely.STRtree(cells)
    cell_of = dict(zip(*tree.query(points, predicate="intersects").tolist(), strict=True))
    shares = shapely.intersection(cells[[cell_of[index] for index in range(len(seeds))]], area)
    return tuple(District(s.id, s.name, share) for s, share in zip(seeds, shares, strict=True))


def _quarters(area: Polygon) -> tuple[District, ...]:
    west, south, east, north = area.bounds
    x_m, y_m = (west + east) / 2.0, (south + north) / 2.0
    return (
        District("south-west", "South-west", shapely.box(west, south, x_m, y_m)),
        District("south-east", "South-east", shapely.box(x_m, south, east, y_m)),
        District("north-west", "North-west", shapely.box(west, y_m, x_m, north)),
        District("north-east", "North-east", shapely.box(x_m, y_m, east, north)),
    )
