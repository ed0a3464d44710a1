"""One number for a whole run: SHA-256 over what was said, in the order in which it was heard.

Per message: tick (8 bytes, little endian), length of the bytes (8, little endian), the bytes of
`codec.said_bytes` (sender, sequence, time, body). Left out: frames and flown legs (bulk), signatures and
expiry, and the key that a `RotateKey` carries (hashed as empty).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence

import msgspec

from fleet.messages.codec import said_bytes
from fleet.messages.envelope import Message
from fleet.messages.orders import RotateKey
from fleet.messages.plane import Frame, Plane
from fleet.messages.truth import LegFlown

_HEAD = struct.Struct("<qq")
BULK = (Frame, LegFlown)
"""What is neither in the digest nor in the event log."""


class Digest:
    """A `fleet.messages.port.Listener` that hashes.

    `hexdigest` covers events, orders, papers, labels and injections; `world_hexdigest` leaves out the truth
    and injection planes, so it tells whether the city went the same way, whatever was written about it.
    """

    def __init__(self) -> None:
        self._all = hashlib.sha256()
        self._world = hashlib.sha256()

    def hear(self, tick: int, batch: Sequence[Message]) -> None:
        """Hash everything heard at `tick`."""
        for message in batch:
            body = message.body
            if isinstance(body, BULK):
                continue
            if isinstance(body, RotateKey):
                blank = msgspec.structs.replace(body, public_key=b"")
                message = msgspec.structs.replace(message, body=blank)
            said = said_bytes(message)
            data = _HEAD.pack(tick, len(said)) + said
            self._all.update(data)
            if body.plane is Plane.TELEMETRY or body.plane is Plane.COMMAND:
                self._world.update(data)

    def hexdigest(self) -> str:
        """`sha256:` and 64 hex digits for everything so far."""
        return f"sha256:{self._all.hexdigest()}"

    def world_hexdigest(self) -> str:
        """The same without the truth and injection planes."""
        return f"sha256:{self._world.hexdigest()}"
