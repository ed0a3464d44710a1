"""Routes as linked lists: joining nodes, reckoning what a route holds, and undoing what was changed.

A change touches a route before it alters it; what was there is kept until the change is taken (`keep`) or taken
back (`undo`), so that an iteration costs what it changed and not what the whole plan is long.
"""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from fleet.plan.engine.compiled import compiled
from fleet.plan.engine.layout import (
    ABSENT, ABSENT_BEFORE, ACCEPTED, ALL_PICKUPS, ALL_TRIPS, BEFORE, BEGIN, BROKEN, CHARGE, CLASS, CLOSING, COST,
    COST_BEFORE, COUNT_AFTER, COUNT_BEFORE, DOCK, DUE, EARLIEST, EMPTY_CARS, FAR, FIXED, FLAGS, FREE_TOP, FREED,
    FREED_LIST, FROZEN, HAS_ENERGY, HAS_LOAD_ENERGY, HAS_RELEASE, IS_INVOLVED, KIND, KINDS_AFTER, KINDS_BEFORE,
    LAST, LATE_COST, LATEST, LATEST_START, LEAVE, LEG_COST, LEG_ENERGY, LEG_TIME, MASS, MASS_AFTER, MASS_BEFORE,
    MOST_TRIPS, N_PICKUPS, NEEDED, NEXT, NODE_COLUMNS, PAYLOAD, PICKUPS, POOL, POOL_BEFORE, READY, RELEASE,
    RELEASE_AFTER, RELEASE_BEFORE, ROOM, SAVED, SERVICE, SPAN, SPAN_EARLIEST, SPAN_LATEST, SPENT, SPOT, STAMP,
    START, SUMS, TOUR_COLUMNS, TOUR_COST, TOUR_SAVED, TOUR_TOP, TRIP_FREE, TRIPS, UNDO_AT, UNDO_NODES, UNDO_TOP,
    UNDO_TOURS, UNTIL, USED, VEHICLE, VOLUME, VOLUME_AFTER, VOLUME_BEFORE, WAY, State, Tables,
)  # fmt: skip
from fleet.plan.engine.stops import leg_energies, stop_at


@compiled
def link(t: Tables, z: State, way: int, a: int, b: int) -> None:
    """Let b follow a."""
    nodes = z.nodes
    nodes[a, NEXT] = b
    nodes[b, BEFORE] = a
    i, j = nodes[a, SPOT], nodes[b, SPOT]
    nodes[a, LEG_TIME] = t.legs[0, 0, way, i, j]
    nodes[a, LEG_COST] = t.legs[0, 1, way, i, j]
    if t.lists[FLAGS, HAS_ENERGY]:
        nodes[a, LEG_ENERGY] = t.energy[way, i, j]


@compiled
def new_dock(t: Tables, z: State, v: int, d: int) -> int:
    """A node for a visit of vehicle v at dock d."""
    z.work[SUMS, FREE_TOP] -= 1
    node = z.work[POOL, z.work[SUMS, FREE_TOP]]
    nodes, facts = z.nodes, z.facts
    nodes[node, NEXT] = -1
    nodes[node, VEHICLE] = v
    nodes[node, SPOT] = t.lists[FLAGS, N_PICKUPS] + d
    nodes[node, DOCK] = d
    nodes[node, FROZEN] = 0
    facts[node, EARLIEST] = -FAR
    facts[node, LATEST_START] = t.docks[d, 3]
    facts[node, SERVICE] = t.docks[d, 0]
    facts[node, MASS] = facts[node, VOLUME] = facts[node, KIND] = 0
    facts[node, RELEASE], facts[node, DUE] = -FAR, FAR
    return node


@compiled
def drop_dock(z: State, node: int) -> None:
    """Give a dock node back; it is used anew only after the change it was dropped in is over."""
    z.work[FREED_LIST, z.work[SUMS, FREED]] = node
    z.work[SUMS, FREED] += 1


@compiled
def begin(z: State) -> None:
    """A change begins: from here on `undo` leads back to."""
    sums = z.work[SUMS]
    sums[STAMP] += 1
    sums[UNDO_TOP] = sums[TOUR_TOP] = sums[FREED] = 0
    sums[COST_BEFORE], sums[POOL_BEFORE], sums[ABSENT_BEFORE] = sums[COST], sums[FREE_TOP], sums[ABSENT]


@compiled
def save_node(z: State, node: int) -> None:
    """Remember a node as it is, once for each change."""
    nodes, sums = z.nodes, z.work[SUMS]
    if nodes[node, SAVED] == sums[STAMP]:
        return
    nodes[node, SAVED] = sums[STAMP]
    k = sums[UNDO_TOP]
    sums[UNDO_TOP] = k + 1
    z.work[UNDO_NODES, k] = node
    for c in range(NODE_COLUMNS):
        z.nodes[sums[UNDO_AT] + k, c] = nodes[node, c]


