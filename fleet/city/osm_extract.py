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
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from fleet.city.frame import Frame
from fleet.city.osm_rules import Tags

Geometries = npt.NDArray[np.object_]
Counts = tuple[tuple[str, int], ...]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Feature:
    """One tagged thing. `kind` is what it was in the file: node, way or relation; degrees (lon, lat)."""

    kind: Literal["n", "w", "r"]
    osm_id: int
    tags: Tags
    geometry: BaseGeometry

    @property
    def key(self) -> str:
        """Kind and number together, such as `w42`: unique within a file."""
        return f"{self.kind}{self.osm_id}"


@dataclass(frozen=True, slots=True)
class Extract:
    """The features of a file. What forms an area is in `areas`, and in `lines` too only if it is a street.

    `broken` holds the tags of outlines that could not be closed, most often because the extract was cut
    through them. `box` is the header's (west, south, east, north), if the file has one.
    """

    box: Box | None
    points: tuple[Feature, ...]
    lines: tuple[Feature, ...]
    areas: tuple[Feature, ...]
    broken: tuple[Tags, ...]

    @property
    def features(self) -> tuple[Feature, ...]:
        """Every feature once."""
        closed = {feature.key for feature in self.areas}
        return self.points + tuple(f for f in self.lines if f.key not in closed) + self.areas

    def buildings(self) -> tuple[Feature, ...]:
        """The areas that are buildings."""
        return tuple(f for f in self.areas if is_building(f.tags))


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

    def project(self, features: Sequence[Feature]) -> Geometries:
        """The geometries of the features in metres, same order; empty for one that the frame cannot hold."""
        degrees = np.array([feature.geometry for feature in features], dtype=object)
        metres = np.asarray(shapely.transform(degrees, self._to_metres), dtype=object)
        metres[~np.isfinite(shapely.bounds(metres)).all(axis=-1)] = Polygon()
        return metres

    @property
    def _to_metres(self) -> Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]:
        def to_metres(lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
            return np.column_stack(self.frame.to_metres(lonlat[:, 0], lonlat[:, 1]))

        return to_metres
