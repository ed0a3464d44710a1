"""The referee's other half: whether a pickup that was left out could have been had.

Written from the words of `ReasonCode` in `fleet.plan.problem` alone. Ways by chargers are found by Dijkstra's
algorithm over the chargers, once for energy and once for time, out to the pickup and back from it; the pickup
joins an end of the one to an end of the other.
"""

from __future__ import annotations

import heapq
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from fleet.plan.problem import UNREACHABLE_MS, Floats, Problem, ReasonCode

TOLERANCE = 1e-6
"""Kilograms, litres and watt-hours that rounding may cost."""

Nodes = npt.NDArray[np.int64]
Verdict = tuple[ReasonCode, float, float]
"""A code, what is needed and what there is."""

_CODES: tuple[ReasonCode, ...] = get_args(ReasonCode)
_What = Literal["wh", "ms"]


@dataclass(frozen=True, slots=True)
class _Ends:
    """Nodes where a stretch may begin or end, each with what lies before or after it."""

    nodes: Nodes
    labels: Floats

    @staticmethod
    def of(pairs: list[tuple[int, float]]) -> _Ends:
        nodes = np.array([node for node, _ in pairs], dtype=np.int64)
        return _Ends(nodes, np.array([label for _, label in pairs], dtype=np.float64))


def leg_energy_wh(problem: Problem, kind: int, start: int, end: int, load_kg: float) -> float:
    """Energy of a leg by the formula of `fleet.plan.problem`; infinite where there is no legal way."""
    if problem.travel_ms[kind][start, end] >= UNREACHABLE_MS:
        return math.inf
    vehicle = problem.types[kind]
    mass = math.pow(vehicle.empty_kg + load_kg, vehicle.mass_exponent)
    return vehicle.power_coefficient * mass * float(problem.effort_h[kind][start, end])


def _leg_energies_wh(problem: Problem, kind: int, start: int | Nodes, end: int | Nodes, load_kg: float) -> Floats:
    """`leg_energy_wh` for one end that is many."""
    vehicle = problem.types[kind]
    power = vehicle.power_coefficient * math.pow(vehicle.empty_kg + load_kg, vehicle.mass_exponent)
    barred = problem.travel_ms[kind][start, end] >= UNREACHABLE_MS
    # Nothing times infinity is no number, and who walks draws nothing.
    effort_h = np.where(barred, 0.0, problem.effort_h[kind][start, end])
    return np.where(barred, math.inf, power * effort_h)


def _spread(
    seeds: dict[int, float], step: Callable[[int, int], float], join: Callable[[float, float], float]
) -> dict[int, float]:
    """Least label of every charger from `seeds`; the label grows from a to b by `join(label, step(a, b))`.

    Dijkstra, 1959; `join` is a sum for times and a maximum for the energy of the worst stretch.
    """
    best: dict[int, float] = {}
    heap = [(label, dock) for dock, label in seeds.items() if label < math.inf]
    heapq.heapify(heap)
    while heap:
        label, at = heapq.heappop(heap)
        if at in best:
            continue
        best[at] = label
        for to in seeds:
            onward = join(label, step(at, to))
            if to not in best and onward < math.inf:
                heapq.heappush(heap, (onward, to))
    return best


