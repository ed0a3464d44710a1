"""Changes to a problem that would admit a pickup that was left out: what they are, how large, and how they are
made.

Kinds, with the unit of `amount` and what `where` names:

- payload (kg), volume (l), battery (Wh): more of it, for one vehicle; a larger battery is charged by as much more.
- certificate (1), trips (1): one vehicle gets all certificates that the pickup needs; may make more trips.
- accepts (1): a dock takes the pickup's material.
- charger (ms): a dock (or "node 7", where there is none yet) swaps batteries, in as long as others do it (the
  middle of all `fixed_ms`; at once where there are none). The amount is the time from the pickup to it.
- window (ms): the pickup may be served later. hours (ms): a dock closes later, each time.
- until (ms): a vehicle may be back later (and so may all, if `end_ms` is what binds).
- vehicle (its type): one more of that type, at "node 7", full, ready when the first of all is.
- penalty (cost): leaving the pickup out costs more.

A change may be to what one before it adds: the vehicle "one more", or the dock "charger at node 7". Where the
problem calls something of its own by one of these names, primes are put behind it ("one more'").

So that changes can be compared, each has a size. What people can agree on counts by the amount relative to what
there is: a window to its own length or an hour, whichever is more; the end of a shift to the shift or an hour;
hours to all openings; a penalty to what it becomes. What must be bought counts 1: a certificate, acceptance, one
more trip, a charger; payload, volume and battery, which come with another vehicle, 1 and the amount relative to
what it has; one more vehicle 3. Sizes of changes that go together add up.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from statistics import median_low

from fleet.plan.problem import (
    NEVER_MS,
    Charger,
    Dock,
    Omission,
    Pickup,
    Problem,
    Relaxation,
    Vehicle,
    VehicleType,
)

_NODE = re.compile(r"node [0-9]+'*")
_HOUR_MS = 3_600_000
_WHOLE = {"certificate": 1.0, "accepts": 1.0, "trips": 1.0, "charger": 1.0, "vehicle": 3.0}


def size(problem: Problem, pickup: int, relaxations: Iterable[Relaxation]) -> float:
    """How large changes are, by the measure above."""
    total = 0.0
    for relaxation in relaxations:
        total += _size(problem, problem.pickups[pickup], relaxation)
        if relaxation.kind == "vehicle":  # what comes after may be said of it
            problem = apply(problem, pickup, relaxation)
    return total


def _size(problem: Problem, pickup: Pickup, relaxation: Relaxation) -> float:
    kind, amount = relaxation.kind, relaxation.amount
    if kind in _WHOLE:
        return _WHOLE[kind]
    if kind == "penalty":
        return amount / max(1, pickup.penalty + amount)
    if kind == "window":
        return amount / max(_HOUR_MS, pickup.latest_ms - pickup.earliest_ms)
    if kind == "hours":
        dock = problem.docks[_dock_index(problem, relaxation.where)]
        return amount / max(1, sum(end - begin for begin, end in dock.hours))
    index = _vehicle_index(problem, relaxation.where)
    me = problem.vehicles[index]
    if kind == "until":
        return amount / max(_HOUR_MS, min(me.until_ms, problem.end_ms) - me.ready_ms)
    type_ = problem.types[me.type]
    has = {"payload": type_.payload_kg, "volume": type_.volume_l, "battery": type_.battery_wh}[kind]
    return 1.0 + amount / max(has, 1e-9)


def relaxed(problem: Problem, omission: Omission) -> Problem:
    """`problem` with the relaxations of `omission` made. Pickups, vehicles and docks keep their numbers."""
    for relaxation in omission.relaxations:
        problem = apply(problem, omission.pickup, relaxation)
    return problem


def apply(problem: Problem, pickup: int, relaxation: Relaxation) -> Problem:
    """`problem` with one change made."""
    kind, amount, where = relaxation.kind, relaxation.amount, relaxation.where
    what = problem.pickups[pickup]
    if kind == "window":
        return _with_pickup(problem, pickup, replace(what, latest_ms=what.latest_ms + math.ceil(amount)))
    if kind == "penalty":
        return _with_pickup(problem, pickup, replace(what, penalty=what.penalty + math.ceil(amount)))
    if kind == "vehicle":
        return _with_one_more(problem, relaxation)
    if kind == "charger":
        return _with_charger(problem, where)
    if kind in ("accepts", "hours"):
        index = _dock_index(problem, where)
        dock = problem.docks[index]
        if kind == "accepts":
            dock = replace(dock, accepts=dock.accepts | {what.material})
        else:
            dock = replace(dock, hours=tuple((begin, end + math.ceil(amount)) for begin, end in dock.hours))
        return replace(problem, docks=(*problem.docks[:index], dock, *problem.docks[index + 1 :]))
    return _with_better(problem, _vehicle_index(problem, where), what, relaxation)


def _with_pickup(problem: Problem, index: int, pickup: Pickup) -> Problem:
    return replace(problem, pickups=(*problem.pickups[:index], pickup, *problem.pickups[index + 1 :]))


def _with_better(problem: Problem, index: int, pickup: Pickup, relaxation: Relaxation) -> Problem:
    """`problem` with one vehicle improved; it becomes the only one of a type of its own where the type changes."""
    kind, amount = relaxation.kind, relaxation.amount
    me = problem.vehicles[index]
    if kind == "until":
        by = min(me.until_ms, problem.end_ms) + math.ceil(amount)
        me = replace(me, until_ms=max(by, me.until_ms))
        return replace(_with_vehicle(problem, index, me), end_ms=max(by, problem.end_ms))
    type_ = problem.types[me.type]
    if kind == "payload":
        type_ = replace(type_, payload_kg=type_.payload_kg + amount)
    elif kind == "volume":
        type_ = replace(type_, volume_l=type_.volume_l + amount)
    elif kind == "trips":
        type_ = replace(type_, most_trips=type_.most_trips + math.ceil(amount))
    elif kind == "certificate":
        type_ = replace(type_, certificates=type_.certificates | pickup.needs)
    elif kind == "battery":
        me = replace(me, battery_wh=min(me.battery_wh, type_.battery_wh) + amount)
        type_ = replace(type_, battery_wh=type_.battery_wh + amount)
    else:
        raise ValueError(f"there is no relaxation {kind!r}")
    return _with_vehicle(problem, index, me, type_)


def _with_vehicle(problem: Problem, index: int, me: Vehicle, type_: VehicleType | None = None) -> Problem:
    if type_ is not None:
        problem = replace(problem, types=(*problem.types, type_), ways=(*problem.ways, problem.ways[me.type]))
        me = replace(me, type=len(problem.types) - 1)
    return replace(problem, vehicles=(*problem.vehicles[:index], me, *problem.vehicles[index + 1 :]))


def _with_charger(problem: Problem, where: str) -> Problem:
    fixed = [dock.charger.fixed_ms for dock in problem.docks if dock.charger is not None]
    charger = Charger("swap", median_low(fixed) if fixed else 0)
    if is_node(problem, where):
        node = node_number(where)
        return replace(problem, docks=(*problem.docks, Dock(new_dock(problem, node), node, charger=charger)))
    index = _dock_index(problem, where)
    dock = replace(problem.docks[index], charger=charger)
    return replace(problem, docks=(*problem.docks[:index], dock, *problem.docks[index + 1 :]))


def _with_one_more(problem: Problem, relaxation: Relaxation) -> Problem:
    kind = next(i for i, type_ in enumerate(problem.types) if type_.name == relaxation.unit)
    ready = min((vehicle.ready_ms for vehicle in problem.vehicles), default=0)
    node = node_number(relaxation.where)
    vehicle = Vehicle(new_vehicle(problem), kind, node, ready, problem.types[kind].battery_wh, NEVER_MS)
    return replace(problem, vehicles=(*problem.vehicles, vehicle))


def new_vehicle(problem: Problem) -> str:
    """The id of a vehicle that a relaxation of `problem` adds."""
    return _nobodys("one more", (vehicle.id for vehicle in problem.vehicles))


def new_dock(problem: Problem, node: int) -> str:
    """The id of a dock that a relaxation of `problem` adds at a node."""
    return _nobodys(f"charger at node {node}", (dock.id for dock in problem.docks))


def node_name(problem: Problem, node: int) -> str:
    """What `where` calls a node: "node 7"."""
    return _nobodys(f"node {node}", (dock.id for dock in problem.docks))


def is_node(problem: Problem, where: str) -> bool:
    """Whether `where` names a node, and not a dock that is called like one."""
    return _NODE.fullmatch(where) is not None and all(dock.id != where for dock in problem.docks)


def node_of(problem: Problem, relaxation: Relaxation) -> int | None:
    """The node that a relaxation of `problem` is about, itself or by the dock that one before it adds there; None
    where it is about something else."""
    where = relaxation.where
    if relaxation.kind == "accepts":
        where = where.removeprefix("charger at ")
    has_dock = any(dock.id == relaxation.where for dock in problem.docks)
    of_node = relaxation.kind in ("charger", "vehicle", "accepts") and _NODE.fullmatch(where) and not has_dock
    return node_number(where) if of_node else None


def node_number(where: str) -> int:
    """The node that "node 7" names."""
    return int(where.removeprefix("node ").rstrip("'"))


def _nobodys(name: str, taken: Iterable[str]) -> str:
    """`name`, with as many primes as it takes for nobody else to be called so."""
    others = frozenset(taken)
    while name in others:
        name += "'"
    return name


def _vehicle_index(problem: Problem, name: str) -> int:
    return next(i for i, vehicle in enumerate(problem.vehicles) if vehicle.id == name)


def _dock_index(problem: Problem, name: str) -> int:
    return next(i for i, dock in enumerate(problem.docks) if dock.id == name)
