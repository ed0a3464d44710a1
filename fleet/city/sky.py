"""The sky as it changes over a run: closures in time, and the ways that are left at each moment.

A *closure* is a zone with a time: announced, then closed, then open again. What is announced is avoided already,
so that nobody has to be chased out of it. `Skies` answers what can be flown at a height while certain zones are
shut; each answer is worked out once, whoever asks (world and dispatch ask for the same ones).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LineString, Polygon

from fleet.city.airspace import CLEARANCE_M, closed_for_landing, closing, obstacles, with_clearance
from fleet.city.model import City, Zone
from fleet.city.paths import Airspace, PathNetwork

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]
Area = Polygon
State = Literal["announced", "closed", "open"]
NetworkOf = Callable[[Airspace, Floats, Floats], PathNetwork]

SKIN_M = 2e-3
"""Nobody this near to the edge counts as inside: paths run along edges, and floats put a point of an edge on
either side of it."""

_HAIR_M = 1e-6
"""Who has climbed to a height is there, whatever the sum of the climb's floats."""

CIRCLE_CORNERS = 64


@dataclass(frozen=True, slots=True)
class Closure:
    """A zone closed from `from_ms` to before `until_ms` (None: for good), and announced `notice_ms` earlier."""

    zone: Zone
    from_ms: int
    until_ms: int | None = None
    notice_ms: int = 0

    @property
    def announced_ms(self) -> int:
        """When it is announced."""
        return self.from_ms - self.notice_ms

    def state(self, t_ms: int) -> State:
        """How it stands at a moment."""
        if t_ms < self.announced_ms or (self.until_ms is not None and t_ms >= self.until_ms):
            return "open"
        return "announced" if t_ms < self.from_ms else "closed"


@dataclass(frozen=True)
class Schedule:
    """All closures of a run, as known at a moment. Closures of one zone share its id."""

    closures: tuple[Closure, ...] = ()

    @cached_property
    def zones(self) -> Mapping[str, Zone]:
        """Every zone by its id."""
        return {closure.zone.id: closure.zone for closure in self.closures}

    def changes_ms(self) -> tuple[int, ...]:
        """Every moment at which something may change, in order."""
        moments = {t for c in self.closures for t in (c.announced_ms, c.from_ms, c.until_ms) if t is not None}
        return tuple(sorted(moments))

    def standing(self, t_ms: int) -> dict[str, Closure]:
        """What is announced or closed at a moment, by zone, in the order of the ids.

        Where closures of one zone overlap, one in force counts before one announced, then what lasts longest.
        """
        found: dict[str, Closure] = {}
        for closure in sorted(self.closures, key=lambda c: (c.zone.id, c.from_ms)):
            if closure.state(t_ms) == "open":
                continue
            before = found.get(closure.zone.id)
            if before is None or _counts_more(closure, before, t_ms):
                found[closure.zone.id] = closure
        return found

    def with_closure(self, closure: Closure) -> Schedule:
        """One more; it replaces those of a zone of the same id."""
        return Schedule((*(c for c in self.closures if c.zone.id != closure.zone.id), closure))

    def opened(self, zone_id: str, t_ms: int) -> Schedule:
        """The same with a zone open from `t_ms` on, for good."""
        kept = [
            c if c.zone.id != zone_id or c.state(t_ms) == "open" else replace(c, until_ms=t_ms)
            for c in self.closures
            if c.zone.id != zone_id or c.announced_ms <= t_ms
        ]
        return Schedule(tuple(kept))


def _counts_more(closure: Closure, other: Closure, t_ms: int) -> bool:
    def rank(c: Closure) -> tuple[bool, float]:
        return c.state(t_ms) == "closed", math.inf if c.until_ms is None else c.until_ms

    return rank(closure) > rank(other)


def circle(x_m: float, y_m: float, radius_m: float) -> Polygon:
    """A polygon that contains the circle; its corners lie 0.12 % of the radius outside."""
    angles = 2.0 * np.pi * np.arange(CIRCLE_CORNERS) / CIRCLE_CORNERS
    reach = radius_m / math.cos(math.pi / CIRCLE_CORNERS)
    return Polygon(np.column_stack([x_m + reach * np.cos(angles), y_m + reach * np.sin(angles)]))


