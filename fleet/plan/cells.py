"""Problems too large for one model: cut into cells, solve each, put the plans together.

A search slows down faster than its model grows, so pickups near each other are planned together, apart from
the rest. A problem has no coordinates; near is what is soon flown to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fleet.plan.params import SearchParams
from fleet.plan.place import dearest_first, place
from fleet.plan.problem import Floats, Plan, Problem, Route
from fleet.plan.reasons import reasons_for
from fleet.plan.solve import finish, solve

MOST_VEHICLES = 16
"""Vehicles in one model."""

_FAR_MS = 1e9


@dataclass(frozen=True, slots=True)
class Cell:
    """Pickups to be planned together, and the vehicles for them: indices in the whole problem, ascending."""

    pickups: tuple[int, ...]
    vehicles: tuple[int, ...]


def solve_cells(problem: Problem, params: SearchParams) -> Plan:
    """A legal plan for `problem` of any size, the same for the same input.

    At most `params.cell_pickups` pickups and `MOST_VEHICLES` vehicles: the same as `solve`. Else `cut` and solved
    cell by cell; what one cell leaves out is offered to the vehicles of all the others.
    """
    if len(problem.pickups) <= params.cell_pickups and len(problem.vehicles) <= MOST_VEHICLES:
        return solve(problem, params)
    routes = [Route(v, ()) for v in range(len(problem.vehicles))]
    solutions = 0
    for cell in cut(problem, params.cell_pickups):
        plan = solve(_part(problem, cell), params)
        solutions += plan.solutions
        for route in plan.routes:
            vehicle = cell.vehicles[route.vehicle]
            stops = (replace(s, index=cell.pickups[s.index]) if s.kind == "pickup" else s for s in route.stops)
            routes[vehicle] = Route(vehicle, tuple(stops), route.battery_wh)
    served = {stop.index for route in routes for stop in route.stops if stop.kind == "pickup"}
    left = [o.pickup for o in reasons_for(problem, _others(problem, served)) if o.code == "fleet-busy"]
    return finish(problem, place(problem, routes, dearest_first(problem, left)), solutions)


def _others(problem: Problem, served: set[int]) -> list[int]:
    return [i for i in range(len(problem.pickups)) if i not in served]


def _part(problem: Problem, cell: Cell) -> Problem:
    return replace(
        problem,
        vehicles=tuple(problem.vehicles[v] for v in cell.vehicles),
        pickups=tuple(problem.pickups[p] for p in cell.pickups),
    )


def cut(problem: Problem, most_pickups: int) -> tuple[Cell, ...]:
    """Cells of at most `most_pickups` pickups and `MOST_VEHICLES` vehicles; no vehicle and no pickup is in two.

    Pickups that no vehicle could do alone are in none. Where there are so many pickups per vehicle that every
    cell is full, the cheapest to leave out are in none either.
    """
    able = [o.pickup for o in reasons_for(problem, range(len(problem.pickups))) if o.code == "fleet-busy"]
    vehicles = len(problem.vehicles)
    if not able or not vehicles:
        return ()
    wanted = max(math.ceil(len(able) / most_pickups), math.ceil(vehicles / MOST_VEHICLES))
    count = min(wanted, vehicles, len(able))
    room = count * most_pickups
    able = sorted(sorted(able, key=lambda i: (-problem.pickups[i].penalty, i))[:room])
    gap = _between_pickups(problem, able)
    groups = _balanced(gap[:, _seeds(gap, count)], _even(len(able), count))
    cells = [[able[i] for i in group] for group in groups]
    crews = _crews(problem, cells)
    return tuple(Cell(tuple(c), tuple(v)) for c, v in zip(cells, crews, strict=True) if v)


def _soonest(problem: Problem) -> Floats:
    """Travel times by the fastest type that the fleet has; capped, so that sums stay finite."""
    tables = [problem.travel_ms[t] for t in sorted({v.type for v in problem.vehicles})]
    return np.asarray(np.minimum(np.minimum.reduce(tables).astype(np.float64), _FAR_MS))


def _between_pickups(problem: Problem, pickups: Sequence[int]) -> Floats:
    nodes = [problem.pickups[i].node for i in pickups]
    travel = _soonest(problem)[np.ix_(nodes, nodes)]
    return np.minimum(travel, travel.T)


def _seeds(gap: Floats, count: int) -> list[int]:
    """Farthest first (Gonzalez, 1985), from the pickup farthest from all the others."""
    seeds = [int(gap.sum(axis=1).argmax())]
    while len(seeds) < count:
        distance = gap[:, seeds].min(axis=1)
        distance[seeds] = -1.0
        seeds.append(int(distance.argmax()))
    return seeds


def _even(total: int, parts: int) -> list[int]:
    return [total // parts + (part < total % parts) for part in range(parts)]


def _shares(total: int, weights: Sequence[float], most: Sequence[int]) -> list[int]:
    """`total` shared out in proportion to `weights`, none above its `most`: one at a time, to the neediest."""
    shares = [0] * len(weights)
    for _ in range(total):
        open_ = [i for i, share in enumerate(shares) if share < most[i]]
        if not open_:
            break
        neediest = max(open_, key=lambda i: (weights[i] / (shares[i] + 1), -i))
        shares[neediest] += 1
    return shares


def _balanced(distance: Floats, room: Sequence[int]) -> list[list[int]]:
    """Rows shared out over columns, `room` to each; who loses most by not getting the nearest goes first.

    Rows for which there is no room are in no group.
    """
    left = np.array(room)
    groups: list[list[int]] = [[] for _ in room]
    two = np.sort(distance, axis=1)[:, :2]
    regret = two[:, -1] - two[:, 0]
    for row in sorted(range(len(distance)), key=lambda r: (-regret[r], two[r, 0], r))[: sum(room)]:
        column = int(np.where(left > 0, distance[row], np.inf).argmin())
        left[column] -= 1
        groups[column].append(row)
    return [sorted(group) for group in groups]


def _crews(problem: Problem, cells: Sequence[Sequence[int]]) -> list[list[int]]:
    """The vehicles of every cell: in proportion to its pickups, certified ones mostly to its hazardous pickups."""
    most = [MOST_VEHICLES] * len(cells)
    room = _shares(len(problem.vehicles), [float(len(cell)) for cell in cells], most)
    crews: list[list[int]] = [[] for _ in cells]
    certified = [v for v, vehicle in enumerate(problem.vehicles) if problem.types[vehicle.type].hazmat]
    others = [v for v in range(len(problem.vehicles)) if v not in set(certified)]
    needs = [sum(problem.pickups[i].hazardous for i in cell) + 0.1 * len(cell) for cell in cells]
    wanted = _shares(len(certified), needs, room)
    for vehicles, places in ((certified, wanted), (others, [r - w for r, w in zip(room, wanted, strict=True)])):
        _assign(problem, cells, vehicles, places, crews)
    return [sorted(crew) for crew in crews]


def _assign(
    problem: Problem,
    cells: Sequence[Sequence[int]],
    vehicles: Sequence[int],
    places: Sequence[int],
    crews: list[list[int]],
) -> None:
    distance = np.empty((len(vehicles), len(cells)))
    for row, index in enumerate(vehicles):
        vehicle = problem.vehicles[index]
        travel = np.minimum(problem.travel_ms[vehicle.type][vehicle.node], _FAR_MS)
        for column, cell in enumerate(cells):
            distance[row, column] = travel[[problem.pickups[i].node for i in cell]].mean()
    for crew, rows in zip(crews, _balanced(distance, places), strict=True):
        crew += [vehicles[row] for row in rows]
