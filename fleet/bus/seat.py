"""The lock-step door, seen from a participant elsewhere: it takes a seat, hears every tick, and answers.

The participants are the same that could sit in the run's own process. They get a small road of their own whose
clock is the tick that was opened; what they say on it at a tick is the answer to that tick. So the same code gives
the same run wherever it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Literal, get_args

import zmq

from fleet.base.errors import MessageError, RunError, UsageError, did_you_mean
from fleet.bus.dial import Dialled
from fleet.bus.endpoints import endpoints
from fleet.bus.keyring import Identity
from fleet.bus.lifeline import REFUSAL_S, Lifeline, require_seconds
from fleet.bus.memory import MemoryBus
from fleet.bus.order import inbox
from fleet.bus.parts import receive_frames, send_parts
from fleet.bus.seating import READY
from fleet.messages.codec import decode, encode
from fleet.messages.envelope import Envelope, Message
from fleet.messages.notices import JoinSeat, SeatGranted, SeatRefused, SessionOver, TickDone, TickOpened
from fleet.messages.plane import Body
from fleet.messages.port import Bus, Seat

LOOK_MS = 100
"""So often a participant that waits looks whether the run is still there."""

SeatRole = Literal["operator", "red", "blue"]
SEAT_ROLES: tuple[SeatRole, ...] = get_args(SeatRole)

Make = Callable[[SeatGranted, Bus], Sequence[Seat]]
"""Makes the participants of a granted seat; their ports are the road's."""


@dataclass(frozen=True)
class SeatWish:
    """Which seat to take, where, and as whom. `role` counts only where there are no keys (`identity` is None)."""

    url: str
    seat: str
    version: str
    role: SeatRole = "operator"
    identity: Identity | None = None
    patience_s: float = 10.0

    def __post_init__(self) -> None:
        """Raises `UsageError` for a role that takes no seat, and for a time that is none."""
        if self.role not in SEAT_ROLES:
            known = f"expected {', '.join(SEAT_ROLES[:-1])} or {SEAT_ROLES[-1]}"
            hint = did_you_mean(str(self.role), SEAT_ROLES)
            raise UsageError(f"role `{self.role}`: {known}" + (f"; {hint}" if hint else ""))
        require_seconds("patience_s", self.patience_s)


@dataclass(frozen=True)
class Served:
    """What a seat's time came to: ticks heard, messages said, and why it ended ("" at the run's regular end)."""

    ticks: int
    said: int
    cause: str


def serve_seat(
    wish: SeatWish,
    make: Make,
    *,
    meanwhile: Callable[[], None] = lambda: None,
    context: zmq.Context[zmq.Socket[bytes]] | None = None,
) -> Served:
    """Take the seat, and keep step until the run is over.

    `meanwhile` is called some ten times a second while there is nothing to do but wait; what it raises ends the
    service. Raises `UsageError` for a URL of no known form, and `RunError` where nobody answers within the wish's
    patience, the seat is refused, or the run is gone.
    """
    using: zmq.Context[zmq.Socket[bytes]] = zmq.Context() if context is None else context
    try:
        with closing(_Link(wish, using, meanwhile)) as link:
            return _keep_step(link, make)
    finally:
        if context is None:
            using.term()


def _keep_step(link: _Link, make: Make) -> Served:
    granted = link.join()
    local = _LocalRun(granted, make)
    link.send([link.envelope(TickDone(tick=READY, next_wake_ms=-1))])
    ticks = said = 0
    while True:
        parts = link.receive()
        opened = decode(parts[0].bytes).body
        if not isinstance(opened, TickOpened):
            if not isinstance(opened, SessionOver):
                raise MessageError(f"{link.url} sends {type(opened).__name__} where TickOpened was expected")
            link.send([link.envelope(SessionOver(cause=""))])
            return Served(ticks, said, opened.cause)
        answer, next_wake_ms = local.tick(opened, parts[1:])
        link.send([link.envelope(TickDone(tick=opened.tick, next_wake_ms=next_wake_ms)), *answer])
        ticks += 1
        said += len(answer)


