"""Shortest legal paths amid closed ground.

A shortest path in the plane among polygons bends only at their convex corners (Lozano-Perez and Wesley, "An
algorithm for planning collision-free paths among polyhedral obstacles", CACM 22(10), 1979). So: which corners
see each other, once per airspace; which corners each point sees; Dijkstra from each point over the corners;
and for each pair the best last corner, unless the two see each other. Only corners at which the leg is
tangent are kept, which leaves a few edges per corner.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from shapely import Polygon

from fleet.base.errors import InfeasibleError
from fleet.city.shapes import flat
from fleet.city.sight import Corners, Sight, corners_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

_BLOCK = 1 << 20
"""Cells of a (points, corners) table worked on at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Bent:
    """Every straight leg of every path with a bend, for pairs (row, col) with row < col, in path order.

    Leg k runs (dx, dy) metres on the path from `row[k]` to `col[k]`; on the way back it runs (-dx, -dy).
    The legs of a pair stand together, and add up to the vector between its two points.
    """

    row: Ints
    col: Ints
    dx: Floats
    dy: Floats


@dataclass(frozen=True, slots=True, eq=False)
class PathNetwork:
    """Shortest legal paths between all pairs of n points.

    `length_m` is (n, n), symmetric, zero on the diagonal and inf where there is no legal path. `last[i, j]`,
    for i < j, is the corner before j on the path from i, or -1 where the path is straight or missing;
    `before[i, c]` is the corner before corner c on the way from i, or -1 where the way is straight.
    """

    x_m: Floats
    y_m: Floats
    corner_x_m: Floats
    corner_y_m: Floats
    length_m: Floats
    last: Ints
    before: Ints

    def path(self, i: int, j: int) -> Floats:
        """The polyline from point i to point j, shape (k, 2), both ends included.

        Raises InfeasibleError when there is no legal path.
        """
        if not np.isfinite(self.length_m[i, j]):
            raise InfeasibleError(f"there is no legal path from point {i} to point {j}")
        low, high = min(i, j), max(i, j)
        bends: list[int] = []
        corner = int(self.last[low, high])
        while corner >= 0:
            bends.append(corner)
            corner = int(self.before[low, corner])
        bends.reverse()
        x = [self.x_m[low], *self.corner_x_m[bends], self.x_m[high]]
        y = [self.y_m[low], *self.corner_y_m[bends], self.y_m[high]]
        line = np.column_stack([x, y]).astype(np.float64)
        # A point may stand on a corner; the two ends stay even when they are the same place.
        moves = np.any(line[1:] != line[:-1], axis=1)
        line = np.concatenate([line[:1], line[1:][moves]]) if moves.any() else line[[0, -1]]
        return line if i <= j else line[::-1].copy()

    def bent(self) -> Bent:
        """The legs of all paths that are not straight; see `Bent`."""
        row, col = np.nonzero(np.triu(self.last >= 0, 1))
        corner = self.last[row, col]
        parts = [(row, col, self.x_m[col] - self.corner_x_m[corner], self.y_m[col] - self.corner_y_m[corner])]
        while len(row):
            back = self.before[row, corner]
            bend = back >= 0
            from_x = np.where(bend, self.corner_x_m[back], self.x_m[row])
            from_y = np.where(bend, self.corner_y_m[back], self.y_m[row])
            parts.append((row, col, self.corner_x_m[corner] - from_x, self.corner_y_m[corner] - from_y))
            row, col, corner = row[bend], col[bend], back[bend]
        step = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts])
        rows, cols, dx, dy = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((-step, cols, rows))
        return Bent(rows[order].astype(np.int32), cols[order].astype(np.int32), dx[order], dy[order])


