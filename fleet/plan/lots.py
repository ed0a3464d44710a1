"""What of a plan is the same for all pickups: docks as arrays, and the gaps of all vehicles of a type with their
nearest docks.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from fleet.plan.gaps import Bools, Floats, Gaps, Ints
from fleet.plan.problem import UNREACHABLE_MS, Problem
from fleet.plan.ways import Ways

FAR = 10**15
"""More time and cost than anything takes."""


class Docks:
    """The docks of a problem as arrays, and kinds of material as bits."""

    def __init__(self, problem: Problem) -> None:
        kinds = sorted({pickup.material for pickup in problem.pickups})
        self.bits = {material: 1 << number for number, material in enumerate(kinds)}
        accepted = [sum(self.bits.get(m, 0) for m in dock.accepts) for dock in problem.docks]
        self.accepts = np.array(accepted, dtype=np.int64)
        self.nodes = np.array([dock.node for dock in problem.docks], dtype=np.int64)
        self.unload_ms = np.array([dock.unload_ms for dock in problem.docks], dtype=np.int64)
        self.chargers = np.array([dock.charger is not None for dock in problem.docks], dtype=np.bool_)
        self.clash = dict.fromkeys(kinds, 0)
        for pair in problem.apart:
            for material in pair & self.clash.keys():
                self.clash[material] |= sum(self.bits.get(other, 0) for other in pair - {material})
        self.may_end = np.ones((len(problem.vehicles), len(problem.docks)), dtype=np.bool_)
        for row, vehicle in enumerate(problem.vehicles):
            if vehicle.ends:
                self.may_end[row] = False
                self.may_end[row, list(vehicle.ends)] = True


class Lot:
    """The gaps of all vehicles of one type, and what a dock before or behind takes at least."""

    def __init__(self, problem: Problem, docks: Docks, number: int, gaps: Gaps) -> None:
        self.problem, self.docks, self.number, self.gaps = problem, docks, number, gaps
        self.kind, self.ways = problem.types[number], problem.ways[number]
        self.charges: Bools = docks.chargers & (self.kind.battery_wh < math.inf)

    @cached_property
    def aside(self) -> tuple[Ints, Ints]:
        """Of each gap time and cost to the nearest dock."""
        return _nearest(self.ways, self.gaps.here, self.docks.nodes, from_docks=False)

    @cached_property
    def back(self) -> tuple[Ints, Ints]:
        """Time and cost from the nearest dock to what follows the gap; nothing at the end of a route."""
        ms, cost = _nearest(self.ways, self.gaps.there, self.docks.nodes, from_docks=True)
        return np.where(self.gaps.last, 0, ms), np.where(self.gaps.last, 0, cost)

    @cached_property
    def dock_legs(self) -> tuple[Ints, Ints, Floats]:
        """From dock to dock."""
        return legs_between(self.ways, self.docks.nodes, self.docks.nodes)


def _nearest(ways: Ways, nodes: Ints, docks: Ints, *, from_docks: bool) -> tuple[Ints, Ints]:
    unique, at = np.unique(nodes, return_inverse=True)
    ms, cost, _ = legs_between(ways, docks, unique) if from_docks else legs_between(ways, unique, docks)
    axis = 0 if from_docks else 1
    return ms.min(axis=axis, initial=FAR)[at], cost.min(axis=axis, initial=FAR)[at]


def legs_between(ways: Ways, rows: Ints, columns: Ints) -> tuple[Ints, Ints, Floats]:
    """Time, cost and effort; `FAR` and more in time where there is no way."""
    block = ways.block(rows, columns)
    barred = block.travel_ms >= UNREACHABLE_MS
    if not barred.any():
        return block.travel_ms, block.cost, block.effort_h
    return np.where(barred, FAR, block.travel_ms), block.cost, np.where(barred, 0.0, block.effort_h)
