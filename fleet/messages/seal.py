"""Signing and checking of orders: Ed25519, a counter per sender, an expiry, a list of verbs per holder.

A signature holds in one run. It fails closed: what is not provably right is refused, with the cause.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fleet.base.errors import MessageError
from fleet.messages.codec import signed_bytes
from fleet.messages.envelope import Envelope
from fleet.messages.plane import Body, Plane
from fleet.messages.run_id import RunId

Refusal = Literal["", "unknown-key", "bad-signature", "replay", "stale", "not-allowed"]
"""Why an order was refused; "" is none."""

LIFETIME_MS = 5_000
"""How long an order may be on its way."""

MAX_SEQ = 2**63 - 1
"""Counters are signed 64-bit numbers from 0 up."""


class SecretKey:
    """A key that outlives runs, as people have them: it signs once told for which. The secret is 32 bytes."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.public = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()

    def for_run(self, run: RunId) -> KeyPair:
        """The same key, to sign with in this run only."""
        return KeyPair(self._secret, run)


class KeyPair:
    """A private key in one run, and its public half. The secret is 32 bytes."""

    def __init__(self, secret: bytes, run: RunId) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(secret)
        self.public = self._private.public_key().public_bytes_raw()
        self.run = run

    def sign(self, sender: str, seq: int, expires_ms: int, body: Body) -> bytes:
        """The 64 bytes that bind `body` to its run, its sender, its number and its expiry."""
        return self._private.sign(signed_bytes(self.run, sender, seq, expires_ms, body))


class Verifier:
    """What one receiver trusts: key, run and allowed verbs of every holder, and how far each has counted.

    `run` is what the holders of `keys` must have signed for, and whoever gets a key by `rotate` alone.

    A sender counts on each plane by itself, over all kinds of messages: a counter for each kind would let an enemy
    who holds messages back change their order.
    """

    def __init__(self, keys: Mapping[str, bytes], verbs: Mapping[str, frozenset[str]], run: RunId) -> None:
        self._run = run
        self._runs: dict[str, RunId] = {}
        self._keys = {holder: Ed25519PublicKey.from_public_bytes(key) for holder, key in keys.items()}
        self._verbs = dict(verbs)
        self._counted: dict[str, dict[Plane, int]] = {}

    def check(self, message: Envelope[Body], now_ms: int) -> Refusal:
        """ "" if the order is to be obeyed; it then counts as seen. Otherwise the first cause found."""
        key = self._keys.get(message.sender)
        if key is None:
            return "unknown-key"
        try:
            run = self._runs.get(message.sender, self._run)
            key.verify(
                message.signature,
                signed_bytes(run, message.sender, message.seq, message.expires_ms, message.body),
            )
        except InvalidSignature:
            return "bad-signature"
        counted = self._counted.setdefault(message.sender, {})
        if not counted.get(message.body.plane, -1) < message.seq <= MAX_SEQ:
            return "replay"
        if now_ms > message.expires_ms:
            return "stale"
        if type(message.body).__name__ not in self._verbs.get(message.sender, frozenset()):
            return "not-allowed"
        counted[message.body.plane] = message.seq
        return ""

    def rotate(self, holder: str, public_key: bytes) -> None:
        """Trust `public_key` for `holder`, and no earlier one; the run stays the same.

        Counting starts again: orders under the old key fail their signature anyway, and a thief who counted
        far ahead must not lock the rightful holder out. Raises `MessageError` for bytes that are no key, and
        then trusts whom it trusted.
        """
        try:
            self._keys[holder] = Ed25519PublicKey.from_public_bytes(public_key)
        except ValueError:
            raise MessageError(f"a new key for `{holder}`: expected 32 bytes, found {len(public_key)}") from None
        self._counted.pop(holder, None)

    def trust(self, holder: str, public_key: bytes, verbs: frozenset[str], run: RunId) -> None:
        """`rotate` for somebody new, who may use these verbs, and signs for `run`."""
        self.rotate(holder, public_key)
        self._runs[holder] = run
        self._verbs[holder] = verbs
