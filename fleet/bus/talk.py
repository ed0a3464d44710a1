"""How a client talks with a run, for both clients: generators that say what they wait for.

A flow never blocks. It takes what is there, and where nothing is, it yields a `Wait`; the client, by a poll or by
an event loop, comes back when one of the sockets has something or time is up. So there is one protocol, not two.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Generator
from dataclasses import dataclass, field
from typing import TypeVar

import zmq

from fleet.base.errors import MessageError, RunError, UsageError
from fleet.bus.dial import Context, Dialled, Socket
from fleet.bus.endpoints import endpoints
from fleet.bus.keyring import Identity
from fleet.bus.lifeline import Lifeline, require_seconds
from fleet.bus.reading import Given, Reading
from fleet.bus.sane import wrong_in_body
from fleet.bus.wire import SeqSource, topics_of
from fleet.messages.codec import decode, encode
from fleet.messages.envelope import Envelope, Message
from fleet.messages.notices import CityMap, Receipt, Snapshot
from fleet.messages.plane import Body, Plane
from fleet.messages.roles import OPEN_TO, Door, outside_sender
from fleet.messages.tamper import TamperAnswered

T = TypeVar("T")

ALWAYS = frozenset({"Beat", "RunEnded", "VehicleRoster"})
"""Topics every client subscribes to: the run's clock, its end, and what the rows of frames are."""

ANSWER_TICKS = 4
"""A message is heard at the next tick and answered at the one after; as many again for good measure."""

GRACE_S = 1.0

Signable = Envelope[Body]


@dataclass(frozen=True)
class Wait:
    """Come back when one of `sockets` can be read, or at `until_s` of the monotonic clock."""

    sockets: tuple[Socket, ...]
    until_s: float

    def left_ms(self) -> int | None:
        """How long that is from now; None is for ever."""
        if self.until_s == math.inf:
            return None
        return max(0, math.ceil(1000.0 * (self.until_s - time.monotonic())))


Flow = Generator[Wait, None, T]


@dataclass(frozen=True)
class Wish:
    """How a client wants to be connected. `topics` None is all of them; `queue` is how many messages may wait."""

    url: str
    identity: Identity | None = None
    timeout_s: float = 5.0
    topics: Collection[str] | None = None
    insecure: bool = False
    queue: int = 1_000

    def __post_init__(self) -> None:
        """Raises `UsageError` for a time that is none."""
        require_seconds("timeout_s", self.timeout_s)


@dataclass
class _Ask:
    """A request on its way: what it was, and what came back."""

    door: Door
    seq: int
    receipt: Receipt | None = None
    receipt_ms: int = 0
    tamper_id: str = ""
    answered: TamperAnswered | None = None

    def hear(self, message: Message) -> None:
        body = message.body
        if isinstance(body, Receipt) and body.seq == self.seq:
            self.receipt, self.receipt_ms = body, message.t_ms
        elif isinstance(body, TamperAnswered) and body.tamper_id == self.tamper_id and self.receipt is not None:
            self.answered = body

    @property
    def done(self) -> bool:
        if self.receipt is None:
            return False
        return self.receipt.cause != "" or self.tamper_id == "" or self.answered is not None


