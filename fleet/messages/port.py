"""What a road offers and what a traveller is.

A *participant* (world, dispatch, attack, detector, recorder) is woken at a tick with what was said to it
during the tick before, in the order (plane, sender, sequence), and speaks through its `Port`. What it says
now is heard at the next tick. The road may be memory or ZeroMQ; participants cannot tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from fleet.messages.envelope import Envelope, Message
from fleet.messages.plane import Body, Plane

if TYPE_CHECKING:
    from fleet.messages.seal import KeyPair


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


class Seat(NamedTuple):
    """A participant, and the planes it may read."""

    participant: Participant
    planes: frozenset[Plane]


class Listener(Protocol):
    """One who only listens: a digest, a recorder, a tally."""

    def hear(self, tick: int, batch: Sequence[Message]) -> None:
        """Take in everything that is heard at `tick`, in the total order."""


class PlaneCount(NamedTuple):
    """What went over one plane so far. `peak_queue` is the most that ever waited for one turn."""

    sent: int
    delivered: int
    peak_queue: int


class KeyedPort(Port, Protocol):
    """A port as a road hands it out: its key can be set, replaced or taken away."""

    sender: str
    key: KeyPair | None


class Ways(Protocol):
    """The links over which senders reach a road; some may be faulty."""

    @property
    def idle(self) -> bool:
        """Whether there is nothing for them to do."""

    @property
    def mixed(self) -> bool:
        """Whether the last turn brought anything over a faulty link, so that two messages may bear one number."""

    def up(self, now_ms: int, said: Sequence[Message]) -> list[Message]:
        """What is heard at a turn, in no particular order, of what was `said` since the last one and before."""


class Bus(Protocol):
    """A road. Every road keeps the same order and the same numbers, so a run is the same on each."""

    def port(self, sender: str, key: KeyPair | None = None) -> KeyedPort:
        """A mouth for `sender`. Two ports of one sender share their counters."""

    @property
    def pending(self) -> bool:
        """Whether anything was said since the last turn."""

    def lay(self, ways: Ways) -> None:
        """Let what is said go over these links from now on."""

    def turn(self) -> list[Message]:
        """Everything said since the last turn, in the order (plane, sender, sequence)."""

    def statistics(self) -> dict[Plane, PlaneCount]:
        """The counts of every plane."""

    def close(self) -> None:
        """Give back what the road holds; a second call does nothing."""
