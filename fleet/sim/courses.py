"""Which way to a stop and to a charger, and what it will cost: what a vehicle reckons before it leaves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fleet.messages.orders import StopOrder
from fleet.sim.autopilot import Outlook
from fleet.sim.body import Body, Waste
from fleet.sim.docks import Dockyard
from fleet.sim.kernel import Kernel
from fleet.sim.motion import Motion
from fleet.sim.terrain import Line, Terrain

NEAREST = 3
"""From a place that is no node, so many chargers are looked at, the nearest by straight line first."""

FULL_SHARE = 0.98


@dataclass(frozen=True, slots=True)
class Divert:
    """A charger within reach: its node, the way there, and the hours of level power that takes."""

    node: int
    line: Line
    effort_h: float


class Courses:
    """Ways and their energies for bodies where they are now. Nothing here changes anything."""

    def __init__(
        self,
        terrain: Terrain,
        motion: Motion,
        kernel: Kernel,
        yards: Mapping[str, Dockyard],
        waste: Mapping[str, Waste],
    ) -> None:
        self._terrain = terrain
        self._motion = motion
        self._kernel = kernel
        self._yards = yards
        self._waste = waste

    def node_of(self, stop: StopOrder) -> int:
        """The node where a stop's target is; -1 for a target that nobody knows."""
        if stop.kind == "dock":
            yard = self._yards.get(stop.target)
            return -1 if yard is None else yard.node
        waste = self._waste.get(stop.target)
        return -1 if waste is None else waste.node

    def outlook(self, body: Body) -> Outlook:
        """What the autopilot needs to know before its next move."""
        now, motion = self._kernel.now_ms, self._motion
        battery = charged = motion.gauge_of(body.index, now)
        if motion.lies.gauges:
            # Whether it is full a charger tells, and not the gauge on board.
            charged = motion.battery_of(body.index, now)
        yard = self._yards.get(body.site)
        stop = body.mission.next_stop
        leg, after = (0.0, 0.0) if stop is None else self._energies(body, stop)
        return Outlook(
            battery_wh=battery,
            reserve_wh=body.kind.reserve_wh,
            leg_wh=leg,
            then_to_charger_wh=after,
            docked=bool(body.site),
            can_charge_here=yard is not None and yard.charger_count > 0,
            full=charged > FULL_SHARE * body.kind.battery_wh,
        )

    def line(self, body: Body, stop: StopOrder) -> Line | None:
        """The legal way from where the body believes to be to a stop, or None.

        Between two known nodes it is the network's; else it leads to where the order says that the stop is.
        """
        node = self.node_of(stop)
        if body.node >= 0 and node >= 0:
            return self._terrain.line(body.kind_name, body.node, node)
        return self._terrain.line_between(body.kind_name, self._place(body), (stop.x_m, stop.y_m))

    def to_charger(self, body: Body) -> Divert | None:
        """The charger that is cheapest to fly to from where the body believes to be, or None."""
        if body.node >= 0:
            layer = self._terrain.layers[body.kind_name]
            node = layer.nearest_charger[body.node]
            line = None if node < 0 else self._terrain.line(body.kind_name, body.node, node)
            return None if line is None else Divert(node, line, float(layer.effort_h[body.node, node]))
        return self._charger_near(body, self._place(body))

    def _place(self, body: Body) -> tuple[float, float]:
        x, y, _ = self._motion.place_of(body.index, self._kernel.now_ms)
        return x, y

    def _charger_near(self, body: Body, place: tuple[float, float]) -> Divert | None:
        terrain = self._terrain
        chargers = terrain.charger_nodes
        far = np.hypot(terrain.x_m[chargers] - place[0], terrain.y_m[chargers] - place[1])
        best: Divert | None = None
        for node in chargers[np.argsort(far, kind="stable")[:NEAREST]].tolist():
            there = float(terrain.x_m[node]), float(terrain.y_m[node])
            line = terrain.line_between(body.kind_name, place, there)
            if line is None:
                continue
            effort_h = terrain.energy_h(body.airframe, line)
            if effort_h < (math.inf if best is None else best.effort_h):
                best = Divert(node, line, effort_h)
        return best

    def _energies(self, body: Body, stop: StopOrder) -> tuple[float, float]:
        """Wh of the leg to `stop`, and from there to a charger with what will be on board."""
        layer = self._terrain.layers[body.kind_name]
        node = self.node_of(stop)
        if body.node >= 0 and node >= 0:
            leg_h = float(layer.effort_h[body.node, node])
        else:
            line = self.line(body, stop)
            leg_h = math.inf if line is None else self._terrain.energy_h(body.airframe, line)
        if not math.isfinite(leg_h):
            return math.inf, 0.0
        if node >= 0:
            after_h = layer.to_charger_h(node)
        else:
            divert = self._charger_near(body, (stop.x_m, stop.y_m))
            after_h = math.inf if divert is None else divert.effort_h
        return body.power_w() * leg_h, body.power_w(stop.mass_kg) * after_h
