"""Forged and replayed orders, each with the cause for which it must be refused."""

from __future__ import annotations

import random
import time
from collections import Counter

import zmq

from busfuzz.target import CHUNK, SPEED, Chunk, Server, ask, peer
from fleet.messages.codec import encode
from fleet.messages.control import SetSpeed
from fleet.messages.envelope import Envelope
from fleet.messages.orders import RotateKey
from fleet.messages.plane import Body
from fleet.messages.run_id import RUN_ID_BYTES, RunId
from fleet.messages.seal import KeyPair


class Forger:
    """Makes orders that must all be refused, each with the cause that it must be refused for."""

    def __init__(self, server: Server, rng: random.Random, genuine: bytes) -> None:
        self._server = server
        self._rng = rng
        self._genuine = genuine
        self._stranger = KeyPair(rng.randbytes(32), server.run)
        self._kim, self._lee = server.kim.key.for_run(server.run), server.lee.key.for_run(server.run)
        # An earlier run of the same keys: there, what it signs was genuine.
        self._earlier = server.kim.key.for_run(RunId(rng.randbytes(RUN_ID_BYTES).hex()))
        self._ways = (
            self._replayed, self._unknown, self._other_key, self._flipped, self._altered, self._expired,
            self._too_far, self._forbidden, self._inside, self._old_counter, self._bad_counter,
            self._of_an_earlier_run,
        )  # fmt: skip

    def order(self) -> tuple[str, bytes]:
        """(cause, bytes) of the next one."""
        return self._rng.choice(self._ways)()

    def _sealed(
        self,
        key: KeyPair,
        sender: str = "operator/kim",
        *,
        body: Body | None = None,
        seq: int = -1,
        expires: int = -1,
    ) -> Envelope[Body]:
        seq = time.time_ns() // 1000 if seq < 0 else seq
        expires = self._server.now_ms + 60_000 if expires < 0 else expires
        said = SetSpeed(factor=SPEED) if body is None else body
        return Envelope(
            sender=sender, seq=seq, t_ms=0, body=said, expires_ms=expires,
            signature=key.sign(sender, seq, expires, said),
        )  # fmt: skip

    def _replayed(self) -> tuple[str, bytes]:
        return "replay", self._genuine

    def _unknown(self) -> tuple[str, bytes]:
        return "unknown-key", encode(self._sealed(self._stranger, f"operator/x{self._rng.randrange(1000)}"))

    def _other_key(self) -> tuple[str, bytes]:
        return "bad-signature", encode(self._sealed(self._rng.choice((self._stranger, self._lee))))

    def _of_an_earlier_run(self) -> tuple[str, bytes]:
        return "bad-signature", encode(self._sealed(self._earlier))

    def _flipped(self) -> tuple[str, bytes]:
        order = self._sealed(self._kim)
        signature = bytearray(order.signature)
        signature[self._rng.randrange(64)] ^= 1 << self._rng.randrange(8)
        return "bad-signature", encode(_replace(order, signature=bytes(signature)))

    def _altered(self) -> tuple[str, bytes]:
        order = self._sealed(self._kim)
        change = self._rng.choice(
            ({"body": SetSpeed(factor=1.0)}, {"seq": order.seq + 1}, {"expires_ms": order.expires_ms + 1})
        )
        return "bad-signature", encode(_replace(order, **change))

    def _expired(self) -> tuple[str, bytes]:
        return "stale", encode(self._sealed(self._kim, expires=max(0, self._server.now_ms - 1_000)))

    def _too_far(self) -> tuple[str, bytes]:
        return "stale", encode(self._sealed(self._kim, expires=self._server.now_ms + 10_000_000))

    def _forbidden(self) -> tuple[str, bytes]:
        rotate = RotateKey(order_id="o", holder="dispatch", public_key=self._stranger.public)
        if self._rng.random() < 0.5:
            return "not-allowed", encode(self._sealed(self._kim, body=rotate))
        return "not-allowed", encode(self._sealed(self._lee, "blue/lee"))

    def _inside(self) -> tuple[str, bytes]:
        return "not-allowed", encode(
            self._sealed(self._kim, self._rng.choice(("dispatch", "light-01", "citizens")))
        )

    def _old_counter(self) -> tuple[str, bytes]:
        return "replay", encode(self._sealed(self._kim, seq=self._rng.randrange(1_000_000)))

    def _bad_counter(self) -> tuple[str, bytes]:
        return "malformed", encode(self._sealed(self._kim, seq=2**63 + self._rng.randrange(2**62)))


def _replace(order: Envelope[Body], **changes: object) -> Envelope[Body]:
    fields = {name: getattr(order, name) for name in order.__struct_fields__}
    return Envelope(**(fields | changes))


def forge_chunk(server: Server, seed: int) -> Chunk:
    """One chunk of forged and replayed orders; `causes` counts right refusals as ok, others as what they were."""
    rng, causes, began = random.Random(seed), Counter[str](), time.monotonic()
    with peer(server.url, "command", zmq.DEALER) as honest, peer(server.url, "command", zmq.DEALER) as raw:
        seq, expires = time.time_ns() // 1000, server.now_ms + 300_000
        said = SetSpeed(factor=SPEED)
        signature = server.kim.key.for_run(server.run).sign("operator/kim", seq, expires, said)
        genuine = encode(
            Envelope(sender="operator/kim", seq=seq, t_ms=0, body=said, expires_ms=expires, signature=signature)
        )
        answer = ask(honest, [[genuine]])
        if answer != Counter({"": 1}):
            raise SystemExit(f"the genuine order was not taken: {dict(answer)}")
        forger = Forger(server, rng, genuine)
        for start in range(0, CHUNK, 200):
            orders = [forger.order() for _ in range(min(200, CHUNK - start))]
            for cause in {cause for cause, _ in orders}:
                of_cause = [[data] for other, data in orders if other == cause]
                for found, count in ask(raw, of_cause).items():
                    causes[f"{cause}" if found == cause else f"{cause} answered {found or 'ACCEPTED'}"] += count
            server.next_tick()
    if not server.alive:
        raise SystemExit(f"the run died under forged orders of seed {seed}:\n{server.text()}")
    unanswered = CHUNK - sum(causes.values())
    return Chunk("orders", CHUNK, dict(causes), unanswered, server.memory_mib(), time.monotonic() - began)
