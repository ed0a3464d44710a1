"""The planner: one OR-Tools routing model per cell of pickups; the only file that imports `ortools`.

What the model knows exactly: mass, volume, windows, accepted materials, certification, times. What it
approximates: energy (by a mean load) and charging (every visit to a charger fills the battery). What it is bad
at: a trip more needs a pickup and a dock put in at once, which its insertions do not do. So `schedule` computes
the truth along each route, `repair` mends or takes out what does not hold, and `recreate` goes on from there
with exact schedules. A `Plan` is always legal. Where the problem has chargers in reach, a route ends at one.

Three facts of OR-Tools 9.15 shape the code. `SetAllowedVehiclesForIndex` fails from Python, so certification
goes through `VehicleVar`. There is no seed: with `solution_limit` as the only bound a search repeats exactly,
with a time limit it does not. And its iterated local search counts only perturbations that succeed, so it never
ends where none does (one pickup may be enough); hence insertion and one descent here, which do end, and our own
ruin and recreate after.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from fleet.plan.copies import choose_copies, homeward, nearest_charger
from fleet.plan.params import SearchParams
from fleet.plan.place import flight_ms
from fleet.plan.problem import UNREACHABLE_MS, Dock, Pickup, Plan, Problem, Route
from fleet.plan.reasons import reasons_for
from fleet.plan.ruin import recreate
from fleet.plan.schedule import Visit, repair

_FORBIDDEN = 10**9
_LOAD_SCALE = 1000
"""Grams and millilitres: the model counts in integers."""
_CENTI_WH = 100
_NEVER_S = 3600
"""A time limit for OR-Tools that is never reached, because a descent ends."""
_ROUNDING = 1e-6
_MEAN_LOAD_SHARE = 0.35
"""Share of the payload the model assumes on legs that leave a pickup; the exact check follows."""


@dataclass(frozen=True)
class _Layout:
    """Which model node is what: vehicle starts, then pickups, then dock copies, then one common end."""

    problem: Problem
    copies: tuple[int, ...]
    place: np.ndarray[Any, np.dtype[np.int64]] = field(init=False)

    def __post_init__(self) -> None:
        problem = self.problem
        place = [v.node for v in problem.vehicles]
        place += [p.node for p in problem.pickups]
        place += [problem.docks[d].node for d in self.copies]
        object.__setattr__(self, "place", np.array([*place, 0], dtype=np.int64))

    @property
    def first_pickup(self) -> int:
        return len(self.problem.vehicles)

    @property
    def first_copy(self) -> int:
        return self.first_pickup + len(self.problem.pickups)

    @property
    def end(self) -> int:
        return self.first_copy + len(self.copies)

    @property
    def size(self) -> int:
        return self.end + 1

    def visit(self, node: int) -> Visit:
        if node < self.first_copy:
            return ("pickup", node - self.first_pickup)
        return ("dock", self.copies[node - self.first_copy])

    def dock_of(self, node: int) -> Dock:
        return self.problem.docks[self.copies[node - self.first_copy]]

    def copy_nodes(self) -> range:
        return range(self.first_copy, self.end)

    def pickup_nodes(self) -> range:
        return range(self.first_pickup, self.first_copy)


def solve(problem: Problem, params: SearchParams) -> Plan:
    """A legal plan for `problem`, the same for the same input.

    Pickups beyond `params.cell_pickups` are for the caller to cut into cells: see `fleet.plan.cells`.
    """
    if not problem.vehicles or not problem.pickups or not problem.docks or problem.end_ms <= 0:
        return finish(problem, [], 0)
    layout = _Layout(problem, choose_copies(problem, params.dock_copies))
    chains, solutions = _Model(layout).search(_budget(problem, params))
    routes = [repair(problem, v, homeward(problem, v, chain)) for v, chain in enumerate(chains)]
    return finish(problem, recreate(problem, routes, _rounds(problem, params)), solutions)


def _budget(problem: Problem, params: SearchParams) -> int:
    """Work in proportion to the model: a handful of pickups needs no long search."""
    return max(1, min(params.solutions, params.solutions_per_pickup * len(problem.pickups)))


def _rounds(problem: Problem, params: SearchParams) -> int:
    return min(params.rounds, params.rounds_per_pickup * len(problem.pickups))


def finish(problem: Problem, routes: list[Route], solutions: int) -> Plan:
    """The plan that consists of `routes`, legal each, with its cost and a reason for what is on none."""
    served = {stop.index for route in routes for stop in route.stops if stop.kind == "pickup"}
    left = [i for i in range(len(problem.pickups)) if i not in served]
    cost = sum(flight_ms(problem, route) for route in routes)
    cost += sum(problem.pickups[i].penalty for i in left)
    return Plan(tuple(r for r in routes if r.stops), reasons_for(problem, left), cost, solutions)


def _search_parameters(solution_limit: int) -> Any:
    """Cheapest insertion and one descent, which ends in a local minimum or at the limit."""
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GREEDY_DESCENT
    parameters.solution_limit = solution_limit
    parameters.time_limit.FromSeconds(_NEVER_S)
    return parameters


def _load(amount: float) -> int:
    """Of a kilogram or a litre, in the model's integers; never nothing, so that all must be unloaded."""
    return max(1, math.ceil(_LOAD_SCALE * amount - _ROUNDING))


