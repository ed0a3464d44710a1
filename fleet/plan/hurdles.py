"""What bars a vehicle from a pickup even if it does nothing else: the planner's own reckoning of `ReasonCode`.

Ways go by chargers: out to the pickup empty, on to a dock that takes it loaded, and on to where the route may end,
empty again. Most pickups that are left out some vehicle could go to directly, which is quickly seen; only for the
others are ways by chargers looked for, as closures over the chargers. All legs of a type and load draw the same
power, so the closure for energy is one of effort and serves every load.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple, get_args

import numpy as np

from fleet.plan.direct import Direct, Start
from fleet.plan.problem import (
    UNREACHABLE_MS,
    Dock,
    Floats,
    Pickup,
    Problem,
    ReasonCode,
    Vehicle,
    VehicleType,
)

Verdict = tuple[ReasonCode, float, float]
"""A code, what is needed, what there is."""
ORDER: tuple[ReasonCode, ...] = get_args(ReasonCode)
_ROUNDING = 1e-6
"""Kilograms, litres and watt-hours that are not worth a refusal."""


class _Out(NamedTuple):
    """Where the stretch to the pickup may begin (the last is the start itself): nodes, worst stretch before, time,
    and what is missing to a full battery."""

    nodes: np.ndarray[tuple[int], np.dtype[np.int64]]
    worst_wh: Floats
    ms: Floats
    used_wh: Floats


class _Tails(NamedTuple):
    """Ways to end a route after unloading: dock, energy in the same stretch, worst stretch after it, time."""

    docks: np.ndarray[tuple[int], np.dtype[np.int64]]
    same_wh: Floats
    later_wh: Floats
    ms: Floats

    def only(self, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> _Tails:
        return _Tails(self.docks[chosen], self.same_wh[chosen], self.later_wh[chosen], self.ms[chosen])


class _Town:
    """Docks as one vehicle type sees them: legs from dock to dock, infinite where there is no way."""

    def __init__(self, problem: Problem, type_index: int) -> None:
        self.problem, self.type_index = problem, type_index
        self.kind: VehicleType = problem.types[type_index]
        self.usable_wh = self.kind.battery_wh - self.kind.reserve_wh + _ROUNDING
        self.nodes = np.array([dock.node for dock in problem.docks], dtype=np.int64)
        self.ms, self.effort = self.legs(self.nodes, self.nodes)
        self.fills = np.array([i for i, d in enumerate(problem.docks) if d.charger is not None], dtype=np.int64)
        self.fixed = np.array([float(d.charger.fixed_ms) for d in problem.docks if d.charger is not None])
        self.between = np.ix_(self.fills, self.fills)
        self.worst = closure(self.effort[self.between], np.maximum)
        self._tails: dict[tuple[int, ...], _Tails] = {}
        self._hops: dict[int, Floats] = {}

    def legs(self, rows: np.ndarray[tuple[int], np.dtype[np.int64]], columns: object) -> tuple[Floats, Floats]:
        """Time and effort from each of `rows` to each of `columns`."""
        block = self.problem.ways[self.type_index].block(rows, np.asarray(columns, dtype=np.int64))
        barred = block.travel_ms >= UNREACHABLE_MS
        return np.where(barred, np.inf, block.travel_ms), np.where(barred, np.inf, block.effort_h)

    def wh(self, effort: Floats, load_kg: float) -> Floats:
        """Energy of legs; infinite where there is no way, also for who draws nothing."""
        if self.kind.power_coefficient == 0.0:
            return np.where(np.isinf(effort), np.inf, 0.0)
        power = self.kind.power_coefficient * (self.kind.empty_kg + load_kg) ** self.kind.mass_exponent
        return np.asarray(effort * power)

    def hops_ms(self, load_kg: float) -> Floats:
        """Time from charger to charger by any number of others, each leg with a full battery."""
        allowed = self.wh(self.effort[self.between], load_kg) <= self.usable_wh
        # What a heavier load is allowed a lighter one is too, so that their number says which legs they are.
        count = int(allowed.sum())
        if count not in self._hops:
            ms = np.where(allowed, self.ms[self.between], np.inf)
            self._hops[count] = closure(ms + self.fixed[None, :], np.add)
        return self._hops[count]

    def tails(self, ends: tuple[int, ...]) -> _Tails:
        """All ways to end a route at one of `ends` (empty: any dock)."""
        if ends not in self._tails:
            self._tails[ends] = self._tails_to(
                np.array(sorted(set(ends) or range(len(self.nodes))), dtype=np.int64)
            )
        return self._tails[ends]

    def _tails_to(self, ends: np.ndarray[tuple[int], np.dtype[np.int64]]) -> _Tails:
        last_h = self.effort[np.ix_(self.fills, ends)].min(axis=1, initial=np.inf)
        last_ms = self.fixed + self.ms[np.ix_(self.fills, ends)].min(axis=1, initial=np.inf)
        later_h = np.maximum(self.worst, last_h[None, :]).min(axis=1, initial=np.inf)
        hops = closure(self.ms[self.between] + self.fixed[:, None], np.add)
        onward_ms = (hops + last_ms[None, :]).min(axis=1, initial=np.inf)
        takers = np.array([i for i, dock in enumerate(self.problem.docks) if dock.accepts], dtype=np.int64)
        here = takers[np.isin(takers, ends)]
        to_end, to_fill = np.ix_(takers, ends), np.ix_(takers, self.fills)
        docks = [here, np.repeat(takers, len(ends)), np.repeat(takers, len(self.fills))]
        same = [np.zeros(len(here)), self.effort[to_end].ravel(), self.effort[to_fill].ravel()]
        later = [np.zeros(len(here)), np.zeros(len(takers) * len(ends)), np.tile(later_h, len(takers))]
        ms = [np.zeros(len(here)), self.ms[to_end].ravel(), (self.ms[to_fill] + onward_ms[None, :]).ravel()]
        tails = _Tails(
            np.concatenate(docks),
            self.wh(np.concatenate(same), 0.0),
            self.wh(np.concatenate(later), 0.0),
            np.concatenate(ms),
        )
        finite = np.isfinite(tails.ms) & np.isfinite(tails.later_wh) & np.isfinite(tails.same_wh)
        return _undominated(tails.only(finite))


def _undominated(tails: _Tails) -> _Tails:
    """`tails` without those for which there is another at the same dock, with no more energy and no later."""
    order = np.lexsort((tails.later_wh, tails.same_wh, tails.ms, tails.docks))
    kept: list[int] = []
    begins = np.flatnonzero(np.diff(tails.docks[order], prepend=-1))
    for group in np.split(order, begins[1:]) if len(order) else []:
        same, later, ms = tails.same_wh[group], tails.later_wh[group], tails.ms[group]
        better = (same[:, None] <= same) & (later[:, None] <= later) & (ms[:, None] <= ms)
        # Of equal ones the first stays.
        kept += group[~np.triu(better, 1).any(axis=0)].tolist()
    chosen = np.zeros(len(tails.docks), dtype=np.bool_)
    chosen[kept] = True
    return tails.only(chosen)


def closure(hops: Floats, join: np.ufunc) -> Floats:
    """Least label from each to each by any number of hops (Floyd, 1962); `join` adds up times or takes the worst
    effort. From a place to itself it is nothing."""
    best = hops.copy()
    np.fill_diagonal(best, 0.0)
    for via in range(len(best)):
        best = np.minimum(best, join(best[:, via, None], best[None, via, :]))
    return best


class Hurdles:
    """Verdicts on vehicles and pickups of one problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._towns: dict[int, _Town] = {}
        self._outs: dict[int, _Out] = {}
        self._starts: dict[int, Start] = {}
        self._accepted = frozenset[str]().union(*(dock.accepts for dock in problem.docks))
        # Of vehicles that are alike the first counts: the others miss by no less.
        first: dict[Vehicle, int] = {}
        for number, vehicle in enumerate(problem.vehicles):
            first.setdefault(replace(vehicle, id=""), number)
        self._different = tuple(first.values())
        self._direct: Direct | None = None

    def reason(self, index: int) -> tuple[Verdict, int] | None:
        """The hurdle of the vehicle that gets furthest, and which that is; None where one meets no hurdle, or
        there is no vehicle."""
        if self._direct is None:
            starts = [self._start(vehicle) for vehicle in range(len(self.problem.vehicles))]
            self._direct = Direct(self.problem, starts, _ROUNDING)
        if self._direct.somebody(index):
            return None
        verdicts: dict[int, Verdict] = {}
        for vehicle in self._nearest_first(index):
            verdict = self.verdict(vehicle, index)
            if verdict is None:
                return None
            verdicts[vehicle] = verdict
        if not verdicts:
            return None
        who = max(self._different, key=lambda vehicle: _rank(verdicts[vehicle]))
        return verdicts[who], who

    def _nearest_first(self, index: int) -> list[int]:
        """Vehicles that differ, by the time that they need to a pickup."""
        node = np.array([self.problem.pickups[index].node], dtype=np.int64)
        ms = np.zeros(len(self._different))
        for number, ways in enumerate(self.problem.ways):
            mine = [k for k, v in enumerate(self._different) if self.problem.vehicles[v].type == number]
            starts = np.array([self._start(self._different[k]).node for k in mine], dtype=np.int64)
            ms[mine] = ways.block(starts, node).travel_ms[:, 0]
        return [self._different[k] for k in np.argsort(ms, kind="stable").tolist()]

    def verdict(self, vehicle: int, index: int) -> Verdict | None:
        """The first hurdle that a vehicle meets, or None."""
        me, pickup = self.problem.vehicles[vehicle], self.problem.pickups[index]
        kind = self.problem.types[me.type]
        if pickup.mass_kg > kind.payload_kg + _ROUNDING:
            return "too-heavy", pickup.mass_kg, kind.payload_kg
        if pickup.volume_l > kind.volume_l + _ROUNDING:
            return "too-voluminous", pickup.volume_l, kind.volume_l
        if not pickup.needs <= kind.certificates:
            return "not-certified", float(len(pickup.needs)), float(len(pickup.needs & kind.certificates))
        if pickup.material not in self._accepted:
            return "not-accepted", 1.0, 0.0
        town = self._town(me.type)
        tails = town.tails(me.ends)
        takes = np.array([pickup.material in dock.accepts for dock in self.problem.docks])
        tails = tails.only(takes[tails.docks])
        return _Way(town, me, pickup, self._out(vehicle), tails).hurdle()

    def _town(self, type_index: int) -> _Town:
        if type_index not in self._towns:
            self._towns[type_index] = _Town(self.problem, type_index)
        return self._towns[type_index]

    def _start(self, vehicle: int) -> Start:
        if vehicle not in self._starts:
            self._starts[vehicle] = self._free(vehicle)
        return self._starts[vehicle]

    def _free(self, vehicle: int) -> Start:
        """Where and when a vehicle is free, at the soonest, and what is then missing to a full battery."""
        me = self.problem.vehicles[vehicle]
        kind, town = self.problem.types[me.type], self._town(me.type)
        if not me.committed:
            used = 0.0 if math.isinf(kind.battery_wh) else max(0.0, kind.battery_wh - me.battery_wh)
            return Start(me.node, float(me.ready_ms), used)
        node, ms = me.node, float(me.ready_ms)
        for what, at in me.committed:
            to = self.problem.pickups[at].node if what == "pickup" else self.problem.docks[at].node
            ms += float(town.legs(np.array([node]), [to])[0][0, 0])
            node = to
            if what == "pickup":
                ms = max(ms, self.problem.pickups[at].earliest_ms) + self.problem.pickups[at].service_ms
        return Start(node, ms if ms < math.inf else float(UNREACHABLE_MS), 0.0)

    def _out(self, vehicle: int) -> _Out:
        if vehicle not in self._outs:
            start, town = self._start(vehicle), self._town(self.problem.vehicles[vehicle].type)
            ms, effort = (leg[0] for leg in town.legs(np.array([start.node]), town.nodes[town.fills]))
            first_wh = start.used_wh + town.wh(effort, 0.0)
            worst = np.maximum(first_wh[:, None], town.wh(town.worst, 0.0)).min(axis=0, initial=np.inf)
            hops = town.hops_ms(0.0)
            first_ms = np.where(first_wh <= town.usable_wh, start.ms + ms + town.fixed, np.inf)
            spent = (first_ms[:, None] + hops).min(axis=0, initial=np.inf)
            self._outs[vehicle] = _Out(
                np.append(town.nodes[town.fills], start.node),
                np.append(worst, 0.0),
                np.append(spent, float(start.ms)),
                np.append(np.zeros(len(spent)), start.used_wh),
            )
        return self._outs[vehicle]


