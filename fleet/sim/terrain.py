"""The ground the world flies over: nodes, legal lines between them, and how far the next charger is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fleet.base.flight import Airframe, Wind, effort_h, ground_speed_one_mps
from fleet.city.flight_times import cruise_s
from fleet.city.paths import Airspace, PathNetwork

Floats = npt.NDArray[np.float64]
Line = Sequence[Sequence[float]]
"""A polyline as pairs (x, y), metres, with both ends."""


@dataclass(frozen=True)
class Layer:
    """What vehicles of one type can reach: the airspace at their cruise height, in today's wind."""

    airspace: Airspace
    network: PathNetwork
    effort_h: Floats
    """Hours of level power, climb and descent included, for every leg; inf where there is none."""

    nearest_charger: tuple[int, ...]
    """For every node the charger that is cheapest to fly to, or -1."""

    def to_charger_h(self, node: int) -> float:
        """The effort from `node` to its nearest charger; inf where there is none."""
        charger = self.nearest_charger[node]
        return float("inf") if charger < 0 else float(self.effort_h[node, charger])


def layer_of(
    airspace: Airspace,
    network: PathNetwork,
    airframe: Airframe,
    wind: Wind,
    chargers: npt.NDArray[np.int64],
) -> Layer:
    """The layer of vehicles with this airframe."""
    seconds = cruise_s(network, airframe.cruise_mps, wind)
    effort = effort_h(airframe, seconds)
    np.fill_diagonal(effort, 0.0)
    nearest = np.full(len(effort), -1, dtype=np.int64)
    if len(chargers):
        costs = effort[:, chargers]
        best = costs.argmin(axis=1)
        reachable = np.isfinite(costs[np.arange(len(effort)), best])
        nearest = np.where(reachable, chargers[best], -1)
    return Layer(airspace, network, effort, tuple(nearest.tolist()))


@dataclass(frozen=True)
class Terrain:
    """Nodes (sites first, then pickup points) and a layer for each vehicle type, by the type's name."""

    names: tuple[str, ...]
    x_m: Floats
    y_m: Floats
    layers: Mapping[str, Layer]
    charger_nodes: npt.NDArray[np.int64]
    wind: Wind

    def line(self, type_name: str, start: int, end: int) -> Line | None:
        """The legal polyline between two nodes, or None."""
        network = self.layers[type_name].network
        if not math.isfinite(network.length_m[start, end]):
            return None
        if network.last[min(start, end), max(start, end)] < 0:
            x, y = network.x_m, network.y_m
            return ((float(x[start]), float(y[start])), (float(x[end]), float(y[end])))
        bent: Line = network.path(start, end).tolist()
        return bent

    def line_between(self, type_name: str, start: tuple[float, float], end: tuple[float, float]) -> Line | None:
        """The legal polyline between two arbitrary points, or None."""
        line = self.layers[type_name].airspace.path(*start, *end)
        return None if line is None else line.tolist()

    def pieces_s(self, airframe: Airframe, line: Line) -> list[float]:
        """Seconds of each straight piece of `line`; NaN where the wind forbids it."""
        seconds = []
        for (x0, y0), (x1, y1) in itertools.pairwise(line):
            dx, dy = x1 - x0, y1 - y0
            seconds.append(math.hypot(dx, dy) / ground_speed_one_mps(airframe.cruise_mps, dx, dy, self.wind))
        return seconds

    def energy_h(self, airframe: Airframe, line: Line) -> float:
        """Hours of level power along `line`, climb and descent included; inf where the wind forbids it."""
        total = float(effort_h(airframe, sum(self.pieces_s(airframe, line))))
        return total if math.isfinite(total) else math.inf
