"""Shortest paths the plain way, with Shapely and SciPy alone; and ground to try them on.

Every vertex of the merged outline is a node, every pair of nodes is tried: slow, and simple enough to trust.
"""

import numpy as np
import shapely
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from shapely import MultiPoint, Polygon, box

DEEP_M = 5e-7
"""Further in than this counts as inside: well above rounding, below what lengths are compared to."""

# Whole numbers on a small grid make touching sides, shared corners, points in line and on corners the rule.
GRID = st.integers(-6, 6)
SPOT = st.tuples(GRID, GRID)
BOXES = st.tuples(SPOT, st.integers(1, 5), st.integers(1, 5)).map(
    lambda v: box(v[0][0], v[0][1], v[0][0] + v[1], v[0][1] + v[2])
)
HULLS = (
    st.lists(SPOT, min_size=3, max_size=6, unique=True)
    .map(lambda vs: MultiPoint(vs).convex_hull)
    .filter(lambda hull: isinstance(hull, Polygon))
)
RINGS = BOXES.map(lambda b: b.buffer(2, join_style="mitre").difference(b))
KNOTS = st.lists(SPOT, min_size=4, max_size=8, unique=True).map(Polygon).filter(lambda knot: knot.length > 0)
"""Concave rings, most of which cross themselves."""

GROUND = st.lists(st.one_of(BOXES, HULLS, RINGS, KNOTS), max_size=6)
POINTS = st.lists(SPOT, min_size=2, max_size=7)


def union(polygons):
    parts = shapely.get_parts([shapely.make_valid(polygon) for polygon in polygons])
    areas = shapely.get_parts(parts)  # a valid knot may be a collection of a multipolygon and lines
    areas = areas[shapely.get_dimensions(areas) == 2]
    merged = shapely.union_all(areas)
    if shapely.area(shapely.difference(areas, merged)).max(initial=0.0) > 1e-6:
        merged = shapely.union_all(areas, grid_size=1e-10)  # GEOS loses a polygon now and then
    return merged


def lengths(polygons, points):
    """(n, n): the lengths of the shortest ways between points amid polygons, inf where there is none."""
    merged = union(polygons)
    nodes = np.concatenate([points, np.unique(shapely.get_coordinates(merged), axis=0)])
    a, b = np.triu_indices(len(nodes), 1)
    clear = np.ones(len(a), dtype=bool) if merged.is_empty else is_clear(merged, nodes[a], nodes[b])
    a, b = a[clear], b[clear]
    away = np.maximum(np.hypot(*(nodes[a] - nodes[b]).T), 1e-300)  # a stored zero would be no edge
    graph = csr_array((away, (a, b)), shape=(len(nodes), len(nodes)))
    return dijkstra(graph, directed=False, indices=range(len(points)))[:, : len(points)]


def is_clear(merged, start, end):
    """For each leg whether no piece of it, from one meeting with the outline to the next, is deep inside."""
    outline = merged.boundary
    met, leg = shapely.get_coordinates(
        shapely.intersection(shapely.linestrings(np.stack([start, end], axis=1)), outline), return_index=True
    )
    past, past_leg = passed(np.unique(shapely.get_coordinates(outline), axis=0), start, end)
    ends = np.arange(len(start))
    leg = np.concatenate([ends, ends, leg, past_leg])
    where = np.concatenate([start, end, met, past])
    along = np.einsum("ij,ij->i", where - start[leg], (end - start)[leg])
    order = np.lexsort((along, leg))
    leg, where = leg[order], where[order]
    same = leg[1:] == leg[:-1]
    middle = (0.5 * (where[1:] + where[:-1]))[same]
    shapely.prepare(merged)
    inside = shapely.contains_xy(merged, *middle.T)
    inside[inside] = shapely.distance(outline, shapely.points(middle[inside])) > DEEP_M
    clear = np.ones(len(start), dtype=bool)
    clear[leg[1:][same][inside]] = False
    return clear


def passed(vertices, start, end):
    """(places, legs): where legs pass vertices so closely that rounding may hide that they meet."""
    way = end - start
    square = np.maximum(np.einsum("ij,ij->i", way, way), 1e-300)
    places, legs = [np.empty((0, 2))], [np.empty(0, dtype=int)]
    for vertex in vertices:
        part = np.clip(np.einsum("ij,ij->i", vertex - start, way) / square, 0.0, 1.0)
        there = start + part[:, None] * way
        near = np.nonzero(np.hypot(*(there - vertex).T) < DEEP_M)[0]
        places.append(there[near])
        legs.append(near)
    return np.concatenate(places), np.concatenate(legs)


def stars(count, half_m, radius_m, rng):
    """Concave polygons of 8 to 20 vertices that may overlap."""
    for _ in range(count):
        corners = int(rng.integers(8, 21))
        angle = 2 * np.pi * (np.arange(corners) + rng.uniform(0.1, 0.9, corners)) / corners
        far = rng.uniform(0.4, 1.0, corners) * radius_m * rng.uniform(0.3, 1.0)
        rim = np.column_stack([far * np.cos(angle), far * np.sin(angle)])
        yield Polygon(rng.uniform(-half_m, half_m, 2) + rim)


def walked(line):
    return float(np.hypot(*np.diff(line, axis=0).T).sum())
