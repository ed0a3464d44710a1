"""Which ground a vehicle may not fly over, nor land on, given the height it cruises at.

A vehicle climbs straight up, cruises at one height, and comes straight down. So two questions are enough:

- cruising: a zone is closed when its band holds the cruise height (`floor_m <= height < ceiling_m`), a
  building when its roof and the room wanted above it reach the cruise height;
- landing: the vertical leg passes through everything below the cruise height, so a point inside a zone that
  begins below it (`floor_m < height`) cannot be served, even if one may cruise above that zone.

Both ask of the zones that are closed now: `closing` leaves out those that close nothing to this operator, and
whoever knows the time leaves out those that do not apply (`times.applies`). Without a word all of the city's
that close at all are meant, at any time.

Both keep `clearance_m` to the side. Corners are kept as corners (mitred, cut off beyond twice the clearance),
because paths bend at corners and a rounded one would be many.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import shapely
from shapely import Polygon

from fleet.city.model import City, Zone
from fleet.city.rings import united
from fleet.city.shapes import flat

CLEARANCE_M = 5.0
ROOF_CLEARANCE_M = 10.0
_MITRE_LIMIT = 2.0
_PART = re.compile(r"~[0-9]+$")


def closing(zones: Iterable[Zone], authorised: frozenset[str] = frozenset()) -> tuple[Zone, ...]:
    """Those of the zones that close the sky to an operator who is `authorised` to enter some, by their ids.

    Restriction "none" closes nothing; every other closes, since its conditions are not known to be met. Who may
    enter zone `id` may enter all its parts, `id~2` and so on.
    """
    return tuple(
        zone
        for zone in zones
        if zone.restriction != "none" and zone.id not in authorised and _PART.sub("", zone.id) not in authorised
    )


def obstacles(
    city: City,
    cruise_height_m: float,
    clearance_m: float = CLEARANCE_M,
    roof_clearance_m: float = ROOF_CLEARANCE_M,
    *,
    closed: Iterable[Zone] | None = None,
) -> tuple[Polygon, ...]:
    """The ground closed to cruising at `cruise_height_m`: polygons in local metres that do not overlap.

    `closed` are the zones that are closed now; None stands for `closing(city.zones)`. A building
    counts when `height_m + roof_clearance_m > cruise_height_m`. Polygons that overlap, or come within twice the
    clearance of each other, are one polygon; courtyards that stay open are its holes.
    """
    zones = closing(city.zones) if closed is None else closed
    areas = [z.area for z in zones if z.floor_m <= cruise_height_m < z.ceiling_m]
    areas += [b.footprint for b in city.buildings if b.height_m + roof_clearance_m > cruise_height_m]
    return with_clearance(areas, clearance_m)


def closed_for_landing(
    city: City,
    cruise_height_m: float,
    x_m: npt.ArrayLike,
    y_m: npt.ArrayLike,
    clearance_m: float = CLEARANCE_M,
    *,
    closed: Iterable[Zone] | None = None,
) -> npt.NDArray[np.bool_]:
    """For each point whether the way down to it from `cruise_height_m` leads through a zone.

    `closed` are the zones that are closed now; None stands for `closing(city.zones)`. Independent of
    `obstacles`: a point may be out of reach for either reason.
    """
    x, y = np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)
    zones = closing(city.zones) if closed is None else closed
    below = [zone.area for zone in zones if zone.floor_m < cruise_height_m]
    shut = np.zeros(x.shape, dtype=bool)
    for area in with_clearance(below, clearance_m):
        shut |= shapely.contains_xy(area, x, y)
    return shut


def with_clearance(areas: Sequence[Polygon], clearance_m: float) -> tuple[Polygon, ...]:
    """The areas merged and widened by `clearance_m`, corners kept as corners."""
    if not areas:
        return ()
    merged = united(np.array(areas, dtype=object))
    # GEOS divides by zero within, and gives the right shape, where a corner is very sharp.
    with np.errstate(all="ignore"):
        wider = shapely.buffer(merged, clearance_m, join_style="mitre", mitre_limit=_MITRE_LIMIT)
    return tuple(flat(wider))
