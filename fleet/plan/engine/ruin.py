"""What to take out of the routes: strings of neighbouring trips, whole trips, whole routes.

Adjacent string removal after Christiaens and Vanden Berghe, "Slack Induction by String Removals for Vehicle
Routing Problems", Transportation Science 54(2), 2020; a string lies within one trip.
"""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from fleet.plan.engine.compiled import compiled
from fleet.plan.engine.draws import below, unit
from fleet.plan.engine.layout import (
    ABSENT, ALL_PICKUPS, ALL_TRIPS, AROUND_AT, BEFORE, CLASS, CLOSING, COST, COUNT_AFTER, COUNT_BEFORE, DOCK,
    ENDS_AT, FLAGS, FROZEN, HAS_TRIPS, KINDS_BEFORE, LAST, LOCKED, NEXT, N_AROUND, N_PICKUPS, PENALTY, REMOVED,
    RUINED, SPOT, STAMP, START, SUMS, TAKEN, TOUR_TOP, UNDO_TOURS, VEHICLE, WAY, WORDS, State, Tables,
)  # fmt: skip
from fleet.plan.engine.routes import drop_dock, link, refresh, set_last, touch

LONGEST = 10
"""Most pickups of a string (L_max in the paper)."""
MEAN_REMOVED = 10
"""Pickups that an iteration removes in the mean (c in the paper)."""
SPLIT_DEEPER = 0.5
"""Chance that a split string keeps one pickup more (1 - beta in the paper is 0.99; alpha 0.5 to split at all)."""


@compiled
def take(t: Tables, z: State, p: int) -> None:
    """Take pickup p out of its route, which must have been touched, and onto the list of what is out."""
    nodes, sums = z.nodes, z.work[SUMS]
    v = nodes[p, VEHICLE]
    link(t, z, t.cars[v, WAY], nodes[p, BEFORE], nodes[p, NEXT])
    nodes[p, VEHICLE] = -1
    sums[COST] += z.facts[p, PENALTY]
    sums[ABSENT] += 1
    z.work[TAKEN, sums[REMOVED]] = p
    sums[REMOVED] += 1


@compiled
def ruin_strings(t: Tables, z: State, seed: int, mean: int, longest: int) -> None:
    """Remove strings of the trips around a pickup."""
    nodes, words = z.nodes, z.work[WORDS]
    most = min(float(longest), _mean_trip(t, z))
    tours = 4.0 * mean / (1.0 + most) - 1.0
    left = int(1.0 + unit(words) * tours)
    k = -1
    while left > 0 and k < t.lists[FLAGS, N_AROUND]:
        p = seed if k < 0 else t.about[seed, t.lists[FLAGS, AROUND_AT] + k]
        k += 1
        if nodes[p, VEHICLE] < 0 or nodes[p, FROZEN] or z.tours[nodes[p, VEHICLE], LOCKED]:
            continue
        if nodes[nodes[p, CLOSING], RUINED] == z.work[SUMS, STAMP]:
            continue
        touch(t, z, nodes[p, VEHICLE])
        nodes[nodes[p, CLOSING], RUINED] = z.work[SUMS, STAMP]
        held = nodes[p, COUNT_BEFORE] + nodes[p, COUNT_AFTER] - 1
        length = int(1.0 + unit(words) * min(float(held), most))
        _remove_string(t, z, p, min(length, held), held)
        left -= 1


@compiled
def _mean_trip(t: Tables, z: State) -> float:
    """Pickups of a trip in the mean, of all that have any."""
    return max(1.0, z.work[SUMS, ALL_PICKUPS] / max(1, z.work[SUMS, ALL_TRIPS]))


@compiled
def _remove_string(t: Tables, z: State, p: int, length: int, held: int) -> None:
    """Remove `length` pickups in a row from the trip of p, p being one of them or of those kept between them."""
    nodes, words = z.nodes, z.work[WORDS]
    kept = 0
    if length > 1 and length < held and unit(words) < 0.5:
        kept = 1
        while length + kept < held and unit(words) > 0.01:
            kept += 1
            if unit(words) < SPLIT_DEEPER:
                break
    span = length + kept
    before, after = nodes[p, COUNT_BEFORE] - 1, nodes[p, COUNT_AFTER] - 1
    low, high = max(0, span - 1 - after), min(before, span - 1)
    back = low + below(words, high - low + 1)
    node = p
    for _ in range(back):
        node = nodes[node, BEFORE]
    skip = 1 + below(words, length - 1) if kept > 0 else span
    for k in range(span):
        after_node = nodes[node, NEXT]
        if (k < skip or k >= skip + kept) and not nodes[node, FROZEN]:
            take(t, z, node)
        node = after_node