class _Way:
    """One vehicle, one pickup, and the ways between them."""

    def __init__(self, town: _Town, me: Vehicle, pickup: Pickup, out: _Out, tails: _Tails) -> None:
        self.town, self.me, self.pickup, self.out, self.tails = town, me, pickup, out, tails
        there_ms, there_h = town.legs(out.nodes, [pickup.node])
        on_ms, on_h = town.legs(np.array([pickup.node]), town.nodes)
        self.there_ms, self.on_ms = there_ms[:, 0], on_ms[0]
        self.used_wh = out.used_wh + town.wh(there_h[:, 0], 0.0)
        self.on_wh = town.wh(on_h[0], pickup.mass_kg)

    def hurdle(self) -> Verdict | None:
        """The first one; on ways that may charge between the pickup and unloading."""
        town, tails = self.town, self.tails
        after = self.on_wh[tails.docks] + tails.same_wh
        later = tails.later_wh
        load = self.pickup.mass_kg
        to = town.wh(town.effort[np.ix_(town.fills, tails.docks)], load) + tails.same_wh[None, :]
        last = np.maximum(to, tails.later_wh[None, :]).min(axis=1, initial=np.inf)
        last = np.maximum(town.wh(town.worst, load), last[None, :]).min(axis=1, initial=np.inf)
        after, later = np.append(after, self.on_wh[town.fills]), np.append(later, last)
        need = np.maximum(self.used_wh[:, None] + after[None, :], later[None, :])
        need = np.maximum(need, self.out.worst_wh[:, None])
        least = float(need.min(initial=np.inf))
        if math.isinf(least):
            return "no-legal-path", 1.0, 0.0
        if least > town.usable_wh:
            return "battery", least, town.usable_wh - _ROUNDING
        return self._too_late(need <= town.usable_wh)

    def _too_late(self, possible: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> Verdict | None:
        pickup, town, tails = self.pickup, self.town, self.tails
        arrive = np.maximum(self.out.ms, pickup.release_ms) + self.there_ms
        done = np.maximum(arrive, pickup.earliest_ms) + pickup.service_ms
        first = float(done[possible.any(axis=1)].min(initial=np.inf))
        if first > pickup.latest_ms:
            return "window", first, float(pickup.latest_ms)
        possible &= (done <= pickup.latest_ms)[:, None]
        soonest = np.where(possible, done[:, None], np.inf).min(axis=0, initial=np.inf)
        count = len(tails.docks)
        at_tail = soonest[:count] + self.on_ms[tails.docks]
        charged = soonest[count:] + self.on_ms[town.fills] + town.fixed
        charged = (charged[:, None] + town.hops_ms(pickup.mass_kg)).min(axis=0, initial=np.inf)
        last = np.ix_(town.fills, tails.docks)
        enough = town.wh(town.effort[last], pickup.mass_kg) + tails.same_wh[None, :] <= town.usable_wh
        onward = np.where(enough & (tails.later_wh <= town.usable_wh)[None, :], town.ms[last], np.inf)
        at_tail = np.minimum(at_tail, (charged[:, None] + onward).min(axis=0, initial=np.inf))
        return self._over(at_tail)

    def _over(self, arrive: Floats) -> Verdict | None:
        """Hours and the end of the shift, by the first arrival for each tail."""
        over, closed = math.inf, None
        for at in np.flatnonzero(np.isfinite(arrive)):
            dock, when = self.town.problem.docks[self.tails.docks[at]], float(arrive[at])
            begin = _opening(dock, when)
            if begin is not None:
                over = min(over, begin + dock.unload_ms + float(self.tails.ms[at]))
            else:
                miss = _closing(dock, when)
                closed = min(closed or miss, miss, key=lambda pair: (pair[0] - pair[1], pair))
        by = float(min(self.me.until_ms, self.town.problem.end_ms))
        if math.isinf(over) and closed is not None:
            return "closed", *closed
        return ("shift", over, by) if by < over < math.inf else None


def _opening(dock: Dock, arrive: float) -> float | None:
    if not dock.hours:
        return arrive
    return min((max(arrive, a) for a, b in dock.hours if max(arrive, a) + dock.unload_ms <= b), default=None)


def _closing(dock: Dock, arrive: float) -> tuple[float, float]:
    last = [close - dock.unload_ms for begin, close in dock.hours if close - begin >= dock.unload_ms]
    if last:
        return arrive, float(max(last))
    return float(dock.unload_ms), float(max(close - begin for begin, close in dock.hours))


def _rank(verdict: Verdict) -> tuple[int, float]:
    code, need, limit = verdict
    return ORDER.index(code), limit - need