class Airspace:
    """Closed ground and the legal ways round it.

    `obstacles` are polygons in local metres, such as `fleet.city.airspace.obstacles` gives; they may overlap,
    touch and nest. The interior is closed, the edge is open (to within `sight.SKIN_M`).
    """

    def __init__(self, obstacles: Sequence[Polygon]) -> None:
        merged = shapely.union_all(np.array(list(obstacles), dtype=object))
        self.obstacles: tuple[Polygon, ...] = tuple(flat(merged))
        self._sight = Sight(self.obstacles)

    def blocked(self, x_m: npt.ArrayLike, y_m: npt.ArrayLike) -> Bools:
        """For each point whether it lies strictly inside an obstacle."""
        return self._sight.inside(np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64))

    def network(self, x_m: npt.ArrayLike, y_m: npt.ArrayLike) -> PathNetwork:
        """The shortest legal paths between all pairs of points, given as two arrays of shape (n,)."""
        x, y = np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)
        straight = np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :])
        last = np.full((len(x), len(x)), -1, dtype=np.int32)
        before = np.full((len(x), len(self._corners.x_m)), -1, dtype=np.int32)
        if self.obstacles:
            length = np.where(self._seen(x, y), straight, np.inf)
            self._go_round(x, y, length, last, before)
            np.fill_diagonal(length, 0.0)
        else:
            length = straight
        return PathNetwork(x, y, self._corners.x_m, self._corners.y_m, length, last, before)

    def path(self, x0: float, y0: float, x1: float, y1: float) -> Floats | None:
        """The shortest legal polyline between two points, shape (k, 2) with both ends, or None.

        A start inside an obstacle (a vehicle towed there) first leaves it by the nearest point of its edge;
        should that lead into a closed courtyard, by the nearest point of its outer edge.
        """
        if self.blocked([x1], [y1])[0]:
            return None
        for x, y in self._ways_out(x0, y0):
            network = self.network([x, x1], [y, y1])
            if np.isfinite(network.length_m[0, 1]):
                line = network.path(0, 1)
                return line if (x, y) == (x0, y0) else np.vstack([[[x0, y0]], line])
        return None

    @cached_property
    def _corners(self) -> Corners:
        return corners_of(self.obstacles)

    @cached_property
    def _corner_edges(self) -> tuple[Ints, Ints, Floats]:
        """Pairs of corners that see each other, each both ways, where a path can bend at both ends."""
        c = self._corners
        none = np.zeros(len(c.x_m), dtype=bool)
        tangent = np.concatenate(
            [c.tangent_from(c.x_m[rows], c.y_m[rows], none[rows]) for rows in self._blocks(len(c.x_m))]
        )
        low, high = np.nonzero(np.triu(tangent & tangent.T, 1))
        seen = self._sight.clear(c.x_m[low], c.y_m[low], c.x_m[high], c.y_m[high])
        low, high = low[seen].astype(np.int32), high[seen].astype(np.int32)
        length = np.hypot(c.x_m[low] - c.x_m[high], c.y_m[low] - c.y_m[high])
        return np.concatenate([low, high]), np.concatenate([high, low]), np.concatenate([length, length])

    def _seen(self, x: Floats, y: Floats) -> Bools:
        """(n, n): who sees whom; a blocked point sees nobody."""
        seen = np.zeros((len(x), len(x)), dtype=bool)
        free = np.nonzero(~self.blocked(x, y))[0]
        a, b = np.triu_indices(len(free), 1)
        low, high = free[a], free[b]
        clear = self._sight.clear(x[low], y[low], x[high], y[high])
        seen[low, high] = clear
        seen[high, low] = clear
        return seen

    def _point_edges(self, x: Floats, y: Floats) -> tuple[Ints, Ints, Floats]:
        """(point, corner, length) of every leg from a free point to a corner where a path may bend."""
        c = self._corners
        free = ~self.blocked(x, y)
        in_skin = np.zeros(len(x), dtype=bool)
        for polygon in self.obstacles:
            in_skin |= free & shapely.contains_xy(polygon, x, y)
        found: list[tuple[Ints, Ints]] = []
        for rows in self._blocks(len(x)):
            near = c.tangent_from(x[rows], y[rows], in_skin[rows]) & free[rows, None]
            p, q = np.nonzero(near)
            p += rows.start
            seen = self._sight.clear(x[p], y[p], c.x_m[q], c.y_m[q])
            found.append((p[seen].astype(np.int32), q[seen].astype(np.int32)))
        point, corner = (np.concatenate(column) for column in zip(*found, strict=True))
        return point, corner, np.hypot(x[point] - c.x_m[corner], y[point] - c.y_m[corner])

    def _go_round(self, x: Floats, y: Floats, length: Floats, last: Ints, before: Ints) -> None:
        """Fill in the pairs that do not see each other: `length`, and how to walk the path back."""
        corners, points = len(self._corners.x_m), len(x)
        if not points:
            return
        point, corner, leg = self._point_edges(x, y)
        graph = _graph(corners, points, self._corner_edges, (point, corner, leg))
        starts = np.searchsorted(point, np.arange(points + 1))
        for rows in self._blocks(points):
            sources = np.arange(rows.start, rows.stop) + corners
            distance, came = dijkstra(graph, indices=sources, return_predecessors=True)
            distance, came = distance[:, :corners], came[:, :corners]
            before[rows] = np.where((came >= 0) & (came < corners), came, -1)
            for j in range(rows.start + 1, points):
                mine = slice(starts[j], starts[j + 1])
                hidden = np.nonzero(np.isinf(length[rows.start : min(rows.stop, j), j]))[0]
                if mine.start == mine.stop or not len(hidden):
                    continue
                ways = distance[np.ix_(hidden, corner[mine])] + leg[mine]
                best = np.argmin(ways, axis=1)
                shortest = ways[np.arange(len(hidden)), best]
                hidden += rows.start
                length[hidden, j] = length[j, hidden] = shortest
                last[hidden, j] = np.where(np.isfinite(shortest), corner[mine][best], -1)

    def _blocks(self, rows: int) -> Iterator[slice]:
        """Slices of `rows` rows such that a table of them by the corners stays small."""
        step = max(1, _BLOCK // max(1, len(self._corners.x_m)))
        for at in range(0, rows, step):
            yield slice(at, min(at + step, rows))

    def _ways_out(self, x: float, y: float) -> Iterator[tuple[float, float]]:
        if not self.blocked([x], [y])[0]:
            yield x, y
            return
        here = shapely.Point(x, y)
        for polygon in self.obstacles:
            if polygon.contains(here):
                for edge in (polygon.boundary, polygon.exterior):
                    near = shapely.get_coordinates(shapely.shortest_line(edge, here))[0]
                    yield float(near[0]), float(near[1])


_Edges = tuple[Ints, Ints, Floats]


def _graph(corners: int, points: int, between: _Edges, from_points: _Edges) -> csr_array:
    """Corners come first, points after them.

    Legs lead from points to corners and never back, so that no path bends at a point.
    """
    tail, head, edge = between
    point, corner, leg = from_points
    rows = np.concatenate([tail, point + np.int32(corners)])
    columns, lengths = np.concatenate([head, corner]), np.concatenate([edge, leg])
    return csr_array((lengths, (rows, columns)), shape=(corners + points, corners + points))
