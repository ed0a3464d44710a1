"""Laws of the random requests."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.base.errors import InputError
from fleet.base.materials import MATERIALS
from fleet.base.streams import Streams
from fleet.demand.model import HOUR_MS, MINUTE_MS, Span, in_order
from fleet.demand.params import CITY_DAY, DemandParams, WindowParams
from fleet.demand.process import MIN_WINDOW_MS, demand_faults, expected_count, requests

from .town import DAY, POINTS, Corner, demand, process

BY_ID = {point.id: point for point in POINTS}

processes = st.builds(
    process,
    name=st.just("p"),
    per_day=st.floats(0.0, 300.0),
    kind=st.sampled_from(["item", "bin"]),
    materials=st.dictionaries(st.sampled_from(["glass", "paper", "e-waste"]), st.floats(0.1, 5.0), min_size=1),
    districts=st.none() | st.dictionaries(st.sampled_from(["north", "south"]), st.floats(0.1, 5.0), min_size=1),
    lead_min=st.floats(0.0, 600.0),
    empty_share=st.sampled_from([0.0, 0.3, 1.0]),
    density_sigma=st.floats(0.0, 3.0),
    error_sigma=st.floats(0.0, 3.0),
    window_min=st.lists(st.builds(WindowParams, minutes=st.floats(1.0, 600.0)), min_size=1).map(tuple),
)
spans = st.builds(Span, st.floats(0.0, 23.99), st.floats(0.1, 40.0))


@settings(max_examples=120, deadline=None)
@given(processes, spans, st.integers(0, 2**32))
def test_every_request_is_in_order_and_makes_sense(one, span, seed):
    made = requests(demand(one), POINTS, span, Streams(seed))
    assert list(made) == sorted(made, key=lambda r: (r.announced_ms, r.pickup_id))
    assert len({r.pickup_id for r in made}) == len(made)
    lead_ms = round(one.lead_min * MINUTE_MS)
    for r in made:
        assert 0 <= r.announced_ms <= r.earliest_ms < r.latest_ms <= span.end_ms
        assert r.announced_ms == max(0, r.earliest_ms - lead_ms)
        assert r.latest_ms - r.earliest_ms >= MIN_WINDOW_MS or r.latest_ms < span.end_ms
        assert r.declared_kg >= 0.001
        assert one.volume_l.min <= r.declared_l <= one.volume_l.max
        assert (r.actual_kg > 0.0) == (r.actual_l > 0.0)
        assert r.actual_kg > 0.0 or one.empty_share > 0.0
        assert r.actual_kg == 0.0 or one.empty_share < 1.0
        assert (round(r.declared_kg, 3), round(r.actual_l, 1)) == (r.declared_kg, r.actual_l)
        point = BY_ID[r.point_id]
        assert (r.district, r.x_m, r.y_m) == (point.district, point.x_m, point.y_m)
        assert not point.materials or r.material in point.materials
        assert r.material in one.materials
        assert one.districts is None or r.district in one.districts
        assert r.priority in (1, 2, 3)
        assert r.requester == point.id if one.kind == "bin" else r.requester.startswith(f"{point.id}/r")


@settings(max_examples=40, deadline=None)
@given(processes, st.integers(0, 2**32))
def test_same_seed_same_requests_and_another_process_shifts_none(one, seed):
    alone = requests(demand(one), POINTS, DAY, Streams(seed))
    assert alone == requests(demand(one), POINTS, DAY, Streams(seed))
    other = process("q", 80.0, materials={"glass": 1.0, "textiles": 1.0})
    both = requests(demand(other, one), POINTS, DAY, Streams(seed))
    assert tuple(r for r in both if r.pickup_id.startswith("p/")) == alone


def test_another_seed_gives_other_requests():
    assert requests(demand(), POINTS, DAY, Streams(1)) != requests(demand(), POINTS, DAY, Streams(2))


def test_a_new_district_or_material_redraws_nothing():
    """At unchanged rates the requests of the old cells stay as they are, byte for byte."""
    old = process(per_day=100.0, materials={"glass": 1.0}, districts={"north": 1.0})
    wider = process(per_day=400.0, materials={"glass": 1.0, "paper": 1.0}, districts={"north": 1.0, "south": 1.0})
    before = requests(demand(old), POINTS, DAY, Streams(5))
    after = requests(demand(wider), POINTS, DAY, Streams(5))
    assert tuple(r for r in after if r.pickup_id.startswith("homes/north/glass/")) == before
    assert len(after) > len(before) > 50


def test_a_higher_rate_keeps_what_was_drawn():
    timing = {"announced_ms": 0, "earliest_ms": 0, "latest_ms": 0}
    few = requests(demand(process(per_day=50.0)), POINTS, DAY, Streams(3))
    many = requests(demand(process(per_day=100.0)), POINTS, DAY, Streams(3))
    kept = {r.pickup_id: dataclasses.replace(r, **timing) for r in many}
    assert all(kept[r.pickup_id] == dataclasses.replace(r, **timing) for r in few)


def test_counts_are_poisson():
    """Mean and variance of the count of 200 seeds are both the expected count; no window is cut at the end."""
    short = (WindowParams(minutes=1.0),)
    one = process(per_day=60.0, window_min=short)
    span = Span(6.5, 10.25)
    counts = [len(requests(demand(one), POINTS, span, Streams(seed))) for seed in range(200)]
    mean = expected_count(one, span)
    assert mean == pytest.approx(34.05)
    assert abs(np.mean(counts) - mean) < 4.0 * np.sqrt(mean / 200)
    assert 0.65 < np.var(counts, ddof=1) / mean < 1.4


@pytest.mark.parametrize("start_hour", [0.0, 6.0, 17.75])
def test_hours_follow_the_profile(start_hour):
    span = Span(start_hour, 24.0)
    one = process(per_day=20_000.0, window_min=(WindowParams(minutes=1.0),))
    opened = np.array([r.earliest_ms for r in requests(demand(one), POINTS, span, Streams(11))])
    hours = np.floor(start_hour + opened / HOUR_MS).astype(int) % 24
    expected = 20_000.0 * np.asarray(CITY_DAY) / sum(CITY_DAY)
    found = np.bincount(hours, minlength=24)
    assert np.all(np.abs(found - expected) < 5.0 * np.sqrt(expected))


def test_arrivals_are_uniform_within_an_hour():
    hourly = tuple(float(hour in (9, 20)) for hour in range(24))
    one = process(per_day=4000.0, hourly=hourly, window_min=(WindowParams(minutes=1.0),))
    opened = np.sort([r.earliest_ms for r in requests(demand(one), POINTS, DAY, Streams(4))])
    hours = opened / HOUR_MS
    assert set(np.floor(hours)) == {9.0, 20.0}
    part = np.sort(hours % 1.0)
    # Kolmogorov-Smirnov, 0.1 %: sup distance below 1.95 / sqrt(n).
    assert np.max(np.abs(part - (np.arange(part.size) + 0.5) / part.size)) < 1.95 / np.sqrt(part.size)


def test_shares_are_kept():
    one = process(
        per_day=20_000.0, materials={"glass": 3.0, "paper": 1.0}, districts={"north": 4.0, "south": 1.0},
        priority_shares=(0.5, 0.3, 0.2), empty_share=0.1,
    )  # fmt: skip
    made = requests(demand(one), POINTS, DAY, Streams(8))
    for share, hit in (
        (0.75, [r.material == "glass" for r in made]),
        (0.8, [r.district == "north" for r in made]),
        (0.3, [r.priority == 2 for r in made]),
        (0.1, [r.actual_kg == 0.0 for r in made]),
    ):
        assert abs(np.mean(hit) - share) < 0.015


def test_without_district_shares_each_point_has_the_same():
    made = requests(demand(process(per_day=20_000.0, materials={"glass": 1.0})), POINTS, DAY, Streams(8))
    shares = [np.mean([r.point_id == name for r in made]) for name in BY_ID]
    assert all(abs(share - 0.2) < 0.015 for share in shares)


def test_amounts():
    """Declared litres have the given median; declared and actual mass have no bias."""
    made = requests(demand(process(per_day=20_000.0, materials={"glass": 1.0})), POINTS, DAY, Streams(8))
    declared_l = np.array([r.declared_l for r in made])
    declared_kg = np.array([r.declared_kg for r in made])
    ratio = np.array([r.actual_kg for r in made]) / declared_kg
    assert abs(np.median(declared_l) - 30.0) < 1.0
    assert abs(np.mean(declared_kg) / np.mean(declared_l) / MATERIALS["glass"].density_kg_l - 1.0) < 0.02
    assert abs(np.mean(ratio) - 1.0) < 0.003
    assert 0.045 < np.std(np.log(ratio)) < 0.055


def test_what_does_not_fit_the_map_is_named_at_once():
    only_paper = (*(p for p in POINTS if p.materials), Corner("w", 0, 0, "west", ("metals",)))
    params = demand(
        process("a", districts={"nort": 1.0, "south": 1.0}),
        process("b", materials={"lamps": 1.0, "glass": 1.0}),
    )
    faults = demand_faults(params, only_paper)
    assert [(f.path, f.hint) for f in faults] == [
        ("processes.0.districts.nort", "did you mean `north`?"),
        ("processes.1.materials.lamps", ""),
    ]
    with pytest.raises(InputError) as caught:
        requests(params, only_paper, DAY, Streams(1))
    assert caught.value.faults == tuple(faults)


def test_two_sources_may_not_share_an_id():
    made = requests(demand(), POINTS, DAY, Streams(1))
    assert in_order(made[5:], made[:5]) == made
    with pytest.raises(InputError, match="each pickup id once"):
        in_order(made, made[3:4])


@pytest.mark.parametrize(
    "fields, words",
    [
        ({}, "`processes`, `csv`, or both"),
        ({"processes": [{"name": "a", "per_day": 1, "materials": {"glas": 1}}]}, "did you mean `glass`"),
        ({"processes": [{"name": "a", "per_day": 1, "materials": {}}]}, "at least 1 item"),
        ({"processes": [{"name": "a/b", "per_day": 1, "materials": {"glass": 1}}]}, "pattern"),
        ({"processes": [{"name": "a", "per_day": 1, "materials": {"glass": 0}}]}, "at least one share above 0"),
        (
            {"processes": [{"name": "a", "per_day": 1, "materials": {"glass": 1}, "hourly": [0] * 24}]},
            "at least one",
        ),
        ({"processes": [{"name": "a", "per_day": 1, "materials": {"glass": 1}, "hourly": [1] * 23}]}, "24"),
        ({"processes": [{"name": "a", "per_day": 1, "materials": {"glass": 1}}] * 2}, "no other process has"),
        (
            {
                "processes": [
                    {"name": "a", "per_day": 1, "materials": {"glass": 1}, "volume_l": {"min": 9, "max": 8}}
                ]
            },
            "at least min, 9",
        ),
    ],
)
def test_parameters_that_are_refused(fields, words):
    with pytest.raises(ValueError, match=words):
        DemandParams(**fields)


def test_a_share_of_nothing_is_allowed():
    one = process(materials={"glass": 1.0, "paper": 0.0}, districts={"north": 1.0, "south": 0.0})
    made = requests(demand(one), POINTS, DAY, Streams(1))
    assert {(r.material, r.district) for r in made} == {("glass", "north")}
