"""The best place for a pickup: gaps next to its neighbours, new trips there, and empty vehicles.

Prices are exact differences of cost. A gap is looked at only if it can be cheaper than the best so far; what the
tests say is exact for whole numbers, since each gap knows what lies before and behind it.
"""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from fleet.plan.engine.compiled import compiled
from fleet.plan.engine.draws import draw
from fleet.plan.engine.layout import (
    ABSENT, ACCEPTED, ALLOWED_AT, BACK, BANNED, BANNED_AT, BEFORE, BROKEN, CHARGE, CLASS_CAR, CLASS_START,
    CLOSE, CLOSING, COST, DISCOUNT, DOCK, DUE, EARLIEST, EMPTY, EMPTY_CARS, FLAGS, FOUND, FROZEN, GAPS,
    GAP_LIST, HAS_APART, HAS_DUE, HAS_ENERGY, HAS_REFUSAL, HAS_RELEASE, HAS_TRIPS, HINTS, HOW, KIND,
    KINDS_AFTER, KINDS_BEFORE, LAST, LATER, LATER_PRICE, LATEST, LATEST_START, LATE_COST, LEAVE, LEG_COST,
    LOCKED, LOOK, MASS, MASS_AFTER, MASS_BEFORE, NEAR_USED, NEEDED, NEXT, NOWHERE, N_CLASSES, N_PICKUPS,
    N_STARTED, PAYLOAD, PENALTY, PLAIN, PRICE, RELEASE, RELEASE_AFTER, RELEASE_BEFORE, ROOM, SEEN, SERVICE,
    SOLO_AT, SPOT, START, STARTED, SUMS, TRIP_BEGINS, TRIP_ENDS, TYPE, USED, VEHICLE, VOLUME, VOLUME_AFTER,
    VOLUME_BEFORE, WAY, WHERE, WHICH, WORDS, State, Tables,
)  # fmt: skip
from fleet.plan.engine.routes import drop_dock, link, new_dock, place_pickup, refresh, set_last, touch
from fleet.plan.engine.trips import apart_of, leave_at, try_append, try_later

BLINK = 42949673
"""A gap is overlooked with a chance of 1 %, in 2**32 (Christiaens and Vanden Berghe, 2020)."""
TRIES = 4
"""Places that are tried for a pickup where a place is not certain."""


@compiled
def look(t: Tables, z: State, p: int, limit: int) -> None:
    """Find the cheapest place for pickup p that costs less than `limit`; `State.found` says what it is."""
    z.work[FOUND, PRICE], z.work[FOUND, HOW] = limit, NOWHERE
    _gather(t, z, p)
    _try_gaps(t, z, p)
    _try_empty(t, z, p)


@compiled
def _gather(t: Tables, z: State, p: int) -> None:
    """The nodes behind which pickup p might go."""
    nodes, tours, sums, gaps = z.nodes, z.tours, z.work[SUMS], z.work[GAP_LIST]
    sums[LOOK] += 1
    mark, count, trips = sums[LOOK], 0, t.lists[FLAGS, HAS_TRIPS]
    for k in range(t.lists[FLAGS, NEAR_USED]):
        q = t.about[p, k]
        v = nodes[q, VEHICLE]
        if v < 0 or not t.about[p, t.lists[FLAGS, ALLOWED_AT] + t.cars[v, TYPE]] or tours[v, LOCKED]:
            continue
        if nodes[q, SEEN] != mark:
            nodes[q, SEEN] = mark
            gaps[count] = q
            count += 1
        a = nodes[q, BEFORE]
        if nodes[a, SEEN] != mark:
            nodes[a, SEEN] = mark
            gaps[count] = a
            count += 1
        if trips:
            a = nodes[q, CLOSING]
            if nodes[a, SEEN] != mark:
                nodes[a, SEEN] = mark
                gaps[count] = a
                count += 1
    if count < 8 and trips:
        for v in range(len(t.cars)):
            count = _also(t, z, p, v, count)
    else:
        for k in range(t.lists[FLAGS, N_STARTED]):
            count = _also(t, z, p, t.lists[STARTED, k], count)
    z.work[FOUND, GAPS] = count


@compiled
def _also(t: Tables, z: State, p: int, v: int, count: int) -> int:
    """Add the end of a route to the gaps."""
    a = z.tours[v, LAST]
    if a == t.cars[v, START] or z.tours[v, LOCKED] or not t.about[p, t.lists[FLAGS, ALLOWED_AT] + t.cars[v, TYPE]]:
        return count
    if z.nodes[a, SEEN] == z.work[SUMS, LOOK]:
        return count
    z.work[GAP_LIST, count] = a
    return count + 1


