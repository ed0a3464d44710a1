"""Days in Neo-Terra on which things go wrong by themselves: often enough, of many kinds, and nothing is lost."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from fleet.app.load import load_scenario
from fleet.app.run import Runner
from fleet.bus.memory import MemoryBus
from fleet.messages.reports import VehicleReported
from fleet.messages.truth import LegFlown, TroubleBegan, TroubleEnded
from fleet.report.tally import Tally

pytestmark = pytest.mark.slow
SCENARIO = Path(__file__).parents[2] / "configs" / "troubled.yaml"
DAYS = [1, 2, 3]


class Ear:
    """Keeps the labels, who was lost when, and the least that any battery held."""

    def __init__(self) -> None:
        self.began: list[TroubleBegan] = []
        self.ended: set[str] = set()
        self.lost: list[str] = []
        self.least_wh = 1e9

    def hear(self, tick, batch) -> None:
        for message in batch:
            body = message.body
            if isinstance(body, TroubleBegan):
                self.began.append(body)
            elif isinstance(body, TroubleEnded):
                self.ended.add(body.trouble_id)
            elif isinstance(body, LegFlown):
                self.least_wh = min(self.least_wh, body.battery_wh)
            elif isinstance(body, VehicleReported) and body.state == "lost":
                self.lost.append(body.vehicle)


@pytest.mark.parametrize("seed", DAYS)
@pytest.mark.thorough
def test_a_troubled_day(seed):
    parts = load_scenario(SCENARIO, [f"seed={seed}"]).build(MemoryBus)
    ear, tally = Ear(), Tally()
    Runner(parts, [ear, tally]).run()
    kinds = Counter(label.kind for label in ear.began)
    drone_days = len(tally.vehicles) * tally.closed_ms / 86_400_000
    assert len(ear.began) >= drone_days / 4
    assert len(kinds) >= 12
    assert len({label.trouble_id for label in ear.began}) == len(ear.began)
    assert ear.ended <= {label.trouble_id for label in ear.began}
    closed = tally.closed
    assert max(closed.residual_kg, closed.residual_wh, closed.residual_items) < 1e-6
    vain = kinds["pickup-empty-bin"] + kinds["pickup-false-call"]
    real = len(tally.latest_ms) - vain
    assert len(tally.collected_ms) > 0.97 * real, "what lies there is fetched all the same"
    broken = [label.entity for label in ear.began if label.kind == "vehicle-motor-failure"]
    assert sorted(set(ear.lost)) == sorted(set(broken)), "whoever is lost is broken, and the other way round"
    assert ear.least_wh > 0.0
