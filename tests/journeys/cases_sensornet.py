"""Live cases of `sensornet.*`: ranges that anchors report, and tags that readers see, attacked against clean."""

import math
from collections import Counter
from collections.abc import Callable

import pytest

from fleet.messages.reports import PickupCollected, PickupRequested, Unloaded
from fleet.messages.sensornet import TagsSeen
from fleet.messages.truth import TamperEffect
from fleet.sim.sensornet.params import SensorNetworkParams, TagsParams
from tests.journeys.live import Ask, Case, Live, cruising, start
from tests.journeys.stages import Run, Scene

S = 18
REACH_M, SIGMA_M = 300.0, 3.0


def anchors(run: Run) -> tuple:
    return run.world.annexes.sensornet.anchors


def heard(run: Run) -> tuple[int, int, int]:
    """(tick, row, anchor): a vehicle cruises for a while, and an anchor ranges to it at nearly every tick."""
    for after in range(60, max(run.samples), S):
        tick, row = cruising(run, S, after=after)
        for anchor in range(len(anchors(run))):
            if sum(anchor in run.samples[t].ranges[row] for t in range(tick, tick + S)) > S - 4:
                return tick, row, anchor
    raise AssertionError("no anchor hears anybody for so long")


def held(live: Live) -> range:
    return range(live.e, live.ask.stop_tick + 1)


def measured(live: Live, tick: int) -> tuple[dict, dict]:
    """All ranges of a tick, clean and attacked, by (row, anchor)."""
    clean, attacked = (
        {(row, a): m for row, ranges in enumerate(run.samples[tick].ranges) for a, m in ranges.items()}
        for run in (live.clean, live.attacked)
    )
    return clean, attacked


def heals(live: Live) -> None:
    clean, attacked = measured(live, live.ask.stop_tick + 1)
    assert attacked == clean


# ---- anchors


def one_anchor(primitive: str, **asked: float) -> Callable[[Run], Ask]:
    def prepare(run: Run) -> Ask:
        tick, row, anchor = heard(run)
        return Ask(start(primitive, anchors(run)[anchor].id, **asked), tick - 1, tick + S - 6, row)

    return prepare


def area_of_anchors(primitive: str, **asked: float) -> Callable[[Run], Ask]:
    """Around one that hears somebody, wide enough for no other."""

    def prepare(run: Run) -> Ask:
        tick, row, anchor = heard(run)
        place = anchors(run)[anchor]
        circle = {"x_m": round(place.x_m), "y_m": round(place.y_m), "radius_m": 60.0}
        return Ask(start(primitive, "area", **circle, **asked), tick - 1, tick + S - 6, row)

    return prepare


def held_anchors(live: Live) -> set[int]:
    asked = live.ask.request
    if asked.target != "area":
        return {n for n, a in enumerate(anchors(live.clean)) if a.id == asked.target}
    x, y = asked.parameters["x_m"], asked.parameters["y_m"]
    return {n for n, a in enumerate(anchors(live.clean)) if math.dist((a.x_m, a.y_m), (x, y)) <= 60.0}


def silent(live: Live) -> None:
    """Not one range of theirs, all others as they were."""
    gone, lost = held_anchors(live), 0
    for tick in held(live):
        clean, attacked = measured(live, tick)
        assert attacked == {pair: m for pair, m in clean.items() if pair[1] not in gone}
        lost += len(clean) - len(attacked)
    assert lost > S - 12
    sizes = {m.body.size for _, m in live.attacked.of(TamperEffect)}
    assert sizes == {float(len(gone))}
    heals(live)


def off(live: Live) -> None:
    lying = held_anchors(live)
    for tick in held(live):
        clean, attacked = measured(live, tick)
        assert attacked.keys() == clean.keys()
        for pair, m in clean.items():
            if m > 0.0:  # a range is never below zero, so of one at zero the error is not known
                assert attacked[pair] == pytest.approx(m + 45.0 * (pair[1] in lying), abs=1e-3)
    heals(live)


# ---- a vehicle that is elsewhere


def to_phantom(run: Run) -> Ask:
    """Right beside the first anchor."""
    tick, row, _ = heard(run)
    place = anchors(run)[0]
    asked = {"place": "fixed", "x_m": place.x_m + 30.0, "y_m": place.y_m - 40.0}
    return Ask(start("sensornet.phantom", run.names[row], **asked), tick - 1, tick + S - 6, row)


