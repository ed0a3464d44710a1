"""Two runs held against each other, event by event, so that a difference has a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fleet.messages.codec import said_bytes
from fleet.messages.envelope import Message
from fleet.record.digest import BULK, Digest
from fleet.record.line import encode_line
from fleet.record.reader import RunFiles

Heard = tuple[int, Message]
NOTHING = "nothing"


@dataclass(frozen=True)
class Difference:
    """The first event that is not the same: its number from 0, its tick, its sender, and what either side has.

    `recorded` or `replayed` is the event as text, or "nothing".
    """

    event: int
    tick: int
    sender: str
    type: str
    recorded: str
    replayed: str

    def __str__(self) -> str:
        return (
            f"event {self.event}, tick {self.tick}, {self.type} by {self.sender}:\n"
            f"  recorded  {self.recorded}\n  replayed  {self.replayed}"
        )


class Comparison:
    """A `Listener` that holds what it hears against the record, and hashes both sides.

    With `cut` it stops where the record does; otherwise both must end together.
    """

    def __init__(self, run: RunFiles, *, cut: bool) -> None:
        self._lines = run.events()
        self._cut = cut
        self._ahead: Heard | None = None
        self._recorded, self._replayed = Digest(), Digest()
        self.events = 0
        self.difference: Difference | None = None
        self._look_ahead()

    def _look_ahead(self) -> None:
        line = next(self._lines, None)
        self._ahead = None if line is None else (line.tick, line.message)

    @property
    def over(self) -> bool:
        """Whether a record without an end has no more to be compared with."""
        return self._cut and self._ahead is None

    def hear(self, tick: int, batch: Sequence[Message]) -> None:
        """Compare with as many events of the record."""
        for message in batch:
            if isinstance(message.body, BULK) or self.over:
                continue
            self._replayed.hear(tick, [message])
            self._compare((tick, message))

    def finish(self) -> None:
        """The replay is over: whatever else is recorded is a difference."""
        while self._ahead is not None:
            self._compare(None)

    def _compare(self, replayed: Heard | None) -> None:
        recorded = self._ahead
        if recorded is not None:
            self._recorded.hear(recorded[0], [recorded[1]])
        if self.difference is None and _said(recorded) != _said(replayed):
            self.difference = _difference(self.events, recorded, replayed)
        self.events += 1
        if recorded is not None:
            self._look_ahead()

    def digests(self) -> tuple[str, str]:
        """Of what was recorded, and of what was replayed."""
        return self._recorded.hexdigest(), self._replayed.hexdigest()


def _said(heard: Heard | None) -> tuple[int, bytes] | None:
    return None if heard is None else (heard[0], said_bytes(heard[1]))


def _difference(number: int, recorded: Heard | None, replayed: Heard | None) -> Difference:
    tick, message = min((h for h in (recorded, replayed) if h is not None), key=lambda h: h[0])
    return Difference(
        event=number,
        tick=tick,
        sender=message.sender,
        type=type(message.body).__name__,
        recorded=_text(recorded),
        replayed=_text(replayed),
    )


def _text(heard: Heard | None) -> str:
    return NOTHING if heard is None else encode_line(*heard).decode()