class Prover:
    """What each vehicle could do alone, as `ReasonCode` defines it."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.chargers = {i: d.charge_ms for i, d in enumerate(problem.docks) if d.charge_ms is not None}
        self._out = lru_cache(maxsize=None)(self._way_out)
        self._back = lru_cache(maxsize=None)(self._way_back)

    def reasons(self, pickup_index: int) -> list[Verdict]:
        """The true verdict; more than one where vehicles miss by the same."""
        verdicts: list[Verdict] = []
        for vehicle in range(len(self.problem.vehicles)):
            verdict = self._alone(vehicle, pickup_index)
            if verdict is None:
                verdicts.clear()
                break
            verdicts.append(verdict)
        if not verdicts:
            return [("fleet-busy", 1.0, 0.0)]
        furthest = max(_CODES.index(code) for code, _, _ in verdicts)
        far = [v for v in verdicts if v[0] == _CODES[furthest]]
        least = min(need - limit for _, need, limit in far)
        return [v for v in far if v[1] - v[2] <= least + TOLERANCE]

    def _alone(self, vehicle_index: int, pickup_index: int) -> Verdict | None:
        vehicle, pickup = self.problem.vehicles[vehicle_index], self.problem.pickups[pickup_index]
        kind = self.problem.types[vehicle.type]
        if pickup.mass_kg > kind.payload_kg + TOLERANCE:
            return "too-heavy", pickup.mass_kg, kind.payload_kg
        if pickup.volume_l > kind.volume_l + TOLERANCE:
            return "too-voluminous", pickup.volume_l, kind.volume_l
        if pickup.hazardous and not kind.hazmat:
            return "not-certified", 1.0, 0.0
        if not any(pickup.material in dock.accepts for dock in self.problem.docks):
            return "not-accepted", 1.0, 0.0
        need = self._least_charge(vehicle.type, vehicle.node, pickup_index)
        if math.isinf(need):
            return "no-legal-path", 1.0, 0.0
        if need > kind.battery_wh - kind.reserve_wh + TOLERANCE:
            return "battery", need, kind.battery_wh - kind.reserve_wh
        return self._too_late(vehicle_index, pickup_index)

    def _least_charge(self, kind: int, start: int, pickup_index: int) -> float:
        out, back = self._out(kind, start, "wh"), self._back(kind, pickup_index, "wh")
        stretch = self._stretches(kind, out.nodes, pickup_index, back.nodes)
        worst = np.maximum(np.maximum(out.labels[:, None], stretch), back.labels[None, :])
        return float(worst.min(initial=math.inf))

    def _too_late(self, vehicle_index: int, pickup_index: int) -> Verdict | None:
        vehicle, pickup = self.problem.vehicles[vehicle_index], self.problem.pickups[pickup_index]
        kind, travel = self.problem.types[vehicle.type], self.problem.travel_ms[vehicle.type]
        usable = kind.battery_wh - kind.reserve_wh + TOLERANCE
        out, back = self._out(vehicle.type, vehicle.node, "ms"), self._back(vehicle.type, pickup_index, "ms")
        possible = self._stretches(vehicle.type, out.nodes, pickup_index, back.nodes) <= usable
        there = vehicle.ready_ms + out.labels + travel[out.nodes, pickup.node]
        done = np.maximum(there, pickup.earliest_ms) + pickup.service_ms
        served = float(done[possible.any(axis=1)].min(initial=math.inf))
        if served > pickup.latest_ms:
            return "window", served, pickup.latest_ms
        home = done[:, None] + (travel[pickup.node, back.nodes] + back.labels)[None, :]
        possible &= (done <= pickup.latest_ms)[:, None]
        unloaded = float(home[possible].min(initial=math.inf))
        return ("window", unloaded, self.problem.end_ms) if unloaded > self.problem.end_ms else None

    def _stretches(self, kind: int, before: Nodes, pickup_index: int, after: Nodes) -> Floats:
        """Energy from each of `before`, empty, by the pickup, to each of `after`, with it on board."""
        pickup = self.problem.pickups[pickup_index]
        out = _leg_energies_wh(self.problem, kind, before, pickup.node, 0.0)
        back = _leg_energies_wh(self.problem, kind, pickup.node, after, pickup.mass_kg)
        return np.asarray(out[:, None] + back[None, :])

    def _leg(self, kind: int, load_kg: float, what: _What) -> Callable[[int, int], float]:
        """Of the leg between two nodes: its energy, or its time where a full battery suffices."""

        def leg(start: int, end: int) -> float:
            energy = leg_energy_wh(self.problem, kind, start, end, load_kg)
            if what == "wh":
                return energy
            vehicle = self.problem.types[kind]
            enough = energy <= vehicle.battery_wh - vehicle.reserve_wh + TOLERANCE
            return int(self.problem.travel_ms[kind][start, end]) if enough else math.inf

        return leg

    def _way_out(self, kind: int, start: int, what: _What) -> _Ends:
        """Where the last stretch to the pickup may begin, and what it takes to stand there with a full battery."""
        leg, docks = self._leg(kind, 0.0, what), self.problem.docks
        fill = {c: ms if what == "ms" else 0 for c, ms in self.chargers.items()}
        seeds = {c: leg(start, docks[c].node) + fill[c] for c in fill}
        labels = _spread(seeds, lambda a, b: leg(docks[a].node, docks[b].node) + fill[b], _join(what))
        return _Ends.of([(start, 0.0), *((docks[c].node, label) for c, label in labels.items())])

    def _way_back(self, kind: int, pickup_index: int, what: _What) -> _Ends:
        """Where the first stretch from the pickup may end, and what it takes from there until it is unloaded."""
        pickup, docks = self.problem.pickups[pickup_index], self.problem.docks
        leg, join = self._leg(kind, pickup.mass_kg, what), _join(what)
        fill = {c: ms if what == "ms" else 0 for c, ms in self.chargers.items()}
        takers = [(d.node, d.unload_ms if what == "ms" else 0.0) for d in docks if pickup.material in d.accepts]
        seeds = {c: min(join(leg(docks[c].node, node) + fill[c], rest) for node, rest in takers) for c in fill}
        labels = _spread(seeds, lambda a, b: leg(docks[b].node, docks[a].node) + fill[b], join)
        return _Ends.of([*takers, *((docks[c].node, label) for c, label in labels.items())])


def _join(what: _What) -> Callable[[float, float], float]:
    return max if what == "wh" else operator.add
