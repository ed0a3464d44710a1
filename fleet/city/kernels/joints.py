"""Where rings touch, sewn together: so that what is inside at a vertex lies between its own two edges.

A courtyard may touch the outer edge of its obstacle in a point, and rounding may leave a hair between the two.
Then neither ring alone says what is closed there: the ground is what lies left of both. So an edge gets a vertex
where another ring touches it, and vertices in one place swap their onward edges, so that each one's two edges
enclose one sector of closed ground.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fleet.city.kernels.compiled import entry
from fleet.city.kernels.grid import Cells, cell_at, cells_of, gap, longer
from fleet.city.kernels.plane import turn_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Starts = npt.NDArray[np.int64]

TOUCH_M = 3e-10
"""Rings this close touch: some hundred times what rounding leaves ten kilometres from the origin."""


def joined(xy: Floats, start: Starts) -> tuple[Floats, Ints, Ints]:
    """(xy, before, after): the vertices of all rings, some more where rings touch, and their neighbours.

    Ring k has its vertices from `start[k]` on.
    """
    after = _after(start)
    vertex, edge = _touching(xy, after)
    amid = [k for k in range(len(vertex)) if not _is_end(xy, after, int(vertex[k]), int(edge[k]))]
    if amid:
        xy, start = _split(xy, start, vertex[amid], edge[amid])
        after = _after(start)
        vertex, edge = _touching(xy, after)
    before = _inverse(after)
    xy = xy.copy()
    for places in _places(xy, after, vertex, edge):
        xy[places] = xy[places[0]]
        _sew(xy, before, after, places)
    return xy, _inverse(after), after


def _after(start: Starts) -> Ints:
    after = np.arange(1, start[-1] + 1, dtype=np.int32)
    after[start[1:] - 1] = start[:-1]
    return after


def _inverse(after: Ints) -> Ints:
    before = np.empty_like(after)
    before[after] = np.arange(len(after), dtype=np.int32)
    return before


def _touching(xy: Floats, after: Ints) -> tuple[Ints, Ints]:
    """(vertex, edge): which vertices touch which edges that they are not an end of."""
    x, y = np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])
    return _touches(cells_of(x, y, after), x, y, after)


@entry
def _touches(cells: Cells, x: Floats, y: Floats, after: Ints) -> tuple[Ints, Ints]:
    vertices, edges = np.empty(64, dtype=np.int32), np.empty(64, dtype=np.int32)
    frame, start, edge, ends = cells
    count = 0
    for v in range(len(x)):
        cell = cell_at(frame, x[v], y[v])
        for k in range(start[cell], start[cell + 1]):
            e = edge[k]
            if e == v or after[e] == v or gap(ends, k, x[v], y[v]) > TOUCH_M:
                continue
            if count == len(vertices):
                vertices, edges = longer(vertices), longer(edges)
            vertices[count], edges[count] = v, e
            count += 1
    return vertices[:count], edges[:count]


def _is_end(xy: Floats, after: Ints, vertex: int, edge: int) -> bool:
    """Whether a vertex that touches an edge touches it in one of its ends."""
    off = xy[[edge, after[edge]]] - xy[vertex]
    return bool((off[:, 0] ** 2 + off[:, 1] ** 2).min() <= TOUCH_M**2)


def _split(xy: Floats, start: Starts, vertex: Ints, edge: Ints) -> tuple[Floats, Starts]:
    """A new vertex on each edge where a vertex touches it; where several do in one place, one."""
    along = ((xy[vertex] - xy[edge]) ** 2).sum(axis=1)
    order = np.lexsort((along, edge))
    vertex, edge = vertex[order], edge[order]
    same = edge[1:] == edge[:-1]
    same &= ((xy[vertex[1:]] - xy[vertex[:-1]]) ** 2).sum(axis=1) <= TOUCH_M**2
    keep = np.concatenate([[True], ~same])
    vertex, edge = vertex[keep], edge[keep]
    return np.insert(xy, edge + 1, xy[vertex], axis=0), start + np.searchsorted(edge, start)


def _places(xy: Floats, after: Ints, vertex: Ints, edge: Ints) -> list[list[int]]:
    """The sets of vertices that are in one place, each sorted, in the order of their first ones."""
    first: dict[int, set[int]] = {}
    for v, e in zip(vertex.tolist(), edge.tolist(), strict=True):
        for end in (e, int(after[e])):
            off = xy[end] - xy[v]
            if off[0] ** 2 + off[1] ** 2 <= TOUCH_M**2:
                mine = first.get(v, {v}) | first.get(end, {end})
                first.update(dict.fromkeys(mine, mine))
    return [sorted(place) for v, place in sorted(first.items()) if v == min(place)]


def _sew(xy: Floats, before: Ints, after: Ints, places: list[int]) -> None:
    """Let the vertices in one place swap their onward edges, where those of different rings alternate.

    Closed ground begins counterclockwise of an edge that leaves the place, and ends at the next one that comes in.
    """
    arms = []
    for v in places:
        for leaves, other in ((False, before[v]), (True, after[v])):
            turn = turn_of(*(xy[other] - xy[v]).tolist())
            arms.append((round(turn, 10) % 4.0, leaves, v))
    arms.sort()
    turned = arms[1:] + arms[:1]
    sectors = [(ends[2], int(after[begins[2]])) for begins, ends in zip(arms, turned, strict=True) if begins[1]]
    if any(begins[1] == ends[1] for begins, ends in zip(arms, turned, strict=True)):
        return
    for v, onward in sectors:
        after[v] = onward
