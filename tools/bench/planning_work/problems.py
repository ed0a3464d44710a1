"""The problems of the demonstration by name, as the product sees them.

- a file stem in the folder `vrp` of FLEET_DATA (such as CVRP_X-n101-k25), read by the product's own readers;
- M1-n, M3-n: a drone problem with n pickups of the generator (a file gen.py, told by FLEET_GEN);
- scale-n: the same generator cut down to vehicles that are all alike, every pickup a must, metres flown.

The generator says what its problems are. Its seed is 1: seeds of the demonstration are those of the solvers.
"""

from __future__ import annotations

import importlib.util
import math
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from fleet.plan.files.loaded import Convention
from fleet.plan.files.opening import read_problem
from fleet.plan.problem import Charger, Dock, Floats, Pickup, Problem, Vehicle, VehicleType
from fleet.plan.ways import Block, Nodes, Plane, Table

GROUPS = ("recyclable", "organic", "hazardous")
HAZARD = frozenset({"hazard"})
TRUCK_KG, TRUCK_MPS = 40.0, 15.0
MUST = 10**7
"""Penalty of a pickup that must not be left out, in metres."""
SPARE_SHARE, SPARE_VEHICLES = 1.25, 5
"""Vehicles of a base of scale-n beyond those that the mass nearest to it fills."""


@dataclass(frozen=True)
class Work:
    """A problem, where its nodes are, whether every pickup is a must, and the generator's own instance if it has
    one (`level` M1 or M3)."""

    name: str
    problem: Problem
    x: Floats
    y: Floats
    is_must: bool
    instance: Any = None
    level: str = ""


class Missing(Exception):
    """What is needed for a problem is not there."""


def open_work(name: str) -> Work:
    """The problem of that name. Raises `Missing`."""
    if name.startswith(("M1-", "M3-")):
        level, _, count = name.partition("-")
        return drones(name, generator().make(int(count), 1), level)
    if name.startswith("scale-"):
        return scale(int(name.removeprefix("scale-")))
    folder = Path(os.environ.get("FLEET_DATA", "")) / "vrp"
    for suffix in (".vrp", ".txt"):
        file = folder / f"{name}{suffix}"
        if "FLEET_DATA" in os.environ and file.exists():
            convention: Convention = "integer" if name.startswith("CVRP") else "dimacs"
            problem = read_problem(file, convention).problem
            ways = problem.ways[0]
            if not isinstance(ways, Plane):
                raise Missing(f"coordinates in {file}")
            return Work(name, problem, ways.x, ways.y, is_must=True)
    raise Missing(f"{name}: expected it in the folder vrp of FLEET_DATA")


def generator() -> ModuleType:
    """The module gen.py that FLEET_GEN tells of: the file, or its folder. Raises `Missing`."""
    told = os.environ.get("FLEET_GEN", "")
    file = Path(told) / "gen.py" if Path(told).is_dir() else Path(told)
    if not told or not file.exists():
        raise Missing("the generator of drone problems: say where by --generator or FLEET_GEN")
    if "gen" not in sys.modules:
        spec = importlib.util.spec_from_file_location("gen", file)
        if spec is None or spec.loader is None:
            raise Missing(f"a Python module in {file}")
        # Its data classes look themselves up there while they are made.
        sys.modules["gen"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["gen"])
    return sys.modules["gen"]


# ------------------------------------------------------------------------------------------------- drones


def drones(name: str, instance: Any, level: str) -> Work:
    """A generated instance in our words: grams and decilitres become kg and litres, a range in metres a battery of
    as many kilometres, seconds whole milliseconds, so that every number stays what it is."""
    gen = generator()
    types, ways = [], []
    for label, mass_g, volume_dl, speed, unit, fixed, range_m, is_certified in gen.TYPES:
        battery = math.inf if level == "M1" else range_m / 1000.0
        may = HAZARD if is_certified else frozenset()
        types.append(
            VehicleType(label, 1.0, mass_g / 1000.0, volume_dl / 10.0, battery, 0.0, 1.0, 0.0, may, fixed)
        )
        travel_ms = 1000 * np.ceil(instance.dist / speed).astype(np.int64)
        ways.append(Table(travel_ms, instance.dist * unit, instance.dist / 1000.0))
    charger = None if level == "M1" else Charger()
    docks = tuple(
        Dock(f"site {k}", k, _accepts(range(3) if level == "M1" else groups), 1000 * gen.UNLOAD, charger)
        for k, groups in enumerate(instance.accepts)
    )
    fleet = tuple(Vehicle(f"drone {k}", t, base, 0, ends=(base,)) for k, (t, base) in enumerate(instance.drones))
    pickups = tuple(_pickup(gen, instance, i) for i in range(instance.n))
    problem = Problem(tuple(types), fleet, docks, pickups, tuple(ways), 1000 * gen.SHIFT)
    return Work(name, problem, instance.xy[:, 0], instance.xy[:, 1], False, instance, level)


