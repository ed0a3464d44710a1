"""A participant elsewhere with a real barrier, and with far sides that are absent, leave or talk nonsense."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import zmq

from fleet.base.errors import FleetError, MessageError, RunError, UsageError
from fleet.bus.doors import Doors
from fleet.bus.keyring import Identity, Keyring
from fleet.bus.lockstep import Barrier
from fleet.bus.seat import SeatWish, Served, serve_seat
from fleet.bus.seating import SeatPlan, Terms
from fleet.messages.codec import encode
from fleet.messages.envelope import Envelope, Message
from fleet.messages.notices import ParticipantDropped, SeatGranted, SessionOver, TickOpened
from fleet.messages.orders import RevokeKey
from fleet.messages.plane import Body, Plane
from fleet.messages.port import Bus, Port, Seat
from fleet.messages.roles import INTENT_VERBS
from fleet.messages.run_id import RunId
from fleet.messages.seal import Verifier
from fleet.messages.security import Alert
from tests.messages.runs import RUN

VERSION = "1.2"
BLUE = SeatPlan("blue", "blue", ("watchman", "respond"))
EYES = frozenset({Plane.TELEMETRY})
PATIENCE_S = 20.0
SHORT_S = 0.4


class Echo:
    """Says an alert for each that it hears, and wants to be woken ten seconds later."""

    def __init__(self, port: Port, heard: list[tuple[int, int, int]]) -> None:
        self._port = port
        self._heard = heard
        self._now_ms = 0

    def on_tick(self, tick: int, now_ms: int, inbox: Sequence[Message]) -> None:
        self._now_ms = now_ms
        self._heard.append((tick, now_ms, len(inbox)))
        for message in inbox:
            self._port.say(message.body)

    def next_wake_ms(self) -> int | None:
        return self._now_ms + 10_000


class Guard(Echo):
    """Says a signed intent at every tick."""

    def on_tick(self, tick: int, now_ms: int, inbox: Sequence[Message]) -> None:
        self._port.say_signed(RevokeKey(alert_id=f"a{tick}", holder="dispatch"))

    def next_wake_ms(self) -> int | None:
        return None


def alert(number: int) -> Alert:
    return Alert(
        alert_id=f"a{number}", detector="d", attack_class="c", entity="v", score=2.0, threshold=1.0, evidence="e"
    )


def said(body: Body, seq: int = 0) -> Message:
    return Envelope(sender="dispatch", seq=seq, t_ms=0, body=body)


def nobody(granted: SeatGranted, bus: Bus) -> Sequence[Seat]:
    return []


def wish(url: str, seat: str = "blue", **changes: Any) -> SeatWish:
    return SeatWish(**{"url": url, "seat": seat, "version": VERSION, "role": "blue", "patience_s": 5.0, **changes})


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as executor:
        yield executor


@pytest.fixture
def doors() -> Iterator[Doors]:
    with Doors("tcp://127.0.0.1:*") as opened:
        yield opened


def barrier_of(doors: Doors, *seats: SeatPlan) -> Barrier:
    return Barrier(doors, seats or [BLUE], Terms(VERSION, 1000, RUN, PATIENCE_S))


def test_participants_hear_and_speak_as_if_they_were_inside(doors: Doors, pool: ThreadPoolExecutor) -> None:
    heard: list[tuple[int, int, int]] = []

    def make(granted: SeatGranted, bus: Bus) -> Sequence[Seat]:
        assert (granted.seed, granted.senders) == (-1, BLUE.senders)
        # One who may not read telemetry hears nothing of it, though both came over one connection.
        blind = frozenset({Plane.TRUTH})
        return [Seat(Echo(bus.port("watchman"), heard), EYES), Seat(Echo(bus.port("respond"), heard), blind)]

    served = pool.submit(serve_seat, wish(doors.endpoints.base), make)
    barrier = barrier_of(doors)
    barrier.await_seats(PATIENCE_S)
    barrier.open(3, 3_000, [said(alert(1)), said(alert(2), 1)])
    first = barrier.collect()
    assert [(m.sender, m.seq, m.t_ms, m.body) for m in first] == [
        ("watchman", number, 3_000, alert(number + 1)) for number in (0, 1)
    ]
    assert barrier.next_wake_ms() == 13_000
    barrier.open(9, 9_000, [said(alert(3))])
    assert [(m.seq, m.t_ms) for m in barrier.collect()] == [(2, 9_000)]
    barrier.finish()
    assert served.result(PATIENCE_S) == Served(ticks=2, said=3, cause="")
    assert heard == [(3, 3_000, 2), (3, 3_000, 0), (9, 9_000, 1), (9, 9_000, 0)]


def test_a_run_that_ends_otherwise_says_why(doors: Doors, pool: ThreadPoolExecutor) -> None:
    served = pool.submit(serve_seat, wish(doors.endpoints.base), nobody)
    barrier = barrier_of(doors)
    barrier.await_seats(PATIENCE_S)
    barrier.finish("interrupted")
    assert served.result(PATIENCE_S).cause == "interrupted"


def _error(served: Future[Served]) -> str:
    with pytest.raises(FleetError) as caught:
        served.result(PATIENCE_S)
    return str(caught.value)


def test_nobody_at_the_address_is_said_within_patience() -> None:
    with Doors("tcp://127.0.0.1:*") as gone:
        url = gone.endpoints.base
    with pytest.raises(RunError, match=r"nobody answers at tcp://127\.0\.0\.1:\d+ within 0\.4 s"):
        serve_seat(wish(url, patience_s=SHORT_S), nobody)


def test_a_run_that_awaits_nobody_is_said_within_patience(doors: Doors) -> None:
    with pytest.raises(RunError, match=r"does not answer within 0\.4 s"):
        serve_seat(wish(doors.endpoints.base, patience_s=SHORT_S), nobody)


def test_a_url_of_no_known_form_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="is not an endpoint"):
        serve_seat(wish("http://x"), nobody)


def test_a_refusal_is_told_with_its_cause(doors: Doors, pool: ThreadPoolExecutor) -> None:
    refused = pool.submit(serve_seat, wish(doors.endpoints.base, "green"), nobody)
    barrier = barrier_of(doors)
    with pytest.raises(RunError, match="nobody took"):
        barrier.await_seats(SHORT_S)
    assert _error(refused).endswith("gives no seat: no seat `green` is awaited, only seat `blue`")


def test_a_run_that_vanishes_is_said_at_once(pool: ThreadPoolExecutor) -> None:
    doors = Doors("tcp://127.0.0.1:*")
    served = pool.submit(serve_seat, wish(doors.endpoints.base, patience_s=60.0), nobody)
    barrier_of(doors).await_seats(PATIENCE_S)
    doors.close()
    assert _error(served) == f"the run at {doors.endpoints.base} is gone"


def test_who_speaks_under_a_name_that_is_not_its_own_fails_by_itself(
    doors: Doors, pool: ThreadPoolExecutor
) -> None:
    def make(granted: SeatGranted, bus: Bus) -> Sequence[Seat]:
        return [Seat(Echo(bus.port("dispatch"), []), EYES)]

    served = pool.submit(serve_seat, wish(doors.endpoints.base), make)
    barrier = barrier_of(doors)
    barrier.await_seats(PATIENCE_S)
    barrier.open(0, 0, [said(alert(1))])
    with pytest.raises(RunError, match="seat `blue` is gone at tick 0"):
        barrier.collect()
    assert _error(served) == "this seat speaks as respond, watchman, and not as dispatch"


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ([[b"\xc1"]], "not a message of this bus"),
        ([[TickOpened(tick=0, now_ms=0)]], "answers JoinSeat with TickOpened"),
        ([["granted"], ["granted"]], "sends SeatGranted where TickOpened was expected"),
        ([["granted"], [TickOpened(tick=0, now_ms=0), b"\x80"]], "not a message of this bus"),
        ([[SessionOver(cause="full")]], "is over: full"),
    ],
)
def test_nonsense_from_the_far_side_is_an_error_with_words(answers: list[list[Any]], found: str) -> None:
    far = zmq.Context.instance().socket(zmq.ROUTER)
    far.setsockopt(zmq.LINGER, 0)
    far.bind("tcp://127.0.0.1:*")
    # A client counts the doors' ports from the first one on; the lock-step door is the fifth.
    port = int(far.getsockopt_string(zmq.LAST_ENDPOINT).rpartition(":")[2]) - 4
    granted = SeatGranted(seat="blue", senders=("watchman",), tick_ms=1000, seed=-1, secret=b"", run_id=RUN.digits)

    def wire(part: Any) -> bytes:
        body = granted if part == "granted" else part
        return body if isinstance(body, bytes) else encode(Envelope(sender="gate", seq=0, t_ms=0, body=body))

    def act() -> None:
        routing = far.recv_multipart()[0]
        for answer in answers:
            far.send_multipart([routing, *[wire(part) for part in answer]])

    acting = threading.Thread(target=act)
    acting.start()
    try:
        with pytest.raises((MessageError, RunError), match=found):
            serve_seat(wish(f"tcp://127.0.0.1:{port}"), nobody)
    finally:
        acting.join(PATIENCE_S)
        far.close(linger=0)


def test_waiting_can_be_ended(doors: Doors) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        serve_seat(wish(doors.endpoints.base), nobody, meanwhile=stop)


# ---- keys


class Ring:
    """A keyring, and identities made for it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.keyring = Keyring.make(directory / "ring")

    def make(self, name: str, role: str) -> Identity:
        return self.keyring.new(name, role, self.directory / f"{name}.key")


