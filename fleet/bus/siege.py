"""The command door beset from within a run: what a hostile peer would send, without a socket, always the same.

Each tick while it lasts so many messages are given to the very checks that guard the real door
(`fleet.bus.intake`), and what is refused is counted like any refused message. The notices are said here, in the
gate's name, whether or not there is a gate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

from fleet.base.streams import Streams
from fleet.bus.doors import Peer
from fleet.bus.intake import Intake
from fleet.bus.refusals import Refusals
from fleet.messages.codec import encode
from fleet.messages.envelope import Envelope, Message
from fleet.messages.interception import Beset
from fleet.messages.notices import GATE
from fleet.messages.orders import Recall
from fleet.messages.port import Port
from fleet.messages.roles import outside_sender
from fleet.messages.run_id import RunId
from fleet.messages.seal import LIFETIME_MS, KeyPair

INTRUDER = outside_sender("operator", "intruder")
"""Whom the orders claim to come from: a name that no key of the run belongs to."""
_GARBAGE_BYTES = 48


@dataclass(slots=True)
class _Assault:
    """One attack on the door: how, how many a tick, from which tick on, and what came of it."""

    how: Beset
    per_tick: int
    sent: int = 0
    refused: int = 0


class CommandSiege:
    """A participant that knocks while it is asked to.

    It is dumb until it joins a gate: in a replay, what was said is fed back.
    """

    def __init__(self, streams: Streams, tick_ms: int) -> None:
        run = RunId.of_seed(streams)
        self._intake = Intake({}, run)
        self._key = KeyPair(streams.secret("bus/intruder"), run)
        self._seed = streams.secret("bus/garbage")
        self._tick_ms = tick_ms
        self._port: Port | None = None
        self._number: Callable[[], int] = count().__next__
        self._refusals = Refusals()
        self._assaults: dict[str, _Assault] = {}
        self._now_ms = 0

    def join(self, port: Port, number: Callable[[], int]) -> None:
        """Say by `port`, in the gate's name, what was refused; `number` gives the gate's next number.

        It is said in the tick of the knocking, whether or not there is a gate beside it: so the run is the same.
        """
        self._port, self._number = port, number

    def begin(self, tamper_id: str, how: Beset, per_tick: int) -> str:
        """Let so many messages arrive in each tick from the next on; "" or why they cannot."""
        if tamper_id in self._assaults:
            return "something is under way under this id"
        self._assaults[tamper_id] = _Assault(how, per_tick)
        return ""

    def refused(self, tamper_id: str) -> int:
        """How many of them were refused so far."""
        assault = self._assaults.get(tamper_id)
        return 0 if assault is None else assault.refused

    def end(self, tamper_id: str) -> None:
        """Let no more arrive."""
        self._assaults.pop(tamper_id, None)

    def on_tick(self, tick: int, now_ms: int, inbox: Sequence[Message]) -> None:
        self._now_ms = now_ms
        for tamper_id in sorted(self._assaults):
            self._knock(tamper_id, self._assaults[tamper_id], now_ms)
        notices = self._refusals.drain()
        if self._port is not None:
            for notice in notices:
                self._port.forward(Envelope(sender=GATE, seq=self._number(), t_ms=now_ms, body=notice))

    def next_wake_ms(self) -> int | None:
        return self._now_ms + self._tick_ms if self._assaults else None

    def _knock(self, tamper_id: str, assault: _Assault, now_ms: int) -> None:
        """As one nameless peer. Who is known to be over its share is not even read."""
        make: Callable[[str, int, int], bytes] = {
            "malformed": self._garbage,
            "flood": self._unsigned,
            "stranger": self._signed,
        }[assault.how]
        for _ in range(assault.per_tick):
            data = make(tamper_id, assault.sent, now_ms)
            assault.sent += 1
            verdict = self._intake.check("command", Peer("", None), data, now_ms, tamper_id.encode())
            if verdict.cause:
                assault.refused += 1
                self._refusals.add("command", verdict.cause, verdict.sender)

    def _garbage(self, tamper_id: str, number: int, now_ms: int) -> bytes:
        """Bytes that are no message: the first one is never used by MessagePack."""
        seed = self._seed + f"{tamper_id}/{number}".encode()
        return b"\xc1" + hashlib.shake_128(seed).digest(_GARBAGE_BYTES)

    def _unsigned(self, tamper_id: str, number: int, now_ms: int) -> bytes:
        return encode(Envelope(sender=INTRUDER, seq=number, t_ms=now_ms, body=_order(tamper_id, number)))

    def _signed(self, tamper_id: str, number: int, now_ms: int) -> bytes:
        order, expires_ms = _order(tamper_id, number), now_ms + LIFETIME_MS
        signature = self._key.sign(INTRUDER, number, expires_ms, order)
        return encode(
            Envelope(
                sender=INTRUDER,
                seq=number,
                t_ms=now_ms,
                body=order,
                expires_ms=expires_ms,
                signature=signature,
            )
        )


def _order(tamper_id: str, number: int) -> Recall:
    name = f"{tamper_id}/{number}"
    return Recall(order_id=name, vehicle="any", site="any", x_m=0.0, y_m=0.0, navigation="gnss")
