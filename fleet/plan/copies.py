"""Which docks a model of a problem may visit, how often, and where its routes may end by a short cut.

A model visits every node once, so a dock that is to be visited often must be there in several copies. Symmetric
copies are what drowns the local search: there should be as many as trips are likely to need, and no more.
"""

from __future__ import annotations

import math

import numpy as np

from fleet.plan.model_layout import Copy, Home, tail
from fleet.plan.problem import UNREACHABLE_MS, Dock, Matrix, Problem

_NEAREST_TAKERS = 2
"""How many takers count as near to a pickup."""
_FILL = 1.3
"""How many times as many trips to plan for as full loads would need."""


def choose_copies(problem: Problem) -> tuple[Copy, ...]:
    """Stops, by dock, each as often as a model may make it.

    Trips are shared out over the takers by how many pickups have them near. Where batteries run out, half as many
    stops to charge, and one at least, go to every charger that is the nearest to a taker or a start.
    """
    travel = _travel(problem)
    near: dict[int, int] = {}
    for row, pickup in enumerate(problem.pickups):
        takers = [
            (int(travel[row, d]), d)
            for d, dock in enumerate(problem.docks)
            if pickup.material in dock.accepts and travel[row, d] < UNREACHABLE_MS
        ]
        for _, d in sorted(takers)[:_NEAREST_TAKERS]:
            near[d] = near.get(d, 0) + 1
    share = _trips(problem) / (sum(near.values()) or 1)
    charge = any(math.isfinite(k.battery_wh) and k.power_coefficient > 0.0 for k in problem.types)
    copies = []
    stops = 0
    for d in sorted(near):
        count = max(1, round(share * near[d]))
        stops += count
        can = charge and problem.docks[d].charger is not None
        copies += [Copy(d, True)] * (math.ceil(count / 2) if can else count)
        copies += [Copy(d, True, "may")] * (math.ceil(count / 2) if can else 0)
    if charge:
        chargers = [d for d, dock in enumerate(problem.docks) if dock.charger is not None]
        each = max(1, math.ceil(stops / 2 / max(1, len(chargers))))
        for d in chargers:
            takes = bool(problem.docks[d].accepts)
            copies += [Copy(d, False, "may", empty=takes)] * (1 if takes else each)
    return tuple(copies)


def _travel(problem: Problem) -> Matrix:
    """From pickups to docks, by whoever is soonest."""
    rows = np.array([p.node for p in problem.pickups], dtype=np.int64)
    columns = np.array([d.node for d in problem.docks], dtype=np.int64)
    blocks = [problem.ways[t].block(rows, columns).travel_ms for t in sorted({v.type for v in problem.vehicles})]
    return np.asarray(np.minimum.reduce(blocks))


def _trips(problem: Problem) -> int:
    """Trips the fleet's mean vehicle needs for it all, less the last of some, which end by short cuts."""
    kinds = [problem.types[v.type] for v in problem.vehicles]
    payload_kg = sum(k.payload_kg for k in kinds) / len(kinds)
    volume_l = sum(k.volume_l for k in kinds) / len(kinds)
    fills = max(
        sum(p.mass_kg for p in problem.pickups) / payload_kg if payload_kg > 0 else 0.0,
        sum(p.volume_l for p in problem.pickups) / volume_l if volume_l > 0 else 0.0,
    )
    longest = sum(min(k.most_trips, len(problem.pickups)) - 1 for k in kinds)
    return max(0, min(math.ceil(_FILL * fills) - len(kinds) // 2, len(problem.pickups), longest))


def choose_homes(problem: Problem) -> tuple[Home | None, ...]:
    """For each vehicle the docks where its last load goes: those that accept what most pickups are of.

    Docks that are always open are preferred; where there is none, one dock with its hours.
    """
    count: dict[str, int] = {}
    for pickup in problem.pickups:
        count[pickup.material] = count.get(pickup.material, 0) + 1
    known: dict[object, Home | None] = {}
    homes: list[Home | None] = []
    for number, vehicle in enumerate(problem.vehicles):
        key = (vehicle.type, vehicle.ends, vehicle.ready_ms, vehicle.until_ms)
        if key not in known:
            known[key] = _home(problem, number, count)
        homes.append(known[key])
    return tuple(homes)


def _home(problem: Problem, vehicle: int, count: dict[str, int]) -> Home | None:
    tails = {d: tail(problem, vehicle, d) for d in range(len(problem.docks))}
    options: list[tuple[tuple[int, int, int], Home]] = []
    for d, dock in enumerate(problem.docks):
        on = tails[d]
        covers = frozenset(dock.accepts & count.keys())
        if not covers or on is None or (dock.hours and (on.docks or not _fits(problem, vehicle, dock))):
            continue
        served = sum(count[m] for m in covers)
        if dock.hours:
            options.append(((served, 0, -d), Home((d,), covers, dock.hours)))
        else:
            open_ones = [e for e, other in enumerate(problem.docks) if not other.hours and tails[e] is not None]
            same = [e for e in open_ones if covers <= problem.docks[e].accepts]
            options.append(((served, len(same), -d), Home(tuple(same), covers)))
    return max(options, key=lambda o: o[0])[1] if options else None


def _fits(problem: Problem, vehicle: int, dock: Dock) -> bool:
    """Whether the vehicle can unload at the dock at all, for the hours it keeps."""
    it = problem.vehicles[vehicle]
    last = min(it.until_ms, problem.end_ms)
    return any(max(opening, it.ready_ms) + dock.unload_ms <= min(closing, last) for opening, closing in dock.hours)
