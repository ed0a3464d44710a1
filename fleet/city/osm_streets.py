"""The streets of an extract, clipped to the box without moving a vertex.

Streets meet where OpenStreetMap gives them a node in common, hence at equal coordinates. A general clipping
routine would add vertices where a bridge crosses a street, and might turn a one-way street round; this one only
cuts at the border.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LineString

from fleet.city.model import Street
from fleet.city.osm_extract import NOT_WHOLE, OUTSIDE, Extract, Ground
from fleet.city.osm_street_rules import street_values, why_no_street
from fleet.city.osm_tally import Account, Tally

Floats = npt.NDArray[np.float64]
Bounds = tuple[float, float, float, float]


def streets_of(extract: Extract, ground: Ground) -> tuple[tuple[Street, ...], Account]:
    """Every way that is a street to drive, ride or walk on, clipped to the box; the pieces share its id."""
    found = [f for f in extract.features if f.kind == "w" and "highway" in f.tags]
    tally = Tally("highway ways")
    streets: list[Street] = []
    for feature, shape in zip(found, ground.project([f.line for f in found]), strict=True):
        why_not = why_no_street(feature.tags) or (NOT_WHOLE if feature.line is None else "")
        lines = (
            []
            if why_not
            else [piece for part in shapely.get_parts(shape) for piece in clipped(part, ground.area.bounds)]
        )
        if tally.add(why_not or ("" if lines else OUTSIDE)):
            values = street_values(feature.tags)
            streets += [Street(line, id=feature.key, **values) for line in lines]
    return tuple(streets), Account((tally.row(),), (("streets on the map, cut ones in pieces", len(streets)),))


def clipped(line: LineString, bounds: Bounds) -> Iterator[LineString]:
    """The pieces of `line` within bounds (west, south, east, north), in its own direction.

    Vertices inside keep their coordinates to the bit. Pieces without length are dropped.

    >>> line = LineString([(0, 0), (4, 0), (4, 9), (1, 9), (1, 1)])
    >>> [list(piece.coords) for piece in clipped(line, (1, -1, 9, 4))]
    [[(1.0, 0.0), (4.0, 0.0), (4.0, 4.0)], [(1.0, 4.0), (1.0, 1.0)]]
    """
    xy = shapely.get_coordinates(line)
    run: list[tuple[float, float]] = []
    for start, end in pairwise(xy):
        inside = _within(start, end, bounds)
        if inside is None:
            yield from _drawn(run)
            run = []
            continue
        from_xy, to_xy = inside
        if not run or run[-1] != from_xy:
            yield from _drawn(run)
            run = [from_xy]
        run.append(to_xy)
    yield from _drawn(run)


def _drawn(run: list[tuple[float, float]]) -> Iterator[LineString]:
    if len(set(run)) >= 2:
        yield LineString(run)


def _within(start: Floats, end: Floats, bounds: Bounds) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The part of one straight piece that lies in the bounds (Liang and Barsky, "A new concept and method for
    line clipping", 1984); None where nothing does."""
    enter, leave = 0.0, 1.0
    for axis in (0, 1):
        step = float(end[axis] - start[axis])
        low, high = bounds[axis] - float(start[axis]), bounds[axis + 2] - float(start[axis])
        if step == 0.0:
            if low > 0.0 or high < 0.0:
                return None
            continue
        first, last = sorted((low / step, high / step))
        enter, leave = max(enter, first), min(leave, last)
    if enter > leave:
        return None
    return _at(start, end, enter), _at(start, end, leave)


def _at(start: Floats, end: Floats, share: float) -> tuple[float, float]:
    if share in (0.0, 1.0):
        x_m, y_m = (start, end)[int(share)]
    else:
        x_m, y_m = start + share * (end - start)
    return float(x_m), float(y_m)
