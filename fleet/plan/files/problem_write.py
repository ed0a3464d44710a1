"""From a `Problem` to the project's problem file; what has its default is left out."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

from fleet.base.errors import UsageError
from fleet.plan.files.jsontext import as_text
from fleet.plan.files.loaded import Loaded, Positions
from fleet.plan.files.problem_model import FORMAT, VERSION
from fleet.plan.files.problem_ways import ways_said
from fleet.plan.problem import NEVER_MS, Charger, Dock, Pickup, Problem, Vehicle, VehicleType
from fleet.plan.ways import Plane, Ways


def problem_json(loaded: Loaded) -> str:
    """The file's text; reading it gives the same problem. Raises `UsageError` for ids that occur twice, or that
    cannot be printed."""
    problem = loaded.problem
    _must_be_ids(problem, loaded.node_ids)
    positions = loaded.positions or _positions_of(problem.ways)
    distinct: list[Ways] = []
    for ways in problem.ways:
        if not any(ways is known for known in distinct):
            distinct.append(ways)
    names = [f"ways-{n + 1}" for n in range(len(distinct))]
    said: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    if loaded.name:
        said["name"] = loaded.name
    if positions is not None and positions.frame is not None:
        said["frame"] = {"lat_deg": positions.frame.lat, "lon_deg": positions.frame.lon}
    said["nodes"] = _nodes(loaded.node_ids, positions)
    said["ways"] = [ways_said(name, ways, positions) for name, ways in zip(names, distinct, strict=True)]
    said["types"] = [
        _type(kind, names[_which(distinct, ways)], n in loaded.drives)
        for n, (kind, ways) in enumerate(zip(problem.types, problem.ways, strict=True))
    ]
    said["vehicles"] = [_vehicle(vehicle, problem, loaded.node_ids) for vehicle in problem.vehicles]
    said["docks"] = [_dock(dock, loaded.node_ids) for dock in problem.docks]
    said["pickups"] = [_pickup(pickup, loaded.node_ids) for pickup in problem.pickups]
    if problem.apart:
        said["apart"] = sorted(sorted(pair) for pair in problem.apart)
    if problem.end_ms != NEVER_MS:
        said["end_ms"] = problem.end_ms
    return as_text(said)


def _which(distinct: list[Ways], ways: Ways) -> int:
    return next(n for n, known in enumerate(distinct) if known is ways)


def _must_be_ids(problem: Problem, node_ids: tuple[str, ...]) -> None:
    lists = {
        "nodes": node_ids,
        "types": tuple(kind.name for kind in problem.types),
        "vehicles": tuple(vehicle.id for vehicle in problem.vehicles),
        "docks": tuple(dock.id for dock in problem.docks),
        "pickups": tuple(pickup.id for pickup in problem.pickups),
    }
    for name, ids in lists.items():
        if len(set(ids)) < len(ids):
            raise UsageError(f"a problem file needs distinct ids, and two of the {name} share theirs")
        if odd := [text for text in ids if not text.isprintable()]:
            raise UsageError(f"a problem file needs printable ids, and one of the {name} is {odd[0]!r}")


def _positions_of(ways: tuple[Ways, ...]) -> Positions | None:
    plane = next((found for found in ways if isinstance(found, Plane)), None)
    return None if plane is None else Positions(plane.x, plane.y)


def _nodes(ids: tuple[str, ...], positions: Positions | None) -> list[dict[str, Any]]:
    if positions is None:
        return [{"id": name} for name in ids]
    if positions.degrees is None:
        places = zip(ids, positions.x_m.tolist(), positions.y_m.tolist(), strict=True)
        return [{"id": name, "x_m": x, "y_m": y} for name, x, y in places]
    lon, lat = positions.degrees
    places = zip(ids, lon.tolist(), lat.tolist(), strict=True)
    return [{"id": name, "lat_deg": y, "lon_deg": x} for name, x, y in places]


def _changed(thing: VehicleType | Vehicle | Dock | Pickup | Charger, *done: str) -> dict[str, Any]:
    """The fields of a thing that do not have their default, or have none; sets as lists, no limit as null."""
    said: dict[str, Any] = {}
    for field in fields(thing):
        value = getattr(thing, field.name)
        if field.name in done or value == field.default:
            continue
        said[field.name] = sorted(value) if isinstance(value, frozenset) else None if value == math.inf else value
    return said


def _type(kind: VehicleType, ways: str, drives: bool) -> dict[str, Any]:
    return {"name": kind.name, "ways": ways, **_changed(kind, "name"), **({"drives": True} if drives else {})}


def _vehicle(vehicle: Vehicle, problem: Problem, node_ids: tuple[str, ...]) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": vehicle.id,
        "type": problem.types[vehicle.type].name,
        "node": node_ids[vehicle.node],
    }
    said |= _changed(vehicle, "id", "type", "node", "ends", "committed")
    if vehicle.ends:
        said["ends"] = [problem.docks[dock].id for dock in vehicle.ends]
    if vehicle.committed:
        said["committed"] = [
            {kind: (problem.pickups if kind == "pickup" else problem.docks)[index].id}
            for kind, index in vehicle.committed
        ]
    return said


def _dock(dock: Dock, node_ids: tuple[str, ...]) -> dict[str, Any]:
    said = {"id": dock.id, "node": node_ids[dock.node], **_changed(dock, "id", "node", "charger", "hours")}
    if dock.charger is not None:
        said["charger"] = _changed(dock.charger)
    if dock.hours:
        said["hours"] = [{"from_ms": opens, "to_ms": closes} for opens, closes in dock.hours]
    return said


def _pickup(pickup: Pickup, node_ids: tuple[str, ...]) -> dict[str, Any]:
    return {"id": pickup.id, "node": node_ids[pickup.node], **_changed(pickup, "id", "node")}
