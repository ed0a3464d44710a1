"""Makes maps/neo-terra.geojson, the invented city that examples and tests run on.

    python tools/make_neo_terra.py [-o maps/neo-terra.geojson] [--seed 1] [--scale 1.0]

Neo-Terra is a square of 4 x 4 km (times the scale): a warped street grid, denser in the middle, cut by a
river and a diagonal avenue; eight districts; towers in the centre that a drone has to fly round; an airfield
at the edge. Every draw comes from a named stream of the seed, and the map file is rounded to a centimetre, so
the same arguments write the same bytes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from neo_terra_tables import (
    ANCHOR_STEP_M,
    AVENUE_EVERY,
    BUILDINGS,
    CENTRE,
    DISTRICTS,
    HALF_M,
    HEIGHT_M,
    MATERIALS_TAKEN,
    MIDDLE_M,
    PICKUP_POINTS,
    SITES,
    TOWER_M,
    TOWERS,
    ZONE_CLEARANCE_M,
    ZONES,
)
from shapely import LineString, Point, Polygon, affinity
from shapely.geometry.base import BaseGeometry
from street_crossings import joined

from fleet.base.errors import FleetError
from fleet.base.streams import Streams
from fleet.city.model import Building, City, District, Place, Site, Street, Zone
from fleet.city.osm_layers import Seed, voronoi_districts
from fleet.city.save import write_geojson
from fleet.city.shapes import flat

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """The bones of the city, before anything is built: metres about the centre."""

    scale: float
    square: Polygon
    river: Polygon
    avenue: LineString
    zones: tuple[Zone, ...]
    nodes: Floats
    """Street corners, (rows, columns, 2)."""

    @property
    def kept_free(self) -> BaseGeometry:
        """Where no house stands: water, the avenue, the plaza, airfield and stadium."""
        open_zones = [zone.area for zone in self.zones if zone.reason in ("airfield", "stadium")]
        plaza = Point(*(self.scale * value for value in MIDDLE_M)).buffer(75.0)
        return shapely.union_all([self.river.buffer(12.0), self.avenue.buffer(17.0), plaza, *open_zones])


def make_city(seed: int = 1, scale: float = 1.0) -> City:
    """Neo-Terra. `scale` stretches the square's side; blocks keep their size, so there are more of them."""
    streams = Streams(seed)
    plan = _plan(streams.generator("neo-terra/streets"), scale)
    streets = _streets(plan)
    houses = _houses(plan, streams.generator("neo-terra/blocks"))
    towers = _towers(plan, streams.generator("neo-terra/towers"))
    sites = _sites(plan, towers)
    buildings = _buildings(houses, towers, sites, streams.generator("neo-terra/heights"), scale)
    seeds = [Seed(d[0], d[1], scale * d[2], scale * d[3]) for d in DISTRICTS]
    districts = voronoi_districts(seeds, plan.square)
    return City(
        name="Neo-Terra",
        frame=CENTRE,
        buildings=buildings,
        districts=districts,
        zones=plan.zones,
        sites=sites,
        pickup_points=_pickup_points(
            plan, streets, buildings, sites, districts, streams.generator("neo-terra/pickup-points")
        ),
        anchors=_anchors(plan.square),
        streets=tuple(Street(line) for line in joined(streets)),
        notes=(f"An invented city: made by tools/make_neo_terra.py with seed {seed} and scale {scale:g}.",),
    )


def _plan(rng: np.random.Generator, scale: float) -> Plan:
    half_m = HALF_M * scale
    square = shapely.box(-half_m, -half_m, half_m, half_m)
    avenue = LineString([(-0.72 * half_m, -0.62 * half_m), _scaled(MIDDLE_M, scale), (0.83 * half_m, half_m)])
    zones = tuple(Zone(name, reason, _zone_area(reason, scale, box)) for name, reason, *box in ZONES)
    return Plan(scale, square, _river(half_m, square), avenue, zones, _nodes(rng, half_m))


def _scaled(xy_m: tuple[float, float], scale: float) -> tuple[float, float]:
    return xy_m[0] * scale, xy_m[1] * scale


def _zone_area(reason: str, scale: float, box: list[float]) -> Polygon:
    x_m, y_m, length_m, width_m, turn_deg = box
    if reason == "stadium":
        round_ = Point(0.0, 0.0).buffer(0.5, quad_segs=6)
        shape = affinity.scale(round_, length_m, width_m)
    else:
        shape = shapely.box(-length_m / 2, -width_m / 2, length_m / 2, width_m / 2)
    size = min(1.0, scale)
    smaller = affinity.scale(shape, size, size, origin=(0.0, 0.0))
    return affinity.translate(affinity.rotate(smaller, turn_deg, origin=(0.0, 0.0)), scale * x_m, scale * y_m)


