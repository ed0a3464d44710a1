"""A zone file after reading and before any geometry: what a format's reader hands on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fleet.city.geozones_fields import Band
from fleet.city.jsonfile import Trail
from fleet.city.model import Restriction
from fleet.city.shapes import Rings
from fleet.city.times import Period


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle on the ground."""

    lon: float
    lat: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Volume:
    """One outline (slices of the file's flat positions) or circle, and how high it reaches."""

    trail: Trail
    shape: Rings | Circle
    band: Band


@dataclass(frozen=True, slots=True)
class RawZone:
    """A zone of the file with all its volumes; `times` is empty when it always applies."""

    trail: Trail
    id: str
    reason: str
    restriction: Restriction
    times: tuple[Period, ...]
    volumes: tuple[Volume, ...]


@dataclass(frozen=True, slots=True)
class RawZones:
    """What is in a file; `odd_spellings` counts words that belong to the other format."""

    zones: tuple[RawZone, ...]
    without_geometry: int = 0
    odd_spellings: int = 0
    valid_from: datetime | None = None
    valid_to: datetime | None = None
