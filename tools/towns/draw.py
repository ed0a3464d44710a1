"""Random problems, small ones, in which every rule of the planner's contract binds at times.

The same seed gives the same problem. Tests draw them, and so does `tools/random_problems.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fleet.plan.problem import (
    NEVER_MS,
    UNLIMITED,
    UNREACHABLE_MS,
    Charger,
    Dock,
    Pickup,
    Problem,
    Vehicle,
    VehicleType,
    Visit,
)
from fleet.plan.timetable import timetable
from fleet.plan.ways import Table

MATERIALS = ("paper", "glass", "organics", "e-waste", "solvents")
CERTIFICATES = ("hazard", "glassware")
GROUND = "on the ground"
"""The certificate that crews on the street alone have."""
HOUR_MS = 3_600_000


def random_problem(seed: int) -> Problem:
    """A town of at most 12 pickups, 5 vehicles and 6 docks, in which every feature of the contract is at times on.

    Committed visits are the beginning of routes that are legal beside each other.
    """
    draw = np.random.default_rng(seed)
    types = tuple(_type(draw, i) for i in range(int(draw.integers(1, 4))))
    side_m = float(draw.uniform(1500.0, 6000.0))
    docks = tuple(_dock(draw, i) for i in range(int(draw.integers(1, 7))))
    count = int(draw.integers(1, 13))
    sites = len(docks) + 2  # vehicles stand at docks or at one of two more places
    nodes = sites + count
    ways = _ways(draw, types, nodes, side_m)
    pickups = tuple(_pickup(draw, i, sites) for i in range(count))
    if draw.random() < 0.1:  # two at one place
        pickups = (*pickups[:-1], replace(pickups[-1], node=pickups[0].node))
    vehicles = tuple(_vehicle(draw, i, types, len(docks)) for i in range(int(draw.integers(0, 6))))
    apart = set()
    while draw.random() < 0.35:
        apart.add(frozenset(str(m) for m in draw.choice(MATERIALS, 2, replace=False)))
    end_ms = int(draw.uniform(0.5, 3.0) * HOUR_MS) if draw.random() < 0.8 else NEVER_MS
    problem = Problem(types, vehicles, docks, pickups, ways, end_ms, frozenset(apart))
    return _committed(draw, problem) if draw.random() < 0.35 else problem


def _type(draw: np.random.Generator, index: int) -> VehicleType:
    small = draw.random() < 0.6
    battery = float(draw.uniform(250.0, 900.0) if small else draw.uniform(1500.0, 4000.0))
    plain = draw.random()
    kind = VehicleType(
        f"t{index}",
        empty_kg=9.5 if small else 65.0,
        payload_kg=float(draw.uniform(4.0, 9.0) if small else draw.uniform(15.0, 30.0)),
        volume_l=float(draw.uniform(25.0, 60.0) if small else draw.uniform(80.0, 150.0)),
        battery_wh=battery,
        reserve_wh=battery * float(draw.choice([0.0, 0.15, 0.25])),
        power_coefficient=32.3 if small else 15.4,
        mass_exponent=float(draw.choice([1.5, 1.5, 1.0])),
        certificates=frozenset(c for c in CERTIFICATES if draw.random() < 0.5),
        fixed_cost=int(draw.choice([0, 0, 50_000, 400_000])),
        most_trips=int(draw.choice([1, 2, UNLIMITED, UNLIMITED])),
    )
    if plain < 0.15:
        return replace(kind, battery_wh=float("inf"), reserve_wh=0.0, power_coefficient=0.0)
    if plain < 0.3:  # a range of 4 to 15 km, whatever the load
        range_h = float(draw.uniform(0.2, 0.6))
        return replace(kind, power_coefficient=1.0, mass_exponent=0.0, battery_wh=range_h, reserve_wh=0.0)
    return kind


def _ways(draw: np.random.Generator, types: Sequence[VehicleType], nodes: int, side_m: float) -> tuple[Table, ...]:
    where = draw.uniform(0.0, side_m, (nodes, 2))
    metres = np.hypot(*(where[:, None] - where[None]).transpose(2, 0, 1))
    bar = float(draw.choice([0.0, 0.0, 0.05, 0.2]))
    tables = []
    for _ in types:
        speed = float(draw.uniform(5.0, 15.0))
        travel = (1000.0 * (30.0 + metres / speed)).astype(np.int64)
        if draw.random() < 0.3:  # one way is not as long as back, nor need it be the shortest
            travel = (travel * draw.uniform(0.8, 1.3, travel.shape)).astype(np.int64)
        effort = 1.15 * travel / HOUR_MS
        cost = travel * int(draw.integers(1, 4))
        no = draw.random(metres.shape) < bar
        np.fill_diagonal(no, False)
        travel[no], effort[no] = UNREACHABLE_MS, np.inf
        for matrix in (travel, cost, effort):
            np.fill_diagonal(matrix, 0)
        tables.append(Table(travel, cost, effort))
    return tuple(tables)


def _charger(draw: np.random.Generator) -> Charger:
    places = int(draw.choice([1, 1, 2, UNLIMITED]))
    mode = draw.choice(["swap", "full", "partial"])
    if mode == "swap":
        return Charger("swap", int(draw.integers(0, 180_000)), 0.0, places)
    fixed = int(draw.integers(0, 60_000))
    return Charger("full" if mode == "full" else "partial", fixed, float(draw.uniform(500.0, 5000.0)), places)


def _dock(draw: np.random.Generator, index: int) -> Dock:
    kind = draw.random()
    takes = frozenset(m for m in MATERIALS if draw.random() < 0.6) if kind < 0.8 else frozenset()
    hours: tuple[tuple[int, int], ...] = ()
    if draw.random() < 0.35:
        opens = int(draw.uniform(0.0, 1.0) * HOUR_MS)
        closes = opens + int(draw.uniform(0.2, 1.0) * HOUR_MS)
        hours = ((opens, closes),)
        if draw.random() < 0.5:
            again = closes + int(draw.uniform(0.1, 0.5) * HOUR_MS)
            hours = (*hours, (again, again + int(draw.uniform(0.2, 1.0) * HOUR_MS)))
    charger = _charger(draw) if kind > 0.75 or draw.random() < 0.5 else None
    unload = int(draw.choice([0, 60_000, 180_000, 400_000]))
    return Dock(f"d{index}", index, takes, unload, charger, hours, int(draw.choice([1, 1, 2, UNLIMITED])))


def _pickup(draw: np.random.Generator, index: int, sites: int) -> Pickup:
    material = str(draw.choice(MATERIALS))
    earliest = int(draw.uniform(-0.5, 1.5) * HOUR_MS)
    window = (earliest, earliest + int(draw.uniform(0.15, 1.5) * HOUR_MS))
    if draw.random() < 0.5:
        window = (-NEVER_MS, NEVER_MS)
    soft = draw.random() < 0.3
    return Pickup(
        f"p{index}",
        sites + index,
        material,
        float(draw.lognormal(0.8, 0.7)),
        float(draw.lognormal(2.2, 0.6)),
        *window,
        service_ms=int(draw.choice([0, 60_000, 120_000])),
        penalty=int(draw.choice([0, 300_000, 1_000_000, 5_000_000])),
        needs=frozenset(c for c in CERTIFICATES if draw.random() < (0.6 if material == "solvents" else 0.1)),
        due_ms=int(draw.uniform(0.1, 1.5) * HOUR_MS) if soft else NEVER_MS,
        late_cost_per_s=int(draw.integers(1, 1000)) if soft else 0,
        release_ms=int(draw.uniform(-0.5, 1.0) * HOUR_MS) if draw.random() < 0.2 else -NEVER_MS,
    )


def _vehicle(draw: np.random.Generator, index: int, types: Sequence[VehicleType], docks: int) -> Vehicle:
    kind = int(draw.integers(0, len(types)))
    charge = types[kind].battery_wh * (1.0 if draw.random() < 0.5 else float(draw.uniform(0.2, 1.1)))
    ends = ()
    if draw.random() < 0.4:
        ends = tuple(sorted({int(d) for d in draw.integers(0, docks, 2)}))
    until = int(draw.uniform(0.5, 2.0) * HOUR_MS) if draw.random() < 0.3 else NEVER_MS
    ready = int(draw.uniform(-300_000, 600_000))
    return Vehicle(f"v{index}", kind, int(draw.integers(0, docks + 2)), ready, float(charge), until, ends)


def _committed(draw: np.random.Generator, problem: Problem) -> Problem:
    """`problem` where some vehicles are on their way: to a pickup and a dock, or to a dock that charges."""
    free = list(range(len(problem.pickups)))
    chosen: dict[int, list[Visit]] = {}
    for index in range(len(problem.vehicles)):
        if draw.random() < 0.4:
            continue
        for _ in range(12):
            visits: list[Visit] = []
            for _ in range(int(draw.integers(1, 3))):
                if len(free) - sum(v[0] == "pickup" for v in visits) > 0:
                    rest = [p for p in free if ("pickup", p) not in visits]
                    visits.append(("pickup", int(draw.choice(rest))))
            visits.append(("dock", int(draw.integers(0, len(problem.docks)))))
            if draw.random() < 0.4:
                visits.append(("dock", int(draw.integers(0, len(problem.docks)))))
            trial = {**chosen, index: visits}
            if timetable(problem, [trial.get(v, []) for v in range(len(problem.vehicles))]).legal:
                chosen = trial
                free = [p for p in free if ("pickup", p) not in visits]
                break
    vehicles = list(problem.vehicles)
    for index, visits in chosen.items():
        part = visits[: int(draw.integers(1, len(visits) + 1))]
        vehicles[index] = replace(vehicles[index], committed=tuple(part))
    under_way = replace(problem, vehicles=tuple(vehicles))
    return under_way if timetable(under_way, bare_visits(under_way)).legal else problem


def bare_visits(problem: Problem) -> list[list[Visit]]:
    count, docks = len(problem.vehicles), range(len(problem.docks))
    visits: list[list[Visit]] = [list(vehicle.committed) for vehicle in problem.vehicles]
    ends = [(), *((("dock", a),) for a in docks), *((("dock", a), ("dock", b)) for a in docks for b in docks)]
    ends += [(*end, ("dock", c)) for end in ends if len(end) == 2 for c in docks]
    for v, vehicle in enumerate(problem.vehicles):
        if not vehicle.committed:
            continue
        for end in ends:
            trial = [*visits[:v], [*visits[v], *end], *([] for _ in range(v + 1, count))]
            if not any(timetable(problem, trial).breaches[: v + 1]):
                visits[v] = trial[v]
                break
    return visits


# --------------------------------------------------------------------------------------------------------- towns


def random_town(seed: int) -> Problem:
    """`random_problem`; in most towns more is worth serving. In some there are crews on the street beside what
    flies, with ways of their own and the only certificate for what must not fly over people; in some, commitments
    that break rules already."""
    draw = np.random.default_rng([seed, 1])
    problem = random_problem(seed)
    if draw.random() < 0.7:
        problem = _worth_serving(draw, problem)
    if draw.random() < 0.3:
        problem = _with_crew(draw, problem)
    return _with_broken_promise(draw, problem) if draw.random() < 0.4 else problem


def _worth_serving(draw: np.random.Generator, problem: Problem) -> Problem:
    """`problem` where leaving out is dear, and most docks take most materials."""
    pickups = tuple(replace(pickup, penalty=3_000_000 + 5 * pickup.penalty) for pickup in problem.pickups)
    docks = tuple(
        replace(dock, accepts=dock.accepts | {m for m in MATERIALS if draw.random() < 0.7})
        if dock.accepts
        else dock
        for dock in problem.docks
    )
    return replace(problem, pickups=pickups, docks=docks)


def _with_crew(draw: np.random.Generator, problem: Problem) -> Problem:
    """`problem` where one vehicle is a van; one that is committed to nothing, as a van is slower."""
    free = [v for v, vehicle in enumerate(problem.vehicles) if not vehicle.committed]
    if not free:
        return problem
    van = VehicleType(
        "van",
        empty_kg=1800.0,
        payload_kg=float(draw.uniform(150.0, 400.0)),
        volume_l=2000.0,
        certificates=frozenset((*CERTIFICATES, GROUND)),
        fixed_cost=int(draw.choice([0, 600_000])),
    )
    straight = problem.ways[0].block(*[np.arange(problem.ways[0].size)] * 2).travel_ms
    detour = draw.uniform(1.2, 2.5, straight.shape)
    travel = np.where(straight >= UNREACHABLE_MS, 600_000, straight * (detour + detour.T) / 2).astype(np.int64)
    streets = Table(travel, travel * int(draw.integers(1, 5)), travel / HOUR_MS)
    index = int(draw.choice(free))
    me = replace(problem.vehicles[index], type=len(problem.types), battery_wh=float("inf"))
    return replace(
        problem,
        types=(*problem.types, van),
        ways=(*problem.ways, streets),
        vehicles=(*problem.vehicles[:index], me, *problem.vehicles[index + 1 :]),
        pickups=tuple(_grounded(pickup, draw.random()) for pickup in problem.pickups),
    )


def _grounded(pickup: Pickup, chance: float) -> Pickup:
    return replace(pickup, needs=pickup.needs | {GROUND}) if chance < 0.2 else pickup


def _with_broken_promise(draw: np.random.Generator, problem: Problem) -> Problem:
    """`problem` where a pickup that somebody is on the way to can no longer be in time, or needs a certificate
    that nobody has. Neither changes when anything happens, so there is a plan still."""
    promised = [i for vehicle in problem.vehicles for kind, i in vehicle.committed if kind == "pickup"]
    if not promised:
        return problem
    index = int(draw.choice(promised))
    pickup = problem.pickups[index]
    if draw.random() < 0.5:
        pickup = replace(pickup, needs=pickup.needs | {"nobody has it"})
    else:
        pickup = replace(pickup, latest_ms=pickup.earliest_ms + pickup.service_ms)
    return replace(problem, pickups=(*problem.pickups[:index], pickup, *problem.pickups[index + 1 :]))
