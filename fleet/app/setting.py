"""From a scenario's words to things: the map, the sites, the fleet, the day's demand.

What the scenario says is checked here against what the map holds; every fault is found before any is told.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fleet.app import airspace
from fleet.app.links import ends_of, link_faults
from fleet.app.scenario import Scenario
from fleet.app.sections import section_faults
from fleet.base.errors import Fault, InputError, did_you_mean
from fleet.base.materials import MATERIALS
from fleet.base.streams import Streams
from fleet.city.load import district_of, load_city
from fleet.city.model import City, Place, Site
from fleet.city.sky import Closure, Schedule
from fleet.demand.csvfile import REACH_M, read_requests
from fleet.demand.model import Request, in_order
from fleet.demand.process import demand_faults
from fleet.demand.process import requests as random_requests
from fleet.messages.reports import PickupRequested
from fleet.sim.build import VehicleSpec, Waiting
from fleet.sim.ground import Ground
from fleet.sim.params import SiteParams, VehicleKind
from fleet.sim.people.festivals import zone_of
from fleet.sim.people.guards import guard_ids
from fleet.sim.people.wiring import closures_of_festivals, surges

SCENARIO = "scenario"
"""Stands for the scenario's file in faults found here; `fleet.app.load` puts name, line and column in."""


@dataclass(frozen=True)
class Stage:
    """What a scenario comes to before chance has its say."""

    city: City
    sites: tuple[Site, ...]
    vehicles: tuple[VehicleSpec, ...]
    listed: tuple[Request, ...]
    """The requests of the table, where there is one."""
    closures: Schedule
    """Zones that are not always closed."""
    remarks: tuple[str, ...] = ()
    """How much of each zone file counts, one line each."""


def find_file(name: str, directory: Path) -> Path | None:
    """`name` beside the scenario file if it is there, else from where the user is; None where it is neither."""
    for path in (directory / name, Path(name)):
        try:
            if path.is_file():
                return path
        except OSError:
            continue
    return None


def stage_of(scenario: Scenario, directory: Path) -> Stage:
    """The scenario held against its map. Raises `InputError` with every fault of both."""
    faults: list[Fault] = []
    map_file = find_file(scenario.city.map, directory)
    if map_file is None:
        raise InputError([_fault("city.map", "a map file", f"no such file: {scenario.city.map}")])
    city, closures, remarks = _sky_of(scenario, load_city(map_file), directory, faults)
    sites = sites_of(scenario, city, faults)
    closures = _with_festivals(closures, scenario, city, sites, faults)
    vehicles = vehicles_of(scenario, sites, faults)
    faults += [
        replace(fault, file=SCENARIO, path=f"demand.{fault.path}")
        for fault in demand_faults(scenario.demand, city.pickup_points)
    ]
    listed = _listed(scenario, directory, city, faults)
    faults += _target_faults(scenario, vehicles)
    names = [vehicle.id for vehicle in vehicles], [site.id for site in sites]
    faults += link_faults(scenario.links, ends_of(*names), SCENARIO)
    span = scenario.run.span
    demanded = frozenset(r.material for r in listed).union(*(p.materials for p in scenario.demand.processes))
    ground = Ground(city, sites, names[0], span.start_hour, span.end_ms, demanded)
    faults += section_faults(scenario, ground, SCENARIO)
    if faults:
        raise InputError(faults)
    return Stage(city, sites, vehicles, listed, Schedule(closures), remarks)


def _sky_of(
    scenario: Scenario, city: City, directory: Path, faults: list[Fault]
) -> tuple[City, tuple[Closure, ...], tuple[str, ...]]:
    """The city with all zones that are always closed, when which others are, and remarks on its zone files."""
    wanted, span = scenario.airspace, scenario.run.span
    city, wrong, remarks = airspace.with_files(city, wanted, lambda name: find_file(name, directory), _fault)
    faults += wrong + airspace.unknown_zones(city, wanted, _fault)
    taken = [zone.id for zone in city.zones]
    city, timed = airspace.split(city, wanted, scenario.run.date, scenario.run.utc_offset_h, span)
    temporary, wrong = airspace.closures_of(scenario.temporary_zones, city.frame, span, taken, _fault)
    faults += wrong
    return city, (*timed, *temporary), remarks


