"""PyVRP and VROOM on a `Problem`, from the same whole numbers, and their routes back as visits.

PyVRP says: kinds of vehicles at several bases, two loads, several trips by way of any dock, windows, release
times, who is certified (by legs that are out of reach), penalties. It says nothing of batteries, nor of docks that
refuse a material. VROOM says one kind of vehicle, one trip each, windows, and pickups that are all a must.
"""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np

from fleet.plan.problem import NEVER_MS, Matrix, Problem, Visit
from fleet.plan.ways import Ways
from planning_work.problems import Work, nearest

FORBIDDEN = 10**7
ROWS = 500
"""Rows of a matrix made at a time."""
VROOM_PATIENCE = 6
"""VROOM, which does not look at the clock while it builds, is stopped after so many times its budget."""

Visits = list[list[Visit]]
Clock = Callable[[], float]


class Until:
    """PyVRP's rule to stop: when the clock says so."""

    def __init__(self, clock: Clock, end_s: float) -> None:
        self.clock, self.end_s = clock, end_s

    def __call__(self, best_cost: float) -> bool:
        del best_cost
        return self.clock() >= self.end_s


@dataclass(frozen=True)
class Found:
    """What a rival found: visits of every vehicle, after so many iterations."""

    visits: Visits
    iterations: int


# -------------------------------------------------------------------------------------------------- PyVRP


def pyvrp_whole(work: Work, clock: Clock, seconds: float, seed: int) -> Found:
    """The problem in one; building its model counts."""
    import pyvrp

    stop = Until(clock, clock() + seconds)
    data, kinds = pyvrp_model(work)
    found = pyvrp.solve(data, stop, seed=seed, collect_stats=False, display=False)
    return Found(_pyvrp_visits(work.problem, kinds, found.best), found.num_iterations)


def pyvrp_by_base(work: Work, clock: Clock, seconds: float, seed: int) -> Found:
    """Every pickup to the nearest base, a problem for each base, and the time shared by pickups."""
    problem = work.problem
    home = nearest(work.x, work.y, len(problem.docks))
    visits: Visits = [[] for _ in problem.vehicles]
    iterations = 0
    for base in range(len(problem.docks)):
        members = np.flatnonzero(home == base)
        if not len(members):
            continue
        fleet = [v for v, vehicle in enumerate(problem.vehicles) if vehicle.ends == (base,)]
        share = seconds * len(members) / len(problem.pickups)
        found = pyvrp_whole(_at_base(work, base, members, fleet), clock, share, seed)
        iterations += found.iterations
        for v, route in zip(fleet, found.visits, strict=True):
            visits[v] = [(kind, int(members[i]) if kind == "pickup" else base) for kind, i in route]
    return Found(visits, iterations)


def _at_base(work: Work, base: int, members: Any, fleet: Sequence[int]) -> Work:
    """The pickups `members` and the vehicles of one base; the base is node 0."""
    whole = work.problem
    nodes = np.array([whole.docks[base].node, *(whole.pickups[i].node for i in members)], dtype=np.int64)
    problem = replace(
        whole,
        vehicles=tuple(replace(whole.vehicles[v], node=0, ends=(0,)) for v in fleet),
        docks=(replace(whole.docks[base], node=0),),
        pickups=tuple(replace(whole.pickups[i], node=k) for k, i in enumerate(members, 1)),
        ways=tuple(_Some(ways, nodes) for ways in whole.ways),
    )
    return replace(work, problem=problem, x=work.x[nodes], y=work.y[nodes])


@dataclass(frozen=True)
class _Some:
    """Ways between some of the nodes."""

    whole: Ways
    nodes: Matrix

    @property
    def size(self) -> int:
        return len(self.nodes)

    def block(self, rows: Matrix, columns: Matrix) -> Any:
        return self.whole.block(self.nodes[rows], self.nodes[columns])


