"""What an attack is: a participant that eavesdrops on telemetry and asks for tampering.

A new attack is one new file in this room: a settings class derived from `AttackParams` with its own `kind`,
and a module-level `ATTACK = AttackKind(settings class, class)`. It is found by itself.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import Field, model_validator

from fleet.base.params import Params, refusal
from fleet.messages.envelope import Message
from fleet.messages.port import Participant, Port
from fleet.messages.reports import VehicleReported
from fleet.messages.truth import AttackBegan, AttackEnded


class OnsetParams(Params):
    """When an attack begins: at a moment drawn evenly between the two."""

    earliest_s: float = Field(0.0, ge=0.0, le=1e6)
    latest_s: float | None = Field(None, ge=0.0, le=1e6, description="none = at earliest_s")

    @model_validator(mode="after")
    def _ordered(self) -> OnsetParams:
        if self.latest_s is not None and self.latest_s < self.earliest_s:
            raise refusal(f"at least earliest_s, {self.earliest_s:g}", at=("latest_s",))
        return self

    def draw_ms(self, rng: np.random.Generator) -> int:
        """A moment between the two, ms."""
        low = self.earliest_s
        high = low if self.latest_s is None else self.latest_s
        return int(1000 * (low + (high - low) * rng.random()))


class AttackParams(Params):
    """What all attacks have in common."""

    onset: OnsetParams = OnsetParams()
    target: str = Field("any", description="a vehicle id, or `any` for one drawn among those in the air")


@dataclass(frozen=True)
class Means:
    """What an attack is given: a name, two ports, randomness."""

    attack_id: str
    injection: Port
    truth: Port
    rng: np.random.Generator


@dataclass(frozen=True)
class AttackKind:
    """The settings and the maker of one kind of attack."""

    kind: str
    params: type[AttackParams]
    make: Callable[[Any, Means], Participant]


class Label:
    """Tells the truth channel what the attack does, once each."""

    def __init__(self, means: Means, attack_class: str) -> None:
        self._means = means
        self._class = attack_class
        self.active = False

    def begin(self, entity: str) -> None:
        """Say that the attack on `entity` has begun, unless that was said."""
        if not self.active:
            self.active = True
            self._means.truth.say(
                AttackBegan(attack_id=self._means.attack_id, attack_class=self._class, entity=entity)
            )

    def end(self) -> None:
        """Say that it is over, if it has begun."""
        if self.active:
            self.active = False
            self._means.truth.say(AttackEnded(attack_id=self._means.attack_id))


def discover() -> dict[str, AttackKind]:
    """Every attack of this room, by kind."""
    package = importlib.import_module("fleet.redteam")
    modules = (importlib.import_module(f"fleet.redteam.{m.name}") for m in pkgutil.iter_modules(package.__path__))
    kinds = [module.ATTACK for module in modules if hasattr(module, "ATTACK")]
    return {kind.kind: kind for kind in sorted(kinds, key=lambda k: k.kind)}


class Airborne:
    """Which vehicles are on their way, as their own reports say; kept by attacks that pick a victim."""

    def __init__(self) -> None:
        self.place: dict[str, tuple[float, float]] = {}
        self.flying: set[str] = set()

    def hear(self, message: Message) -> None:
        """Take in a vehicle's report; anything else is passed over."""
        body = message.body
        if isinstance(body, VehicleReported):
            self.place[body.vehicle] = (body.x_m, body.y_m)
            if body.state in ("climbing", "driving"):
                self.flying.add(body.vehicle)
            else:
                self.flying.discard(body.vehicle)

    def pick(self, wish: str, rng: np.random.Generator) -> str | None:
        """The wished-for vehicle once it is on its way, or one drawn among those that are; None without any."""
        if wish != "any":
            return wish if wish in self.flying else None
        flying = sorted(self.flying)
        return flying[int(rng.integers(len(flying)))] if flying else None
