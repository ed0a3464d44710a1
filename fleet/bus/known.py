"""What a client knows of its run without asking; the same for both clients."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fleet.bus.talk import Talk
from fleet.messages.notices import RunEnded, Snapshot


class Known:
    """What was heard so far in one talk with a run."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk

    @property
    def snapshot(self) -> Snapshot:
        """The state of the run when this client joined, or came back after its connection was broken."""
        snapshot = self._talk.reading.snapshot
        assert snapshot is not None
        return snapshot

    @property
    def missed(self) -> Mapping[str, int]:
        """How many messages of each topic were published and never came; topics without loss are left out.

        It is known up to the last message of each topic that came, and up to the last snapshot. If the run went
        while this client was slow or stopped, so that `ended` is None, nobody can tell it what came after that.
        """
        return MappingProxyType(self._talk.reading.missed)

    @property
    def vehicles(self) -> tuple[str, ...]:
        """The names of the vehicles, in the order of the rows of frames."""
        return self._talk.reading.vehicles

    @property
    def ended(self) -> RunEnded | None:
        """How the run ended; None as long as it goes on, or its last message was not read."""
        return self._talk.reading.ended

    def fresh_id(self) -> str:
        """An id for an order that no other client uses."""
        return self._talk.fresh_id()
