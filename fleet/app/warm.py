"""The first run on a machine: the planner's engine is compiled beside the work on the city's paths, not after it.

Both compile for some twenty seconds, each on one core. So while the city is worked out another process plans a
problem of one pickup, which leaves the engine's machine code in the cache, where this process finds it. Where that
fails nothing is lost: the engine is compiled at its first use, as it would have been.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from fleet.plan.budget import Iterations
from fleet.plan.engine.loop import run as entry
from fleet.plan.problem import Dock, Pickup, Problem, Vehicle, VehicleType
from fleet.plan.solver import solver_of
from fleet.plan.ways import Table

PATIENCE_S = 120.0
"""Longer than this nobody waits for the other process."""


@contextmanager
def engine_warming() -> Iterator[None]:
    """While the block runs the engine is compiled elsewhere, if that is still to be done; at its end it is."""
    child = _start() if is_cold() and _cores() > 1 else None
    try:
        yield
        if child is not None:
            with suppress(subprocess.TimeoutExpired):
                child.wait(PATIENCE_S)
    finally:
        if child is not None and child.poll() is None:
            child.kill()
            child.wait()


def is_cold() -> bool:
    """Whether the engine will be compiled at its first use, and what comes of it kept on disk."""
    folder = getattr(getattr(entry, "stats", None), "cache_path", None)
    return folder is not None and not any(Path(folder).glob("*.nbi"))


def warm() -> None:
    """Load who searches by letting it search, and compile it where that is still to be done."""
    solver_of("together")(_least(), Iterations(1))


def warm_crew(executor: Executor, workers: int) -> None:
    """The same in every process of a pool, which then is there, too."""
    for ready in [executor.submit(warm) for _ in range(workers)]:
        ready.result()


def _cores() -> int:
    count = getattr(os, "sched_getaffinity", None)
    return len(count(0)) if count is not None else os.cpu_count() or 1


def _start() -> subprocess.Popen[bytes] | None:
    """The other process; None where none can be had, as in a frozen program."""
    if getattr(sys, "frozen", False) or not sys.executable:
        return None
    nowhere = subprocess.DEVNULL
    path = os.pathsep.join(part for part in sys.path if part)
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "fleet.app.warm"],
            stdin=nowhere, stdout=nowhere, stderr=nowhere,
            env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip
    except OSError:
        return None


def _least() -> Problem:
    """One pickup between two places."""
    legs = np.array([[0, 1000], [1000, 0]], dtype=np.int64)
    return Problem(
        types=(VehicleType("any", 1.0, 1.0, 1.0, battery_wh=10.0, power_coefficient=1.0),),
        vehicles=(Vehicle("v", 0, 0, 0, 10.0),),
        docks=(Dock("d", 0, frozenset({"paper"})),),
        pickups=(Pickup("p", 1, "paper", 1.0, 1.0, 0, 10**7, 0, 10**6),),
        ways=(Table(legs, legs, legs / 3_600_000.0),),
        end_ms=10**8,
    )


if __name__ == "__main__":
    warm()
