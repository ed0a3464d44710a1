"""What both ends of a connection agree on, without a socket: topics, parts, numbers, lifetimes.

Published messages have three parts: the topic, which is the type name of the body; the number of messages of that
topic that were published before (u64, little-endian); the envelope. `docs/wire.md` is the same in prose.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple, get_args

from fleet.base.errors import MessageError
from fleet.messages.codec import decode
from fleet.messages.envelope import AnyBody, Message
from fleet.messages.notices import CityMap, Snapshot
from fleet.messages.plane import Body, Plane
from fleet.messages.seal import LIFETIME_MS

SNAPSHOT_ASKED = "?snapshot/"
CITY_ASKED = "?city/"
TOKEN_BYTES = 16
NUMBER_BYTES = 8

MOST_AHEAD_MS = 600_000
"""An order that expires later than this, in simulated time, is refused."""


class Published(NamedTuple):
    """One published message, its envelope still in bytes."""

    topic: str
    number: int
    envelope: bytes

    @property
    def size(self) -> int:
        """Bytes that it takes while it waits."""
        return len(self.topic) + NUMBER_BYTES + len(self.envelope)

    def message(self) -> Message:
        """The envelope. Raises `MessageError`."""
        return decode(self.envelope)


def published(topic: str, number: int, envelope: bytes) -> list[bytes]:
    """The parts of a published message.

    >>> published("Beat", 258, b"...")
    [b'Beat', b'\\x02\\x01\\x00\\x00\\x00\\x00\\x00\\x00', b'...']
    """
    return [topic.encode("ascii"), number.to_bytes(NUMBER_BYTES, "little"), envelope]


def read_published(parts: Sequence[bytes]) -> Published:
    """The way back. Raises `MessageError` for what has another form."""
    if len(parts) != 3 or len(parts[1]) != NUMBER_BYTES:
        sizes = [len(part) for part in parts]
        raise MessageError(f"a published message: expected topic, 8 bytes, envelope; found parts of {sizes} bytes")
    try:
        topic = parts[0].decode("ascii")
    except UnicodeDecodeError:
        raise MessageError(f"a topic: expected ASCII, found {parts[0]!r}") from None
    return Published(topic, int.from_bytes(parts[1], "little"), parts[2])


def private_topic(asked: str) -> str:
    """A topic nobody else subscribes to; its subscription is the request.

    >>> private_topic(CITY_ASKED) != private_topic(CITY_ASKED)
    True
    """
    return asked + secrets.token_hex(TOKEN_BYTES)


@cache
def topics_of(plane: Plane) -> tuple[str, ...]:
    """The topics published for `plane`. What is only sent on request is not among them.

    >>> "Beat" in topics_of(Plane.TELEMETRY), "CityMap" in topics_of(Plane.TELEMETRY)
    (True, False)
    """
    kinds: tuple[type[Body], ...] = get_args(AnyBody)
    asked = (Snapshot, CityMap)
    return tuple(sorted(k.__name__ for k in kinds if k.plane is plane and k not in asked))


def lifetime_ms(speed: float) -> int:
    """How long an order may be on its way, in simulated milliseconds: 5 s, or 5 s of wall time if that is more.

    `speed` is the run's factor; at 0 (as fast as it goes) nothing better is known than the most that is allowed.

    >>> lifetime_ms(1.0), lifetime_ms(10.0), lifetime_ms(0.0), lifetime_ms(1e9)
    (5000, 50000, 600000, 600000)
    """
    if speed <= 0.0:
        return MOST_AHEAD_MS
    return int(min(MOST_AHEAD_MS, max(1.0, speed) * LIFETIME_MS))


class SeqSource:
    """A sender's counter: it grows for ever, also over restarts of its process, as long as the clock does."""

    def __init__(self) -> None:
        self._last = -1

    def next(self) -> int:
        """Microseconds of the Unix clock, or one more than the last number if that is more."""
        self._last = max(self._last + 1, time.time_ns() // 1000)
        return self._last
