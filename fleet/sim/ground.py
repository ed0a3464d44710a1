"""What a scenario's sections are held against before a run: the map, the sites, the vehicles, the span."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fleet.base.errors import Fault
from fleet.city.model import City, Site


@dataclass(frozen=True)
class Ground:
    """What is known before chance has its say. `end_ms` is when the run ends, `start_hour` when it starts by the
    city's clock, `demanded` what pickups are called that somebody will ask for."""

    city: City
    sites: Sequence[Site]
    vehicles: Sequence[str]
    start_hour: float
    end_ms: int
    demanded: frozenset[str] = field(default_factory=frozenset)


def fault(path: str, expected: str, found: str, hint: str = "") -> Fault:
    """What is wrong at a path that starts at a section; where that stands in the scenario is looked up later."""
    return Fault("", 1, 1, path, expected, found, hint)
