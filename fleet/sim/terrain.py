"""The ground the world moves over: nodes, legal lines between them, and how far the next charger is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fleet.base.flight import Mover, Wind, effort_h, ground_speed_one_mps
from fleet.city.model import Zone
from fleet.city.paths import PathNetwork
from fleet.city.ways import Network, Ways, travel_s

Floats = npt.NDArray[np.float64]
Nodes = npt.NDArray[np.int64]
Line = Sequence[Sequence[float]]
"""A polyline as pairs (x, y), metres, with both ends."""

_STILL = Wind()


class LayersOf(Protocol):
    """Whoever knows what can be reached by vehicles of a type at a moment."""

    def of(self, type_name: str, shut: frozenset[str], t_ms: int) -> Layer:
        """The layer of a type while zones are shut."""

    def wind(self, t_ms: int, height_m: float) -> Wind:
        """What blows at a height."""

    def add(self, zone: Zone) -> None:
        """A zone that was not known at the beginning, or is another now."""


@dataclass(frozen=True, eq=False)
class Layer:
    """What vehicles of one type can reach: through the air at their height in today's wind, or by street."""

    ways: Ways
    network: Network
    effort_h: Floats
    """Hours of level power, climb and descent included, for every leg; inf where there is none."""

    nearest_charger: tuple[int, ...]
    """For every node the charger that is cheapest to fly to, or -1."""

    wind: Wind
    """What it was reckoned in."""

    def to_charger_h(self, node: int) -> float:
        """The effort from `node` to its nearest charger; inf where there is none."""
        charger = self.nearest_charger[node]
        return float("inf") if charger < 0 else float(self.effort_h[node, charger])


def layer_of(
    ways: Ways,
    network: Network,
    airframe: Mover,
    wind: Wind,
    chargers: npt.NDArray[np.int64],
) -> Layer:
    """The layer of vehicles with this airframe."""
    seconds = travel_s(network, airframe.cruise_mps, wind)
    effort = effort_h(airframe, seconds)
    np.fill_diagonal(effort, 0.0)
    return Layer(ways, network, effort, _nearest(effort, chargers), wind)


def cheapest(effort_h: Floats, chargers: Nodes) -> int:
    """The one of `chargers` to which the least of these efforts, one for each node, leads; -1 for none."""
    best = int(chargers[np.argmin(effort_h[chargers])]) if len(chargers) else -1
    return best if best >= 0 and math.isfinite(effort_h[best]) else -1


def _nearest(effort: Floats, chargers: npt.NDArray[np.int64]) -> tuple[int, ...]:
    """For every node the one of `chargers` that is cheapest to go to, or -1."""
    nearest = np.full(len(effort), -1, dtype=np.int64)
    if len(chargers):
        costs = effort[:, chargers]
        best = costs.argmin(axis=1)
        reachable = np.isfinite(costs[np.arange(len(effort)), best])
        nearest = np.where(reachable, chargers[best], -1)
    return tuple(nearest.tolist())


class Terrain:
    """Nodes (sites first, then pickup points) and a layer for each vehicle type, by its name, as they are now.

    `layers` keep clear of what is announced or closed, `free_layers` of the map's own zones only. `turn` makes
    them those of another moment; `known` has those of all.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        nodes: tuple[Floats, Floats, npt.NDArray[np.int64]],
        types: Sequence[str],
        layers: LayersOf,
        shut: frozenset[str] = frozenset(),
    ) -> None:
        self.names = names
        self.node_of = {name: node for node, name in enumerate(names)}
        """The node of each place, by its id."""
        self.x_m, self.y_m, self.charger_nodes = nodes
        self._types = tuple(types)
        self.known = layers
        self.layers: Mapping[str, Layer] = {}
        self.free_layers: Mapping[str, Layer] = {}
        self._winds: dict[float, Wind] = {}
        self.dark: frozenset[int] = frozenset()
        """The nodes of sites without power."""
        self.live_nodes = self.charger_nodes
        """Where there is power at the chargers, or, if there is nowhere, all chargers."""
        self.now_ms = 0
        self._shut = shut
        self.turn(0, shut)

    def turn(self, t_ms: int, shut: Set[str]) -> bool:
        """Let it be `t_ms`, with these zones announced or closed; whether the wind is another now."""
        before = {name: layer.wind for name, layer in self.layers.items()}
        self._shut = shut = frozenset(shut)
        self.layers = {name: self._now(name, shut, t_ms) for name in self._types}
        self.free_layers = {name: self._now(name, frozenset(), t_ms) for name in self._types}
        self.now_ms = t_ms
        self._winds.clear()
        return bool(before) and before != {name: layer.wind for name, layer in self.layers.items()}

    def _now(self, name: str, shut: frozenset[str], t_ms: int) -> Layer:
        layer = self.known.of(name, shut, t_ms)
        if not self.dark:
            return layer
        return replace(layer, nearest_charger=_nearest(layer.effort_h, self.live_nodes))

    def power(self, dark: frozenset[int]) -> None:
        """From now on the chargers at these nodes, and at no others, are without power.

        If all are, each is the nearest as before: somewhere to land.
        """
        self.dark = dark
        live = np.array([n for n in self.charger_nodes.tolist() if n not in dark], dtype=np.int64)
        self.live_nodes = live if len(live) else self.charger_nodes
        self.turn(self.now_ms, self._shut)

    def layer(self, type_name: str, *, free: bool = False) -> Layer:
        """The layer of a type; with `free` as if no temporary zone were shut."""
        return (self.free_layers if free else self.layers)[type_name]

    def wind_at(self, height_m: float) -> Wind:
        """What blows at a height now."""
        if height_m not in self._winds:
            self._winds[height_m] = self.known.wind(self.now_ms, height_m)
        return self._winds[height_m]

    def line(self, type_name: str, start: int, end: int, *, free: bool = False) -> Line | None:
        """The legal polyline between two nodes, or None."""
        network = self.layer(type_name, free=free).network
        if not math.isfinite(network.length_m[start, end]):
            return None
        if isinstance(network, PathNetwork) and network.last[min(start, end), max(start, end)] < 0:
            x, y = network.x_m, network.y_m
            return ((float(x[start]), float(y[start])), (float(x[end]), float(y[end])))
        bent: Line = network.path(start, end).tolist()
        return bent

    def line_between(
        self, type_name: str, start: tuple[float, float], end: tuple[float, float], *, free: bool = False
    ) -> Line | None:
        """The legal polyline between two arbitrary points, or None."""
        line = self.layer(type_name, free=free).ways.path(*start, *end)
        return None if line is None else line.tolist()

    def pieces_s(self, airframe: Mover, line: Line) -> list[float]:
        """Seconds of each straight piece of `line`; NaN where the wind forbids it."""
        seconds = []
        wind = self.wind_at(airframe.cruise_height_m) if airframe.flies else _STILL
        for (x0, y0), (x1, y1) in itertools.pairwise(line):
            dx, dy = x1 - x0, y1 - y0
            seconds.append(math.hypot(dx, dy) / ground_speed_one_mps(airframe.cruise_mps, dx, dy, wind))
        return seconds

    def energy_h(self, airframe: Mover, line: Line) -> float:
        """Hours of level power along `line`, climb and descent included; inf where the wind forbids it."""
        total = float(effort_h(airframe, sum(self.pieces_s(airframe, line))))
        return total if math.isfinite(total) else math.inf
