"""Which names the seats of a run speak under, and what the holder of each is told."""

from __future__ import annotations

from fleet.app.load import load_scenario
from fleet.app.teams import reserved_senders, seat_plans

from .command import ROOT


def loaded():
    return load_scenario(ROOT / "configs" / "first-attack.yaml", ["seed=7"]).scenario


def test_nobody_else_may_speak_as_a_team_or_as_an_agent():
    reserved = reserved_senders(loaded(), ("red", "pilot"))
    assert {"watchman", "respond", "operator/pilot", "red/pilot", "blue/pilot"} < reserved
    assert any(name.startswith("red/gps-tow-") for name in reserved)
    assert "red/red" not in reserved


def test_the_seed_is_for_the_red_team_only():
    plans = {plan.name: plan.seed for plan in seat_plans(loaded(), ("red", "blue", "pilot"))}
    assert plans == {"red": 7, "blue": -1, "pilot": -1}
