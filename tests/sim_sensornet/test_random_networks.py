"""Any sensor network over any small day: it changes nothing, says nothing of what is not there, and repeats."""

from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.messages.codec import encode
from fleet.messages.reports import PickupCollected, Unloaded
from fleet.messages.sensornet import LevelsRead, SensorsPlaced, TagsSeen
from fleet.messages.truth import WorldClosed
from fleet.sim.sensornet.params import (
    AnchorsParams,
    LevelsParams,
    MultipathParams,
    OrphansParams,
    SensorNetworkParams,
    TagsParams,
)
from tests.sim.toy import Toy, dock, pickup, waste

SHARE = st.floats(0.0, 1.0)
OWN = (TagsSeen, LevelsRead, SensorsPlaced)


@st.composite
def networks(draw) -> SensorNetworkParams:
    tags = TagsParams(
        share=draw(SHARE),
        vehicles=draw(st.booleans()),
        gates=draw(st.sampled_from([(), ("all",), ("home",), ("swap", "far")])),
        posts=draw(st.sampled_from([(), ("b0",), ("b3", "home")])),
        post_every_min=draw(st.floats(1.0, 20.0)),
        read_share=draw(SHARE),
        read_share_on={"glass": draw(SHARE)},
    )
    levels = LevelsParams(
        every_min=draw(st.floats(1.0, 30.0)), sigma=draw(SHARE), missing=draw(SHARE), dead_share=draw(SHARE)
    )
    anchors = AnchorsParams(dead_share=draw(SHARE), multipath=MultipathParams(share=draw(SHARE)))
    return SensorNetworkParams(
        anchors=anchors,
        tags=tags,
        levels=draw(st.sampled_from([None, levels])),
        orphans=OrphansParams(drones=draw(st.integers(0, 2)), tags=draw(st.integers(0, 5))),
    )


def live(seed: int, network: SensorNetworkParams) -> Toy:
    waiting = tuple(
        waste(n, n, material="paper" if n % 2 else "glass", announced_ms=20_000 * n, requester=f"b{n % 3}")
        for n in range(5)
    )
    toy = Toy(seed=seed, waiting=waiting, sensor_network=network, end_ms=1_500_000)
    toy.order("v0", pickup(0), pickup(1), dock("home", unload=True), pickup(3))
    toy.order("v1", pickup(2), dock("far", unload=True), dock("home", unload=True, charge=True), pickup(4))
    return toy.run(1_500).close()


@given(st.integers(0, 1000), networks())
@settings(max_examples=15)
def test_a_network_only_watches(seed, network):
    toy = live(seed, network)
    quiet = live(seed, SensorNetworkParams(orphans=OrphansParams(drones=network.orphans.drones)))
    told = [[m.body for m in run.said if not isinstance(m.body, OWN)] for run in (toy, quiet)]
    assert told[0] == told[1]
    closed = toy.heard(WorldClosed)[0]
    assert max(closed.residual_kg, closed.residual_wh, closed.residual_items) < 1e-6


@given(st.integers(0, 1000), networks())
@settings(max_examples=15)
def test_what_is_seen_is_there(seed, network):
    toy = live(seed, network)
    strays = {s.tag.id for s in toy.annexes.sensornet.tags.strays}
    collected, aboard = set(), {"v0": set(), "v1": set()}
    for body in (m.body for m in toy.said):
        if isinstance(body, PickupCollected):
            collected.add(body.pickup_id)
            aboard[body.vehicle].add(body.pickup_id)
        elif isinstance(body, TagsSeen):
            assert body.tags
            seen = set(body.tags) - strays
            assert len(body.tags) == len(set(body.tags))
            if body.kind == "post":
                assert not seen & collected, "it lies there still"
            else:
                assert seen <= aboard[body.vehicle]
            if body.kind == "gate":
                assert body.reader in [u.facility for u in toy.heard(Unloaded)]
                aboard[body.vehicle] = set()
        elif isinstance(body, LevelsRead):
            assert all(0.0 <= share <= 1.0 for share in body.shares)


@given(st.integers(0, 1000), networks())
@settings(max_examples=5)
def test_it_repeats(seed, network):
    logs = [[encode(m) for m in live(seed, network).said] for _ in range(2)]
    assert logs[0] == logs[1]
