"""Routes as missions of QGroundControl: a `.plan` file for each vehicle that flies.

The form is that of QGroundControl's developer guide, "Plan File Format": version 1, with a mission of version 2
made of simple items, each a MAVLink MISSION_ITEM. A mission takes off, holds above each pickup for as long as the
plan stays there, lands at each dock, waits, and takes off again. It knows no clock: it says how long to
stay, not when to come.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fleet.plan.files.geojson import Place, node_of, places
from fleet.plan.files.loaded import Loaded
from fleet.plan.problem import Plan, Problem, Route

HEIGHT_M = 60.0
"""Metres above where it took off, between stops."""
NAV_WAYPOINT, NAV_RETURN, NAV_LAND, NAV_TAKEOFF, NAV_DELAY = 16, 20, 21, 22, 93
"""MAV_CMD numbers (MAVLink common message set)."""

_RELATIVE_ALT = 3
_MISSION_FRAME = 2
_PX4, _QUADROTOR = 12, 2
_USUAL_SPEED_MPS = 10.0
_FASTEST_MPS = 50.0
_LONGEST_NAME = 60
"""Letters of an id in a file name: with four bytes each, one that file systems take."""


@dataclass(frozen=True, slots=True)
class Item:
    """One command of a mission; a place of None is where the vehicle is."""

    command: int
    place: Place | None = None
    height_m: float = 0.0
    seconds: float = 0.0


def mission_texts(loaded: Loaded, plan: Plan, height_m: float = HEIGHT_M) -> dict[str, str]:
    """The text of a mission for each route that flies and stops somewhere, by its vehicle's id as in a file name.

    Raises `UsageError` where the problem's nodes have no place on Earth.
    """
    where = places(loaded, "a mission")
    names = _file_names([vehicle.id for vehicle in loaded.problem.vehicles])
    found: dict[str, str] = {}
    for route in plan.routes:
        vehicle = loaded.problem.vehicles[route.vehicle]
        if vehicle.type in loaded.drives or not route.stops:
            continue
        home = where[vehicle.node]
        items = list(_items(loaded.problem, route, where, height_m))
        found[names[route.vehicle]] = _text(items, home, _speed_mps(loaded, route))
    return found


def _file_names(ids: Sequence[str]) -> list[str]:
    """A part of a file name for each id, cut where it is long; no two alike, nor but for upper and lower case."""
    found: list[str] = []
    taken: set[str] = set()
    for text in ids:
        stem = re.sub(r"[^\w.-]", "_", text)[:_LONGEST_NAME]
        tries = (stem if n == 1 else f"{stem}-{n}" for n in itertools.count(1))
        found.append(next(name for name in tries if name.casefold() not in taken))
        taken.add(found[-1].casefold())
    return found


def _items(problem: Problem, route: Route, where: list[Place], height_m: float) -> Iterator[Item]:
    """What to do, in order. Two docks at one place follow each other without a flight."""
    here, is_flying = where[problem.vehicles[route.vehicle].node], False
    for number, stop in enumerate(route.stops):
        there = where[node_of(problem, stop)]
        stay_s = (stop.end_ms - stop.arrive_ms) / 1000.0
        is_last = number == len(route.stops) - 1
        if stop.kind == "pickup":
            if not is_flying:
                yield Item(NAV_TAKEOFF, here, height_m)
            yield Item(NAV_WAYPOINT, there, height_m, stay_s)
            is_flying = True
        elif is_flying or there != here:
            if not is_flying:
                yield Item(NAV_TAKEOFF, here, height_m)
            yield Item(NAV_WAYPOINT, there, height_m)
            yield Item(NAV_LAND, there)
            is_flying = False
        if stop.kind == "dock" and not is_last:
            yield Item(NAV_DELAY, None, 0.0, max(1.0, stay_s))
        here = there
    if is_flying:
        yield Item(NAV_RETURN)


def _speed_mps(loaded: Loaded, route: Route) -> float:
    """How fast the plan flies: the length of its straight legs by the time that it gives them."""
    problem, positions = loaded.problem, loaded.positions
    if positions is None:
        return _USUAL_SPEED_MPS
    vehicle = problem.vehicles[route.vehicle]
    node, free_ms, length_m, time_ms = vehicle.node, None, 0.0, 0
    for stop in route.stops:
        there = node_of(problem, stop)
        if free_ms is not None:
            length_m += math.hypot(
                float(positions.x_m[there] - positions.x_m[node]),
                float(positions.y_m[there] - positions.y_m[node]),
            )
            time_ms += stop.arrive_ms - free_ms
        node, free_ms = there, stop.end_ms
    if time_ms <= 0 or length_m <= 0.0:
        return _USUAL_SPEED_MPS
    return min(_FASTEST_MPS, round(1000.0 * length_m / time_ms, 2))


def _text(items: list[Item], home: Place, speed_mps: float) -> str:
    lon, lat = home
    mission = {
        "cruiseSpeed": speed_mps,
        "firmwareType": _PX4,
        "globalPlanAltitudeMode": 1,
        "hoverSpeed": speed_mps,
        "items": [_item(number, item) for number, item in enumerate(items, start=1)],
        "plannedHomePosition": [lat, lon, 0.0],
        "vehicleType": _QUADROTOR,
        "version": 2,
    }
    whole = {
        "fileType": "Plan",
        "geoFence": {"circles": [], "polygons": [], "version": 2},
        "groundStation": "QGroundControl",
        "mission": mission,
        "rallyPoints": {"points": [], "version": 2},
        "version": 1,
    }
    return json.dumps(whole, indent=4, allow_nan=False) + "\n"


def _item(number: int, item: Item) -> dict[str, Any]:
    said: dict[str, Any] = {
        "autoContinue": True,
        "command": item.command,
        "doJumpId": number,
        "type": "SimpleItem",
    }
    if item.place is None:
        # NAV_DELAY takes -1 for each part of a time of day at which it would end instead.
        params: list[float] = [item.seconds, -1, -1, -1, 0, 0, 0] if item.command == NAV_DELAY else [0] * 7
        return {**said, "frame": _MISSION_FRAME, "params": params}
    lon, lat = item.place
    height = {"AMSLAltAboveTerrain": None, "Altitude": item.height_m, "AltitudeMode": 1}
    return {
        **said,
        **height,
        "frame": _RELATIVE_ALT,
        "params": [item.seconds, 0, 0, None, lat, lon, item.height_m],
    }