@compiled
def ruin_trip(t: Tables, z: State, p: int) -> None:
    """Remove the whole trip of a pickup."""
    nodes = z.nodes
    touch(t, z, nodes[p, VEHICLE])
    node = p
    for _ in range(nodes[p, COUNT_BEFORE] - 1):
        node = nodes[node, BEFORE]
    for _ in range(nodes[p, COUNT_BEFORE] + nodes[p, COUNT_AFTER] - 1):
        after = nodes[node, NEXT]
        if not nodes[node, FROZEN]:
            take(t, z, node)
        node = after


@compiled
def ruin_route(t: Tables, z: State, v: int) -> None:
    """Remove all pickups of a vehicle that are not committed."""
    touch(t, z, v)
    node = z.nodes[t.cars[v, START], NEXT]
    while node >= 0:
        after = z.nodes[node, NEXT]
        if node < t.lists[FLAGS, N_PICKUPS] and not z.nodes[node, FROZEN]:
            take(t, z, node)
        node = after


@compiled
def tidy(t: Tables, z: State) -> None:
    """Drop docks where nothing is brought any more, and reckon all touched routes anew."""
    for k in range(z.work[SUMS, TOUR_TOP]):
        v = z.work[UNDO_TOURS, k]
        if t.lists[FLAGS, HAS_TRIPS]:
            _drop_idle(t, z, v)
        elif z.nodes[t.cars[v, START], NEXT] == z.tours[v, LAST] and not z.nodes[z.tours[v, LAST], FROZEN]:
            drop_dock(z, z.tours[v, LAST])
            set_last(t, z, v, t.cars[v, START])
        refresh(t, z, v)


@compiled
def _drop_idle(t: Tables, z: State, v: int) -> None:
    """Of docks with no pickup between them leave out all but one, and all that come right behind the start."""
    nodes, n = z.nodes, t.lists[FLAGS, N_PICKUPS]
    start, way = t.cars[v, START], t.cars[v, WAY]
    node = nodes[start, NEXT]
    while node >= 0:
        after, a = nodes[node, NEXT], nodes[node, BEFORE]
        if node < n or a < n or nodes[node, FROZEN]:
            node = after
            continue
        if after < 0:
            if a == start or (t.docks[nodes[a, DOCK], ENDS_AT + t.cars[v, CLASS]] and _saves(t, z, way, a, node)):
                set_last(t, z, v, a)
                drop_dock(z, node)
            elif not nodes[a, FROZEN]:
                _unlink_dock(t, z, way, a)
        elif a != start and not nodes[a, FROZEN] and not _saves(t, z, way, a, node):
            _unlink_dock(t, z, way, a)
        else:
            _unlink_dock(t, z, way, node)
        node = after


@compiled
def _unlink_dock(t: Tables, z: State, way: int, node: int) -> None:
    """Leave out a dock node that is not the last of its route."""
    link(t, z, way, z.nodes[node, BEFORE], z.nodes[node, NEXT])
    drop_dock(z, node)


@compiled
def _saves(t: Tables, z: State, way: int, first: int, second: int) -> bool:
    """Of two docks with nothing between them, whether to drop the second rather than the first."""
    nodes = z.nodes
    i, j, x = nodes[first, SPOT], nodes[second, SPOT], nodes[first, BEFORE]
    if nodes[first, FROZEN]:
        return True
    held = nodes[x, KINDS_BEFORE]
    if held & ~t.docks[nodes[second, DOCK], 1]:
        return True
    keep_first = t.legs[0, 1, way, nodes[x, SPOT], i]
    keep_second = t.legs[0, 1, way, nodes[x, SPOT], j]
    y = nodes[second, NEXT]
    if y >= 0:
        keep_first += t.legs[0, 1, way, i, nodes[y, SPOT]]
        keep_second += t.legs[0, 1, way, j, nodes[y, SPOT]]
    return keep_first <= keep_second
