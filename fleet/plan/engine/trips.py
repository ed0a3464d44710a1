"""Places that need another dock visit: a trip cut in two, a new trip behind the last, another dock at the end."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from fleet.plan.engine.compiled import compiled
from fleet.plan.engine.layout import (
    ACCEPTED, APART, APPEND, BEFORE, CHARGE, CLASS, CLOSE, CLOSING, EARLIEST, ENDS_AT, FAR, FLAGS, FOUND, FROZEN,
    HAS_ENERGY, HAS_RELEASE, HOW, KIND, KINDS_AFTER, KINDS_BEFORE, LATER, LATER_PRICE, LATEST, LATEST_START, LEAVE,
    LEG_COST, LEG_ENERGY, LEG_TIME, MASS, MASS_AFTER, MASS_BEFORE, MOST_TRIPS, N_DOCKS, N_DOCKS_NEAR, N_PICKUPS,
    NEEDED, NEXT, PAYLOAD, PRICE, RELEASE, RELEASE_AFTER, RELEASE_BEFORE, ROOM, SERVICE, SPAN, SPAN_EARLIEST,
    SPAN_LATEST, SPOT, TRIP_BEGINS, TRIP_ENDS, TRIP_FREE, TRIPS, UNTIL, USED, VEHICLE, VOLUME, VOLUME_AFTER,
    VOLUME_BEFORE, WAY, WHERE, WHICH, State, Tables,
)  # fmt: skip

DOCKS_TRIED = 3
"""Docks that are tried next to each end of a new leg."""


@compiled
def leave_at(t: Tables, z: State, a: int, release: int) -> int:
    """When a vehicle is free at node a if its trip may set out only at `release`; far too late if it cannot be."""
    nodes = z.nodes
    if a >= t.lists[FLAGS, N_PICKUPS]:
        return max(nodes[a, LEAVE], release)
    out = max(nodes[a, TRIP_FREE], release)
    if out > nodes[a, SPAN_LATEST]:
        return out + FAR
    return max(out, nodes[a, SPAN_EARLIEST]) + nodes[a, SPAN]


@compiled
def apart_of(t: Tables, kind: int) -> int:
    """The mask of kinds that must not be on board with one kind, a mask of one bit."""
    k = 0
    while (kind >> k) & 1 == 0:
        k += 1
    return t.lists[APART, k]


@compiled
def try_later(t: Tables, z: State, p: int, count: int) -> None:
    """Gaps where the pickup alone does not fit: those docks are tried for that can still be cheaper."""
    for k in range(count):
        if z.work[LATER_PRICE, k] < z.work[FOUND, PRICE]:
            code = z.work[LATER, k]
            if code & 1:
                _try_close(t, z, p, code >> 1)
            _try_split(t, z, p, code >> 1)


@compiled
def try_append(t: Tables, z: State, p: int, a: int) -> None:
    """A new trip behind the last dock."""
    nodes, found, facts = z.nodes, z.work[FOUND], z.facts
    v = nodes[a, VEHICLE]
    car = t.cars[v]
    way, i, n = car[WAY], nodes[a, SPOT], t.lists[FLAGS, N_PICKUPS]
    if z.tours[v, TRIPS] >= car[MOST_TRIPS] or t.legs[1, 1, way, p, i] >= found[PRICE]:
        return
    if facts[p, MASS] > car[PAYLOAD] or facts[p, VOLUME] > car[ROOM]:
        return
    start = max(max(nodes[a, LEAVE], facts[p, RELEASE]) + t.legs[1, 0, way, p, i], facts[p, EARLIEST])
    if start > facts[p, LATEST_START]:
        return
    for d in range(t.lists[FLAGS, N_DOCKS]):
        price = t.legs[1, 1, way, p, i] + t.legs[0, 1, way, p, n + d]
        if price >= found[PRICE] or not t.docks[d, ENDS_AT + car[CLASS]] or facts[p, KIND] & ~t.docks[d, 1]:
            continue
        done = start + facts[p, SERVICE] + t.legs[0, 0, way, p, n + d]
        if done > t.docks[d, 3] or done + t.docks[d, 0] > car[UNTIL]:
            continue
        if (
            t.lists[FLAGS, HAS_ENERGY]
            and nodes[a, USED] + t.energy[way, i, p] + t.energy[way, p, n + d] > car[CHARGE]
        ):
            continue
        found[PRICE], found[HOW], found[WHERE], found[WHICH] = price, APPEND, a, d


@compiled
def _try_split(t: Tables, z: State, p: int, a: int) -> None:
    """A dock visit behind or before the pickup, so that it begins or ends a trip of its own or of others."""
    nodes, n = z.nodes, t.lists[FLAGS, N_PICKUPS]
    v, b = nodes[a, VEHICLE], nodes[a, NEXT]
    if z.tours[v, TRIPS] >= t.cars[v, MOST_TRIPS]:
        return
    car, found = t.cars[v], z.work[FOUND]
    way, i, j = car[WAY], nodes[a, SPOT], nodes[b, SPOT]
    many = min(t.lists[FLAGS, N_DOCKS_NEAR], DOCKS_TRIED)
    base = -nodes[a, LEG_COST]
    for k in range(many + 1):
        if k < many:
            end = begin = t.docks_near[p, k]
        elif t.lists[FLAGS, N_DOCKS_NEAR] > 1:
            end, begin = t.docks_near[j, 0], t.docks_near[i, 0]
        else:
            return
        if b < n:
            price = base + t.legs[1, 1, way, p, i] + t.legs[0, 1, way, p, n + end] + t.legs[1, 1, way, j, n + end]
            if price < found[PRICE] and _trip_ends(t, z, p, a, end):
                found[PRICE], found[HOW], found[WHERE], found[WHICH] = price, TRIP_ENDS, a, end
        if a < n:
            price = (
                base + t.legs[0, 1, way, i, n + begin] + t.legs[1, 1, way, p, n + begin] + t.legs[0, 1, way, p, j]
            )
            if price < found[PRICE] and _trip_begins(t, z, p, a, begin):
                found[PRICE], found[HOW], found[WHERE], found[WHICH] = price, TRIP_BEGINS, a, begin


@compiled
def _trip_ends(t: Tables, z: State, p: int, a: int, d: int) -> bool:
    """a p dock b."""
    nodes, facts, n = z.nodes, z.facts, t.lists[FLAGS, N_PICKUPS]
    v, b = nodes[a, VEHICLE], nodes[a, NEXT]
    car = t.cars[v]
    way, i, j = car[WAY], nodes[a, SPOT], nodes[b, SPOT]
    held = nodes[a, KINDS_BEFORE]
    if (held | facts[p, KIND]) & ~t.docks[d, 1]:
        return False
    if nodes[a, MASS_BEFORE] + facts[p, MASS] > car[PAYLOAD] or held & apart_of(t, facts[p, KIND]):
        return False
    if nodes[a, VOLUME_BEFORE] + facts[p, VOLUME] > car[ROOM]:
        return False
    leave = nodes[a, LEAVE]
    if t.lists[FLAGS, HAS_RELEASE]:
        leave = leave_at(t, z, a, max(nodes[a, RELEASE_BEFORE], facts[p, RELEASE]))
    start = max(leave + t.legs[1, 0, way, p, i], facts[p, EARLIEST])
    there = start + facts[p, SERVICE] + t.legs[0, 0, way, p, n + d]
    if start > facts[p, LATEST_START] or there > t.docks[d, 3]:
        return False
    leave = max(there + t.docks[d, 0], nodes[b, RELEASE_AFTER])
    if leave + t.legs[0, 0, way, n + d, j] > nodes[b, LATEST]:
        return False
    if t.lists[FLAGS, HAS_ENERGY]:
        drawn = nodes[a, USED] + t.energy[way, i, p] + t.energy[way, p, n + d]
        if not _lasts(t, v, d, drawn, t.energy[way, n + d, j] + nodes[b, NEEDED]):
            return False
    return True


@compiled
def _lasts(t: Tables, v: int, d: int, before: int, behind: int) -> bool:
    """Whether the battery lasts for what lies before and behind a dock."""
    if t.docks[d, 2]:
        return before <= t.cars[v, CHARGE] and behind <= t.cars[v, CHARGE]
    return before + behind <= t.cars[v, CHARGE]


@compiled
def _trip_begins(t: Tables, z: State, p: int, a: int, d: int) -> bool:
    """a dock p b."""
    nodes, facts, n = z.nodes, z.facts, t.lists[FLAGS, N_PICKUPS]
    v, b = nodes[a, VEHICLE], nodes[a, NEXT]
    car = t.cars[v]
    way, i, j = car[WAY], nodes[a, SPOT], nodes[b, SPOT]
    held = nodes[b, KINDS_AFTER]
    if nodes[a, KINDS_BEFORE] & ~t.docks[d, 1]:
        return False
    if nodes[b, MASS_AFTER] + facts[p, MASS] > car[PAYLOAD] or (held | facts[p, KIND]) & ~nodes[b, ACCEPTED]:
        return False
    if nodes[b, VOLUME_AFTER] + facts[p, VOLUME] > car[ROOM] or held & apart_of(t, facts[p, KIND]):
        return False
    leave = nodes[a, LEAVE]
    if t.lists[FLAGS, HAS_RELEASE]:
        leave = leave_at(t, z, a, nodes[a, RELEASE_BEFORE])
    there = leave + t.legs[0, 0, way, i, n + d]
    out = max(there + t.docks[d, 0], max(facts[p, RELEASE], nodes[b, RELEASE_AFTER]))
    start = max(out + t.legs[1, 0, way, p, n + d], facts[p, EARLIEST])
    if there > t.docks[d, 3] or start > facts[p, LATEST_START]:
        return False
    if start + facts[p, SERVICE] + t.legs[0, 0, way, p, j] > nodes[b, LATEST]:
        return False
    if t.lists[FLAGS, HAS_ENERGY]:
        drawn = nodes[a, USED] + t.energy[way, i, n + d]
        behind = t.energy[way, n + d, p] + t.energy[way, p, j] + nodes[b, NEEDED]
        if not _lasts(t, v, d, drawn, behind):
            return False
    return True


@compiled
def _try_close(t: Tables, z: State, p: int, a: int) -> None:
    """a p b, and the trip goes to another dock in the end."""
    nodes, found, facts = z.nodes, z.work[FOUND], z.facts
    v, b = nodes[a, VEHICLE], nodes[a, NEXT]
    car = t.cars[v]
    way, c = car[WAY], nodes[b, CLOSING]
    if nodes[c, FROZEN]:
        return
    now = max(nodes[a, LEAVE] + t.legs[1, 0, way, p, nodes[a, SPOT]], facts[p, EARLIEST]) + facts[p, SERVICE]
    if t.lists[FLAGS, HAS_RELEASE]:
        leave = leave_at(t, z, a, max(nodes[a, RELEASE_BEFORE], max(facts[p, RELEASE], nodes[b, RELEASE_AFTER])))
        now = max(leave + t.legs[1, 0, way, p, nodes[a, SPOT]], facts[p, EARLIEST]) + facts[p, SERVICE]
    used = nodes[a, USED]
    if t.lists[FLAGS, HAS_ENERGY]:
        used += t.energy[way, nodes[a, SPOT], p]
    x = p
    price = t.legs[1, 1, way, p, nodes[a, SPOT]] - nodes[a, LEG_COST]
    if b != c:
        price += t.legs[0, 1, way, p, nodes[b, SPOT]] - nodes[nodes[c, BEFORE], LEG_COST]
        now += t.legs[0, 0, way, p, nodes[b, SPOT]]
        if t.lists[FLAGS, HAS_ENERGY]:
            used += t.energy[way, p, nodes[b, SPOT]]
        x = b
        while True:
            now = max(now, facts[x, EARLIEST]) + facts[x, SERVICE]
            if nodes[x, NEXT] == c:
                break
            now += nodes[x, LEG_TIME]
            used += nodes[x, LEG_ENERGY]
            x = nodes[x, NEXT]
    held = nodes[a, KINDS_BEFORE] | nodes[b, KINDS_AFTER] | facts[p, KIND]
    if nodes[c, NEXT] >= 0:
        price -= nodes[c, LEG_COST]
    tried = 0
    for k in range(t.lists[FLAGS, N_DOCKS_NEAR]):
        d = t.docks_near[nodes[x, SPOT], k]
        if held & ~t.docks[d, 1] == 0 and closes(t, z, c, d, nodes[x, SPOT], now, used, price):
            found[HOW], found[WHERE], found[WHICH] = CLOSE, a, d
            tried += 1
        if tried == DOCKS_TRIED:
            break


@compiled
def closes(t: Tables, z: State, c: int, d: int, i: int, now: int, used: int, price: int) -> bool:
    """Whether dock d instead of node c ends a trip that leaves spot i at `now`, for less than the best so far."""
    nodes, n, found = z.nodes, t.lists[FLAGS, N_PICKUPS], z.work[FOUND]
    v, y = nodes[c, VEHICLE], nodes[c, NEXT]
    car = t.cars[v]
    way = car[WAY]
    price += t.legs[0, 1, way, i, n + d]
    there = now + t.legs[0, 0, way, i, n + d]
    behind = 0
    if there > t.docks[d, 3]:
        return False
    if y < 0:
        if not t.docks[d, ENDS_AT + car[CLASS]] or there + t.docks[d, 0] > car[UNTIL]:
            return False
    else:
        j = nodes[y, SPOT]
        price += t.legs[0, 1, way, n + d, j]
        out = max(there + t.docks[d, 0], nodes[y, RELEASE_AFTER])
        if nodes[y, FROZEN] or out + t.legs[0, 0, way, n + d, j] > nodes[y, LATEST]:
            return False
        if t.lists[FLAGS, HAS_ENERGY]:
            behind = t.energy[way, n + d, j] + nodes[y, NEEDED]
    if price >= found[PRICE]:
        return False
    if t.lists[FLAGS, HAS_ENERGY] and not _lasts(t, v, d, used + t.energy[way, i, n + d], behind):
        return False
    found[PRICE] = price
    return True
