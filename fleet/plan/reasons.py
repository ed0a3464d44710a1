"""Why a pickup is left out: what even the ablest vehicle, empty and full of charge, would lack on its own.

`ReasonCode` in `fleet.plan.problem` defines the question. Most pickups that are left out some vehicle could fly to
directly, which is quickly seen. Only for the others are ways by chargers looked for: closures over the chargers,
one per vehicle type and load.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, get_args

import numpy as np

from fleet.plan.problem import UNREACHABLE_MS, Floats, Omission, Pickup, Problem, ReasonCode, Vehicle

_Verdict = tuple[ReasonCode, float, float]
_ORDER: tuple[ReasonCode, ...] = get_args(ReasonCode)
_ROUNDING = 1e-6
"""Kilograms, litres and watt-hours that are not worth a refusal."""


def reasons_for(problem: Problem, indices: Iterable[int]) -> tuple[Omission, ...]:
    """The reason that the ablest vehicle has, for each pickup; "fleet-busy" where one alone could have done it."""
    alone = _Alone(problem)
    return tuple(Omission(index, *_reason(alone, index)) for index in indices)


def _reason(alone: _Alone, index: int) -> _Verdict:
    best: _Verdict | None = None
    for vehicle in alone.problem.vehicles:
        verdict = alone.verdict(vehicle, index)
        if verdict is None:
            break
        if best is None or _rank(verdict) > _rank(best):
            best = verdict
    else:
        if best is not None:
            return best
    return "fleet-busy", 1.0, 0.0


def _energy_wh(power_w: float, effort_h: Floats) -> Floats:
    """Energy of legs; infinite where there is no way, also for who walks and draws nothing."""
    return effort_h * power_w if power_w > 0.0 else np.where(np.isinf(effort_h), np.inf, 0.0)


def _rank(verdict: _Verdict) -> tuple[int, float]:
    code, need, limit = verdict
    return _ORDER.index(code), limit - need


class _Ends(NamedTuple):
    """Nodes where a stretch to or from the pickup may end, and what lies beyond each: the worst effort (h) and
    the time (ms) of the legs there, infinite where there is no way."""

    nodes: np.ndarray[tuple[int], np.dtype[np.int64]]
    effort_h: Floats
    time_ms: Floats


class _Alone:
    """What each vehicle could do by itself."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        chargers = [(dock.node, dock.charge_ms) for dock in problem.docks if dock.charge_ms is not None]
        self.nodes = np.array([node for node, _ in chargers], dtype=np.int64)
        self.charge_ms = np.array([ms for _, ms in chargers], dtype=np.float64)
        self._tables: dict[int, tuple[Floats, Floats]] = {}
        self._out: dict[tuple[int, int], _Ends] = {}
        self._back: dict[tuple[int, int], _Ends] = {}

    def verdict(self, vehicle: Vehicle, index: int) -> _Verdict | None:
        """The first rule that `vehicle` would break, or None."""
        pickup, kind = self.problem.pickups[index], self.problem.types[vehicle.type]
        if pickup.mass_kg > kind.payload_kg + _ROUNDING:
            return "too-heavy", pickup.mass_kg, kind.payload_kg
        if pickup.volume_l > kind.volume_l + _ROUNDING:
            return "too-voluminous", pickup.volume_l, kind.volume_l
        if pickup.hazardous and not kind.hazmat:
            return "not-certified", 1.0, 0.0
        takers = self._takers(pickup)
        if not len(takers.nodes):
            return "not-accepted", 1.0, 0.0
        direct = _Ends(np.array([vehicle.node]), np.zeros(1), np.zeros(1))
        if self._way(vehicle, pickup, direct, takers) is None:
            return None
        return self._way(vehicle, pickup, self._ways_out(vehicle), self._ways_back(vehicle.type, index))

    def _way(self, vehicle: Vehicle, pickup: Pickup, out: _Ends, back: _Ends) -> _Verdict | None:
        """What is wrong with every way that joins an end of `out` to an end of `back`."""
        kind = self.problem.types[vehicle.type]
        effort, travel = self._legs(vehicle.type)
        empty_w, full_w = self._power_w(vehicle.type, 0.0), self._power_w(vehicle.type, pickup.mass_kg)
        there = _energy_wh(empty_w, effort[out.nodes, pickup.node])
        onward = _energy_wh(full_w, effort[pickup.node, back.nodes])
        beyond = np.maximum(_energy_wh(empty_w, out.effort_h)[:, None], _energy_wh(full_w, back.effort_h)[None, :])
        need = np.maximum(there[:, None] + onward[None, :], beyond)
        least, usable = float(need.min()), kind.battery_wh - kind.reserve_wh
        if np.isinf(least):
            return "no-legal-path", 1.0, 0.0
        if least > usable + _ROUNDING:
            return "battery", least, usable
        arrive = vehicle.ready_ms + out.time_ms + travel[out.nodes, pickup.node]
        done = np.maximum(arrive, pickup.earliest_ms) + pickup.service_ms
        served = np.where(need <= usable + _ROUNDING, done[:, None], np.inf)
        if served.min() > pickup.latest_ms:
            return "window", float(served.min()), float(pickup.latest_ms)
        over = served + (travel[pickup.node, back.nodes] + back.time_ms)[None, :]
        first = float(over[served <= pickup.latest_ms].min())
        return ("window", first, float(self.problem.end_ms)) if first > self.problem.end_ms else None

    def _power_w(self, type_index: int, load_kg: float) -> float:
        kind = self.problem.types[type_index]
        return float(kind.power_coefficient * (kind.empty_kg + load_kg) ** kind.mass_exponent)

    def _legs(self, type_index: int) -> tuple[Floats, Floats]:
        """Effort (h) and time (ms) between all nodes, infinite where there is no legal way."""
        if type_index not in self._tables:
            travel = self.problem.travel_ms[type_index]
            barred = travel >= UNREACHABLE_MS
            effort = np.where(barred, np.inf, self.problem.effort_h[type_index])
            self._tables[type_index] = effort, np.where(barred, np.inf, travel)
        return self._tables[type_index]

    def _allowed(self, type_index: int, load_kg: float) -> Floats:
        """Time (ms) between all nodes, infinite where a full battery is not enough for the leg."""
        kind = self.problem.types[type_index]
        effort, travel = self._legs(type_index)
        need = _energy_wh(self._power_w(type_index, load_kg), effort)
        return np.where(need <= kind.battery_wh - kind.reserve_wh + _ROUNDING, travel, np.inf)

    def _takers(self, pickup: Pickup) -> _Ends:
        takers = [dock for dock in self.problem.docks if pickup.material in dock.accepts]
        nodes = np.array([dock.node for dock in takers], dtype=np.int64)
        return _Ends(nodes, np.zeros(len(takers)), np.array([float(dock.unload_ms) for dock in takers]))

    def _ways_out(self, vehicle: Vehicle) -> _Ends:
        """The vehicle's own node, and every charger it can come to, empty."""
        key = vehicle.type, vehicle.node
        if key not in self._out:
            effort, _ = self._legs(vehicle.type)
            travel = self._allowed(vehicle.type, 0.0)
            between = np.ix_(self.nodes, self.nodes)
            worst = _closure(effort[between], np.maximum)
            spent = _closure(travel[between] + self.charge_ms[None, :], np.add)
            first_h = effort[vehicle.node, self.nodes]
            first_ms = travel[vehicle.node, self.nodes] + self.charge_ms
            self._out[key] = _Ends(
                np.append(self.nodes, vehicle.node),
                np.append(np.maximum(first_h[:, None], worst).min(axis=0, initial=np.inf), 0.0),
                np.append((first_ms[:, None] + spent).min(axis=0, initial=np.inf), 0.0),
            )
        return self._out[key]

    def _ways_back(self, type_index: int, index: int) -> _Ends:
        """Every taker, and every charger from which one can be reached, with pickup `index` on board."""
        key = type_index, index
        if key not in self._back:
            pickup = self.problem.pickups[index]
            takers = self._takers(pickup)
            effort, _ = self._legs(type_index)
            travel = self._allowed(type_index, pickup.mass_kg)
            between, last = np.ix_(self.nodes, self.nodes), np.ix_(self.nodes, takers.nodes)
            worst = _closure(effort[between], np.maximum)
            spent = _closure(self.charge_ms[:, None] + travel[between], np.add)
            last_h = effort[last].min(axis=1, initial=np.inf)
            last_ms = self.charge_ms + (travel[last] + takers.time_ms[None, :]).min(axis=1, initial=np.inf)
            self._back[key] = _Ends(
                np.append(self.nodes, takers.nodes),
                np.append(np.maximum(worst, last_h[None, :]).min(axis=1, initial=np.inf), takers.effort_h),
                np.append((spent + last_ms[None, :]).min(axis=1, initial=np.inf), takers.time_ms),
            )
        return self._back[key]


def _closure(hops: Floats, join: np.ufunc) -> Floats:
    """Least label from each to each by any number of hops (Floyd, 1962); `join` adds up times or takes the worst
    effort. From a place to itself it is nothing."""
    best = hops.copy()
    np.fill_diagonal(best, 0.0)
    for via in range(len(best)):
        best = np.minimum(best, join(best[:, via, None], best[None, via, :]))
    return best
