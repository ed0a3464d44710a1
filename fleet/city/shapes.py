"""Raw GeoJSON geometry to shapely geometry, all features of a file at once.

Positions of the whole file go into two flat lists, so that one pyproj call projects them and one shapely call
per kind builds the polygons: a map of thousands of buildings loads in well under a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LineString, Polygon

from fleet.city.jsonfile import show

Floats = npt.NDArray[np.float64]
Rings = tuple[slice, ...]
"""One outline: its shell and then its holes, each a slice of the flat positions."""


class Refused(Exception):
    """A geometry is not usable: where in it, what was expected, what was found."""

    def __init__(self, path: str, expected: str, found: str, hint: str = "") -> None:
        super().__init__(path)
        self.path = path
        self.expected = expected
        self.found = found
        self.hint = hint


class Positions:
    """The flat positions of a file in degrees. Each `take_*` appends and says where, or raises Refused."""

    def __init__(self) -> None:
        self.lon: list[float] = []
        self.lat: list[float] = []

    def take_point(self, raw: Any) -> tuple[Rings, ...]:
        """One position."""
        return ((self._take([raw], "", 1),),)

    def take_line(self, raw: Any) -> tuple[Rings, ...]:
        """A list of at least two positions."""
        return ((self._take(raw, "", 2),),)

    def take_polygon(self, raw: Any, path: str = "") -> tuple[Rings, ...]:
        """A list of rings: the shell, then holes."""
        if not isinstance(raw, list) or not raw:
            raise Refused(path, "a list of rings", show(raw))
        return (tuple(self._take_ring(ring, f"{path}[{n}]") for n, ring in enumerate(raw)),)

    def take_multipolygon(self, raw: Any) -> tuple[Rings, ...]:
        """A list of polygons."""
        if not isinstance(raw, list) or not raw:
            raise Refused("", "a list of polygons", show(raw))
        return tuple(self.take_polygon(part, f"[{n}]")[0] for n, part in enumerate(raw))

    def _take_ring(self, raw: Any, path: str) -> slice:
        ring = self._take(raw, path, 4)
        last = ring.stop - 1
        if (self.lon[ring.start], self.lat[ring.start]) != (self.lon[last], self.lat[last]):
            raise Refused(f"{path}[{last - ring.start}]", "a closed ring", "a last position unlike the first")
        return ring

    def _take(self, raw: Any, path: str, least: int) -> slice:
        if not isinstance(raw, list) or len(raw) < least:
            raise Refused(path, f"a list of at least {least} positions", show(raw))
        start = len(self.lon)
        for n, position in enumerate(raw):
            fault = _fault_of(position)
            if fault:
                raise Refused(f"{path}[{n}]" if least > 1 else path, *fault)
            self.lon.append(float(position[0]))
            self.lat.append(float(position[1]))
        return slice(start, len(self.lon))


def _fault_of(position: Any) -> tuple[str, str, str] | None:
    """What is wrong with one position, as (expected, found, hint). A third number, the height, is ignored."""
    if not isinstance(position, list) or len(position) < 2:
        return "a position [longitude, latitude]", show(position), ""
    lon, lat = position[0], position[1]
    if type(lon) not in (float, int) or type(lat) not in (float, int):
        return "two numbers [longitude, latitude]", f"[{show(lon)}, {show(lat)}]", ""
    if -180 <= lon <= 180 and -90 <= lat <= 90:
        return None
    hint = "longitude comes first" if -180 <= lat <= 180 and -90 <= lon <= 90 else "degrees, EPSG:4326"
    return "longitude in -180..180 and latitude in -90..90", f"[{show(lon)}, {show(lat)}]", hint


def polygons(outlines: Sequence[Rings], x: Floats, y: Floats) -> list[Polygon]:
    """One polygon per outline, from flat coordinates in any unit."""
    if not outlines:
        return []
    spans = [ring for rings in outlines for ring in rings]
    edges = _numbered([span.stop - span.start for span in spans])
    rings = np.asarray(shapely.linearrings(_gather(spans, x, y), indices=edges))
    return list(np.asarray(shapely.polygons(rings, indices=_numbered([len(o) for o in outlines]))))


def lines(spans: Sequence[slice], x: Floats, y: Floats) -> list[LineString]:
    """One line per span of the flat coordinates."""
    if not spans:
        return []
    indices = _numbered([s.stop - s.start for s in spans])
    return list(np.asarray(shapely.linestrings(_gather(spans, x, y), indices=indices)))


def repaired(polygon: Polygon) -> list[Polygon]:
    """The areas that an invalid polygon can be read as; empty when nothing with an area is left."""
    return [part for part in flat(shapely.make_valid(polygon)) if part.area > 0.0]


def flat(geometry: shapely.Geometry) -> Iterator[Polygon]:
    """Every polygon in a geometry of any kind, in order."""
    for part in shapely.get_parts(geometry, return_index=False):
        if isinstance(part, Polygon):
            if not part.is_empty:
                yield part
        elif hasattr(part, "geoms"):
            yield from flat(part)


def _gather(spans: Sequence[slice], x: Floats, y: Floats) -> Floats:
    rows = np.concatenate([np.arange(s.start, s.stop) for s in spans])
    return np.column_stack([x[rows], y[rows]])


def _numbered(counts: Sequence[int]) -> npt.NDArray[np.intp]:
    return np.repeat(np.arange(len(counts)), counts)
