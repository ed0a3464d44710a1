"""Closed airspace in words: what an order to close it asks for, and what is said of a closure."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from fleet.city.model import Zone
from fleet.city.sky import Closure, State, circle, outline
from fleet.messages.airspace import AirspaceChanged, CloseAirspace

_FAR_M = 1e6
MOST_CORNERS = 1000
MOST_RADIUS_M = 50_000

Wrong = Literal["malformed", "past"]


def closure_of(order: CloseAirspace, now_ms: int) -> Closure | Wrong:
    """What an order to close airspace asks for; else why not: its numbers make no zone, or its end has passed."""
    x, y = np.array(order.x_m, dtype=np.float64), np.array(order.y_m, dtype=np.float64)
    until_ms = None if order.until_ms < 0 else order.until_ms
    sizes = (*order.x_m, *order.y_m, order.radius_m, order.floor_m, order.ceiling_m)
    if not all(math.isfinite(size) and abs(size) <= _FAR_M for size in sizes) or len(x) != len(y):
        return "malformed"
    if not 0.0 <= order.floor_m < order.ceiling_m or order.radius_m > MOST_RADIUS_M:
        return "malformed"
    if order.radius_m > 0.0:
        area = circle(float(x[0]), float(y[0]), order.radius_m) if len(x) == 1 else ""
    else:
        area = outline(x, y) if 3 <= len(x) <= MOST_CORNERS else ""
    if isinstance(area, str) or not order.zone or (until_ms is not None and until_ms <= order.from_ms):
        return "malformed"
    if until_ms is not None and until_ms <= now_ms:
        return "past"
    from_ms = max(now_ms, order.from_ms)
    zone = Zone(order.zone, order.reason, area, order.floor_m, order.ceiling_m)
    return Closure(zone, from_ms, until_ms, from_ms - now_ms)


def told(closure: Closure, state: State) -> AirspaceChanged:
    """What is said of a closure."""
    zone = closure.zone
    rings = [ring.coords for ring in (zone.area.exterior, *zone.area.interiors)]
    return AirspaceChanged(
        zone=zone.id,
        reason=zone.reason,
        state=state,
        floor_m=round(zone.floor_m, 2),
        ceiling_m=round(zone.ceiling_m, 2),
        from_ms=closure.from_ms,
        until_ms=-1 if closure.until_ms is None else closure.until_ms,
        x_m=tuple(tuple(round(float(x), 2) for x, _ in ring) for ring in rings),
        y_m=tuple(tuple(round(float(y), 2) for _, y in ring) for ring in rings),
    )
