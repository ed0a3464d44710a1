"""How far every corner is from a point: Dijkstra's algorithm on buckets.

Dijkstra, "A note on two problems in connexion with graphs", Numerische Mathematik 1, 1959. Corners wait in buckets
by their distance, much narrower than most legs; within a bucket the first to come is the first to go, and one that
is reached by a shorter way after all goes again (approximate buckets: Cherkassky, Goldberg and Radzik, "Shortest
paths algorithms: theory and experimental evaluation", Mathematical Programming 73, 1996). So the distances are as
exact as with a heap, which took three times as long. From each corner only legs that can follow the one it was
reached by are tried: see `Legs.onward`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fleet.city.kernels.compiled import compiled
from fleet.city.kernels.corners import Legs, following, onward_of
from fleet.city.kernels.grid import Floats, Ints

Seeds = tuple[float, float, Ints, Floats]
"""A point, the corners it sees, and how far they are."""

BUCKETS = 4096


class Desk(NamedTuple):
    """The state of a search."""

    away_m: Floats
    """For each corner how far it is from the source, as far as known; inf at first."""
    came: Ints
    """The corner before it, or -1 for the source itself."""
    onward: Ints
    """What can follow there, as in `Legs.onward`."""


class Queue(NamedTuple):
    """Corners that wait, by how far they are."""

    ends: Ints
    """(BUCKETS, 2): the first and the last corner in each bucket, or -1."""
    links: Ints
    """(corners, 3): the corner before it, the one after it, and the bucket it waits in, or -1."""
    longest_m: float
    """No leg between corners is longer."""


@compiled
def new_desk(legs: Legs) -> Desk:
    """Room for searches over these legs, one after the other."""
    corners = len(legs.x_m)
    return Desk(np.empty(corners), np.empty(corners, dtype=np.int32), np.empty(corners, dtype=np.int32))


@compiled
def begin(legs: Legs, desk: Desk, seeds: Seeds) -> None:
    """Set out from a point: it has reached the corners it sees."""
    x, y, corners, away_m = seeds
    desk.away_m[:] = np.inf
    desk.came[:] = -1
    for k in range(len(corners)):
        corner = corners[k]
        desk.away_m[corner] = away_m[k]
        desk.onward[corner] = onward_of(legs, corner, legs.x_m[corner] - x, legs.y_m[corner] - y)


@compiled
def new_queue(legs: Legs) -> Queue:
    """An empty queue for the corners of these legs."""
    ends, links = np.full((BUCKETS, 2), -1, dtype=np.int32), np.full((len(legs.x_m), 3), -1, dtype=np.int32)
    return Queue(ends, links, _longest(legs.length_m, 1e-3))


@compiled
def spread(legs: Legs, desk: Desk, queue: Queue, seeds: Seeds) -> None:
    """Find the way from a point to every corner: `away_m` (inf where there is none) and `came`."""
    _, _, _, start, middle, heads, length_m, onward_of_leg = legs
    away_m, came, onward = desk
    ends, links, longest_m = queue
    begin(legs, desk, seeds)
    # One round of the buckets holds all that can wait at once: nothing is further ahead than a leg.
    width = _longest(seeds[3], longest_m) / (BUCKETS - 2)
    waiting, now = len(seeds[2]), 0
    for corner in seeds[2]:
        _put(ends, links, corner, int(away_m[corner] / width) % BUCKETS)
    while waiting:
        corner = ends[now % BUCKETS, 0]
        if corner < 0:
            now += 1
            continue
        _take(ends, links, corner)
        waiting -= 1
        first, end = following(start, middle, corner, onward[corner])
        for k in range(first, end):
            head, there = heads[k], away_m[corner] + length_m[k]
            if there < away_m[head]:
                away_m[head], came[head], onward[head] = there, corner, onward_of_leg[k]
                bucket = int(there / width) % BUCKETS
                if links[head, 2] < 0:
                    waiting += 1
                    _put(ends, links, head, bucket)
                elif links[head, 2] != bucket:
                    _take(ends, links, head)
                    _put(ends, links, head, bucket)


@compiled
def _longest(length_m: Floats, at_least_m: float) -> float:
    longest = at_least_m
    for k in range(len(length_m)):
        longest = max(longest, length_m[k])
    return longest


@compiled
def _put(ends: Ints, links: Ints, corner: int, bucket: int) -> None:
    last = ends[bucket, 1]
    links[corner, 0], links[corner, 1], links[corner, 2] = last, -1, bucket
    if last < 0:
        ends[bucket, 0] = corner
    else:
        links[last, 1] = corner
    ends[bucket, 1] = corner


@compiled
def _take(ends: Ints, links: Ints, corner: int) -> None:
    before, after, bucket = links[corner, 0], links[corner, 1], links[corner, 2]
    if before < 0:
        ends[bucket, 0] = after
    else:
        links[before, 1] = after
    if after < 0:
        ends[bucket, 1] = before
    else:
        links[after, 0] = before
    links[corner, 2] = -1
