"""The thin thread: two attacks at random onsets, two detectors, one response; and the same worlds in peace.

How many seeds: the variable FLEET_SEEDS (CI takes 20), else 1.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fleet.app.load import load_scenario
from fleet.app.run import Runner
from fleet.bus.memory import MemoryBus
from fleet.messages import codec
from fleet.messages.envelope import Message
from fleet.messages.orders import VehicleQuarantined
from fleet.messages.plane import Plane
from fleet.messages.reports import OrderAnswered, VehicleReported
from fleet.messages.security import Alert
from fleet.messages.truth import AttackBegan, TamperEffect

SCENARIO = Path(__file__).parents[2] / "configs" / "first-attack.yaml"
SEEDS = range(1, 1 + int(os.environ.get("FLEET_SEEDS", "1")))
pytestmark = pytest.mark.slow


class Tape:
    """Keeps what is said in discrete messages."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def hear(self, tick: int, batch: list[Message]) -> None:
        self.messages += batch

    def of(self, kind: type) -> list[Message]:
        return [m for m in self.messages if isinstance(m.body, kind)]


class BlindBus(MemoryBus):
    """A road on which the truth plane is blank."""

    def turn(self) -> list[Message]:
        return [m for m in super().turn() if m.body.plane is not Plane.TRUTH]


def play(seed: int, *overrides: str, road: Callable[..., MemoryBus] = MemoryBus) -> Tape:
    tape = Tape()
    parts = load_scenario(SCENARIO, [f"seed={seed}", *overrides]).build(road)
    Runner(parts, [tape]).run()
    return tape


@pytest.mark.parametrize("seed", SEEDS)
def test_each_attack_is_found_and_nobody_else_is_accused(seed: int) -> None:
    tape = play(seed)
    began = {(m.body.attack_class, m.body.entity): m.t_ms for m in tape.of(AttackBegan)}
    alarms = {(m.body.attack_class, m.body.entity): m.t_ms for m in tape.of(Alert)}
    assert {attack for attack, _ in began} == {"stolen-key", "gps-tow"}
    assert alarms.keys() == began.keys()
    assert all(alarms[what] > began[what] for what in began)
    assert {m.body.vehicle for m in tape.of(VehicleQuarantined)} == {entity for _, entity in began}


@pytest.mark.parametrize("seed", SEEDS)
def test_in_peace_there_is_no_alarm(seed: int) -> None:
    tape = play(seed, "red.attacks=[]")
    assert not tape.of(Alert)
    assert not [m for m in tape.of(OrderAnswered) if m.body.cause]


def test_a_blank_truth_channel_changes_no_alarm() -> None:
    seen, blind = play(3), play(3, road=BlindBus)
    assert not blind.of(AttackBegan)
    assert [codec.encode(m) for m in blind.of(Alert)] == [codec.encode(m) for m in seen.of(Alert)] != []


def test_a_revoked_key_opens_nothing_and_the_recall_brings_the_vehicle_home() -> None:
    tape = play(3)
    (hijack,) = [m for m in tape.of(AttackBegan) if m.body.attack_class == "stolen-key"]
    vehicle = hijack.body.entity
    answers = [m.body for m in tape.of(OrderAnswered) if m.body.vehicle == vehicle]
    forged = [a.cause for a in answers if a.order_id.startswith("stolen-key")]
    assert forged[0] == ""
    assert set(forged[1:]) == {"bad-signature"}
    (home,) = [m for m in tape.of(VehicleQuarantined) if m.body.vehicle == vehicle]
    states = [m.body.state for m in tape.of(VehicleReported) if m.body.vehicle == vehicle and m.t_ms > home.t_ms]
    assert states[-1] == "idle"


def test_without_the_blue_team_the_tow_goes_far() -> None:
    """The attack is real: left alone it leads the vehicle off by hundreds of metres."""
    effects = [m.body.size for m in play(3, "blue.detectors=[]").of(TamperEffect) if m.body.quantity == "offset_m"]
    assert effects[0] == 0.0
    assert effects[-1] > 100.0
