"""Live cases of `navigation.*`: believed place, true place and frames, attacked against clean."""

import math

import numpy as np
import pytest

from tests.journeys.live import Case, Live, by_area, by_drone

S = 18


def between(live: Live, what: str, tick: int) -> np.ndarray:
    """Attacked less clean, the victim's row."""
    return getattr(live.attacked.samples[tick], what)[live.v] - getattr(live.clean.samples[tick], what)[live.v]


def heals(live: Live) -> None:
    """Once it is let go, the vehicle knows where it is."""
    after = live.attacked.samples[live.ask.stop_tick + 1]
    assert after.believed[live.v][:2] == pytest.approx(after.true[live.v], abs=1e-6)


def tow(live: Live) -> None:
    rate = np.array([math.sin(math.radians(60)), math.cos(math.radians(60))]) * 1.5
    for n in range(S - 6):
        assert between(live, "true", live.e + n) == pytest.approx(rate * n, abs=1e-4)
        assert between(live, "believed", live.e + n) == pytest.approx((0, 0, 0), abs=1e-4)
    gap = [
        live.attacked.samples[t].true[live.v] - live.attacked.samples[t].believed[live.v][:2]
        for t in (live.ask.stop_tick + 1, live.ask.stop_tick + 4)
    ]
    assert gap[0] == pytest.approx(gap[1], abs=1e-6)
    assert gap[0] == pytest.approx(rate * (live.ask.stop_tick + 1 - live.e), abs=1e-4)


def bias(live: Live) -> None:
    assert between(live, "believed", live.e) == pytest.approx((120.0, -50.0, 0.0), abs=1e-6)
    assert between(live, "true", live.e) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert between(live, "told_x", live.e) == pytest.approx(120.0, abs=0.01)
    for n in range(S - 6):
        state = live.attacked.samples[live.e + n]
        assert state.believed[live.v][:2] - state.true[live.v] == pytest.approx((120.0, -50.0), abs=1e-6)
    heals(live)


def freeze(live: Live) -> None:
    still = live.clean.samples[live.e].believed[live.v][:2]
    for n in range(S - 6):
        state = live.attacked.samples[live.e + n]
        assert state.believed[live.v][:2] == pytest.approx(still, abs=1e-6)
        assert state.told_speed[live.v] == 0.0
        assert between(live, "true", live.e + n) == pytest.approx((0.0, 0.0), abs=0.1)
    heals(live)


def jam(live: Live) -> None:
    before, after = (live.attacked.samples[t].told_x[live.v] for t in (live.e - 1, live.ask.stop_tick + 1))
    assert math.isfinite(before)
    assert math.isfinite(after)
    for n in range(S - 6):
        state = live.attacked.samples[live.e + n]
        assert math.isnan(state.told_x[live.v])
        assert math.dist(state.true[live.v], state.believed[live.v][:2]) == pytest.approx(0.8 * n, abs=1e-4)
        assert between(live, "believed", live.e + n) == pytest.approx((0, 0, 0), abs=1e-4)
    heals(live)


PARAMETERS = {
    "navigation.gnss-tow": ({"rate_mps": 1.5, "bearing_deg": 60.0}, tow),
    "navigation.gnss-bias": ({"east_m": 120.0, "north_m": -50.0}, bias),
    "navigation.gnss-freeze": ({}, freeze),
    "navigation.gnss-jam": ({"drift_mps": 0.8}, jam),
}
CASES = {name: Case(by_drone(name, S, **asked), measure) for name, (asked, measure) in PARAMETERS.items()}
AREA_CASES = {name: Case(by_area(name, S, **asked), measure) for name, (asked, measure) in PARAMETERS.items()}