@compiled
def touch(t: Tables, z: State, v: int) -> None:
    """Remember the route of vehicle v as it is, once for each change."""
    tours, sums = z.tours, z.work[SUMS]
    if tours[v, TOUR_SAVED] == sums[STAMP]:
        return
    tours[v, TOUR_SAVED] = sums[STAMP]
    k = sums[TOUR_TOP]
    sums[TOUR_TOP] = k + 1
    z.work[UNDO_TOURS, k] = v
    for c in range(TOUR_COLUMNS):
        z.tours[len(t.cars) + k, c] = tours[v, c]
    node = t.cars[v, START]
    while node >= 0:
        save_node(z, node)
        node = z.nodes[node, NEXT]


@compiled
def undo(t: Tables, z: State) -> None:
    """Take the change back."""
    sums, nodes, tours = z.work[SUMS], z.nodes, z.tours
    for k in range(sums[UNDO_TOP]):
        node = z.work[UNDO_NODES, k]
        for c in range(NODE_COLUMNS):
            nodes[node, c] = z.nodes[sums[UNDO_AT] + k, c]
    for k in range(sums[TOUR_TOP]):
        v = z.work[UNDO_TOURS, k]
        was = tours[v, LAST] == t.cars[v, START]
        sums[ALL_TRIPS] += z.tours[len(t.cars) + k, TRIPS] - tours[v, TRIPS]
        sums[ALL_PICKUPS] += z.tours[len(t.cars) + k, PICKUPS] - tours[v, PICKUPS]
        for c in range(TOUR_COLUMNS):
            tours[v, c] = z.tours[len(t.cars) + k, c]
        z.work[EMPTY_CARS, t.cars[v, CLASS]] += int(tours[v, LAST] == t.cars[v, START]) - int(was)
    sums[COST], sums[FREE_TOP], sums[FREED] = sums[COST_BEFORE], sums[POOL_BEFORE], 0
    sums[ABSENT] = sums[ABSENT_BEFORE]


@compiled
def keep(z: State) -> None:
    """The change stands: dropped dock nodes can be used again."""
    sums = z.work[SUMS]
    for k in range(sums[FREED]):
        z.work[POOL, sums[FREE_TOP]] = z.work[FREED_LIST, k]
        sums[FREE_TOP] += 1
    sums[FREED] = 0


@compiled
def set_last(t: Tables, z: State, v: int, node: int) -> None:
    """The route of vehicle v ends at `node`, its start if it is empty."""
    start = t.cars[v, START]
    z.work[EMPTY_CARS, t.cars[v, CLASS]] += int(node == start) - int(z.tours[v, LAST] == start)
    z.tours[v, LAST] = node
    z.nodes[node, NEXT] = -1


@compiled
def refresh(t: Tables, z: State, v: int) -> None:
    """Reckon the route of vehicle v anew, after its links were changed."""
    if t.lists[FLAGS, HAS_LOAD_ENERGY]:
        leg_energies(t, z, v)
    _backward(t, z, v)
    _forward(t, z, v)


@compiled
def _backward(t: Tables, z: State, v: int) -> None:
    """From the end of a route to its start: until when each node may be reached at the latest; of its trip from it
    on the load, what its dock accepts, and what the battery needs up to the next charger."""
    nodes, facts, n = z.nodes, z.facts, t.lists[FLAGS, N_PICKUPS]
    node, start = z.tours[v, LAST], t.cars[v, START]
    latest = t.cars[v, UNTIL] - facts[node, SERVICE]
    mass = volume = kinds = count = needed = 0
    accepted, closing, release = -1, -1, -FAR
    while True:
        latest = min(latest, facts[node, LATEST_START])
        if node >= n:
            mass = volume = kinds = count = 0
            release = -FAR
            if node != start:
                dock = nodes[node, DOCK]
                accepted, closing = t.docks[dock, 1], node
                if t.docks[dock, 2]:
                    needed = 0
        else:
            mass += facts[node, MASS]
            volume += facts[node, VOLUME]
            kinds |= facts[node, KIND]
            count += 1
            release = max(release, facts[node, RELEASE])
        nodes[node, LATEST], nodes[node, MASS_AFTER], nodes[node, VOLUME_AFTER] = latest, mass, volume
        nodes[node, KINDS_AFTER], nodes[node, COUNT_AFTER], nodes[node, NEEDED] = kinds, count, needed
        nodes[node, ACCEPTED], nodes[node, CLOSING], nodes[node, RELEASE_AFTER] = accepted, closing, release
        if node == start:
            return
        node = nodes[node, BEFORE]
        latest -= nodes[node, LEG_TIME] + facts[node, SERVICE]
        needed += nodes[node, LEG_ENERGY]


