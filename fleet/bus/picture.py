"""What somebody who joins late must know: the state of a run after everything that was published so far.

It listens to telemetry only, so nothing of the truth can get into it, and it holds no socket: whoever publishes
lets it hear what is published, in the same order and in the same thread, and asks it for a `Snapshot`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from fleet.messages.envelope import Message
from fleet.messages.notices import Snapshot
from fleet.messages.plane import Plane
from fleet.messages.run_id import RunId
from fleet.messages.standing import Standing


@dataclass(frozen=True)
class RunFacts:
    """What does not change in a run: name, id, beat, length, and the hour of the city's clock it starts at."""

    name: str
    tick_ms: int
    end_ms: int
    start_hour: float
    run_id: RunId


class Picture:
    """A `fleet.messages.port.Listener` that keeps what a `Snapshot` needs.

    It grows with the vehicles and the pickups of the run, not with its length.
    """

    def __init__(self, facts: RunFacts) -> None:
        self._tick_ms = facts.tick_ms
        self._tick = -1
        self._standing = Standing(_at_the_start(facts))

    def hear(self, tick: int, batch: Sequence[Message]) -> None:
        """Take in what was published at `tick`; other planes than telemetry are passed over."""
        self._tick = tick
        for message in batch:
            if message.body.plane is Plane.TELEMETRY:
                self._standing.hear(message.body)

    def snapshot(self, numbers: Mapping[str, int], *, speed: float, paused: bool) -> Snapshot:
        """The state now. `numbers` is the number of the next message of each topic, as the publisher counts."""
        tick = max(self._tick, 0)
        return msgspec.structs.replace(
            self._standing.snapshot(),
            tick=tick,
            now_ms=tick * self._tick_ms,
            speed=speed,
            paused=paused,
            numbers=dict(numbers),
        )


def _at_the_start(facts: RunFacts) -> Snapshot:
    return Snapshot(
        name=facts.name,
        run_id=facts.run_id.digits,
        tick=0,
        now_ms=0,
        tick_ms=facts.tick_ms,
        end_ms=facts.end_ms,
        start_hour=facts.start_hour,
        speed=0.0,
        paused=False,
        numbers={},
        roster=None,
        frame=None,
        vehicles=(),
        open_pickups=(),
        collected=0,
        missed=0,
        alerts=(),
        airspace=(),
    )
