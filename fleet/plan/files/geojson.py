"""A plan as GeoJSON (RFC 7946): a line for each trip, a point for each stop and for each pickup left out."""

from __future__ import annotations

import json
from typing import Any

from fleet.base.errors import UsageError
from fleet.plan.files.loaded import Loaded
from fleet.plan.files.plan_json import omission_said
from fleet.plan.problem import Plan, Problem, Route, Stop

_DIGITS = 7
"""Decimals of a degree: 1 cm."""

Place = tuple[float, float]


def places(loaded: Loaded, kind: str) -> list[Place]:
    """(longitude, latitude) of every node. Raises `UsageError` where the problem has none; `kind` names what
    was wanted them for."""
    degrees = loaded.positions.lon_lat() if loaded.positions else None
    if degrees is None:
        raise UsageError(
            f"{kind}: the nodes of {loaded.file} have no place on Earth; it takes nodes with lat_deg and lon_deg, "
            "or with x_m and y_m and a `frame`"
        )
    lon, lat = degrees
    return [(round(x, _DIGITS), round(y, _DIGITS)) for x, y in zip(lon.tolist(), lat.tolist(), strict=True)]


def node_of(problem: Problem, stop: Stop) -> int:
    """Where a stop is."""
    return (problem.pickups if stop.kind == "pickup" else problem.docks)[stop.index].node


def map_text(loaded: Loaded, plan: Plan) -> str:
    """The GeoJSON text. Raises `UsageError` where the problem's nodes have no place on Earth."""
    where = places(loaded, "a map")
    problem = loaded.problem
    features: list[dict[str, Any]] = []
    for route in plan.routes:
        features += _trips(problem, route, where)
    for route in plan.routes:
        features += [_stop(problem, route, number, where) for number in range(len(route.stops))]
    for omission in plan.omitted:
        said = {"what": "left out", **omission_said(loaded, omission)}
        features.append(_feature("Point", where[problem.pickups[omission.pickup].node], said))
    collection = {"type": "FeatureCollection", "features": features}
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False, allow_nan=False) for feature in features)
    return json.dumps({**collection, "features": []}, ensure_ascii=False).replace("[]", f"[\n{lines}\n]") + "\n"


def _trips(problem: Problem, route: Route, where: list[Place]) -> list[dict[str, Any]]:
    """A line for each trip: from where the last one ended to the dock where it unloads."""
    vehicle = problem.vehicles[route.vehicle]
    kind = problem.types[vehicle.type]
    lines: list[dict[str, Any]] = []
    line = [where[vehicle.node]]
    mass_kg, start_ms = 0.0, vehicle.ready_ms
    for number, stop in enumerate(route.stops):
        line.append(where[node_of(problem, stop)])
        mass_kg += problem.pickups[stop.index].mass_kg if stop.kind == "pickup" else 0.0
        if stop.unload or number == len(route.stops) - 1:
            said = {
                "what": "trip", "vehicle": vehicle.id, "type": kind.name, "trip": len(lines) + 1,
                "mass_kg": round(mass_kg, 6), "from_ms": start_ms, "until_ms": stop.end_ms,
            }  # fmt: skip
            lines.append(_feature("LineString", line, said))
            line, mass_kg, start_ms = [line[-1]], 0.0, stop.end_ms
    return lines


def _stop(problem: Problem, route: Route, number: int, where: list[Place]) -> dict[str, Any]:
    stop = route.stops[number]
    said: dict[str, Any] = {
        "what": stop.kind,
        "vehicle": problem.vehicles[route.vehicle].id,
        "stop": number + 1,
        "arrive_ms": stop.arrive_ms,
        "start_ms": stop.start_ms,
        "end_ms": stop.end_ms,
    }
    if stop.kind == "pickup":
        pickup = problem.pickups[stop.index]
        said |= {"id": pickup.id, "material": pickup.material, "mass_kg": pickup.mass_kg}
    else:
        said |= {"id": problem.docks[stop.index].id, "unload": stop.unload, "charge_wh": stop.charge_wh}
    return _feature("Point", where[node_of(problem, stop)], said)


def _feature(kind: str, coordinates: Any, said: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": said}
