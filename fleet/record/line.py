"""One line of `events.jsonl`: an envelope, the tick at which it was heard, and its plane's name.

JSON has no word for what is not finite, and a lie or a leg that cannot be flown may well carry it; such
numbers are written as the strings "nan", "inf" and "-inf".
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

from fleet.messages.codec import encode_json
from fleet.messages.envelope import AnyBody, Envelope, Message
from fleet.messages.plane import Plane

PLANE_NAMES = tuple(plane.name.lower() for plane in Plane)


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A line as it stands in the file; `body.type` names the message type, bytes are base64.

    `plane` is written for readers in other languages; the type already fixes it.
    """

    tick: int
    t_ms: int
    plane: str
    sender: str
    seq: int
    body: AnyBody
    expires_ms: int = 0
    signature: bytes = b""

    @staticmethod
    def of(tick: int, message: Message) -> Line:
        """The line for a message heard at `tick`."""
        return Line(
            tick=tick,
            t_ms=message.t_ms,
            plane=PLANE_NAMES[message.body.plane],
            sender=message.sender,
            seq=message.seq,
            body=message.body,
            expires_ms=message.expires_ms,
            signature=message.signature,
        )

    @property
    def message(self) -> Message:
        """The envelope that was heard."""
        return Envelope(
            sender=self.sender,
            seq=self.seq,
            t_ms=self.t_ms,
            body=self.body,
            expires_ms=self.expires_ms,
            signature=self.signature,
        )


_strict = msgspec.json.Decoder(Line)
_lax = msgspec.json.Decoder(Line, strict=False)


def encode_line(tick: int, message: Message) -> bytes:
    """The line for a message heard at `tick`, without its end."""
    line = Line.of(tick, message)
    data = encode_json(line)
    if b"null" in data:
        # No field may be null, so this is a number that is not finite (or a text with that word in it).
        return encode_json(_in_words(msgspec.to_builtins(line)))
    return data


def decode_line(text: bytes) -> Line:
    """The line in `text`. Raises `msgspec.DecodeError`."""
    try:
        return _strict.decode(text)
    except msgspec.ValidationError:
        return _lax.decode(text)


def _in_words(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _in_words(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_in_words(item) for item in value]
    return value
