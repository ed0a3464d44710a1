"""Orphaned tech: drones that somebody flew and nobody fetched, and tags that answer though nobody follows them.

An abandoned drone weighs what a Matrice 100 does, 3.08 kg and a battery of 0.635 kg. Whoever passes by reports
it as e-waste; that a lithium battery is in it, nobody says. Its volume, when it is found and how long it may
wait are guesses. Its tag answers as an item's does. Stray tags lie within a few metres of pickup points, drawn
by chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fleet.city.model import Place
from fleet.messages.reports import PickupRequested
from fleet.sim.body import Waste
from fleet.sim.sensornet.tags import Stray, Tag

FRAME_KG, BATTERY_KG, LITRES = 3.08, 0.635, 25.0
_WAIT_MS, _SERVICE_MS = 4 * 3_600_000, 120_000
_SCATTER_M = 5.0
MATERIAL = "e-waste"
PASSER_BY = "passer-by"
"""Who reports an abandoned drone: nobody with a name, who takes nothing anywhere and earns nothing."""


@dataclass(frozen=True)
class Orphan:
    """An abandoned drone: when it is reported, what is said of it, and what lies there."""

    found_ms: int
    request: PickupRequested
    waste: Waste


def abandoned(
    count: int, points: tuple[Place, ...], first_node: int, end_ms: int, rng: np.random.Generator
) -> list[Orphan]:
    """Drones at points drawn by chance, reported at some time between a twentieth and half of the run."""
    open_to = [n for n, p in enumerate(points) if not p.materials or MATERIAL in p.materials] or range(len(points))
    return [
        _orphan(number, points[n], first_node + n, round(part * end_ms), end_ms)
        for number in range(1, count + 1)
        for n, part in [(int(rng.choice(open_to)), float(rng.uniform(0.05, 0.5)))]
    ]


def _orphan(number: int, point: Place, node: int, found_ms: int, end_ms: int) -> Orphan:
    kg = FRAME_KG + BATTERY_KG
    latest_ms = min(end_ms, found_ms + _WAIT_MS)
    request = PickupRequested(
        pickup_id=f"orphan-{number}",
        point_id=point.id,
        district=point.district,
        x_m=round(point.x_m, 2),
        y_m=round(point.y_m, 2),
        material=MATERIAL,
        declared_kg=round(kg, 3),
        declared_l=LITRES,
        earliest_ms=found_ms,
        latest_ms=latest_ms,
        service_ms=_SERVICE_MS,
        priority=1,
        requester=PASSER_BY,
    )
    contents = {MATERIAL: FRAME_KG, "batteries": BATTERY_KG}
    return Orphan(found_ms, request, Waste.behind(request, node, kg, LITRES, contents))


def strays(count: int, points: tuple[Place, ...], shows: float, rng: np.random.Generator) -> list[Stray]:
    """Tags near points drawn by chance."""
    chosen = rng.integers(0, len(points), count)
    off_m = rng.normal(0.0, _SCATTER_M, (count, 2))
    return [
        Stray(
            Tag(f"stray-{number}", shows),
            points[n].x_m + float(off_m[number - 1, 0]),
            points[n].y_m + float(off_m[number - 1, 1]),
        )
        for number, n in enumerate(chosen.tolist(), start=1)
    ]
