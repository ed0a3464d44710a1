"""Tags: who reads which, how often, and what that depends on."""

import pytest

from fleet.messages.codec import encode
from fleet.messages.reports import PickupCollected, PickupRequested, Unloaded
from fleet.messages.sensornet import SensorsPlaced, TagsSeen
from fleet.messages.truth import WorldClosed
from fleet.report.tally import Tally
from fleet.sim.body import Waste
from fleet.sim.build import VehicleSpec
from fleet.sim.sensornet.params import OrphansParams, SensorNetworkParams, TagsParams
from fleet.sim.sensornet.tags import Stray, Tag
from tests.sim.toy import Toy, dock, pickup, still, waste

SURE = {"read_share": 1.0, "read_share_on": {}}


def tagged(**changes) -> SensorNetworkParams:
    return SensorNetworkParams(tags=TagsParams(**{**SURE, **changes}))


def day(*, network=None, waiting=None, seconds=900, **changes) -> Toy:
    """Two pickups and home, and two more."""
    waiting = waiting or tuple(waste(n, n % 3) for n in range(4))
    extra = {} if network is None else {"sensor_network": network}
    toy = Toy(sensors=still(), waiting=waiting, **extra, **changes)
    toy.order("v0", pickup(0, 0), pickup(1, 1), dock("home", unload=True), pickup(2, 2))
    toy.order("v1", pickup(3, 0), dock("home", unload=True))
    return toy.run(seconds)


def seen(toy, kind=None) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(s.reader, s.vehicle, s.tags) for s in toy.heard(TagsSeen) if kind in (None, s.kind)]


def test_vehicles_read_what_they_collect_and_gates_what_they_weigh_in():
    toy = day(network=tagged())
    assert seen(toy, "vehicle") == [(c.vehicle, c.vehicle, (c.pickup_id,)) for c in toy.heard(PickupCollected)]
    assert sorted(seen(toy, "gate")) == [("home", "v0", ("p0", "p1")), ("home", "v1", ("p3",))]
    placed = toy.heard(SensorsPlaced)[0]
    assert (placed.readers, placed.read_share) == (("far", "home"), 1.0)


def test_a_run_without_the_section_says_nothing_and_is_no_other():
    plain, tags = day(), day(network=tagged())
    assert not plain.heard(TagsSeen)
    assert not plain.heard(SensorsPlaced)
    other = (TagsSeen, SensorsPlaced)
    told = [[m.body for m in toy.close().said if not isinstance(m.body, other)] for toy in (plain, tags)]
    assert told[0] == told[1]


def test_who_reads_is_a_choice():
    assert not seen(day(network=tagged(vehicles=False)), "vehicle")
    assert not seen(day(network=tagged(gates=("far",))), "gate")
    assert seen(day(network=tagged(gates=("home",))), "gate")


def test_what_is_not_tagged_is_not_seen_and_a_larger_share_tags_the_same_and_more():
    assert not seen(day(network=tagged(share=0.0)))
    tags = Toy(sensor_network=tagged(share=0.3)).annexes.sensornet.tags
    more = Toy(sensor_network=tagged(share=0.6)).annexes.sensornet.tags
    items = [Waste(f"p{n}", 3, "paper", 1.0, 5.0, 0, 1, 0) for n in range(2000)]
    few, many = ({w.id for w in items if t.tag_of(w) is not None} for t in (tags, more))
    assert few < many
    assert [len(few) / 2000, len(many) / 2000] == pytest.approx([0.3, 0.6], abs=0.03)


def test_how_often_a_look_finds_a_tag_depends_on_what_most_of_the_item_is():
    tags = Toy(sensor_network=SensorNetworkParams(tags=TagsParams())).annexes.sensornet.tags
    shows = {
        name: tags.tag_of(Waste("w", 3, "mixed", 2.0, 5.0, 0, 1, 0, contents=contents)).shows
        for name, contents in {
            "paper": {"paper": 2.0},
            "cans": {"paper": 0.5, "metals": 1.5},
            "hidden": {"metals": 0.5, "paper": 1.5},
        }.items()
    }
    assert shows == {"paper": 0.9, "cans": 0.45, "hidden": 0.9}


@pytest.mark.parametrize("material, share", [("paper", 0.9), ("metals", 0.45)])
def test_misses_come_as_often_as_stated(material, share):
    """Four hundred items at one bin, read by a post at every beat for half an hour."""
    items = tuple(waste(n, 0, material=material, kg=0.01, litres=0.1) for n in range(400))
    network = SensorNetworkParams(tags=TagsParams(posts=("b0",), post_every_min=5))
    toy = Toy(waiting=items, sensor_network=network).run(1801)
    rounds = [tags for _, _, tags in seen(toy, "post")]
    assert len(rounds) == 6
    assert sum(map(len, rounds)) / (6 * 400) == pytest.approx(share, abs=0.03)
    assert len(set(rounds)) == 6, "each look by itself"


def test_a_reader_more_shifts_no_other():
    """The same sightings with a post and stray tags elsewhere, but for those of the post."""
    network = SensorNetworkParams(tags=TagsParams(read_share=0.5, read_share_on={}))
    more = SensorNetworkParams(
        tags=TagsParams(read_share=0.5, read_share_on={}, posts=("b5",)), orphans=OrphansParams(tags=3)
    )
    plain, posted = day(network=network), day(network=more)
    strays = {f"stray-{n}" for n in range(1, 4)}
    told = [(r, v, tuple(t for t in tags if t not in strays)) for r, v, tags in seen(posted) if r != "b5"]
    assert [row for row in told if row[2]] == seen(plain)


