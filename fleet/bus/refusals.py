"""What was refused at the doors since the run last asked, counted by door, cause and claimed sender.

Every thread at the doors counts here: the lock, the relay, and the run's own thread. Memory is bounded, whatever
names a flood may claim: so many senders are named for each door and cause, the others are counted without a name.
"""

from __future__ import annotations

import re
import threading
from collections import Counter

from fleet.messages.notices import Cause, MessagesRefused

NAMED_SENDERS = 20
"""At most so many claimed senders are named for each door and cause between two drains."""

_SENDER = re.compile(r"[A-Za-z0-9_.\-/]{1,80}\Z")


class Refusals:
    """Counts of refused messages; any thread may `add`, the run's own thread drains."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, Cause], Counter[str]] = {}
        self.total = 0
        """How many were refused since the beginning."""

    def add(self, door: str, cause: Cause, claimed_sender: str = "", count: int = 1) -> None:
        """Count `count` messages refused at `door`. A name that nobody can bear counts as none."""
        name = claimed_sender if _SENDER.match(claimed_sender) else ""
        with self._lock:
            names = self._counts.setdefault((door, cause), Counter())
            if name not in names and len(names) >= NAMED_SENDERS:
                name = ""
            names[name] += count
            self.total += count

    def drain(self) -> list[MessagesRefused]:
        """What was refused since the last drain, in the order (door, cause, claimed sender)."""
        if not self._counts:
            return []
        with self._lock:
            counts, self._counts = self._counts, {}
        return [
            MessagesRefused(door=door, cause=cause, claimed_sender=name, count=names[name])
            for (door, cause), names in sorted(counts.items())
            for name in sorted(names)
        ]
