"""The port that roads hand out: it numbers, dates and signs; where an envelope goes is the road's matter.

`say` is called for every event of a run, so it does nothing but count, build the envelope and hand it over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleet.base.errors import MessageError
from fleet.messages.envelope import Envelope
from fleet.messages.plane import Body
from fleet.messages.seal import LIFETIME_MS, KeyPair

Put = Callable[[Any], None]
"""Takes an envelope onto the road."""


class Mouth:
    """One participant's port. `key` may be set, replaced or taken away at any time.

    `counters` holds the next sequence number per plane; all ports of one sender share it. `put` takes what
    this port says, `put_ready` envelopes that somebody else may have numbered.
    """

    __slots__ = ("_clock", "_counters", "_put", "_put_ready", "key", "sender")

    def __init__(
        self,
        sender: str,
        key: KeyPair | None,
        clock: Callable[[], int],
        counters: list[int],
        put: Put,
        put_ready: Put,
    ) -> None:
        self.sender = sender
        self.key = key
        self._clock = clock
        self._counters = counters
        self._put = put
        self._put_ready = put_ready

    def say(self, body: Body) -> int:
        """Put `body` on its plane; returns its sequence number."""
        plane = body.plane
        seq = self._counters[plane]
        self._counters[plane] = seq + 1
        self._put(Envelope(sender=self.sender, seq=seq, t_ms=self._clock(), body=body))
        return seq

    def say_signed(self, body: Body) -> int:
        """The same, signed and expiring `LIFETIME_MS` from now. Raises `MessageError` without a key."""
        if self.key is None:
            raise MessageError(f"`{self.sender}` has no key to sign a {type(body).__name__} with")
        now_ms = self._clock()
        expires_ms = now_ms + LIFETIME_MS
        seq = self._counters[body.plane]
        signature = self.key.sign(self.sender, seq, expires_ms, body)
        self._counters[body.plane] = seq + 1
        self._put(
            Envelope(
                sender=self.sender,
                seq=seq,
                t_ms=now_ms,
                body=body,
                expires_ms=expires_ms,
                signature=signature,
            )
        )
        return seq

    def forward(self, message: Envelope[Body]) -> None:
        """Put a ready envelope on its plane as it is; no counter moves."""
        self._put_ready(message)
