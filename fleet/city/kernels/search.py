"""The shortest way over the corners from one point to another: A*.

Hart, Nilsson and Raphael, "A formal basis for the heuristic determination of minimum cost paths", IEEE
Transactions on Systems Science and Cybernetics 4(2), 1968; on a binary heap in which outdated entries stay until
they come up. From each corner only legs that can follow the one it was reached by are tried: see `Legs.onward`.
"""

from __future__ import annotations

import numpy as np

from fleet.city.kernels.compiled import compiled
from fleet.city.kernels.corners import Legs, following
from fleet.city.kernels.grid import Floats, Ints
from fleet.city.kernels.plane import distance
from fleet.city.kernels.spread import Seeds, begin, new_desk


@compiled
def search(legs: Legs, seeds: Seeds, goal: Seeds) -> tuple[int, float, Ints]:
    """The way from a point to a goal that it does not see, as (its last corner, its length, for each corner on it
    the one before or -1); (-1, inf, ...) if there is none.
    """
    x, y, _, start, middle, heads, length_m, onward_of_leg = legs
    away_m, came, onward = desk = new_desk(legs)
    key, item = np.empty(len(x) + len(heads)), np.empty(len(x) + len(heads), dtype=np.int32)
    goal_x, goal_y, near_goal, rest_m = goal
    rest = np.full(len(x), np.inf)
    for k in range(len(near_goal)):
        rest[near_goal[k]] = rest_m[k]
    begin(legs, desk, seeds)
    size = 0
    for k in range(len(seeds[2])):
        corner = seeds[2][k]
        left = distance(x[corner] - goal_x, y[corner] - goal_y)
        size = _push(key, item, size, away_m[corner] + left, corner)
    best, best_m = -1, np.inf
    while size and key[0] < best_m:
        corner, bound, away = item[0], key[0], away_m[item[0]]
        size = _pop(key, item, size)
        if bound > away + distance(x[corner] - goal_x, y[corner] - goal_y):
            continue
        if away + rest[corner] < best_m:
            best, best_m = corner, away + rest[corner]
        first, end = following(start, middle, corner, onward[corner])
        for k in range(first, end):
            head, there = heads[k], away + length_m[k]
            if there < away_m[head]:
                away_m[head], came[head], onward[head] = there, corner, onward_of_leg[k]
                left = distance(x[head] - goal_x, y[head] - goal_y)
                size = _push(key, item, size, there + left, head)
    return best, best_m, came


@compiled
def _push(key: Floats, item: Ints, size: int, new_key: float, new: int) -> int:
    """Put an entry on the heap; returns its new size."""
    at = size
    while at > 0:
        above = (at - 1) // 2
        if key[above] <= new_key:
            break
        key[at], item[at] = key[above], item[above]
        at = above
    key[at], item[at] = new_key, new
    return size + 1


@compiled
def _pop(key: Floats, item: Ints, size: int) -> int:
    """Take the first entry off the heap; returns its new size."""
    size -= 1
    last_key, last = key[size], item[size]
    at, below = 0, 1
    while below < size:
        if below + 1 < size and key[below + 1] < key[below]:
            below += 1
        if key[below] >= last_key:
            break
        key[at], item[at] = key[below], item[below]
        at, below = below, 2 * below + 1
    key[at], item[at] = last_key, last
    return size
