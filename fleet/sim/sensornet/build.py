"""From settings to things."""

from __future__ import annotations

from fleet.city.model import Place, Site
from fleet.messages.reports import PickupCollected
from fleet.messages.sensornet import SensorsPlaced
from fleet.sim.body import Waste
from fleet.sim.parts import Annex
from fleet.sim.sensornet.levels import Bin, Levels, bins_of
from fleet.sim.sensornet.orphans import abandoned, strays
from fleet.sim.sensornet.params import ALL_SITES, SensorNetworkParams
from fleet.sim.sensornet.tags import Tags
from fleet.sim.surroundings import Surroundings

SENDER = "sensor-network"
_DEAD_LANE = 8


class SensorNet(Annex):
    """The anchors, readers and level sensors of a run. `tags` is None where nothing is tagged."""

    def __init__(self, around: Surroundings, params: SensorNetworkParams) -> None:
        self._around = around
        self._params = params
        self._port = around.port_of(SENDER)
        self.anchors: tuple[Place, ...] = around.setting.city.anchors
        self.tags = self._build_tags()
        self._bins = self._build_bins()
        self._levels: Levels | None = None
        if params.levels is not None:
            noise = around.streams.noise("sensornet/levels")
            self._levels = Levels(params.levels, noise, around.parts.kernel, self._port, self._bins)
        self._break_anchors()
        self._leave_orphans()

    def begin(self) -> None:
        if self._params.tags is not None or self._params.levels is not None:
            self._port.say(self._placed())
        if self.tags is not None:
            self.tags.begin()
        if self._levels is not None:
            self._levels.begin()

    def collected(self, report: PickupCollected, waste: Waste) -> None:
        body = self._around.world.vehicle(report.vehicle)
        if self.tags is not None and body is not None:
            self.tags.collected(body, waste)

    def fail_anchor(self, number: int, from_ms: int) -> None:
        """An anchor breaks at `from_ms` and stays broken; one that breaks sooner does so."""
        dead = self._around.parts.motion.lies.anchors.dead_ms
        dead[number] = min(from_ms, dead.get(number, from_ms))

    # ---- building

    def _build_tags(self) -> Tags | None:
        around, params = self._around, self._params.tags
        if params is None:
            return None
        parts = around.parts
        posts = sorted(parts.terrain.node_of[name] for name in set(params.posts))
        noise = around.streams.noise("sensornet/tags")
        tags = Tags(params, noise, parts, self._port, frozenset(s.id for s in self._gates()), posts)
        parts.weighbridge.witnesses.append(tags)
        return tags

    def _gates(self) -> list[Site]:
        """Sites with a reader at the gate."""
        tags, sites = self._params.tags, self._around.setting.sites
        if tags is None:
            return []
        every = ALL_SITES in tags.gates
        return [site for site in sites if (site.accepts if every else site.id in tags.gates)]

    def _build_bins(self) -> list[Bin]:
        params, setting = self._params.levels, self._around.setting
        if params is None:
            return []
        own = [(w.announced_ms, w.request) for w in setting.waiting if w.request.requester == w.request.point_id]
        day = sorted((at_ms, request.point_id, request.pickup_id) for at_ms, request in own)
        points = params.points or tuple({point for _, point, _ in day})
        return bins_of(day, self._around.parts.waste, points)

    def _break_anchors(self) -> None:
        params, noise = self._params.anchors, self._around.streams.noise("sensornet/anchors")
        names = {anchor.id: number for number, anchor in enumerate(self.anchors)}
        for number in names.values():
            if params.dead_share and noise.one_uniform(number, 0, _DEAD_LANE) < params.dead_share:
                self.fail_anchor(number, 0)
        for group in params.dead:
            for name in group.anchors:
                self.fail_anchor(names[name], round(3_600_000 * group.from_h))

    def _leave_orphans(self) -> None:
        around, params = self._around, self._params.orphans
        setting, parts = around.setting, around.parts
        rng = around.streams.generator("sensornet/orphans")
        if params.drones and setting.points:
            for orphan in abandoned(params.drones, setting.points, len(setting.sites), setting.end_ms, rng):
                parts.waste[orphan.request.pickup_id] = orphan.waste
                parts.kernel.at(orphan.found_ms, around.world.announce, orphan.request)
        if params.tags and setting.points and self.tags is not None and self._params.tags is not None:
            scatter = around.streams.generator("sensornet/strays")
            self.tags.strays += strays(params.tags, setting.points, self._params.tags.read_share, scatter)

    def _placed(self) -> SensorsPlaced:
        tags, levels, terrain = self._params.tags, self._params.levels, self._around.parts.terrain
        names = sorted({s.id for s in self._gates()} | set(() if tags is None else tags.posts))
        nodes = [terrain.node_of[name] for name in names]
        return SensorsPlaced(
            readers=tuple(names),
            reader_x_m=tuple(round(float(terrain.x_m[node]), 3) for node in nodes),
            reader_y_m=tuple(round(float(terrain.y_m[node]), 3) for node in nodes),
            reach_m=0.0 if tags is None else tags.reach_m,
            read_share=0.0 if tags is None else tags.read_share,
            level_points=tuple(b.point for b in self._bins),
            level_capacity_l=0.0 if levels is None else levels.capacity_l,
            level_sigma=0.0 if levels is None else levels.sigma,
            level_every_ms=0 if self._levels is None else self._levels.every_ms,
        )
