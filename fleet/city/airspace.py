"""Which ground a vehicle may not fly over, nor land on, given the height it cruises at.

A vehicle climbs straight up, cruises at one height, and comes straight down. So two questions are enough:

- cruising: a zone is closed when its band holds the cruise height (`floor_m <= height < ceiling_m`), a
  building when its roof and the room wanted above it reach the cruise height;
- landing: the vertical leg passes through everything below the cruise height, so a point inside a zone that
  begins below it (`floor_m < height`) cannot be served, even if one may cruise above that zone.

Both keep `clearance_m` to the side. Corners are kept as corners (mitred, cut off beyond twice the clearance),
because paths bend at corners and a rounded one would be many.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely
from shapely import Polygon

from fleet.city.model import City
from fleet.city.shapes import flat

CLEARANCE_M = 5.0
ROOF_CLEARANCE_M = 10.0
_MITRE_LIMIT = 2.0


def obstacles(
    city: City,
    cruise_height_m: float,
    clearance_m: float = CLEARANCE_M,
    roof_clearance_m: float = ROOF_CLEARANCE_M,
) -> tuple[Polygon, ...]:
    """The ground closed to cruising at `cruise_height_m`: polygons in local metres that do not overlap.

    A building counts when `height_m + roof_clearance_m > cruise_height_m`. Polygons that overlap, or come
    within twice the clearance of each other, are one polygon; courtyards that stay open are its holes.
    """
    closed = [z.area for z in city.zones if z.floor_m <= cruise_height_m < z.ceiling_m]
    closed += [b.footprint for b in city.buildings if b.height_m + roof_clearance_m > cruise_height_m]
    return _with_clearance(closed, clearance_m)


def closed_for_landing(
    city: City,
    cruise_height_m: float,
    x_m: npt.ArrayLike,
    y_m: npt.ArrayLike,
    clearance_m: float = CLEARANCE_M,
) -> npt.NDArray[np.bool_]:
    """For each point whether the way down to it from `cruise_height_m` leads through a zone.

    Independent of `obstacles`: a point may be out of reach for either reason.
    """
    x, y = np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)
    closed = np.zeros(x.shape, dtype=bool)
    below = [zone.area for zone in city.zones if zone.floor_m < cruise_height_m]
    for area in _with_clearance(below, clearance_m):
        closed |= shapely.contains_xy(area, x, y)
    return closed


def _with_clearance(areas: Sequence[Polygon], clearance_m: float) -> tuple[Polygon, ...]:
    if not areas:
        return ()
    merged = shapely.union_all(np.array(areas, dtype=object))
    wider = shapely.buffer(merged, clearance_m, join_style="mitre", mitre_limit=_MITRE_LIMIT)
    return tuple(flat(wider))
