"""Are the paths amid 500 and 2,000 polygons the shortest? An independent answer, for pairs drawn at random.

    python tools/bench/paths_check.py [--polygons 500 2000] [--pairs 12] [--seed 1]

No way from p to q of at most the length L that was found leaves the ellipse of all places whose distances to p and
q add up to L. So the plain method is enough on the vertices in that ellipse: each pair of them is tried by Shapely
against all polygons, and SciPy's Dijkstra finds the shortest way. It must be as long as L. The legs of the path
found are held against all polygons too. Nothing here calls the code it judges, but for the paths themselves.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import shapely
from paths import ground, points
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from fleet.city.paths import Airspace

SKIN_M = 1e-7
"""Polygons are shrunk by this for Shapely, so that legs along edges are free."""

MOST_VERTICES = 1500
"""A pair with more vertices in its ellipse is not tried: pairs of them are tried one by one."""


def plain_length(tree: Any, vertices: Any, p: Any, q: Any, length: float) -> tuple[float, int]:
    """The shortest way from p to q over the vertices in the ellipse, and how many those are; -1 m if too many."""
    reach = np.hypot(*(vertices - p).T) + np.hypot(*(vertices - q).T)
    nodes = np.concatenate([[p, q], vertices[reach <= length + 1e-6]])
    if len(nodes) > MOST_VERTICES:
        return -1.0, len(nodes)
    a, b = np.triu_indices(len(nodes), 1)
    free = ~_hits(tree, nodes[a], nodes[b])
    a, b = a[free], b[free]
    graph = csr_array((np.hypot(*(nodes[a] - nodes[b]).T), (a, b)), shape=(len(nodes), len(nodes)))
    return float(dijkstra(graph, directed=False, indices=0)[1]), len(nodes)


def _hits(tree: Any, start: Any, end: Any) -> Any:
    """Which legs touch a polygon of the tree."""
    hit = np.zeros(len(start), dtype=bool)
    hit[tree.query(shapely.linestrings(np.stack([start, end], axis=1)), predicate="intersects")[0]] = True
    return hit


def check(polygons: int, pairs: int, seed: int) -> str:
    """One line of the table."""
    obstacles = ground(polygons, seed)
    airspace = Airspace(obstacles)
    x, y = points(airspace, 40 * pairs, seed)
    places = np.column_stack([x, y])
    network = airspace.network(x, y)
    tree = shapely.STRtree(shapely.buffer(obstacles, -SKIN_M, join_style="mitre"))
    vertices = shapely.get_coordinates(obstacles)
    rng = np.random.default_rng([seed, polygons])
    worst, done, skipped, illegal, bends, nodes, began = 0.0, 0, 0, 0, [], [], time.perf_counter()
    while done < pairs:
        i, j = rng.choice(len(x), 2, replace=False)
        line = network.path(i, j)
        if len(line) == 2:
            continue  # a free straight line has nothing to prove
        expected, count = plain_length(tree, vertices, places[i], places[j], float(network.length_m[i, j]))
        if expected < 0.0:
            skipped += 1
            continue
        worst = max(worst, abs(expected - float(network.length_m[i, j])))
        illegal += int(_hits(tree, line[:-1], line[1:]).any())
        done += 1
        bends.append(len(line) - 2)
        nodes.append(count)
    seconds = time.perf_counter() - began
    tried = f"{np.mean(nodes):,.0f} (at most {max(nodes):,})"
    cells = (
        f"{polygons:,}",
        done,
        skipped,
        f"{np.mean(bends):.1f}",
        tried,
        f"{worst:.1e}",
        illegal,
        f"{seconds:.0f}",
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--polygons", type=int, nargs="+", default=[500, 2000])
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print("| polygons | bent paths | skipped | bends | vertices tried | largest difference m | illegal | s |")
    print("|---|---|---|---|---|---|---|---|")
    for polygons in options.polygons:
        print(check(polygons, options.pairs, options.seed), flush=True)


if __name__ == "__main__":
    main()