def outline(x_m: Floats, y_m: Floats) -> Polygon | str:
    """The polygon with these corners, or what is wrong with it."""
    area = Polygon(np.column_stack([x_m, y_m]))
    if area.is_valid and area.area > 0.0:
        return area
    return str(shapely.is_valid_reason(area))


class Fence:
    """One zone with the room that is kept from it, for vehicles that cruise at a height."""

    def __init__(self, zone: Zone, height_m: float) -> None:
        self.floor_m, self.ceiling_m = zone.floor_m, zone.ceiling_m
        self.bars_cruise = zone.floor_m <= height_m < zone.ceiling_m
        """Whether nobody may cruise through it."""
        self.bars_landing = zone.floor_m < height_m
        """Whether nobody may pass through it on the way up or down."""
        self._area = shapely.union_all(_within(with_clearance([zone.area], CLEARANCE_M)))
        shapely.prepare(self._area)

    @property
    def matters(self) -> bool:
        """Whether it is in anybody's way at this height."""
        return self.bars_cruise or self.bars_landing

    def holds(self, x_m: float, y_m: float) -> bool:
        """Whether a point lies in it, heights aside."""
        return bool(shapely.contains_xy(self._area, x_m, y_m))

    def crossed_by(self, line: Iterable[tuple[float, float]]) -> bool:
        """Whether a polyline leads through it."""
        points = list(line)
        return len(points) > 1 and bool(shapely.intersects(self._area, LineString(points)))