def _accepts(groups: Any) -> frozenset[str]:
    return frozenset(GROUPS[group] for group in groups)


def _pickup(gen: Any, instance: Any, i: int) -> Pickup:
    group = int(instance.group[i])
    return Pickup(
        id=f"pickup {i}",
        node=instance.n_sites + i,
        material=GROUPS[group],
        mass_kg=int(instance.mass[i]) / 1000.0,
        volume_l=int(instance.vol[i]) / 10.0,
        earliest_ms=1000 * int(instance.tw[i, 0]),
        latest_ms=1000 * (int(instance.tw[i, 1]) + gen.SERVICE),
        service_ms=1000 * gen.SERVICE,
        penalty=int(instance.penalty[i]),
        needs=HAZARD if group == GROUPS.index("hazardous") else frozenset(),
    )


def joined(first: Any, second: Any, more: int) -> Any:
    """The instance `first` with `more` pickups of `second` behind its own."""
    own, other = first.n_sites, second.n_sites
    xy = np.vstack([first.xy, second.xy[other : other + more]])
    both = {
        field: np.concatenate([getattr(first, field), getattr(second, field)[:more]])
        for field in ("mass", "vol", "group", "tw", "penalty")
    }
    apart = np.sqrt(((xy[:, None, :] - xy[None, :, :]) ** 2).sum(-1))
    assert len(xy) == own + first.n + more
    return replace(first, n=first.n + more, xy=xy, dist=np.ceil(apart).astype(np.int64), **both)


# -------------------------------------------------------------------------------------------------- scale


def scale(count: int) -> Work:
    """All vehicles alike (40 kg, 15 m/s), each trip a route, every pickup a must; the cost is metres."""
    gen = generator()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        # The generator makes a dense matrix, which must not count among what a solver needs.
        bases, spots, mass_g, windows = apart.submit(_cut, count).result()
    x, y = spots[:, 0].copy(), spots[:, 1].copy()
    home = nearest(x, y, bases)
    kind = VehicleType("truck", 0.0, TRUCK_KG, 0.0, most_trips=1)
    docks = tuple(Dock(f"base {b}", b, frozenset({"goods"}), 1000 * gen.UNLOAD) for b in range(bases))
    fleet = []
    for base in range(bases):
        filled = SPARE_SHARE * float(mass_g[home == base].sum()) / 1000.0 / TRUCK_KG
        many = math.ceil(filled) + SPARE_VEHICLES
        fleet += [Vehicle(f"base {base} vehicle {k}", 0, base, 0, ends=(base,)) for k in range(many)]
    pickups = tuple(
        Pickup(
            f"pickup {i}", bases + i, "goods", int(mass_g[i]) / 1000.0, 0.0, 1000 * int(opens_s),
            1000 * (int(closes_s) + gen.SERVICE), 1000 * gen.SERVICE, MUST,
        )
        for i, (opens_s, closes_s) in enumerate(windows)
    )  # fmt: skip
    ways = WholeSeconds(Plane(x, y, 1000.0 / TRUCK_MPS))
    return Work(
        f"scale-{count}", Problem((kind,), tuple(fleet), docks, pickups, (ways,), 1000 * gen.SHIFT), x, y, True
    )


@dataclass(frozen=True)
class WholeSeconds:
    """A plane in which legs take whole seconds, as the generator has them; a table of all would be too large."""

    plane: Plane

    @property
    def size(self) -> int:
        """See `Ways`."""
        return self.plane.size

    def block(self, rows: Nodes, columns: Nodes) -> Block:
        """See `Ways`."""
        block = self.plane.block(rows, columns)
        return block._replace(travel_ms=-(-block.travel_ms // 1000) * 1000)


def nearest(x: Floats, y: Floats, bases: int) -> Any:
    """The base nearest to each node behind the bases."""
    apart = (x[None, bases:] - x[:bases, None]) ** 2 + (y[None, bases:] - y[:bases, None]) ** 2
    return apart.argmin(axis=0)


def _cut(count: int) -> tuple[int, Any, Any, Any]:
    """Of a generated instance: how many bases, then bases and pickups, their masses, their windows."""
    made = generator().make(count, 1)
    spots = np.vstack([made.xy[: made.n_bases], made.xy[made.n_sites :]])
    return made.n_bases, spots, made.mass, made.tw
