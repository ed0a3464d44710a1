"""The map of a city, frozen, in local metres (x east, y north of the map's centre)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from shapely import LineString, Polygon

from fleet.city.frame import Frame
from fleet.city.times import Period


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


Restriction = Literal["prohibited", "authorization", "conditional", "uspace", "none"]
"""How far a zone is closed, in the words of ED-318."""


@dataclass(frozen=True, slots=True)
class Zone:
    """Airspace with a rule from `floor_m` to `ceiling_m` above ground; `reason` is what it protects.

    It applies in its `times`, always when there are none.
    """

    id: str
    reason: str
    area: Polygon
    floor_m: float = 0.0
    ceiling_m: float = 120.0
    restriction: Restriction = "prohibited"
    times: tuple[Period, ...] = ()


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


Mode = Literal["foot", "bicycle", "motor"]
"""How somebody moves along a street."""

MODES: tuple[Mode, ...] = ("foot", "bicycle", "motor")


@dataclass(frozen=True, slots=True)
class Street:
    """A stretch of street; `line` runs as it was drawn, which is what the directions refer to.

    Streets meet where they have a vertex at the same coordinates, to the bit, and only there: where one line
    merely crosses another, a bridge or a tunnel passes. A direction is 1 along the line, -1 against it, 0 both
    ways. `maxspeed_kmh` is None where nothing is posted. `id` need not be unique: the pieces of a street that
    the map's edge cuts share it.
    """

    line: LineString
    highway: str = "residential"
    oneway: int = 0
    maxspeed_kmh: float | None = None
    access: frozenset[Mode] = frozenset(MODES)
    oneway_bicycle: int | None = None
    """For bicycles, where it differs from `oneway`."""
    layer: int = 0
    bridge: bool = False
    tunnel: bool = False
    name: str = ""
    id: str = ""

    def direction(self, mode: Mode) -> int:
        """Which way `mode` may go, if `access` lets it in at all; people on foot may go both ways."""
        if mode == "foot":
            return 0
        return self.oneway_bicycle if mode == "bicycle" and self.oneway_bicycle is not None else self.oneway


@dataclass(frozen=True, slots=True)
class Cover:
    """What the ground is there: `water`, `wood`, `grass`, `residential`, ... Covers may lie on one another."""

    kind: str
    area: Polygon


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
    streets: tuple[Street, ...] = ()
    covers: tuple[Cover, ...] = ()
    attribution: str = ""
    notes: tuple[str, ...] = field(default=())

    def _repr_png_(self) -> bytes | None:
        """The drawing, where a notebook asks for one; None without matplotlib (extra `plot`)."""
        from fleet.city.drawing import png_if_possible

        return png_if_possible(self)

    def _repr_html_(self) -> str:
        """The drawing, or without matplotlib what is on the map in words."""
        from fleet.city.drawing import html

        return html(self)