@dataclass(frozen=True, eq=False)
class Sky:
    """What can be flown at one height while some zones are shut, beside those of the map.

    `network` joins the nodes; `free` is the map's own airspace, without those zones; `shut` is the ground that may
    not be landed on. `barring` are the zones that may not be flown through, and `beside` gives the airspace with
    those of them shut whose ids it is told. `below` are the zones that end below the height, the map's own among
    them: they may be flown over, and nobody may come down into them.
    """

    airspace: Airspace
    free: Airspace
    network: PathNetwork
    shut: tuple[Polygon, ...] = ()
    barring: tuple[Zone, ...] = ()
    beside: Callable[[frozenset[str]], Airspace] | None = None
    below: tuple[Zone, ...] = ()

    def may_descend(self, x_m: float, y_m: float, height_m: float) -> bool:
        """Whether no zone ends between a point at a height and the ground."""
        return not any(
            zone.ceiling_m <= height_m + _HAIR_M and any(shapely.contains_xy(area, x_m, y_m) for area in room)
            for zone, room in self._low_rooms
        )

    @cached_property
    def _low_rooms(self) -> tuple[tuple[Zone, Shapes], ...]:
        return _rooms_of(self.below)

    def may_land(self, x_m: float, y_m: float) -> bool:
        """Whether the way down to a point is open; about temporary zones only."""
        return not shapely.contains_xy(self._shut_within, x_m, y_m).any()

    @cached_property
    def _shut_within(self) -> Shapes:
        return _within(self.shut)

    @cached_property
    def _ground(self) -> Shapes:
        """All that is closed, to cruising or to landing; what touches is one."""
        cruise = np.array(self.airspace.obstacles, dtype=object)
        low = [*self.shut, *with_clearance([zone.area for zone in self.below], CLEARANCE_M)]
        if not low:
            return cruise
        shut = shapely.union_all(np.array(low, dtype=object))
        touch = shapely.intersects(cruise, shut) if len(cruise) else np.zeros(0, dtype=bool)
        merged = shapely.union_all([shut, *cruise[touch]])
        return np.array([*shapely.get_parts(merged), *cruise[~touch]], dtype=object)

    def path(self, x0: float, y0: float, x1: float, y1: float) -> Floats | None:
        """The shortest legal way between two points, shape (k, 2) with both ends, or None.

        From inside a temporary zone it first leads out of it, by the shortest way that the map and the other zones
        allow.
        """
        if not self.may_land(x1, y1):
            return None
        here = [x0], [y0]
        if self.airspace is self.free or not self.airspace.blocked(*here)[0] or self.free.blocked(*here)[0]:
            return self.airspace.path(x0, y0, x1, y1)
        for out in self.ways_out(x0, y0):
            on = self.airspace.path(float(out[-1, 0]), float(out[-1, 1]), x1, y1)
            if on is not None:
                return np.vstack([out, on[1:]])
        return None

    def ways_down(self, x_m: float, y_m: float) -> Iterator[Floats]:
        """Ways to where one may come down, each of shape (k, 2), the shortest first.

        Where one may not even cruise they first lead out of that, by the shortest way. Where one may come down
        here, it is this point alone, shape (1, 2).
        """
        if not any(shapely.contains_xy(area, x_m, y_m) for area in _within(self._barred(x_m, y_m))):
            yield from self._ways_off(x_m, y_m)
            return
        for out in self.ways_out(x_m, y_m):
            on = next(self._ways_off(float(out[-1, 0]), float(out[-1, 1])), None)
            if on is not None:
                yield np.vstack([out, on[1:]])

    def _ways_off(self, x_m: float, y_m: float) -> Iterator[Floats]:
        """Ways to where one may come down from where one may cruise."""
        ground = self._ground
        around = ground[shapely.contains_xy(ground, x_m, y_m)] if len(ground) else ground
        if any(shapely.contains_xy(area, x_m, y_m) for area in _within(around)):
            yield from self._by_length(x_m, y_m, around)
        else:
            yield np.array([[x_m, y_m]])

    def _around(self, x_m: float, y_m: float) -> Airspace:
        """What may be flown through on the way out from a point: the zones that hold it, and no others."""
        others = frozenset(
            zone.id for zone, room in self._rooms if not any(shapely.contains_xy(area, x_m, y_m) for area in room)
        )
        return self.free if self.beside is None or not others else self.beside(others)

    @cached_property
    def _rooms(self) -> tuple[tuple[Zone, Shapes], ...]:
        return _rooms_of(self.barring)

    def ways_out(self, x_m: float, y_m: float) -> Iterator[Floats]:
        """Ways to where one may cruise, each of shape (k, 2), the shortest first; none where that is here."""
        return self._by_length(x_m, y_m, self._barred(x_m, y_m))

    def _barred(self, x_m: float, y_m: float) -> list[Polygon]:
        return [area for area in self.airspace.obstacles if shapely.contains_xy(area, x_m, y_m)]

    def _by_length(self, x_m: float, y_m: float, areas: Iterable[shapely.Geometry]) -> Iterator[Floats]:
        """Ways to the edges of `areas` that the map and the zones elsewhere allow, the shortest first.

        Each stretch of an edge is made for at its nearest point, just outside. What lies nearest as the crow flies
        is looked at first, and given when nothing that is left can be nearer.
        """
        ends = [_nearest_points(shapely.buffer(a, SKIN_M / 2, join_style="mitre"), x_m, y_m) for a in areas]
        points = np.vstack(ends) if ends else np.empty((0, 2))
        far = np.hypot(points[:, 0] - x_m, points[:, 1] - y_m)
        ready: list[tuple[float, int, Floats]] = []
        airspace = self._around(x_m, y_m)
        for row in np.argsort(far, kind="stable").tolist():
            while ready and ready[0][0] <= far[row]:
                yield heapq.heappop(ready)[2]
            way = airspace.path(x_m, y_m, float(points[row, 0]), float(points[row, 1]))
            if way is not None:
                heapq.heappush(ready, (float(np.hypot(*np.diff(way, axis=0).T).sum()), row, way))
        while ready:
            yield heapq.heappop(ready)[2]


def _rooms_of(zones: Iterable[Zone]) -> tuple[tuple[Zone, Shapes], ...]:
    return tuple((zone, _within(with_clearance([zone.area], CLEARANCE_M))) for zone in zones)


def _within(areas: Iterable[shapely.Geometry]) -> Shapes:
    """The areas without their skin: who is in here is inside."""
    return np.array([shapely.buffer(area, -SKIN_M) for area in areas], dtype=object)


def _nearest_points(area: shapely.Geometry, x_m: float, y_m: float) -> Floats:
    """For each stretch of the edge of `area` the point of it that is nearest to (x, y)."""
    found = []
    for ring in shapely.get_parts(shapely.boundary(area)):
        corners = shapely.get_coordinates(ring)
        start, step = corners[:-1], np.diff(corners, axis=0)
        square = np.maximum((step**2).sum(axis=1), 1e-18)
        share = np.clip(((np.array([x_m, y_m]) - start) * step).sum(axis=1) / square, 0.0, 1.0)
        found.append(start + share[:, None] * step)
    return np.vstack(found)