@pytest.fixture
def ring(tmp_path: Path) -> Ring:
    return Ring(tmp_path)


def test_with_keys_the_lock_tells_who_has_the_seat(ring: Ring, pool: ThreadPoolExecutor) -> None:
    bert = ring.make("bert", "blue")

    def make(granted: SeatGranted, bus: Bus) -> Sequence[Seat]:
        return [Seat(Guard(bus.port("respond", bert.key.for_run(RunId(granted.run_id))), []), EYES)]

    with Doors("tcp://127.0.0.1:*", ring.keyring) as doors:
        served = pool.submit(serve_seat, wish(doors.endpoints.base, identity=bert), make)
        barrier = barrier_of(doors)
        barrier.await_seats(PATIENCE_S)
        (holder,) = barrier.holders
        assert (holder.peer.name, holder.peer.role) == ("bert", "blue")
        barrier.open(1, 1_000, [])
        (intent,) = barrier.collect()
        trusted = Verifier({"respond": bert.key.public}, {"respond": INTENT_VERBS}, RUN)
        assert trusted.check(intent, 1_000) == ""
        barrier.finish()
        assert served.result(PATIENCE_S).said == 1


class Told(Exception):
    """Whoever wanted a seat has its answer."""


def _await_until_told(doors: Doors, served: Future[Served]) -> None:
    def look() -> None:
        if served.done():
            raise Told

    with pytest.raises(Told):
        Barrier(doors, [BLUE], Terms(VERSION, 1000, RUN), meanwhile=look).await_seats(PATIENCE_S)


