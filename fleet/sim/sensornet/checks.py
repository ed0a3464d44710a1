"""What is wrong with `sensor_network` in a scenario once its map, its sites and its vehicles are known."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from fleet.base.errors import Fault, did_you_mean
from fleet.sim.ground import Ground, fault
from fleet.sim.sensornet.orphans import MATERIAL
from fleet.sim.sensornet.params import ALL_SITES, SensorNetworkParams


def faults(params: SensorNetworkParams, ground: Ground) -> Iterator[Fault]:
    """Every fault; each path starts at the section."""
    city = ground.city
    anchors = [anchor.id for anchor in city.anchors]
    points = [point.id for point in city.pickup_points]
    sites = [site.id for site in ground.sites]
    for n, group in enumerate(params.anchors.dead):
        yield from _unknown(f"anchors.dead.{n}.anchors", group.anchors, anchors, "an anchor of the map")
        if group.from_h * 3_600_000 >= ground.end_ms:
            yield fault(f"anchors.dead.{n}.from_h", "a time within the run", f"{group.from_h:g} h")
    if params.anchors.multipath is not None and not anchors:
        yield fault("anchors.multipath", "a map with anchors", "none")
    if params.tags is not None:
        gates = [*sites, ALL_SITES]
        yield from _unknown("tags.gates", params.tags.gates, gates, f"a site of the map, or {ALL_SITES}")
        yield from _unknown(
            "tags.posts", params.tags.posts, [*points, *sites], "a pickup point or a site of the map"
        )
    if params.levels is not None:
        yield from _unknown("levels.points", params.levels.points, points, "a pickup point of the map")
    yield from _orphan_faults(params, ground)


def _orphan_faults(params: SensorNetworkParams, ground: Ground) -> Iterator[Fault]:
    orphans = params.orphans
    for name, count in (("drones", orphans.drones), ("tags", orphans.tags)):
        if count and not ground.city.pickup_points:
            yield fault(f"orphans.{name}", "a map with pickup points near which they lie", "none")
    if orphans.drones and not any(MATERIAL in site.accepts for site in ground.sites):
        expected = f"a site that accepts {MATERIAL}"
        yield fault("orphans.drones", expected, "none", f"let a facility accept {MATERIAL}")
    if orphans.tags and params.tags is None:
        hint = "add sensor_network.tags"
        yield fault("orphans.tags", "readers that could hear them", "no tags in this network", hint)


def _unknown(path: str, found: Sequence[str], known: Collection[str], expected: str) -> Iterator[Fault]:
    for n, name in enumerate(found):
        if name not in known:
            yield fault(f"{path}.{n}", expected, repr(name), did_you_mean(name, sorted(known)))
