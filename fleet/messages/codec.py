"""Envelopes to bytes and back: MessagePack, strict, versioned.

Any bytes decode to an `Envelope` or raise `MessageError`; nothing else can happen.
"""

from __future__ import annotations

import msgspec

from fleet.base.errors import MessageError
from fleet.messages.envelope import WIRE_VERSION, Envelope, Message
from fleet.messages.plane import Body

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Message)
_json = msgspec.json.Encoder()


def encode(message: Envelope[Body]) -> bytes:
    """The wire form."""
    return _encoder.encode(message)


def decode(data: bytes) -> Message:
    """The envelope in `data`. Raises `MessageError` that names the field at fault."""
    try:
        message = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MessageError(f"not a message of this bus: {error}") from None
    if message.v != WIRE_VERSION:
        raise MessageError(f"wire version: expected {WIRE_VERSION}, found {message.v}; upgrade the older side")
    return message


def encode_json(message: object) -> bytes:
    """One line of the event log."""
    return _json.encode(message)


def signed_bytes(sender: str, seq: int, expires_ms: int, body: Body) -> bytes:
    """The canonical bytes a signature covers."""
    return _encoder.encode((WIRE_VERSION, sender, seq, expires_ms, body))


def said_bytes(message: Envelope[Body]) -> bytes:
    """The bytes the digest covers: everything but signature and expiry."""
    return _encoder.encode((message.sender, message.seq, message.t_ms, message.body))