def _foreign(ring: Ring) -> Identity:
    ring.make("eve", "blue")
    return Ring(ring.directory / "elsewhere").make("eve", "blue")


@pytest.mark.parametrize(
    ("who", "found"),
    [
        (lambda ring: None, "is locked: a key is needed"),
        (lambda ring: ring.make("vera", "viewer"), "refuses this key"),
        (_foreign, "refuses this key"),
    ],
)
def test_a_wrong_key_is_told_as_such(
    ring: Ring, pool: ThreadPoolExecutor, who: Callable[[Ring], Identity | None], found: str
) -> None:
    identity = who(ring)
    with Doors("tcp://127.0.0.1:*", ring.keyring) as doors:
        served = pool.submit(serve_seat, wish(doors.endpoints.base, identity=identity, patience_s=2.0), nobody)
        _await_until_told(doors, served)
        assert found in _error(served)


def test_another_teams_key_gets_no_seat(ring: Ring, pool: ThreadPoolExecutor) -> None:
    rita = ring.make("rita", "red")
    with Doors("tcp://127.0.0.1:*", ring.keyring) as doors:
        served = pool.submit(serve_seat, wish(doors.endpoints.base, identity=rita), nobody)
        _await_until_told(doors, served)
        assert _error(served).endswith("seat `blue` is for the role blue, yours is red")


def test_who_is_revoked_during_the_run_is_gone_within_a_second(ring: Ring, pool: ThreadPoolExecutor) -> None:
    bert = ring.make("bert", "blue")
    with Doors("tcp://127.0.0.1:*", ring.keyring) as doors:
        served = pool.submit(serve_seat, wish(doors.endpoints.base, identity=bert), nobody)
        barrier = barrier_of(doors)
        barrier.await_seats(PATIENCE_S)
        barrier.open(1, 1_000, [])
        barrier.collect()
        Keyring.open(ring.keyring.directory).revoke("bert")
        dropped = _go_on(barrier)
        assert dropped == [ParticipantDropped(seat="blue", cause="gone")]
        assert barrier.holders == ()
        said = str(served.exception(PATIENCE_S) or served.result().cause)
        assert "revoked" in said, said


def _go_on(barrier: Barrier) -> list[Body]:
    until_s = time.monotonic() + PATIENCE_S
    tick = 2
    while time.monotonic() < until_s:
        barrier.open(tick, 1_000 * tick, [])
        if said := barrier.collect():
            return [message.body for message in said]
        tick += 1
    return []
