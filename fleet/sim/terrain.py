"""The ground the world flies over: nodes, legal lines between them, and how far the next charger is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fleet.base.flight import Airframe, Wind, effort_h, ground_speed_mps
from fleet.city.flight_times import cruise_s
from fleet.city.paths import Airspace, PathNetwork

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Layer:
    """What vehicles of one type can reach: the airspace at their cruise height, in today's wind."""

    airspace: Airspace
    network: PathNetwork
    cruise_s: Floats
    effort_h: Floats
    """Hours of level power, climb and descent included, for every leg; inf where there is none."""

    def nearest_charger(self, node: int, chargers: npt.NDArray[np.int64]) -> int:
        """The charger cheapest to fly to from `node`, or -1."""
        if not len(chargers):
            return -1
        costs = self.effort_h[node, chargers]
        best = int(np.argmin(costs))
        return int(chargers[best]) if np.isfinite(costs[best]) else -1


def layer_of(airspace: Airspace, network: PathNetwork, airframe: Airframe, wind: Wind) -> Layer:
    """The layer of vehicles with this airframe."""
    seconds = cruise_s(network, airframe.cruise_mps, wind)
    effort = effort_h(airframe, seconds)
    np.fill_diagonal(effort, 0.0)
    return Layer(airspace, network, seconds, effort)


@dataclass(frozen=True)
class Terrain:
    """Nodes (sites first, then pickup points) and a layer for each vehicle type, by the type's name."""

    names: tuple[str, ...]
    x_m: Floats
    y_m: Floats
    layers: Mapping[str, Layer]
    charger_nodes: npt.NDArray[np.int64]
    wind: Wind

    def line(self, type_name: str, start: int, end: int) -> Floats | None:
        """The legal polyline between two nodes, or None."""
        network = self.layers[type_name].network
        return network.path(start, end) if np.isfinite(network.length_m[start, end]) else None

    def line_between(self, type_name: str, start: tuple[float, float], end: tuple[float, float]) -> Floats | None:
        """The legal polyline between two arbitrary points, or None."""
        return self.layers[type_name].airspace.path(*start, *end)

    def energy_h(self, airframe: Airframe, lines: Sequence[Floats]) -> float:
        """Hours of level power along `lines`, one climb and one descent each; inf where wind forbids it."""
        total = 0.0
        for line in lines:
            step = np.diff(line, axis=0)
            speed = ground_speed_mps(airframe.cruise_mps, step[:, 0], step[:, 1], self.wind)
            total += float(effort_h(airframe, float(np.sum(np.hypot(step[:, 0], step[:, 1]) / speed))))
        return total if np.isfinite(total) else float("inf")
