"""A festival: how much waste it makes, where and when; the sky over it; who is counted."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.base.materials import MATERIALS
from fleet.base.streams import Streams
from fleet.city.model import Place
from fleet.demand.model import Span
from fleet.messages.people import CrowdCounted
from fleet.sim.people.festival_params import FestivalParams
from fleet.sim.people.festivals import closure_of, crowd_share, surge, takers
from tests.sim.toy import POINTS
from tests.sim_people.peopled import Peopled

PLAIN = {"name": "fair", "at": {"id": "b1"}, "radius_m": 320, "from": "10:00", "until": "14:00", "visitors": 500}
PLACE = (600.0, 0.0)
DAY = Span(8.0, 12.0)


def fair(**changes):
    return FestivalParams.model_validate({**PLAIN, **changes})


def asked(params, span=DAY, seed=1):
    return list(surge(params, PLACE, POINTS, span, Streams(seed)))


def test_the_mass_is_what_the_scenario_says():
    requests = asked(fair(waste_kg_per_visitor=0.3, materials={"paper": 1, "organics": 2}))
    kg = {m: sum(r.actual_kg for r in requests if r.material == m) for m in ("paper", "organics")}
    grams = 1e-3 * len(requests)
    assert kg == {"paper": pytest.approx(50.0, abs=grams), "organics": pytest.approx(100.0, abs=grams)}


def test_pickups_come_up_where_the_crowd_is_and_while_it_is_or_soon_after():
    params = fair(clean_up_share=0.4, clean_up_min=30, near_m=0)
    requests = asked(params)
    assert {r.point_id for r in requests} <= {"b0", "b1", "b2"}
    hours = [8.0 + r.announced_ms / 3_600_000 for r in requests]
    assert all(10.0 <= h <= 14.5 for h in hours)
    later = sum(h > 14.0 for h in hours)
    assert 0.2 * len(hours) < later < 0.6 * len(hours)


def test_more_is_found_when_more_are_there():
    hours = [8.0 + r.announced_ms / 3_600_000 for r in asked(fair(visitors=3000, clean_up_share=0.0))]
    early, middle = sum(h < 11.0 for h in hours), sum(11.0 <= h < 12.0 for h in hours)
    assert 0.3 * middle < early < 0.75 * middle


def test_points_that_do_not_take_a_material_get_none():
    points = (Place("x", 600.0, 0.0, materials=("glass",)), *POINTS)
    assert [p.id for p in takers(fair(near_m=0), PLACE, points, "glass")] == ["x", "b0", "b1", "b2"]
    assert "x" not in {p.id for p in takers(fair(), PLACE, points, "mixed")}


def test_another_material_shifts_no_draw_of_the_first():
    one = asked(fair(materials={"paper": 1}, visitors=100))
    two = [r for r in asked(fair(materials={"paper": 1, "mixed": 1}, visitors=200)) if r.material == "paper"]
    assert one == two != []


@given(st.floats(0.0, 24.0), st.floats(0.5, 30.0), st.integers(1, 3000), st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_whatever_the_hours_every_pickup_can_be_served(start, lasts, visitors, seed):
    span = Span(start, lasts)
    for r in asked(fair(visitors=visitors), span, seed):
        assert 0 <= r.announced_ms == r.earliest_ms
        assert r.latest_ms <= span.end_ms
        assert r.latest_ms - r.earliest_ms >= 10 * 60_000
        assert r.actual_kg > 0.0
        assert r.actual_kg == pytest.approx(MATERIALS[r.material].density_kg_l * r.actual_l, abs=0.02)


def test_the_sky_closes_while_it_lasts_and_is_announced_before():
    closure = closure_of(fair(notice_s=600), PLACE, 8.0)
    assert (closure.announced_ms, closure.from_ms, closure.until_ms) == (6_600_000, 7_200_000, 21_600_000)
    assert closure.zone.area.area == pytest.approx(3.1416 * 320**2, rel=0.01)
    assert closure_of(fair(closes_sky=False), PLACE, 8.0) is None


def test_the_organiser_counts_more_or_less_who_is_there():
    toy = Peopled({"festivals": [{**PLAIN, "count_sigma": 0.1}]}, waiting=(), start_hour=9.0).run(6 * 3600)
    counts = [c.people for c in toy.heard(CrowdCounted)]
    there = [round(500 * crowd_share(n / 8)) for n in range(9)]
    assert len(counts) == 9
    assert counts != there
    assert all(abs(c - t) <= 0.4 * t for c, t in zip(counts, there, strict=True))
    exact = Peopled({"festivals": [{**PLAIN, "count_sigma": 0.0}]}, waiting=(), start_hour=9.0).run(6 * 3600)
    assert [c.people for c in exact.heard(CrowdCounted)] == there


def test_one_that_is_under_way_is_counted_from_now_on():
    toy = Peopled({"festivals": [PLAIN]}, waiting=(), start_hour=12.0).run(3 * 3600)
    assert 4 <= len(toy.heard(CrowdCounted)) <= 5
    assert replace(DAY, start_hour=12.0).clock(0) == "12:00"