def _river(half_m: float, square: Polygon) -> Polygon:
    """A winding band from the west edge to the east edge, wider towards the harbour."""
    t = np.linspace(-1.1, 1.1, 45)
    y = -0.28 * t + 0.14 * np.sin(2.0 * np.pi * t / 1.3 + 0.4)
    width_m = 95.0 + 45.0 * (t + 1.0)
    middle = np.column_stack([t, y]) * half_m
    along = np.gradient(middle, axis=0)
    across = np.column_stack([-along[:, 1], along[:, 0]]) / np.linalg.norm(along, axis=1)[:, None]
    bank = across * width_m[:, None] / 2.0
    return next(flat(shapely.intersection(Polygon(np.vstack([middle + bank, (middle - bank)[::-1]])), square)))


def _nodes(rng: np.random.Generator, half_m: float) -> Floats:
    """Street corners: two sets of uneven lines, closer in the middle, bent by slow waves, corners nudged."""
    reach = 1.08 * half_m
    axes = []
    for middle in MIDDLE_M:
        line_m = [-reach]
        while line_m[-1] < reach:
            outward = min(1.0, abs(line_m[-1] - middle) / half_m)
            line_m.append(line_m[-1] + float(rng.uniform(78.0, 98.0) + 62.0 * outward))
        axes.append(np.array(line_m))
    u, v = np.meshgrid(axes[0], axes[1], indexing="ij")
    x = u + 65.0 * np.sin(v / 490.0 + 1.0) + 25.0 * np.sin(v / 170.0)
    y = v + 75.0 * np.sin(u / 430.0) + 20.0 * np.sin(u / 190.0 + 2.0)
    return np.stack([x, y], axis=-1) + rng.uniform(-6.0, 6.0, (*u.shape, 2))


def _is_avenue(line: int) -> bool:
    return line % AVENUE_EVERY == 2


def _streets(plan: Plan) -> tuple[LineString, ...]:
    """Grid lines and the diagonal. Only avenues have bridges; nothing crosses airfield and stadium."""
    closed = shapely.union_all([z.area for z in plan.zones if z.reason in ("airfield", "stadium")])
    rows, columns, _ = plan.nodes.shape
    lines = [(plan.nodes[i], _is_avenue(i)) for i in range(rows)]
    lines += [(plan.nodes[:, j], _is_avenue(j)) for j in range(columns)]
    lines.append((np.array(plan.avenue.coords), True))
    streets: list[LineString] = []
    for points, bridged in lines:
        blocked = closed if bridged else closed.union(plan.river)
        left = shapely.difference(shapely.intersection(LineString(points), plan.square), blocked)
        streets += [part for part in shapely.get_parts(left) if part.length >= 40.0]
    return tuple(streets)


def _blocks(plan: Plan) -> Iterator[Polygon]:
    """The ground between four corners, less half a street on each side."""
    rows, columns, _ = plan.nodes.shape
    for i in range(rows - 1):
        for j in range(columns - 1):
            kerb_m = 12.0 if any(_is_avenue(k) for k in (i, i + 1, j, j + 1)) else 8.0
            cell = Polygon(plan.nodes[[i, i + 1, i + 1, i], [j, j, j + 1, j + 1]])
            block = cell.buffer(-kerb_m, join_style="mitre")
            corners = len(block.exterior.coords) - 1
            if corners == 4 and plan.square.contains(cell):
                yield block


def _houses(plan: Plan, rng: np.random.Generator) -> list[Polygon]:
    """Blocks cut into one to four lots; a few are built round a court, a few houses are L-shaped."""
    free = plan.kept_free
    shapely.prepare(free)
    houses: list[Polygon] = []
    for block in _blocks(plan):
        middle = np.array(block.centroid.coords[0]) / plan.scale
        nearness = float(np.exp(-np.hypot(*(middle - MIDDLE_M)) / 1100.0))
        park, kind = rng.random(), rng.random()
        lots = int(rng.integers(2, 5)) if nearness > 0.3 else int(rng.integers(1, 5))
        cuts = rng.uniform(-0.12, 0.12, 5)
        corner = rng.random(4)
        if park < 0.10 - 0.08 * nearness:
            continue
        if kind < 0.12 * nearness + 0.02 and block.area > 2500.0:
            court = block.buffer(-14.0, join_style="mitre")
            drawn = [Polygon(block.exterior, [court.exterior])] if isinstance(court, Polygon) else []
        else:
            drawn = [_l_shaped(lot, corner[n]) for n, lot in enumerate(_lots(block, lots, cuts))]
        houses += [h for h in drawn if h.is_valid and h.area >= 120.0 and not free.intersects(h)]
    return houses


