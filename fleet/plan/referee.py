"""The referee: says of any plan, whoever made it, whether it is legal and whether its excuses are true.

It and `excuses` are written from the words of `fleet.plan.problem` alone and share no code with the solvers:
a mistake would have to be made twice to pass. After a fault the walk goes on from what the plan claims, so
that one fault is reported once. A battery holds at most its capacity, whatever charge the problem says it
starts with; a leg that draws nothing (the vehicle is there already) breaks no reserve.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from fleet.plan.excuses import TOLERANCE, Prover, leg_energy_wh
from fleet.plan.problem import Dock, Omission, Pickup, Plan, Problem, Route, Stop

Rule = Literal[
    "index",
    "one-route",
    "served-once",
    "accounted",
    "path",
    "arrival",
    "start",
    "service",
    "window",
    "dock-time",
    "end",
    "mass",
    "volume",
    "certificate",
    "unload",
    "charge",
    "reserve",
    "battery-claim",
    "finish",
    "cost",
    "reason",
]
"""What a plan can break.

- index: there is no such vehicle, pickup, dock or kind of stop.
- one-route, served-once: a vehicle or a pickup appears twice.
- accounted: a pickup is neither served nor left out, or both.
- path: no legal way. arrival: sooner than the leg takes.
- start: before arrival or before the window opens. service: the end is not the start plus the service.
- window: service ends after `latest_ms`. end: the route is over after `end_ms`.
- dock-time: too short to unload and charge.
- mass, volume: more on board than fits. certificate: hazardous, and the type is not certified.
- unload: not at a dock, or not everything on board is accepted there. charge: no charger there.
- reserve: the battery falls below it. battery-claim: what is left is not what the route says.
- finish: the route does not end empty at a dock.
- cost: not flight time plus penalties.
- reason: the excuse for a pickup left out is not true (see `ReasonCode`).
"""


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule broken: what would be needed, and what there is. `vehicle` and `place` are ids, or empty.

    >>> print(Violation("mass", "v1", "p7", 6.1, 5.6))
    mass: vehicle v1 at p7: needs 6.1, has 5.6
    """

    rule: Rule
    vehicle: str
    place: str
    need: float
    limit: float

    def __str__(self) -> str:
        who = f"vehicle {self.vehicle}" if self.vehicle else ""
        where = f"at {self.place}" if self.place else ""
        subject = " ".join(part for part in (who, where) if part)
        parts = (self.rule, subject, f"needs {self.need:.15g}, has {self.limit:.15g}")
        return ": ".join(part for part in parts if part)