class Skies:
    """The sky at each height with each set of zones shut; every one is worked out once.

    `x_m`, `y_m` are the nodes. Zones are known by their ids: those of the schedule, and whatever is added.
    """

    def __init__(
        self,
        city: City,
        x_m: Floats,
        y_m: Floats,
        zones: Mapping[str, Zone],
        network_of: NetworkOf = Airspace.network,
    ) -> None:
        self._city = city
        self._x, self._y = x_m, y_m
        self._zones = dict(zones)
        self._network_of = network_of
        self._airspaces: dict[tuple[float, frozenset[str]], tuple[Airspace, PathNetwork]] = {}
        self._sides: dict[tuple[float, frozenset[str]], Airspace] = {}
        self._skies: dict[tuple[float, frozenset[str]], Sky] = {}

    def add(self, zone: Zone) -> None:
        """A zone that was not known before; one of the same id is forgotten."""
        self._zones[zone.id] = zone
        for memo in (self._airspaces, self._sides, self._skies):
            for key in [key for key in memo if zone.id in key[1]]:
                del memo[key]

    def at(self, height_m: float, shut: frozenset[str] = frozenset()) -> Sky:
        """The sky for those who cruise at a height while the zones `shut` are announced or closed.

        Ids that are not known are passed over.
        """
        zones = [self._zones[name] for name in sorted(shut) if name in self._zones]
        low = [zone for zone in zones if zone.floor_m < height_m]
        cross = [zone for zone in zones if zone.floor_m <= height_m < zone.ceiling_m]
        key = height_m, frozenset(zone.id for zone in (*low, *cross))
        if key not in self._skies:
            self._skies[key] = self._sky(height_m, low, cross)
        return self._skies[key]

    def _sky(self, height_m: float, low: list[Zone], cross: list[Zone]) -> Sky:
        airspace, network = self._airspace(height_m, cross)
        free, _ = self._airspace(height_m, [])
        shut = tuple(with_clearance([zone.area for zone in low], CLEARANCE_M))
        barred = closed_for_landing(self._city, height_m, self._x, self._y)
        for area in _within(shut):
            barred |= shapely.contains_xy(area, self._x, self._y)

        def beside(names: frozenset[str]) -> Airspace:
            return self._beside(height_m, [zone for zone in cross if zone.id in names])

        below = tuple(zone for zone in (*closing(self._city.zones), *low) if zone.ceiling_m <= height_m)
        return Sky(airspace, free, _cut_off(network, barred), shut, tuple(cross), beside, below)

    def _beside(self, height_m: float, cross: list[Zone]) -> Airspace:
        """As `_airspace`, without a network, which takes long: the few ways out of zones need none."""
        key = height_m, frozenset(zone.id for zone in cross)
        if key in self._airspaces:
            return self._airspaces[key][0]
        if key not in self._sides:
            self._sides[key] = self._closed_to(height_m, cross)
        return self._sides[key]

    def _closed_to(self, height_m: float, cross: list[Zone]) -> Airspace:
        city = replace(self._city, zones=(*self._city.zones, *cross)) if cross else self._city
        return Airspace(obstacles(city, height_m))

    def _airspace(self, height_m: float, cross: list[Zone]) -> tuple[Airspace, PathNetwork]:
        key = height_m, frozenset(zone.id for zone in cross)
        if key not in self._airspaces:
            airspace = self._closed_to(height_m, cross)
            self._airspaces[key] = airspace, self._network_of(airspace, self._x, self._y)
        return self._airspaces[key]


def _cut_off(network: PathNetwork, barred: npt.NDArray[np.bool_]) -> PathNetwork:
    """The network without ways to and from the nodes that are `barred`."""
    rows = np.nonzero(barred)[0]
    if not len(rows):
        return network
    length = network.length_m.copy()
    length[rows, :] = np.inf
    length[:, rows] = np.inf
    length[rows, rows] = 0.0
    return replace(network, length_m=length)
