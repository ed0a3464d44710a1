"""What was heard from outside in a recorded run, to be said again at the same ticks.

Whoever was inside says everything again by itself; what nobody inside could have said is on the tape.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from fleet.app.provenance import Outsiders
from fleet.bus.memory import MemoryBus
from fleet.bus.mouth import Mouth
from fleet.messages.envelope import Message
from fleet.messages.notices import GATE
from fleet.messages.roles import ROLES, outside_sender
from fleet.messages.seal import KeyPair
from fleet.record.reader import RunFiles

_HEADS = tuple(outside_sender(role, "") for role in ROLES)
Heard = tuple[int, Message]


class ListedBus(MemoryBus):
    """A road that knows by name everybody who has a port: the inside of a run."""

    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__(clock)
        self.inside: set[str] = set()

    def port(self, sender: str, key: KeyPair | None = None) -> Mouth:
        """A mouth for `sender`. Two ports of one sender share their counters."""
        self.inside.add(sender)
        return super().port(sender, key)


def from_outside(run: RunFiles, outsiders: Outsiders, inside: set[str]) -> Iterator[Heard]:
    """What was heard in the run and nobody of `inside` said, in order, each with its tick.

    A peer without keys may have borne any name of the form `role/name`, so names known before are not enough.
    """
    known = {GATE, *outsiders.senders} - inside
    for line in run.events():
        if line.sender in known or (line.sender.startswith(_HEADS) and line.sender not in inside):
            yield line.tick, line.message


class Tape:
    """An `Outside` and a `Team` that says what was heard from outside, so that it is heard at the same ticks."""

    def __init__(self, heard: Iterable[Heard], tick_ms: int) -> None:
        self._left = deque(heard)
        self._tick_ms = tick_ms
        self._tick = 0

    def take(self, tick: int) -> Sequence[Message]:
        """What was heard at `tick`."""
        return self._until(tick)

    def open(self, tick: int, now_ms: int, batch: Sequence[Message]) -> None:
        self._tick = tick

    def collect(self) -> Sequence[Message]:
        """What is heard at the next tick: it counts as said at this one, as that of a team does."""
        return self._until(self._tick + 1)

    def next_wake_ms(self) -> int | None:
        return (self._left[0][0] - 1) * self._tick_ms if self._left else None

    def _until(self, tick: int) -> list[Message]:
        said = []
        while self._left and self._left[0][0] <= tick:
            said.append(self._left.popleft()[1])
        return said
