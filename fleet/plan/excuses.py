"""The referee's other half: whether a hurdle bars a pickup that was left out.

Written from the words of `ReasonCode` in `fleet.plan.problem` alone. A vehicle's way falls into three parts: out
to the pickup by chargers, empty; on to a dock that takes it, by chargers, loaded; and on to where the route may
end, by chargers, empty again. Each part is found by Dijkstra's algorithm over the chargers, once for energy (the
worst stretch between two charges) and once for time. The stretch that holds the pickup joins an end of the first
part to an end of the second; the one that holds the unloading joins the second to the third.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple, get_args

import numpy as np

from fleet.plan.problem import UNREACHABLE_MS, Charger, Dock, Pickup, Problem, ReasonCode, Vehicle, VehicleType

TOLERANCE = 1e-6
"""Kilograms, litres and watt-hours that rounding may cost."""

Verdict = tuple[ReasonCode, float, float, int]
"""A code, what is needed, what there is, and the vehicle (-1: any or none)."""

_CODES: tuple[ReasonCode, ...] = get_args(ReasonCode)


def charging_ms(charger: Charger, amount_wh: float) -> int:
    """How long a charge of `amount_wh` takes."""
    if charger.mode == "swap":
        return charger.fixed_ms
    return charger.fixed_ms + math.ceil(charger.ms_per_wh * amount_wh - TOLERANCE)


class _Leg(NamedTuple):
    """Infinite where there is no legal way."""

    ms: float
    effort_h: float


class _Tail(NamedTuple):
    """A way to end a route after unloading at `dock`: energy in the same stretch, the worst stretch after it, and
    time, all from the end of unloading."""

    dock: int
    same_wh: float
    later_wh: float
    ms: float


@dataclass(frozen=True, slots=True)
class _Start:
    """Where, when and with how much of the battery used a vehicle begins to be free."""

    node: int
    ms: int
    used_wh: float


def _dijkstra(
    seeds: Mapping[int, float], to: Iterable[int], grow: Callable[[float, int, int], float]
) -> dict[int, float]:
    """Least label of each of `to`; the label L at a becomes `grow(L, a, b)` at b, and never less."""
    best: dict[int, float] = {}
    heap = [(label, dock) for dock, label in seeds.items() if label < math.inf]
    heapq.heapify(heap)
    targets = sorted(to)
    while heap:
        label, at = heapq.heappop(heap)
        if at in best:
            continue
        best[at] = label
        for onward in targets:
            if onward not in best and (next_label := grow(label, at, onward)) < math.inf:
                heapq.heappush(heap, (next_label, onward))
    return best


class Prover:
    """What each vehicle could do alone, as `ReasonCode` defines it."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.chargers = {i: d.charger.fixed_ms for i, d in enumerate(problem.docks) if d.charger is not None}
        self._legs: dict[tuple[int, int, int], _Leg] = {}
        self._tails = lru_cache(maxsize=None)(self._tails_of)
        self._starts = [self._start(index) for index in range(len(problem.vehicles))]
        first: dict[Vehicle, int] = {}
        alike = [replace(vehicle, id="") for vehicle in problem.vehicles]
        self._like = [first.setdefault(vehicle, index) for index, vehicle in enumerate(alike)]
        """The first vehicle that is like each one."""

    def verdicts(self, pickup_index: int) -> list[Verdict]:
        """The true verdict; more than one where vehicles miss by the same."""
        found: list[Verdict] = []
        known: dict[int, Verdict] = {}
        for vehicle, like in enumerate(self._like):
            verdict = known[like] if like in known else self._alone(vehicle, pickup_index)
            if verdict is None:
                return [("fleet-busy", 1.0, 0.0, -1)]
            known[like] = verdict
            found.append((*verdict[:3], vehicle))
        if not found:
            return [("fleet-busy", 1.0, 0.0, -1)]
        furthest = max(_CODES.index(verdict[0]) for verdict in found)
        far = [v for v in found if v[0] == _CODES[furthest]]
        least = min(need - limit for _, need, limit, _ in far)
        return [v for v in far if v[1] - v[2] <= least + TOLERANCE]

    def _alone(self, index: int, pickup_index: int) -> Verdict | None:
        pickup = self.problem.pickups[pickup_index]
        kind = self.problem.types[self.problem.vehicles[index].type]
        if pickup.mass_kg > kind.payload_kg + TOLERANCE:
            return "too-heavy", pickup.mass_kg, kind.payload_kg, index
        if pickup.volume_l > kind.volume_l + TOLERANCE:
            return "too-voluminous", pickup.volume_l, kind.volume_l, index
        if not pickup.needs <= kind.certificates:
            return "not-certified", len(pickup.needs), len(pickup.needs & kind.certificates), index
        if not any(pickup.material in dock.accepts for dock in self.problem.docks):
            return "not-accepted", 1.0, 0.0, index
        return _Trip(self, index, pickup, self._starts[index]).verdict()

    # ------------------------------------------------------------------------------------------------ legs

    def leg(self, kind: int, start: int, end: int) -> _Leg:
        """A leg between two nodes."""
        key = kind, start, end
        if key not in self._legs:
            block = self.problem.ways[kind].block(np.array([start]), np.array([end]))
            ms = int(block.travel_ms[0, 0])
            free = ms < UNREACHABLE_MS
            self._legs[key] = _Leg(ms, float(block.effort_h[0, 0])) if free else _Leg(math.inf, math.inf)
        return self._legs[key]

    def energy_wh(self, kind: int, start: int, end: int, load_kg: float) -> float:
        """What a leg between two nodes takes; infinite where there is no legal way."""
        vehicle, leg = self.problem.types[kind], self.leg(kind, start, end)
        if math.isinf(leg.ms):
            return math.inf
        if vehicle.power_coefficient == 0:
            return 0.0
        return (
            vehicle.power_coefficient * math.pow(vehicle.empty_kg + load_kg, vehicle.mass_exponent) * leg.effort_h
        )

    def tails(self, kind: int, ends: tuple[int, ...]) -> list[_Tail]:
        """All ways to end a route that may end at `ends`."""
        return self._tails(kind, tuple(sorted(set(ends) or range(len(self.problem.docks)))))

    def _start(self, index: int) -> _Start:
        vehicle = self.problem.vehicles[index]
        capacity = self.problem.types[vehicle.type].battery_wh
        node, ms = vehicle.node, float(vehicle.ready_ms)
        for what, at in vehicle.committed:
            place: Pickup | Dock = self.problem.pickups[at] if what == "pickup" else self.problem.docks[at]
            ms += self.leg(vehicle.type, node, place.node).ms
            node = place.node
            if isinstance(place, Pickup):
                ms = max(ms, place.earliest_ms) + place.service_ms
        used = 0.0 if vehicle.committed or math.isinf(capacity) else max(0.0, capacity - vehicle.battery_wh)
        return _Start(node, int(ms) if ms < math.inf else UNREACHABLE_MS, used)

    def _tails_of(self, kind: int, ends: tuple[int, ...]) -> list[_Tail]:
        docks = self.problem.docks

        def worse(label: float, at: int, onward: int) -> float:
            return max(label, self.energy_wh(kind, docks[onward].node, docks[at].node, 0.0))

        def longer(label: float, at: int, onward: int) -> float:
            return label + self.leg(kind, docks[onward].node, docks[at].node).ms + self.chargers[onward]

        # Labels are of what lies ahead of a charger; a charger where the route may end has nothing ahead.
        later: dict[int, float] = {}
        ms: dict[int, float] = {}
        for dock in self.chargers:
            last = [(self.energy_wh(kind, docks[dock].node, docks[e].node, 0.0), e) for e in ends]
            later[dock] = min(energy for energy, _ in last)
            ms[dock] = self.chargers[dock] + min(self.leg(kind, docks[dock].node, docks[e].node).ms for e in ends)
        later = _dijkstra(later, self.chargers, worse)
        ms = _dijkstra(ms, self.chargers, longer)
        tails: list[_Tail] = []
        for dock, site in enumerate(docks):
            if not site.accepts:
                continue
            ways = [_Tail(dock, 0.0, 0.0, 0.0)] if dock in ends else []
            for e in ends:
                energy, leg = (
                    self.energy_wh(kind, site.node, docks[e].node, 0.0),
                    self.leg(kind, site.node, docks[e].node),
                )
                ways.append(_Tail(dock, energy, 0.0, leg.ms))
            for c in later:
                energy, leg = (
                    self.energy_wh(kind, site.node, docks[c].node, 0.0),
                    self.leg(kind, site.node, docks[c].node),
                )
                ways.append(_Tail(dock, energy, later[c], leg.ms + ms[c]))
            tails += _best([way for way in ways if way.ms < math.inf])
        return tails


