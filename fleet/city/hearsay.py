"""Zones as messages tell of them: rounded to a centimetre, and perhaps a lie."""

from __future__ import annotations

import math

import numpy as np
import shapely
from shapely import Polygon

from fleet.city.model import Zone
from fleet.messages.airspace import AirspaceChanged

_WITHIN_M = 0.005 + 1e-6
"""Half a centimetre, by which rounding changes a metre."""
_FAR_M = 1e7
_Rings = tuple[tuple[float, ...], ...]


def heard(body: AirspaceChanged) -> Zone | None:
    """The zone that a message tells of, though it may cross itself (see `makes_ground`); None where it is none."""
    if math.isnan(body.floor_m) or math.isnan(body.ceiling_m):
        return None
    rings = _rings(body.x_m, body.y_m)
    return Zone(body.zone, "", Polygon(rings[0], rings[1:]), body.floor_m, body.ceiling_m) if rings else None


def _rings(x_m: _Rings, y_m: _Rings) -> list[list[tuple[float, float]]]:
    """Every ring as corners; nothing where one of them is no ring, or lies beyond the world."""
    if [len(x) for x in x_m] != [len(y) for y in y_m] or any(len(x) < 4 for x in x_m):
        return []
    if not all(abs(metres) <= _FAR_M for ring in (*x_m, *y_m) for metres in ring):
        return []
    return [list(zip(x, y, strict=True)) for x, y in zip(x_m, y_m, strict=True)]


def makes_ground(zone: Zone) -> bool:
    """Whether a zone that was heard of has an inside."""
    return bool(zone.area.is_valid and zone.area.area > 0.0)


def is_said_of(said: Zone, real: Zone) -> bool:
    """Whether a zone that was heard of is, to the rounding of messages, the one that is meant."""
    heights = (said.floor_m, said.ceiling_m), (real.floor_m, real.ceiling_m)
    corners = shapely.get_coordinates(said.area), shapely.get_coordinates(real.area)
    return (
        [len(ring.coords) for ring in said.area.interiors] == [len(ring.coords) for ring in real.area.interiors]
        and corners[0].shape == corners[1].shape
        and bool(np.allclose(*heights, rtol=0.0, atol=_WITHIN_M))
        and bool(np.allclose(*corners, rtol=0.0, atol=_WITHIN_M))
    )
