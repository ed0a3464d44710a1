"""Which node of the routing model is what, and what its legs take.

A routing model visits every node at most once and knows neither docks nor trips. So its nodes are: the start of
every vehicle, the pickups, copies of docks (each for one stop), and one common end. A `Copy` says what is done at
that stop. Where a layout has `homes`, the leg from a pickup straight to the end stands for the way to a dock that
unloads it and on to a dock where the vehicle may end; without that short cut no insertion could put in a pickup
alone, because the stop that empties the vehicle would have to come at the same moment. Layouts that prove given
routes have no homes: there every stop is a node.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from fleet.plan.problem import UNREACHABLE_MS, Dock, Floats, Matrix, Problem, VehicleType, Visit, VisitKind


@dataclass(frozen=True, slots=True)
class Copy:
    """One possible stop at a dock. If it does not unload, whatever is on board stays there; `empty` says that
    this is known to be nothing. A `committed` stop need not be of any use."""

    dock: int
    unloads: bool
    charges: Literal["no", "may", "must"] = "no"
    empty: bool = False
    committed: bool = False


@dataclass(frozen=True, slots=True)
class Home:
    """Docks at which a route may unload for the last time, all of which accept `covers` and keep `hours`."""

    docks: tuple[int, ...]
    covers: frozenset[str]
    hours: tuple[tuple[int, int], ...] = ()


class Legs(NamedTuple):
    """Between all nodes, for one vehicle: time (unloading at a home included), cost, energy.

    `closed` are legs without a way. `last` are the docks that a leg from a node to the end stands for, in order.
    """

    travel_ms: Matrix
    cost: Matrix
    energy_wh: Floats
    closed: np.ndarray[tuple[int, int], np.dtype[np.bool_]]
    last: dict[int, tuple[int, ...]]


@dataclass(frozen=True)
class Layout:
    """The nodes of a model: starts, `pickups`, `copies`, the end.

    `homes` has an entry for each vehicle, or is empty. `known_kg` is what is on board when a vehicle leaves a
    node, for all nodes but the end, where that is known; otherwise pickups count as leaving with a full load.
    """

    problem: Problem
    pickups: tuple[int, ...]
    copies: tuple[Copy, ...]
    homes: tuple[Home | None, ...] = ()
    known_kg: tuple[float, ...] = ()

    @property
    def first_pickup(self) -> int:
        """The node of the first pickup."""
        return len(self.problem.vehicles)

    @property
    def first_copy(self) -> int:
        """The node of the first copy."""
        return self.first_pickup + len(self.pickups)

    @property
    def end(self) -> int:
        """The last node."""
        return self.first_copy + len(self.copies)

    def pickup_nodes(self) -> range:
        """The nodes of `pickups`, in their order."""
        return range(self.first_pickup, self.first_copy)

    def copy_nodes(self) -> range:
        """The nodes of `copies`, in their order."""
        return range(self.first_copy, self.end)

    def visit(self, node: int) -> Visit:
        """What a visit of a pickup's or a copy's node is to the problem."""
        if node < self.first_copy:
            return ("pickup", self.pickups[node - self.first_pickup])
        return ("dock", self.copies[node - self.first_copy].dock)

    def node(self, kind: VisitKind, index: int) -> int:
        """The node of a pickup, or of the copy with that index."""
        return self.first_pickup + self.pickups.index(index) if kind == "pickup" else self.first_copy + index

    def copy_of(self, node: int) -> Copy:
        """The copy that a node is."""
        return self.copies[node - self.first_copy]

    def dock_of(self, node: int) -> Dock:
        """The dock that a copy is of."""
        return self.problem.docks[self.copies[node - self.first_copy].dock]

    def home(self, vehicle: int) -> Home | None:
        """Where the vehicle may end without a copy."""
        return self.homes[vehicle] if self.homes else None

    @cached_property
    def place(self) -> Matrix:
        """The position of every node but the end."""
        nodes = [v.node for v in self.problem.vehicles]
        nodes += [self.problem.pickups[p].node for p in self.pickups]
        nodes += [self.problem.docks[c.dock].node for c in self.copies]
        return np.array(nodes, dtype=np.int64)

    def legs(self, vehicle: int) -> Legs:
        """What all legs take for a vehicle."""
        kind = self.problem.types[self.problem.vehicles[vehicle].type]
        travel, cost, effort = self.problem.ways[self.problem.vehicles[vehicle].type].block(self.place, self.place)
        power = kind.power_coefficient * (kind.empty_kg + self._load_kg(kind)) ** kind.mass_exponent
        size = self.end + 1
        legs = Legs(
            np.zeros((size, size), np.int64),
            np.zeros((size, size), np.int64),
            np.zeros((size, size)),
            np.zeros((size, size), np.bool_),
            {},
        )
        legs.closed[:-1, :-1] = travel >= UNREACHABLE_MS
        open_ways = ~legs.closed[:-1, :-1]
        legs.travel_ms[:-1, :-1] = np.where(open_ways, travel, 0)
        legs.cost[:-1, :-1] = np.where(open_ways, cost, np.max(cost, initial=0, where=open_ways))
        legs.energy_wh[:-1, :-1] = power[:, None] * np.where(open_ways, effort, 0.0)
        legs.closed[self.first_pickup : self.first_copy, self.end] = bool(self.homes)
        if self.homes:
            self._end_at_home(vehicle, power, legs)
        return legs

    def _load_kg(self, kind: VehicleType) -> Floats:
        """What is at most on board on leaving each node but the end."""
        if self.known_kg:
            return np.array(self.known_kg)
        most = min(kind.payload_kg, sum(self.problem.pickups[p].mass_kg for p in self.pickups))
        load = np.full(self.end, most)
        load[: self.first_pickup] = 0.0
        load[[n for n, c in zip(self.copy_nodes(), self.copies, strict=True) if c.unloads]] = 0.0
        return load

    def _end_at_home(self, vehicle: int, power: Floats, legs: Legs) -> None:
        """Fill in the legs to the end: on to a dock where the vehicle may end, and before that to unload."""
        kind = self.problem.types[self.problem.vehicles[vehicle].type]
        ways = self.problem.ways[self.problem.vehicles[vehicle].type]
        empty_power = kind.power_coefficient * kind.empty_kg**kind.mass_exponent
        home = self.homes[vehicle]
        reached = {c.dock for c in self.copies} | set(home.docks if home else ())
        tails = {d: tail(self.problem, vehicle, d) for d in sorted(reached)}
        for node, copy in zip(self.copy_nodes(), self.copies, strict=True):
            self._put(legs, node, tails[copy.dock], power[node])
        ways_on = [(d, on) for d in (home.docks if home else ()) if (on := tails[d]) is not None]
        if not ways_on or not self.pickups:
            return
        rows = self.place[self.first_pickup : self.first_copy]
        columns = np.array([self.problem.docks[d].node for d, _ in ways_on], dtype=np.int64)
        travel, cost, effort = ways.block(rows, columns)
        for row, node in enumerate(self.pickup_nodes()):
            options = [
                (
                    int(cost[row, i]) + on.cost,
                    int(travel[row, i]) + self.problem.docks[dock].unload_ms + on.travel_ms,
                    float(power[node] * effort[row, i]) + empty_power * on.effort_h,
                    (dock, *on.docks),
                )
                for i, (dock, on) in enumerate(ways_on)
                if travel[row, i] < UNREACHABLE_MS
            ]
            if options:
                legs.closed[node, self.end] = False
                cost_on, travel_on, energy_on, legs.last[node] = min(options)
                legs.cost[node, self.end], legs.travel_ms[node, self.end] = cost_on, travel_on
                legs.energy_wh[node, self.end] = energy_on

    def _put(self, legs: Legs, node: int, on: Tail | None, power: float) -> None:
        legs.closed[node, self.end] = on is None
        if on is not None:
            legs.travel_ms[node, self.end], legs.cost[node, self.end] = on.travel_ms, on.cost
            legs.energy_wh[node, self.end] = power * on.effort_h
            legs.last[node] = on.docks


class Tail(NamedTuple):
    """The way from a dock to one where the vehicle may end; nothing if it may end there."""

    cost: int
    travel_ms: int
    effort_h: float
    docks: tuple[int, ...]


def tail(problem: Problem, vehicle: int, dock: int) -> Tail | None:
    """The cheapest way from `dock` to where the vehicle may end; None if there is no way."""
    ends = problem.vehicles[vehicle].ends
    if not ends or dock in ends:
        return Tail(0, 0, 0.0, ())
    ways = problem.ways[problem.vehicles[vehicle].type]
    columns = np.array([problem.docks[e].node for e in ends], dtype=np.int64)
    travel, cost, effort = ways.block(np.array([problem.docks[dock].node], dtype=np.int64), columns)
    options = [
        Tail(int(cost[0, i]), int(travel[0, i]), float(effort[0, i]), (end,))
        for i, end in enumerate(ends)
        if travel[0, i] < UNREACHABLE_MS
    ]
    return min(options, default=None)


class Walked(NamedTuple):
    """Given visits as nodes of a layout made for them: in `order`, a dock visit has the index of its copy."""

    layout: Layout
    order: list[list[Visit]]


def walk(problem: Problem, visits: Sequence[Sequence[Visit]], *, whole: bool = True) -> Walked:
    """A layout of all that is visited, in which every dock visit has a copy of its own and loads are known.

    A stop unloads if something is on board, unless the dock refuses some of it and can charge instead. A stop
    that does not unload must charge, or be the last. Where routes are not `whole`, more may follow the last stop.
    """
    copies: list[Copy] = []
    copy_kg: list[float] = []
    pickup_kg: dict[int, float] = {}
    order: list[list[Visit]] = []
    for vehicle, route in zip(problem.vehicles, visits, strict=True):
        aboard: list[int] = []
        draws = math.isfinite(problem.types[vehicle.type].battery_wh)
        slots: list[Visit] = []
        for position, (kind, index) in enumerate(route):
            if kind == "pickup":
                aboard.append(index)
                pickup_kg[index] = sum(problem.pickups[p].mass_kg for p in aboard)
                slots.append((kind, index))
                continue
            more = not whole or position < len(route) - 1
            committed = position < len(vehicle.committed)
            materials = frozenset(problem.pickups[p].material for p in aboard)
            copies.append(_copy(problem, index, materials, draws and more, committed))
            aboard = [] if copies[-1].unloads else aboard
            copy_kg.append(sum(problem.pickups[p].mass_kg for p in aboard))
            slots.append((kind, len(copies) - 1))
        order.append(slots)
    pickups = tuple(sorted(pickup_kg))
    known = (*([0.0] * len(problem.vehicles)), *(pickup_kg[p] for p in pickups), *copy_kg)
    return Walked(Layout(problem, pickups, tuple(copies), (), known), order)


def _copy(problem: Problem, index: int, aboard: frozenset[str], may_charge: bool, committed: bool) -> Copy:
    dock = problem.docks[index]
    can_charge = may_charge and dock.charger is not None
    unloads = bool(aboard) and (aboard <= dock.accepts or not (can_charge or committed))
    if not can_charge:
        return Copy(index, unloads, "no", not aboard, committed)
    return Copy(index, unloads, "may" if unloads or committed else "must", not aboard, committed)
