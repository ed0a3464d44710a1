"""Two routes trade what follows a pickup in one and what stands before a near one in the other.

2-opt* of Potvin and Rousseau, "An Exchange Heuristic for Routeing Problems with Time Windows", Journal of the
Operational Research Society 46(12), 1995. Strings are too short to move the second half of a long route; this
does. It is for vehicles of one class, and for problems where loads and windows are all that binds: the price
and the test of a trade take no walk then.
"""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import math

from fleet.plan.engine.compiled import compiled
from fleet.plan.engine.draws import below, unit
from fleet.plan.engine.layout import (
    BEFORE, BROKEN, CLASS, FIXED, FLAGS, FROZEN, LAST, LATEST, LEAVE, LEG_COST, LOCKED, MASS_AFTER, MASS_BEFORE,
    NEAR_USED, NEXT, N_PICKUPS, PAYLOAD, REMOVED, ROOM, SPOT, START, SUMS, VEHICLE, VOLUME_AFTER, VOLUME_BEFORE,
    WAY, WORDS, State, Tables,
)  # fmt: skip
from fleet.plan.engine.routes import begin, keep, link, set_last, touch, undo
from fleet.plan.engine.ruin import tidy


@compiled
def trade_tails(t: Tables, z: State, temperature: float) -> None:
    """Let a random pickup be followed by a near one of another route, where that is cheap enough to be taken."""
    nodes, p = z.nodes, below(z.work[WORDS], t.lists[FLAGS, N_PICKUPS])
    u, best = nodes[p, VEHICLE], -1
    if u < 0 or z.tours[u, LOCKED]:
        return
    limit = -temperature * math.log(unit(z.work[WORDS]))
    b, way, i = nodes[p, NEXT], t.cars[u, WAY], nodes[p, SPOT]
    if nodes[b, FROZEN]:
        return
    for k in range(t.lists[FLAGS, NEAR_USED]):
        q = t.about[p, k]
        w, a = nodes[q, VEHICLE], nodes[q, BEFORE]
        if w < 0 or w == u or z.tours[w, LOCKED] or nodes[q, FROZEN] or t.cars[u, CLASS] != t.cars[w, CLASS]:
            continue
        price = t.legs[0, 1, way, i, q] + t.legs[0, 1, way, nodes[a, SPOT], nodes[b, SPOT]]
        price -= nodes[p, LEG_COST] + nodes[a, LEG_COST]
        if b == z.tours[u, LAST] and a == t.cars[w, START]:
            price -= t.cars[w, FIXED]
        if price < limit and _fits(t, z, p, q) and _fits(t, z, a, b):
            limit, best = price, q
    if best >= 0:
        _trade(t, z, p, best)


@compiled
def _fits(t: Tables, z: State, a: int, b: int) -> bool:
    """Whether what begins with b can follow a."""
    nodes, car = z.nodes, t.cars[z.nodes[a, VEHICLE]]
    return (
        nodes[a, LEAVE] + t.legs[0, 0, car[WAY], nodes[a, SPOT], nodes[b, SPOT]] <= nodes[b, LATEST]
        and nodes[a, MASS_BEFORE] + nodes[b, MASS_AFTER] <= car[PAYLOAD]
        and nodes[a, VOLUME_BEFORE] + nodes[b, VOLUME_AFTER] <= car[ROOM]
    )


@compiled
def _trade(t: Tables, z: State, p: int, q: int) -> None:
    """Let q and what follows it follow p, and what followed p the one before q."""
    nodes = z.nodes
    u, w, a, b = nodes[p, VEHICLE], nodes[q, VEHICLE], nodes[q, BEFORE], nodes[p, NEXT]
    begin(z)
    z.work[SUMS, REMOVED] = 0
    touch(t, z, u)
    touch(t, z, w)
    last = z.tours[u, LAST]
    link(t, z, t.cars[u, WAY], p, q)
    link(t, z, t.cars[u, WAY], a, b)
    set_last(t, z, u, z.tours[w, LAST])
    set_last(t, z, w, last)
    while q >= 0:
        nodes[q, VEHICLE] = u
        q = nodes[q, NEXT]
    while b >= 0:
        nodes[b, VEHICLE] = w
        b = nodes[b, NEXT]
    tidy(t, z)
    if z.tours[u, BROKEN] or z.tours[w, BROKEN]:
        undo(t, z)
    else:
        keep(z)
