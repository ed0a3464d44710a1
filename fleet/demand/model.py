"""A request to collect something, the points where one may arise, and the span of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from fleet.base.errors import Fault, InputError

HOUR_MS = 3_600_000
MINUTE_MS = 60_000


class Point(Protocol):
    """Where a pickup may arise, in local metres; empty `materials` means any. A map's places are such."""

    @property
    def id(self) -> str: ...
    @property
    def x_m(self) -> float: ...
    @property
    def y_m(self) -> float: ...
    @property
    def district(self) -> str: ...
    @property
    def materials(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Request:
    """One pickup. `declared_*` is what the requester says is there, `actual_*` what is.

    Times are milliseconds since the start of the run. Priority 1 is the ordinary one, 3 the most urgent.
    An actual mass of zero is a false call: somebody asked, and there is nothing. `contents` is what the actual
    mass consists of, kg of each material; empty where it is all `material`.
    """

    pickup_id: str
    announced_ms: int
    point_id: str
    district: str
    x_m: float
    y_m: float
    material: str
    declared_kg: float
    declared_l: float
    actual_kg: float
    actual_l: float
    earliest_ms: int
    latest_ms: int
    service_ms: int
    priority: int
    requester: str
    contents: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """When a run starts by the city's clock, and how long it lasts.

    >>> Span(6.5, 8.0).end_ms, Span(22.0, 8.0).clock(19_800_000)
    (28800000, '03:30')
    """

    start_hour: float
    duration_h: float

    @property
    def end_ms(self) -> int:
        """When the run ends, ms since its start."""
        return round(self.duration_h * HOUR_MS)

    def clock(self, t_ms: int) -> str:
        """The city's clock at `t_ms`, HH:MM."""
        minutes = (round(self.start_hour * 60) + t_ms // MINUTE_MS) % 1440
        return f"{minutes // 60:02d}:{minutes % 60:02d}"


def quantised(value: float, places: int) -> float:
    """An amount to so many decimals, and never to nothing.

    >>> quantised(1.23456, 3), quantised(0.0001, 3)
    (1.235, 0.001)
    """
    return max(round(float(value), places), 10.0**-places)


def in_order(*sources: Iterable[Request]) -> tuple[Request, ...]:
    """The requests of all sources by (announced_ms, pickup_id).

    Raises `InputError` where two sources use one id.
    """
    requests = sorted((r for s in sources for r in s), key=lambda r: (r.announced_ms, r.pickup_id))
    twice = sorted(name for name, times in Counter(r.pickup_id for r in requests).items() if times > 1)
    if twice:
        raise InputError(
            Fault("demand", 1, 1, "", "each pickup id once", f"{name!r} in two sources") for name in twice
        )
    return tuple(requests)