class _LocalRun:
    """The participants of one seat, and the road on which they hear and speak."""

    def __init__(self, granted: SeatGranted, make: Make) -> None:
        self._now_ms = 0
        self._senders = frozenset(granted.senders)
        self._bus = MemoryBus(lambda: self._now_ms)
        self._seats = make(granted, self._bus)

    def tick(self, opened: TickOpened, wire: Sequence[zmq.Frame]) -> tuple[list[bytes], int]:
        """What they say, as envelopes on the wire, and when they want to be woken (-1: not)."""
        self._now_ms = opened.now_ms
        batch = [decode(part.buffer) for part in wire]
        for seat in self._seats:
            seat.participant.on_tick(opened.tick, opened.now_ms, inbox(batch, seat.planes))
        wakes = [wake for seat in self._seats if (wake := seat.participant.next_wake_ms()) is not None]
        said = [self._wire(message) for message in self._bus.turn()] if self._bus.pending else []
        return said, min(wakes) if wakes else -1

    def _wire(self, message: Message) -> bytes:
        if message.sender not in self._senders:
            mine = ", ".join(sorted(self._senders))
            raise RunError(f"this seat speaks as {mine}, and not as {message.sender}")
        return encode(message)


class _Link:
    """The connection to the run's lock-step door."""

    def __init__(
        self, wish: SeatWish, context: zmq.Context[zmq.Socket[bytes]], meanwhile: Callable[[], None]
    ) -> None:
        self.url = wish.url
        self._wish = wish
        self._meanwhile = meanwhile
        self._sent = 0
        # A seat hangs on its connection: once that is lost, all there is to learn is whether the key is wanted.
        patience_s = 0.0 if wish.identity is None else REFUSAL_S
        lifeline = Lifeline(wish.url, locked=wish.identity is not None, patience_s=patience_s)
        endpoint = endpoints(wish.url, listen=False).of("lockstep")
        self._dialled = Dialled(context, zmq.DEALER, wish.identity, lifeline)
        self._socket = self._dialled.socket
        self._socket.setsockopt(zmq.RCVTIMEO, LOOK_MS)
        self._dialled.connect(endpoint)

    def join(self) -> SeatGranted:
        """The handshake."""
        wish = self._wish
        self.send([self.envelope(JoinSeat(seat=wish.seat, version=wish.version, role=wish.role))])
        parts = self._receive_until(time.monotonic() + wish.patience_s)
        if parts is None:
            raise self._dialled.lifeline.silence(wish.patience_s)
        answer = decode(parts[0].bytes).body
        if isinstance(answer, SeatRefused):
            raise RunError(f"the run at {self.url} gives no seat: {answer.cause}")
        if isinstance(answer, SessionOver):
            raise RunError(f"the run at {self.url} is over: {answer.cause}")
        if not isinstance(answer, SeatGranted):
            raise MessageError(f"{self.url} answers JoinSeat with {type(answer).__name__}")
        return answer

    def receive(self) -> list[zmq.Frame]:
        """The next message of the run, however long it takes. Raises `RunError` when the run is gone."""
        parts = self._receive_until(None)
        assert parts is not None
        return parts

    def _receive_until(self, until_s: float | None) -> list[zmq.Frame] | None:
        while until_s is None or time.monotonic() < until_s:
            try:
                return receive_frames(self._socket)
            except zmq.Again:
                if self._dialled.mind():
                    raise RunError(
                        f"the run at {self.url} has given the seat up: the connection was lost"
                    ) from None
                self._meanwhile()
        return None

    def send(self, parts: Sequence[bytes]) -> None:
        """Answer. It waits for nothing: what cannot be sent tells itself by the silence that follows."""
        try:
            send_parts(self._socket, parts[0], parts[1:])
        except zmq.Again:
            self._dialled.mind()

    def envelope(self, body: Body) -> bytes:
        """`body` as this seat says it to the door."""
        self._sent += 1
        return encode(Envelope(sender=self._wish.seat, seq=self._sent - 1, t_ms=0, body=body))

    def close(self) -> None:
        """Hang up."""
        self._dialled.close()