@compiled
def _try_gaps(t: Tables, z: State, p: int) -> None:
    """Try the gaps that `_gather` found: as they are, then with another dock visit where that may be cheaper."""
    nodes, found, facts, cars = z.nodes, z.work[FOUND], z.facts, t.cars
    earliest, latest, service = facts[p, EARLIEST], facts[p, LATEST_START], facts[p, SERVICE]
    mass, volume, kind, release = facts[p, MASS], facts[p, VOLUME], facts[p, KIND], facts[p, RELEASE]
    trips, released, energetic = t.lists[FLAGS, HAS_TRIPS], t.lists[FLAGS, HAS_RELEASE], t.lists[FLAGS, HAS_ENERGY]
    refusal, due, back = t.lists[FLAGS, HAS_REFUSAL], t.lists[FLAGS, HAS_DUE], t.lists[FLAGS, BACK]
    apart = apart_of(t, kind) if t.lists[FLAGS, HAS_APART] else 0
    later = 0
    for g in range(found[GAPS]):
        a = z.work[GAP_LIST, g]
        if draw(z.work[WORDS]) < BLINK or (found[BANNED] > 0 and _is_banned(z, a)):
            continue
        v, b = nodes[a, VEHICLE], nodes[a, NEXT]
        way, i = cars[v, WAY], nodes[a, SPOT]
        if b < 0:
            try_append(t, z, p, a)
            continue
        j = nodes[b, SPOT]
        price = t.legs[back, 1, way, p, i] + t.legs[0, 1, way, p, j] - nodes[a, LEG_COST]
        if price >= found[PRICE] or nodes[b, FROZEN]:
            continue
        leave = nodes[a, LEAVE]
        if released:
            leave = leave_at(t, z, a, max(nodes[a, RELEASE_BEFORE], max(release, nodes[b, RELEASE_AFTER])))
        start = max(leave + t.legs[1, 0, way, p, i], earliest)
        timely = start <= latest and start + service + t.legs[0, 0, way, p, j] <= nodes[b, LATEST]
        if not (timely or (released and trips)):
            continue
        if due and start + service > facts[p, DUE]:
            price += (start + service - facts[p, DUE] + 999) // 1000 * facts[p, LATE_COST]
            if price >= found[PRICE]:
                continue
        held = nodes[a, KINDS_BEFORE] | nodes[b, KINDS_AFTER]
        fits = (
            nodes[a, MASS_BEFORE] + mass + nodes[b, MASS_AFTER] <= cars[v, PAYLOAD]
            and nodes[a, VOLUME_BEFORE] + volume + nodes[b, VOLUME_AFTER] <= cars[v, ROOM]
            and held & apart == 0
        )
        near = True
        if energetic:
            drawn = nodes[a, USED] + t.energy[way, i, p] + t.energy[way, p, j] + nodes[b, NEEDED]
            near = drawn <= cars[v, CHARGE]
        takes = not refusal or (held | kind) & ~nodes[b, ACCEPTED] == 0
        if fits and near and takes and timely:
            found[PRICE], found[HOW], found[WHERE] = price, PLAIN, a
        elif trips:
            z.work[LATER, later], z.work[LATER_PRICE, later] = 2 * a + int(fits and timely), price
            later += 1
    try_later(t, z, p, later)


@compiled
def _is_banned(z: State, a: int) -> bool:
    """Whether the gap behind node a was tried in vain; -1 - c stands for an empty vehicle of class c."""
    for k in range(z.work[FOUND, BANNED]):  # noqa: SIM110 - compiled sooner as it is
        if z.work[FOUND, BANNED_AT + k] == a:
            return True
    return False


@compiled
def _try_empty(t: Tables, z: State, p: int) -> None:
    """Try an own route, of an empty vehicle of each class."""
    found = z.work[FOUND]
    for c in range(t.lists[FLAGS, N_CLASSES]):
        if (
            z.work[EMPTY_CARS, c] == 0
            or t.about[p, t.lists[FLAGS, SOLO_AT] + 2 * c] - z.work[SUMS, DISCOUNT] >= found[PRICE]
        ):
            continue
        if draw(z.work[WORDS]) < BLINK or (found[BANNED] > 0 and _is_banned(z, -1 - c)):
            continue
        found[PRICE], found[HOW] = t.about[p, t.lists[FLAGS, SOLO_AT] + 2 * c] - z.work[SUMS, DISCOUNT], EMPTY
        found[WHERE], found[WHICH] = c, t.about[p, t.lists[FLAGS, SOLO_AT] + 2 * c + 1]


