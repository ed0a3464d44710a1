"""Which way to a stop and to a charger, and what it will cost: what a vehicle reckons before it leaves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from fleet.base.flight import CLIMB_FACTOR, DESCENT_FACTOR
from fleet.city.sky import Fence, Sky
from fleet.messages.orders import StopOrder
from fleet.sim.autopilot import ENERGY_MARGIN, Outlook
from fleet.sim.body import Body, Waste
from fleet.sim.chargers import Chargers
from fleet.sim.kernel import Kernel
from fleet.sim.motion import Motion
from fleet.sim.terrain import Floats, Layer, Line, Nodes, Terrain, cheapest
from fleet.sim.yards import Dockyard

NEAREST = 3
"""From a place that is no node, so many chargers to which a way leads are looked at, the nearest by straight line
first."""

FULL_SHARE = 0.98

AT_NODE_M = 0.5
"""Nearer than this a place is a node's."""


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
        chargers: Chargers,
    ) -> None:
        self._terrain = terrain
        self._motion = motion
        self._kernel = kernel
        self._yards = yards
        self._waste = waste
        self._chargers = chargers

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
            can_charge_here=yard is not None and self._chargers.serves(body, yard),
            full=charged > FULL_SHARE * body.capacity_wh,
        )

    def line(self, body: Body, stop: StopOrder, *, free: bool = False) -> Line | None:
        """The legal way from where the body believes to be to a stop, or None.

        Between two known nodes it is the network's; else it leads to where the order says that the stop is. With
        `free` it is as if no temporary zone were shut; a foreign controller never heeds them.
        """
        start, node, free = self._start(body), self.node_of(stop), free or body.captured
        if start >= 0 and node >= 0:
            return self._terrain.line(body.kind_name, start, node, free=free)
        return self._terrain.line_between(body.kind_name, self._place(body), (stop.x_m, stop.y_m), free=free)

    def _start(self, body: Body) -> int:
        """The node where a body stands, if there are ways from it: -1 where a zone is announced around it."""
        ways = self._layer(body).ways
        if body.node < 0 or not isinstance(ways, Sky) or ways.may_land(*self._place(body)):
            return body.node
        return -1

    def _layer(self, body: Body) -> Layer:
        return self._terrain.layer(body.kind_name, free=body.captured)

    def to_charger(self, body: Body) -> Divert | None:
        """The live charger that is cheapest to fly to from where the body believes to be, or None.

        If that cannot be come to above the reserve, it is the cheapest of all, live or not: somewhere to land.
        """
        live = self._cheapest(body, self._terrain.live_nodes)
        if not self._terrain.dark or (live is not None and self._within_reserve(body, live)):
            return live
        return self._cheapest(body, self._terrain.charger_nodes) or live

    def _within_reserve(self, body: Body, way: Divert) -> bool:
        need_wh = ENERGY_MARGIN * body.power_w() * way.effort_h
        return self._motion.gauge_of(body.index, self._kernel.now_ms) - need_wh >= body.kind.reserve_wh

    def _cheapest(self, body: Body, chargers: Nodes) -> Divert | None:
        if (start := self._start(body)) < 0:
            return self._charger_near(body, self._place(body), chargers)
        layer, terrain = self._layer(body), self._terrain
        node = layer.nearest_charger[start]
        if chargers is not terrain.live_nodes:
            node = cheapest(layer.effort_h[start], chargers)
        line = None if node < 0 else terrain.line(body.kind_name, start, node, free=body.captured)
        return None if line is None else Divert(node, line, float(layer.effort_h[start, node]))

    def _place(self, body: Body) -> tuple[float, float]:
        x, y, _ = self._motion.place_of(body.index, self._kernel.now_ms)
        return x, y

    def _charger_near(self, body: Body, place: tuple[float, float], chargers: Nodes) -> Divert | None:
        terrain = self._terrain
        far = np.hypot(terrain.x_m[chargers] - place[0], terrain.y_m[chargers] - place[1])
        best: Divert | None = None
        looked_at = 0
        for node in chargers[np.argsort(far, kind="stable")].tolist():
            there = float(terrain.x_m[node]), float(terrain.y_m[node])
            line = terrain.line_between(body.kind_name, place, there, free=body.captured)
            if line is None:
                continue
            effort_h = terrain.energy_h(body.airframe, line)
            if effort_h < (math.inf if best is None else best.effort_h):
                best = Divert(node, line, effort_h)
            looked_at += 1
            if looked_at == NEAREST:
                break
        return best

    def _energies(self, body: Body, stop: StopOrder) -> tuple[float, float]:
        """Wh of the leg to `stop`, and from there to a charger with what will be on board."""
        layer = self._layer(body)
        start, node = self._start(body), self.node_of(stop)
        if start >= 0 and node >= 0:
            leg_h = float(layer.effort_h[start, node])
        else:
            line = self.line(body, stop)
            leg_h = math.inf if line is None else self._terrain.energy_h(body.airframe, line)
        if not math.isfinite(leg_h):
            return math.inf, 0.0
        if node >= 0:
            after_h = layer.to_charger_h(node)
        else:
            divert = self._charger_near(body, (stop.x_m, stop.y_m), self._terrain.live_nodes)
            after_h = math.inf if divert is None else divert.effort_h
        pace = body.wear.pace.product
        return body.power_w() * leg_h / pace, body.power_w(stop.mass_kg) * after_h / pace

    # ---- when the sky changes

    def node_here(self, body: Body) -> int:
        """The node where a body believes to be, -1 if at none."""
        x, y = self._place(body)
        far = np.hypot(self._terrain.x_m - x, self._terrain.y_m - y)
        nearest = int(np.argmin(far))
        return nearest if far[nearest] <= AT_NODE_M else -1

    def ahead(self, body: Body) -> list[tuple[float, float]]:
        """The level way that is left of a body's flight, from where it believes to be."""
        flight = body.flight
        rest = () if flight is None else flight.phases[flight.k :]
        return [self._place(body), *((p.x_m, p.y_m) for p in rest if p.name == "cruising")]

    def way_out(self, body: Body) -> Line | None:
        """The way to where a body may come down: the first that it can fly, None if there is none.

        Where it may come down here, it is one point.
        """
        ways = self._layer(body).ways
        return self._flyable(body, ways.ways_down(*self._place(body))) if isinstance(ways, Sky) else None

    def _flyable(self, body: Body, ways: Iterable[Floats]) -> Line | None:
        """The first of the ways that the wind lets a body fly."""
        lines = (way.tolist() for way in ways)
        return next((line for line in lines if math.isfinite(self._level_s(body, line))), None)

    def _level_s(self, body: Body, line: Line) -> float:
        return sum(self._terrain.pieces_s(body.airframe, line))

    def out_ms(self, body: Body, fence: Fence) -> float:
        """How long leaving a zone that it is in takes a body; inf if it cannot.

        That is the climb to its ceiling where it may cruise above, else the climb that is left and the way out.
        """
        height_m = self._motion.place_of(body.index, self._kernel.now_ms)[2]
        if not fence.bars_cruise:
            return 1000.0 * max(0.0, fence.ceiling_m - height_m) / body.airframe.climb_mps
        ways = self._layer(body).ways
        line = self._flyable(body, ways.ways_out(*self._place(body))) if isinstance(ways, Sky) else None
        return math.inf if line is None else 1000.0 * (self._climb_s(body) + self._level_s(body, line))

    def may_descend(self, body: Body) -> bool:
        """Whether no zone, of the map or for a time, ends below where a body is."""
        ways = self._layer(body).ways
        return not isinstance(ways, Sky) or ways.may_descend(
            *self._motion.place_of(body.index, self._kernel.now_ms)
        )

    def down_ms(self, body: Body) -> float:
        """How long coming down to the ground takes a body from where it is."""
        height_m = self._motion.place_of(body.index, self._kernel.now_ms)[2]
        return 1000.0 * height_m / body.airframe.descent_mps

    def _climb_s(self, body: Body) -> float:
        height_m = self._motion.place_of(body.index, self._kernel.now_ms)[2]
        return (body.airframe.cruise_height_m - height_m) / body.airframe.climb_mps

    def can_leave(self, body: Body) -> bool:
        """Whether the battery lets a body that descends break off, leave the zone it is in, and land outside."""
        way = self.way_out(body)
        if way is None or len(way) < 2:
            return False
        frame, climb_s = body.airframe, self._climb_s(body)
        level_s = self._level_s(body, way)
        hours = (CLIMB_FACTOR * climb_s + level_s + DESCENT_FACTOR * frame.descent_s) / 3600.0
        battery_wh = self._motion.gauge_of(body.index, self._kernel.now_ms)
        return math.isfinite(hours) and ENERGY_MARGIN * body.power_w() * hours <= battery_wh

    def can_go_on(self, body: Body) -> bool:
        """Whether the wind lets a body end its flight, and come to a charger from there, above the reserve."""
        flight = body.flight
        if flight is None or body.phase in ("holding", "descending"):
            return True
        line = self.ahead(body)
        if not math.isfinite(self._level_s(body, line)):
            return False
        now = self._kernel.now_ms
        ms = sum(p.factor * p.duration_ms for p in flight.phases[flight.k + 1 :])
        ms += flight.phases[flight.k].factor * (flight.ends_ms - now)
        end = flight.phases[-1]
        far = np.hypot(self._terrain.x_m - end.x_m, self._terrain.y_m - end.y_m)
        node, stop = int(np.argmin(far)), body.mission.next_stop
        after_h = self._layer(body).to_charger_h(node) if far[node] <= AT_NODE_M else 0.0
        after_wh = body.power_w(0.0 if stop is None else stop.mass_kg) * after_h
        need_wh = ENERGY_MARGIN * (body.power_w() * ms / 3_600_000.0 + after_wh)
        return self._motion.gauge_of(body.index, now) - need_wh >= body.kind.reserve_wh