def test_a_vehicle_more_shifts_no_sighting():
    """A guard's drone, say, which is a vehicle, too."""
    tags = TagsParams(read_share=0.5, read_share_on={}, posts=("b2", "b4"), post_every_min=1)
    lots = tuple(waste(n, n % 5) for n in range(12))
    fleets = [tuple(VehicleSpec(f"v{n}", "light-collector", "home") for n in range(count)) for count in (2, 3)]
    two, three = (
        seen(day(network=SensorNetworkParams(tags=tags), waiting=lots, vehicles=fleet)) for fleet in fleets
    )
    assert len(two) > 10
    assert two == three


def test_posts_see_what_lies_near_them_until_it_is_fetched():
    network = tagged(posts=("b0", "b1"), post_every_min=1, vehicles=False)
    toy = day(network=network, seconds=400)
    rounds = [tags for reader, _, tags in seen(toy, "post") if reader == "b0"]
    assert rounds[0] == ("p0", "p3")
    assert len(rounds) < 6, "nothing answers any more"
    (at,) = [m.t_ms for m in toy.said if isinstance(m.body, PickupCollected) and m.body.pickup_id == "p0"]
    later = [m.body.tags for m in toy.said if isinstance(m.body, TagsSeen) and m.t_ms > at]
    assert not [tags for tags in later if "p0" in tags]


def test_a_tag_that_lies_about_answers_whoever_looks_within_reach():
    toy = Toy(sensors=still(), sensor_network=tagged(reach_m=8.0))
    x, y = 300.0, 0.0
    toy.annexes.sensornet.tags.strays += [Stray(Tag("near", 1.0), x + 6, y + 4), Stray(Tag("far", 1.0), x + 9, y)]
    toy.order("v0", pickup(0), pickup(1))
    toy.run(400)
    assert seen(toy)[:2] == [("v0", "v0", ("near", "p0")), ("v0", "v0", ("p1",))]


def test_tags_stay_on_board_of_who_is_refused_and_leave_with_the_load():
    """`far` takes paper only: the glass comes home, and its tag with it."""
    waiting = (waste(0, 0), waste(1, 1, material="glass"))
    toy = Toy(sensors=still(), waiting=waiting, sensor_network=tagged(vehicles=False))
    toy.order("v0", pickup(0), pickup(1), dock("far", unload=True), dock("home", unload=True, charge=True))
    toy.run(900)
    assert [u.facility for u in toy.heard(Unloaded)] == ["home"]
    assert seen(toy) == [("home", "v0", ("p0", "p1"))]


def test_the_same_seed_sees_the_same():
    network = SensorNetworkParams(tags=TagsParams(posts=("b0",)), orphans=OrphansParams(drones=2, tags=5))
    logs = [[encode(m) for m in day(network=network, end_ms=3_600_000).close().said] for _ in range(2)]
    assert logs[0] == logs[1]


def test_a_summary_counts_sightings_by_kind_of_reader_each_once():
    toy, tally = day(network=tagged(posts=("b0",), post_every_min=1)), Tally()
    tally.hear(1, toy.said)
    kinds = {s.kind for s in toy.heard(TagsSeen)}
    assert kinds == {"vehicle", "gate", "post"}
    assert tally.tags_seen == {
        kind: sum(len(s.tags) for s in toy.heard(TagsSeen) if s.kind == kind) for kind in kinds
    }
    before = dict(tally.tags_seen)
    tally.hear(2, toy.said)
    assert tally.tags_seen == before


# ---- orphans


def abandoned(**changes) -> Toy:
    network = SensorNetworkParams(tags=TagsParams(**SURE), orphans=OrphansParams(drones=2))
    return Toy(sensors=still(), waiting=(), sensor_network=network, end_ms=3_600_000, **changes)


def test_abandoned_drones_are_reported_as_e_waste_and_have_a_battery_in_them():
    toy = abandoned().run(1900)
    found = toy.heard(PickupRequested)
    assert sorted(r.pickup_id for r in found) == ["orphan-1", "orphan-2"]
    assert {r.material for r in found} == {"e-waste"}
    for request in found:
        lying = toy.world.parts.waste[request.pickup_id]
        assert lying.there
        assert lying.contents == {"e-waste": 3.08, "batteries": 0.635}
        assert request.declared_kg == pytest.approx(sum(lying.contents.values()))
        assert request.earliest_ms < request.latest_ms <= 3_600_000


def test_whoever_fetches_one_has_an_undeclared_battery_on_board_and_the_books_close():
    toy = abandoned().run(1900)
    waiting = toy.world.parts.waste["orphan-1"]
    at = toy.terrain.names[waiting.node]
    point = int(at[1:])
    toy.order("v0", pickup(0, point, target="orphan-1"), dock("home"))
    toy.until("idle")
    assert toy.body().inside == {"e-waste": {"e-waste": 3.08, "batteries": 0.635}}
    assert ("v0", "v0", ("orphan-1",)) in seen(toy)
    closed = toy.close().heard(WorldClosed)[0]
    assert closed.residual_kg < 1e-9
    assert closed.ledgers["kg/batteries"]["aboard"] == pytest.approx(0.635)
