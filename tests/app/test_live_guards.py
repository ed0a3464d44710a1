"""An operator sends a guard after a vehicle of a live run and calls him off again; the replay is the same run."""

from __future__ import annotations

import pytest

from .served import events_of, led

GUARDS = ("--set", "people={guards: [{base: depot}]}")


@pytest.mark.thorough
def test_an_operator_sends_a_guard_and_calls_him_off(tmp_path, keys):
    out = tmp_path / "run"
    with led(out, keys, *GUARDS) as kim:
        kim.step(900, beyond=600)
        assert kim.cause("guard", "light-01") == ""
        assert kim.cause("guard", "light-02", "--stop") == "busy"
        assert kim.send("guard", "light-9").exit_code == 2
        kim.step(120, beyond=1000)
        assert kim.cause("stand-down", "guard-01") == ""
        assert kim.cause("stand-down", "light-01") == "unknown-guard"
    doings = [line.body.doing for line in events_of(out, "GuardReported")]
    assert doings[0] == "chasing"
    assert doings[-1] == "off"
