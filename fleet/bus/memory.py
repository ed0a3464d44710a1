"""The road in one process: a list. Nothing is encoded, and nothing is lost but by links."""

from __future__ import annotations

from collections.abc import Callable

from fleet.bus.mouth import Mouth
from fleet.bus.order import sort_batch
from fleet.messages.envelope import Message
from fleet.messages.plane import Plane
from fleet.messages.port import PlaneCount, Ways
from fleet.messages.seal import KeyPair


class MemoryBus:
    """A `fleet.messages.port.Bus`. `clock` gives the simulated time in integer milliseconds.

    The links that are laid, if any, may be faulty; what they bring late is heard at a later turn.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._ways: Ways | None = None
        self._said: list[Message] = []
        self._twins = False
        self._counters: dict[str, list[int]] = {}
        self._delivered = [0] * len(Plane)
        self._peak = [0] * len(Plane)

    def port(self, sender: str, key: KeyPair | None = None) -> Mouth:
        """A mouth for `sender`. Two ports of one sender share their counters."""
        counters = self._counters.setdefault(sender, [0] * len(Plane))
        return Mouth(sender, key, self._clock, counters, self._said.append, self._put_ready)

    def _put_ready(self, message: Message) -> None:
        self._twins = True
        self._said.append(message)

    def lay(self, ways: Ways) -> None:
        """Let what is said go over these links from now on."""
        self._ways = ways

    @property
    def pending(self) -> bool:
        """Whether anything was said since the last turn."""
        return bool(self._said)

    def turn(self) -> list[Message]:
        """Everything said since the last turn, in the order (plane, sender, sequence)."""
        if self._ways is not None and not self._ways.idle:
            self._go_over(self._ways)
        if not self._said:
            return []
        batch = self._said.copy()
        self._said.clear()
        if len(batch) > 1:
            sort_batch(batch, twins=self._twins)
        self._twins = False
        self._count(batch)
        return batch

    def _go_over(self, ways: Ways) -> None:
        """Let the links have what was said; what they bring, and what they tell of it, is there instead."""
        said = self._said.copy()
        self._said.clear()
        self._said += ways.up(self._clock(), said)
        self._twins |= ways.mixed

    def _count(self, batch: list[Message]) -> None:
        now = [0] * len(Plane)
        for message in batch:
            now[message.body.plane] += 1
        for plane, count in enumerate(now):
            if count:
                self._delivered[plane] += count
                self._peak[plane] = max(self._peak[plane], count)

    def statistics(self) -> dict[Plane, PlaneCount]:
        """The counts of every plane."""
        waiting = [0] * len(Plane)
        for message in self._said:
            waiting[message.body.plane] += 1
        return {
            plane: PlaneCount(
                self._delivered[plane] + waiting[plane],
                self._delivered[plane],
                max(self._peak[plane], waiting[plane]),
            )
            for plane in Plane
        }

    def close(self) -> None:
        """Nothing to give back."""
