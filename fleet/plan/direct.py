"""Whether somebody could take a pickup straight there, on to a dock and no further: the quick answer for most.

Who can meets no hurdle (`fleet.plan.hurdles`). Who cannot may still do so by a charger, or by a dock that keeps
hours; that takes a closer look.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fleet.plan.problem import UNREACHABLE_MS, Floats, Problem, VehicleType

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_MOST = 4096
"""Pairs of a vehicle and a dock that are looked at; with more than that some are left to the closer look."""


class Start(NamedTuple):
    """Where and when a vehicle is free, at the soonest, and what is then missing to a full battery."""

    node: int
    ms: float
    used_wh: float


class _Pairs(NamedTuple):
    """A start and a dock without hours where the route may end, one entry each. `start` is a place in `starts`."""

    starts: Ints
    start: Ints
    dock: Ints
    free_ms: Floats
    used_wh: Floats
    by_ms: Floats


class Direct:
    """Vehicles of a problem that go to a pickup, to a dock, and are done."""

    def __init__(self, problem: Problem, starts: Sequence[Start], rounding: float) -> None:
        self.problem, self.rounding = problem, rounding
        self._pairs = [_pairs_of(problem, starts, number) for number in range(len(problem.types))]
        self._docks = np.array([dock.node for dock in problem.docks], dtype=np.int64)
        self._unload = np.array([dock.unload_ms for dock in problem.docks], dtype=np.float64)
        self._takes: dict[str, Bools] = {}

    def somebody(self, index: int) -> bool:
        """Whether some vehicle could; False means that it is not known."""
        return any(self._one_of(number, index) for number in range(len(self.problem.types)))

    def _one_of(self, number: int, index: int) -> bool:
        pickup, kind, pairs = self.problem.pickups[index], self.problem.types[number], self._pairs[number]
        fits = (
            pickup.mass_kg <= kind.payload_kg + self.rounding and pickup.volume_l <= kind.volume_l + self.rounding
        )
        if not fits or not pickup.needs <= kind.certificates or not len(pairs.start):
            return False
        node = np.array([pickup.node], dtype=np.int64)
        out, home = (
            self.problem.ways[number].block(*legs) for legs in ((pairs.starts, node), (node, self._docks))
        )
        there_ms, on_ms = out.travel_ms[:, 0][pairs.start], home.travel_ms[0][pairs.dock]
        done = np.maximum(np.maximum(pairs.free_ms, pickup.release_ms) + there_ms, pickup.earliest_ms)
        done = done + pickup.service_ms
        good = self._taking(pickup.material)[pairs.dock] & (there_ms < UNREACHABLE_MS) & (on_ms < UNREACHABLE_MS)
        good &= (done <= pickup.latest_ms) & (done + on_ms + self._unload[pairs.dock] <= pairs.by_ms)
        if kind.power_coefficient != 0.0 and good.any():
            wh = _power_w(kind, 0.0) * out.effort_h[:, 0][pairs.start]
            wh += _power_w(kind, pickup.mass_kg) * home.effort_h[0][pairs.dock]
            good &= pairs.used_wh + wh <= kind.battery_wh - kind.reserve_wh
        return bool(good.any())

    def _taking(self, material: str) -> Bools:
        if material not in self._takes:
            takes = [material in dock.accepts for dock in self.problem.docks]
            self._takes[material] = np.array(takes, dtype=np.bool_)
        return self._takes[material]


def _power_w(kind: VehicleType, load_kg: float) -> float:
    return kind.power_coefficient * float((kind.empty_kg + load_kg) ** kind.mass_exponent)


def _pairs_of(problem: Problem, starts: Sequence[Start], number: int) -> _Pairs:
    always = [i for i, dock in enumerate(problem.docks) if dock.accepts and not dock.hours]
    alike = {
        (starts[v], min(vehicle.until_ms, problem.end_ms), vehicle.ends)
        for v, vehicle in enumerate(problem.vehicles)
        if vehicle.type == number
    }
    nodes = sorted({start.node for start, _, _ in alike})
    at = {node: place for place, node in enumerate(nodes)}
    rows = [
        (at[start.node], dock, start.ms, start.used_wh, by_ms)
        for start, by_ms, ends in sorted(alike)
        for dock in always
        if not ends or dock in ends
    ][:_MOST]
    where, docks, *rest = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    free_ms, used_wh, by_ms = (np.array(column, dtype=np.float64) for column in rest)
    places, place, dock_of = (np.array(column, dtype=np.int64) for column in (nodes, where, docks))
    return _Pairs(places, place, dock_of, free_ms, used_wh, by_ms)
