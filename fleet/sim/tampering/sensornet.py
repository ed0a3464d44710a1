"""The sensor network: anchors that fall silent or lie, sightings that are kept back, tags that answer elsewhere.

Anchors are there on every map that has some; tags only where the scenario says `sensor_network.tags`.
"""

from __future__ import annotations

import math
from functools import partial

from fleet.sim.lies import AnchorLies, Phantom
from fleet.sim.sensornet.tags import Stray, Tag, Tags
from fleet.sim.tampering.held import Held
from fleet.sim.tampering.primitive import FAR_M, Asked, Parameter, Primitive, Reach, Running

_FIXED, _CLAIMED = "fixed", "claimed"
_NO_NETWORK = "this world has no sensor network"


def _lies(reach: Reach) -> AnchorLies:
    return reach.flights.motion.lies.anchors


def _no_target(expected: str, asked: Asked) -> str:
    return f"target: expected {expected}, found {asked.target[:40]!r}"


# ---- anchors


def _anchors(reach: Reach, asked: Asked) -> frozenset[int] | str:
    """The anchors that are meant, by number, or why there are none."""
    if reach.annexes is None:
        return _NO_NETWORK
    anchors = reach.annexes.sensornet.anchors
    if asked.area is not None:
        area = asked.area
        inside = frozenset(n for n, anchor in enumerate(anchors) if area.holds(anchor.x_m, anchor.y_m))
        return inside or "target: expected an area with anchors in it, found one without"
    named = frozenset(n for n, anchor in enumerate(anchors) if anchor.id == asked.target)
    return named or _no_target("an anchor of the map or area", asked)


def _dead(reach: Reach, asked: Asked) -> Running | str:
    anchors, silent = _anchors(reach, asked), _lies(reach).silent
    if isinstance(anchors, str):
        return anchors
    silent[asked.tamper_id] = anchors
    return Held(asked, lambda: float(len(anchors)), partial(silent.pop, asked.tamper_id, None))


def _hijack(reach: Reach, asked: Asked) -> Running | str:
    anchors, offsets = _anchors(reach, asked), _lies(reach).offsets
    if isinstance(anchors, str):
        return anchors
    offset_m = asked.numbers["offset_m"]
    offsets[asked.tamper_id] = anchors, offset_m
    return Held(asked, lambda: offset_m, partial(offsets.pop, asked.tamper_id, None))


# ---- what is seen and is not there


def _phantom(reach: Reach, asked: Asked) -> Running | str:
    body, phantoms, motion = reach.world.vehicle(asked.target), _lies(reach).phantoms, reach.flights.motion
    if body is None:
        return _no_target("a vehicle", asked)
    if body.index in phantoms:
        return f"anchors are made to find {body.id} elsewhere already"
    place = (asked.numbers["x_m"], asked.numbers["y_m"]) if asked.words["place"] == _FIXED else None
    row, phantoms[body.index] = body.index, Phantom(place)

    def away_m() -> float:
        now = reach.kernel.now_ms
        return math.dist(motion.true_of(row, now), place or motion.place_of(row, now)[:2])

    return Held(asked, away_m, partial(phantoms.pop, row, None))


def _clone(reach: Reach, asked: Asked) -> Running | str:
    tags = _tags(reach)
    tag = None if tags is None else _tag(reach, tags, asked.target)
    if tags is None or tag is None:
        return _no_target("a tag of this run", asked)
    false, clones = tags.lies.false, tags.lies.clones
    before = false.get(tag.id, 0)
    clones[asked.tamper_id] = Stray(tag, asked.numbers["x_m"], asked.numbers["y_m"])
    return Held(asked, lambda: float(false.get(tag.id, 0) - before), partial(clones.pop, asked.tamper_id, None))


# ---- what is there and is not told