def _with_festivals(
    closures: tuple[Closure, ...], scenario: Scenario, city: City, sites: Sequence[Site], faults: list[Fault]
) -> tuple[Closure, ...]:
    """`closures`, and those of festivals, whose zones must not be taken for others."""
    taken = {zone.id for zone in city.zones} | {closure.zone.id for closure in closures}
    found = closures_of_festivals(scenario.people, city, sites, scenario.run.span.start_hour)
    faults += [
        _fault(f"people.festivals.{n}.name", "a name that makes no zone there is", repr(festival.name))
        for n, festival in enumerate(scenario.people.festivals)
        if zone_of(festival) in taken
    ]
    return *closures, *found


def _fault(path: str, expected: str, found: str, hint: str = "") -> Fault:
    return Fault(SCENARIO, 1, 1, path, expected, found, hint)


def sites_of(scenario: Scenario, city: City, faults: list[Fault]) -> tuple[Site, ...]:
    """The map's sites with the scenario's changes, then those that only the scenario has."""
    sites = {site.id: site for site in city.sites}
    for index, params in enumerate(scenario.facilities):
        path = f"facilities.{index}"
        if params.id in {other.id for other in scenario.facilities[:index]}:
            faults.append(_fault(f"{path}.id", "each site once", repr(params.id)))
            continue
        known = sites.get(params.id)
        if known is None and (params.lon is None or params.lat is None):
            hint = did_you_mean(params.id, sites) or "give lon and lat to add a site"
            faults.append(_fault(f"{path}.id", "a site of the map", repr(params.id), hint))
            continue
        faults += [
            _fault(f"{path}.accepts.{n}", "a material, or all", repr(m), did_you_mean(m, MATERIALS))
            for n, m in enumerate(params.accepts or ())
            if m != "all" and m not in MATERIALS
        ]
        site = _with(known, params, city)
        if not math.hypot(site.x_m, site.y_m) <= REACH_M:
            expected = f"a place within {REACH_M / 1000:g} km of the map's middle"
            faults.append(_fault(f"{path}.lon", expected, f"{params.lon}, {params.lat}"))
            continue
        sites[params.id] = site
    if not any(site.accepts for site in sites.values()):
        faults.append(_fault("facilities", "a site that accepts materials, here or on the map", "none"))
    if not any(site.chargers for site in sites.values()):
        faults.append(_fault("facilities", "a site with chargers, here or on the map", "none"))
    return tuple(sites.values())


def _with(known: Site | None, params: SiteParams, city: City) -> Site:
    site = known or Site(params.id, 0.0, 0.0, capacity_kg=10_000.0)
    changes: dict[str, object] = {
        name: value
        for name in ("base", "capacity_kg", "pads", "chargers")
        if (value := getattr(params, name)) is not None
    }
    if params.accepts is not None:
        ordinary = {m.name for m in MATERIALS.values() if not m.hazardous}
        changes["accepts"] = frozenset(params.accepts) - {"all"} | (ordinary if "all" in params.accepts else set())
    if params.lon is not None and params.lat is not None:
        x, y = (np.atleast_1d(v) for v in city.frame.to_metres(params.lon, params.lat))
        changes |= {"x_m": float(x[0]), "y_m": float(y[0]), "district": district_of(city.districts, x, y)[0]}
    # Each value has its field's type; mypy sees only `object`, because one dict holds them all.
    return replace(site, **changes)  # type: ignore[arg-type]


def vehicles_of(scenario: Scenario, sites: Sequence[Site], faults: list[Fault]) -> tuple[VehicleSpec, ...]:
    """Every vehicle of every group, at the group's bases in turn."""
    types = scenario.fleet.every_type
    known = {site.id for site in sites}
    every = [site.id for site in sites if site.base]
    vehicles: list[VehicleSpec] = []
    names: set[str] = set()
    for index, group in enumerate(scenario.fleet.groups):
        path = f"fleet.groups.{index}"
        if group.type not in types:
            hint = did_you_mean(group.type, types) or "known: " + ", ".join(types)
            faults.append(_fault(f"{path}.type", "a vehicle type", repr(group.type), hint))
        if group.name in names:
            faults.append(_fault(f"{path}.name", "a name no other group has", repr(group.name)))
        names.add(group.name)
        faults += [
            _fault(f"{path}.bases.{n}", "a site", repr(base), did_you_mean(base, known))
            for n, base in enumerate(group.bases)
            if base not in known
        ]
        bases = group.bases or tuple(every)
        if not bases:
            faults.append(_fault(f"{path}.bases", "bases, here or on the map", "none"))
            continue
        width = max(2, len(str(group.count)))
        vehicles += [
            VehicleSpec(f"{group.name}-{n + 1:0{width}d}", group.type, bases[n % len(bases)])
            for n in range(group.count)
        ]
    return (*vehicles, *_guards(scenario, types, known, {v.id for v in vehicles}, faults))


