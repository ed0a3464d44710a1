"""Small problems for the engine, and a plain walk that says what is wrong with visits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fleet.plan.problem import NEVER_MS, Charger, Dock, Pickup, Problem, Vehicle, VehicleType, Visit
from fleet.plan.ways import Plane

KINDS = ("glass", "paper", "acid")
EXPONENT_FREE = {"mass_exponent": 0.0, "power_coefficient": 1.0}


def simple(n: int = 12, seed: int = 0) -> Problem:
    """Two vehicle types, two docks that accept all, no batteries: everything can be served."""
    rng = np.random.default_rng(seed)
    plane = Plane(rng.uniform(0, 3000, n + 4), rng.uniform(0, 3000, n + 4), 70.0, effort_per_unit=1e-3)
    types = (
        VehicleType("light", 10.0, 8.0, 60.0, fixed_cost=500),
        VehicleType("heavy", 20.0, 15.0, 120.0, fixed_cost=900),
    )
    docks = tuple(Dock(f"d{k}", n + k, frozenset(KINDS), 60_000) for k in range(2))
    pickups = tuple(
        Pickup(str(k), k, KINDS[int(rng.integers(3))], float(rng.uniform(0.5, 4.0)), float(rng.uniform(1.0, 20.0)),
               0, 9_000_000, 60_000, 9_000) for k in range(n)
    )  # fmt: skip
    vehicles = tuple(Vehicle(str(k), k % 2, n + 2 + k % 2, 0) for k in range(4))
    return Problem(types, vehicles, docks, pickups, (plane, plane), 9_000_000)


def full(n: int = 14, seed: int = 0) -> Problem:
    """All of the contract at once."""
    base, rng = simple(n, seed), np.random.default_rng(seed + 100)
    charger, hours = Charger("full", 60_000, 2_000.0, 1), ((0, 3_000_000), (3_600_000, 9_000_000))
    types = (
        replace(
            base.types[0],
            battery_wh=3.0,
            reserve_wh=0.2,
            power_coefficient=0.005,
            certificates=frozenset(["acid"]),
        ),
        replace(base.types[1], battery_wh=6.0, reserve_wh=0.2, power_coefficient=0.003, mass_exponent=1.0),
    )
    docks = (
        replace(base.docks[0], charger=charger, pads=1),
        replace(base.docks[1], accepts=frozenset(KINDS[:2]), hours=hours),
    )
    pickups = []
    for p in base.pickups:
        early = int(rng.integers(0, 4_000_000)) if rng.random() < 0.4 else 0
        needs = frozenset(["acid"] if p.material == "acid" else [])
        late = replace(
            p,
            earliest_ms=early,
            latest_ms=early + 5_000_000,
            due_ms=early + 600_000,
            late_cost_per_s=5,
            needs=needs,
        )
        pickups.append(
            replace(late, release_ms=int(rng.integers(0, 1_000_000)) if rng.random() < 0.3 else -NEVER_MS)
        )
    first = replace(base.vehicles[0], committed=(("pickup", 0), ("dock", 0), ("pickup", 1)))
    vehicles = (first, replace(base.vehicles[1], ends=(0,)), *base.vehicles[2:])
    apart = frozenset([frozenset(KINDS[:2])])
    return replace(base, types=types, docks=docks, pickups=tuple(pickups), vehicles=vehicles, apart=apart)


def walk(problem: Problem, visits: tuple[tuple[Visit, ...], ...]) -> tuple[int, list[str]]:
    """The cost of visits, and what is wrong with them, where swaps take no time and docks no hours or pads."""
    cost, bad, seen = 0, [], []
    for vehicle, route in zip(problem.vehicles, visits, strict=True):
        kind, ways = problem.types[vehicle.type], problem.ways[vehicle.type]
        full = kind.battery_wh - kind.reserve_wh
        now, node, board, left = (
            vehicle.ready_ms,
            vehicle.node,
            [],
            min(full, vehicle.battery_wh - kind.reserve_wh),
        )
        cost += kind.fixed_cost if route else 0
        for k, (what, index) in enumerate(route):
            if k == 0 or route[k - 1][0] == "dock":
                trip = [
                    problem.pickups[i].release_ms
                    for w, i in route[k : [w for w, _ in route].index("dock", k)]
                    if w
                ]
                now = max([now, *trip])
            place = problem.pickups[index] if what == "pickup" else problem.docks[index]
            block = ways.block(np.array([node]), np.array([place.node]))
            load = sum(p.mass_kg for p in board)
            left -= (
                kind.power_coefficient * (kind.empty_kg + load) ** kind.mass_exponent * float(block.effort_h[0, 0])
            )
            now, cost, node = now + int(block.travel_ms[0, 0]), cost + int(block.cost[0, 0]), place.node
            bad += ["battery"] * (left < -1e-9)
            if isinstance(place, Pickup):
                now = max(now, place.earliest_ms) + place.service_ms
                bad += ["late"] * (now > place.latest_ms) + ["uncertified"] * (
                    not place.needs <= kind.certificates
                )
                cost += max(0, -((place.due_ms - now) // 1000)) * place.late_cost_per_s
                board.append(place)
                seen.append(index)
            else:
                now += place.unload_ms
                aboard = {p.material for p in board}
                bad += ["refused"] * (not aboard <= place.accepts) + ["mixed"] * any(
                    pair <= aboard for pair in problem.apart
                )
                bad += ["heavy"] * (sum(p.mass_kg for p in board) > kind.payload_kg + 1e-6)
                bad += ["bulky"] * (sum(p.volume_l for p in board) > kind.volume_l + 1e-6)
                board = []
                left = full if place.charger else left
        if route:
            bad += ["over"] * (now > min(problem.end_ms, vehicle.until_ms)) + ["full"] * bool(board)
            bad += ["stray"] * bool(route[-1][0] != "dock" or (vehicle.ends and route[-1][1] not in vehicle.ends))
            bad += ["trips"] * (sum(w == "dock" for w, _ in route) > kind.most_trips)
    bad += ["twice"] * (len(seen) != len(set(seen)))
    return cost + sum(p.penalty for k, p in enumerate(problem.pickups) if k not in seen), bad