def _lots(block: Polygon, number: int, cuts: Floats) -> Iterator[Polygon]:
    """Strips across the longer side with a gap of about 5 m between them."""
    a, b, c, d = np.array(block.exterior.coords)[:4]
    if np.linalg.norm(b - a) < np.linalg.norm(d - a):
        a, b, c, d = b, c, d, a
    gap = 2.5 / float(np.linalg.norm(b - a))
    edges = np.linspace(0.0, 1.0, number + 1)
    edges[1:-1] += cuts[1:number] / number
    for low, high in pairwise(edges):
        left, right = low + gap * (low > 0.0), high - gap * (high < 1.0)
        yield Polygon([a + left * (b - a), a + right * (b - a), d + right * (c - d), d + left * (c - d)])


def _l_shaped(lot: Polygon, chance: float) -> Polygon:
    """One lot in four loses a corner to a yard."""
    if chance >= 0.25:
        return lot
    a, b, c, d = np.array(lot.exterior.coords)[:4]
    share = 0.35 + chance
    inner = a + (1.0 - share) * (b - a) + (1.0 - share) * (d - a)
    return Polygon([a, b, b + (1.0 - share) * (c - b), inner, d + (1.0 - share) * (c - d), d])


def _towers(plan: Plan, rng: np.random.Generator) -> list[Building]:
    """Slim high buildings on blocks round the middle, apart from each other."""
    middle = Point(_scaled(MIDDLE_M, plan.scale))
    free = shapely.union_all([plan.kept_free, *(zone.area.buffer(40.0) for zone in plan.zones)])
    spots = [b.centroid for b in _blocks(plan) if 90.0 < b.centroid.distance(middle) < 620.0]
    towers: list[Building] = []
    for index in rng.permutation(len(spots)):
        side_m, turn_deg, height_m = rng.uniform(28.0, 38.0), rng.uniform(0.0, 20.0), rng.uniform(*TOWER_M)
        spot = spots[index]
        plot = affinity.rotate(spot.buffer(side_m / 2.0, cap_style="square"), turn_deg)
        apart = all(plot.distance(tower.footprint) > 90.0 for tower in towers)
        if len(towers) < TOWERS and apart and not plot.intersects(free):
            towers.append(Building(f"tower-{len(towers) + 1}", plot, round(float(height_m), 1)))
    return towers


def _sites(plan: Plan, towers: Sequence[Building]) -> tuple[Site, ...]:
    """Each site at the free street corner nearest to where it would like to stand."""
    corners = plan.nodes.reshape(-1, 2)
    points = shapely.points(corners)
    kept = shapely.union_all([plan.river, *(zone.area for zone in plan.zones)])
    free = shapely.contains(plan.square.buffer(-60.0), points) & (shapely.distance(kept, points) > 40.0)
    free &= shapely.distance(shapely.union_all([t.footprint for t in towers]), points) > 40.0
    sites: list[Site] = []
    for name, x_m, y_m, _, like in SITES:
        away = np.hypot(corners[:, 0] - plan.scale * x_m, corners[:, 1] - plan.scale * y_m)
        index = int(np.argmin(np.where(free, away, np.inf)))
        x, y = (float(value) for value in corners[index])
        free &= np.hypot(corners[:, 0] - x, corners[:, 1] - y) > 120.0
        sites.append(replace(like, id=name, x_m=x, y_m=y))
    return tuple(sites)


def _buildings(
    houses: Sequence[Polygon],
    towers: Sequence[Building],
    sites: Sequence[Site],
    rng: np.random.Generator,
    scale: float,
) -> tuple[Building, ...]:
    """Houses that leave room for towers and yards, thinned to about `BUILDINGS`, with heights.

    Heights are lognormal, median 11 m at the edge and 22 m in the middle.
    """
    yards = [Point(s.x_m, s.y_m).buffer(row[3]) for s, row in zip(sites, SITES, strict=True)]
    taken = shapely.union_all([*yards, *(tower.footprint.buffer(8.0) for tower in towers)])
    left = [house for house in houses if not house.intersects(taken)]
    keep = np.sort(rng.permutation(len(left))[: round(BUILDINGS * scale**2) - len(towers)])
    buildings = list(towers)
    for number, index in enumerate(keep, start=1):
        middle = np.array(left[index].centroid.coords[0]) / scale
        nearness = float(np.exp(-np.hypot(*(middle - MIDDLE_M)) / 800.0))
        drawn_m = (11.0 + 11.0 * nearness) * float(np.exp(0.4 * rng.standard_normal()))
        height_m = round(min(max(drawn_m, HEIGHT_M[0]), HEIGHT_M[1]), 1)
        buildings.append(Building(f"b{number}", left[index], height_m))
    return tuple(buildings)


