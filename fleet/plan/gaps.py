"""Gaps of routes: the places between two stops, and behind the last, seen as arrays.

Of each gap what is cheap to know and forbids much. All of it is on the safe side: whoever is forbidden a gap by
these figures cannot use it, whatever it charges on the way and however pads and places are shared.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fleet.plan.calendar import opening_ms
from fleet.plan.problem import UNLIMITED, UNREACHABLE_MS, Problem, Route, VehicleType
from fleet.plan.timetable import Legs, node_of, visits_of

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_Load = tuple[float, float, int]
_NOTHING: _Load = (0.0, 0.0, 0)


@dataclass(frozen=True, slots=True)
class Gaps:
    """Gaps of one or more routes, one entry each.

    `there` is the node behind the gap, with no meaning where nothing follows (`last`). `free_ms` is the soonest
    that the vehicle is free there. `by_ms` is when it must be at the next stop if the rest of the trip is unloaded
    where it was before, `loose_ms` if it is not. `dock` is the next stop that could unload, -1 where there is
    none. `kinds` are kinds of material as bits. What is on board in the gap is `_before`; what the vehicle picks
    up until `dock` is `_after`. `direct_cost` is the leg across the gap; `fixed_cost` what using the vehicle costs
    if it has no stop yet; `late_cost` what lateness costs on the route. `trips_left` is how many more trips it may
    make. `used_wh` is the energy drawn since the last charger, of `has_wh` (infinite where it does not matter);
    `ahead_h` the effort from the next stop to the next charger, or to the end.
    """

    vehicle: Ints
    position: Ints
    here: Ints
    there: Ints
    last: Bools
    free_ms: Ints
    by_ms: Ints
    loose_ms: Ints
    dock: Ints
    kinds_before: Ints
    kinds_after: Ints
    direct_cost: Ints
    fixed_cost: Ints
    late_cost: Ints
    trips_left: Ints
    kg_before: Floats
    l_before: Floats
    kg_after: Floats
    l_after: Floats
    used_wh: Floats
    has_wh: Floats
    ahead_h: Floats

    def only(self, chosen: Ints) -> Gaps:
        """The chosen ones."""
        return Gaps(*(getattr(self, name)[chosen] for name in Gaps.__slots__))

    def __len__(self) -> int:
        return len(self.vehicle)


Rows = tuple[Ints, Floats]
"""Gaps of one route: a row for each whole-numbered field of `Gaps`, and one for each of the others."""


def joined(many: Sequence[Rows]) -> Gaps:
    """The gaps of all of `many`, which are not none."""
    ints = np.concatenate([rows[0] for rows in many], axis=1)
    floats = np.concatenate([rows[1] for rows in many], axis=1)
    columns: dict[str, npt.NDArray[Any]] = dict(zip(Gaps.__slots__, (*ints, *floats), strict=True))
    columns["last"] = columns["last"].astype(np.bool_)
    return Gaps(**columns)


def gaps_of(problem: Problem, route: Route, bits: Mapping[str, int], legs: Legs) -> Rows:
    """The gaps of `route` behind what the vehicle is committed to."""
    vehicle = problem.vehicles[route.vehicle]
    kind = problem.types[vehicle.type]
    count = len(route.stops)
    first = min(len(vehicle.committed), count)
    nodes = [vehicle.node, *(node_of(problem, visit) for visit in visits_of(route))]
    across = legs.along(vehicle.type, nodes) if count else []
    loads, trips = _aboard(problem, route, bits)
    by_ms, loose_ms = _deadlines(problem, route, across)
    dock, does, after, ahead = _onward(problem, route, bits, across)
    used, has = _drawn(problem, route, across, loads)
    many, free_ms = count + 1 - first, _soonest(problem, route, across)
    late = _late_cost(problem, route)
    left = kind.most_trips - trips
    ints = [
        [route.vehicle] * many,
        list(range(first, count + 1)),
        nodes[first:],
        [*nodes[first + 1 :], nodes[-1]],
        [0] * (many - 1) + [1],
        free_ms[first:],
        [by if sure else loose for by, loose, sure in zip(by_ms, loose_ms, does, strict=True)][first:],
        loose_ms[first:],
        dock[first:],
        [load[2] for load in loads[first:]],
        [load[2] for load in after[first:]],
        [*(leg[1] for leg in across[first:]), 0],
        [0 if count else kind.fixed_cost] * many,
        [late] * many,
        [left if sure else UNLIMITED for sure in does[first:]],
    ]
    floats = [
        [load[0] for load in loads[first:]],
        [load[1] for load in loads[first:]],
        [load[0] for load in after[first:]],
        [load[1] for load in after[first:]],
        used[first:],
        has[first:],
        ahead[first:],
    ]
    return np.array(ints, dtype=np.int64), np.array(floats, dtype=np.float64)


_Legs = Sequence[tuple[int, int, float]]


def _soonest(problem: Problem, route: Route, across: _Legs) -> list[int]:
    """When the vehicle is free before each gap if it never waits for a pad and never charges."""
    free = [problem.vehicles[route.vehicle].ready_ms]
    for stop, leg in zip(route.stops, across, strict=True):
        at = free[-1] + leg[0]
        if stop.kind == "pickup":
            pickup = problem.pickups[stop.index]
            at = max(at, pickup.earliest_ms) + pickup.service_ms
        elif stop.unload:
            dock = problem.docks[stop.index]
            begin = opening_ms(dock, at)
            at = (at if begin is None else begin) + dock.unload_ms
        free.append(at)
    return free


def _deadlines(problem: Problem, route: Route, across: _Legs) -> tuple[list[int], list[int]]:
    """When the vehicle must arrive at each stop for all the rest to stay in time; last, when it must be done. Once
    with the time that unloading takes, once without.

    (Savelsbergh's forward slack: "The vehicle routing problem with time windows", ORSA J. Computing 4(2), 1992.)
    """
    end = min(problem.vehicles[route.vehicle].until_ms, problem.end_ms)
    by, loose = [end], [end]
    for at in reversed(range(len(route.stops))):
        stop = route.stops[at]
        onward = across[at + 1][0] if at + 1 < len(across) else 0
        done, loose_done = by[-1] - onward, loose[-1] - onward
        if stop.kind == "pickup":
            pickup = problem.pickups[stop.index]
            done = min(done, pickup.latest_ms) - pickup.service_ms
            loose_done = min(loose_done, pickup.latest_ms) - pickup.service_ms
        elif stop.unload:
            dock = problem.docks[stop.index]
            done = min([done, *([max(close for _, close in dock.hours)] if dock.hours else [])]) - dock.unload_ms
        by.append(done)
        loose.append(loose_done)
    return by[::-1], loose[::-1]


def _aboard(problem: Problem, route: Route, bits: Mapping[str, int]) -> tuple[list[_Load], int]:
    """What is on board in each gap, and how many trips the route has."""
    loads, trips = [_NOTHING], 0
    for stop in route.stops:
        kg, litres, kinds = loads[-1]
        if stop.kind == "pickup":
            pickup = problem.pickups[stop.index]
            trips += kinds == 0
            loads.append((kg + pickup.mass_kg, litres + pickup.volume_l, kinds | bits[pickup.material]))
        else:
            loads.append(_NOTHING if stop.unload else loads[-1])
    return loads, trips


def _onward(
    problem: Problem, route: Route, bits: Mapping[str, int], across: _Legs
) -> tuple[list[int], list[bool], list[_Load], list[float]]:
    """Of each gap the next dock that could unload, whether it does so now, what is picked up until there, and the
    effort from the next stop to the next charger."""
    dock, does, after, ahead = [-1], [True], [_NOTHING], [0.0]
    electric = problem.types[problem.vehicles[route.vehicle].type].battery_wh < math.inf
    for at in reversed(range(len(route.stops))):
        stop = route.stops[at]
        effort = ahead[-1] + (across[at + 1][2] if at + 1 < len(across) else 0.0)
        if stop.kind == "pickup":
            pickup, (kg, litres, kinds) = problem.pickups[stop.index], after[-1]
            after.append((kg + pickup.mass_kg, litres + pickup.volume_l, kinds | bits[pickup.material]))
            dock.append(dock[-1])
            does.append(does[-1])
            ahead.append(effort)
            continue
        site = problem.docks[stop.index]
        could = stop.unload or bool(site.accepts)
        after.append(_NOTHING if could else after[-1])
        dock.append(stop.index if could else dock[-1])
        does.append(stop.unload if could else does[-1])
        stands = electric and site.charger is not None and at + 1 < len(route.stops)
        ahead.append(0.0 if stands else effort)
    return dock[::-1], does[::-1], after[::-1], ahead[::-1]


def _drawn(
    problem: Problem, route: Route, across: _Legs, loads: Sequence[_Load]
) -> tuple[list[float], list[float]]:
    """Energy drawn since the last charger before each gap, and what there was for it."""
    me = problem.vehicles[route.vehicle]
    kind = problem.types[me.type]
    if math.isinf(kind.battery_wh):
        nothing = [0.0] * (len(route.stops) + 1)
        return nothing, [math.inf] * len(nothing)
    used, has = [0.0], [min(me.battery_wh, kind.battery_wh) - kind.reserve_wh]
    for stop, leg, load in zip(route.stops, across, loads, strict=False):
        if stop.kind == "dock" and problem.docks[stop.index].charger is not None:
            used.append(0.0)
            has.append(kind.battery_wh - kind.reserve_wh)
            continue
        wh = 0.0 if leg[0] >= UNREACHABLE_MS else power_w(kind, load[0]) * leg[2]
        used.append(used[-1] + wh)
        # Who is committed to more than the battery lasts is excused until the next charge.
        has.append(math.inf if wh > 0.0 and used[-1] > has[-1] else has[-1])
    return used, has


def power_w(kind: VehicleType, load_kg: float) -> float:
    """What a vehicle draws with so much on board (see `fleet.plan.problem`)."""
    if kind.power_coefficient == 0.0:
        return 0.0
    return kind.power_coefficient * float((kind.empty_kg + load_kg) ** kind.mass_exponent)


def _late_cost(problem: Problem, route: Route) -> int:
    cost = 0
    for stop in route.stops:
        if stop.kind == "pickup":
            pickup = problem.pickups[stop.index]
            if pickup.late_cost_per_s:
                cost += pickup.late_cost_per_s * max(0, -((pickup.due_ms - stop.end_ms) // 1000))
    return cost
