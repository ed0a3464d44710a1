"""Ticks a second with 1, 4 and 16 participants in processes of their own, against bare ZeroMQ barriers and HELICS.

Ours is everything there is: `Barrier` and `serve_seat`, each message decoded and checked. The rivals send ready
bytes, as many and as long. Two loads: an empty tick (it opens, everybody is done), and a tick at which each says
an alert, which all hear at the next.
"""

from __future__ import annotations

import multiprocessing as mp
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import zmq

from fleet.bus.doors import Doors
from fleet.bus.lockstep import Barrier
from fleet.bus.seat import SeatWish, serve_seat
from fleet.bus.seating import SeatPlan, Terms
from fleet.messages.codec import encode
from fleet.messages.envelope import Envelope, Message
from fleet.messages.notices import SeatGranted, TickDone, TickOpened
from fleet.messages.plane import Plane
from fleet.messages.port import Bus, Port, Seat
from fleet.messages.run_id import RunId
from fleet.messages.security import Alert

VERSION = "bench"
WARM_UP = 50
PATIENCE_MS = 30_000
TICK_MS = 1_000


def alert(seat: str) -> Alert:
    """What a participant says at a tick."""
    return Alert(
        alert_id=f"{seat}-000001", detector="range-check", attack_class="gnss-spoofing", entity="v-0001",
        score=4.5, threshold=3.0, evidence="three anchors agree on another place",
    )  # fmt: skip


def alert_bytes() -> int:
    return len(encode(Envelope(sender="blue/seat-00", seq=70_000, t_ms=70_000_000, body=alert("seat-00"))))


@contextmanager
def _processes(target: Callable[..., None], argument_lists: Sequence[tuple[Any, ...]]) -> Iterator[None]:
    spawn = mp.get_context("spawn")
    workers = [spawn.Process(target=target, args=arguments, daemon=True) for arguments in argument_lists]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.join(20.0)
            if worker.is_alive():
                worker.kill()


