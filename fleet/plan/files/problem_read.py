"""From the project's problem file to a `Problem`: names become indices, and what contradicts itself is noted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from fleet.city.frame import Frame
from fleet.city.jsonfile import Complaints, Trail, show
from fleet.plan.files.jsontext import like, read_model
from fleet.plan.files.loaded import Loaded, Positions
from fleet.plan.files.problem_model import (
    ChargerModel,
    DockModel,
    MatrixModel,
    PickupModel,
    ProblemModel,
    StraightModel,
    TypeModel,
    VehicleModel,
    VisitModel,
)
from fleet.plan.files.problem_ways import as_plane, as_table
from fleet.plan.problem import Charger, Dock, Pickup, Problem, Vehicle, VehicleType, Visit
from fleet.plan.ways import Table, Ways

_SLOWEST = 1e-9
"""Units in a second: a unit of less takes longer than any leg may."""
_NO_WAYS = Table(np.zeros((0, 0), dtype=np.int64), np.zeros((0, 0), dtype=np.int64), np.zeros((0, 0)))


def read_problem_json(path: Path, text: str) -> Loaded:
    """The problem in the text of a file. Raises `InputError` with everything wrong with it."""
    model, complaints = read_model(path, text, ProblemModel)
    names = _Names(model, complaints)
    positions = _positions(model, complaints)
    ways = _all_ways(model, positions, complaints)
    problem = Problem(
        types=tuple(_type(kind) for kind in model.types),
        vehicles=tuple(_vehicle(names, n, vehicle) for n, vehicle in enumerate(model.vehicles)),
        docks=tuple(_dock(names, n, dock) for n, dock in enumerate(model.docks)),
        pickups=tuple(_pickup(names, n, pickup) for n, pickup in enumerate(model.pickups)),
        ways=tuple(_ways_of(names, n, kind, ways) for n, kind in enumerate(model.types)),
        end_ms=model.end_ms,
        apart=_apart(model, complaints),
    )
    complaints.raise_if_any()
    return Loaded(
        file=path,
        kind="JSON",
        name=model.name,
        problem=problem,
        node_ids=tuple(node.id for node in model.nodes),
        positions=positions,
        drives=frozenset(n for n, kind in enumerate(model.types) if kind.drives),
    )


class _Names:
    """Which index each id of each list has; ids that occur twice are noted."""

    def __init__(self, model: ProblemModel, complaints: Complaints) -> None:
        self.complaints = complaints
        self.nodes = self._index("nodes", "id", [node.id for node in model.nodes])
        self.ways = self._index("ways", "name", [ways.name for ways in model.ways])
        self.types = self._index("types", "name", [kind.name for kind in model.types])
        self.docks = self._index("docks", "id", [dock.id for dock in model.docks])
        self.pickups = self._index("pickups", "id", [pickup.id for pickup in model.pickups])
        self._index("vehicles", "id", [vehicle.id for vehicle in model.vehicles])

    def _index(self, section: str, field: str, ids: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for n, name in enumerate(ids):
            if name in found:
                expected = f"each {field} once"
                self.complaints.value((section, n, field), expected, f"the one of {section}[{found[name]}] again")
            found.setdefault(name, n)
        return found

    def find(self, trail: Trail, known: dict[str, int], name: str, what: str) -> int:
        """The index of `name`; 0, after noting it, where there is no such thing."""
        if name not in known:
            hint = like(self.complaints, name, known)
            self.complaints.value(trail, f"the {what} of the problem", show(name), hint)
        return known.get(name, 0)


def _positions(model: ProblemModel, complaints: Complaints) -> Positions | None:
    """Where the nodes are, or None where they are nowhere, or (noted) not all alike."""
    forms = [_form(node.lat_deg, node.lon_deg, node.x_m, node.y_m) for node in model.nodes]
    for n, form in enumerate(forms):
        if form is None or form != forms[0]:
            expected = "lat_deg and lon_deg, or x_m and y_m, or neither, and all nodes alike"
            complaints.value(("nodes", n), expected, "another mixture")
    if not forms or len(set(forms)) > 1 or not forms[0]:
        return None
    frame = Frame(model.frame.lon_deg, model.frame.lat_deg) if model.frame else None
    if forms[0] == "metres":
        x_m = np.array([node.x_m for node in model.nodes], dtype=np.float64)
        y_m = np.array([node.y_m for node in model.nodes], dtype=np.float64)
        return Positions(x_m, y_m, frame)
    lon = np.array([node.lon_deg for node in model.nodes], dtype=np.float64)
    lat = np.array([node.lat_deg for node in model.nodes], dtype=np.float64)
    middle = frame or Frame(float(lon.min() + lon.max()) / 2, float(lat.min() + lat.max()) / 2)
    x_m, y_m = middle.to_metres(lon, lat)
    return Positions(x_m, y_m, middle, (lon, lat))


def _form(lat: float | None, lon: float | None, x: float | None, y: float | None) -> str | None:
    given = (lat is not None, lon is not None, x is not None, y is not None)
    forms = {(True, True, False, False): "degrees", (False, False, True, True): "metres", (False,) * 4: ""}
    return forms.get(given)


def _all_ways(model: ProblemModel, positions: Positions | None, complaints: Complaints) -> list[Ways]:
    found: list[Ways] = []
    for n, ways in enumerate(model.ways):
        trail: Trail = ("ways", n)
        if isinstance(ways, MatrixModel):
            found.append(as_table(ways, len(model.nodes), trail, complaints))
        else:
            found.append(_straight(ways, positions, bool(model.nodes), trail, complaints))
    return found


def _straight(
    ways: StraightModel, positions: Positions | None, has_nodes: bool, trail: Trail, complaints: Complaints
) -> Ways:
    if (ways.speed_mps is None) == (ways.ms_per_unit is None):
        complaints.value(
            trail, "either `speed_mps` or `ms_per_unit`", "neither" if ways.speed_mps is None else "both"
        )
        return _NO_WAYS
    if positions is None:
        if has_nodes:
            complaints.value(trail, "positions of the nodes, for straight lines between them", "none")
        return _NO_WAYS
    if ways.speed_mps is not None and ways.speed_mps * ways.units_per_m < _SLOWEST:
        found = f"{ways.speed_mps:g} m/s and {ways.units_per_m:g} units in a metre"
        complaints.value((*trail, "speed_mps"), "a speed at which a unit takes less than for ever", found)
        return _NO_WAYS
    return as_plane(ways, positions)


def _ways_of(names: _Names, n: int, kind: TypeModel, ways: Sequence[Ways]) -> Ways:
    index = names.find(("types", n, "ways"), names.ways, kind.ways, "name of one of the `ways`")
    return ways[index] if index < len(ways) else _NO_WAYS


def _type(kind: TypeModel) -> VehicleType:
    return VehicleType(
        name=kind.name,
        empty_kg=kind.empty_kg,
        payload_kg=_or_unlimited(kind.payload_kg),
        volume_l=_or_unlimited(kind.volume_l),
        battery_wh=_or_unlimited(kind.battery_wh),
        reserve_wh=kind.reserve_wh,
        power_coefficient=kind.power_coefficient,
        mass_exponent=kind.mass_exponent,
        certificates=frozenset(kind.certificates),
        fixed_cost=kind.fixed_cost,
        most_trips=kind.most_trips,
    )


def _or_unlimited(amount: float | None) -> float:
    return float("inf") if amount is None else amount


def _vehicle(names: _Names, n: int, vehicle: VehicleModel) -> Vehicle:
    trail: Trail = ("vehicles", n)
    ends = _each(names, (*trail, "ends"), vehicle.ends)
    visits = [_visit(names, (*trail, "committed", k), visit) for k, visit in enumerate(vehicle.committed)]
    return Vehicle(
        id=vehicle.id,
        type=names.find((*trail, "type"), names.types, vehicle.type, "name of one of the `types`"),
        node=names.find((*trail, "node"), names.nodes, vehicle.node, "id of one of the `nodes`"),
        ready_ms=vehicle.ready_ms,
        battery_wh=_or_unlimited(vehicle.battery_wh),
        until_ms=vehicle.until_ms,
        ends=ends,
        committed=tuple(visits),
    )


def _each(names: _Names, trail: Trail, docks: Iterable[str]) -> tuple[int, ...]:
    return tuple(
        names.find((*trail, k), names.docks, dock, "id of one of the `docks`") for k, dock in enumerate(docks)
    )


def _visit(names: _Names, trail: Trail, visit: VisitModel) -> Visit:
    if visit.pickup is not None and visit.dock is None:
        return "pickup", names.find((*trail, "pickup"), names.pickups, visit.pickup, "id of one of the `pickups`")
    if visit.dock is not None and visit.pickup is None:
        return "dock", names.find((*trail, "dock"), names.docks, visit.dock, "id of one of the `docks`")
    names.complaints.value(trail, "either a `pickup` or a `dock`", "both" if visit.pickup else "neither")
    return "pickup", 0


def _dock(names: _Names, n: int, dock: DockModel) -> Dock:
    hours = tuple((period.from_ms, period.to_ms) for period in dock.hours)
    for k, (from_ms, to_ms) in enumerate(hours):
        if from_ms > to_ms:
            trail: Trail = ("docks", n, "hours", k, "to_ms")
            names.complaints.value(trail, f"an end not before the beginning, {from_ms}", str(to_ms))
    return Dock(
        id=dock.id,
        node=names.find(("docks", n, "node"), names.nodes, dock.node, "id of one of the `nodes`"),
        accepts=frozenset(dock.accepts),
        unload_ms=dock.unload_ms,
        charger=None if dock.charger is None else _charger(dock.charger),
        hours=hours,
        pads=dock.pads,
    )


def _charger(charger: ChargerModel) -> Charger:
    return Charger(charger.mode, charger.fixed_ms, charger.ms_per_wh, charger.places)


def _pickup(names: _Names, n: int, pickup: PickupModel) -> Pickup:
    if pickup.earliest_ms > pickup.latest_ms:
        expected = f"an end not before the beginning, {pickup.earliest_ms}"
        names.complaints.value(("pickups", n, "latest_ms"), expected, str(pickup.latest_ms))
    node = names.find(("pickups", n, "node"), names.nodes, pickup.node, "id of one of the `nodes`")
    said = pickup.model_dump(exclude={"node", "needs"})
    return Pickup(node=node, needs=frozenset(pickup.needs), **said)


def _apart(model: ProblemModel, complaints: Complaints) -> frozenset[frozenset[str]]:
    for n, (one, other) in enumerate(model.apart):
        if one == other:
            complaints.value(("apart", n), "two different materials", f"{show(one)} twice")
    return frozenset(frozenset(pair) for pair in model.apart)
