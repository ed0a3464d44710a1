"""The total order of what is said in one tick, and who may read what.

Every road sorts by (plane, sender, sequence): a run does not depend on which participant happened to speak
first, nor on how a socket interleaved two senders.
"""

from __future__ import annotations

from collections.abc import Iterable

from fleet.messages.codec import said_bytes
from fleet.messages.envelope import Message
from fleet.messages.plane import Plane


def _place(message: Message) -> tuple[int, str, int]:
    return (message.body.plane, message.sender, message.seq)


def _place_among_twins(message: Message) -> tuple[int, str, int, bytes, int, bytes]:
    return (
        message.body.plane,
        message.sender,
        message.seq,
        said_bytes(message),
        message.expires_ms,
        message.signature,
    )


def sort_batch(batch: list[Message], *, twins: bool) -> None:
    """Put one tick's messages in order, in place.

    A road numbers what its ports say, so (plane, sender, sequence) is unique unless somebody forwarded a
    ready envelope. With `twins` equal places are told apart by the bytes themselves.
    """
    batch.sort(key=_place_among_twins if twins else _place)


def inbox(batch: Iterable[Message], planes: frozenset[Plane]) -> list[Message]:
    """What a reader of `planes` may see of a batch, in its order."""
    if not planes:
        return []
    return [message for message in batch if message.body.plane in planes]