def _pickup_points(
    plan: Plan,
    streets: Sequence[LineString],
    buildings: Sequence[Building],
    sites: Sequence[Site],
    districts: Sequence[District],
    rng: np.random.Generator,
) -> tuple[Place, ...]:
    """Points at the kerb: by district in proportion to area and density, none where a drone may not land."""
    share = np.array([d.area.area * row[4] for d, row in zip(districts, DISTRICTS, strict=True)])
    whole = round(PICKUP_POINTS * plan.scale**2)
    quota = np.diff(np.round(whole * np.cumsum(share) / share.sum()), prepend=0.0).astype(int)
    shut = [plan.river.buffer(8.0), *(zone.area.buffer(ZONE_CLEARANCE_M) for zone in plan.zones)]
    shut += [b.footprint.buffer(12.0 if b.height_m > HEIGHT_M[1] else 1.0) for b in buildings]
    closed = shapely.STRtree(shut)
    inner = plan.square.buffer(-20.0)
    ends_m = np.cumsum([street.length for street in streets])
    chances, taken = zip(*MATERIALS_TAKEN, strict=True)
    spots = [(s.x_m, s.y_m) for s in sites]
    found: dict[str, list[tuple[float, float]]] = {d.id: [] for d in districts}
    while any(len(found[d.id]) < n for d, n in zip(districts, quota, strict=True)):
        at_m, side = float(rng.uniform(0.0, ends_m[-1])), float(rng.choice([-4.0, 4.0]))
        index = int(np.searchsorted(ends_m, at_m))
        spot = _beside(streets[index], float(ends_m[index]) - at_m, side)
        home = next((k for k, d in enumerate(districts) if d.area.contains(spot)), None)
        if home is None or len(found[districts[home].id]) >= quota[home] or not inner.contains(spot):
            continue
        near = np.hypot(*(np.array(spots) - (spot.x, spot.y)).T) < 14.0
        if not near.any() and not len(closed.query(spot, predicate="intersects")):
            spots.append((spot.x, spot.y))
            found[districts[home].id].append((spot.x, spot.y))
    return tuple(
        Place(f"{name}-{n}", x, y, materials=taken[int(rng.choice(len(taken), p=chances))])
        for name, here in found.items()
        for n, (x, y) in enumerate(here, start=1)
    )


def _beside(street: LineString, at_m: float, side_m: float) -> Point:
    """The point `side_m` to the left of the street, `at_m` along it."""
    here, ahead = street.interpolate(at_m), street.interpolate(at_m + 1.0)
    back = street.interpolate(max(0.0, at_m - 1.0))
    dx, dy = ahead.x - back.x, ahead.y - back.y
    length = float(np.hypot(dx, dy))
    return Point(here.x - side_m * dy / length, here.y + side_m * dx / length)


def _anchors(square: Polygon) -> tuple[Place, ...]:
    """Ranging anchors every `ANCHOR_STEP_M`, corners included; rows from the south."""
    west, south, east, north = square.bounds
    columns = round((east - west) / ANCHOR_STEP_M)
    rows = round((north - south) / ANCHOR_STEP_M)
    x, y = np.meshgrid(np.linspace(west, east, columns + 1), np.linspace(south, north, rows + 1))
    spots = zip(x.ravel(), y.ravel(), strict=True)
    return tuple(Place(f"anchor-{n}", float(a), float(b)) for n, (a, b) in enumerate(spots, start=1))


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the map of the invented city Neo-Terra.")
    parser.add_argument("-o", "--output", type=Path, default=Path("maps/neo-terra.geojson"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0, help="side of the square in units of 4 km")
    given = parser.parse_args()
    if not 0.5 <= given.scale <= 4.0:
        parser.error(f"--scale: expected a number from 0.5 to 4, found {given.scale:g}")
    if given.seed < 0:
        parser.error(f"--seed: expected a number of at least 0, found {given.seed}")
    city = make_city(given.seed, given.scale)
    try:
        write_geojson(city, given.output)
    except FleetError as error:
        parser.error(str(error))
    print(f"{given.output}: {len(city.buildings)} buildings, {len(city.pickup_points)} pickup points")


if __name__ == "__main__":
    main()
