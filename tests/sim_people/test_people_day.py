"""A few hours of Neo-Terra with everything on: what is seen, who takes what, and that all is accounted for."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from fleet.app.build import Parts
from fleet.app.load import load_scenario
from fleet.app.run import Runner
from fleet.base.materials import MATERIALS
from fleet.bus.memory import MemoryBus
from fleet.dispatch.rounds import HAZMAT, needs_of
from fleet.messages.airspace import AirspaceChanged
from fleet.messages.orders import PickupMissed
from fleet.messages.people import CreditEarned, Deposited, MarketBought, Scavenged
from fleet.messages.plane import Plane
from fleet.messages.reports import PickupCollected, PickupFailed, PickupRequested
from fleet.messages.truth import WorldClosed
from tests.journeys.stages import Ear

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


def lived(*changes: str) -> tuple[Parts, Ear]:
    parts = load_scenario(ROOT / "configs" / "people.yaml", list(changes)).build(MemoryBus)
    ear = Ear()
    Runner(parts, [ear]).run()
    return parts, ear


@pytest.fixture(scope="module")
def day() -> tuple[Parts, Ear]:
    return lived()


def said(day, kind):
    return [(message.t_ms, message.body) for _, message in day[1].heard if isinstance(message.body, kind)]


def takers_of_hazards(day):
    """The group of the vehicle at every collection of something hazardous."""
    taken = [c for _, c in said(day, PickupCollected) if MATERIALS[c.material].hazardous]
    return [c.vehicle.rsplit("-", 1)[0] for c in taken]


def test_everybody_is_there_and_all_is_accounted_for(day):
    for kind in (CreditEarned, Deposited, Scavenged, MarketBought):
        assert len(said(day, kind)) >= 5, kind
    ((_, closed),) = said(day, WorldClosed)
    residuals = closed.residual_kg, closed.residual_wh, closed.residual_items, closed.residual_credits
    assert max(residuals) < 1e-6
    for name, totals in closed.ledgers.items():
        assert sum(totals.values()) == pytest.approx(0.0, abs=1e-5), name
    assert closed.ledgers["credits"]["citizen"] == pytest.approx(
        sum(earned.credits for _, earned in said(day, CreditEarned)), abs=1e-4 * len(said(day, CreditEarned))
    )


def test_where_flying_is_forbidden_only_crews_take_what_is_hazardous(day):
    """The fleet's own certificates say otherwise: a heavy collector is certified, and flies."""
    parts, _ = day
    taken = takers_of_hazards(day)
    assert len(taken) >= 5
    assert set(taken) <= {"hazmat", "courier"}
    kinds = parts.setting.types
    assert not kinds["heavy-collector"].hazmat
    assert kinds["courier"].hazmat


def test_the_plan_knows_it_and_no_vehicle_comes_in_vain(day):
    assert needs_of("lamps") == {HAZMAT}
    assert "does-not-fit" not in {f.cause for _, f in said(day, PickupFailed) if "hazards" in f.pickup_id}


def test_where_flying_is_allowed_drones_take_it_too():
    flown = lived("fleet.hazardous_flies=true", "run.duration_h=2", "people.festivals=[]")
    assert "heavy" in takers_of_hazards(flown)


def test_without_crews_it_stays_and_the_reason_is_said():
    groups = "fleet.groups=[{name: heavy, type: heavy-collector, count: 2}]"
    grounded = lived(groups, "run.duration_h=2", "people.festivals=[]")
    assert not takers_of_hazards(grounded)
    missed = [body for _, body in said(grounded, PickupMissed) if "hazards" in body.pickup_id]
    assert missed
    assert {m.reason for m in missed} == {"not-certified"}


def test_the_closed_crowd_is_served_from_the_street(day):
    closed = [(t, a) for t, a in said(day, AirspaceChanged) if a.zone == "festival.market-day"]
    assert [a.state for _, a in closed] == ["announced", "closed", "open"]
    shut_ms, open_ms = closed[1][0], closed[2][0]
    festival = day[0].scenario.people.festivals[0]
    x, y = map(float, day[0].setting.city.frame.to_metres(festival.at.lon, festival.at.lat))
    place = {r.pickup_id: (r.x_m, r.y_m) for _, r in said(day, PickupRequested)}
    inside = [
        c.vehicle.rsplit("-", 1)[0]
        for t, c in said(day, PickupCollected)
        if shut_ms < t < open_ms and math.dist(place[c.pickup_id], (x, y)) < festival.radius_m
    ]
    assert len(inside) >= 15
    assert set(inside) <= {"bike", "hazmat", "courier"}


def test_its_waste_is_what_was_said(day):
    asked = [r for _, r in said(day, PickupRequested) if r.requester == "market-day"]
    assert sum(r.declared_kg for r in asked) == pytest.approx(300.0, abs=1e-3 * len(asked))
    assert not [e for _, e in said(day, CreditEarned) if e.citizen == "market-day"]


def test_what_scavengers_took_vehicles_find_gone_and_nobody_says_who_it_was(day):
    emptied = {s.pickup_id for _, s in said(day, Scavenged) if s.left_kg == 0.0}
    gone = {f.pickup_id for _, f in said(day, PickupFailed) if f.cause == "gone"}
    assert gone
    assert gone <= emptied
    open_words = [m for _, m in day[1].heard if m.body.plane in (Plane.TELEMETRY, Plane.COMMAND)]
    assert not [m for m in open_words if "fox" in repr(m) or "arches" in repr(m)]


def test_the_day_repeats(day):
    again = lived()
    assert [m for _, m in again[1].heard] == [m for _, m in day[1].heard]


def test_that_people_earn_shifts_nothing_else():
    """No draw, no number, no order: but for what is said of credits the run is the same."""
    nobody = lived("people={}", "run.duration_h=1.5")
    earners = lived("people={citizens: {}}", "run.duration_h=1.5")
    credited = said(earners, CreditEarned)
    assert credited
    others = [m for _, m in earners[1].heard if not isinstance(m.body, CreditEarned | WorldClosed)]
    assert others == [m for _, m in nobody[1].heard if not isinstance(m.body, WorldClosed)]