def _guards(
    scenario: Scenario, types: Mapping[str, VehicleKind], known: Set[str], taken: Set[str], faults: list[Fault]
) -> list[VehicleSpec]:
    """The guards' drones, behind all others: what is drawn for those does not depend on them."""
    guards: list[VehicleSpec] = []
    for index, group in enumerate(scenario.people.guards):
        path = f"people.guards.{index}"
        kind = types.get(group.type)
        if kind is None or kind.travels != "air":
            hint = did_you_mean(group.type, [name for name, t in types.items() if t.travels == "air"])
            faults.append(_fault(f"{path}.type", "a vehicle type that flies", repr(group.type), hint))
        if group.base not in known:
            hint = did_you_mean(group.base, known)
            faults.append(_fault(f"{path}.base", "a site", repr(group.base), hint))
        names = guard_ids(group)
        if not taken.isdisjoint(names):
            faults.append(_fault(f"{path}.name", "a name no group of the fleet has", repr(group.name)))
        guards += [VehicleSpec(name, group.type, group.base, guard=True) for name in names]
    return guards


def _target_faults(scenario: Scenario, vehicles: Sequence[VehicleSpec]) -> list[Fault]:
    """Attacks on vehicles that there are not, guards who are not there: nothing would ever come of them."""
    names = {vehicle.id for vehicle in vehicles}
    faults = [
        _fault(f"red.attacks.{n}.target", "a vehicle, or any", repr(wish), did_you_mean(wish, sorted(names)))
        for n, wish in enumerate(attack.target for attack in scenario.red.attacks)
        if wish != "any" and wish not in names
    ]
    if scenario.blue.guards != "stay" and not scenario.people.guards:
        faults.append(_fault("blue.guards", "guards, under people.guards", "none"))
    return faults


def _listed(scenario: Scenario, directory: Path, city: City, faults: list[Fault]) -> tuple[Request, ...]:
    """The requests of the scenario's table."""
    name = scenario.demand.csv
    if name is None:
        return ()
    table = find_file(name, directory)
    if table is None:
        faults.append(_fault("demand.csv", "a table of requests", f"no such file: {name}"))
        return ()
    points: Mapping[str, Place] = {point.id: point for point in city.pickup_points}
    try:
        return read_requests(table, points, city.frame.to_metres, scenario.run.span)
    except InputError as error:
        faults += error.faults
        return ()


def demand_of(scenario: Scenario, stage: Stage, streams: Streams) -> tuple[tuple[Waiting, ...], tuple[Place, ...]]:
    """The day's pickups, and the places that only a table of requests names."""
    drawn = random_requests(scenario.demand, stage.city.pickup_points, scenario.run.span, streams)
    try:
        surge = surges(scenario.people, stage.city, stage.sites, scenario.run.span, streams)
        requests = in_order(drawn, stage.listed, surge)
    except InputError as error:
        raise InputError(replace(fault, file=SCENARIO, path="demand.csv") for fault in error.faults) from None
    extra = tuple(Place(f"at:{r.pickup_id}", r.x_m, r.y_m, r.district) for r in requests if not r.point_id)
    return tuple(_waiting(r) for r in requests), extra


def _waiting(request: Request) -> Waiting:
    return Waiting(
        announced_ms=request.announced_ms,
        request=PickupRequested(
            pickup_id=request.pickup_id,
            point_id=request.point_id or f"at:{request.pickup_id}",
            district=request.district,
            x_m=round(float(request.x_m), 2),
            y_m=round(float(request.y_m), 2),
            material=request.material,
            declared_kg=float(request.declared_kg),
            declared_l=float(request.declared_l),
            earliest_ms=request.earliest_ms,
            latest_ms=request.latest_ms,
            service_ms=request.service_ms,
            priority=request.priority,
            requester=request.requester,
        ),
        kg=request.actual_kg,
        litres=request.actual_l,
        contents=request.contents,
    )