def elsewhere(live: Live) -> None:
    """Ranges fit the false place and it alone; nobody else's changed, and the vehicle flies on as it did."""
    x, y = (live.ask.request.parameters[name] for name in ("x_m", "y_m"))
    seen = 0
    for tick in held(live):
        clean, attacked = measured(live, tick)
        others = {pair: m for pair, m in clean.items() if pair[0] != live.v}
        assert {pair: m for pair, m in attacked.items() if pair[0] != live.v} == others
        for anchor, range_m in live.attacked.samples[tick].ranges[live.v].items():
            place = anchors(live.clean)[anchor]
            away = math.dist((place.x_m, place.y_m), (x, y))
            assert away <= REACH_M
            assert range_m == pytest.approx(away, abs=6 * SIGMA_M)
            seen += 1
        assert live.attacked.samples[tick].true[live.v] == pytest.approx(live.clean.samples[tick].true[live.v])
    assert seen > S - 12
    told = [m.body.size for _, m in live.attacked.of(TamperEffect)]
    assert told[0] == pytest.approx(math.dist(live.clean.samples[live.e].true[live.v], (x, y)), abs=15.0)
    heals(live)


# ---- sightings


def sightings(run: Run, first: int, last: int) -> list[tuple[str, str, str]]:
    """(reader, vehicle, tag) of what was seen in these ticks."""
    told = [m.body for t, m in run.of(TagsSeen) if first <= t <= last]
    return [(body.reader, body.vehicle, tag) for body in told for tag in body.tags]


def to_suppress(run: Run) -> Ask:
    """Whoever is seen first, from shortly before until it has unloaded."""
    tick, seen = run.of(TagsSeen)[0]
    row = run.names.index(seen.body.vehicle)
    home = next(t for t, _ in run.of(Unloaded, run.names[row]) if t > tick)
    return Ask(start("sensornet.suppress", run.names[row]), tick - 30, home + 5, row)


def kept_quiet(live: Live) -> None:
    ranged = 0
    for tick in held(live):
        clean, attacked = measured(live, tick)
        assert attacked == {pair: m for pair, m in clean.items() if pair[0] != live.v}
        ranged += len(clean) - len(attacked)
    assert ranged > 0
    # What is said in a tick is heard in the next.
    span = (live.e + 1, live.ask.stop_tick + 1)
    clean, attacked = sightings(live.clean, *span), sightings(live.attacked, *span)
    of_it = [s for s in clean if s[1] == live.name]
    assert len(of_it) >= 2
    assert attacked == [s for s in clean if s[1] != live.name]
    assert [m.body.size for _, m in live.attacked.of(TamperEffect)] == [0.0, float(len(of_it))]
    collected = [m.body for t, m in live.attacked.of(PickupCollected, live.name) if t in held(live)]
    assert collected, "it goes on collecting"
    heals(live)


SURE = Scene(
    changes=("sensor_network.tags.read_share=1", "demand.processes.0.per_day=1200"),
    town={"sensor_network": SensorNetworkParams(tags=TagsParams(read_share=1.0))},
)
"""Readers that miss nothing: with few loads and one that misses some, a day might show nothing at all."""


def to_clone(run: Run) -> Ask:
    """The last tag asked for that nobody fetched by then, at the gate where the first load comes in."""
    tick, message = run.of(Unloaded)[0]
    fetched = {m.body.pickup_id for t, m in run.of(PickupCollected) if t <= tick}
    terrain, node = run.world.parts.terrain, run.world.parts.yards[message.body.facility].node
    place = {"x_m": float(terrain.x_m[node]), "y_m": float(terrain.y_m[node])}
    asked = [m.body.pickup_id for _, m in run.of(PickupRequested)]
    tag = [pickup for pickup in asked if pickup not in fetched][-1]
    return Ask(start("sensornet.clone-tag", tag, **place), tick - 20, max(run.samples) - 20)


def seen_twice(live: Live) -> None:
    """Gate readings with the tag of something that lies elsewhere, or nowhere yet; nothing else is different."""
    tag, span = live.ask.request.target, (live.e + 1, live.ask.stop_tick + 1)
    clean, attacked = (Counter(sightings(run, *span)) for run in (live.clean, live.attacked))
    assert not clean - attacked
    false = attacked - clean
    assert {(reader, seen) for reader, _, seen in false} == {(live.clean.of(Unloaded)[0][1].body.facility, tag)}
    assert live.attacked.of(TamperEffect)[-1][1].body.size == false.total()


OFFSET = {"offset_m": 45.0}
CASES = {
    "sensornet.dead": Case(one_anchor("sensornet.dead"), silent),
    "sensornet.hijack": Case(one_anchor("sensornet.hijack", **OFFSET), off),
    "sensornet.phantom": Case(to_phantom, elsewhere),
    "sensornet.suppress": Case(to_suppress, kept_quiet, SURE),
    "sensornet.clone-tag": Case(to_clone, seen_twice, SURE),
}
AREA_CASES = {
    "sensornet.dead": Case(area_of_anchors("sensornet.dead"), silent),
    "sensornet.hijack": Case(area_of_anchors("sensornet.hijack", **OFFSET), off),
}
