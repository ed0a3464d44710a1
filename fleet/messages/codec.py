"""Envelopes to bytes and back: MessagePack, strict, versioned.

Any bytes decode to an `Envelope` or raise `MessageError`; nothing else can happen.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fleet.base.errors import MessageError
from fleet.messages.envelope import WIRE_VERSION, Envelope, Message
from fleet.messages.plane import Body
from fleet.messages.run_id import RunId

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Message)
_batch_decoder = msgspec.msgpack.Decoder(list[Message])
_json = msgspec.json.Encoder()


def encode(message: Envelope[Body]) -> bytes:
    """The wire form."""
    return _encoder.encode(message)


def encode_into(message: Envelope[Body], buffer: bytearray) -> None:
    """The wire form as the whole content of `buffer`, which big messages can share one after the other."""
    _encoder.encode_into(message, buffer)


def decode(data: bytes | memoryview) -> Message:
    """The envelope in `data`. Raises `MessageError` that names the field at fault."""
    try:
        message = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MessageError(f"not a message of this bus: {error}") from None
    _require_version(message)
    return message


def encode_batch(messages: Sequence[Envelope[Body]]) -> bytes:
    """Many envelopes as one MessagePack array."""
    return _encoder.encode(messages)


def decode_batch(data: bytes | memoryview) -> list[Message]:
    """The envelopes of `encode_batch`. Raises `MessageError` that names the item and field at fault."""
    try:
        messages = _batch_decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MessageError(f"not messages of this bus: {error}") from None
    for message in messages:
        _require_version(message)
    return messages


def _require_version(message: Message) -> None:
    if message.v != WIRE_VERSION:
        raise MessageError(f"wire version: expected {WIRE_VERSION}, found {message.v}; upgrade the older side")


def encode_json(message: object) -> bytes:
    """One line of the event log."""
    return _json.encode(message)


def signed_bytes(run: RunId, sender: str, seq: int, expires_ms: int, body: Body) -> bytes:
    """The canonical bytes a signature covers."""
    return _encoder.encode((WIRE_VERSION, run.digits, sender, seq, expires_ms, body))


def said_bytes(message: Envelope[Body]) -> bytes:
    """The bytes the digest covers: everything but signature and expiry."""
    return _encoder.encode((message.sender, message.seq, message.t_ms, message.body))
