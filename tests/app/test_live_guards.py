"""An operator sends a guard after a vehicle of a live run and calls him off again; the replay is the same run."""

from __future__ import annotations

import pytest

from fleet.bus.client import connect

from .command import fleet
from .test_live_airspace import _later
from .test_live_serve import Served, events_of, keys, replayed

__all__ = ["keys"]
GUARDS = ("--set", "people={guards: [{base: depot}]}")


@pytest.mark.thorough
def test_an_operator_sends_a_guard_and_calls_him_off(tmp_path, keys):
    out = tmp_path / "run"
    with Served("--keys", keys / "ring", "--speed", "0", "--paused", "-o", out, *GUARDS) as served:
        reach = ("--url", served.url, "--key", keys / "kim.key", "--timeout", "60", "--json")
        with connect(served.url, keys / "kim.key", timeout_s=60.0) as city:
            city.step(900)
            beats = (m.body for m in city.messages(("Beat",), timeout_s=30.0))
            next(beat for beat in beats if beat.paused and beat.tick > 600)
            assert _later(city, "send", "guard", "light-01", *reach)["answer"] == {"cause": ""}
            refused = _later(city, "send", "guard", "light-02", "--stop", *reach)
            assert refused["answer"] == {"cause": "busy"}
            assert fleet("send", "guard", "light-9", *reach).exit_code == 2
            city.step(120)
            beats = (m.body for m in city.messages(("Beat",), timeout_s=30.0))
            next(beat for beat in beats if beat.paused and beat.tick > 1000)
            assert _later(city, "send", "stand-down", "guard-01", *reach)["answer"] == {"cause": ""}
            assert _later(city, "send", "stand-down", "light-01", *reach)["answer"] == {"cause": "unknown-guard"}
            city.resume()
        code, _ = served.end()
        assert code == 0
    doings = [line.body.doing for line in events_of(out, "GuardReported")]
    assert doings[0] == "chasing"
    assert doings[-1] == "off"
    code, same = replayed(out)
    assert (code, same["equal"]) == (0, True)