@contextmanager
def _endpoint(transport: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as name:
        yield f"ipc://{name}/b" if transport == "ipc" else "tcp://127.0.0.1:*"


# ---- ours


class _Speaker:
    """Says an alert each tick, or nothing."""

    def __init__(self, port: Port, body: Alert | None) -> None:
        self._port = port
        self._body = body

    def on_tick(self, tick: int, now_ms: int, inbox: Sequence[Message]) -> None:
        if self._body is not None:
            self._port.say(self._body)

    def next_wake_ms(self) -> int | None:
        return None


def _sit(url: str, seat: str, speaks: bool) -> None:
    def make(granted: SeatGranted, bus: Bus) -> list[Seat]:
        speaker = _Speaker(bus.port(granted.senders[0]), alert(seat) if speaks else None)
        return [Seat(speaker, frozenset({Plane.TELEMETRY}))]

    serve_seat(SeatWish(url, seat, VERSION, "blue"), make)


def ours(count: int, transport: str, ticks: int, *, speaks: bool) -> float:
    """Ticks a second of the whole way: open, decode, hear, say, encode, collect, check."""
    seats = [f"seat-{number:02d}" for number in range(count)]
    with _endpoint(transport) as endpoint, Doors(endpoint) as doors:
        url = doors.endpoints.base
        barrier = Barrier(doors, [SeatPlan(seat) for seat in seats], Terms(VERSION, TICK_MS, RunId("7" * 32)))
        with _processes(_sit, [(url, seat, speaks) for seat in seats]):
            barrier.await_seats(60.0)
            batch: list[Message] = []
            began = 0.0
            for tick in range(WARM_UP + ticks):
                if tick == WARM_UP:
                    began = time.perf_counter()
                barrier.open(tick, TICK_MS * tick, batch)
                batch = barrier.collect()
            seconds = time.perf_counter() - began
            assert len(batch) == (count if speaks else 0)
            barrier.finish()
    return ticks / seconds


# ---- bare ZeroMQ


def _parts(count: int, *, speaks: bool) -> tuple[list[bytes], list[bytes]]:
    """What the hub sends to each, and what each answers: bytes as ours are."""
    opened = encode(Envelope(sender="gate", seq=70_000, t_ms=0, body=TickOpened(tick=70_000, now_ms=70_000_000)))
    done = encode(Envelope(sender="seat-00", seq=70_000, t_ms=0, body=TickDone(tick=70_000, next_wake_ms=-1)))
    said = bytes(alert_bytes())
    return [opened, *([said] * count if speaks else [])], [done, *([said] if speaks else [])]


def _answer_by_dealer(url: str, answer: list[bytes]) -> None:
    context = zmq.Context()
    dealer = context.socket(zmq.DEALER)
    dealer.connect(url)
    dealer.send(b"ready")
    while dealer.poll(PATIENCE_MS) and dealer.recv_multipart() != [b"over"]:
        dealer.send_multipart(answer)
    dealer.close(linger=0)
    context.term()


def bare_router(count: int, transport: str, ticks: int, *, speaks: bool) -> float:
    """Ticks a second of a ROUTER that sends to every DEALER and waits for all answers."""
    tick, answer = _parts(count, speaks=speaks)
    with _endpoint(transport) as endpoint:
        context = zmq.Context()
        router = context.socket(zmq.ROUTER)
        router.setsockopt(zmq.RCVTIMEO, PATIENCE_MS)
        router.bind(endpoint)
        url = router.getsockopt_string(zmq.LAST_ENDPOINT)
        with _processes(_answer_by_dealer, [(url, answer)] * count):
            peers = [router.recv_multipart()[0] for _ in range(count)]
            began = 0.0
            for number in range(WARM_UP + ticks):
                if number == WARM_UP:
                    began = time.perf_counter()
                for peer in peers:
                    router.send_multipart([peer, *tick])
                for _ in peers:
                    router.recv_multipart()
            seconds = time.perf_counter() - began
            for peer in peers:
                router.send_multipart([peer, b"over"])
        router.close(linger=1000)
        context.term()
    return ticks / seconds


def _answer_by_push(tick_url: str, done_url: str, answer: list[bytes]) -> None:
    context = zmq.Context()
    ticks, done = context.socket(zmq.SUB), context.socket(zmq.PUSH)
    ticks.connect(tick_url)
    ticks.subscribe(b"")
    done.connect(done_url)
    done.send(b"ready")
    while ticks.poll(PATIENCE_MS) and ticks.recv_multipart() != [b"over"]:
        done.send_multipart(answer)
    ticks.close(linger=0)
    done.close(linger=0)
    context.term()


def bare_publisher(count: int, transport: str, ticks: int, *, speaks: bool) -> float:
    """The same with one PUB and one PULL, which knows nobody and checks nothing."""
    tick, answer = _parts(count, speaks=speaks)
    with _endpoint(transport) as endpoint:
        context = zmq.Context()
        publisher, pull = context.socket(zmq.XPUB), context.socket(zmq.PULL)
        publisher.setsockopt(zmq.XPUB_VERBOSE, 1)
        for socket, name in ((publisher, endpoint), (pull, endpoint.replace("/b", "/c"))):
            socket.setsockopt(zmq.RCVTIMEO, PATIENCE_MS)
            socket.bind(name)
        urls = [socket.getsockopt_string(zmq.LAST_ENDPOINT) for socket in (publisher, pull)]
        with _processes(_answer_by_push, [(*urls, answer)] * count):
            for _ in range(count):
                publisher.recv()
                pull.recv()
            began = 0.0
            for number in range(WARM_UP + ticks):
                if number == WARM_UP:
                    began = time.perf_counter()
                publisher.send_multipart(tick)
                for _ in range(count):
                    pull.recv_multipart()
            seconds = time.perf_counter() - began
            publisher.send(b"over")
        publisher.close(linger=1000)
        pull.close(linger=0)
        context.term()
    return ticks / seconds
