"""Outlines and circles of a zone file to polygons in local metres, at most too large, never too small.

An edge is straight in degrees (RFC 7946, 3.1.1), not in metres: long ones are cut into pieces of at most
`PIECE_DEG`, so that a zone's border is within 0.3 m of its place up to 70 degrees of latitude. What lies
farther than `FAR_M` from the middle of the map is left out, since the projection means nothing there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import acos, ceil, cos, hypot, isfinite, pi, radians, sin

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LineString, Polygon, box

from fleet.city.frame import Frame
from fleet.city.geozones_raw import Circle, Volume
from fleet.city.jsonfile import Complaints
from fleet.city.shapes import Positions, Refused, Rings, flat, polygons
from fleet.city.spots import Spot

FAR_M = 500_000.0
"""A volume that is all farther than this from the middle of the map is left out."""

PIECE_DEG = 0.02
LARGEST_RADIUS_M = 1_000_000.0
MOST_PIECES = 10_000

_RADIAL_ERROR = 0.001
_RADIAL_ERROR_M = 1.0
_POLAR_RADIUS_M = 6_356_752.0
_DEGREE_M = 110_000.0
"""Less than a degree of latitude is anywhere, so that windows come out too large."""
_NUMBER = re.compile(r"\[([0-9]+)\]")


def take_outlines(coordinates: Spot, kind: str, positions: Positions) -> tuple[Rings, ...]:
    """The outlines of a Polygon or MultiPolygon; none after a complaint."""
    take = positions.take_polygon if kind == "Polygon" else positions.take_multipolygon
    try:
        return take(coordinates.value)
    except Refused as refused:
        trail = coordinates.trail + tuple(int(n) for n in _NUMBER.findall(refused.path))
        coordinates.complaints.value(trail, refused.expected, refused.found, refused.hint)
        return ()


def take_circle(centre: Spot, radius: Spot) -> tuple[Circle, ...]:
    """The circle about [longitude, latitude] with a radius in metres; none after a complaint."""
    radius_m = radius.number("a radius in metres, above 0 and at most 1,000,000", 0.001, LARGEST_RADIUS_M)
    scratch = Positions()
    try:
        scratch.take_point(centre.value)
    except Refused as refused:
        centre.refuse(refused.expected, refused.found, refused.hint)
        return ()
    return (Circle(scratch.lon[0], scratch.lat[0], radius_m),) if radius_m is not None else ()


@dataclass(slots=True)
class Placed:
    """What became of the volumes of a file: polygons in metres for each, and which were repaired or too far."""

    areas: list[list[Polygon]]
    repaired: set[int] = field(default_factory=set)
    far: set[int] = field(default_factory=set)


def place(volumes: Sequence[Volume], positions: Positions, frame: Frame, complaints: Complaints) -> Placed:
    """Each volume as polygons in the metres of `frame`, in order; none for one that is far.

    Outlines that cross themselves are read as what they wind around; one that winds around nothing, and one
    that would be near if longitude and latitude were swapped, goes to the complaints.
    """
    return _Placing(volumes, positions, frame, complaints).placed()


class _Placing:
    """The work of `place`."""

    def __init__(
        self, volumes: Sequence[Volume], positions: Positions, frame: Frame, complaints: Complaints
    ) -> None:
        self._volumes = volumes
        self._positions = positions
        self._frame = frame
        self._complaints = complaints
        self._out = Placed([[] for _ in volumes])
        self._window = _window(frame)

    def placed(self) -> Placed:
        outlines = [(n, v.shape) for n, v in enumerate(self._volumes) if not isinstance(v.shape, Circle)]
        lon, lat = np.array(self._positions.lon), np.array(self._positions.lat)
        for _, rings in outlines:
            rows = slice(rings[0].start, rings[-1].stop)
            middle = (lon[rows].min() + lon[rows].max()) / 2.0
            lon[rows] += 360.0 * round((self._frame.lon - middle) / 360.0)
        drawn = polygons([rings for _, rings in outlines], lon, lat)
        owners: list[int] = []
        parts: list[Polygon] = []
        for (number, _), shape in zip(outlines, drawn, strict=True):
            near = self._near(number, shape)
            parts += near
            owners += [number] * len(near)
        for number, area in zip(owners, self._in_metres(parts), strict=True):
            self._out.areas[number] += self._sound(number, area)
        for number, volume in enumerate(self._volumes):
            if isinstance(volume.shape, Circle):
                self._round(number, volume.shape)
        return self._out

    def _near(self, number: int, shape: Polygon) -> list[Polygon]:
        """The sound polygons of an outline in degrees, as far as they are near."""
        west, south, east, north = shape.bounds
        window = self._window
        if not window.intersects(box(west, south, east, north)):
            self._too_far(number, (west + east) / 2.0, (south + north) / 2.0)
            return []
        sound = self._sound(number, shape)
        if not window.contains(box(west, south, east, north)):
            sound = [part for whole in sound for part in flat(shapely.intersection(whole, window))]
            if not sound:
                self._out.far.add(number)
        return [shapely.segmentize(part, PIECE_DEG) for part in sound]

    def _sound(self, number: int, shape: Polygon) -> list[Polygon]:
        if shape.is_valid:
            return [shape]
        parts = wound_around(shape)
        if parts:
            self._out.repaired.add(number)
        else:
            reason = shapely.is_valid_reason(shape)
            self._complaints.value(self._volumes[number].trail, "a polygon with an area", reason)
        return parts

    def _in_metres(self, parts: list[Polygon]) -> list[Polygon]:
        if not parts:
            return []
        every = np.array(parts, dtype=object)
        x_m, y_m = self._frame.to_metres(*shapely.get_coordinates(every).T)
        return list(shapely.set_coordinates(every, np.column_stack([x_m, y_m])))

    def _round(self, number: int, circle: Circle) -> None:
        polygon = containing(circle, self._frame)
        if polygon is None:
            self._too_far(number, circle.lon, circle.lat)
        else:
            self._out.areas[number].append(polygon)

    def _too_far(self, number: int, lon: float, lat: float) -> None:
        self._out.far.add(number)
        if self._window.contains(shapely.Point(lat, lon)):
            wanted = f"a place in reach of the map's middle ({self._frame.lon:.4f}, {self._frame.lat:.4f})"
            trail = self._volumes[number].trail
            self._complaints.value(trail, wanted, f"[{lon:g}, {lat:g}]", "longitude comes first")


def containing(circle: Circle, frame: Frame) -> Polygon | None:
    """A regular polygon in local metres around a circle, or None when it is all farther than `FAR_M`.

    Its edges touch the circle, so it holds all of it. Its corners stand out by at most 0.1 % of the radius or
    1 m, whichever is more, and by what the projection stretches lengths there: 0.004 % at 100 km from the
    map's middle. (A distance d in azimuthal equidistant metres is stretched by at most (d/R) / sin(d/R).)
    """
    x_m, y_m = (float(v) for v in frame.to_metres(circle.lon, circle.lat))
    away_m = hypot(x_m, y_m)
    if not isfinite(away_m) or away_m - circle.radius_m > FAR_M:
        return None
    angle = (away_m + circle.radius_m) / _POLAR_RADIUS_M
    sides = _sides(circle.radius_m)
    reach_m = circle.radius_m * angle / sin(angle) / cos(pi / sides)
    turns = 2.0 * pi * np.arange(sides) / sides
    return Polygon(np.column_stack([x_m + reach_m * np.cos(turns), y_m + reach_m * np.sin(turns)]))


def wound_around(shape: Polygon) -> list[Polygon]:
    """The ground that a polygon's outline goes around at all, less that of its holes; empty if there is none.

    Of a ring that crosses itself every loop counts, whichever way round it runs, and a part that is gone
    around twice is not a hole: what the authority may have meant as closed stays closed.
    """
    try:
        shell = _wound(shape.exterior)
        holes = [_wound(ring) for ring in shape.interiors]
        left = shapely.difference(shell, shapely.union_all(holes)) if holes else shell
    except shapely.errors.GEOSException:
        return []
    return [part for part in flat(left) if part.area > 0.0]


def _wound(ring: shapely.LinearRing) -> shapely.Geometry:
    """The union of the faces of a ring's lines about which its winding number is not zero.

    Of a tangle, with more than `MOST_PIECES` between its crossings, it is all within the convex hull.
    """
    points = shapely.get_coordinates(ring)
    lines = shapely.unary_union(LineString(points))
    if shapely.get_num_geometries(lines) > MOST_PIECES:
        return shapely.convex_hull(lines)
    faces = [f for f in flat(shapely.polygonize([lines])) if _winds(points, shapely.point_on_surface(f))]
    return shapely.union_all(faces)


def _winds(points: npt.NDArray[np.float64], about: shapely.Point) -> bool:
    """Whether the winding number is not zero: upward edges to the right of the point less downward ones."""
    x, y = (points - [about.x, about.y]).T
    side = x[:-1] * y[1:] - x[1:] * y[:-1]
    up = (y[:-1] <= 0) & (y[1:] > 0) & (side > 0)
    down = (y[:-1] > 0) & (y[1:] <= 0) & (side < 0)
    return int(up.sum()) != int(down.sum())


def _window(frame: Frame) -> Polygon:
    """The degrees that hold everything within `FAR_M` of the middle, and somewhat more."""
    high = FAR_M / _DEGREE_M
    south, north = max(-90.0, frame.lat - high), min(90.0, frame.lat + high)
    narrowest = min(cos(radians(south)), cos(radians(north)))
    wide = min(180.0, high / narrowest) if narrowest > 0.02 else 180.0
    return box(frame.lon - wide, south, frame.lon + wide, north)


def _sides(radius_m: float) -> int:
    """How many sides keep the radial error, in fours: sec(pi / sides) - 1 is the error."""
    allowed = max(_RADIAL_ERROR, _RADIAL_ERROR_M / radius_m)
    return max(8, 4 * ceil(pi / acos(1.0 / (1.0 + allowed)) / 4.0))