def pyvrp_model(work: Work) -> tuple[Any, list[list[int]]]:
    """PyVRP's data, and the vehicles of each of its kinds.

    A depot's service is done there before a trip, ours after it: pickups' windows are later by one unloading, and
    the vehicles' hours are not.
    """
    import pyvrp

    problem = work.problem
    unload_ms = {dock.unload_ms for dock in problem.docks}
    if len(unload_ms) != 1 or any(vehicle.committed or len(vehicle.ends) != 1 for vehicle in problem.vehicles):
        raise ValueError(f"{work.name}: expected one time to unload, no commitments, one end for each vehicle")
    later_ms = unload_ms.pop()
    costs, times = zip(*(_matrices(ways) for ways in problem.ways), strict=True)
    unit_ms = _time_unit(problem, times)
    for t, (cost, travel) in enumerate(zip(costs, times, strict=True)):
        _close(problem, t, cost, travel)
        np.floor_divide(travel, unit_ms, out=travel)
    amounts = _amounts(problem)
    fleet, members = _fleet(problem, amounts, unit_ms)
    data = pyvrp.ProblemData(
        [pyvrp.Location(float(x), float(y)) for x, y in zip(work.x, work.y, strict=True)],
        _clients(work, amounts, unit_ms, later_ms),
        [pyvrp.Depot(dock.node, service_duration=later_ms // unit_ms) for dock in problem.docks],
        fleet,
        list(costs),
        list(times),
    )
    return data, members


def _clients(work: Work, amounts: _Amounts, unit_ms: int, later_ms: int) -> list[Any]:
    import pyvrp

    return [
        pyvrp.Client(
            pickup.node,
            pickup=amounts.pickups[i],
            service_duration=pickup.service_ms // unit_ms,
            tw_early=(max(0, pickup.earliest_ms) + later_ms) // unit_ms,
            tw_late=_late(pickup.latest_ms - pickup.service_ms + later_ms, unit_ms),
            release_time=max(0, pickup.release_ms) // unit_ms,
            prize=0 if work.is_must else pickup.penalty,
            required=work.is_must,
        )
        for i, pickup in enumerate(work.problem.pickups)
    ]


def _fleet(problem: Problem, amounts: _Amounts, unit_ms: int) -> tuple[list[Any], list[list[int]]]:
    import pyvrp

    kinds: dict[tuple[int, int, int, int, int], list[int]] = {}
    for v, vehicle in enumerate(problem.vehicles):
        until_ms = min(vehicle.until_ms, problem.end_ms)
        key = (vehicle.type, vehicle.node, vehicle.ready_ms, until_ms, vehicle.ends[0])
        kinds.setdefault(key, []).append(v)
    dock_at = {dock.node: d for d, dock in reversed(list(enumerate(problem.docks)))}
    fleet = []
    for (t, node, ready_ms, until_ms, end), members in kinds.items():
        kind = problem.types[t]
        trips: dict[str, Any] = {}
        if kind.most_trips > 1:
            trips = {"reload_depots": list(range(len(problem.docks))), "max_reloads": kind.most_trips - 1}
        fleet.append(
            pyvrp.VehicleType(
                len(members), amounts.types[t], dock_at[node], end, kind.fixed_cost, ready_ms // unit_ms,
                _late(until_ms, unit_ms), profile=t, **trips,
            )
        )  # fmt: skip
    return fleet, list(kinds.values())


def _matrices(ways: Ways) -> tuple[Matrix, Matrix]:
    every = np.arange(ways.size, dtype=np.int64)
    cost, travel = np.empty((ways.size, ways.size), np.int64), np.empty((ways.size, ways.size), np.int64)
    for start in range(0, ways.size, ROWS):
        block = ways.block(every[start : start + ROWS], every)
        cost[start : start + ROWS], travel[start : start + ROWS] = block.cost, block.travel_ms
    return cost, travel


def _close(problem: Problem, t: int, cost: Matrix, travel: Matrix) -> None:
    """Pickups that a kind of vehicle is not certified for are out of its reach."""
    has = problem.types[t].certificates
    nodes = np.array([pickup.node for pickup in problem.pickups if not pickup.needs <= has], dtype=np.int64)
    for matrix, far in ((cost, FORBIDDEN), (travel, NEVER_MS // 10**5)):
        matrix[nodes, :] = matrix[:, nodes] = far
        matrix[nodes, nodes] = 0


def _late(moment_ms: int, unit_ms: int) -> int:
    return int(np.iinfo(np.int64).max) if moment_ms >= NEVER_MS // 2 else moment_ms // unit_ms


def _time_unit(problem: Problem, times: Iterable[Matrix]) -> int:
    """The largest unit in which all times are whole: PyVRP prices lateness by the unit."""
    moments = [dock.unload_ms for dock in problem.docks]
    for pickup in problem.pickups:
        moments += [pickup.earliest_ms, pickup.latest_ms, pickup.service_ms, max(0, pickup.release_ms)]
    for vehicle in problem.vehicles:
        moments += [vehicle.ready_ms, min(vehicle.until_ms, problem.end_ms)]
    known = [moment for moment in moments if abs(moment) < NEVER_MS // 2]
    return math.gcd(*known, *(int(np.gcd.reduce(travel, axis=None)) for travel in times)) or 1


@dataclass(frozen=True)
class _Amounts:
    """Masses and volumes in whole numbers, as small as can be; what nobody has is left out."""

    pickups: list[list[int]]
    types: list[list[int]]


def _amounts(problem: Problem) -> _Amounts:
    pickups = np.array([[1000 * p.mass_kg, 1000 * p.volume_l] for p in problem.pickups]).round().astype(np.int64)
    types = np.array([[1000 * t.payload_kg, 1000 * t.volume_l] for t in problem.types]).round().astype(np.int64)
    used = [column for column in (0, 1) if pickups[:, column].any()]
    for column in used:
        unit = int(np.gcd.reduce(np.concatenate([pickups[:, column], types[:, column]])))
        pickups[:, column] //= unit
        types[:, column] //= unit
    return _Amounts(pickups[:, used].tolist(), types[:, used].tolist())


def _pyvrp_visits(problem: Problem, kinds: Sequence[Sequence[int]], solution: Any) -> Visits:
    visits: Visits = [[] for _ in problem.vehicles]
    pools = [list(members) for members in kinds]
    for route in solution.routes():
        row: list[Visit] = []
        for stop in route:
            if stop.is_client():
                row.append(("pickup", stop.idx))
            elif row and row[-1][0] == "pickup":  # with nothing on board there is nothing to do at a dock
                row.append(("dock", stop.idx))
        visits[pools[route.vehicle_type()].pop(0)] = row
    return visits


# -------------------------------------------------------------------------------------------------- VROOM


def can_vroom_say(problem: Problem) -> bool:
    """One dock, vehicles all alike and of one trip, no release times, cost that is time, everything a must."""
    way = problem.ways[0].block(np.arange(2), np.arange(2))
    return (
        len(problem.docks) == len(problem.types) == 1
        and problem.types[0].most_trips == 1
        and all(pickup.release_ms <= 0 for pickup in problem.pickups)
        and bool((way.cost == way.travel_ms).all())
    )


def vroom_whole(work: Work, seconds: float, slowness: float) -> Found:
    """VROOM at its deepest, one thread; it has no seed, and its limit is on the wall, where everything takes
    `slowness` times as long as the work."""
    import vroom  # type: ignore[import-untyped]  # it brings no types

    problem = work.problem
    spent_s = math.ceil(time.process_time())
    resource.setrlimit(resource.RLIMIT_CPU, (spent_s + math.ceil(VROOM_PATIENCE * seconds),) * 2)
    amounts = _amounts(problem)
    given = vroom.Input()
    given.set_durations_matrix(profile="car", matrix_input=_matrices(problem.ways[0])[1].astype(np.uint32))
    most = int(np.iinfo(np.uint32).max) // 100
    for v, vehicle in enumerate(problem.vehicles):
        until_ms = min(vehicle.until_ms, problem.end_ms)
        hours = vroom.TimeWindow(vehicle.ready_ms, min(until_ms, most))
        dock = problem.docks[vehicle.ends[0]].node
        given.add_vehicle(vroom.Vehicle(v, vehicle.node, dock, capacity=amounts.types[0], time_window=hours))
    for i, pickup in enumerate(problem.pickups):
        last = min(pickup.latest_ms - pickup.service_ms, most)
        given.add_job(
            vroom.Job(
                i, pickup.node, default_service=pickup.service_ms, pickup=amounts.pickups[i],
                time_windows=[vroom.TimeWindow(max(0, pickup.earliest_ms), last)],
            )
        )  # fmt: skip
    found = given.solve(exploration_level=5, nb_threads=1, timeout=timedelta(seconds=slowness * seconds))
    visits: Visits = [[] for _ in problem.vehicles]
    for step in found.routes.itertuples():
        if step.type == "job":
            visits[int(step.vehicle_id)].append(("pickup", int(step.id)))
    for v, row in enumerate(visits):
        if row:
            row.append(("dock", problem.vehicles[v].ends[0]))
    return Found(visits, 0)
