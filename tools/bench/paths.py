"""Shortest legal paths amid no-fly polygons, beside extremitypathfinder in the same run.

    pip install networkx && pip install --target rival --no-deps extremitypathfinder==2.7.2
    PYTHONPATH=rival python tools/bench/paths.py [--rounds 3] [--only 50 500 2000]

Not among your other packages: the rival brings a package called `tests`, which would hide ours.

Ground: a 20 km square with K concave polygons of 8 to 20 vertices that do not meet; their radius is 0.1 to 0.42 of
the mean space between them, so that as much of the square is closed whatever K is. Timed by themselves, each in a
process of its own that has compiled (or loaded) the kernels on other ground before: the graph among all corners
from ready polygons, the matrix of lengths and paths among N points, and one new pair of points against that graph.
How long compiling takes, and loading what was compiled, is said first. The rival is asked at K = 50 only: it needs
seconds there, and grows faster. It uses numba where that is installed and does without where not; both are
measured. Its lengths are compared with ours.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from shapely import Polygon

from fleet.city.paths import Airspace

SIDE_M = 20_000.0
SIZES = {50: (200, 2000), 500: (200, 2000), 2000: (200, 2000)}
AIMS = {(500, "graph"): 0.6, (500, 200): 1.5, (2000, "graph"): 8.0, (2000, 2000): 45.0}
QUERIES, RIVAL_QUERIES = 200, 40


def ground(count: int, seed: int) -> list[Polygon]:
    """`count` concave polygons, each in a circle that no other one's meets."""
    rng = np.random.default_rng([seed, count])
    circles = np.empty((0, 3))
    while len(circles) < count:
        radius = rng.uniform(0.1, 0.42) * SIDE_M / math.sqrt(count)
        x, y = rng.uniform(radius + 1.0, SIDE_M - radius - 1.0, 2)
        if (np.hypot(circles[:, 0] - x, circles[:, 1] - y) > circles[:, 2] + radius + 1.0).all():
            circles = np.vstack([circles, [x, y, radius]])
    return [_star(rng, *circle) for circle in circles]


def _star(rng: np.random.Generator, x: float, y: float, radius: float) -> Polygon:
    corners = int(rng.integers(8, 21))
    angle = 2.0 * math.pi * (np.arange(corners) + rng.uniform(0.1, 0.9, corners)) / corners
    far = radius * rng.uniform(0.4, 1.0, corners)
    return Polygon(np.column_stack([x + far * np.cos(angle), y + far * np.sin(angle)]))


def points(airspace: Airspace, count: int, seed: int) -> tuple[Any, Any]:
    """`count` places outside every polygon."""
    x, y = np.random.default_rng([seed, count, 7]).uniform(0.0, SIDE_M, (2, 3 * count))
    free = np.nonzero(~airspace.blocked(x, y))[0][:count]
    return x[free], y[free]


# ---- ours, each measurement in a process of its own


def warm_up() -> float:
    """Compile or load everything on small other ground; seconds."""
    began = time.perf_counter()
    airspace = Airspace(ground(5, 99))
    x, y = points(airspace, 6, 99)
    airspace.network(x, y)
    airspace.path(x[0], y[0], x[1], y[1])
    return time.perf_counter() - began


def measure(polygons: int, count: int, seed: int) -> dict[str, float]:
    found = {"warm_s": warm_up()}
    obstacles = ground(polygons, seed)
    began = time.perf_counter()
    airspace = Airspace(obstacles)
    corners = len(airspace.graph.x_m)
    found["graph_s"] = time.perf_counter() - began
    x, y = points(airspace, count, seed)
    began = time.perf_counter()
    length = airspace.network(x, y).length_m
    found["matrix_s"] = time.perf_counter() - began
    found |= {
        "corners": corners,
        "legs": len(airspace.graph.head) / 2,
        "bent": float(np.mean(_bent(length, x, y))),
    }
    asked = []
    for i in range(QUERIES):
        began = time.perf_counter()
        airspace.path(x[i % count] + 1e-3, y[i % count], x[(i + 7) % count], y[(i + 7) % count])
        asked.append(time.perf_counter() - began)
    found["query_ms"] = 1000.0 * statistics.median(asked)
    found["peak_gib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return found


def _bent(length: Any, x: Any, y: Any) -> Any:
    straight = np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :])
    return length > straight + 1e-9


def in_a_process(*what: str, **environment: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), *what],
        capture_output=True, text=True, check=True, env={**os.environ, **environment},
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout)
    return found


# ---- the rival


