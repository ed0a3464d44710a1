"""For every kind of trouble: whom it is tried on, and what must be seen of it that is not seen without it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from fleet.messages.reports import (
    Charged,
    OrderAnswered,
    PickupCollected,
    PickupFailed,
    PickupRequested,
    Unloaded,
    VehicleReported,
)
from fleet.messages.truth import MessagesLost
from tests.sim_troubles.day import TWO_CHARGERS, Day, Strike

CRUISING, PARKED, WEIGHED = 60, 2, 40
"""Ticks at which v0 cruises to p2, still stands at home, has collected nothing yet."""


@dataclass(frozen=True)
class Pair:
    """The day without and with it."""

    clean: Day
    struck: Day
    strike: Strike

    @property
    def end(self) -> int:
        """The first tick after it."""
        assert self.strike.lasts_s is not None
        return self.strike.at + round(self.strike.lasts_s) + 1


@dataclass(frozen=True)
class Case:
    """A strike, and what is measured."""

    strike: Strike
    measure: Callable[[Pair], None]
    street: bool = False
    changes: dict[str, Any] = field(default_factory=dict)


def near(value: float, rel: float = 1e-6) -> Any:
    return pytest.approx(value, rel=rel)


# ---- what flies slower, or draws more


def draws_more(pair: Pair) -> None:
    clean, struck, strike = pair.clean.samples, pair.struck.samples, pair.strike
    assert struck[strike.at].drain_w[0] == clean[strike.at].drain_w[0]
    assert struck[strike.at + 2].drain_w[0] == near(clean[strike.at + 2].drain_w[0] * (1.0 + strike.size))
    if strike.lasts_s is not None:
        assert struck[pair.end].drain_w[0] == near(clean[pair.end].drain_w[0])
        lost = clean[pair.end].battery_wh[0] - struck[pair.end].battery_wh[0]
        assert lost == near(strike.size * clean[pair.end].drain_w[0] * strike.lasts_s / 3600, rel=0.05)


def in_rain(pair: Pair) -> None:
    draws_more(pair)
    at = pair.strike.at + 2
    for row in (0, 1):
        more = pair.struck.samples[at].drain_w[row] / pair.clean.samples[at].drain_w[row]
        assert more == near(1.0 + pair.strike.size)


def slower(pair: Pair) -> None:
    clean, struck, strike = pair.clean.samples, pair.struck.samples, pair.strike
    assert struck[strike.at + 2].speed_mps[0] == near(12.0 * (1.0 - strike.size), rel=1e-4)
    assert struck[strike.at + 2].drain_w[0] == near(clean[strike.at + 2].drain_w[0])
    assert struck[pair.end].speed_mps[0] == near(12.0, rel=1e-4)
    (late, _), (early, _) = struck_first(pair, PickupCollected)
    assert late - early == pytest.approx(strike.size * strike.lasts_s, abs=1.5)


def struck_first(pair: Pair, kind: type, vehicle: str = "v0") -> tuple[Any, Any]:
    return pair.struck.of(kind, vehicle)[0], pair.clean.of(kind, vehicle)[0]


def mid_leg(lasts_s: float | None, size: float) -> Strike:
    return Strike("v0", CRUISING, size, lasts_s)


# ---- navigation


def off_track(pair: Pair) -> None:
    samples, strike = pair.struck.samples, pair.strike
    held = [math.dist(samples[t].true[0], samples[t].believed[0]) for t in range(strike.at + 1, pair.end - 1)]
    assert held == pytest.approx([strike.size] * len(held))
    assert math.dist(samples[pair.end].true[0], samples[pair.end].believed[0]) == pytest.approx(0.0, abs=1e-9)
    assert math.dist(samples[pair.end].true[0], pair.clean.samples[pair.end].true[0]) < 2.0 * strike.size
    assert served(pair.struck) == served(pair.clean)


def served(day: Day) -> list[str]:
    return sorted(body.pickup_id for _, body in day.of(PickupCollected))


def without_fix(pair: Pair) -> None:
    samples, strike = pair.struck.samples, pair.strike
    assert not np.isnan(samples[strike.at].told_x[0])
    assert all(np.isnan(samples[t].told_x[0]) for t in range(strike.at + 1, pair.end - 1))
    drift = math.dist(samples[pair.end - 2].true[0], samples[pair.end - 2].believed[0])
    assert drift == pytest.approx(strike.size * strike.lasts_s, rel=0.1)
    assert not np.isnan(samples[pair.end].told_x[0])
    assert math.dist(samples[pair.end].true[0], samples[pair.end].believed[0]) == pytest.approx(0.0, abs=1e-9)
    assert served(pair.struck) == served(pair.clean)


# ---- instruments


def by_pickup(day: Day, vehicle: str = "v0") -> dict[str, float]:
    return {body.pickup_id: body.scale_kg for _, body in day.of(PickupCollected, vehicle)}


def scale_reads(factor: float, plus: float) -> Callable[[Pair], None]:
    def measure(pair: Pair) -> None:
        clean, struck = by_pickup(pair.clean), by_pickup(pair.struck)
        assert clean.keys() == struck.keys() >= {"p2", "p1"}
        for pickup, kg in clean.items():
            held = pair.strike.lasts_s is None or pickup != "p4"
            assert struck[pickup] == pytest.approx(kg * factor + plus if held else kg, abs=2e-3)
        assert by_pickup(pair.clean, "v1") == by_pickup(pair.struck, "v1")
        assert pair.clean.toy.account("kg", "stock") == near(pair.struck.toy.account("kg", "stock"))

    return measure


def weighbridge_reads(factor: float, plus: float) -> Callable[[Pair], None]:
    def measure(pair: Pair) -> None:
        clean, struck = ([b.weighed_kg["paper"] for _, b in d.of(Unloaded)] for d in (pair.clean, pair.struck))
        assert len(clean) == len(struck) == 2
        assert struck == pytest.approx([kg * factor + plus for kg in clean], abs=2e-3)
        assert pair.clean.toy.account("kg", "stock") == near(pair.struck.toy.account("kg", "stock"))

    return measure


def meter_reads(pair: Pair) -> None:
    for (_, clean), (_, struck) in zip(pair.clean.of(Charged), pair.struck.of(Charged), strict=True):
        assert struck.delivered_wh == clean.delivered_wh
        assert struck.drawn_wh == pytest.approx(clean.drawn_wh * (1.0 + pair.strike.size), abs=2e-3)
    assert pair.clean.toy.account("Wh", "grid") == near(pair.struck.toy.account("Wh", "grid"))


def gauge_reads(pair: Pair) -> None:
    clean, struck, at = pair.clean.samples, pair.struck.samples, pair.strike.at + 2
    off_wh = pair.strike.size * 599.4
    assert struck[at].battery_wh[0] == clean[at].battery_wh[0]
    assert struck[at].told_wh[0] - clean[at].told_wh[0] == pytest.approx(off_wh, abs=1e-3)
    assert struck[pair.end].told_wh[0] == clean[pair.end].told_wh[0]


def anchor_is_silent(pair: Pair) -> None:
    clean, struck, at = pair.clean.samples, pair.struck.samples, pair.strike.at + 1
    assert 0 in clean[at].anchors
    assert 0 not in struck[at].anchors
    assert clean[pair.end].anchors == struck[pair.end].anchors


# ---- links


def lost(pair: Pair, cause: str) -> int:
    return sum(body.count for _, body in pair.struck.of(MessagesLost) if body.who == "v0" and body.cause == cause)


def some_lost(pair: Pair) -> None:
    assert lost(pair, "loss") > 0
    assert not pair.clean.of(MessagesLost)
    gone = len(pair.clean.of(VehicleReported, "v0")) - len(pair.struck.of(VehicleReported, "v0"))
    assert 0 < gone < len(pair.clean.of(VehicleReported, "v0"))


def late(pair: Pair) -> None:
    def delays(day: Day) -> list[int]:
        held = range(pair.strike.at + 1, pair.end)
        said = [(t, m) for t, m in day.heard if isinstance(m.body, VehicleReported) and m.sender == "v0"]
        return [1000 * t - m.t_ms for t, m in said if m.t_ms // 1000 in held]

    assert max(delays(pair.clean)) <= 1000
    assert min(delays(pair.struck)) >= 1000 * pair.strike.size
    assert len(pair.struck.of(VehicleReported, "v0")) == len(pair.clean.of(VehicleReported, "v0"))


def twice(pair: Pair) -> None:
    def seen(day: Day) -> list[int]:
        return [m.seq for _, m in day.heard if isinstance(m.body, VehicleReported) and m.sender == "v0"]

    assert len(seen(pair.clean)) == len(set(seen(pair.clean)))
    assert len(seen(pair.struck)) > len(set(seen(pair.struck))) == len(set(seen(pair.clean)))


def silent(pair: Pair) -> None:
    held = range(pair.strike.at + 1, pair.end)
    assert [t for t, m in pair.clean.heard if m.sender == "v0" and t in held]
    assert not [t for t, m in pair.struck.heard if m.sender == "v0" and t in held]
    assert lost(pair, "cut") > 0
    assert [t for t, _ in pair.struck.of(VehicleReported, "v0") if t > pair.end]
    assert len(pair.clean.of(OrderAnswered)) == len(pair.struck.of(OrderAnswered))


# ---- batteries


def aged(pair: Pair) -> None:
    clean, struck = (d.of(Charged, "v0")[0] for d in (pair.clean, pair.struck))
    assert struck[0] == clean[0]
    short = clean[1].delivered_wh - struck[1].delivered_wh
    assert short == pytest.approx(pair.strike.size * 599.4, abs=1e-2)
    assert served(pair.struck) == served(pair.clean)


def self_discharged(pair: Pair) -> None:
    drained = pair.struck.toy.account("Wh", "drained")
    assert drained == near(pair.strike.size * pair.strike.lasts_s / 3600, rel=1e-3)
    assert pair.clean.toy.account("Wh", "drained") == 0.0


def cell_died(pair: Pair) -> None:
    at = pair.strike.at
    before = pair.clean.samples[at].battery_wh[0]
    gone = pair.clean.samples[at + 1].battery_wh[0] - pair.struck.samples[at + 1].battery_wh[0]
    assert gone == near(before * pair.strike.size, rel=1e-3)
    assert pair.struck.toy.account("Wh", "cell-failure") == near(before * pair.strike.size, rel=1e-3)
    assert pair.struck.samples[-1].battery_wh[0] <= 599.4 * (1.0 - pair.strike.size)


# ---- mishaps


def broke_down(pair: Pair) -> None:
    samples, strike = pair.struck.samples, pair.strike
    down = strike.at + 42
    assert samples[strike.at].height_m[0] == pytest.approx(80.0)
    assert samples[down].height_m[0] == 0.0
    assert math.dist(samples[down].true[0], samples[strike.at].true[0]) < 0.5
    assert all((samples[t].true[0] == samples[down].true[0]).all() for t in range(down, pair.end - 1))
    states = pair.struck.states("v0", strike.at)
    assert states[:2] == ["lost", "climbing"]
    assert {"charging", "idle"} <= set(states)
    assert not by_pickup(pair.struck), "it has forgotten its route"


def was_struck(pair: Pair) -> None:
    samples, down = pair.struck.samples, pair.strike.at + 42
    assert samples[down].height_m[0] == 0.0
    assert math.dist(samples[down].true[0], samples[pair.strike.at].true[0]) < 0.5
    states = pair.struck.states("v0", pair.strike.at)
    assert states[:2] == ["grounded", "climbing"]
    assert by_pickup(pair.struck).keys() >= {"p2", "p1"}, "it goes on with its route"


def waited(pair: Pair) -> None:
    assert pair.struck.samples[pair.end - 1].height_m[0] == 0.0
    assert pair.struck.states("v0")[:2] == ["grounded", "climbing"]
    assert pair.clean.samples[pair.end - 1].height_m[0] > 0.0
    assert by_pickup(pair.struck).keys() >= {"p2", "p1"}


def stood(pair: Pair) -> None:
    samples, at = pair.struck.samples, pair.strike.at
    assert all((samples[t].true[2] == samples[at + 1].true[2]).all() for t in range(at + 1, pair.end - 1))
    assert pair.struck.states("v2", at)[:2] == ["grounded", "driving"]
    (late, _), (early, _) = struck_first(pair, PickupCollected, "v2")
    assert late - early == pytest.approx(pair.strike.lasts_s, abs=2.0)


def took_longer(pair: Pair) -> None:
    (late, first), (early, _) = struck_first(pair, PickupCollected)
    assert first.pickup_id == "p2"
    assert late - early == pytest.approx(pair.strike.size, abs=1.0)


# ---- pickups


def was_empty(pair: Pair) -> None:
    assert [(b.pickup_id, b.cause) for _, b in pair.struck.of(PickupFailed)] == [("p2", "gone")]
    assert not pair.clean.of(PickupFailed)
    assert pair.struck.toy.account("kg", "taken-elsewhere") == pytest.approx(1.0)
    assert pair.struck.toy.account("items", "taken-elsewhere") == pytest.approx(1.0)
    assert pair.struck.labels[0].size == pytest.approx(1.0)


def was_called_twice(pair: Pair) -> None:
    calls = [(t, body) for t, body in pair.struck.of(PickupRequested) if t > pair.strike.at]
    assert [(t, body.point_id) for t, body in calls] == [(pair.strike.at + 1, "b2")]
    waste = pair.struck.toy.world.parts.waste[calls[0][1].pickup_id]
    assert (waste.kg, waste.there) == (0.0, False)


def weighed_more(pair: Pair) -> None:
    assert by_pickup(pair.struck)["p2"] == pytest.approx(by_pickup(pair.clean)["p2"] * (1.0 + pair.strike.size))
    more = -pair.struck.toy.account("kg", "generated") + pair.clean.toy.account("kg", "generated")
    assert more == pytest.approx(pair.strike.size)


def was_mixed(pair: Pair) -> None:
    ledgers = set(pair.struck.toy.books.ledgers) - set(pair.clean.toy.books.ledgers)
    (stranger,) = ledgers
    assert pair.struck.toy.account(stranger, "stock") == pytest.approx(pair.strike.size)
    assert by_pickup(pair.struck) == by_pickup(pair.clean)


def was_misread(pair: Pair) -> None:
    def said(day: Day) -> dict[str, str]:
        return {body.pickup_id: body.material for _, body in day.of(PickupCollected)}

    assert said(pair.clean)["p2"] == "paper" != said(pair.struck)["p2"]
    assert {p: m for p, m in said(pair.clean).items() if p != "p2"}.items() <= said(pair.struck).items()


def was_shut(pair: Pair) -> None:
    assert [(b.pickup_id, b.cause) for _, b in pair.struck.of(PickupFailed)] == [("p2", "not-found")]
    assert pair.struck.toy.world.parts.waste["p2"].there


# ---- sites


def queued(pair: Pair) -> None:
    def first(day: Day) -> int:
        return next(t for t, body in day.of(VehicleReported, "v0") if body.state == "unloading")

    assert first(pair.struck) >= pair.end - 1 > first(pair.clean)
    assert "queueing" in pair.struck.states("v0")
    assert pair.struck.toy.world.parts.yards["home"].pads.free == 1


def one_charger_less(pair: Pair) -> None:
    at = pair.strike.at
    assert [s.chargers_free for s in pair.clean.samples[at : at + 20]] == [2] * 20
    assert [s.chargers_free for s in pair.struck.samples[at + 1 : at + 20]] == [1] * 19
    assert pair.struck.samples[-1].chargers_free == 2


def charged_slowly(pair: Pair) -> None:
    def took(day: Day) -> int:
        begun = next(t for t, body in day.of(VehicleReported, "v0") if body.state == "charging")
        return day.of(Charged, "v0")[0][0] - begun

    assert took(pair.struck) == pytest.approx(took(pair.clean) * (1.0 + pair.strike.size), abs=1.0)


CASES: dict[str, Case] = {
    "battery-ageing": Case(Strike("v0", PARKED, 0.1, None), aged),
    "battery-cell-failure": Case(Strike("v0", CRUISING, 0.1, None), cell_died),
    "battery-resistance": Case(mid_leg(None, 0.05), draws_more),
    "battery-self-discharge": Case(Strike("v0", PARKED, 20.0, 60), self_discharged),
    "gnss-multipath": Case(mid_leg(25, 8.0), off_track),
    "gnss-outage": Case(mid_leg(25, 0.1), without_fix),
    "instrument-anchor-death": Case(Strike("a0", PARKED, 1.0, 600), anchor_is_silent),
    "instrument-gauge-error": Case(Strike("v0", CRUISING, -0.05, 25), gauge_reads),
    "instrument-meter-offset": Case(Strike("home", PARKED, 0.03, None), meter_reads),
    "instrument-scale-drift": Case(Strike("v0", WEIGHED, 0.05, None), scale_reads(1.05, 0.0)),
    "instrument-scale-zero": Case(Strike("v0", WEIGHED, -0.2, 400), scale_reads(1.0, -0.2)),
    "instrument-weighbridge-drift": Case(Strike("home", PARKED, -0.04, None), weighbridge_reads(0.96, 0.0)),
    "instrument-weighbridge-zero": Case(Strike("home", PARKED, 0.5, 1400), weighbridge_reads(1.0, 0.5)),
    "pickup-blocked": Case(Strike("p2", PARKED, 1.0, 600), was_shut),
    "pickup-contamination": Case(Strike("p2", PARKED, 0.2, None), was_mixed),
    "pickup-empty-bin": Case(Strike("p2", CRUISING, 1.0, None), was_empty),
    "pickup-false-call": Case(Strike("p2", CRUISING, 1.0, None), was_called_twice),
    "pickup-mis-tag": Case(Strike("p2", PARKED, 1.0, None), was_misread),
    "pickup-overfull": Case(Strike("p2", PARKED, 0.5, None), weighed_more),
    "radio-delay": Case(Strike("v0", CRUISING, 3.0, 400), late),
    "radio-duplicate": Case(Strike("v0", CRUISING, 0.5, 400), twice),
    "radio-loss": Case(Strike("v0", CRUISING, 0.5, 400), some_lost),
    "radio-outage": Case(Strike("v0", 130, 1.0, 60), silent),
    "site-blocked-pad": Case(Strike("home", PARKED, 1.0, 800), queued),
    "site-broken-charger": Case(
        Strike("home", PARKED, 1.0, 900), one_charger_less, changes={"sites": TWO_CHARGERS}
    ),
    "site-slow-charger": Case(Strike("home", PARKED, 0.5, 1200), charged_slowly),
    "vehicle-bird-strike": Case(mid_leg(400, 1.0), was_struck),
    "vehicle-motor-failure": Case(mid_leg(600, 1.0), broke_down),
    "vehicle-propeller-damage": Case(mid_leg(30, 0.1), draws_more),
    "vehicle-puncture": Case(Strike("v2", 40, 1.0, 300), stood, street=True),
    "vehicle-self-test": Case(Strike("v0", PARKED, 1.0, 120), waited),
    "vehicle-slow-loading": Case(Strike("v0", PARKED, 60.0, 600), took_longer),
    "weather-gust": Case(mid_leg(20, 0.2), draws_more),
    "weather-headwind": Case(mid_leg(20, 0.2), slower),
    "weather-icing": Case(mid_leg(30, 0.3), draws_more),
    "weather-rain": Case(Strike("city", CRUISING, 0.05, 30), in_rain),
    "weather-turbulence": Case(mid_leg(30, 0.05), draws_more),
}
