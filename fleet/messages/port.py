"""What a road offers and what a traveller is.

A *participant* (world, dispatch, attack, detector, recorder) is woken at a tick with what was said to it
during the tick before, in the order (plane, sender, sequence), and speaks through its `Port`. What it says
now is heard at the next tick. The road may be memory or ZeroMQ; participants cannot tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fleet.messages.envelope import Envelope, Message
from fleet.messages.plane import Body


class Port(Protocol):
    """One participant's mouth."""

    def say(self, body: Body) -> int:
        """Put a body on its plane in this participant's name; returns its sequence number."""

    def say_signed(self, body: Body) -> int:
        """The same under this participant's key. Raises `MessageError` where it has none."""

    def forward(self, message: Envelope[Body]) -> None:
        """Put a ready envelope, of whatever sender, on its plane. Only forgers and roads need it."""


class Participant(Protocol):
    """One who listens and speaks."""

    def on_tick(self, tick: int, now_ms: int, inbox: Sequence[Message]) -> None:
        """Hear what was said, and answer by one's port."""

    def next_wake_ms(self) -> int | None:
        """When to be woken even if nothing is said; None for never."""
