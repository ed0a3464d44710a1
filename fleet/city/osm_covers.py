"""What the ground of an extract is: land use, lakes and rivers, and the sea.

The sea has no outline in OpenStreetMap, only a coast: a line with land on its left and water on its right
(wiki page "Tag:natural=coastline"). Here the coast parts the box into pieces, and a piece is sea if it lies to
the right of the coast all round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import shapely
from shapely import Point, Polygon
from shapely.geometry.base import BaseGeometry

from fleet.city.model import Cover
from fleet.city.osm_cover_rules import cover_kind, is_buried, watercourse_width_m
from fleet.city.osm_extract import OUTSIDE, Extract, Feature, Ground, solid
from fleet.city.osm_rules import Tags
from fleet.city.osm_tally import Account, Tally

ASIDE_M = 0.02
"""How far beside the coast it is asked on which side the water lies."""

MAX_GAP_M = 500.0
"""Farther than this from the edge of the box an end of the coast is not drawn on."""

SEA_SHARE = 0.99
"""A piece of the box is sea if this share of the coast along it has its right hand there. The rest is for
corners so sharp that a point beside one arm lies across the other."""


def covers_of(extract: Extract, ground: Ground) -> tuple[tuple[Cover, ...], Account]:
    """Land use and water, clipped to the box, in the order of the file; the sea comes first."""
    rows = {what: Tally(what) for what in ("natural=water", "waterway", "landuse", "other ground")}
    sea, coast, drawn_on = _sea(extract, ground)
    covers = [Cover("water", piece) for piece in sea]
    found = extract.with_tag(_row_of)
    for feature, shape in zip(found, ground.project([f.geometry for f in found]), strict=True):
        drawn = _drawn(feature, shape, ground)
        why_not = drawn if isinstance(drawn, str) else ""
        rows[_row_of(feature.tags)].add(why_not)
        if not isinstance(drawn, str):
            covers += drawn
    kinds = Counter(cover.kind for cover in covers)
    facts = tuple((f"ground: {kind}", number) for kind, number in sorted(kinds.items()))
    gaps = ("ends of the coast, drawn on to the edge of the box", drawn_on)
    return tuple(covers), Account((*(tally.row() for tally in rows.values()), coast.row()), (*facts, gaps))


def _row_of(tags: Tags) -> str:
    """The row that a feature is counted in; empty for what is not ground."""
    if tags.get("natural") == "water":
        return "natural=water"
    for key in ("waterway", "landuse"):
        if key in tags:
            return key
    return "other ground" if cover_kind(tags) else ""


def _drawn(feature: Feature, shape: BaseGeometry, ground: Ground) -> list[Cover] | str:
    """The covers that a feature becomes, or why it becomes none."""
    kind, width_m = cover_kind(feature.tags), watercourse_width_m(feature.tags)
    if is_buried(feature.tags):
        return "under the ground or a roof"
    if feature.area is None and feature.line is not None and width_m is not None:
        kind, shape = "water", shapely.buffer(shape, width_m / 2.0, cap_style="flat", quad_segs=2)
    elif not kind:
        return "of a kind we do not know"
    elif feature.area is None:
        return feature.why_no_area
    whole = shape if shape.is_valid else shapely.make_valid(shape)
    return [Cover(kind, piece) for piece in solid(shapely.intersection(whole, ground.area))] or OUTSIDE


def _sea(extract: Extract, ground: Ground) -> tuple[list[Polygon], Tally, int]:
    """The pieces of the box that the coast shows to be sea, the coast's tally, and how many ends were drawn on."""
    tally = Tally("natural=coastline")
    coast: list[BaseGeometry] = []
    found = [f for f in extract.with_tag(lambda tags: tags.get("natural") == "coastline") if f.kind == "w"]
    for feature, shape in zip(found, ground.project([f.line for f in found]), strict=True):
        inside = feature.line is not None and shape.intersects(ground.area)
        if tally.add("" if inside else (feature.why_no_area if feature.line is None else OUTSIDE)):
            coast.append(shape)
    if not coast:
        return [], tally, 0
    drawn_on = _drawn_on(coast, ground)
    inside_box = shapely.intersection(np.array(coast, dtype=object), ground.area)
    lines = shapely.union_all([ground.area.exterior, *inside_box, *drawn_on])
    pieces = solid(shapely.polygonize([lines]))
    left_m, right_m = _beside(coast, pieces)
    sure = (right_m > 0.0) & (right_m >= SEA_SHARE * (left_m + right_m))
    return [piece for piece, sea in zip(pieces, sure, strict=True) if sea], tally, len(drawn_on)


def _drawn_on(coast: Sequence[BaseGeometry], ground: Ground) -> list[BaseGeometry]:
    """Straight lines to the edge of the box from where the coast ends within it, most often because the extract
    was cut along another border. An end farther than `MAX_GAP_M` from the edge stays one."""
    ends: Counter[tuple[float, float]] = Counter()
    for line in (shapely.get_coordinates(part) for shape in coast for part in shapely.get_parts(shape)):
        ends[float(line[0, 0]), float(line[0, 1])] += 1
        ends[float(line[-1, 0]), float(line[-1, 1])] -= 1
    loose = [Point(end) for end, balance in ends.items() if balance]
    inside = (end for end in loose if ground.area.contains(end))
    gaps = (shapely.shortest_line(end, ground.area.exterior) for end in inside)
    return [gap for gap in gaps if gap.length <= MAX_GAP_M]


def _beside(coast: Sequence[BaseGeometry], pieces: Sequence[Polygon]) -> tuple[np.ndarray, np.ndarray]:
    """For each piece the metres of coast that have it on their left, and on their right."""
    runs = [shapely.get_coordinates(part) for line in coast for part in shapely.get_parts(line)]
    start, end = (np.vstack([run[cut] for run in runs]) for cut in (slice(None, -1), slice(1, None)))
    step = end - start
    length_m = np.hypot(*step.T)
    start, step, length_m = (values[length_m > 0.0] for values in (start, step, length_m))
    across = np.column_stack([-step[:, 1], step[:, 0]]) / length_m[:, None]
    tree = shapely.STRtree(pieces)
    sides = []
    for side in (1.0, -1.0):
        points = shapely.points(start + step / 2.0 + side * ASIDE_M * across)
        which, where = tree.query(points, predicate="within")
        sides.append(np.bincount(where, weights=length_m[which], minlength=len(pieces)))
    return sides[0], sides[1]
