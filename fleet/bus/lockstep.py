"""The lock-step door, seen from the run: participants elsewhere that hear every tick and are waited for.

Before the first tick every awaited seat is taken by a handshake. Then each tick is opened to all of them, and the
run goes on when all have answered. Nothing that comes in is believed: an answer out of line costs the seat, and
whoever has no seat is told so and otherwise passed over. All of this runs in the simulator's thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence, Set
from typing import Literal

import zmq

from fleet.base.errors import MessageError, RunError
from fleet.bus.connections import NO_CONNECTION, fd_of, inode_of
from fleet.bus.doors import Doors
from fleet.bus.parts import STRAY_PARTS, Part, receive_frames, receive_known, send_parts
from fleet.bus.seating import Answers, Holder, SeatPlan, Terms, admit
from fleet.messages.codec import decode, encode, encode_into
from fleet.messages.envelope import Envelope, Message
from fleet.messages.notices import (
    GATE,
    JoinSeat,
    ParticipantDropped,
    SeatGranted,
    SeatRefused,
    SessionOver,
    TickOpened,
)
from fleet.messages.plane import Body, Frame, Plane

LOOK_MS = 50
"""So often a run that waits looks whether those it waits for are still connected."""

STRAYS_PER_TICK = 1_000
FAREWELL_S = 2.0
"""How long a run that is over waits for its participants to take note."""

GIVEN = 0
"""The first byte of the names that ZeroMQ itself gives to connections, followed by 32 bits drawn at random."""

GONE = "its connection ended"

Cause = Literal["silent", "gone", "broken"]


class _Seated:
    """A taken seat: who has it, and the connection it is reached by."""

    __slots__ = ("answers", "fd", "holder", "inode", "plan", "ready", "routing")

    def __init__(self, plan: SeatPlan, holder: Holder, routing: bytes, fd: int) -> None:
        self.plan = plan
        self.holder = holder
        self.routing = routing
        self.answers = Answers(holder)
        self.ready = False
        self.fd = fd
        self.inode = inode_of(fd)

    @property
    def connected(self) -> bool:
        """Whether its connection stands, as far as can be seen.

        ZeroMQ closes the descriptor of a connection that has ended; within one process there is none to look at.
        """
        return self.fd == NO_CONNECTION or (self.inode != 0 and inode_of(self.fd) == self.inode)


class Barrier:
    """A `fleet.app.run.Team`: `await_seats` once, then `open` and `collect` at each tick, `finish` in the end.

    `reserved` are senders that no agent may speak as. `on_seated` is told of each seat that is taken. `meanwhile`
    is called some twenty times a second while seats, or their answers, are waited for; what it raises ends that.
    `secret_of` is what a holder is given to sign with. `say` takes remarks for people.
    """

    def __init__(
        self,
        doors: Doors,
        seats: Sequence[SeatPlan],
        terms: Terms,
        *,
        reserved: Set[str] = frozenset(),
        on_seated: Callable[[Holder], None] = lambda holder: None,
        secret_of: Callable[[Holder], bytes] = lambda holder: b"",
        meanwhile: Callable[[], None] = lambda: None,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._doors = doors
        self._floods = doors.floods
        self._door = doors.socket("lockstep")
        self._terms = terms
        self._reserved = reserved
        self._on_seated = on_seated
        self._secret_of = secret_of
        self._meanwhile = meanwhile
        self._say = say
        self._free = {seat.name: seat for seat in seats}
        self._names = tuple(sorted(self._free))
        self._seated: dict[bytes, _Seated] = {}
        self._waiting: dict[bytes, _Seated] = {}
        self._lost: dict[str, Cause] = {}
        self._groups: list[tuple[frozenset[Plane], list[_Seated]]] = []
        self._planes: frozenset[Plane] = frozenset()
        self._tick, self._now_ms, self._told = -1, 0, 0
        self._deadline_s = 0.0
        self._buffer = bytearray()
        self._door.setsockopt(zmq.ROUTER_MANDATORY, 1)
        self._door.setsockopt(zmq.RCVTIMEO, LOOK_MS)

    @property
    def holders(self) -> tuple[Holder, ...]:
        """Who has a seat now, by the seats' names."""
        return tuple(sorted((each.holder for each in self._seated.values()), key=lambda holder: holder.seat))

    # ---- before the first tick

    def await_seats(self, timeout_s: float) -> None:
        """Give every seat to the first who may have it, and wait until all are ready.

        A holder who leaves before the first tick, or says anything else before it, frees the seat again. Raises
        `RunError` when that has not come about after `timeout_s`; whoever had come is then told.
        """
        try:
            self._await_seats(timeout_s)
        except BaseException:
            self.finish("the run did not begin")
            raise

    def _await_seats(self, timeout_s: float) -> None:
        deadline_s = time.monotonic() + timeout_s
        while absent := self._absent():
            if time.monotonic() >= deadline_s:
                raise RunError(f"{absent} within {timeout_s:g} s")
            self._meanwhile()
            self._vacate_left()
            try:
                frames = receive_frames(self._door, STRAY_PARTS)
            except zmq.Again:
                self._floods.emptied("lockstep")
                continue
            self._receive(frames)
        self._regroup()

    def _absent(self) -> str:
        """What is still missing before the first tick; "" is nothing."""
        if self._free:
            return f"nobody took {_seats(sorted(self._free))}"
        unready = sorted(each.holder.seat for each in self._seated.values() if not each.ready)
        return f"whoever took {_seats(unready)} was not ready" if unready else ""

    def _receive(self, frames: Sequence[zmq.Frame]) -> None:
        routing, parts = frames[0].bytes, [frame.bytes for frame in frames[1:]]
        self._floods.heard(fd_of(frames[-1]))
        self._vacate_left()
        seated = self._seated.get(routing)
        if seated is not None:
            self._hear_seated(seated, parts)
            return
        ask = _asked(parts)
        if ask is None:
            self._refuse(routing, "expected JoinSeat")
            return
        if routing[0] != GIVEN:
            # A name of its own choice could be chosen again by another, once the connection is lost.
            self._refuse(routing, "leave it to the door to name your connection (no ZMQ_ROUTING_ID)")
            return
        plan = self._free.get(ask.seat)
        if plan is None:
            self._refuse(routing, self._why_not(ask.seat))
            return
        peer = self._doors.peer_of(frames[-1])
        found = admit(plan, ask, peer, self._terms.version, self._spoken_for(plan))
        if isinstance(found, str):
            self._refuse(routing, found)
            return
        del self._free[plan.name]
        seated = self._seated[routing] = _Seated(plan, found, routing, fd_of(frames[-1]))
        self._floods.seated(seated.fd, seated.inode)
        self._on_seated(found)
        self._tell(
            routing,
            SeatGranted(
                seat=plan.name,
                senders=found.senders,
                tick_ms=self._terms.tick_ms,
                seed=plan.seed,
                secret=self._secret_of(found),
                run_id=self._terms.run.digits,
            ),
        )

    def _hear_seated(self, seated: _Seated, parts: Sequence[bytes]) -> None:
        if not seated.ready and seated.answers.ready(parts):
            seated.ready = True
        else:
            self._vacate(seated)
            self._refuse(seated.routing, "you had a seat, and spoke before the first tick: it is free again")

    def _spoken_for(self, plan: SeatPlan) -> set[str]:
        """The senders that whoever takes the seat of `plan` must leave alone."""
        others = {sender for other in self._free.values() if other is not plan for sender in other.senders}
        seated = {sender for each in self._seated.values() for sender in each.holder.senders}
        return others | seated | (self._reserved - set(plan.senders))

    def _why_not(self, seat: str) -> str:
        if seat in self._names:
            return f"seat `{seat}` is taken"
        return f"no seat `{seat[:80]}` is awaited, only {_seats(self._names)}"

    def _vacate_left(self) -> None:
        for seated in [each for each in self._seated.values() if not each.connected]:
            self._vacate(seated)

    def _vacate(self, seated: _Seated) -> None:
        del self._seated[seated.routing]
        self._free[seated.plan.name] = seated.plan

    def _regroup(self) -> None:
        """Who reads the same is sent the same."""
        groups: dict[frozenset[Plane], list[_Seated]] = {}
        for seated in self._seated.values():
            groups.setdefault(seated.holder.planes, []).append(seated)
        self._groups = list(groups.items())
        self._planes = frozenset().union(*groups)

    # ---- each tick

    def open(self, tick: int, now_ms: int, batch: Sequence[Message]) -> None:
        """Let every seat hear what it may read of `batch`. Each message is encoded once."""
        self._tick, self._now_ms = tick, now_ms
        self._deadline_s = time.monotonic() + self._terms.patience_s
        self._waiting = dict(self._seated)
        head = self._encode(TickOpened(tick=tick, now_ms=now_ms))
        readable = self._planes
        encoded = [(m.body.plane, self._wire(m)) for m in batch if m.body.plane in readable]
        for planes, seats in self._groups:
            parts = [head, *[part for plane, part in encoded if plane in planes]]
            for seated in seats:
                if not self._send(seated.routing, parts):
                    # Whoever cannot be reached is told apart in `collect`, where it may be dropped.
                    self._lost[seated.holder.seat] = "gone"

    def collect(self) -> list[Message]:
        """What all seats say at this tick, in no order.

        Their orders to vehicles are announced, as those that come by the gate are. Raises `RunError` for a seat
        that does not answer, or not as it should, unless such seats are dropped; one whose
        key was revoked always is.
        """
        said: list[Message] = []
        for seated in [each for each in self._waiting.values() if each.holder.seat in self._lost]:
            self._lose(seated, "gone", GONE)
        waiting = self._waiting
        look_s = time.monotonic() + LOOK_MS / 1000
        while waiting:
            try:
                parts = receive_known(self._door, self._seated)
            except zmq.Again:
                parts = []
            if parts:
                self._take(parts, said)
            if time.monotonic() >= look_s:
                self._meanwhile()
                self._look()
                look_s = time.monotonic() + LOOK_MS / 1000
        self._floods.turns += 1
        if self._floods.beset("lockstep"):
            self._send_strays_away(said)
        said += [self._notice(seat) for seat in sorted(self._lost)]
        self._lost.clear()
        return said

    def next_wake_ms(self) -> int | None:
        """When the first of them wants to be woken even if nothing is said; None for never."""
        wakes = [w for each in self._seated.values() if (w := each.answers.wake_ms) is not None]
        return min(wakes, default=None)

    def _take(self, parts: list[bytes], said: list[Message]) -> None:
        seated = self._waiting.pop(parts[0], None)
        if seated is None:
            self._hear_stray(parts)
            return
        if self._revoked(seated):
            self._lose(seated, "gone", GONE)
            return
        try:
            said += seated.answers.read(parts[1:], self._tick, self._now_ms)
            said += seated.answers.announced()
        except MessageError as error:
            self._lose(seated, "broken", f"its answer is wrong: {error}")

    def _hear_stray(self, parts: list[bytes]) -> None:
        """A message of somebody whose turn it is not."""
        seated = self._seated.get(parts[0])
        if seated is not None:
            self._lose(seated, "broken", "it answered twice")
            return
        ask = _asked(parts[1:])
        self._refuse(parts[0], "you have no seat in this run" if ask is None else "the run has begun")

    def _send_strays_away(self, said: list[Message]) -> None:
        """Nobody is waited for, so what those without a seat may have left would lie until the next tick."""
        for _ in range(STRAYS_PER_TICK):
            if not self._door.poll(0):
                self._floods.emptied("lockstep")
                return
            self._take(receive_known(self._door, self._seated), said)

    def _look(self) -> None:
        """See to those who have not answered yet."""
        late = time.monotonic() >= self._deadline_s
        for seated in list(self._waiting.values()):
            if not seated.connected or self._revoked(seated):
                self._lose(seated, "gone", GONE)
            elif late:
                self._lose(seated, "silent", f"no answer within {self._terms.patience_s:g} s")

    def _lose(self, seated: _Seated, cause: Cause, why: str) -> None:
        seat = seated.holder.seat
        if self._revoked(seated):
            cause, why = "gone", "its key was revoked"
            self._say(f"seat `{seat}` lost its key at tick {self._tick}; the run goes on without it")
        elif not self._terms.drop_silent:
            raise RunError(f"seat `{seat}` is {cause} at tick {self._tick}: {why}")
        self._lost[seat] = cause
        self._waiting.pop(seated.routing, None)
        del self._seated[seated.routing]
        self._regroup()
        self._tell(seated.routing, SessionOver(cause=f"dropped at tick {self._tick}: {why}"))

    def _revoked(self, seated: _Seated) -> bool:
        name = seated.holder.peer.name
        return name != "" and self._doors.revoked(name)

    def _notice(self, seat: str) -> Message:
        """That a seat was dropped, as the run is to hear it."""
        body = ParticipantDropped(seat=seat, cause=self._lost[seat])
        return Envelope(sender=GATE, seq=self._doors.next_notice(), t_ms=self._now_ms, body=body)

    # ---- after the last

    def finish(self, cause: str = "") -> None:
        """Tell every seat that the run is over, and wait a moment until they have heard; again: nothing.

        `cause` is "" at the regular end.
        """
        leaving, self._seated = self._seated, {}
        for routing in leaving:
            self._tell(routing, SessionOver(cause=cause))
        deadline_s = time.monotonic() + FAREWELL_S
        while leaving and time.monotonic() < deadline_s:
            try:
                leaving.pop(receive_known(self._door, leaving)[0], None)
            except zmq.Again:
                leaving = {routing: each for routing, each in leaving.items() if each.connected}

    # ---- the door

    def _wire(self, message: Message) -> Part:
        """A message as it is sent to all. A big one becomes ZeroMQ's own, which copies it for nobody."""
        if not isinstance(message.body, Frame):
            return encode(message)
        encode_into(message, self._buffer)
        return zmq.Frame(self._buffer, copy=True)

    def _encode(self, body: Body) -> bytes:
        self._told += 1
        return encode(Envelope(sender=GATE, seq=self._told - 1, t_ms=self._now_ms, body=body))

    def _tell(self, routing: bytes, body: Body) -> None:
        self._send(routing, [self._encode(body)])

    def _refuse(self, routing: bytes, cause: str) -> None:
        self._tell(routing, SeatRefused(cause=cause))

    def _send(self, routing: bytes, parts: Sequence[Part]) -> bool:
        """False if the far side is gone, or lets everything lie that is sent to it."""
        try:
            send_parts(self._door, routing, parts)
        except zmq.ZMQError as error:
            if error.errno not in (zmq.EHOSTUNREACH, zmq.EAGAIN):
                raise
            return False
        return True


def _asked(parts: Sequence[bytes]) -> JoinSeat | None:
    try:
        body = decode(parts[0]).body if len(parts) == 1 else None
    except MessageError:
        return None
    return body if isinstance(body, JoinSeat) else None


def _seats(names: Sequence[str]) -> str:
    return ("seat " if len(names) == 1 else "seats ") + ", ".join(f"`{name}`" for name in names)