def _best(ways: list[_Tail]) -> list[_Tail]:
    """`ways` without those that another is no worse than in every respect."""
    kept: list[_Tail] = []
    for way in sorted(ways, key=lambda w: w[1:]):
        if not any(k.same_wh <= way.same_wh and k.later_wh <= way.later_wh and k.ms <= way.ms for k in kept):
            kept.append(way)
    return kept


class _Trip:
    """One vehicle and one pickup that it could carry."""

    def __init__(self, prover: Prover, index: int, pickup: Pickup, start: _Start) -> None:
        self.prover, self.problem, self.index, self.pickup, self.start = (
            prover,
            prover.problem,
            index,
            pickup,
            start,
        )
        self.me = self.problem.vehicles[index]
        self.kind: VehicleType = self.problem.types[self.me.type]
        self.usable_wh = self.kind.battery_wh - self.kind.reserve_wh
        tails = prover.tails(self.me.type, self.me.ends)
        self.tails = [t for t in tails if pickup.material in self.problem.docks[t.dock].accepts]
        self.full = [d.node for d in self.problem.docks]
        # (node, dock or -1, energy used since full) of everywhere that the stretch to the pickup may begin.
        self.before = [(start.node, -1, start.used_wh)]
        self.before += [(self.full[c], c, 0.0) for c in prover.chargers]

    def verdict(self) -> Verdict | None:
        """The first hurdle from `no-legal-path` on."""
        need = self._least_stretch()
        if math.isinf(need):
            return "no-legal-path", 1.0, 0.0, self.index
        if need > self.usable_wh + TOLERANCE:
            return "battery", need, self.usable_wh, self.index
        return self._too_late()

    def _empty(self, a: int, b: int) -> float:
        return self.prover.energy_wh(self.me.type, a, b, 0.0)

    def _loaded(self, a: int, b: int) -> float:
        return self.prover.energy_wh(self.me.type, a, b, self.pickup.mass_kg)

    def _ms(self, a: int, b: int) -> float:
        return self.prover.leg(self.me.type, a, b).ms

    def _worst_after(self) -> dict[int, float]:
        """Of every charger the worst stretch from there, loaded, until the route is over."""
        full = self.full
        seeds = {
            c: min(
                (max(self._loaded(full[c], full[t.dock]) + t.same_wh, t.later_wh) for t in self.tails),
                default=math.inf,
            )
            for c in self.prover.chargers
        }
        return _dijkstra(
            seeds, self.prover.chargers, lambda label, at, to: max(label, self._loaded(full[to], full[at]))
        )

    def _least_stretch(self) -> float:
        full, node = self.full, self.pickup.node
        first = {c: self.start.used_wh + self._empty(self.start.node, full[c]) for c in self.prover.chargers}
        out = _dijkstra(first, first, lambda label, at, to: max(label, self._empty(full[at], full[to])))
        after = [(self._loaded(node, full[t.dock]) + t.same_wh, t.later_wh) for t in self.tails]
        after += [(self._loaded(node, full[c]), worst) for c, worst in self._worst_after().items()]
        best = math.inf
        for begin, dock, used in self.before:
            worst_out = 0.0 if dock < 0 else out.get(dock, math.inf)
            there = used + self._empty(begin, node)
            for onward, later in after:
                best = min(best, max(worst_out, there + onward, later))
        return best

    def _too_late(self) -> Verdict | None:
        enough, full, node = self.usable_wh + TOLERANCE, self.full, self.pickup.node
        tails = [t for t in self.tails if t.later_wh <= enough]
        by_charger = {c for c, worst in self._worst_after().items() if worst <= enough}
        served = {
            dock: (ms, used) for dock, ms, used in self._services() if self._goes_on(used, tails, by_charger)
        }
        if not served:
            return None  # energy and time each have a way; that both have the same is not asked
        first = min(ms for ms, _ in served.values())
        if first > self.pickup.latest_ms:
            return "window", first, self.pickup.latest_ms, self.index
        in_time = [(ms, used) for ms, used in served.values() if ms <= self.pickup.latest_ms]
        seeds = {
            c: min(
                (
                    ms + self._ms(node, full[c])
                    for ms, used in in_time
                    if used + self._loaded(node, full[c]) <= enough
                ),
                default=math.inf,
            )
            + self.prover.chargers[c]
            for c in by_charger
        }
        charged = _dijkstra(seeds, by_charger, self._later_if(self._loaded))
        arrivals: list[tuple[float, _Tail]] = []
        for tail in tails:
            at = full[tail.dock]
            ways = [
                ms + self._ms(node, at)
                for ms, used in in_time
                if used + self._loaded(node, at) + tail.same_wh <= enough
            ]
            ways += [
                ms + self._ms(full[c], at)
                for c, ms in charged.items()
                if self._loaded(full[c], at) + tail.same_wh <= enough
            ]
            if ways and min(ways) < math.inf:
                arrivals.append((min(ways), tail))
        return self._over(arrivals)

    def _later_if(self, energy: Callable[[int, int], float]) -> Callable[[float, int, int], float]:
        """Time over legs for which a full battery suffices, and a charge at the end of each."""

        def later(label: float, at: int, to: int) -> float:
            a, b = self.full[at], self.full[to]
            if energy(a, b) > self.usable_wh + TOLERANCE:
                return math.inf
            return label + self._ms(a, b) + self.prover.chargers[to]

        return later

    def _services(self) -> Iterable[tuple[int, float, float]]:
        """(where the stretch began, end of service, energy used by then) for every way out."""
        first = {
            c: self.start.ms + self._ms(self.start.node, self.full[c]) + fixed
            for c, fixed in self.prover.chargers.items()
            if self.start.used_wh + self._empty(self.start.node, self.full[c]) <= self.usable_wh + TOLERANCE
        }
        ready: dict[int, float] = {-1: self.start.ms}
        ready.update(_dijkstra(first, self.prover.chargers, self._later_if(self._empty)))
        for begin, dock, used in self.before:
            if dock in ready:
                leaves = max(ready[dock], self.pickup.release_ms)
                arrives = leaves + self._ms(begin, self.pickup.node)
                done = max(arrives, self.pickup.earliest_ms) + self.pickup.service_ms
                yield dock, done, used + self._empty(begin, self.pickup.node)

    def _goes_on(self, used_wh: float, tails: list[_Tail], by_charger: Iterable[int]) -> bool:
        """Whether the energy left after service is enough to end the route somehow."""
        enough, node = self.usable_wh + TOLERANCE, self.pickup.node
        return any(used_wh + self._loaded(node, self.full[t.dock]) + t.same_wh <= enough for t in tails) or any(
            used_wh + self._loaded(node, self.full[c]) <= enough for c in by_charger
        )

    def _over(self, arrivals: list[tuple[float, _Tail]]) -> Verdict | None:
        """Hours and the end of the shift, for the first arrival at each dock."""
        closed: list[tuple[float, float]] = []
        over: list[float] = []
        for arrive, tail in arrivals:
            dock = self.problem.docks[tail.dock]
            begins = [max(arrive, a) for a, b in dock.hours if max(arrive, a) + dock.unload_ms <= b]
            if dock.hours and not begins:
                closed.append(_closing(dock, arrive))
            else:
                over.append(min(begins, default=arrive) + dock.unload_ms + tail.ms)
        if closed and not over:
            need, limit = min(closed, key=lambda pair: (pair[0] - pair[1], pair))
            return "closed", need, limit, self.index
        by = min(self.me.until_ms, self.problem.end_ms)
        if over and min(over) > by:
            return "shift", min(over), by, self.index
        return None


def _closing(dock: Dock, arrive: float) -> tuple[float, float]:
    long_enough = [b - dock.unload_ms for a, b in dock.hours if b - a >= dock.unload_ms]
    if not long_enough:
        return dock.unload_ms, max(b - a for a, b in dock.hours)
    return arrive, max(long_enough)
