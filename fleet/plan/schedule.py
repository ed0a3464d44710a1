"""Exact times, loads and energy along a route: what the model of the solver only approximates.

`schedule` walks a sequence of visits and fills in arrival times, decides at which docks to charge (only where
the battery would not last to the next chance), and says where the walk breaks a rule. `repair` makes the walk
legal: it adds stops to charge where that helps, and else takes pickups out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from fleet.plan.problem import UNREACHABLE_MS, Dock, Pickup, Problem, Route, Stop

Visit = tuple[str, int]
"""("pickup", index) or ("dock", index)."""

TOP_UP_BELOW = 0.6
"""A vehicle that ends its route with less than this share of its battery fills it there, if there is time."""

_ROUNDING = 1e-9
"""Kilograms, litres and watt-hours that sums of floats may be off by."""

_CHARGERS_TRIED = 6
"""Detours to a charger that are tried for one breach; the shortest come first."""
_MOST_ADDED = 6
"""Stops to charge that are added to one route at once."""


@dataclass(slots=True)
class _Walk:
    """Where a vehicle is along its visits."""

    node: int
    now_ms: int
    battery_wh: float
    mass_kg: float = 0.0
    volume_l: float = 0.0
    aboard: set[str] = field(default_factory=set)

    def empties_at(self, dock: Dock) -> bool:
        """Whether there is something to unload and the dock takes all of it."""
        return bool(self.aboard) and self.aboard <= dock.accepts


@dataclass(frozen=True, slots=True)
class Breach:
    """The visit at which a walk breaks a rule, which, and for "battery" what is missing."""

    position: int
    rule: str
    lack_wh: float = 0.0


def leg_wh(problem: Problem, type_index: int, start: int, end: int, load_kg: float) -> float:
    """Energy of the leg from node to node with `load_kg` on board (the formula of `fleet.plan.problem`)."""
    kind, effort_h = problem.types[type_index], float(problem.effort_h[type_index][start, end])
    if effort_h == math.inf:  # also for who draws nothing: nothing times infinity is no number
        return math.inf
    mass = kind.empty_kg + load_kg
    return kind.power_coefficient * mass * float(mass ** (kind.mass_exponent - 1.0)) * effort_h


def node_of(problem: Problem, visit: Visit) -> int:
    """Where a visit takes place."""
    kind, index = visit
    return problem.pickups[index].node if kind == "pickup" else problem.docks[index].node


def schedule(problem: Problem, vehicle_index: int, visits: Sequence[Visit]) -> Route | Breach:
    """The route along `visits` with exact times, or the first breach. An empty sequence is an empty route."""
    vehicle = problem.vehicles[vehicle_index]
    kind = problem.types[vehicle.type]
    walk = _Walk(vehicle.node, vehicle.ready_ms, min(vehicle.battery_wh, kind.battery_wh))
    stops: list[Stop] = []
    for position, visit in enumerate(visits):
        end = node_of(problem, visit)
        travel = int(problem.travel_ms[vehicle.type][walk.node, end])
        if travel >= UNREACHABLE_MS:
            return Breach(position, "no-legal-path")
        energy = leg_wh(problem, vehicle.type, walk.node, end, walk.mass_kg)
        walk.battery_wh -= energy
        if energy > 0 and walk.battery_wh < kind.reserve_wh - _ROUNDING:
            return Breach(position, "battery", kind.reserve_wh - walk.battery_wh)
        walk.now_ms += travel
        walk.node = end
        if visit[0] == "pickup":
            outcome = _serve(problem, vehicle.type, walk, visit[1])
        else:
            outcome = _dock(problem, vehicle.type, walk, visits, position)
        if isinstance(outcome, str):
            return Breach(position, outcome)
        stops.append(outcome)
    if stops and walk.now_ms > problem.end_ms:
        return Breach(len(visits) - 1, "end")
    if stops and (walk.aboard or stops[-1].kind != "dock"):
        return Breach(len(visits) - 1, "not-empty")
    return Route(vehicle_index, tuple(stops), walk.battery_wh)


def _serve(problem: Problem, type_index: int, walk: _Walk, index: int) -> Stop | str:
    kind = problem.types[type_index]
    pickup: Pickup = problem.pickups[index]
    arrive = walk.now_ms
    start = max(arrive, pickup.earliest_ms)
    walk.mass_kg += pickup.mass_kg
    walk.volume_l += pickup.volume_l
    if pickup.hazardous and not kind.hazmat:
        return "not-certified"
    if walk.mass_kg > kind.payload_kg + _ROUNDING:
        return "too-heavy"
    if walk.volume_l > kind.volume_l + _ROUNDING:
        return "too-voluminous"
    if start + pickup.service_ms > pickup.latest_ms:
        return "window"
    walk.aboard.add(pickup.material)
    walk.now_ms = start + pickup.service_ms
    return Stop("pickup", index, arrive, start, walk.now_ms)


def _dock(problem: Problem, type_index: int, walk: _Walk, visits: Sequence[Visit], position: int) -> Stop:
    index = visits[position][1]
    dock: Dock = problem.docks[index]
    arrive = walk.now_ms
    unload = walk.empties_at(dock)
    if unload:
        walk.aboard.clear()
        walk.mass_kg = walk.volume_l = 0.0
        walk.now_ms += dock.unload_ms
    charge = dock.charge_ms is not None and _wants_charge(problem, type_index, walk, visits, position)
    if charge and dock.charge_ms is not None:
        walk.battery_wh = problem.types[type_index].battery_wh
        walk.now_ms += dock.charge_ms
    return Stop("dock", index, arrive, arrive, walk.now_ms, unload=unload, charge=charge)


def _wants_charge(problem: Problem, type_index: int, walk: _Walk, visits: Sequence[Visit], position: int) -> bool:
    kind = problem.types[type_index]
    if position == len(visits) - 1:
        charge_ms = problem.docks[visits[position][1]].charge_ms or 0
        low = walk.battery_wh < TOP_UP_BELOW * kind.battery_wh
        return low and walk.now_ms + charge_ms <= problem.end_ms
    need = _energy_to_next_charge(problem, type_index, walk, visits[position + 1 :])
    return walk.battery_wh - need < kind.reserve_wh - _ROUNDING


def _energy_to_next_charge(problem: Problem, type_index: int, walk: _Walk, onward: Sequence[Visit]) -> float:
    """What the vehicle needs from where it is, with what it carries, until it stands at the next charger."""
    ahead = _Walk(walk.node, 0, 0.0, walk.mass_kg, 0.0, set(walk.aboard))
    need = 0.0
    for visit in onward:
        end = node_of(problem, visit)
        need += leg_wh(problem, type_index, ahead.node, end, ahead.mass_kg)
        ahead.node = end
        if visit[0] == "pickup":
            pickup = problem.pickups[visit[1]]
            ahead.mass_kg += pickup.mass_kg
            ahead.aboard.add(pickup.material)
            continue
        dock = problem.docks[visit[1]]
        if dock.charge_ms is not None:
            break
        if ahead.empties_at(dock):
            ahead.mass_kg = 0.0
            ahead.aboard.clear()
    return need


def repair(problem: Problem, vehicle_index: int, visits: Sequence[Visit]) -> Route:
    """The route along `visits`, with stops to charge added and pickups taken out until it breaks no rule.

    Against an empty battery the shortest detour to a charger is tried first. Else the nearest pickup before
    the breach goes. Dock visits that no longer unload or charge anything are dropped too, but for the last.
    """
    rest, added = list(visits), 0
    while any(kind == "pickup" for kind, _ in rest):
        result = schedule(problem, vehicle_index, rest)
        if isinstance(result, Route):
            return lean(problem, result)
        culprit = next((i for i in range(result.position, -1, -1) if rest[i][0] == "pickup"), None)
        if culprit is None:
            culprit = next(i for i, visit in enumerate(rest) if visit[0] == "pickup")
        at_stake = problem.pickups[rest[culprit][1]].penalty
        charged = _with_charge(problem, vehicle_index, rest, result, at_stake) if added < _MOST_ADDED else None
        if charged is None:
            del rest[culprit]
        else:
            rest, added = charged, added + 1
    return Route(vehicle_index, ())


def with_charges(problem: Problem, vehicle_index: int, visits: list[Visit], worth_ms: int) -> Route | None:
    """The route along `visits` with stops to charge added as needed; None if it breaks a rule all the same.

    No single detour to a charger may cost `worth_ms` or more.
    """
    for _ in range(_MOST_ADDED + 1):
        result = schedule(problem, vehicle_index, visits)
        if isinstance(result, Route):
            return lean(problem, result)
        longer = _with_charge(problem, vehicle_index, visits, result, worth_ms)
        if longer is None:
            return None
        visits = longer
    return None


def _with_charge(
    problem: Problem, vehicle_index: int, visits: list[Visit], breach: Breach, worth_ms: int
) -> list[Visit] | None:
    """`visits` with the shortest detour to a charger that makes the route legal and costs less than `worth_ms`;
    failing that, the one that gets furthest, if only by lacking less for the same leg."""
    if breach.rule != "battery":
        return None
    furthest, best = (breach.position + 1, -breach.lack_wh + _ROUNDING), None
    detours = sorted(_detours(problem, vehicle_index, visits, breach.position))
    for extra_ms, gap, dock in detours[:_CHARGERS_TRIED]:
        if extra_ms >= worth_ms:
            break
        longer = [*visits[:gap], ("dock", dock), *visits[gap:]]
        result = schedule(problem, vehicle_index, longer)
        if isinstance(result, Route):
            return longer
        if (result.position, -result.lack_wh) > furthest:
            furthest, best = (result.position, -result.lack_wh), longer
    return best


def _detours(
    problem: Problem, vehicle_index: int, visits: Sequence[Visit], last: int
) -> Iterator[tuple[int, int, int]]:
    """(extra travel in ms, gap, charger) for every gap at or before `last` and every charger."""
    vehicle = problem.vehicles[vehicle_index]
    travel = problem.travel_ms[vehicle.type]
    nodes = [vehicle.node, *(node_of(problem, visit) for visit in visits)]
    chargers = [(i, d.node) for i, d in enumerate(problem.docks) if d.charge_ms is not None]
    for gap in range(last + 1):
        before, after = nodes[gap], nodes[gap + 1]
        for index, node in chargers:
            there, on = int(travel[before, node]), int(travel[node, after])
            if max(there, on) < UNREACHABLE_MS:
                yield there + on - int(travel[before, after]), gap, index


def lean(problem: Problem, route: Route) -> Route:
    """`route` without the dock visits that neither unload nor charge, as far as it stays legal without.

    The last one stays, unless the vehicle goes there from a charger, or to no charger, for nothing.
    """
    last = len(route.stops) - 1
    visits: list[Visit] = [
        (stop.kind, stop.index)
        for i, stop in enumerate(route.stops)
        if stop.kind == "pickup" or stop.unload or stop.charge or i == last
    ]
    idle_end = len(visits) > 1 and visits[-2][0] == "dock" and not route.stops[last].unload
    if idle_end and (_charges(problem, visits[-2]) or not _charges(problem, visits[-1])):
        shorter = schedule(problem, route.vehicle, visits[:-1])
        if isinstance(shorter, Route):
            return shorter
    if len(visits) == len(route.stops):
        return route
    again = schedule(problem, route.vehicle, visits)
    return again if isinstance(again, Route) else route


def _charges(problem: Problem, visit: Visit) -> bool:
    return problem.docks[visit[1]].charge_ms is not None
