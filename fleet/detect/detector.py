"""What a detector is: score, learn and decide are three verbs, and score comes before learn.

A new detector is one new file in this room with a settings class and a module-level
`DETECTOR = DetectorKind(settings class, class)`; it is found by itself. Detectors see the bus and nothing else;
the linter keeps the world and the attacks out of this room.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fleet.base.params import Params
from fleet.messages.envelope import Message


@dataclass(frozen=True, slots=True)
class Suspicion:
    """How odd an entity looks now, in the detector's own unit, and why in words."""

    entity: str
    score: float
    evidence: str


class Detector(Protocol):
    """One statistic over the bus."""

    @property
    def name(self) -> str: ...

    @property
    def attack_class(self) -> str:
        """What an alarm of this detector says has happened."""

    def score(self, now_ms: int, inbox: Sequence[Message]) -> list[Suspicion]:
        """How odd everybody looks, given all learned before this inbox. Changes nothing."""

    def learn(self, now_ms: int, inbox: Sequence[Message]) -> None:
        """Take the inbox into what is known."""

    def threshold(self) -> float:
        """Scores above this are alarms. From the false-alarm budget, never from labelled runs."""


@dataclass(frozen=True)
class DetectorKind:
    """The settings and the maker of one kind of detector."""

    kind: str
    params: type[Params]
    make: Callable[[Any], Detector]


def discover() -> dict[str, DetectorKind]:
    """Every detector of this room, by kind."""
    package = importlib.import_module("fleet.detect")
    modules = (importlib.import_module(f"fleet.detect.{m.name}") for m in pkgutil.iter_modules(package.__path__))
    kinds = [module.DETECTOR for module in modules if hasattr(module, "DETECTOR")]
    return {kind.kind: kind for kind in sorted(kinds, key=lambda k: k.kind)}
