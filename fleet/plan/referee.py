"""The referee: says of any plan, whoever made it, whether it is legal and whether its excuses are true.

It, `excuses` and `insertions` are written from the words of `fleet.plan.problem` alone and share no code with the
solvers: a mistake would have to be made twice to pass. After a fault the walk goes on from what the plan claims,
so that one fault is reported once.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from fleet.plan.excuses import TOLERANCE, Prover, charging_ms
from fleet.plan.problem import UNREACHABLE_MS, Dock, Omission, Pickup, Plan, Problem, Route, Stop

Rule = Literal[
    "index",
    "one-route",
    "served-once",
    "accounted",
    "committed",
    "path",
    "arrival",
    "start",
    "service",
    "window",
    "release",
    "hours",
    "dock-time",
    "pads",
    "places",
    "end",
    "ends",
    "mass",
    "volume",
    "apart",
    "certificate",
    "trips",
    "unload",
    "charge",
    "idle",
    "reserve",
    "battery-claim",
    "finish",
    "cost",
    "reason",
    "insertable",
]
"""What a plan can break.

- index: there is no such vehicle, pickup, dock or kind of stop.
- one-route, served-once: a vehicle or a pickup appears twice.
- accounted: a pickup is neither served nor left out, or both.
- committed: the route does not begin with what the vehicle is committed to.
- path: no legal way. arrival: sooner than the leg takes.
- start: before arrival or before the window opens. service: the end is not the start plus the service.
- window: service ends after `latest_ms`. release: the trip sets out before one of its pickups is released.
- hours: unloading does not lie within an opening. dock-time: too short to unload and charge.
- pads, places: more vehicles at a time than there are.
- end: the route is over after `until_ms` or `end_ms`. ends: it must not end at that dock.
- mass, volume: more on board than fits. apart: materials that must not share a trip. trips: more than allowed.
- certificate: the type lacks one. unload: not at a dock, nothing on board, or not everything accepted.
- charge: no charger there, or not the amount that it gives. idle: a stop at a dock for nothing.
- reserve: the battery falls below it. battery-claim: what is left is not what the route says.
- finish: the route does not end empty at a dock.
- cost: not what routes and penalties cost.
- reason: the excuse for a pickup left out is not true (see `ReasonCode`).
- insertable: a pickup left out fits, for less than its penalty (only `insertions.insertable` looks).
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

    Pure; raises nothing for a bad plan, whatever its indices are. Whether more pickups would fit is not asked
    here (`fleet.plan.insertions.insertable`).
    """
    found = list(_bad_indices(problem, plan))
    found += _twice(problem, plan)
    found += _uncommitted(problem, plan)
    known = [route for route in plan.routes if _known_route(problem, route)]
    walks = [_walked(problem, route) for route in known]
    for walk in walks:
        found += walk.found
    found += _crowds(problem, known)
    if len(known) == len(plan.routes) and not any(walk.lost for walk in walks):
        found += _cost(problem, plan, sum(walk.cost for walk in walks))
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


def _uncommitted(problem: Problem, plan: Plan) -> Iterator[Violation]:
    stops = {route.vehicle: route.stops for route in reversed(plan.routes)}
    for index, vehicle in enumerate(problem.vehicles):
        does = [(stop.kind, stop.index) for stop in stops.get(index, ())]
        pairs = itertools.zip_longest(vehicle.committed, does[: len(vehicle.committed)])
        kept = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
        if kept < len(vehicle.committed):
            yield Violation("committed", vehicle.id, "", len(vehicle.committed), kept)


def _cost(problem: Problem, plan: Plan, routes_cost: int) -> Iterator[Violation]:
    known = [o.pickup for o in plan.omitted if 0 <= o.pickup < len(problem.pickups)]
    cost = routes_cost + sum(problem.pickups[index].penalty for index in known)
    if cost != plan.cost:
        yield Violation("cost", "", "", cost, plan.cost)


def _crowds(problem: Problem, routes: Sequence[Route]) -> Iterator[Violation]:
    """Docks with more vehicles at a time than pads, or than places to charge."""
    pads: dict[int, list[tuple[int, int]]] = {}
    places: dict[int, list[tuple[int, int]]] = {}
    for route in routes:
        for stop in route.stops:
            if stop.kind != "dock":
                continue
            dock = problem.docks[stop.index]
            if stop.unload:
                pads.setdefault(stop.index, []).append((stop.start_ms, stop.start_ms + dock.unload_ms))
            if stop.charge_wh > 0 and dock.charger is not None:
                begin = stop.end_ms - charging_ms(dock.charger, stop.charge_wh)
                places.setdefault(stop.index, []).append((begin, stop.end_ms))
    for index, dock in enumerate(problem.docks):
        if (most := _most_at_once(pads.get(index, ()))) > dock.pads:
            yield Violation("pads", "", dock.id, most, dock.pads)
        if dock.charger is not None and (most := _most_at_once(places.get(index, ()))) > dock.charger.places:
            yield Violation("places", "", dock.id, most, dock.charger.places)


def _most_at_once(stretches: Iterable[tuple[int, int]]) -> int:
    """How many of these half-open stretches of time overlap at the worst moment."""
    steps = sorted(step for begin, end in stretches if end > begin for step in ((begin, 1), (end, -1)))
    return max(itertools.accumulate(step for _, step in steps), default=0)


# ------------------------------------------------------------------------------------------------ the routes


@dataclass(slots=True)
class _Walk:
    """A vehicle on its route, as it was after the last stop. `lost` after a leg that cannot be taken; `forced`
    while the stop is one that the vehicle is committed to."""

    problem: Problem
    vehicle: int
    node: int
    now_ms: int
    battery_wh: float
    mass_kg: float = 0.0
    volume_l: float = 0.0
    aboard: set[str] = field(default_factory=set)
    trips: int = 0
    cost: int = 0
    lost: bool = False
    drained: bool = False
    forced: bool = False
    found: list[Violation] = field(default_factory=list)

    def must(self, rule: Rule, place: str, need: float, limit: float, slack: float = 0.0) -> None:
        """Note a violation if `need` exceeds `limit`, or is no number."""
        if not need <= limit + slack:
            name = self.problem.vehicles[self.vehicle].id
            self.found.append(Violation(rule, name, place, need, limit))

    def should(self, rule: Rule, place: str, need: float, limit: float, slack: float = 0.0) -> None:
        """`must`, but for what the vehicle is committed to."""
        if not self.forced:
            self.must(rule, place, need, limit, slack)


def _walked(problem: Problem, route: Route) -> _Walk:
    vehicle = problem.vehicles[route.vehicle]
    kind = problem.types[vehicle.type]
    charge = math.inf if math.isinf(kind.battery_wh) else min(vehicle.battery_wh, kind.battery_wh)
    walk = _Walk(problem, route.vehicle, vehicle.node, vehicle.ready_ms, charge)
    if not route.stops:
        return walk
    walk.cost = kind.fixed_cost
    releases = _releases(problem, route)
    for position, stop in enumerate(route.stops):
        walk.forced = position < len(vehicle.committed)
        at: Pickup | Dock = problem.pickups[stop.index] if stop.kind == "pickup" else problem.docks[stop.index]
        _go(walk, at, stop, releases.get(-1) if position == 0 else None)
        if isinstance(at, Pickup):
            _pick_up(walk, at, stop)
        else:
            _call_at(walk, at, stop, last=position == len(route.stops) - 1)
            if position in releases:
                walk.must("release", at.id, releases[position], stop.end_ms)
        walk.now_ms = stop.end_ms
    walk.forced = False
    last = route.stops[-1]
    walk.must("finish", "", len(walk.aboard) + (last.kind != "dock"), 0)
    if last.kind == "dock" and vehicle.ends:
        walk.must("ends", problem.docks[last.index].id, 1, vehicle.ends.count(last.index))
    walk.must("end", "", walk.now_ms, min(vehicle.until_ms, problem.end_ms))
    if not walk.lost and route.battery_wh != walk.battery_wh:
        walk.must("battery-claim", "", abs(walk.battery_wh - route.battery_wh), 0.0, TOLERANCE)
    return walk


def _releases(problem: Problem, route: Route) -> dict[int, int]:
    """When the trips that set out at a stop (-1: at the start) are released."""
    releases: dict[int, int] = {}
    set_out, dock_before, empty = -1, -1, True
    for position, stop in enumerate(route.stops):
        if stop.kind == "pickup":
            set_out, empty = (dock_before if empty else set_out), False
            release = problem.pickups[stop.index].release_ms
            releases[set_out] = max(release, releases.get(set_out, release))
        else:
            dock_before, empty = position, empty or stop.unload
    return releases


def _go(walk: _Walk, at: Pickup | Dock, stop: Stop, release_ms: int | None) -> None:
    kind = walk.problem.types[index := walk.problem.vehicles[walk.vehicle].type]
    block = walk.problem.ways[index].block(np.array([walk.node]), np.array([at.node]))
    travel = int(block.travel_ms[0, 0])
    walk.node = at.node
    walk.must("start", at.id, stop.arrive_ms, stop.start_ms)
    if travel >= UNREACHABLE_MS:
        walk.must("path", at.id, 1, 0)
        walk.lost = True
        return
    walk.cost += int(block.cost[0, 0])
    walk.must("arrival", at.id, walk.now_ms + travel, stop.arrive_ms)
    if release_ms is not None:
        walk.must("release", at.id, release_ms + travel, stop.arrive_ms)
    energy = 0.0
    if kind.power_coefficient > 0:
        mass = math.pow(kind.empty_kg + walk.mass_kg, kind.mass_exponent)
        energy = kind.power_coefficient * mass * float(block.effort_h[0, 0])
    walk.battery_wh -= energy
    if energy > 0 and not walk.lost and not walk.drained and walk.battery_wh < kind.reserve_wh - TOLERANCE:
        walk.should("reserve", at.id, kind.reserve_wh, walk.battery_wh, TOLERANCE)
        walk.drained = True


def _pick_up(walk: _Walk, pickup: Pickup, stop: Stop) -> None:
    kind = walk.problem.types[walk.problem.vehicles[walk.vehicle].type]
    if not walk.aboard:
        walk.trips += 1
        walk.should("trips", pickup.id, walk.trips, kind.most_trips)
    walk.aboard.add(pickup.material)
    walk.mass_kg += pickup.mass_kg
    walk.volume_l += pickup.volume_l
    walk.should("mass", pickup.id, walk.mass_kg, kind.payload_kg, TOLERANCE)
    walk.should("volume", pickup.id, walk.volume_l, kind.volume_l, TOLERANCE)
    clashes = sum(1 for pair in walk.problem.apart if pickup.material in pair and pair <= walk.aboard)
    walk.should("apart", pickup.id, clashes, 0)
    walk.should("certificate", pickup.id, len(pickup.needs), len(pickup.needs & kind.certificates))
    walk.must("start", pickup.id, pickup.earliest_ms, stop.start_ms)
    walk.must("service", pickup.id, abs(stop.start_ms + pickup.service_ms - stop.end_ms), 0)
    walk.should("window", pickup.id, stop.end_ms, pickup.latest_ms)
    walk.must("unload", pickup.id, int(stop.unload), 0)
    walk.must("charge", pickup.id, abs(stop.charge_wh), 0)
    if stop.end_ms > pickup.due_ms:
        walk.cost += pickup.late_cost_per_s * math.ceil((stop.end_ms - pickup.due_ms) / 1000)


def _call_at(walk: _Walk, dock: Dock, stop: Stop, last: bool) -> None:
    busy_ms = 0
    if stop.unload:
        walk.must("unload", dock.id, 1, len(walk.aboard))
        walk.must("unload", dock.id, len(walk.aboard), len(walk.aboard & dock.accepts))
        walk.aboard.clear()
        walk.mass_kg = walk.volume_l = 0.0
        busy_ms += dock.unload_ms
        within = [begin <= stop.start_ms and stop.start_ms + dock.unload_ms <= end for begin, end in dock.hours]
        walk.should("hours", dock.id, int(bool(within)), int(any(within)))
    if not abs(stop.charge_wh) <= TOLERANCE / 1000:  # so is what is no number
        busy_ms += _charged(walk, dock, stop)
    elif not stop.unload and not last:
        walk.should("idle", dock.id, 1, 0)
    walk.must("dock-time", dock.id, stop.start_ms + busy_ms, stop.end_ms)


def _charged(walk: _Walk, dock: Dock, stop: Stop) -> int:
    """Fill the battery; how long that takes, in ms."""
    capacity = walk.problem.types[walk.problem.vehicles[walk.vehicle].type].battery_wh
    if dock.charger is None or not 0 < stop.charge_wh < math.inf or math.isinf(capacity):
        walk.must("charge", dock.id, 1, 0)
        walk.battery_wh += stop.charge_wh if 0 < stop.charge_wh < math.inf else 0.0
        return 0
    room = stop.charge_wh if walk.lost else capacity - walk.battery_wh
    walk.must("charge", dock.id, stop.charge_wh, room, TOLERANCE)
    walk.drained = False
    if dock.charger.mode == "partial":
        walk.battery_wh += stop.charge_wh
    else:
        walk.must("charge", dock.id, room, stop.charge_wh, TOLERANCE)
        walk.battery_wh = capacity
    return charging_ms(dock.charger, stop.charge_wh)


def _excuse(prover: Prover, omission: Omission) -> Iterator[Violation]:
    """Nothing if the omission says what is so; else a violation with the true need and limit."""
    truth = prover.verdicts(omission.pickup)
    pickup = prover.problem.pickups[omission.pickup]
    if omission.code == "too-dear" and truth[0][0] == "fleet-busy":
        # Whether it is dear or finds no room is settled by trying (`insertions`); the words must fit.
        if omission.limit == pickup.penalty and omission.need >= omission.limit:
            return
    elif any(
        code == omission.code
        and vehicle in (omission.vehicle, -1)
        and abs(need - omission.need) <= TOLERANCE
        and abs(limit - omission.limit) <= TOLERANCE
        for code, need, limit, vehicle in truth
    ):
        return
    code, need, limit, vehicle = truth[0]
    who = prover.problem.vehicles[vehicle].id if vehicle >= 0 else ""
    yield Violation("reason", who, f"{pickup.id} ({omission.code}, in truth {code})", need, limit)