def beside_rival(seed: int, compiled: int) -> dict[str, float]:
    """Both prepare the same 50 polygons and answer the same pairs; seconds, milliseconds, metres.

    The rival is quicker where it finds numba, which it need not have.
    """
    if not compiled:
        sys.modules["numba"] = None  # type: ignore[assignment]  # this is how Python is told that there is none
    from extremitypathfinder import PolygonEnvironment

    sys.modules.pop("numba" if not compiled else "", None)
    warm_up()
    obstacles = ground(50, seed)
    began = time.perf_counter()
    airspace = Airspace(obstacles)
    assert len(airspace.graph.x_m)
    found = {"ours_s": time.perf_counter() - began}
    frame = [(0.0, 0.0), (SIDE_M, 0.0), (SIDE_M, SIDE_M), (0.0, SIDE_M)]
    rival = PolygonEnvironment()
    began = time.perf_counter()
    rival.store(frame, [np.asarray(p.exterior.coords)[:-1][::-1] for p in obstacles])
    found["rival_s"] = time.perf_counter() - began
    x, y = points(airspace, 2 * RIVAL_QUERIES, seed)
    spent: dict[str, list[float]] = {"ours": [], "rival": []}
    apart = []
    for i in range(0, 2 * RIVAL_QUERIES, 2):
        began = time.perf_counter()
        line = airspace.path(x[i], y[i], x[i + 1], y[i + 1])
        spent["ours"].append(time.perf_counter() - began)
        began = time.perf_counter()
        length = rival.find_shortest_path((x[i], y[i]), (x[i + 1], y[i + 1]))[1]
        spent["rival"].append(time.perf_counter() - began)
        assert line is not None
        assert length is not None
        apart.append(abs(float(np.hypot(*np.diff(line, axis=0).T).sum()) - length))
    found |= {f"{who}_ms": 1000.0 * statistics.median(times) for who, times in spent.items()}
    return {**found, "apart_m": max(apart)}


# ---- what is printed


def spread(values: list[float], form: str) -> str:
    return f"{statistics.median(values):{form}} ({min(values):{form}}..{max(values):{form}})"


def compile_lines() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as fresh:
        first = in_a_process("warm", NUMBA_CACHE_DIR=fresh)["warm_s"]
        again = in_a_process("warm", NUMBA_CACHE_DIR=fresh)["warm_s"]
    yield f"compiling everything, once for a machine: {first:.1f} s; loading it in a later process: {again:.2f} s"


def rival_lines(rounds: int) -> Iterator[str]:
    try:
        import extremitypathfinder  # noqa: F401  # only asked whether it is there
    except ModuleNotFoundError:
        yield "no rival: see the top of this file for how to install it"
        return
    for name, compiled in (("with numba", 1), ("without", 0)):
        yield f"rival {name}:"
        found = [in_a_process("rival", str(seed), str(compiled)) for seed in range(rounds)]
        yield from compared(found)


def compared(found: list[dict[str, float]]) -> Iterator[str]:
    for what, unit, form in (("prepare 50 polygons", "s", ".4f"), ("one new pair", "ms", ".3f")):
        ours, rival = ([f[f"{who}_{unit}"] for f in found] for who in ("ours", "rival"))
        ratios = [theirs / own for own, theirs in zip(ours, rival, strict=True)]
        times = f"ours {spread(ours, form)} {unit}, rival {spread(rival, form)} {unit}"
        yield f"  {what}: {times}, ratio {spread(ratios, ',.0f')}"
    apart_m = max(f["apart_m"] for f in found)
    yield f"  lengths of {len(found) * RIVAL_QUERIES} paths differ by at most {apart_m:.1e} m"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", type=int, nargs="+", default=list(SIZES), choices=list(SIZES))
    options = parser.parse_args()
    if options.task:
        task, *numbers = options.task
        work = {"warm": lambda: {"warm_s": warm_up()}, "rival": beside_rival, "measure": measure}[task]
        print(json.dumps(work(*map(int, numbers))))
        return
    for line in compile_lines():
        print(line, flush=True)
    for line in rival_lines(options.rounds):
        print(line, flush=True)
    print(
        "\n| polygons | corners | legs | points | graph s | matrix s | one new pair ms | peak GiB | bent | aims |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for polygons in options.only:
        for count in SIZES[polygons]:
            print(row(polygons, count, options.rounds), flush=True)


def row(polygons: int, count: int, rounds: int) -> str:
    found = [in_a_process("measure", str(polygons), str(count), str(seed)) for seed in range(rounds)]
    times = [spread([f[name] for f in found], ".3f") for name in ("graph_s", "matrix_s", "query_ms")]
    mean = {name: statistics.median(f[name] for f in found) for name in ("corners", "legs", "peak_gib", "bent")}
    aims = [
        f"{what} {AIMS[key]} s"
        for what, key in (("graph", (polygons, "graph")), ("matrix", (polygons, count)))
        if key in AIMS
    ]
    cells = [
        f"{polygons:,}", f"{mean['corners']:,.0f}", f"{mean['legs']:,.0f}", f"{count:,}", *times,
        f"{mean['peak_gib']:.2f}", f"{mean['bent']:.0%}", ", ".join(aims),
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
