"""Problems too large for one search: cut into cells, each searched alone, then cut again along the borders.

First every start has the pickups that are nearest to it, in proportion to its vehicles, and starts with few are
put together, starts with many split (`cut`). Later cuts follow the routes: neighbouring routes and what lies
between them on no route are searched again from where they are, and the next time with other neighbours
(`recut`; POPMUSIC: Taillard and Voss, "POPMUSIC: partial optimization metaheuristic under special intensification
conditions", in Essays and Surveys in Metaheuristics, 2002). A problem need have no coordinates: near is what is
cheap to reach.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from fleet.plan.parts import Part
from fleet.plan.problem import Problem, Visit
from fleet.plan.ways import Matrix, Ways

Ints = npt.NDArray[np.int64]

_SLACK = 1.2
"""A start takes so many times its share of the pickups before they are sent to another one."""
_FULL = 0.9
"""Where there are vehicles to spare, a start takes what fills them to this."""
_LENT = 3
"""Cells among which idle vehicles that are alike are shared out: those that they reach at least cost."""
_MEDOID_ROUNDS = 3
_TRIED, _SEEN = 24, 64
"""Members of a cluster that are tried as its middle, and members that each is measured by."""


def cut(problem: Problem, most_pickups: int, draw: np.random.Generator) -> tuple[Part, ...]:
    """Parts of about `most_pickups` pickups or fewer. Every pickup and every vehicle is in one, unless there are
    fewer vehicles than parts; none where there is no vehicle. What a vehicle is committed to is in its part."""
    if not problem.vehicles:
        return ()
    bound = {i for vehicle in problem.vehicles for kind, i in vehicle.committed if kind == "pickup"}
    free = [p for p in range(len(problem.pickups)) if p not in bound]
    starts, first = np.unique([vehicle.node for vehicle in problem.vehicles], return_inverse=True)
    nodes = np.array([problem.pickups[p].node for p in free], dtype=np.int64)
    share = np.bincount(first) / len(problem.vehicles)
    reach = problem.ways[_commonest_type(problem)].block(starts, nodes).cost
    slack = max(_SLACK, _FULL * _room(problem))
    home = _by_quota(reach, np.ceil(slack * share * len(nodes)).astype(np.int64))
    parts: list[Part] = []
    for group in _put_together(problem, starts, np.bincount(home, minlength=len(starts)), most_pickups):
        inside = set(group)
        pickups = [p for p, start in zip(free, home.tolist(), strict=True) if start in inside]
        vehicles = [v for v in range(len(problem.vehicles)) if int(first[v]) in inside]
        parts += _split(problem, pickups, vehicles, most_pickups, draw)
    return tuple(parts)


def recut(
    problem: Problem, visits: Sequence[Sequence[Visit]], most_pickups: int, draw: np.random.Generator
) -> tuple[Part, ...]:
    """Parts that are neighbouring routes of a plan, others for other draws, with what is left out near them."""
    rows = [[i for kind, i in row if kind == "pickup"] for row in visits]
    used = [v for v, row in enumerate(rows) if row]
    if not used:
        return ()
    ways = problem.ways[_commonest_type(problem)]
    middle = np.array([problem.pickups[rows[v][len(rows[v]) // 2]].node for v in used], dtype=np.int64)
    apart = ways.block(middle, middle).cost
    groups = _neighbours(apart, [len(rows[v]) for v in used], most_pickups, draw)
    group_of = np.zeros(len(used), dtype=np.int64)
    for number, group in enumerate(groups):
        group_of[group] = number
    on_route = {i for row in rows for i in row}
    absent = [p for p in range(len(problem.pickups)) if p not in on_route]
    idle = [v for v, row in enumerate(rows) if not row]
    pickups: list[list[int]] = [[i for member in group for i in rows[used[member]]] for group in groups]
    vehicles: list[list[int]] = [[used[member] for member in group] for group in groups]
    for index, near in zip(absent, _nearest(ways, middle, [problem.pickups[p].node for p in absent]), strict=True):
        pickups[int(group_of[near])].append(index)
    for index, number in zip(idle, _lent(problem, ways, idle, middle, group_of), strict=True):
        vehicles[number].append(index)
    return tuple(Part.of(problem, p, v) for p, v in zip(pickups, vehicles, strict=True))


def around(
    problem: Problem, visits: Sequence[Sequence[Visit]], lost: Sequence[int], absent: Sequence[int], most: int
) -> Part:
    """The routes near pickups that are `lost`, with idle vehicles, and with those of the `absent` that are no
    farther away: about `most` pickups in all."""
    ways = problem.ways[_commonest_type(problem)]
    middle = np.array([problem.pickups[p].node for p in lost], dtype=np.int64)
    rows = [[i for kind, i in row if kind == "pickup"] for row in visits]
    on = [(p, v) for v, row in enumerate(rows) for p in row]
    nodes = [problem.pickups[p].node for p, _ in on] + [problem.pickups[p].node for p in absent]
    far = ways.block(middle, np.array(nodes, dtype=np.int64)).cost.min(axis=0)
    pickups, vehicles = list(lost), [v for v, row in enumerate(visits) if not row]
    taken, known = set(vehicles), set(lost)
    for at in np.argsort(far, kind="stable").tolist():
        if len(pickups) >= most:
            break
        if at >= len(on):
            found = [absent[at - len(on)]]
        elif on[at][1] in taken:
            continue
        else:
            taken.add(on[at][1])
            vehicles.append(on[at][1])
            found = rows[on[at][1]]
        pickups += [p for p in found if p not in known]
        known.update(found)
    return Part.of(problem, pickups, vehicles)


def _room(problem: Problem) -> float:
    """How many times all pickups would fit into all vehicles at once."""
    kinds = [problem.types[vehicle.type] for vehicle in problem.vehicles]
    kg, litres = sum(p.mass_kg for p in problem.pickups), sum(p.volume_l for p in problem.pickups)
    by_kg = sum(kind.payload_kg for kind in kinds) / kg if kg > 0.0 else math.inf
    by_l = sum(kind.volume_l for kind in kinds) / litres if litres > 0.0 else math.inf
    room = min(by_kg, by_l)
    return room if room < math.inf else 1.0


def _lent(problem: Problem, ways: Ways, idle: Sequence[int], middle: Ints, group_of: Ints) -> list[int]:
    """The group of routes that each idle vehicle is given to: those at one start in turn to the nearest groups."""
    starts, row = np.unique([problem.vehicles[v].node for v in idle], return_inverse=True)
    if not len(starts):
        return []
    orders = np.argsort(ways.block(starts, middle).cost, axis=1, kind="stable")
    nearest = [list(dict.fromkeys(group_of[order].tolist()))[:_LENT] for order in orders]
    turn: dict[tuple[int, int], int] = defaultdict(int)
    given = []
    for v, at in zip(idle, row.tolist(), strict=True):
        key = at, problem.vehicles[v].type
        given.append(nearest[at][turn[key] % len(nearest[at])])
        turn[key] += 1
    return given


def _commonest_type(problem: Problem) -> int:
    return int(np.bincount([vehicle.type for vehicle in problem.vehicles]).argmax())


def _nearest(ways: Ways, places: Ints, nodes: Sequence[int]) -> Ints:
    """For each of `nodes` the number of the place from which it is reached at least cost."""
    if not nodes:
        return np.zeros(0, dtype=np.int64)
    return np.asarray(ways.block(places, np.array(nodes, dtype=np.int64)).cost.argmin(axis=0))


def _by_quota(reach: Matrix, quota: Ints) -> Ints:
    """The row that each column goes to: its cheapest, or where that has its quota, the next one.

    Who would lose most by the second choice chooses first.
    """
    if len(reach) == 1:
        return np.zeros(reach.shape[1], dtype=np.int64)
    two = np.partition(reach, 1, axis=0)
    order = np.argsort(two[0] - two[1], kind="stable")
    choices = np.argsort(reach, axis=0, kind="stable")
    left = quota.copy()
    found = choices[0].copy()
    for column in order:
        for row in choices[:, column]:
            if left[row] > 0:
                found[column] = row
                left[row] -= 1
                break
    return np.asarray(found)


def _put_together(problem: Problem, starts: Ints, count: Ints, most: int) -> list[list[int]]:
    """Starts in groups with at most `most` pickups each, where one alone has not more; near ones together."""
    apart = problem.ways[_commonest_type(problem)].block(starts, starts).cost
    left = set(range(len(starts)))
    groups: list[list[int]] = []
    while left:
        seed = max(
            left, key=lambda s: (int(apart[s, sorted(left)].sum()), -s)
        )  # the remotest, so that none is left over
        group = [seed]
        left.remove(seed)
        total = int(count[seed])
        for other in sorted(left, key=lambda s: (int(apart[seed, s]), s)):
            if total + int(count[other]) > most:
                break
            group.append(other)
            left.remove(other)
            total += int(count[other])
        groups.append(group)
    return groups


def _split(
    problem: Problem, pickups: list[int], vehicles: list[int], most: int, draw: np.random.Generator
) -> list[Part]:
    """Clusters of `pickups`, each with a share of `vehicles`, of each type the nearest ones."""
    count = min(math.ceil(len(pickups) / most), len(vehicles))
    if count <= 1:
        return [Part.of(problem, pickups, vehicles)]
    ways = problem.ways[_commonest_type(problem)]
    nodes = np.array([problem.pickups[p].node for p in pickups], dtype=np.int64)
    middle = _medoids(ways, nodes, count, draw)
    reach = ways.block(nodes[middle], nodes).cost
    cluster = _by_quota(reach, np.full(count, math.ceil(_SLACK * len(pickups) / count)))
    size = np.bincount(cluster, minlength=count)
    shares: list[list[int]] = [[] for _ in range(count)]
    by_type: dict[int, list[int]] = defaultdict(list)
    for vehicle in vehicles:
        by_type[problem.vehicles[vehicle].type].append(vehicle)
    given = np.zeros(count, dtype=np.int64)
    for kind in sorted(by_type):
        row = by_type[kind]
        from_start = ways.block(np.array([problem.vehicles[v].node for v in row]), nodes[middle]).cost.T
        for vehicle, number in zip(row, _by_quota(from_start, _quotas(size, given, len(row))), strict=True):
            shares[int(number)].append(vehicle)
            given[int(number)] += 1
    return [Part.of(problem, [pickups[i] for i in np.flatnonzero(cluster == c)], shares[c]) for c in range(count)]


def _quotas(size: Ints, given: Ints, count: int) -> Ints:
    """How `count` more vehicles are shared among clusters, so that all in all they go by the clusters' sizes."""
    quota = np.zeros(len(size), dtype=np.int64)
    for _ in range(count):
        quota[np.argmin((given + quota + 1) / np.maximum(size, 1))] += 1
    return quota


