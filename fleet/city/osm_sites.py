"""What a map seldom says and a fleet needs: depots, facilities, charging pads, anchors, more pickup points.

All of it is placed by rule from what is mapped, without chance, so that the same file gives the same city.
The identifiers (`depot-1`, `building-w12`) tell generated places from mapped ones (`osm-n123`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from fleet.city.fields import ORDINARY
from fleet.city.model import Building, Place, Site, Zone
from fleet.city.osm_extract import Extract, Ground
from fleet.city.osm_rules import SITE_HIGHWAYS, is_open_ground, values_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MIN_PICKUP_POINTS = 150
ANCHOR_SPACING_M = 250.0
ZONE_CLEARANCE_M = 10.0
"""Generated places keep this far from every no-fly zone."""

TALL_M = 40.0
TALL_CLEARANCE_M = 10.0
"""Generated places keep this far from buildings above `TALL_M`, which a drone may not be able to fly over."""

WALL_CLEARANCE_M = 3.0
FALLBACK_STEP_M = 25.0
SITE_SPACING_M = 60.0


@dataclass(frozen=True, slots=True)
class SiteKind:
    """How many sites of a kind to place, and what each is like but for id and position (`pattern`)."""

    prefix: str
    number: int
    pattern: Site


SITE_KINDS: tuple[SiteKind, ...] = (
    SiteKind("depot", 2, Site("", 0.0, 0.0, base=True, pads=8, chargers=8)),
    SiteKind(
        "facility",
        3,
        Site("", 0.0, 0.0, accepts=ORDINARY, capacity_kg=20_000.0, pads=4, chargers=4),
    ),
    SiteKind("pad", 6, Site("", 0.0, 0.0, pads=2, chargers=2)),
)

SITES = sum(kind.number for kind in SITE_KINDS)


@dataclass(frozen=True)
class Obstacles:
    """What generated places keep away from."""

    buildings: tuple[Building, ...]
    zones: tuple[Zone, ...]

    def clear_of_zones(self, xy_m: Floats) -> npt.NDArray[np.bool_]:
        """Which rows (x, y) lie more than `ZONE_CLEARANCE_M` outside every zone."""
        return _clear(xy_m, [zone.area for zone in self.zones], ZONE_CLEARANCE_M)

    def clear_of_tall(self, xy_m: Floats) -> npt.NDArray[np.bool_]:
        """Which rows lie away from tall buildings."""
        tall = [b.footprint for b in self.buildings if b.height_m > TALL_M]
        return _clear(xy_m, tall, TALL_CLEARANCE_M)

    def clear_of_walls(self, xy_m: Floats) -> npt.NDArray[np.bool_]:
        """Which rows lie on open ground."""
        return _clear(xy_m, [b.footprint for b in self.buildings], WALL_CLEARANCE_M)


def _clear(xy_m: Floats, shapes: Sequence[BaseGeometry], distance_m: float) -> npt.NDArray[np.bool_]:
    free = np.ones(len(xy_m), dtype=np.bool_)
    if shapes and len(xy_m):
        hits = shapely.STRtree(shapes).query(shapely.points(xy_m), predicate="dwithin", distance=distance_m)
        free[hits[0]] = False
    return free


def site_spots(extract: Extract, ground: Ground, obstacles: Obstacles) -> Floats:
    """Where a site could stand: (n, 2) metres, corners of streets and car parks under the open sky.

    Only spots within the hull of the buildings, clear of zones, walls and tall buildings, and of these only
    the ones in the largest piece of open airspace: a depot walled in by no-fly zones would be of no use.
    Where that gives too few, any open ground of the box will do, on a grid of `FALLBACK_STEP_M`.
    """
    open_air = extract.with_tag(is_open_ground)
    streets = [f.line for f in open_air if f.tags.get("highway") in SITE_HIGHWAYS]
    parking = [f.area for f in open_air if "parking" in values_of(f.tags, "amenity")]
    corners = shapely.get_coordinates(ground.project(streets))
    middles = shapely.get_coordinates(shapely.point_on_surface(ground.project(parking)))
    hull = shapely.convex_hull(shapely.geometrycollections([b.footprint for b in obstacles.buildings]))
    built = shapely.intersection(hull, ground.area)
    spots = _usable(np.unique(np.vstack([corners, middles]), axis=0), built, ground, obstacles)
    if len(spots) < SITES:
        any_ground = _grid(ground.area.bounds, max(FALLBACK_STEP_M, *(side / 200.0 for side in ground.size_m)))
        spots = _usable(any_ground, ground.area, ground, obstacles)
    return spots


def _usable(xy_m: Floats, inside: BaseGeometry, ground: Ground, obstacles: Obstacles) -> Floats:
    xy_m = xy_m[shapely.intersects_xy(inside, xy_m[:, 0], xy_m[:, 1])]
    free = obstacles.clear_of_zones(xy_m) & obstacles.clear_of_tall(xy_m) & obstacles.clear_of_walls(xy_m)
    xy_m = xy_m[free]
    closed = shapely.union_all([zone.area for zone in obstacles.zones])
    pieces = shapely.get_parts(shapely.difference(ground.area, closed))
    held = [shapely.intersects_xy(piece, xy_m[:, 0], xy_m[:, 1]) for piece in pieces]
    return xy_m[max(held, key=np.count_nonzero)] if held else xy_m[:0]


def _grid(bounds: tuple[float, float, float, float], step_m: float) -> Floats:
    """Points every `step_m`, the whole centred in the bounds; rows from the south, each from the west."""
    west, south, east, north = bounds
    axes = []
    for low, high in ((west, east), (south, north)):
        steps = int((high - low) // step_m)
        axes.append(low + (high - low - steps * step_m) / 2.0 + step_m * np.arange(steps + 1))
    x_m, y_m = np.meshgrid(axes[0], axes[1])
    return np.column_stack([x_m.ravel(), y_m.ravel()])


def place_sites(spots: Floats) -> tuple[Site, ...]:
    """The sites of `SITE_KINDS` at spots (n, 2), each kind spread over the whole city by itself.

    Empty if there are fewer spots than sites.
    """
    if len(spots) < SITES:
        return ()
    taken: list[int] = []
    sites: list[Site] = []
    for kind in SITE_KINDS:
        for number, centre in enumerate(_centres(spots, kind.number), start=1):
            index = _nearest_free(spots, centre, taken)
            taken.append(index)
            x_m, y_m = (float(value) for value in spots[index])
            sites.append(replace(kind.pattern, id=f"{kind.prefix}-{number}", x_m=x_m, y_m=y_m))
    return tuple(sites)


def _centres(spots: Floats, number: int) -> Floats:
    """Middles of `number` groups of spots: k-means (Lloyd, "Least squares quantization in PCM", 1982) from
    farthest-point seeds (Gonzalez, 1985), so that no chance is needed."""
    chosen = [int(np.argmin(_distance_m(spots, spots.mean(axis=0))))]
    while len(chosen) < number:
        nearest = np.min([_distance_m(spots, spots[index]) for index in chosen], axis=0)
        chosen.append(int(np.argmax(nearest)))
    centres = spots[chosen]
    for _ in range(25):
        group = np.argmin([_distance_m(spots, centre) for centre in centres], axis=0)
        centres = np.array([
            spots[group == g].mean(axis=0) if np.any(group == g) else centres[g] for g in range(number)
        ])  # fmt: skip
    return centres


def _distance_m(xy_m: Floats, centre: Floats) -> Floats:
    return np.asarray(np.hypot(xy_m[:, 0] - centre[0], xy_m[:, 1] - centre[1]))


def _nearest_free(spots: Floats, centre: Floats, taken: list[int]) -> int:
    """The spot nearest to `centre` and `SITE_SPACING_M` from every taken one, else the farthest from them."""
    if not taken:
        return int(np.argmin(_distance_m(spots, centre)))
    room = np.min([_distance_m(spots, spots[index]) for index in taken], axis=0)
    if np.any(room >= SITE_SPACING_M):
        return int(np.argmin(np.where(room >= SITE_SPACING_M, _distance_m(spots, centre), np.inf)))
    return int(np.argmax(room))


def place_anchors(buildings: Sequence[Building], area: Polygon) -> tuple[Place, ...]:
    """Ranging anchors on a grid of `ANCHOR_SPACING_M` over the box of the buildings."""
    hull = shapely.envelope(shapely.geometrycollections([b.footprint for b in buildings]))
    inside = shapely.intersection(hull, area)
    spots = _grid(inside.bounds, ANCHOR_SPACING_M)
    return tuple(Place(f"anchor-{i}", float(x), float(y)) for i, (x, y) in enumerate(spots, start=1))


def more_pickup_points(
    missing: int, area: Polygon, obstacles: Obstacles, buildings: Sequence[Building]
) -> tuple[Place, ...]:
    """Up to `missing` pickup points at `buildings`, for places where hardly any are mapped.

    One point within the footprint for each of the largest buildings, every third along a curve that visits
    neighbours one after the other, which spreads them as the buildings are spread. Buildings in no-fly zones
    come last, tall ones not at all.
    """
    if missing <= 0:
        return ()
    houses = [b for b in buildings if b.height_m <= TALL_M]
    spots = shapely.get_coordinates(shapely.point_on_surface([b.footprint for b in houses]))
    usable = shapely.intersects_xy(area, spots[:, 0], spots[:, 1]) & obstacles.clear_of_tall(spots)
    shut = ~obstacles.clear_of_zones(spots)
    size_m2 = shapely.area([b.footprint for b in houses])
    order = [i for i in sorted(range(len(houses)), key=lambda i: (shut[i], -size_m2[i], i)) if usable[i]]
    pool = order[: max(missing, min(3 * missing, len(order) - int(np.count_nonzero(shut[order]))))]
    along = sorted(pool, key=lambda i: (_morton(spots[i], area), i))
    picked = [along[int(k)] for k in np.linspace(0, len(along), min(missing, len(along)), endpoint=False)]
    return tuple(Place(f"building-{houses[i].id}", float(spots[i, 0]), float(spots[i, 1])) for i in sorted(picked))


def _morton(spot: Floats, area: Polygon) -> int:
    """The spot's number along a Z-order curve over the area (Morton, 1966), 2^10 cells a side."""
    west, south, east, north = area.bounds
    column = int(1023 * (spot[0] - west) / (east - west))
    row = int(1023 * (spot[1] - south) / (north - south))
    return sum(((column >> bit & 1) << 2 * bit) | ((row >> bit & 1) << 2 * bit + 1) for bit in range(10))
