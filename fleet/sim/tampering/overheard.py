"""What a listener on the command plane knows: how far each sender has counted, and its last orders."""

from __future__ import annotations

from collections import deque

from fleet.messages.envelope import Message

KEPT = 64
"""So many of a sender's latest messages are kept for replay."""


class Overheard:
    """Keeps counters and recordings. What is said again under an old number (a replay) is not kept twice."""

    def __init__(self) -> None:
        self._counter: dict[str, int] = {}
        self._kept: dict[str, deque[Message]] = {}

    def hear(self, message: Message) -> None:
        """Take in one message of the command plane."""
        sender = message.sender
        kept = self._kept.get(sender)
        if kept is None:
            kept = self._kept[sender] = deque(maxlen=KEPT)
        elif message.seq <= self._counter[sender]:
            return
        self._counter[sender] = message.seq
        kept.append(message)

    def senders(self) -> list[str]:
        """Who was heard so far."""
        return sorted(self._kept)

    def latest(self, sender: str, back: int) -> Message | None:
        """The `back`-th latest message of a sender, 1 for the latest; None if there are not so many."""
        kept = self._kept.get(sender, ())
        return kept[-back] if 0 < back <= len(kept) else None

    def next_number(self, sender: str) -> int:
        """The number that a forger must use next in the sender's name; it counts as used."""
        number = self._counter.get(sender, -1) + 1
        self._counter[sender] = number
        self._kept.setdefault(sender, deque(maxlen=KEPT))
        return number
