"""One random town: planned, judged, tried by the referee, and every change that is said to help made and tried."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from fleet.plan.budget import Iterations
from fleet.plan.insertions import insertable
from fleet.plan.planner import solve
from fleet.plan.problem import NEVER_MS, UNLIMITED, UNREACHABLE_MS, Omission, Plan, Problem
from fleet.plan.referee import judge
from fleet.plan.relaxations import relaxed
from fleet.plan.result import Manner

from .draw import GROUND, random_town
from .features import FEATURES

MANNER = Manner(explain=True)


@dataclass(frozen=True)
class Tried:
    """What became of a town. `codes` counts the reasons given, `promised` those that came with a change; `kept`
    are the promises that the referee finds true. `violations`, `insertable` and `broken` are what went wrong."""

    seed: int
    pickups: int
    served: int
    codes: dict[str, int]
    promised: int
    kept: int
    violations: list[str]
    insertable: list[str]
    broken: list[str]
    has: list[str]
    binds: list[str] | None
    cpu_s: float

    def said(self) -> dict[str, Any]:
        """For a line of JSON."""
        return asdict(self)


def tried(seed: int, iterations: int, *, ask_what_binds: bool = False) -> Tried:
    """Plan and judge the town of a seed; and again without each feature, if asked what binds."""
    began_s = time.process_time()
    problem = random_town(seed)
    plan = solve(problem, Iterations(iterations), seed=seed, manner=MANNER).plan
    codes: dict[str, int] = {}
    for omission in plan.omitted:
        codes[omission.code] = codes.get(omission.code, 0) + 1
    promised = [omission for omission in plan.omitted if omission.relaxations]
    broken = [omission for omission in promised if not admits(problem, plan, omission)]
    return Tried(
        seed=seed,
        pickups=len(problem.pickups),
        served=len({stop.index for route in plan.routes for stop in route.stops if stop.kind == "pickup"}),
        codes=codes,
        promised=len(promised),
        kept=len(promised) - len(broken),
        violations=[str(violation) for violation in judge(problem, plan)],
        insertable=[str(violation) for violation in insertable(problem, plan)],
        broken=[f"{problem.pickups[o.pickup].id}: {o.code}: {o.relaxations}" for o in broken],
        has=sorted(has(problem)),
        binds=sorted(binding(problem, plan, iterations, seed)) if ask_what_binds else None,
        cpu_s=round(time.process_time() - began_s, 4),
    )


def admits(problem: Problem, plan: Plan, omission: Omission) -> bool:
    """Whether the referee can insert the pickup once the changes are made; it tries whatever the code says."""
    told = replace(plan, omitted=(replace(omission, code="fleet-busy"),))
    return bool(insertable(relaxed(problem, omission), told))


def binding(problem: Problem, plan: Plan, iterations: int, seed: int) -> Iterator[str]:
    """The features without which the same search finds a plan of another cost."""
    for name, change in FEATURES.items():
        without = change(problem)
        if without != problem and solve(without, Iterations(iterations), seed=seed).plan.cost != plan.cost:
            yield name


def has(problem: Problem) -> Iterator[str]:
    """What of the contract a problem speaks of."""
    flags: dict[str, bool] = {}
    for seen in (_of_vehicles(problem), _of_docks(problem), _of_pickups(problem)):
        flags |= seen
    return (name for name, is_there in flags.items() if is_there)


def _of_vehicles(problem: Problem) -> dict[str, bool]:
    used = [(vehicle, problem.types[vehicle.type]) for vehicle in problem.vehicles]
    electric = [kind for _, kind in used if kind.battery_wh < float("inf")]
    barred = any((ways.travel_ms >= UNREACHABLE_MS).any() for ways in problem.ways if hasattr(ways, "travel_ms"))
    return {
        "no vehicle": not used,
        "several starts": len({vehicle.node for vehicle, _ in used}) > 1,
        "several types": len({vehicle.type for vehicle, _ in used}) > 1,
        "crew on the street": any(GROUND in kind.certificates for _, kind in used),
        "no battery": any(kind.battery_wh == float("inf") for _, kind in used),
        "energy by load ^ 0": any(kind.mass_exponent == 0 for kind in electric),
        "energy by load ^ 1": any(kind.mass_exponent == 1 for kind in electric),
        "energy by load ^ 1.5": any(kind.mass_exponent == 1.5 for kind in electric),
        "reserve": any(kind.reserve_wh > 0 for kind in electric),
        "half-empty at the start": any(v.battery_wh < k.battery_wh for v, k in used),
        "fixed cost": any(kind.fixed_cost for _, kind in used),
        "most trips": any(kind.most_trips < UNLIMITED for _, kind in used),
        "until": any(vehicle.until_ms < NEVER_MS for vehicle, _ in used),
        "end": problem.end_ms < NEVER_MS,
        "ends": any(vehicle.ends for vehicle, _ in used),
        "committed": any(vehicle.committed for vehicle, _ in used),
        "committed to what breaks a rule": _broken_promises(problem),
        "legs that nobody may take": barred,
    }


def _broken_promises(problem: Problem) -> bool:
    promised = [problem.pickups[i] for v in problem.vehicles for kind, i in v.committed if kind == "pickup"]
    return any("nobody has it" in p.needs or p.latest_ms == p.earliest_ms + p.service_ms for p in promised)


def _of_docks(problem: Problem) -> dict[str, bool]:
    chargers = [dock.charger for dock in problem.docks if dock.charger is not None]
    return {
        "docks that take only some": any(dock.accepts for dock in problem.docks),
        "docks that take nothing": any(not dock.accepts for dock in problem.docks),
        "hours": any(dock.hours for dock in problem.docks),
        "pads": any(dock.pads < UNLIMITED for dock in problem.docks),
        "places": any(charger.places < UNLIMITED for charger in chargers),
        **{f"charger: {mode}": any(c.mode == mode for c in chargers) for mode in ("swap", "full", "partial")},
        "apart": bool(problem.apart),
    }


def _of_pickups(problem: Problem) -> dict[str, bool]:
    pickups = problem.pickups
    return {
        "windows": any(pickup.latest_ms < NEVER_MS for pickup in pickups),
        "lateness that costs": any(pickup.late_cost_per_s for pickup in pickups),
        "both in one pickup": any(p.late_cost_per_s and p.latest_ms < NEVER_MS for p in pickups),
        "release": any(pickup.release_ms > -NEVER_MS for pickup in pickups),
        "certificates": any(pickup.needs for pickup in pickups),
        "two at one place": len({pickup.node for pickup in pickups}) < len(pickups),
    }
