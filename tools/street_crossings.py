"""Gives lines that cross a vertex in common where they do, so that the streets drawn along them meet there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from shapely import LineString, Point

SAME_M = 0.01
"""A crossing this near to a vertex that is there already is that vertex: maps are written to a centimetre."""


def joined(lines: Sequence[LineString]) -> tuple[LineString, ...]:
    """The lines, in order, with the points where two of them cross as vertices of both."""
    extra: dict[int, list[Point]] = {}
    left, right = shapely.STRtree(lines).query(lines, predicate="intersects")
    for one, other in sorted(zip(left.tolist(), right.tolist(), strict=True)):
        if one < other:
            for point in shapely.get_parts(shapely.intersection(lines[one], lines[other])):
                if isinstance(point, Point):
                    extra.setdefault(one, []).append(point)
                    extra.setdefault(other, []).append(point)
    return tuple(_with(line, extra.get(number, [])) for number, line in enumerate(lines))


def _with(line: LineString, points: Sequence[Point]) -> LineString:
    corners = shapely.points(shapely.get_coordinates(line))
    new = [point for point in points if shapely.distance(corners, point).min() > SAME_M]
    vertices = [*corners, *new]
    along = [line.project(vertex) for vertex in vertices]
    order = np.argsort(along, kind="stable")
    return LineString([vertices[int(n)] for n in order]) if new else line