def _suppress(reach: Reach, asked: Asked) -> Running | str:
    body, tags, hidden = reach.world.vehicle(asked.target), _tags(reach), _lies(reach).hidden
    known = tags is not None and _tag(reach, tags, asked.target) is not None
    if body is None and not known:
        return _no_target("a vehicle, or a tag of this run", asked)
    if body is not None:
        hidden[asked.tamper_id] = body.index
    before = 0 if tags is None else tags.lies.kept.get(asked.target, 0)
    if tags is not None:
        tags.lies.withheld[asked.tamper_id] = asked.target

    def let_go() -> None:
        hidden.pop(asked.tamper_id, None)
        if tags is not None:
            tags.lies.withheld.pop(asked.tamper_id, None)

    def kept() -> float:
        return 0.0 if tags is None else float(tags.lies.kept.get(asked.target, 0) - before)

    return Held(asked, kept, let_go)


def _tags(reach: Reach) -> Tags | None:
    return None if reach.annexes is None else reach.annexes.sensornet.tags


def _tag(reach: Reach, tags: Tags, name: str) -> Tag | None:
    """A tag by its id: of a pickup that carries one, or one that lies about."""
    waste = reach.world.parts.waste.get(name)
    if waste is not None:
        return tags.tag_of(waste)
    return next((stray.tag for stray in tags.strays if stray.tag.id == name), None)


PRIMITIVES = (
    Primitive(
        name="sensornet.dead",
        target="anchor-or-area",
        parameters=(),
        text="Anchors say nothing: none of their ranges is in the frames. Vehicles that navigate by anchors still "
        "find their way, because that is not modelled range by range.",
        where="anchors missing from RangeFrame where vehicles are in reach",
        quantity="silent_anchors",
        begin=_dead,
    ),
    Primitive(
        name="sensornet.hijack",
        target="anchor-or-area",
        parameters=(Parameter("offset_m", "by how much every range of theirs is off", -300.0, 300.0),),
        text="Anchors lie: each of their ranges is off by the same amount, never below zero.",
        where="range_m of some anchors against the others, and against the place in frames",
        quantity="offset_m",
        begin=_hijack,
    ),
    Primitive(
        name="sensornet.phantom",
        target="vehicle",
        parameters=(
            Parameter("place", "at one place, or wherever the vehicle believes to be", words=(_FIXED, _CLAIMED)),
            Parameter("x_m", "the false place, metres east", -FAR_M, FAR_M, default=0.0),
            Parameter("y_m", "the false place, metres north", -FAR_M, FAR_M, default=0.0),
        ),
        text="Anchors find a vehicle where it is not: those in reach of the false place range to it, with their "
        "usual error and drop-outs, and those at the true place do not. `claimed` makes them agree with the "
        "vehicle's own word, so that they hide a receiver that is led astray; x_m and y_m are not used then.",
        where="RangeFrame against the place in frames (fixed), or against the true place (claimed)",
        quantity="offset_m",
        begin=_phantom,
    ),
    Primitive(
        name="sensornet.clone-tag",
        target="tag",
        parameters=(
            Parameter("x_m", "where the clone lies, metres east", -FAR_M, FAR_M),
            Parameter("y_m", "where the clone lies, metres north", -FAR_M, FAR_M),
        ),
        text="A second tag of the same id answers every reader that looks within reach of it; the first goes on "
        "answering. The id of a pickup that nobody has asked for yet makes a tag of something that is not there.",
        where="TagsSeen: one id at two places, or before it was asked for",
        quantity="false_sightings",
        begin=_clone,
    ),
    Primitive(
        name="sensornet.suppress",
        target="vehicle-or-tag",
        parameters=(),
        text="The network keeps quiet about a vehicle: no anchor ranges to it, and no reader tells of what it "
        "collects and unloads; or about one tag, wherever it is read. Sightings kept back are counted, ranges are "
        "not.",
        where="a vehicle missing from RangeFrame; tags collected that no gate sees",
        quantity="kept_sightings",
        begin=_suppress,
    ),
)
