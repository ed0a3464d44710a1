"""The state of the run as the dashboard knows it: it begins with a snapshot and takes in what follows.

A browser that joins late is given this state, so that it waits for nobody, not even for a run that is over.
"""

from __future__ import annotations

import msgspec

from fleet.messages.envelope import Message
from fleet.messages.notices import RunEnded, Snapshot
from fleet.messages.standing import Standing


class Picture:
    """Begins as `snapshot`; `hear` keeps it up to date. It grows with vehicles and pickups, not with time."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._standing = Standing(snapshot)
        self.numbers = dict(snapshot.numbers)
        self.ended: RunEnded | None = None

    def is_news(self, topic: str, number: int) -> bool:
        """Whether the message of that number is not contained yet."""
        return number >= self.numbers.get(topic, 0)

    def hear(self, topic: str, number: int, message: Message) -> int:
        """Take a message in that is news; how many of its topic were lost before it."""
        lost = number - self.numbers.get(topic, 0)
        self.numbers[topic] = number + 1
        if isinstance(message.body, RunEnded):
            self.ended = message.body
        else:
            self._standing.hear(message.body)
        return lost

    def snapshot(self) -> Snapshot:
        """The state now."""
        return msgspec.structs.replace(self._standing.snapshot(), numbers=dict(self.numbers))
