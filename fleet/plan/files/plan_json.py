"""Reads and writes plans as the project's JSON: everything that a `Plan` says, with ids for indices."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fleet.city.jsonfile import Complaints, Trail, show
from fleet.plan.files.jsontext import as_text, like, read_model
from fleet.plan.files.loaded import Loaded
from fleet.plan.files.plan_model import (
    FORMAT,
    VERSION,
    OmissionModel,
    PlanModel,
    RelaxationModel,
    RouteModel,
    StopModel,
)
from fleet.plan.problem import Omission, Plan, Problem, Relaxation, Route, Stop
from fleet.plan.relaxations import new_dock, node_name, node_of


def read_plan_json(path: Path, text: str, loaded: Loaded) -> Plan:
    """The plan in the text of a file, for the problem `loaded`. Raises `InputError` with all faults, also where
    the file speaks of things that the problem does not have."""
    model, complaints = read_model(path, text, PlanModel)
    if model.problem and loaded.name and model.problem != loaded.name:
        expected = f"a plan for the problem {show(loaded.name)} of {loaded.file.name}"
        complaints.value(("problem",), expected, f"one for {show(model.problem)}")
    names = _Names(loaded, complaints)
    plan = Plan(
        routes=tuple(_route(names, n, route) for n, route in enumerate(model.routes)),
        omitted=tuple(_omission(names, n, omission) for n, omission in enumerate(model.omitted)),
        cost=model.cost,
    )
    complaints.raise_if_any()
    return plan


def plan_json(loaded: Loaded, plan: Plan) -> str:
    """The file's text; reading it gives the same plan."""
    problem = loaded.problem
    said: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    if loaded.name:
        said["problem"] = loaded.name
    said["cost"] = plan.cost
    said["routes"] = [
        {
            "vehicle": problem.vehicles[route.vehicle].id,
            **({} if math.isinf(route.battery_wh) else {"battery_wh": route.battery_wh}),
            "stops": [_stop_said(problem, stop) for stop in route.stops],
        }
        for route in plan.routes
    ]
    said["omitted"] = [omission_said(loaded, omission) for omission in plan.omitted]
    return as_text(said)


def omission_said(loaded: Loaded, omission: Omission) -> dict[str, Any]:
    """A pickup left out, as a plan file says it."""
    problem = loaded.problem
    said: dict[str, Any] = {
        "pickup": problem.pickups[omission.pickup].id,
        "code": omission.code,
        "need": omission.need if math.isfinite(omission.need) else None,
        "limit": omission.limit if math.isfinite(omission.limit) else None,
    }
    if omission.vehicle >= 0:
        said["vehicle"] = problem.vehicles[omission.vehicle].id
    if omission.relaxations:
        said["relaxations"] = [_change_said(loaded, change) for change in omission.relaxations]
    return said


def _change_said(loaded: Loaded, change: Relaxation) -> dict[str, Any]:
    """A change, with the file's own id for a node, which the contract knows by its number."""
    said: dict[str, Any] = {"kind": change.kind, "amount": change.amount, "unit": change.unit}
    node = node_of(loaded.problem, change)
    return {**said, "where": change.where} if node is None else {**said, "node": loaded.node_ids[node]}


def _stop_said(problem: Problem, stop: Stop) -> dict[str, Any]:
    place = problem.pickups[stop.index].id if stop.kind == "pickup" else problem.docks[stop.index].id
    said: dict[str, Any] = {stop.kind: place}
    said |= {"arrive_ms": stop.arrive_ms, "start_ms": stop.start_ms, "end_ms": stop.end_ms}
    if stop.unload:
        said["unload"] = True
    if stop.charge_wh:
        said["charge_wh"] = stop.charge_wh
    return said


class _Names:
    """The indices of the problem's ids."""

    def __init__(self, loaded: Loaded, complaints: Complaints) -> None:
        problem = loaded.problem
        self.complaints, self.problem = complaints, problem
        self.vehicles = {vehicle.id: n for n, vehicle in enumerate(problem.vehicles)}
        self.pickups = {pickup.id: n for n, pickup in enumerate(problem.pickups)}
        self.docks = {dock.id: n for n, dock in enumerate(problem.docks)}
        self.nodes = {name: n for n, name in enumerate(loaded.node_ids)}

    def find(self, trail: Trail, known: Mapping[str, int], name: str, what: str) -> int:
        """The index of `name`; 0, after noting it, where the problem has no such thing."""
        if name not in known:
            hint = like(self.complaints, name, known) or "is it a plan for another problem?"
            self.complaints.value(trail, f"the id of a {what} of the problem", show(name), hint)
        return known.get(name, 0)


def _route(names: _Names, n: int, route: RouteModel) -> Route:
    trail: Trail = ("routes", n)
    vehicle = names.find((*trail, "vehicle"), names.vehicles, route.vehicle, "vehicle")
    stops = [_stop(names, (*trail, "stops", k), stop) for k, stop in enumerate(route.stops)]
    return Route(vehicle, tuple(stops), math.inf if route.battery_wh is None else route.battery_wh)


def _stop(names: _Names, trail: Trail, stop: StopModel) -> Stop:
    times = stop.arrive_ms, stop.start_ms, stop.end_ms
    if stop.pickup is not None and stop.dock is None:
        index = names.find((*trail, "pickup"), names.pickups, stop.pickup, "pickup")
        return Stop("pickup", index, *times, unload=stop.unload, charge_wh=stop.charge_wh)
    if stop.dock is None or stop.pickup is not None:
        found = "both" if stop.pickup is not None else "neither"
        names.complaints.value(trail, "either a `pickup` or a `dock`", found)
        return Stop("dock", 0, *times)
    index = names.find((*trail, "dock"), names.docks, stop.dock, "dock")
    return Stop("dock", index, *times, unload=stop.unload, charge_wh=stop.charge_wh)


def _omission(names: _Names, n: int, omission: OmissionModel) -> Omission:
    trail: Trail = ("omitted", n)
    pickup = names.find((*trail, "pickup"), names.pickups, omission.pickup, "pickup")
    vehicle = -1
    if omission.vehicle is not None:
        vehicle = names.find((*trail, "vehicle"), names.vehicles, omission.vehicle, "vehicle")
    need = math.inf if omission.need is None else omission.need
    limit = math.inf if omission.limit is None else omission.limit
    changes = tuple(
        _change(names, (*trail, "relaxations", k), change) for k, change in enumerate(omission.relaxations)
    )
    return Omission(pickup, omission.code, need, limit, vehicle, changes)


def _change(names: _Names, trail: Trail, change: RelaxationModel) -> Relaxation:
    where = change.where or ""
    if (change.where is None) == (change.node is None):
        found = "neither" if change.node is None else "both"
        names.complaints.value(trail, "either `where` or `node`", found)
    elif change.node is not None:
        node = names.find((*trail, "node"), names.nodes, change.node, "node")
        where = new_dock(names.problem, node) if change.kind == "accepts" else node_name(names.problem, node)
    return Relaxation(change.kind, change.amount, change.unit, where)