def _medoids(ways: Ways, nodes: Ints, count: int, draw: np.random.Generator) -> Ints:
    """Indices of the middles of `count` clusters of `nodes`: far apart first, then moved, by samples
    (CLARA: Kaufman and Rousseeuw, "Finding Groups in Data", 1990)."""
    middle = [int(draw.integers(len(nodes)))]
    nearest = ways.block(nodes[middle], nodes).cost[0]
    while len(middle) < count:
        middle.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, ways.block(nodes[middle[-1:]], nodes).cost[0])
    for _ in range(_MEDOID_ROUNDS):
        cluster = ways.block(nodes[middle], nodes).cost.argmin(axis=0)
        for number in range(count):
            members = np.flatnonzero(cluster == number)
            if len(members):
                tried, seen = (_sample(members, most, draw) for most in (_TRIED, _SEEN))
                middle[number] = int(tried[ways.block(nodes[tried], nodes[seen]).cost.sum(axis=1).argmin()])
    return np.array(middle, dtype=np.int64)


def _sample(members: Ints, most: int, draw: np.random.Generator) -> Ints:
    return members if len(members) <= most else np.sort(draw.choice(members, most, replace=False))


def _neighbours(apart: Matrix, sizes: Sequence[int], most: int, draw: np.random.Generator) -> list[list[int]]:
    """Rows of `apart` in groups of near ones with at most `most` in all, begun at random rows."""
    left = set(range(len(sizes)))
    groups: list[list[int]] = []
    for seed in _in_order(draw.permutation(len(sizes))):
        if seed not in left:
            continue
        group: list[int] = []
        total = 0
        for member in _in_order(np.argsort(apart[seed], kind="stable")):
            if member in left and (not group or total + sizes[member] <= most):
                group.append(member)
                total += sizes[member]
                left.remove(member)
            elif member in left:
                break
        groups.append(group)
    return groups


def _in_order(numbers: Ints) -> Iterable[int]:
    return (int(number) for number in numbers)
