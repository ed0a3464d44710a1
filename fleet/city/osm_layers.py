"""From OpenStreetMap features in degrees to the layers of a map in metres: what is mapped, nothing made up.

Each function gives one layer and its counts. Identifiers carry the object's own: `w12` is way 12, `r5`
relation 5, `n123` node 123; a further part of the same object ends in `~2`, `~3` and so on.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, MultiPoint, Point, Polygon
from shapely.geometry.base import BaseGeometry

from fleet.city.model import Building, District, Place, Zone
from fleet.city.osm_extract import Counts, Extract, Feature, Ground, is_building
from fleet.city.osm_rules import (
    SEED_PLACES,
    Tags,
    ZoneRule,
    height_of,
    is_outdoors,
    is_pickup,
    matching_rules,
    materials_of,
)
from fleet.city.shapes import flat

ZONE_MARGIN_M = 500.0
"""How far outside the box zones still count: a drone may fly there on its way."""

MIN_ZONE_M2 = 1.0
"""Smaller slivers, left by clipping, are dropped: rounding in a map file could make them cross themselves."""

ARC_SEGMENTS = 4
"""Straight pieces per quarter of a round corner: 16 to a circle, few enough for fast path finding."""


def numbered(key: str, index: int) -> str:
    """The identifier of an object's part, from 0.

    >>> numbered("w12", 0), numbered("w12", 1)
    ('w12', 'w12~2')
    """
    return key if index == 0 else f"{key}~{index + 1}"


def containing_buffer(shape: BaseGeometry, buffer_m: float) -> BaseGeometry:
    """A polygon that contains everything within `buffer_m` of `shape`.

    Shapely draws round corners as chords, which lie inside the circle by the factor cos(pi / n) for n chords;
    the distance is enlarged by it, so that the chords, not the corners, touch the circle.
    """
    if buffer_m == 0.0:
        return shape
    enlarged_m = buffer_m / np.cos(np.pi / (4 * ARC_SEGMENTS))
    return shapely.buffer(shape, float(enlarged_m), quad_segs=ARC_SEGMENTS)


def buildings_of(extract: Extract, ground: Ground) -> tuple[tuple[Building, ...], Counts]:
    """Every closed outline that touches the box, whole, with its holes; each part becomes a building."""
    found = extract.buildings()
    tally: Counter[str] = Counter()
    buildings: list[Building] = []
    for feature, shape in zip(found, ground.project(found), strict=True):
        if not shape.is_valid:
            tally["invalid"] += 1
            continue
        if not shape.intersects(ground.area):
            tally["outside"] += 1
            continue
        height_m, source = height_of(feature.tags)
        tally[source] += 1
        tally["unclear"] += bool("height" in feature.tags and source != "height")
        for index, polygon in enumerate(flat(shape)):
            buildings.append(Building(numbered(feature.key, index), polygon, height_m))
    counts = (
        ("buildings", len(buildings)),
        ("buildings with a height", tally["height"]),
        ("buildings with a number of levels only", tally["levels"]),
        ("buildings of default height", tally["default"]),
        ("buildings whose height was not understood", tally["unclear"]),
        ("left out: building outlines that do not close", sum(is_building(tags) for tags in extract.broken)),
        ("left out: building outlines that cross themselves", tally["invalid"]),
        ("left out: buildings mapped as a point", sum(is_building(f.tags) for f in extract.points)),
        ("left out: buildings outside the box", tally["outside"]),
    )
    return tuple(buildings), counts


def zones_of(extract: Extract, ground: Ground, rules: tuple[ZoneRule, ...]) -> tuple[tuple[Zone, ...], Counts]:
    """The no-fly zones that `rules` put round features, clipped to the box and `ZONE_MARGIN_M` about it.

    A feature whose outline is cut at the border still closes the air along the piece that is there.
    """
    found = [(f, matching) for f in extract.features if (matching := matching_rules(f.tags, rules))]
    reach = shapely.buffer(ground.area, ZONE_MARGIN_M, join_style="mitre")
    zones: list[Zone] = []
    outside = 0
    for (feature, matching), shape in zip(found, ground.project([f for f, _ in found]), strict=True):
        before = len(zones)
        for rule in matching:
            clipped = shapely.intersection(containing_buffer(shape, rule.buffer_m), reach)
            pieces = [polygon for polygon in flat(clipped) if polygon.area >= MIN_ZONE_M2]
            for index, polygon in enumerate(pieces):
                zones.append(Zone(numbered(f"{rule.reason}-{feature.key}", index), rule.reason, polygon))
        outside += len(zones) == before
    reasons = Counter(zone.reason for zone in zones)
    counts = (
        ("no-fly zones", len(zones)),
        *((f"no-fly zones: {reason}", number) for reason, number in sorted(reasons.items())),
        ("left out: zone features out of reach of the box", outside),
        (
            "left out: zone features that do not close",
            sum(bool(matching_rules(t, rules)) for t in extract.broken),
        ),
    )
    return tuple(zones), counts


def pickup_points_of(extract: Extract, ground: Ground) -> tuple[tuple[Place, ...], Counts]:
    """Mapped recycling containers, waste baskets and disposals in the box; areas by a point within them."""
    found = [f for f in extract.points + extract.areas if is_pickup(f.tags)]
    tally: Counter[str] = Counter()
    places: list[Place] = []
    for feature, shape in zip(found, ground.project(found), strict=True):
        point = shape if isinstance(shape, Point) else shapely.point_on_surface(shape)
        materials = materials_of(feature.tags)
        if not ground.area.covers(point):
            tally["outside"] += 1
        elif not is_outdoors(feature.tags):
            tally["indoors"] += 1
        elif materials is None:
            tally["unknown"] += 1
        else:
            tally[_pickup_kind(feature.tags)] += 1
            places.append(Place(f"osm-{feature.key}", point.x, point.y, materials=materials))
    counts = (
        ("pickup points, mapped", len(places)),
        ("pickup points: recycling", tally["recycling"]),
        ("pickup points: waste_basket", tally["waste_basket"]),
        ("pickup points: waste_disposal", tally["waste_disposal"]),
        ("left out: pickup points indoors or on another level", tally["indoors"]),
        ("left out: pickup points for materials we do not know", tally["unknown"]),
        ("left out: pickup points outside the box", tally["outside"]),
        ("left out: pickup points whose outline does not close", sum(is_pickup(t) for t in extract.broken)),
    )
    return tuple(places), counts


def _pickup_kind(tags: Tags) -> str:
    return next(kind for kind in ("recycling", "waste_basket", "waste_disposal") if kind in tags["amenity"])


def streets_of(extract: Extract, ground: Ground) -> tuple[tuple[LineString, ...], Counts]:
    """Every highway, of whatever kind, clipped to the box."""
    found = [f for f in extract.lines if "highway" in f.tags]
    clipped = shapely.get_parts(shapely.intersection(ground.project(found), ground.area))
    streets = tuple(piece for piece in clipped if isinstance(piece, LineString) and piece.length > 0.0)
    return streets, (("streets", len(streets)), ("streets: ways in the file", len(found)))


@dataclass(frozen=True, slots=True)
class Seed:
    """A named point about which a district lies."""

    id: str
    name: str
    x_m: float
    y_m: float


def districts_of(extract: Extract, ground: Ground) -> tuple[tuple[District, ...], Counts]:
    """Districts about the mapped suburb, quarter and neighbourhood points; with fewer than 2, box quarters.

    Administrative outlines would be better, but extracts cut nearly all of them.
    """
    found = sorted(
        (f for f in extract.points if f.tags.get("place") in SEED_PLACES and f.tags.get("name")),
        key=lambda f: f.osm_id,
    )
    shapes = ground.project(found)
    seeds = _seeds([(f, p) for f, p in zip(found, shapes, strict=True) if ground.area.covers(p)])
    if len(seeds) >= 2:
        return voronoi_districts(seeds, ground.area), (("districts, round mapped places", len(seeds)),)
    return _quarters(ground.area), (("districts, quarters of the box", 4),)


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
