"""A scenario with both teams, the digest of its run with everybody in one process, and a tape of what is heard."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from fleet.app.load import LoadedScenario, load_scenario
from fleet.app.run import Runner
from fleet.bus.memory import MemoryBus
from fleet.messages.envelope import Message
from fleet.record.digest import Digest
from tests.app.command import ROOT

SCENARIO = ROOT / "configs" / "first-attack.yaml"
SMALL = ROOT / "configs" / "four-corners.yaml"
DEADLINE_S = 120.0
TEAMS = ("red", "blue")


class Tape:
    """Keeps what is heard."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, Message]] = []

    def hear(self, tick: int, batch: Sequence[Message]) -> None:
        self.heard += [(tick, message) for message in batch]

    def of(self, kind: type) -> list[Message]:
        return [message for _, message in self.heard if isinstance(message.body, kind)]


def scenario(seed: int, path: Path = SCENARIO) -> LoadedScenario:
    return load_scenario(path, [f"seed={seed}"])


@functools.cache
def inside(seed: int) -> str:
    """The digest of the run with everybody in one process."""
    digest = Digest()
    Runner(scenario(seed).build(MemoryBus), [digest]).run()
    return digest.hexdigest()
