"""Routes to begin with: what is committed, and behind it what a caller gives, where that is legal."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fleet.plan.engine.compiled import compiled
from fleet.plan.engine.layout import (
    ABSENT, BROKEN, CLASS, COST, DOCK, ENDS_AT, FAR, FLAGS, FROZEN, KIND, LOCKED, N_DOCKS, N_PICKUPS, NEXT,
    PENALTY, SPOT, START, SUMS, VEHICLE, WAY, Ints, State, Tables,
)  # fmt: skip
from fleet.plan.engine.routes import link, new_dock, refresh, set_last
from fleet.plan.problem import Problem, Visit


def given_of(problem: Problem, start: Sequence[Sequence[Visit]] | None) -> Ints:
    """Vehicle by vehicle: how many visits are committed, how many there are with them, and these as codes.

    A dock's code is its number and that of all pickups.
    """
    codes: list[int] = []
    for v, vehicle in enumerate(problem.vehicles):
        fixed = len(vehicle.committed)
        visits: Sequence[Visit] = vehicle.committed
        if start is not None and tuple(start[v][:fixed]) == vehicle.committed:
            visits = start[v]
        codes += [fixed, len(visits)]
        codes += [index if what == "pickup" else len(problem.pickups) + index for what, index in visits]
    return np.array(codes, dtype=np.int64)


@compiled
def lay_all(t: Tables, z: State, given: Ints) -> None:
    """Lay the given routes; of one that is not legal what is committed."""
    at = 0
    for v in range(len(t.cars)):
        fixed, count = given[at], given[at + 1]
        at += 2
        _lay(t, z, v, given, at, fixed, fixed)
        if fixed > 0:
            z.tours[v, LOCKED] = z.tours[v, BROKEN]
        if count > fixed and z.tours[v, LOCKED] == 0:
            _lay(t, z, v, given, at, fixed, count)
            if z.tours[v, BROKEN]:
                _lay(t, z, v, given, at, fixed, fixed)
        at += count


@compiled
def _lay(t: Tables, z: State, v: int, given: Ints, at: int, fixed: int, count: int) -> None:
    """Let a route be `count` visits from `at` on, the first `fixed` of them committed, and an end it may have."""
    nodes, n = z.nodes, t.lists[FLAGS, N_PICKUPS]
    _clear(t, z, v)
    way, last, kinds = t.cars[v, WAY], t.cars[v, START], 0
    for k in range(count):
        node = given[at + k]
        if node < n and nodes[node, VEHICLE] >= 0:
            continue
        if node < n:
            z.work[SUMS, COST] -= z.facts[node, PENALTY]
            z.work[SUMS, ABSENT] -= 1
            kinds |= z.facts[node, KIND]
        else:
            node = new_dock(t, z, v, node - n)
            kinds = 0
        nodes[node, VEHICLE], nodes[node, FROZEN] = v, int(k < fixed)
        link(t, z, way, last, node)
        last = node
    if count > 0 and (last < n or not t.docks[nodes[last, DOCK], ENDS_AT + t.cars[v, CLASS]]):
        node = new_dock(t, z, v, _end_for(t, v, nodes[last, SPOT], kinds))
        link(t, z, way, last, node)
        last = node
    set_last(t, z, v, last)
    refresh(t, z, v)


@compiled
def _end_for(t: Tables, v: int, spot: int, kinds: int) -> int:
    """The dock for a route to end at that comes from a spot with such kinds on board: one it may end at, which
    accepts what is on board, which costs least to go to; the earlier of these counts for more."""
    best, least = -1, FAR
    for d in range(t.lists[FLAGS, N_DOCKS]):
        cost = t.legs[0, 1, t.cars[v, WAY], spot, t.lists[FLAGS, N_PICKUPS] + d] + 0
        if kinds & ~t.docks[d, 1]:
            cost += FAR // 8
        if not t.docks[d, ENDS_AT + t.cars[v, CLASS]]:
            cost += FAR // 2
        if cost < least:
            best, least = d, cost
    return best


@compiled
def _clear(t: Tables, z: State, v: int) -> None:
    """Empty the route of a vehicle."""
    node = z.nodes[t.cars[v, START], NEXT]
    while node >= 0:
        after = z.nodes[node, NEXT]
        if node < t.lists[FLAGS, N_PICKUPS]:
            z.nodes[node, VEHICLE] = -1
            z.nodes[node, FROZEN] = 0
            z.work[SUMS, COST] += z.facts[node, PENALTY]
            z.work[SUMS, ABSENT] += 1
        node = after
    set_last(t, z, v, t.cars[v, START])
