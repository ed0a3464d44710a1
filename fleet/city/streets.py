"""Shortest ways along streets, for vehicles that do not fly.

The graph is the streets themselves: their vertices, joined where they have the same coordinates, and the straight
pieces between them, each open one way or both. A place joins it at the nearest point of the nearest street, over
which the last metres go in a straight line. Lengths are Dijkstra's over that graph.

Maps are cut at an edge and drawn by many hands, so they hold scraps: streets that lead off the map, one-way
streets without a way back, paths that meet nothing. Only parts within which everything can be reached from
everything are used (strong components), and of those only the ones that are not small beside the largest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from fleet.base.errors import InfeasibleError
from fleet.city.model import Mode, Street

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

REACH_M = 100.0
"""A place farther than this from every street that may be used is out of reach."""
LEAST_SHARE = 0.05
"""A part of the streets shorter than this share of the longest part is a scrap."""

_BLOCK = 1 << 22
"""Cells of a (sources, nodes) table worked on at once."""
_TREES_KEPT = 64


@dataclass(frozen=True, slots=True, eq=False)
class _Pieces:
    """Straight pieces of street between vertices `low` and `high`, each once; open from low to high, and back."""

    x_m: Floats
    y_m: Floats
    low: Ints
    high: Ints
    onward: Bools
    back: Bools

    @property
    def length_m(self) -> Floats:
        return np.hypot(self.x_m[self.high] - self.x_m[self.low], self.y_m[self.high] - self.y_m[self.low])

    def arcs(self) -> tuple[Ints, Ints, Floats]:
        """(from, to, metres) of every direction that is open."""
        a = np.concatenate([self.low[self.onward], self.high[self.back]])
        b = np.concatenate([self.high[self.onward], self.low[self.back]])
        length = self.length_m
        return a, b, np.concatenate([length[self.onward], length[self.back]])

    def only(self, kept: Bools) -> _Pieces:
        return _Pieces(self.x_m, self.y_m, self.low[kept], self.high[kept], self.onward[kept], self.back[kept])


@dataclass(frozen=True, slots=True, eq=False)
class _Joins:
    """Where places meet the streets: on which piece (-1: none), how far from its low end, how long a walk."""

    piece: Ints
    along_m: Floats
    x_m: Floats
    y_m: Floats
    walk_m: Floats


class StreetNetwork:
    """Shortest ways by street between all pairs of n places.

    `length_m` is (n, n), zero on the diagonal, and inf where no way leads; it is not symmetric where streets are
    one-way. `off_street` names the places that no street comes near enough to.
    """

    def __init__(self, x_m: Floats, y_m: Floats, joins: _Joins, pieces: _Pieces) -> None:
        self.x_m, self.y_m = x_m, y_m
        self.off_street: Bools = joins.piece < 0
        self._walk_m = joins.walk_m
        self._node_x, self._node_y, self._node, self._graph = _joined(joins, pieces)
        self.length_m = self._lengths()
        self._tree = lru_cache(maxsize=_TREES_KEPT)(self._tree_from)

    def path(self, i: int, j: int) -> Floats:
        """The polyline from place i to place j, shape (k, 2), both ends included.

        Raises InfeasibleError when no way leads there.
        """
        if not np.isfinite(self.length_m[i, j]):
            raise InfeasibleError(f"no street leads from place {i} to place {j}")
        nodes: list[int] = []
        if i != j:
            tree, at = self._tree(int(self._node[i])), int(self._node[j])
            while at >= 0:
                nodes.append(at)
                at = int(tree[at])
            nodes.reverse()
        x = [self.x_m[i], *self._node_x[nodes], self.x_m[j]]
        y = [self.y_m[i], *self._node_y[nodes], self.y_m[j]]
        line = np.column_stack([x, y]).astype(np.float64)
        moves = np.any(line[1:] != line[:-1], axis=1)
        return np.concatenate([line[:1], line[1:][moves]]) if moves.any() else line[[0, -1]]

    def _lengths(self) -> Floats:
        count = len(self.x_m)
        length = np.full((count, count), np.inf)
        on = np.nonzero(~self.off_street)[0]
        sources, which = np.unique(self._node[on], return_inverse=True)
        step = max(1, _BLOCK // max(1, self._graph.shape[0]))
        between = np.empty((len(sources), len(sources)))
        for at in range(0, len(sources), step):
            some = sources[at : at + step]
            between[at : at + step] = dijkstra(self._graph, indices=some)[:, sources]
        walks = self._walk_m[on][:, None] + self._walk_m[on][None, :]
        length[np.ix_(on, on)] = walks + between[np.ix_(which, which)]
        np.fill_diagonal(length, 0.0)
        return length

    def _tree_from(self, node: int) -> npt.NDArray[np.int32]:
        _, before = dijkstra(self._graph, indices=np.array([node]), return_predecessors=True)
        return np.asarray(before[0], dtype=np.int32)


class Streets:
    """The streets that `mode` may use, and the ways over them.

    `left_out_m` is the length of what it may use and what leads nowhere: see the module's words on scraps.
    """

    def __init__(self, streets: Sequence[Street], mode: Mode, reach_m: float = REACH_M) -> None:
        every = _pieces([s for s in streets if mode in s.access], mode)
        self._pieces = every.only(_of_use(every))
        self._reach_m = reach_m
        self.left_out_m = float(every.length_m.sum() - self._pieces.length_m.sum())
        p = self._pieces
        ends = np.stack([np.column_stack([p.x_m[n], p.y_m[n]]) for n in (p.low, p.high)], axis=1)
        self._tree = shapely.STRtree(np.asarray(shapely.linestrings(ends), dtype=object))

    @property
    def length_m(self) -> float:
        """Of all streets in use."""
        return float(self._pieces.length_m.sum())

    def network(self, x_m: npt.ArrayLike, y_m: npt.ArrayLike) -> StreetNetwork:
        """The shortest ways between all pairs of places, given as two arrays of shape (n,)."""
        x, y = np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)
        return StreetNetwork(x, y, self._joins(x, y, np.full(len(x), self._reach_m)), self._pieces)

    def path(self, x0: float, y0: float, x1: float, y1: float) -> Floats | None:
        """The shortest polyline by street between two places, shape (k, 2) with both ends, or None.

        The start may be as far from a street as it likes: who was led astray goes back to the nearest.
        """
        x, y = np.array([x0, x1]), np.array([y0, y1])
        reach = np.array([np.inf, self._reach_m])
        network = StreetNetwork(x, y, self._joins(x, y, reach), self._pieces)
        return network.path(0, 1) if np.isfinite(network.length_m[0, 1]) else None

    def _joins(self, x: Floats, y: Floats, reach_m: Floats) -> _Joins:
        p = self._pieces
        piece, walk = np.full(len(x), -1, dtype=np.int64), np.zeros(len(x))
        along, at_x, at_y = np.zeros(len(x)), x.copy(), y.copy()
        if len(x) and len(p.low):
            near = np.full(len(x), len(p.low), dtype=np.int64)
            who, which = self._tree.query_nearest(shapely.points(x, y))
            np.minimum.at(near, who, which)  # of several equally near the first on the map
            ax, ay = p.x_m[p.low[near]], p.y_m[p.low[near]]
            dx, dy = p.x_m[p.high[near]] - ax, p.y_m[p.high[near]] - ay
            share = np.clip(((x - ax) * dx + (y - ay) * dy) / (dx**2 + dy**2), 0.0, 1.0)
            foot_x = np.where(share == 1.0, ax + dx, ax + share * dx)
            foot_y = np.where(share == 1.0, ay + dy, ay + share * dy)
            far = np.hypot(x - foot_x, y - foot_y)
            on = far <= reach_m
            piece[on], along[on], walk[on] = near[on], (share * np.hypot(dx, dy))[on], far[on]
            at_x[on], at_y[on] = foot_x[on], foot_y[on]
        return _Joins(piece, along, at_x, at_y, walk)


def _pieces(streets: Sequence[Street], mode: Mode) -> _Pieces:
    """Every straight piece once, open each way that any of `streets` is open for `mode`."""
    lines = np.array([s.line for s in streets], dtype=object)
    points, line = shapely.get_coordinates(lines, return_index=True)
    vertices, at = np.unique(points[:, :2] + 0.0, axis=0, return_inverse=True)
    at = at.reshape(-1).astype(np.int64)
    joined = (line[1:] == line[:-1]) & (at[1:] != at[:-1])
    a, b = at[:-1][joined], at[1:][joined]
    way = np.array([s.direction(mode) for s in streets], dtype=np.int64)[line[1:][joined]]
    low, high, turned = np.minimum(a, b), np.maximum(a, b), a > b
    onward, back = np.where(turned, way <= 0, way >= 0), np.where(turned, way >= 0, way <= 0)
    pair, which = np.unique(np.column_stack([low, high]), axis=0, return_inverse=True)
    which = which.reshape(-1)
    open_on, open_back = np.zeros(len(pair), dtype=bool), np.zeros(len(pair), dtype=bool)
    np.logical_or.at(open_on, which, onward)
    np.logical_or.at(open_back, which, back)
    return _Pieces(vertices[:, 0], vertices[:, 1], pair[:, 0], pair[:, 1], open_on, open_back)


def _of_use(pieces: _Pieces) -> Bools:
    """Which pieces lie in a part that is strongly connected and no scrap."""
    count = len(pieces.x_m)
    if not len(pieces.low):
        return np.zeros(0, dtype=bool)
    a, b, length = pieces.arcs()
    graph = csr_array(coo_array((length, (a, b)), shape=(count, count)))
    _, part = connected_components(graph, directed=True, connection="strong")
    inside = part[pieces.low] == part[pieces.high]
    size = np.zeros(count)
    np.add.at(size, part[pieces.low[inside]], pieces.length_m[inside])
    return np.asarray(inside & (size[part[pieces.low]] >= LEAST_SHARE * size.max()))


def _joined(joins: _Joins, pieces: _Pieces) -> tuple[Floats, Floats, Ints, csr_array]:
    """Nodes and arcs of the streets with the joins cut into their pieces, and the node of each join (-1: none).

    A join at the end of a piece, or where another is, is that node: no arc has length zero.
    """
    length = pieces.length_m
    x, y = list[float](), list[float]()
    node = np.full(len(joins.piece), -1, dtype=np.int64)
    arcs = [pieces.arcs()]
    cuts: dict[int, list[int]] = {}
    for n in np.nonzero(joins.piece >= 0)[0].tolist():
        cuts.setdefault(int(joins.piece[n]), []).append(n)
    for piece, members in cuts.items():
        low, high = int(pieces.low[piece]), int(pieces.high[piece])
        chain, stations = [low], [0.0]
        for n in sorted(members, key=lambda n: float(joins.along_m[n])):
            along = float(joins.along_m[n])
            if along >= length[piece]:
                node[n] = high
                continue
            if along > stations[-1]:
                chain.append(len(pieces.x_m) + len(x))
                stations.append(along)
                x.append(float(joins.x_m[n]))
                y.append(float(joins.y_m[n]))
            node[n] = chain[-1]
        ids = np.array([*chain, high], dtype=np.int64)
        steps = np.diff([*stations, float(length[piece])])
        if pieces.onward[piece]:
            arcs.append((ids[:-1], ids[1:], steps))
        if pieces.back[piece]:
            arcs.append((ids[1:], ids[:-1], steps))
    a, b, metres = (np.concatenate(column) for column in zip(*arcs, strict=True))
    count = len(pieces.x_m) + len(x)
    # A piece that nothing was cut into is there once more; of the two, which are equal, one is left.
    pair, first = np.unique(a * count + b, return_index=True)
    graph = csr_array(coo_array((metres[first], (pair // count, pair % count)), shape=(count, count)))
    return np.append(pieces.x_m, x), np.append(pieces.y_m, y), node, graph
