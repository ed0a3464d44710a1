"""A problem as the engine's tables: whole numbers, legs as matrices, and lists of what is near."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np

from fleet.plan.engine.layout import (
    ALLOWED_AT, AROUND_AT, BACK, CAN_OMIT, CAR_COLUMNS, CHARGE, CHARGE_FIXED, CHARGE_RATE, CLASS, EARLIEST,
    EMPTY_MASS, ENDS_AT, EXPONENT, FAR, FIXED, FLAG_ENTRIES, HAS_APART, HAS_DUE, HAS_ENERGY, HAS_LOAD_ENERGY,
    HAS_REFUSAL, HAS_RELEASE, HAS_TAILS, HAS_TRIPS, HOURS_AT, IS_INVOLVED, KEYS_AT, KIND, LATEST_START, MASS,
    MOST_HOURS, MOST_TRIPS, NEAR_USED, N_AROUND, N_CLASSES, N_DOCKS, N_DOCKS_NEAR, N_HOURS, N_KINDS, N_ORDERS,
    N_PICKUPS, N_STARTED, PADS, PAYLOAD, PLACES, READY, RELEASE, ROOM, SERVICE, SOLO_AT, SPENT, START, TYPE,
    UNTIL, VOLUME, WAY, Ints, Legs, Tables,
)  # fmt: skip
from fleet.plan.problem import NEVER_MS, Pickup, Problem
from fleet.plan.ways import UNREACHABLE_MS, Block

NEAR = 40
"""Neighbours next to which a place for a pickup is looked for."""
AROUND = 100
"""Neighbours that are ruined together."""
WAIT_WEIGHT, LATE_WEIGHT = 0.03, 1.0
"""What waiting and lateness that cannot be avoided count in nearness, measured."""
MOST_DOCKS_NEAR = 16
SMALL_COST = 2**29
"""Three legs of such a cost are summed in 32 bits."""
ENERGY_CUT_MWH = 10**9
"""No leg draws more, nor is a larger battery told from an unlimited one."""
ENDLESS = 2**45
"""Grams and millilitres of who carries without limit."""


class Spots(NamedTuple):
    """Rows of the travel tables: pickups, docks, starts."""

    node: Ints
    start_row: Ints
    """For each vehicle."""


def tables_of(problem: Problem) -> Tables:
    """The tables of a problem that has at least one pickup, one dock and one vehicle."""
    n = len(problem.pickups)
    spots = _spots(problem)
    onward, back, energy, way_of = _legs(problem, spots)
    kinds = sorted({p.material for p in problem.pickups})
    cars = _cars(problem, way_of, n)
    near, around = _neighbours(problem, onward, cars)
    class_start, class_car, may_end = _classes(problem, cars)
    docks = np.hstack([_dock_facts(problem, kinds), may_end.T])
    apart = _apart(problem, kinds)
    allowed = np.array([[int(p.needs <= t.certificates) for t in problem.types] for p in problem.pickups])
    solo = _solo(problem, onward, energy, cars, docks, class_car[class_start[:-1]])
    solo[:, ::2][~allowed[:, cars[class_car[class_start[:-1]], TYPE]].astype(bool)] = FAR
    dear = 20 * int(onward[0, :n, n:, 1].max()) + max(t.fixed_cost for t in problem.types)
    can_omit = min(p.penalty for p in problem.pickups) < dear
    keys, orders = _orders(problem, onward, n, can_omit)
    started = [k for k, v in enumerate(problem.vehicles) if v.committed]
    beyond = onward[0, :, n : n + len(problem.docks), 1] + back[0, :, n : n + len(problem.docks), 1]
    docks_near = np.argsort(beyond, axis=1, kind="stable")[:, :MOST_DOCKS_NEAR]
    flags = np.zeros(FLAG_ENTRIES, dtype=np.int64)
    flags[N_PICKUPS], flags[N_DOCKS], flags[NEAR_USED], flags[N_AROUND] = (
        n,
        len(docks),
        near.shape[1],
        around.shape[1],
    )
    flags[HAS_TRIPS] = any(t.most_trips > 1 for t in problem.types)
    flags[HAS_RELEASE] = any(p.release_ms > min(v.ready_ms for v in problem.vehicles) for p in problem.pickups)
    flags[HAS_ENERGY], flags[HAS_APART], flags[CAN_OMIT] = energy.shape[1] > 1, bool(apart.any()), can_omit
    flags[HAS_DUE] = any(p.late_cost_per_s > 0 for p in problem.pickups)
    flags[HAS_LOAD_ENERGY] = flags[HAS_ENERGY] and any(t.mass_exponent > 0.0 for t in problem.types)
    flags[IS_INVOLVED] = flags[HAS_DUE] or flags[HAS_LOAD_ENERGY] or _is_involved(problem, bool(flags[HAS_ENERGY]))
    flags[HAS_REFUSAL] = bool((docks[:, 1] != (1 << len(kinds)) - 1).any())
    bound = (HAS_TRIPS, HAS_RELEASE, HAS_ENERGY, HAS_APART, HAS_REFUSAL, IS_INVOLVED)
    flags[HAS_TAILS] = not any(flags[k] for k in bound)
    flags[N_KINDS], flags[N_ORDERS], flags[N_DOCKS_NEAR] = len(kinds), len(orders), docks_near.shape[1]
    flags[N_CLASSES], flags[N_STARTED], flags[AROUND_AT] = len(class_start) - 1, len(started), near.shape[1]
    parts = [near, around, allowed, solo, keys.T]
    flags[[AROUND_AT, ALLOWED_AT, SOLO_AT, KEYS_AT]] = np.cumsum([p.shape[1] for p in parts])[:4]
    about = np.ascontiguousarray(np.hstack(parts), dtype=np.int64)
    lists = _rows([flags, apart, started, class_start, class_car, orders])
    legs = cast("Legs", np.ascontiguousarray(np.stack([onward, back]).transpose(0, 4, 1, 2, 3)))
    flags[BACK] = int(not np.array_equal(legs[0, 1], legs[1, 1]))
    return Tables(legs, energy, cars, about, docks, np.ascontiguousarray(docks_near, dtype=np.int64), lists)


def _rows(rows: Sequence[Ints | list[int]]) -> Ints:
    """Lists of different lengths as one array."""
    table = np.zeros((len(rows), max(len(row) for row in rows)), dtype=np.int64)
    for k, row in enumerate(rows):
        table[k, : len(row)] = row
    return table


def _spots(problem: Problem) -> Spots:
    starts = sorted({v.node for v in problem.vehicles})
    row = {node: k for k, node in enumerate(starts)}
    first = len(problem.pickups) + len(problem.docks)
    node = [p.node for p in problem.pickups] + [d.node for d in problem.docks] + starts
    return Spots(np.array(node, dtype=np.int64), np.array([first + row[v.node] for v in problem.vehicles]))


def _legs(problem: Problem, spots: Spots) -> tuple[Legs, Legs, Legs, list[int]]:
    """Legs of every distinct way (and, with batteries, of every distinct draw on them), and the way of each type.

    Where a leg that can be flown costs more than `SMALL_COST` all are kept in 64 bits, which the engine is
    compiled for apart.
    """
    energetic = any(math.isfinite(min(problem.types[v.type].battery_wh, v.battery_wh)) for v in problem.vehicles)
    keys: list[tuple[int, float, float, float]] = []
    pairs, draws, way_of = [], [], []
    for ways, kind in zip(problem.ways, problem.types, strict=True):
        key = (id(ways), 0.0, 0.0, 0.0)
        if energetic:
            key = (id(ways), kind.power_coefficient, kind.empty_kg, kind.mass_exponent)
        if key not in keys:
            keys.append(key)
            block = ways.block(spots.node, spots.node)
            pairs.append(_times_and_costs(block))
            if energetic:
                watts = kind.power_coefficient * max(kind.empty_kg, 1e-3) ** kind.mass_exponent
                draws.append(_draws(watts, block))
        way_of.append(keys.index(key))
    onward: Ints = np.stack(pairs)
    small = onward[..., 1].max(initial=0) <= SMALL_COST
    there: Legs = onward.astype(np.int32) if small else onward
    back: Legs = there.transpose(0, 2, 1, 3).copy()
    energy = cast("Legs", np.stack(draws) if energetic else np.zeros((1, 1, 1), dtype=np.int32))
    return there, back, energy, way_of


def _times_and_costs(block: Block) -> Ints:
    """The two of each leg. A leg that cannot be flown is in no route: whatever it is said to cost is cut."""
    closed = block.travel_ms >= UNREACHABLE_MS
    cost = np.where(closed, np.minimum(block.cost, SMALL_COST), block.cost)
    return np.stack([np.minimum(block.travel_ms, UNREACHABLE_MS), cost], axis=-1)


def _draws(watts: float, block: Block) -> Legs:
    """What each leg draws without a load, mWh, rounded up; a leg that cannot be flown has an infinite effort."""
    mwh = np.full(block.effort_h.shape, float(ENERGY_CUT_MWH))
    finite = np.isfinite(block.effort_h)
    mwh[finite] = np.minimum(np.ceil(watts * block.effort_h[finite] * 1000.0 - 1e-6), ENERGY_CUT_MWH)
    return mwh.astype(np.int32)


def _mwh(wh: float) -> int:
    return FAR if math.isinf(wh) else math.floor(wh * 1000.0 + 1e-6)


def _cars(problem: Problem, way_of: list[int], n: int) -> Ints:
    cars = np.zeros((len(problem.vehicles), CAR_COLUMNS), dtype=np.int64)
    for k, vehicle in enumerate(problem.vehicles):
        kind = problem.types[vehicle.type]
        full = min(_mwh(kind.battery_wh), FAR) - _mwh(kind.reserve_wh)
        now = min(full, _mwh(vehicle.battery_wh) - _mwh(kind.reserve_wh))
        cars[k, TYPE], cars[k, WAY], cars[k, START] = vehicle.type, way_of[vehicle.type], n + k
        cars[k, PAYLOAD] = math.floor(min(kind.payload_kg * 1000.0, ENDLESS) + 1e-6)
        cars[k, ROOM] = math.floor(min(kind.volume_l * 1000.0, ENDLESS) + 1e-6)
        cars[k, CHARGE], cars[k, SPENT], cars[k, FIXED] = full, full - now, kind.fixed_cost
        cars[k, READY], cars[k, UNTIL] = vehicle.ready_ms, min(vehicle.until_ms, problem.end_ms)
        cars[k, MOST_TRIPS] = kind.most_trips
        cars[k, EXPONENT], cars[k, EMPTY_MASS] = (
            round(1000 * kind.mass_exponent),
            max(1, round(1000 * kind.empty_kg)),
        )
    return cars


def _classes(problem: Problem, cars: Ints) -> tuple[Ints, Ints, Ints]:
    """Vehicles that are alike when empty, and where routes of a class may end."""
    known: dict[object, list[int]] = {}
    for k, v in enumerate(problem.vehicles):
        alike = (v.type, v.node, v.ready_ms, v.battery_wh, v.until_ms, v.ends)
        known.setdefault((alike, k) if v.committed else alike, []).append(k)
    groups = list(known.values())
    may_end = np.zeros((len(groups), len(problem.docks)), dtype=np.int64)
    for c, group in enumerate(groups):
        cars[group, CLASS] = c
        ends = problem.vehicles[group[0]].ends
        may_end[c, list(ends) if ends else slice(None)] = 1
    start = np.cumsum([0] + [len(group) for group in groups]).astype(np.int64)
    return start, np.concatenate([np.array(g, dtype=np.int64) for g in groups]), may_end


def _is_involved(problem: Problem, energetic: bool) -> bool:
    """Whether docks have hours, few pads, or chargers that take time or are few."""
    for dock in problem.docks:
        if dock.hours or dock.pads < len(problem.vehicles):
            return True
        c = dock.charger
        if (
            energetic
            and c is not None
            and (c.fixed_ms > 0 or c.ms_per_wh > 0.0 or c.places < len(problem.vehicles))
        ):
            return True
    return False


def _dock_facts(problem: Problem, kinds: list[str]) -> Ints:
    facts = np.zeros((len(problem.docks), ENDS_AT), dtype=np.int64)
    for d, dock in enumerate(problem.docks):
        facts[d, 1] = sum(1 << k for k, kind in enumerate(kinds) if kind in dock.accepts)
        facts[d, 0] = dock.unload_ms if dock.accepts else 0
        hours = sorted(dock.hours)[:MOST_HOURS]
        facts[d, 3] = max(end for _, end in hours) - dock.unload_ms if hours else FAR
        facts[d, PADS], facts[d, PLACES], facts[d, N_HOURS] = dock.pads, FAR, len(hours)
        for k, (opens, closes) in enumerate(hours):
            facts[d, HOURS_AT + 2 * k], facts[d, HOURS_AT + 2 * k + 1] = opens, closes
        if dock.charger is not None:
            c = dock.charger
            facts[d, 2] = {"swap": 1, "full": 2, "partial": 3}[c.mode]
            facts[d, CHARGE_FIXED], facts[d, PLACES] = c.fixed_ms, c.places
            facts[d, CHARGE_RATE] = 0 if c.mode == "swap" else math.ceil(c.ms_per_wh * 1000.0 - 1e-6)
    return facts


def _apart(problem: Problem, kinds: list[str]) -> Ints:
    apart = np.zeros(max(1, len(kinds)), dtype=np.int64)
    for pair in problem.apart:
        bits = [kinds.index(kind) for kind in sorted(pair) if kind in kinds]
        if len(bits) == 2:
            apart[bits[0]] |= 1 << bits[1]
            apart[bits[1]] |= 1 << bits[0]
    return apart


def facts_of(problem: Problem) -> Ints:
    """What the engine knows of each pickup; needs are rounded up."""
    kinds = sorted({p.material for p in problem.pickups})
    return np.array([_fact(p, kinds) for p in problem.pickups], dtype=np.int64)


def _fact(p: Pickup, kinds: list[str]) -> list[int]:
    mass, volume = (math.ceil(min(much * 1000.0, 2 * ENDLESS) - 1e-6) for much in (p.mass_kg, p.volume_l))
    return [p.earliest_ms, p.latest_ms - p.service_ms, p.service_ms, mass, volume, 1 << kinds.index(p.material),
            max(p.release_ms, -FAR), p.penalty, p.due_ms if p.late_cost_per_s else FAR,
            p.late_cost_per_s]  # fmt: skip


def _neighbours(problem: Problem, onward: Legs, cars: Ints) -> tuple[Ints, Ints]:
    n = len(problem.pickups)
    time, cost = onward[0, :n, :n, 0].astype(np.float64), onward[0, :n, :n, 1].astype(np.float64)
    earliest, latest, service = np.array(
        [(p.earliest_ms, p.latest_ms - p.service_ms, p.service_ms) for p in problem.pickups], dtype=np.float64
    ).T
    ready, until = float(cars[:, READY].min()), float(cars[:, UNTIL].max())
    earliest, latest = np.maximum(earliest, ready), np.minimum(latest, until)
    per_ms = cost.sum() / max(1.0, time.sum())
    leave_by, arrive = latest + service, earliest + service
    wait = np.maximum(0.0, earliest[None, :] - time - leave_by[:, None])
    late = np.maximum(0.0, arrive[:, None] + time - latest[None, :])
    toll = cost + per_ms * (WAIT_WEIGHT * wait + LATE_WEIGHT * late)
    toll, plain = np.minimum(toll, toll.T), np.minimum(cost, cost.T)
    np.fill_diagonal(toll, np.inf)
    np.fill_diagonal(plain, np.inf)
    near = np.argsort(toll, axis=1, kind="stable")[:, : min(n - 1, NEAR)]
    around = np.argsort(plain, axis=1, kind="stable")[:, : min(n - 1, AROUND)]
    return np.ascontiguousarray(near, dtype=np.int64), np.ascontiguousarray(around, dtype=np.int64)


def _orders(problem: Problem, onward: Legs, n: int, can_omit: bool) -> tuple[Ints, Ints]:
    """Keys to put pickups in by, and how often each is drawn."""
    mass = np.array([p.mass_kg for p in problem.pickups])
    room = np.array([p.volume_l for p in problem.pickups])
    size = mass / max(1e-9, mass.max()) + room / max(1e-9, room.max())
    far = onward[0, n : n + len(problem.docks), :n, 1].min(axis=0)
    window = np.array(
        [(min(p.latest_ms, NEVER_MS) - p.earliest_ms, p.earliest_ms, -p.latest_ms) for p in problem.pickups]
    )
    penalty = -np.array([p.penalty for p in problem.pickups])
    keys = np.vstack([(-1e6 * size).astype(np.int64), -far, far, window.T, penalty]).astype(np.int64)
    orders = [-1] * 4 + [0] * 4 + [1] * 2 + [2]
    if np.ptp(window[:, 1]) > 0 or np.ptp(window[:, 2]) > 0:
        orders += [3, 3, 4, 4, 5, 5]
    if can_omit:
        orders += [6] * 4
    return keys, np.array(orders, dtype=np.int64)


def _solo(problem: Problem, onward: Legs, energy: Legs, cars: Ints, docks: Ints, first: Ints) -> Ints:
    """What an own route costs each pickup and where it ends, by classes of vehicles; FAR if there is none."""
    n = len(problem.pickups)
    facts, start_row = facts_of(problem), _spots(problem).start_row
    solo = np.full((n, 2 * len(first)), FAR, dtype=np.int64)
    for c, k in enumerate(first.tolist()):
        car, row = cars[k], int(start_row[k])
        if problem.vehicles[k].committed:
            continue
        out, home = onward[car[WAY], row, :n].astype(np.int64), onward[car[WAY], :n].astype(np.int64)
        start = np.maximum(np.maximum(int(car[READY]), facts[:, RELEASE]) + out[:, 0], facts[:, EARLIEST])
        fine = (
            (start <= facts[:, LATEST_START]) & (facts[:, MASS] <= car[PAYLOAD]) & (facts[:, VOLUME] <= car[ROOM])
        )
        for d in np.flatnonzero(docks[:, ENDS_AT + c]).tolist():
            done = start + facts[:, SERVICE] + home[:, n + d, 0]
            good = fine & (facts[:, KIND] & ~docks[d, 1] == 0) & (done <= docks[d, 3])
            good &= done + docks[d, 0] <= car[UNTIL]
            if energy.shape[1] > 1:
                drawn = energy[car[WAY], row, :n].astype(np.int64) + energy[car[WAY], :n, n + d]
                good &= car[SPENT] + drawn <= car[CHARGE]
            cost = car[FIXED] + out[:, 1] + home[:, n + d, 1]
            better = good & (cost < solo[:, 2 * c])
            solo[better, 2 * c], solo[better, 2 * c + 1] = cost[better], d
    return solo


def start_spot(problem: Problem) -> Ints:
    """The row of the travel tables where each vehicle starts."""
    return _spots(problem).start_row
