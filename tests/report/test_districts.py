"""What each district got, on a run that is short enough to be worked out by hand."""

import pytest

from fleet.messages.plants import SiteClosed, SiteOpened
from fleet.messages.reports import PickupCollected, PickupRequested, Unloaded
from fleet.messages.truth import LegFlown
from fleet.report.districts import ELSEWHERE, Districts, Facility
from fleet.report.measures import DISTRICTS, MEASURES, OF_DISTRICT, measures_of, title_of
from fleet.report.summary import summarise
from fleet.report.tally import Tally
from tests.record import run_of

MILL = Facility("mill", 0.0, 0.0, frozenset({"paper"}))
WORKS = Facility("works", 3000.0, 0.0, frozenset({"glass", "paper"}))


def request(name, district, x_m, material="paper", earliest_ms=0):
    return PickupRequested(
        pickup_id=name, point_id=name, district=district, x_m=x_m, y_m=400.0, material=material, declared_kg=1.0,
        declared_l=2.0, earliest_ms=earliest_ms, latest_ms=9_000_000, service_ms=0, priority=1, requester="r",
    )  # fmt: skip


def collected(name, vehicle="v"):
    return PickupCollected(vehicle=vehicle, pickup_id=name, material="paper", scale_kg=1.0, volume_l=2.0)


def unloaded(facility, vehicle="v", kg=1.0):
    return Unloaded(facility=facility, vehicle=vehicle, weighed_kg={"paper": kg}, volume_l=2.0, stock_kg=kg)


def leg(t0_ms, t1_ms, length_m, vehicle="v"):
    return LegFlown(
        vehicle=vehicle, phase="cruise", t0_ms=t0_ms, t1_ms=t1_ms, x0_m=0.0, y0_m=0.0, x1_m=length_m, y1_m=0.0,
        energy_wh=1.0, payload_kg=0.0, payload_l=0.0, battery_wh=9.0, order_id="",
    )  # fmt: skip


def run_a_day():
    """Two districts and a place in none; two loads are weighed in, one is still aboard at the end."""
    day = [
        (0, request("a1", "a", 300.0), request("a2", "a", 300.0), request("b1", "b", 2700.0, "glass")),
        (0, request("b2", "b", 2700.0, earliest_ms=60_000), request("c1", "", 0.0, "batteries")),
        (0, leg(0, 50_000, 700.0)),
        (50_000, collected("a1")),
        (90_000, collected("b2"), leg(50_000, 90_000, 2400.0)),
        (90_000, collected("b2")),
        (120_000, leg(90_000, 120_000, 500.0), unloaded("works", kg=3.0), unloaded("works", kg=3.0)),
        (150_000, leg(120_000, 150_000, 2800.0), collected("a2")),
        (200_000, leg(150_000, 200_000, 600.0), unloaded("mill")),
        (250_000, collected("b1", "other")),
    ]
    tally, districts = Tally(), Districts([MILL, WORKS])
    for tick, (t_ms, *bodies) in enumerate(day):
        batch = run_of.heard(*bodies, t_ms=t_ms)
        tally.hear(tick, batch)
        districts.hear(tick, batch)
    return tally, districts


def test_a_day_by_hand():
    a, b, none = run_a_day()[1].districts()
    assert [(d.id, d.requested, d.served) for d in (a, b, none)] == [("a", 2, 2), ("b", 2, 2), (ELSEWHERE, 1, 0)]
    assert (a.wait_mean_s, b.wait_mean_s) == (100.0, 140.0)
    assert (a.nearest_mean_m, b.nearest_mean_m) == (500.0, 500.0)
    # a1 was brought to the works, 2,700 m to the east and 400 m to the south; a2 to the mill.
    assert a.brought_mean_m == pytest.approx(((2700.0**2 + 400.0**2) ** 0.5 + 500.0) / 2)
    assert b.brought_mean_m == 500.0  # b1 was never weighed in
    assert a.carried_mean_m == pytest.approx((2400.0 + 500.0 + 600.0) / 2)
    assert b.carried_mean_m == 500.0
    assert (none.wait_mean_s, none.nearest_mean_m, none.brought_mean_m, none.carried_mean_m) == (None,) * 4
    assert none.served_share == 0.0


def test_what_is_closed_is_not_near():
    districts = Districts([MILL, WORKS])
    opened = SiteOpened(site="mill", kind="manual", licensed=True, recipes=())
    for t_ms, body in ((0, SiteClosed(site="mill")), (0, request("early", "a", 300.0)), (9_000, opened)):
        districts.hear(0, run_of.heard(body, t_ms=t_ms))
    districts.hear(1, run_of.heard(request("late", "b", 300.0, earliest_ms=9_000), t_ms=500))
    districts.hear(2, run_of.heard(SiteClosed(site="mill"), SiteClosed(site="works"), t_ms=10_000))
    districts.hear(2, run_of.heard(request("last", "c", 300.0), t_ms=10_000))
    early, late, last = districts.districts()
    assert early.nearest_mean_m == pytest.approx((2700.0**2 + 400.0**2) ** 0.5)
    assert late.nearest_mean_m == 500.0
    assert last.nearest_mean_m is None


def test_a_load_that_is_told_twice_is_weighed_once():
    assert run_a_day()[1].busiest_share == 0.75


def test_every_measure_has_a_name_for_people():
    tally, districts = run_a_day()
    found = measures_of(summarise(tally, {}), districts, 0.0)
    plain = [name for name in found if not name.startswith(f"{DISTRICTS}.")]
    assert sorted(plain) == sorted(MEASURES)
    assert {name.rpartition(".")[2] for name in found.keys() - set(plain)} == set(OF_DISTRICT)
    assert all(title_of(name) for name in found)
    assert found["served_share"] == 0.8
    assert found["served_least_share"] == 0.0
    assert found["nearest_km"] == pytest.approx(0.5)
    assert found["nearest_gini"] == 0.0
    assert found["wait_most_over_least"] == 1.4
    assert found["districts.a.wait_mean_min"] == pytest.approx(100 / 60)


def test_a_run_of_nothing_has_no_means():
    found = measures_of(summarise(Tally(), {}), Districts([]), 0.0)
    assert found["nearest_km"] is None
    assert found["served_share"] is None
    assert found["served_least_share"] is None


def test_a_district_whose_name_has_dots():
    assert title_of("districts.st.john.requested") == "requested in st.john"
    assert title_of("districts..requested") is None
    assert title_of("districts.requested") is None