class _Model:
    """The OR-Tools model of one problem."""

    def __init__(self, layout: _Layout) -> None:
        self.layout = layout
        self.problem = layout.problem
        count = len(self.problem.vehicles)
        self.manager = pywrapcp.RoutingIndexManager(layout.size, count, list(range(count)), [layout.end] * count)
        self.routing = pywrapcp.RoutingModel(self.manager)
        self._travel = [self._matrix(t) for t in range(len(self.problem.types))]
        self._add_time()
        self._add_loads()
        self._add_energy()
        self._allow_leaving_out()
        self._certify()

    def search(self, solution_limit: int) -> tuple[list[list[Visit]], int]:
        """The visits of every vehicle, and how many solutions the search went through."""
        count = itertools.count()
        self.routing.AddAtSolutionCallback(lambda: next(count))
        solution = self.routing.SolveWithParameters(_search_parameters(solution_limit))
        nothing: list[list[Visit]] = [[] for _ in self.problem.vehicles]
        return (nothing if solution is None else self._read(solution)), next(count)

    def _read(self, solution: Any) -> list[list[Visit]]:
        chains: list[list[Visit]] = []
        for vehicle in range(len(self.problem.vehicles)):
            chain: list[Visit] = []
            index = solution.Value(self.routing.NextVar(self.routing.Start(vehicle)))
            while not self.routing.IsEnd(index):
                chain.append(self.layout.visit(self.manager.IndexToNode(index)))
                index = solution.Value(self.routing.NextVar(index))
            chains.append(chain)
        return chains

    def _matrix(self, type_index: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Travel times between model nodes. A route ends where it charges; from a taker without a charger the
        leg to the end is the leg to the nearest one. All other nodes but the starts are closed to the end."""
        layout = self.layout
        closed = max(_FORBIDDEN, self.problem.end_ms + 1)
        travel = self.problem.travel_ms[type_index][np.ix_(layout.place, layout.place)].copy()
        travel[travel >= UNREACHABLE_MS] = closed
        travel[:, layout.end] = closed
        travel[: layout.first_pickup, layout.end] = 0
        for node in layout.copy_nodes():
            home = self._home(type_index, node)
            if home is not None:
                travel[node, layout.end] = self.problem.travel_ms[type_index][layout.place[node], home]
        return travel

    def _home(self, type_index: int, node: int) -> int | None:
        """The node of the charger where a route ends that has `node` for its last; None if it may not."""
        dock = self.layout.dock_of(node)
        if dock.charge_ms is not None or all(d.charge_ms is None for d in self.problem.docks):
            return dock.node
        charger = nearest_charger(self.problem, self.problem.travel_ms[type_index], dock.node)
        return None if charger is None else self.problem.docks[charger].node

    def _add_time(self) -> None:
        problem, layout = self.problem, self.layout
        service = np.zeros(layout.size, dtype=np.int64)
        for node, pickup in zip(layout.pickup_nodes(), problem.pickups, strict=True):
            service[node] = pickup.service_ms
        for node in layout.copy_nodes():
            dock = layout.dock_of(node)
            service[node] = (dock.unload_ms if dock.accepts else 0) + (dock.charge_ms or 0)
        by_type = [
            self.routing.RegisterTransitMatrix((travel + service[:, None]).tolist()) for travel in self._travel
        ]
        cost = [self.routing.RegisterTransitMatrix(travel.tolist()) for travel in self._travel]
        for v, vehicle in enumerate(problem.vehicles):
            self.routing.SetArcCostEvaluatorOfVehicle(cost[vehicle.type], v)
        transits = [by_type[v.type] for v in problem.vehicles]
        self.routing.AddDimensionWithVehicleTransits(transits, problem.end_ms, problem.end_ms, False, "time")
        time = self.routing.GetDimensionOrDie("time")
        for v, vehicle in enumerate(problem.vehicles):
            time.CumulVar(self.routing.Start(v)).SetValue(max(0, min(vehicle.ready_ms, problem.end_ms)))
        for node, pickup in zip(layout.pickup_nodes(), problem.pickups, strict=True):
            first, last = self._begin(pickup)
            if first <= last:
                time.CumulVar(self.manager.NodeToIndex(node)).SetRange(first, last)

    def _begin(self, pickup: Pickup) -> tuple[int, int]:
        """When service may begin; an empty range if never."""
        last = min(pickup.latest_ms, self.problem.end_ms) - pickup.service_ms
        return max(0, pickup.earliest_ms), last

    def _add_loads(self) -> None:
        problem, layout = self.problem, self.layout
        accepting = [n for n in layout.copy_nodes() if layout.dock_of(n).accepts]
        mass = [math.floor(_LOAD_SCALE * k.payload_kg + _ROUNDING) for k in problem.types]
        volume = [math.floor(_LOAD_SCALE * k.volume_l + _ROUNDING) for k in problem.types]
        self._add_load("mass", [_load(p.mass_kg) for p in problem.pickups], mass, accepting)
        self._add_load("volume", [_load(p.volume_l) for p in problem.pickups], volume, accepting)
        for number, group in enumerate(self._groups(accepting)):
            ones = [int(p.material in group) for p in problem.pickups]
            count = [len(problem.pickups)] * len(problem.types)
            self._add_load(f"group{number}", ones, count, accepting)
            dimension = self.routing.GetDimensionOrDie(f"group{number}")
            for node in accepting:
                if not group <= layout.dock_of(node).accepts:
                    dimension.CumulVar(self.manager.NodeToIndex(node)).SetMax(0)

    def _groups(self, accepting: list[int]) -> list[frozenset[str]]:
        """Materials that the same docks take, where some dock does not."""
        docks = sorted({self.layout.copies[n - self.layout.first_copy] for n in accepting})
        by_takers: dict[tuple[int, ...], set[str]] = {}
        for material in sorted({p.material for p in self.problem.pickups}):
            takers = tuple(d for d in docks if material in self.problem.docks[d].accepts)
            by_takers.setdefault(takers, set()).add(material)
        return [frozenset(group) for takers, group in by_takers.items() if len(takers) < len(docks)]

    def _add_load(self, name: str, amounts: list[int], capacity: list[int], accepting: list[int]) -> None:
        """A load that pickups add to and accepting docks empty.

        Emptying is a transit of minus everything, with as much slack as brings it back to zero or above.
        """
        layout, routing = self.layout, self.routing
        most = max(capacity)
        transit = [0] * layout.size
        transit[layout.first_pickup : layout.first_copy] = amounts
        for node in accepting:
            transit[node] = -most
        evaluator = routing.RegisterUnaryTransitVector(transit)
        capacities = [capacity[v.type] for v in self.problem.vehicles]
        routing.AddDimensionWithVehicleCapacity(evaluator, most, capacities, True, name)
        dimension = routing.GetDimensionOrDie(name)
        for v in range(len(self.problem.vehicles)):
            dimension.CumulVar(routing.End(v)).SetMax(0)
        emptied = set(accepting)
        for node in range(layout.size - 1):
            if node not in emptied:
                dimension.SlackVar(self.manager.NodeToIndex(node)).SetValue(0)

    def _add_energy(self) -> None:
        problem, layout, routing = self.problem, self.layout, self.routing
        transits = [routing.RegisterTransitMatrix(self._energy(t).tolist()) for t in range(len(problem.types))]
        usable = [max(0, int(_CENTI_WH * (k.battery_wh - k.reserve_wh))) for k in problem.types]
        routing.AddDimensionWithVehicleTransitAndCapacity(
            [transits[v.type] for v in problem.vehicles],
            max(usable),
            [usable[v.type] for v in problem.vehicles],
            False,
            "energy",
        )
        energy = routing.GetDimensionOrDie("energy")
        for v, vehicle in enumerate(problem.vehicles):
            spare = _CENTI_WH * (vehicle.battery_wh - problem.types[vehicle.type].reserve_wh)
            energy.CumulVar(routing.Start(v)).SetValue(max(0, min(int(spare), usable[vehicle.type])))
        for node in range(layout.size - 1):
            if node < layout.first_copy or layout.dock_of(node).charge_ms is None:
                energy.SlackVar(self.manager.NodeToIndex(node)).SetValue(0)

    def _energy(self, type_index: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        problem, layout = self.problem, self.layout
        kind = problem.types[type_index]
        effort = problem.effort_h[type_index][np.ix_(layout.place, layout.place)]
        effort = np.nan_to_num(effort, nan=0.0, posinf=0.0)
        load = np.zeros(layout.size)
        load[layout.first_pickup : layout.first_copy] = _MEAN_LOAD_SHARE * kind.payload_kg
        power = kind.power_coefficient * (kind.empty_kg + load) ** kind.mass_exponent
        energy = np.ceil(_CENTI_WH * power[:, None] * effort).astype(np.int64)
        energy[:, layout.end] = 0
        full = problem.effort_h[type_index]
        for node in layout.copy_nodes():
            home = self._home(type_index, node)
            if home is not None:
                energy[node, layout.end] = math.ceil(_CENTI_WH * power[node] * full[layout.place[node], home])
        return np.asarray(-energy)

    def _allow_leaving_out(self) -> None:
        for node, pickup in zip(self.layout.pickup_nodes(), self.problem.pickups, strict=True):
            self.routing.AddDisjunction([self.manager.NodeToIndex(node)], max(0, pickup.penalty))
        for node in self.layout.copy_nodes():
            self.routing.AddDisjunction([self.manager.NodeToIndex(node)], 0)

    def _certify(self) -> None:
        kinds = self.problem.types
        able = [v for v, vehicle in enumerate(self.problem.vehicles) if kinds[vehicle.type].hazmat]
        for node, pickup in zip(self.layout.pickup_nodes(), self.problem.pickups, strict=True):
            index = self.manager.NodeToIndex(node)
            first, last = self._begin(pickup)
            if last < first or (pickup.hazardous and not able):
                self.routing.VehicleVar(index).SetValue(-1)
            elif pickup.hazardous:
                self.routing.VehicleVar(index).SetValues([-1, *able])
