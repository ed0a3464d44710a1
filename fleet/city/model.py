"""The map of a city, frozen, in local metres (x east, y north of the map's centre)."""

from __future__ import annotations

from dataclasses import dataclass, field

from shapely import LineString, Polygon

from fleet.city.frame import Frame


@dataclass(frozen=True, slots=True)
class Building:
    """A footprint and its height above ground."""

    id: str
    footprint: Polygon
    height_m: float


@dataclass(frozen=True, slots=True)
class District:
    """A named part of the city."""

    id: str
    name: str
    area: Polygon


@dataclass(frozen=True, slots=True)
class Zone:
    """Airspace that is closed from `floor_m` to `ceiling_m` above ground; `reason` is what it protects."""

    id: str
    reason: str
    area: Polygon
    floor_m: float = 0.0
    ceiling_m: float = 120.0


@dataclass(frozen=True, slots=True)
class Place:
    """A point with a name: where a pickup may arise, or where an anchor stands."""

    id: str
    x_m: float
    y_m: float
    district: str = ""
    materials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """A place where vehicles dock: to start and rest (`base`), to unload (`accepts`), to charge (`chargers`).

    `capacity_kg` is how much unloaded waste it can hold, `pads` how many vehicles may stand on it at once.
    """

    id: str
    x_m: float
    y_m: float
    district: str = ""
    base: bool = False
    accepts: frozenset[str] = frozenset()
    capacity_kg: float = 0.0
    pads: int = 1
    chargers: int = 0


@dataclass(frozen=True, slots=True)
class City:
    """Everything the map says. `notes` are the loader's remarks for people."""

    name: str
    frame: Frame
    buildings: tuple[Building, ...] = ()
    districts: tuple[District, ...] = ()
    zones: tuple[Zone, ...] = ()
    sites: tuple[Site, ...] = ()
    pickup_points: tuple[Place, ...] = ()
    anchors: tuple[Place, ...] = ()
    streets: tuple[LineString, ...] = ()
    attribution: str = ""
    notes: tuple[str, ...] = field(default=())
