"""The search itself: ruin, recreate, take it or take it back, and cool down."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import math

from fleet.plan.engine.compiled import compiled, entry
from fleet.plan.engine.draws import below, draw, unit
from fleet.plan.engine.given import lay_all
from fleet.plan.engine.layout import (
    ABSENT, ACCEPTED, APART, AROUND_AT, BEFORE, BEST, BESTS, BEST_COST, BEST_COUNT, BROKEN, CAN_OMIT, CHARGE,
    COST, COST_BEFORE, DOCK, EMPTY, EMPTY_CARS, FAR, FLAGS, FOUND, FROZEN, HAS_ENERGY, HAS_RELEASE, HAS_TAILS,
    HAS_TRIPS, HOW, IS_INVOLVED, ITERATION, KEYS, KEYS_AT, KINDS_AFTER, KINDS_BEFORE, LATEST, LEAVE, LEG_COST,
    LOCKED, MASS_AFTER, MASS_BEFORE, NEEDED, NEXT, NOWHERE, N_AROUND, N_CLASSES, N_DOCKS_NEAR, N_KINDS,
    N_ORDERS, N_PICKUPS, ORDERS, PAYLOAD, PENALTY, PICKUPS, PRICE, RELEASE_AFTER, RELEASE_BEFORE, REMOVED, ROOM,
    SOLO_AT, SPOT, START, SUMS, TAKEN, TOUR_TOP, UNDO_TOURS, USED, VEHICLE, VOLUME_AFTER, VOLUME_BEFORE, WAY,
    WHERE, WHICH, WORDS, Ints, State, Tables,
)  # fmt: skip
from fleet.plan.engine.places import change_dock, look, put, put_if_it_holds
from fleet.plan.engine.routes import begin, drop_dock, keep, link, refresh, undo
from fleet.plan.engine.ruin import LONGEST, MEAN_REMOVED, ruin_route, ruin_strings, ruin_trip, tidy
from fleet.plan.engine.tails import trade_tails
from fleet.plan.engine.trips import closes, leave_at

OPEN_CHANCE = 0.03
TRIP_CHANCE = 0.04
ROUTE_CHANCE = 0.01
SMALL_CHANCE, SMALL_DRAWS = 0.02, 2
"""Where vehicles make one trip: how often a whole route goes, and among how many more it is the smallest."""
MOST_ABSENT = 8
"""Pickups that are out already and are tried again in an iteration."""


@compiled
def construct(t: Tables, z: State) -> None:
    """Put in whatever goes in, in a random one of the usual orders, and remember the result as the best."""
    begin(z)
    z.work[SUMS, REMOVED] = 0
    for p in range(t.lists[FLAGS, N_PICKUPS]):
        if z.nodes[p, VEHICLE] < 0:
            z.work[TAKEN, z.work[SUMS, REMOVED]] = p
            z.work[SUMS, REMOVED] += 1
    _sort(t, z)
    _recreate(t, z)
    keep(z)
    remember(t, z)


@entry
def run(t: Tables, z: State, given: Ints, iterations: int, temperature: float) -> None:
    """Begin with routes that are given, if any are, and then so many iterations at one temperature, in cost units.

    One entry does both, since each is compiled with all that it calls.
    """
    if len(given) > 0:
        lay_all(t, z, given)
        construct(t, z)
    for _ in range(iterations):
        step(t, z, temperature)
        if t.lists[FLAGS, HAS_TAILS]:
            trade_tails(t, z, temperature)
            if z.work[SUMS, COST] < z.work[SUMS, BEST_COST]:
                remember(t, z)


@compiled
def step(t: Tables, z: State, temperature: float) -> None:
    """One iteration."""
    sums = z.work[SUMS]
    begin(z)
    sums[ITERATION] += 1
    sums[REMOVED] = 0
    seed = below(z.work[WORDS], t.lists[FLAGS, N_PICKUPS])
    absent = MOST_ABSENT
    chance = unit(z.work[WORDS])
    opened = -1
    if t.lists[FLAGS, CAN_OMIT] and chance < OPEN_CHANCE:
        opened = _class_to_open(t, z, seed)
    if opened >= 0:
        ruin_strings(t, z, seed, 2 * MEAN_REMOVED, LONGEST)
        absent = 30
    elif t.lists[FLAGS, HAS_TRIPS] and chance > 1.0 - TRIP_CHANCE and _is_free(z, seed):
        if chance > 1.0 - ROUTE_CHANCE:
            ruin_route(t, z, z.nodes[seed, VEHICLE])
        else:
            ruin_trip(t, z, seed)
        ruin_strings(t, z, seed, MEAN_REMOVED // 2, LONGEST)
    elif not t.lists[FLAGS, HAS_TRIPS] and chance > 1.0 - SMALL_CHANCE and _is_free(z, seed):
        seed = _in_small_route(t, z, seed)
        ruin_route(t, z, z.nodes[seed, VEHICLE])
        ruin_strings(t, z, seed, MEAN_REMOVED // 2, LONGEST)
    else:
        ruin_strings(t, z, seed, MEAN_REMOVED, LONGEST)
    if sums[ABSENT] > sums[REMOVED]:
        _add_absent(t, z, seed, absent)
    tidy(t, z)
    _sort(t, z)
    if opened >= 0:
        _open(t, z, seed, opened)
    _recreate(t, z)
    if t.lists[FLAGS, HAS_TRIPS] and (not t.lists[FLAGS, IS_INVOLVED] or below(z.work[WORDS], 10) == 0):
        for k in range(sums[TOUR_TOP]):
            _polish(t, z, z.work[UNDO_TOURS, k])
    _decide(t, z, temperature)


@compiled
def _is_free(z: State, p: int) -> bool:
    """Whether a pickup is in a route that may be changed."""
    return z.nodes[p, VEHICLE] >= 0 and z.tours[z.nodes[p, VEHICLE], LOCKED] == 0


@compiled
def _in_small_route(t: Tables, z: State, seed: int) -> int:
    """Of some pickups around the seed the one whose route has the fewest: it may not be needed."""
    best = seed
    for _ in range(min(SMALL_DRAWS, t.lists[FLAGS, N_AROUND])):
        p = t.about[seed, t.lists[FLAGS, AROUND_AT] + below(z.work[WORDS], t.lists[FLAGS, N_AROUND])]
        if _is_free(z, p) and z.tours[z.nodes[p, VEHICLE], PICKUPS] < z.tours[z.nodes[best, VEHICLE], PICKUPS]:
            best = p
    return best


@compiled
def _decide(t: Tables, z: State, temperature: float) -> None:
    """Keep the change if it is legal and its cost is below a threshold drawn at random; take it back if not."""
    sums = z.work[SUMS]
    good = sums[COST] < sums[COST_BEFORE] - temperature * math.log(unit(z.work[WORDS]))
    for k in range(sums[TOUR_TOP]):
        if z.tours[z.work[UNDO_TOURS, k], BROKEN]:
            good = False
    if not good:
        undo(t, z)
        return
    keep(z)
    if sums[COST] < sums[BEST_COST]:
        remember(t, z)


@compiled
def _class_to_open(t: Tables, z: State, seed: int) -> int:
    """The class of empty vehicles that is cheapest for a pickup; -1 if there is none."""
    best, least, solo = -1, FAR, t.lists[FLAGS, SOLO_AT]
    for c in range(t.lists[FLAGS, N_CLASSES]):
        if z.work[EMPTY_CARS, c] > 0 and t.about[seed, solo + 2 * c] < least:
            best, least = c, t.about[seed, solo + 2 * c]
    return best


@compiled
def _open(t: Tables, z: State, seed: int, c: int) -> None:
    """Put the seed into an empty vehicle of class c, whatever that costs."""
    if z.nodes[seed, VEHICLE] >= 0 or z.work[EMPTY_CARS, c] == 0:
        return
    z.work[FOUND, HOW], z.work[FOUND, WHERE], z.work[FOUND, WHICH] = (
        EMPTY,
        c,
        t.about[seed, t.lists[FLAGS, SOLO_AT] + 2 * c + 1],
    )
    put(t, z, seed)


@compiled
def _add_absent(t: Tables, z: State, seed: int, most: int) -> None:
    """Pickups that were out before and lie near are to be tried again."""
    sums = z.work[SUMS]
    was = sums[REMOVED]
    for k in range(-1, t.lists[FLAGS, N_AROUND]):
        p = seed if k < 0 else t.about[seed, t.lists[FLAGS, AROUND_AT] + k]
        if z.nodes[p, VEHICLE] >= 0:
            continue
        known = False
        for m in range(was):
            if z.work[TAKEN, m] == p:
                known = True
        if not known:
            z.work[TAKEN, sums[REMOVED]] = p
            sums[REMOVED] += 1
            if sums[REMOVED] - was >= most:
                return


@compiled
def _sort(t: Tables, z: State) -> None:
    """Order what is out by a key drawn at random (Christiaens and Vanden Berghe, 2020, and more of the kind)."""
    row, count = t.lists[ORDERS, below(z.work[WORDS], t.lists[FLAGS, N_ORDERS])], z.work[SUMS, REMOVED]
    for k in range(count):
        z.work[KEYS, k] = (
            draw(z.work[WORDS]) if row < 0 else t.about[z.work[TAKEN, k], t.lists[FLAGS, KEYS_AT] + row]
        )
    if count > 200:
        _sort_many(z, count)
        return
    for k in range(1, count):
        p, key, m = z.work[TAKEN, k], z.work[KEYS, k], k - 1
        while m >= 0 and z.work[KEYS, m] > key:
            z.work[TAKEN, m + 1], z.work[KEYS, m + 1] = z.work[TAKEN, m], z.work[KEYS, m]
            m -= 1
        z.work[TAKEN, m + 1], z.work[KEYS, m + 1] = p, key


@compiled
def _sort_many(z: State, count: int) -> None:
    """Heapsort: in place, and the same in every implementation."""
    for top in range(count // 2 - 1, -1, -1):
        _sink(z, top, count)
    for last in range(count - 1, 0, -1):
        z.work[TAKEN, 0], z.work[TAKEN, last] = z.work[TAKEN, last], z.work[TAKEN, 0]
        z.work[KEYS, 0], z.work[KEYS, last] = z.work[KEYS, last], z.work[KEYS, 0]
        _sink(z, 0, last)


@compiled
def _sink(z: State, top: int, count: int) -> None:
    """Let an entry of the heap sink to where none below it is larger."""
    while 2 * top + 1 < count:
        child = 2 * top + 1
        if child + 1 < count and z.work[KEYS, child + 1] > z.work[KEYS, child]:
            child += 1
        if z.work[KEYS, child] <= z.work[KEYS, top]:
            return
        z.work[TAKEN, top], z.work[TAKEN, child] = z.work[TAKEN, child], z.work[TAKEN, top]
        z.work[KEYS, top], z.work[KEYS, child] = z.work[KEYS, child], z.work[KEYS, top]
        top = child


@compiled
def _recreate(t: Tables, z: State) -> None:
    """Put what is out back in, one by one, each in its cheapest place."""
    for k in range(z.work[SUMS, REMOVED]):
        p = z.work[TAKEN, k]
        if z.nodes[p, VEHICLE] >= 0:
            continue
        if t.lists[FLAGS, IS_INVOLVED]:
            put_if_it_holds(t, z, p, z.facts[p, PENALTY])
            continue
        look(t, z, p, z.facts[p, PENALTY])
        if z.work[FOUND, HOW] != NOWHERE:
            put(t, z, p)


@compiled
def remember(t: Tables, z: State) -> None:
    """The current routes are the best."""
    sums, n, k = z.work[SUMS], t.lists[FLAGS, N_PICKUPS], 0
    sums[BEST_COST] = sums[COST]
    sums[BESTS] += 1
    for v in range(len(t.cars)):
        node, was = z.nodes[t.cars[v, START], NEXT], k
        while node >= 0:
            z.work[BEST, k] = node if node < n else z.nodes[node, SPOT]
            k += 1
            node = z.nodes[node, NEXT]
        z.work[BEST_COUNT, v] = k - was


@compiled
def _polish(t: Tables, z: State, v: int) -> None:
    """Leave out docks that are not needed, and go to others that are nearer."""
    nodes, n = z.nodes, t.lists[FLAGS, N_PICKUPS]
    c = nodes[t.cars[v, START], NEXT]
    while c >= 0:
        b = nodes[c, NEXT]
        if c >= n and not nodes[c, FROZEN] and nodes[c, BEFORE] < n:
            if b >= 0 and b < n and not nodes[b, FROZEN] and _spare(t, z, c):
                link(t, z, t.cars[v, WAY], nodes[c, BEFORE], b)
                drop_dock(z, c)
                refresh(t, z, v)
            elif t.lists[FLAGS, N_DOCKS_NEAR] > 1:
                _better_dock(t, z, c)
        c = b


@compiled
def _spare(t: Tables, z: State, c: int) -> bool:
    """Whether the trips before and behind a dock fit into one that is cheaper."""
    nodes = z.nodes
    v, a, b = nodes[c, VEHICLE], nodes[c, BEFORE], nodes[c, NEXT]
    car = t.cars[v]
    way, i, j = car[WAY], nodes[a, SPOT], nodes[b, SPOT]
    if nodes[a, MASS_BEFORE] + nodes[b, MASS_AFTER] > car[PAYLOAD]:
        return False
    if nodes[a, VOLUME_BEFORE] + nodes[b, VOLUME_AFTER] > car[ROOM]:
        return False
    if t.legs[0, 1, way, i, j] >= nodes[a, LEG_COST] + nodes[c, LEG_COST]:
        return False
    if nodes[a, KINDS_BEFORE] & ~nodes[b, ACCEPTED]:
        return False
    for k in range(t.lists[FLAGS, N_KINDS]):
        if (nodes[a, KINDS_BEFORE] >> k) & 1 and nodes[b, KINDS_AFTER] & t.lists[APART, k]:
            return False
    leave = nodes[a, LEAVE]
    if t.lists[FLAGS, HAS_RELEASE]:
        leave = leave_at(t, z, a, max(nodes[a, RELEASE_BEFORE], nodes[b, RELEASE_AFTER]))
    if leave + t.legs[0, 0, way, i, j] > nodes[b, LATEST]:
        return False
    if t.lists[FLAGS, HAS_ENERGY]:
        return nodes[a, USED] + t.energy[way, i, j] + nodes[b, NEEDED] <= car[CHARGE]
    return True


@compiled
def _better_dock(t: Tables, z: State, c: int) -> None:
    """Go to another dock than node c where that is cheaper and legal."""
    nodes = z.nodes
    v, a, b = nodes[c, VEHICLE], nodes[c, BEFORE], nodes[c, NEXT]
    price = -nodes[a, LEG_COST]
    if b >= 0:
        price -= nodes[c, LEG_COST]
    z.work[FOUND, PRICE] = 0
    best, tried = -1, 0
    for k in range(t.lists[FLAGS, N_DOCKS_NEAR]):
        d = t.docks_near[nodes[a, SPOT], k]
        if nodes[a, KINDS_BEFORE] & ~t.docks[d, 1] == 0:
            tried += 1
            if d != nodes[c, DOCK] and closes(t, z, c, d, nodes[a, SPOT], nodes[a, LEAVE], nodes[a, USED], price):
                best = d
            if tried == 4:
                break
    if best >= 0:
        change_dock(t, z, c, best)
        refresh(t, z, v)