@compiled
def empty_car(t: Tables, z: State, c: int) -> int:
    """An empty vehicle of class c, which must have one."""
    first, last = t.lists[CLASS_START, c], t.lists[CLASS_START, c + 1]
    k = z.work[HINTS, c]
    while z.tours[t.lists[CLASS_CAR, first + k], LAST] != t.cars[t.lists[CLASS_CAR, first + k], START]:
        k += 1
        if k == last - first:
            k = 0
    z.work[HINTS, c] = k
    return t.lists[CLASS_CAR, first + k]


@compiled
def put(t: Tables, z: State, p: int) -> None:
    """Put pickup p where `look` found that it goes."""
    nodes, how, a, d = z.nodes, z.work[FOUND, HOW], z.work[FOUND, WHERE], z.work[FOUND, WHICH]
    v = empty_car(t, z, a) if how == EMPTY else nodes[a, VEHICLE]
    way = t.cars[v, WAY]
    if how == EMPTY:
        a = t.cars[v, START]
    touch(t, z, v)
    z.work[SUMS, COST] -= z.facts[p, PENALTY]
    z.work[SUMS, ABSENT] -= 1
    b = nodes[a, NEXT]
    if how == PLAIN:
        place_pickup(t, z, v, a, p, b)
    elif how == TRIP_BEGINS:
        node = new_dock(t, z, v, d)
        link(t, z, way, a, node)
        place_pickup(t, z, v, node, p, b)
    elif how == CLOSE:
        place_pickup(t, z, v, a, p, b)
        change_dock(t, z, nodes[b, CLOSING], d)
    else:
        node = new_dock(t, z, v, d)
        place_pickup(t, z, v, a, p, node)
        if how == TRIP_ENDS:
            link(t, z, way, node, b)
        else:
            set_last(t, z, v, node)
    refresh(t, z, v)


@compiled
def change_dock(t: Tables, z: State, c: int, d: int) -> None:
    """Let dock d be visited instead of dock node c; the route must have been touched."""
    nodes = z.nodes
    v, a, b = nodes[c, VEHICLE], nodes[c, BEFORE], nodes[c, NEXT]
    node = new_dock(t, z, v, d)
    link(t, z, t.cars[v, WAY], a, node)
    if b < 0:
        set_last(t, z, v, node)
    else:
        link(t, z, t.cars[v, WAY], node, b)
    drop_dock(z, c)


@compiled
def put_if_it_holds(t: Tables, z: State, p: int, limit: int) -> None:
    """`look` and `put` where a place must be tried before it is certain; a few are."""
    nodes, found, sums = z.nodes, z.work[FOUND], z.work[SUMS]
    found[BANNED] = 0
    for _ in range(TRIES):
        look(t, z, p, limit)
        if found[HOW] == NOWHERE:
            break
        how, a, cost = found[HOW], found[WHERE], sums[COST]
        b = -1 if how == EMPTY else nodes[a, NEXT]
        was = nodes[nodes[b, CLOSING], DOCK] if how == CLOSE else -1
        put(t, z, p)
        v = nodes[p, VEHICLE]
        if not z.tours[v, BROKEN] and sums[COST] <= cost:
            break
        found[BANNED_AT + found[BANNED]] = -1 - a if how == EMPTY else a
        found[BANNED] += 1
        _put_back(t, z, p, how, was)
    found[BANNED] = 0


@compiled
def _put_back(t: Tables, z: State, p: int, how: int, was: int) -> None:
    """Take pickup p out again, and the dock visit that came with it."""
    nodes = z.nodes
    v, a, b = nodes[p, VEHICLE], nodes[p, BEFORE], nodes[p, NEXT]
    way = t.cars[v, WAY]
    if how in (PLAIN, CLOSE):
        if how == CLOSE:
            change_dock(t, z, b if b >= t.lists[FLAGS, N_PICKUPS] else nodes[b, CLOSING], was)
            b = nodes[p, NEXT]
        link(t, z, way, a, b)
    elif how == TRIP_ENDS:
        link(t, z, way, a, nodes[b, NEXT])
        drop_dock(z, b)
    elif how == TRIP_BEGINS:
        link(t, z, way, nodes[a, BEFORE], b)
        drop_dock(z, a)
    else:
        drop_dock(z, b)
        set_last(t, z, v, a)
    nodes[p, VEHICLE] = -1
    z.work[SUMS, COST] += z.facts[p, PENALTY]
    z.work[SUMS, ABSENT] += 1
    refresh(t, z, v)
