"""What an operator wants closed, checked before it is sent: a run itself answers `malformed`, or `past`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fleet.base.errors import UsageError
from fleet.city.sky import outline
from fleet.demand.csvfile import REACH_M
from fleet.messages.airspace import CloseAirspace
from fleet.sim.declared import MOST_CORNERS, MOST_RADIUS_M

Places = Sequence[tuple[float, float]]
"""Local metres, x and y."""


@dataclass(frozen=True)
class ZoneWish:
    """What `fleet send close-airspace` was asked. `in_s` and `for_s` (None: without end) are simulated seconds."""

    zone: str
    corners: Sequence[str]
    radius_m: float = 0.0
    metres: bool = False
    reason: str = "closed by an operator"
    in_s: float = 0.0
    for_s: float | None = None
    floor_m: float = 0.0
    ceiling_m: float = 120.0


def order_of(wish: ZoneWish, places: Places, now_ms: int, order_id: str) -> CloseAirspace:
    """The order. Raises `UsageError` with everything that is wrong with the wish, a line for each."""
    faults = [f"{field}: expected {expected}, found {found}" for field, expected, found in _faults(wish, places)]
    if faults:
        raise UsageError("\n".join(faults))
    from_ms = now_ms + round(1000.0 * wish.in_s)
    return CloseAirspace(
        order_id=order_id,
        zone=wish.zone,
        reason=wish.reason,
        x_m=tuple(x for x, _ in places),
        y_m=tuple(y for _, y in places),
        radius_m=wish.radius_m,
        from_ms=from_ms,
        until_ms=-1 if wish.for_s is None else from_ms + round(1000.0 * wish.for_s),
        floor_m=wish.floor_m,
        ceiling_m=wish.ceiling_m,
    )


def _faults(wish: ZoneWish, places: Places) -> Iterator[tuple[str, str, str]]:
    """Field, expected, found."""
    if not wish.zone.strip():
        yield "ZONE", "a name", repr(wish.zone)
    if wish.ceiling_m <= wish.floor_m:
        yield "--ceiling", f"a height above the floor, {wish.floor_m:g} m", f"{wish.ceiling_m:g}"
    if wish.for_s is not None and round(1000.0 * wish.for_s) < 1:
        yield "--for", "at least a millisecond, 0.001", f"{wish.for_s:g}"
    if wish.radius_m > MOST_RADIUS_M:
        yield "--radius", f"at most {MOST_RADIUS_M:,} m", f"{wish.radius_m:,}"
    wrong = _wrong_place(wish, places)
    if wrong:
        yield "--at", *wrong


def _wrong_place(wish: ZoneWish, places: Places) -> tuple[str, str] | None:
    far = [
        word for word, (x, y) in zip(wish.corners, places, strict=True) if not math.hypot(x, y) <= REACH_M
    ]  # a nan is far too
    if far:
        return f"places within {REACH_M / 1000:g} km of the map's middle", ", ".join(far[:3])
    if wish.radius_m > 0.0:
        return None if len(places) == 1 else ("one place with --radius", f"{len(places)}")
    if not 3 <= len(places) <= MOST_CORNERS:
        return f"one place with --radius, or at least three corners and at most {MOST_CORNERS}", f"{len(places)}"
    area = outline(*np.array(places, dtype=np.float64).T)
    return ("a polygon that does not cross itself", area) if isinstance(area, str) else None