@dataclass
class Talk:
    """One client's connections to one run, and what it knows of it.

    Raises `UsageError` for a URL of no known form, or topics that do not exist.
    """

    wish: Wish
    context: Context = field(init=False)

    def __post_init__(self) -> None:
        self._where = endpoints(self.wish.url, listen=False)
        wanted = topics_of(Plane.TELEMETRY) if self.wish.topics is None else self.wish.topics
        self.topics = frozenset(wanted) | ALWAYS
        unknown = sorted(self.topics - set(topics_of(Plane.TELEMETRY)))
        if unknown:
            raise UsageError(f"no such topic: {', '.join(unknown)}")
        self.reading = Reading(self.wish.url, self.topics)
        self._seqs = SeqSource()
        self._doors: dict[Door, Dialled] = {}
        self.context = zmq.Context()

    # ---- connections

    def _dial(self, door: Door, kind: int) -> Dialled:
        dialled = self._doors.get(door)
        if dialled is None:
            lock = None if self.wish.insecure else self.wish.identity
            lifeline = Lifeline(self.wish.url, locked=lock is not None, patience_s=self.wish.timeout_s)
            # At the other doors nothing comes but answers.
            queue = self.wish.queue if door == "telemetry" else 0
            dialled = Dialled(self.context, kind, lock, lifeline, queue=queue)
            self._doors[door] = dialled
            dialled.connect(self._where.of(door))
        return dialled

    def _wait(self, until_s: float) -> Wait:
        sockets = tuple(socket for d in self._doors.values() for socket in d.sockets)
        return Wait(sockets, min([until_s, *(d.gives_up_s for d in self._doors.values())]))

    def close(self) -> None:
        """Hang up everywhere; a second call does nothing."""
        for dialled in self._doors.values():
            dialled.close()
        if not self.context.closed:
            self.context.term()

    # ---- reading

    def open(self) -> Flow[None]:
        """Connect, subscribe, and shake hands by a snapshot: from then on nothing is missed unnoticed.

        Raises `RunError` where nobody answers in time, or does not want this key.
        """
        telemetry = self._dial("telemetry", zmq.SUB)
        for topic in sorted(self.topics):
            telemetry.socket.subscribe(topic)
        yield from self.catch_up()

    def catch_up(self) -> Flow[Snapshot]:
        """A fresh snapshot; what was published before it and did not come counts as missed."""
        if self.reading.over and self.reading.snapshot is not None:
            return self.reading.snapshot
        telemetry = self._dial("telemetry", zmq.SUB)
        telemetry.socket.subscribe(self.reading.ask_snapshot())
        until_s = time.monotonic() + self.wish.timeout_s
        while not self.reading.synchronised:
            self._take_in()
            if self.reading.synchronised:
                break
            self._mind()
            if time.monotonic() >= until_s:
                raise telemetry.lifeline.silence(self.wish.timeout_s)
            yield self._wait(until_s)
        assert self.reading.snapshot is not None
        return self.reading.snapshot

    def next(self, topics: Collection[str] | None, timeout_s: float | None) -> Flow[Message | None]:
        """The next message of `topics`; None after the run's end, or when nothing came for `timeout_s`."""
        given = yield from self.take(topics, timeout_s)
        return None if given is None else given.opened()

    def take(self, topics: Collection[str] | None, timeout_s: float | None) -> Flow[Given | None]:
        """The same, still as it came."""
        wanted = self.wanted(topics)
        if timeout_s is not None:
            require_seconds("timeout_s", timeout_s)
        until_s = math.inf if timeout_s is None else time.monotonic() + timeout_s
        while True:
            given = self.pick(wanted)
            if given is not None or self.reading.ended is not None:
                return given
            self._mind()
            if time.monotonic() >= until_s:
                return None
            yield self._wait(until_s)

    def wanted(self, topics: Collection[str] | None) -> Collection[str] | None:
        """What to pick. Raises `UsageError` for topics that are not subscribed to."""
        if topics is None:
            return self.wish.topics
        never = sorted(set(topics) - self.topics)
        if never:
            raise UsageError(f"not subscribed to: {', '.join(never)}")
        return topics

    def city(self) -> Flow[CityMap]:
        """The map; asked for once."""
        telemetry = self._dial("telemetry", zmq.SUB)
        if self.reading.city is None:
            telemetry.socket.subscribe(self.reading.ask_city())
        until_s = time.monotonic() + self.wish.timeout_s
        while self.reading.city is None:
            self._take_in()
            if self.reading.city is not None:
                break
            self._mind()
            if time.monotonic() >= until_s:
                raise telemetry.lifeline.silence(self.wish.timeout_s)
            yield self._wait(until_s)
        return self.reading.city

    def pick(self, topics: Collection[str] | None) -> Given | None:
        """What is at hand: one message at a time, so that what is not asked for yet stays in ZeroMQ's queue."""
        while True:
            given = self.reading.take(topics)
            if given is not None or self.reading.over or not self._take_one():
                return given

    def _take_in(self) -> None:
        while self._take_one():
            pass

    def _take_one(self) -> bool:
        telemetry = self._doors["telemetry"]
        parts = telemetry.receive()
        if parts is None:
            return False
        over_with = self.reading.read(parts, time.monotonic())
        if over_with:
            telemetry.socket.unsubscribe(over_with)
        return True

    def _mind(self) -> None:
        for door, dialled in self._doors.items():
            # After RunEnded the run may close its doors; that is no loss.
            if not self.reading.over and dialled.mind() and door == "telemetry":
                dialled.socket.subscribe(self.reading.ask_snapshot())

    # ---- asking

    def order(self, body: Body) -> Flow[Receipt]:
        """Sign `body`, send it to the command door, and wait for the receipt.

        An order that came too late, because the run's clock was ahead of what this client read, is sent once more.
        Raises `UsageError` without a key or with one that may not, or for a value that no run takes, and
        `RunError` if no receipt comes.
        """
        _require_sane(body)
        receipt, heard_ms = yield from self._order_once(body)
        if receipt.cause == "stale":
            self.reading.set_now(heard_ms, time.monotonic())
            receipt, _ = yield from self._order_once(body)
        return receipt

    def _order_once(self, body: Body) -> Flow[tuple[Receipt, int]]:
        sender, identity = self._sender("command")
        if identity is None:
            raise UsageError("an order is signed: a key is needed (--key FILE)")
        self._take_in()
        now_s, seq = time.monotonic(), self._seqs.next()
        expires_ms = self.reading.expires_ms(now_s)
        message: Signable = Envelope(
            sender=sender,
            seq=seq,
            t_ms=self.reading.now_ms(now_s),
            body=body,
            expires_ms=expires_ms,
            signature=identity.key.for_run(self.reading.run_id).sign(sender, seq, expires_ms, body),
        )
        ask = _Ask("command", seq)
        yield from self._request(ask, message)
        assert ask.receipt is not None
        return ask.receipt, ask.receipt_ms

    def tamper(self, tamper_id: str, body: Body) -> Flow[TamperAnswered]:
        """Send `body` to the injection door, and wait for what it came to.

        What the gate itself refused has `effect_tick` -1 and the gate's cause. Raises as `order` does.
        """
        _require_sane(body)
        sender, _ = self._sender("injection")
        self._take_in()
        seq = self._seqs.next()
        message: Signable = Envelope(sender=sender, seq=seq, t_ms=self.reading.now_ms(time.monotonic()), body=body)
        ask = _Ask("injection", seq, tamper_id=tamper_id)
        yield from self._request(ask, message)
        assert ask.receipt is not None
        refused = TamperAnswered(tamper_id=tamper_id, effect_tick=-1, cause=ask.receipt.refusal)
        return refused if ask.answered is None else ask.answered

    def fresh_id(self) -> str:
        """An id for an order or a tamper that no other client uses."""
        who = "guest" if self.wish.identity is None else self.wish.identity.name
        return f"{who}-{self._seqs.next():x}"

    def _sender(self, door: Door) -> tuple[str, Identity | None]:
        identity = self.wish.identity
        if identity is None:
            return outside_sender("red", "guest"), None
        if identity.role not in OPEN_TO[door]:
            raise UsageError(
                f"the key of {identity.name} is of the role {identity.role}, which opens no {door} door"
            )
        return outside_sender(identity.role, identity.name), identity

    def _request(self, ask: _Ask, message: Signable) -> Flow[None]:
        if self.reading.over:
            raise RunError(f"the run at {self.wish.url} is over")
        dialled = self._dial(ask.door, zmq.DEALER)
        dialled.socket.send(encode(message))
        patience_s = self._patience_s()
        until_s = time.monotonic() + patience_s
        over_s: float | None = None
        while not ask.done:
            self._take_in()
            self._hear_answers(dialled, ask)
            if ask.done:
                return
            self._mind()
            if self.reading.over:
                # The receipt of what ended the run may be a moment behind the end itself.
                until_s = min(until_s, time.monotonic() + GRACE_S) if over_s is None else over_s
                over_s = until_s
            if time.monotonic() >= until_s:
                raise self._no_answer(dialled, ask, patience_s)
            yield self._wait(until_s)

    def _patience_s(self) -> float:
        """`timeout_s` of the wish, and the time that the run itself takes to hear and to answer."""
        snapshot, speed = self.reading.snapshot, self.reading.speed
        tick_s = 0.0 if snapshot is None or speed <= 0.0 else snapshot.tick_ms / 1000.0 / speed
        return self.wish.timeout_s + ANSWER_TICKS * tick_s

    def _hear_answers(self, dialled: Dialled, ask: _Ask) -> None:
        while (parts := dialled.receive()) is not None:
            if len(parts) != 1:
                raise MessageError(f"an answer: expected one part, found {len(parts)}")
            ask.hear(decode(parts[0]))

    def _no_answer(self, dialled: Dialled, ask: _Ask, waited_s: float) -> RunError:
        if self.reading.over:
            return RunError(f"the run at {self.wish.url} ended before it answered")
        if self.reading.paused:
            return RunError(f"the run at {self.wish.url} is paused and has not answered within {waited_s:g} s")
        if ask.receipt is not None:
            return RunError(f"heard at tick {ask.receipt.tick}, but not answered within {waited_s:g} s")
        return dialled.lifeline.silence(waited_s)


def _require_sane(body: Body) -> None:
    """What the gate would refuse as malformed need not be sent."""
    wrong = wrong_in_body(body)
    if wrong:
        raise UsageError(f"{type(body).__name__}: {wrong}")