def judge(problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """Every rule that `plan` breaks, in the order of its routes and omissions; nothing when it is legal.

    Pure; raises nothing for a bad plan, whatever its indices are.
    """
    found = list(_bad_indices(problem, plan))
    found += _twice(problem, plan)
    walks = [_walked(problem, route) for route in plan.routes if _known_route(problem, route)]
    for walk in walks:
        found += walk.found
    if len(walks) == len(plan.routes) and not any(walk.lost for walk in walks):
        found += _cost(problem, plan, sum(walk.flight_ms for walk in walks))
    prover = Prover(problem)
    for omission in plan.omitted:
        if 0 <= omission.pickup < len(problem.pickups):
            found += _excuse(prover, omission)
    return tuple(found)


# ---------------------------------------------------------------------------------------------- bookkeeping


def _size(problem: Problem, stop: Stop) -> int:
    return len({"pickup": problem.pickups, "dock": problem.docks}.get(stop.kind, ()))


def _known_route(problem: Problem, route: Route) -> bool:
    return 0 <= route.vehicle < len(problem.vehicles) and all(
        0 <= stop.index < _size(problem, stop) for stop in route.stops
    )


def _vehicle_name(problem: Problem, index: int) -> str:
    return problem.vehicles[index].id if 0 <= index < len(problem.vehicles) else f"#{index}"


def _bad_indices(problem: Problem, plan: Plan) -> Iterator[Violation]:
    for route in plan.routes:
        name = _vehicle_name(problem, route.vehicle)
        if not 0 <= route.vehicle < len(problem.vehicles):
            yield Violation("index", name, "", route.vehicle, len(problem.vehicles))
        for stop in route.stops:
            if not 0 <= stop.index < _size(problem, stop):
                yield Violation("index", name, f"{stop.kind} #{stop.index}", stop.index, _size(problem, stop))
    for omission in plan.omitted:
        if not 0 <= omission.pickup < len(problem.pickups):
            yield Violation("index", "", f"pickup #{omission.pickup}", omission.pickup, len(problem.pickups))


def _twice(problem: Problem, plan: Plan) -> Iterator[Violation]:
    routes = Counter(route.vehicle for route in plan.routes)
    for vehicle, count in sorted(routes.items()):
        if count > 1:
            yield Violation("one-route", _vehicle_name(problem, vehicle), "", count, 1)
    served = Counter(s.index for route in plan.routes for s in route.stops if s.kind == "pickup")
    omitted = Counter(omission.pickup for omission in plan.omitted)
    for index, pickup in enumerate(problem.pickups):
        if served[index] > 1:
            yield Violation("served-once", "", pickup.id, served[index], 1)
        mentions = min(served[index], 1) + omitted[index]
        if mentions != 1:
            yield Violation("accounted", "", pickup.id, 1, mentions)


def _cost(problem: Problem, plan: Plan, flight_ms: int) -> Iterator[Violation]:
    known = [o.pickup for o in plan.omitted if 0 <= o.pickup < len(problem.pickups)]
    cost = flight_ms + sum(problem.pickups[index].penalty for index in known)
    if cost != plan.cost:
        yield Violation("cost", "", "", cost, plan.cost)


# ------------------------------------------------------------------------------------------------ the routes


@dataclass(slots=True)
class _Walk:
    """A vehicle on its route, as it was after the last stop. `lost` after a leg that cannot be flown."""

    problem: Problem
    vehicle: int
    node: int
    now_ms: int
    battery_wh: float
    mass_kg: float = 0.0
    volume_l: float = 0.0
    aboard: set[str] = field(default_factory=set)
    flight_ms: int = 0
    lost: bool = False
    drained: bool = False
    found: list[Violation] = field(default_factory=list)

    def must(self, rule: Rule, place: str, need: float, limit: float, slack: float = 0.0) -> None:
        """Note a violation if `need` exceeds `limit`."""
        if need > limit + slack:
            name = self.problem.vehicles[self.vehicle].id
            self.found.append(Violation(rule, name, place, need, limit))


def _walked(problem: Problem, route: Route) -> _Walk:
    vehicle = problem.vehicles[route.vehicle]
    charge = min(vehicle.battery_wh, problem.types[vehicle.type].battery_wh)
    walk = _Walk(problem, route.vehicle, vehicle.node, vehicle.ready_ms, charge)
    for stop in route.stops:
        at: Pickup | Dock = problem.pickups[stop.index] if stop.kind == "pickup" else problem.docks[stop.index]
        _fly(walk, at, stop)
        if isinstance(at, Pickup):
            _pick_up(walk, at, stop)
        else:
            _call_at(walk, at, stop)
        walk.now_ms = stop.end_ms
    if not route.stops or route.stops[-1].kind != "dock":
        walk.must("finish", "", 1, 0)
    else:
        walk.must("finish", "", len(walk.aboard), 0)
    if route.stops:
        walk.must("end", "", walk.now_ms, problem.end_ms)
    if not walk.lost:
        walk.must("battery-claim", "", abs(walk.battery_wh - route.battery_wh), 0.0, TOLERANCE)
    return walk


def _fly(walk: _Walk, at: Pickup | Dock, stop: Stop) -> None:
    kind = walk.problem.vehicles[walk.vehicle].type
    travel = int(walk.problem.travel_ms[kind][walk.node, at.node])
    energy = leg_energy_wh(walk.problem, kind, walk.node, at.node, walk.mass_kg)
    walk.node = at.node
    walk.must("start", at.id, stop.arrive_ms, stop.start_ms)
    if math.isinf(energy):
        walk.must("path", at.id, 1, 0)
        walk.lost = True
        return
    walk.flight_ms += travel
    walk.must("arrival", at.id, walk.now_ms + travel, stop.arrive_ms)
    walk.battery_wh -= energy
    if energy > 0 and not walk.lost and not walk.drained:
        count = len(walk.found)
        walk.must("reserve", at.id, walk.problem.types[kind].reserve_wh, walk.battery_wh, TOLERANCE)
        walk.drained = len(walk.found) > count


def _pick_up(walk: _Walk, pickup: Pickup, stop: Stop) -> None:
    kind = walk.problem.types[walk.problem.vehicles[walk.vehicle].type]
    walk.aboard.add(pickup.material)
    walk.mass_kg += pickup.mass_kg
    walk.volume_l += pickup.volume_l
    walk.must("mass", pickup.id, walk.mass_kg, kind.payload_kg, TOLERANCE)
    walk.must("volume", pickup.id, walk.volume_l, kind.volume_l, TOLERANCE)
    walk.must("certificate", pickup.id, int(pickup.hazardous), int(kind.hazmat))
    walk.must("start", pickup.id, pickup.earliest_ms, stop.start_ms)
    walk.must("service", pickup.id, abs(stop.start_ms + pickup.service_ms - stop.end_ms), 0)
    walk.must("window", pickup.id, stop.end_ms, pickup.latest_ms)
    walk.must("unload", pickup.id, int(stop.unload), 0)
    walk.must("charge", pickup.id, int(stop.charge), 0)


def _call_at(walk: _Walk, dock: Dock, stop: Stop) -> None:
    busy_ms = 0
    if stop.unload:
        walk.must("unload", dock.id, 1, len(dock.accepts))
        walk.must("unload", dock.id, len(walk.aboard), len(walk.aboard & dock.accepts))
        walk.aboard.clear()
        walk.mass_kg = walk.volume_l = 0.0
        busy_ms += dock.unload_ms
    if stop.charge:
        walk.must("charge", dock.id, 1, int(dock.charge_ms is not None))
        walk.battery_wh = walk.problem.types[walk.problem.vehicles[walk.vehicle].type].battery_wh
        walk.drained = False
        busy_ms += dock.charge_ms or 0
    walk.must("dock-time", dock.id, stop.start_ms + busy_ms, stop.end_ms)


def _excuse(prover: Prover, omission: Omission) -> Iterator[Violation]:
    """Nothing if the omission says what is so; else a violation with the true need and limit."""
    truth = prover.reasons(omission.pickup)
    true = any(
        code == omission.code
        and abs(need - omission.need) <= TOLERANCE
        and abs(limit - omission.limit) <= TOLERANCE
        for code, need, limit in truth
    )
    if not true:
        code, need, limit = truth[0]
        place = f"{prover.problem.pickups[omission.pickup].id} ({omission.code}, in truth {code})"
        yield Violation("reason", "", place, need, limit)
