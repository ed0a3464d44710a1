"""What counts as touching, and directions as numbers that can be compared.

Floating point cannot tell a leg along an edge from one that enters it. Coordinates of a city have an error of
about 1e-11 m after a few operations, so anything up to `TOLERANCE_M` counts as touching, which is legal.
"""

from __future__ import annotations

import math

from fleet.city.kernels.compiled import compiled, entry

TOLERANCE_M = 1e-7
"""How deep a leg may cut into an obstacle and still only touch it."""

NEAR_M = 1e-6
"""Closer than this, directions to a place are not trusted. So far beyond their cells grids register edges."""


@entry
def turn_of(dx: float, dy: float) -> float:
    """A number in [0, 4] that grows with the angle of (dx, dy), counterclockwise from +x; 0 for (0, 0).

    The place where the direction meets the diamond |x| + |y| = 1: four operations that are exact to the last bit
    on every machine, which arctan2 is not. Opposite directions differ by 2.
    """
    size = abs(dx) + abs(dy)
    part = dy / size if size > 0.0 else 0.0
    if dx < 0.0:
        return 2.0 - part
    return 4.0 + part if dy < 0.0 else part


@compiled
def distance(dx: float, dy: float) -> float:
    """The length of (dx, dy)."""
    return math.sqrt(dx * dx + dy * dy)


@compiled
def is_left(ax: float, ay: float, bx: float, by: float, tolerance_m: float) -> bool:
    """Whether direction b points to the left of direction a, both taken from one place.

    By more than the tolerance where the shorter of the two ends: beyond that end, the other is not their affair.
    """
    cross = ax * by - ay * bx
    if cross <= 0.0:
        return False
    longest = max(ax * ax + ay * ay, bx * bx + by * by)
    return cross * cross > tolerance_m * tolerance_m * longest