@compiled
def _forward(t: Tables, z: State, v: int) -> None:
    """From the start of a route to its end: when each node is left at the earliest, the load of its trip and the
    use of the battery so far; then what the route costs, and whether it breaks a rule."""
    nodes, facts, n, car = z.nodes, z.facts, t.lists[FLAGS, N_PICKUPS], t.cars[v]
    node = car[START]
    mass = volume = kinds = count = cost = broken = pickups = trips = 0
    now, used, drawn = car[READY], car[SPENT], car[SPENT]
    while True:
        if node < n:
            now = max(now, facts[node, EARLIEST])
            broken |= int(now > facts[node, LATEST_START])
            nodes[node, BEGIN] = now
            now += facts[node, SERVICE]
            if now > facts[node, DUE]:
                cost += -((facts[node, DUE] - now) // 1000) * facts[node, LATE_COST]
            mass, volume, kinds = mass + facts[node, MASS], volume + facts[node, VOLUME], kinds | facts[node, KIND]
            count, pickups = count + 1, pickups + 1
        else:
            if node != car[START]:
                broken |= int(now > facts[node, LATEST_START]) | int((kinds & ~nodes[node, ACCEPTED]) != 0)
                trips += 1
                now += facts[node, SERVICE]
                if t.lists[FLAGS, IS_INVOLVED]:
                    broken |= int(drawn > car[CHARGE])
                    drawn = stop_at(t, z, v, node, now - facts[node, SERVICE], drawn)
                    broken |= int(nodes[node, BEGIN] > facts[node, LATEST_START])
                    now = nodes[node, LEAVE]
                if t.docks[nodes[node, DOCK], 2]:
                    broken |= int(used > car[CHARGE])
                    used = 0
                    if not t.lists[FLAGS, IS_INVOLVED]:
                        drawn = 0
            broken |= int(mass > car[PAYLOAD]) | int(volume > car[ROOM])
            mass = volume = kinds = count = 0
        nodes[node, LEAVE], nodes[node, MASS_BEFORE], nodes[node, VOLUME_BEFORE] = now, mass, volume
        nodes[node, KINDS_BEFORE], nodes[node, COUNT_BEFORE], nodes[node, USED] = kinds, count, used
        if t.lists[FLAGS, HAS_RELEASE]:
            _span(t, z, node)
            now = nodes[node, LEAVE]
        after = nodes[node, NEXT]
        if after < 0:
            break
        cost += nodes[node, LEG_COST]
        if node >= n and t.lists[FLAGS, HAS_RELEASE]:
            now = max(now, nodes[after, RELEASE_AFTER])
        now += nodes[node, LEG_TIME]
        used, drawn = used + nodes[node, LEG_ENERGY], drawn + nodes[node, LEG_ENERGY]
        node = after
    broken |= int(now > car[UNTIL]) | int(drawn > car[CHARGE]) | int(trips > car[MOST_TRIPS])
    _settle(t, z, v, cost, pickups, trips, broken)


@compiled
def _settle(t: Tables, z: State, v: int, cost: int, pickups: int, trips: int, broken: int) -> None:
    """Let the totals change as the route of vehicle v has; an empty one has no fixed cost, and breaks no rule."""
    if z.tours[v, LAST] == t.cars[v, START]:
        cost, broken = 0, 0
    else:
        cost += t.cars[v, FIXED]
    z.work[SUMS, COST] += cost - z.tours[v, TOUR_COST]
    z.work[SUMS, ALL_TRIPS] += trips - z.tours[v, TRIPS]
    z.work[SUMS, ALL_PICKUPS] += pickups - z.tours[v, PICKUPS]
    z.tours[v, TOUR_COST], z.tours[v, PICKUPS], z.tours[v, TRIPS] = cost, pickups, trips
    z.tours[v, BROKEN] = broken


@compiled
def _span(t: Tables, z: State, node: int) -> None:
    """How long the trip up to a node takes when it sets out between two moments, and its release so far."""
    nodes, facts = z.nodes, z.facts
    if node >= t.lists[FLAGS, N_PICKUPS]:
        nodes[node, TRIP_FREE] = nodes[node, LEAVE]
        nodes[node, SPAN], nodes[node, SPAN_EARLIEST], nodes[node, SPAN_LATEST] = 0, -FAR, FAR
        nodes[node, RELEASE_BEFORE] = -FAR
        return
    a = nodes[node, BEFORE]
    span = nodes[a, SPAN] + nodes[a, LEG_TIME]
    wait = max(0, facts[node, EARLIEST] - span - nodes[a, SPAN_LATEST])
    nodes[node, TRIP_FREE] = nodes[a, TRIP_FREE]
    nodes[node, SPAN] = span + wait + facts[node, SERVICE]
    nodes[node, SPAN_EARLIEST] = max(facts[node, EARLIEST] - span - wait, nodes[a, SPAN_EARLIEST])
    nodes[node, SPAN_LATEST] = min(facts[node, LATEST_START] - span, nodes[a, SPAN_LATEST])
    nodes[node, RELEASE_BEFORE] = max(nodes[a, RELEASE_BEFORE], facts[node, RELEASE])


@compiled
def place_pickup(t: Tables, z: State, v: int, a: int, p: int, b: int) -> None:
    """Put pickup p between a and b, both in the route of vehicle v, which must have been touched."""
    save_node(z, p)
    z.nodes[p, VEHICLE] = v
    link(t, z, t.cars[v, WAY], a, p)
    link(t, z, t.cars[v, WAY], p, b)
