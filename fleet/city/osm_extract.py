"""What the reader of OpenStreetMap files hands to the rest: the features that matter to us, still in degrees.

It stands between `osm`, which alone knows the file formats, and `osm_layers`, which makes a map of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from fleet.city.frame import Frame
from fleet.city.osm_rules import Tags
from fleet.city.shapes import flat

Geometries = npt.NDArray[np.object_]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Feature:
    """One tagged thing, once. `kind` is what it was in the file: node, way or relation; degrees (lon, lat).

    `geometry` is a node's point, the area of a closed outline, else the course of a way; None where nothing of
    it is in the file. `line` is the course of a way even where it forms an area. `mended` outlines crossed
    themselves and are taken for the areas that they enclose.
    """

    kind: Literal["n", "w", "r"]
    osm_id: int
    tags: Tags
    geometry: BaseGeometry | None
    line: BaseGeometry | None = None
    mended: bool = False

    @property
    def key(self) -> str:
        """Kind and number together, such as `w42`: unique within a file."""
        return f"{self.kind}{self.osm_id}"

    @property
    def area(self) -> BaseGeometry | None:
        """The geometry if it is an area."""
        return self.geometry if isinstance(self.geometry, Polygon | MultiPolygon) else None

    @property
    def why_no_area(self) -> str:
        """The reason why it is no area; empty for one that is."""
        if self.area is not None:
            return ""
        if self.kind == "n":
            return "mapped as a point" if self.geometry is not None else OFF_EARTH
        return "an outline that does not close" if self.geometry is not None else NOT_WHOLE


MIN_AREA_M2 = 0.5
MIN_WIDTH_M = 0.05
"""What is smaller or thinner than these everywhere is no building, no zone and no ground."""

OFF_EARTH = "off the earth"
NOT_WHOLE = "parts missing from the file"
OUTSIDE = "outside the box"


@dataclass(frozen=True, slots=True)
class Extract:
    """The features of a file that matter to us, nodes first, then ways, then relations, each by number.

    `box` is the header's (west, south, east, north), if the file has one. `objects` counts the file's nodes,
    ways and relations, tagged or not; `doubled` those that it gives more than once.
    """

    box: Box | None
    features: tuple[Feature, ...]
    objects: tuple[int, int, int] = (0, 0, 0)
    doubled: int = 0

    def with_tag(self, test: Callable[[Tags], object]) -> tuple[Feature, ...]:
        """The features whose tags pass `test`."""
        return tuple(feature for feature in self.features if test(feature.tags))

    def buildings(self) -> tuple[Feature, ...]:
        """The areas that are buildings."""
        return tuple(f for f in self.with_tag(is_building) if f.area is not None)


def is_building(tags: Tags) -> bool:
    """Whether the feature is a building, or was meant as one."""
    return tags.get("building", "no") != "no"


@dataclass(frozen=True)
class Ground:
    """The piece of the world that is imported: its frame, and its box in the frame's metres."""

    frame: Frame
    area: Polygon

    @staticmethod
    def of_box(box: Box) -> Ground:
        """The frame at the middle of `box`, and the upright rectangle of metres that covers `box`."""
        west, south, east, north = box
        frame = Frame((west + east) / 2.0, (south + north) / 2.0)
        lon = np.array([west, east, east, west, frame.lon, frame.lon])
        lat = np.array([south, south, north, north, south, north])
        x_m, y_m = frame.to_metres(lon, lat)
        return Ground(frame, shapely.box(x_m.min(), y_m.min(), x_m.max(), y_m.max()))

    @cached_property
    def size_m(self) -> tuple[float, float]:
        """Width and height."""
        west, south, east, north = self.area.bounds
        return east - west, north - south

    def project(self, shapes: Sequence[BaseGeometry | None]) -> Geometries:
        """Shapes in degrees, in metres, same order; empty for one that the frame cannot hold, or that is None."""
        degrees = np.empty(len(shapes), dtype=object)
        degrees[:] = [Polygon() if shape is None else shape for shape in shapes]
        metres = np.asarray(shapely.transform(degrees, self._to_metres), dtype=object)
        metres[~np.isfinite(shapely.bounds(metres)).all(axis=-1)] = Polygon()
        return metres

    @property
    def _to_metres(self) -> Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]:
        def to_metres(lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
            return np.column_stack(self.frame.to_metres(lonlat[:, 0], lonlat[:, 1]))

        return to_metres


def solid(shape: BaseGeometry) -> list[Polygon]:
    """The pieces of a shape in metres that are more than a sliver, as clipping and mending leave them.

    A map file is rounded to a centimetre: a sliver could come out of it without an inside.

    >>> [piece.area for piece in solid(shapely.union_all([shapely.box(0, 0, 2, 2), shapely.box(9, 0, 9.01, 99)]))]
    [4.0]
    """
    whole = shape if shape.is_valid else shapely.make_valid(shape)
    pieces = (piece for piece in flat(whole) if piece.area >= MIN_AREA_M2)
    return [piece for piece in pieces if not shapely.buffer(piece, -MIN_WIDTH_M / 2.0).is_empty]


def numbered(key: str, index: int) -> str:
    """The identifier of an object's part, from 0: `w12` is way 12, `r5` relation 5, `n123` node 123.

    >>> numbered("w12", 0), numbered("w12", 1)
    ('w12', 'w12~2')
    """
    return key if index == 0 else f"{key}~{index + 1}"
