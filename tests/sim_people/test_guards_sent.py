"""An alert sends a guard, who forces the vehicle down: an hour of attacks in Neo-Terra, by the scenario alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.app.load import load_scenario
from fleet.app.run import Runner
from fleet.bus.memory import MemoryBus
from fleet.messages.people import GuardReported, VehicleHeld
from fleet.messages.reports import OrderAnswered, VehicleReported
from fleet.messages.security import Alert
from fleet.messages.truth import WorldClosed
from tests.journeys.stages import Ear

pytestmark = pytest.mark.slow
FIRST_ATTACK = Path(__file__).parents[2] / "configs" / "first-attack.yaml"
GUARDS = "people={guards: [{base: depot-south, count: 2}]}"


@pytest.mark.parametrize("orders, held", [("stop", True), ("follow", False)])
@pytest.mark.thorough
def test_an_alert_sends_a_guard(orders, held):
    ear = Ear()
    Runner(load_scenario(FIRST_ATTACK, [GUARDS, f"blue.guards={orders}"]).build(MemoryBus), [ear]).run()
    bodies = [(m.t_ms, m.sender, m.body) for _, m in ear.heard]
    suspects = {b.entity: t for t, _, b in bodies if isinstance(b, Alert)}
    assert suspects
    answers = [b.cause for _, who, b in bodies if isinstance(b, OrderAnswered) and who == "guards"]
    assert set(answers) == {""}
    assert {b.vehicle for _, _, b in bodies if isinstance(b, GuardReported) and b.sees} == suspects.keys()
    down = {b.vehicle: t for t, _, b in bodies if isinstance(b, VehicleHeld)}
    assert down.keys() == (suspects.keys() if held else set())
    for vehicle, t_ms in down.items():
        assert 0 < t_ms - suspects[vehicle] < 300_000
        last = [b for _, _, b in bodies if isinstance(b, VehicleReported) and b.vehicle == vehicle][-1]
        assert last.state == "lost"
    (closed,) = [b for _, _, b in bodies if isinstance(b, WorldClosed)]
    assert closed.residual_kg < 1e-6
    assert closed.residual_wh < 1e-6
