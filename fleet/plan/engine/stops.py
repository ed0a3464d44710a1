"""What a stop at a dock takes where docks have opening hours, pads and chargers that few can use at a time.

Other routes keep the times they have; who comes later waits. The battery is charged only where it would not last
to the next charger, or to the end, and by no more than that where the charger can be stopped ("partial").
"""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import math

from fleet.plan.engine.compiled import compiled
from fleet.plan.engine.layout import (
    BEGIN, CHARGE, CHARGE_FIXED, CHARGE_FROM, CHARGE_RATE, CLOSING, DOCK, EMPTY_MASS, EXPONENT, FAR, FLAGS,
    HOURS_AT, LEAVE, LEG_ENERGY, MASS, NEEDED, NEXT, N_HOURS, N_PICKUPS, PADS, PLACES, SPOT, START, WAY, State,
    Tables,
)  # fmt: skip


@compiled
def leg_energies(t: Tables, z: State, v: int) -> None:
    """What every leg of a route draws with the load that is on board, in mWh, rounded up."""
    nodes, car = z.nodes, t.cars[v]
    node, load = car[START], 0
    while True:
        b = nodes[node, NEXT]
        if b < 0:
            return
        if node >= t.lists[FLAGS, N_PICKUPS]:
            load = 0
        else:
            load += z.facts[node, MASS]
        drawn = t.energy[car[WAY], nodes[node, SPOT], nodes[b, SPOT]]
        nodes[node, LEG_ENERGY] = drawn
        if car[EXPONENT] > 0 and load > 0:
            heavier = (car[EMPTY_MASS] + load) / car[EMPTY_MASS]
            if car[EXPONENT] == 1500:
                heavier *= math.sqrt(heavier)
            elif car[EXPONENT] != 1000:
                heavier = heavier ** (car[EXPONENT] / 1000.0)
            nodes[node, LEG_ENERGY] = math.ceil(drawn * heavier)
        node = b


@compiled
def free_from(t: Tables, z: State, v: int, d: int, now: int, charging: bool, lasting: int) -> int:
    """From when on a pad (or a place to charge) of dock d is free for vehicle v, not before `now`.

    Each look ends later than the one before: also where routes that break a rule stand beyond `FAR`.
    """
    most = t.docks[d, PLACES] if charging else t.docks[d, PADS]
    if most >= len(t.cars):
        return now
    while True:
        taken, soonest = 0, 2**62
        for u in range(len(t.cars)):
            node = z.nodes[t.cars[u, START], CLOSING] if u != v else -1
            while node >= 0:
                if z.nodes[node, DOCK] == d:
                    begin = z.nodes[node, CHARGE_FROM] if charging else z.nodes[node, BEGIN]
                    end = z.nodes[node, LEAVE] if charging else begin + t.docks[d, 0]
                    if begin < now + lasting and end > now and end > begin:
                        taken += 1
                        soonest = min(soonest, end)
                after = z.nodes[node, NEXT]
                node = z.nodes[after, CLOSING] if after >= 0 else -1
        if taken < most:
            return now
        now = soonest


@compiled
def open_from(t: Tables, d: int, now: int) -> int:
    """From when on dock d is open long enough to unload, not before `now`; FAR later if it will not be."""
    count = t.docks[d, N_HOURS]
    if count == 0:
        return now
    for k in range(count):
        opens, closes = t.docks[d, HOURS_AT + 2 * k], t.docks[d, HOURS_AT + 2 * k + 1]
        if max(now, opens) + t.docks[d, 0] <= closes:
            return max(now, opens)
    return now + FAR


@compiled
def unload_from(t: Tables, z: State, v: int, d: int, now: int) -> int:
    """When vehicle v can begin to unload at dock d."""
    while True:
        begin = free_from(t, z, v, d, open_from(t, d, now), False, t.docks[d, 0])
        if open_from(t, d, begin) == begin:
            return begin
        now = begin
        if now >= FAR:
            return now


@compiled
def stop_at(t: Tables, z: State, v: int, node: int, now: int, used: int) -> int:
    """Unload at a dock node from `now` on, and charge if need be: sets when each begins and the vehicle leaves.

    Gives what is used of the battery then.
    """
    d = z.nodes[node, DOCK]
    begin = unload_from(t, z, v, d, now)
    z.nodes[node, BEGIN] = begin
    z.nodes[node, LEAVE] = begin + t.docks[d, 0]
    if t.docks[d, 2] == 0:
        return used
    return charge_at(t, z, v, node, begin + t.docks[d, 0], used)


@compiled
def charge_at(t: Tables, z: State, v: int, node: int, now: int, used: int) -> int:
    """What is used of the battery after charging at a dock node; sets when that ends, from `now` on."""
    nodes, d = z.nodes, z.nodes[node, DOCK]
    nodes[node, CHARGE_FROM] = nodes[node, LEAVE] = now
    after, full = nodes[node, NEXT], t.cars[v, CHARGE]
    ahead = nodes[node, LEG_ENERGY] + nodes[after, NEEDED] if after >= 0 else 0
    free = t.docks[d, CHARGE_FIXED] == 0 and t.docks[d, CHARGE_RATE] == 0 and t.docks[d, PLACES] >= len(t.cars)
    if used + ahead <= full and not free:
        return used
    left = max(0, full - ahead) if t.docks[d, 2] == 3 else 0
    lasting = t.docks[d, CHARGE_FIXED]
    if t.docks[d, 2] >= 2:
        lasting += -((left - used) * t.docks[d, CHARGE_RATE] // 1000000)
    begin = free_from(t, z, v, d, now, True, lasting)
    nodes[node, CHARGE_FROM], nodes[node, LEAVE] = begin, begin + lasting
    return left
