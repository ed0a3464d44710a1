"""A few legal paths of a city, for people to look at: those that bend most, and some of middling length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fleet.city.airspace import closed_for_landing, obstacles
from fleet.city.model import City, Place, Site
from fleet.city.paths import Airspace, PathNetwork

Floats = npt.NDArray[np.float64]
Spot = Place | Site

FROM = 4
"""Paths begin at so many sites, spread over the city's list of them."""
TO = 60
"""And end at one of so many pickup points."""


def sample_paths(city: City, height_m: float) -> list[Floats]:
    """Legal paths at `height_m` from sites to pickup points, each (k, 2) metres; at most two for a site.

    One is the path with the greatest detour from that site, the other the path of median length. The same city
    gives the same paths. Empty where there are no sites, no pickup points or no ways.
    """
    starts, goals = _spread(city.sites, FROM), _spread(city.pickup_points, TO)
    if not starts or not goals:
        return []
    x, y = _places([*starts, *goals])
    network = Airspace(obstacles(city, height_m)).network(x, y)
    landing = ~closed_for_landing(city, height_m, x, y)
    chosen: list[Floats] = []
    for i in np.nonzero(landing[: len(starts)])[0].tolist():
        reached = np.isfinite(network.length_m[i]) & landing & (network.length_m[i] > 0.0)
        ends = np.nonzero(reached[len(starts) :])[0] + len(starts)
        chosen += [network.path(i, j) for j in _two_of(network, i, ends)]
    return chosen


def _two_of(network: PathNetwork, i: int, ends: npt.NDArray[np.intp]) -> list[int]:
    """Of the points `ends`: the one with the greatest detour from `i`, and the one of median length."""
    if not len(ends):
        return []
    length = network.length_m[i, ends]
    straight = np.hypot(network.x_m[ends] - network.x_m[i], network.y_m[ends] - network.y_m[i])
    farthest_round = int(ends[np.argmax(length - straight)])
    median = int(ends[np.argsort(length, kind="stable")[len(length) // 2]])
    return list(dict.fromkeys((farthest_round, median)))


def _spread(spots: Sequence[Spot], count: int) -> list[Spot]:
    """`count` of them at even steps, all where there are no more."""
    steps = np.linspace(0, len(spots) - 1, min(count, len(spots))).round().astype(int)
    return [spots[n] for n in dict.fromkeys(steps.tolist())]


def _places(spots: Sequence[Spot]) -> tuple[Floats, Floats]:
    return np.array([s.x_m for s in spots]), np.array([s.y_m for s in spots])
