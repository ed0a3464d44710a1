"""Live cases of `battery.*`: what is left and what frames say is left, attacked against clean."""

import pytest

from fleet.messages.truth import WorldClosed
from tests.journeys.cases_navigation import between
from tests.journeys.live import Case, Live, by_area, by_drone

S = 18


def drain(live: Live) -> None:
    for n in range(S - 6):
        for what in ("battery_wh", "told_battery"):
            assert between(live, what, live.e + n) == pytest.approx(-900.0 * n / 3600.0, abs=1e-3)
    ticks = live.ask.stop_tick + 1 - live.e
    for n in range(3):
        lasting = between(live, "battery_wh", live.ask.stop_tick + 1 + n)
        assert lasting == pytest.approx(-900.0 * ticks / 3600.0, abs=1e-3)
    if live.ask.request.target != "area":
        ((_, closed),) = live.attacked.of(WorldClosed)
        assert closed.body.wh["drained"] == pytest.approx(900.0 * ticks / 3600.0)


def false_soc(live: Live) -> None:
    for n in range(S - 6):
        assert between(live, "told_battery", live.e + n) == pytest.approx(-60.0, abs=1e-3)
        assert between(live, "battery_wh", live.e + n) == pytest.approx(0.0, abs=1e-6)
    assert between(live, "told_battery", live.ask.stop_tick + 1) == pytest.approx(0.0, abs=1e-3)


PARAMETERS = {
    "battery.drain": ({"power_w": 900.0}, drain),
    "battery.false-soc": ({"offset_wh": -60.0}, false_soc),
}
CASES = {name: Case(by_drone(name, S, **asked), measure) for name, (asked, measure) in PARAMETERS.items()}
AREA_CASES = {name: Case(by_area(name, S, **asked), measure) for name, (asked, measure) in PARAMETERS.items()}
