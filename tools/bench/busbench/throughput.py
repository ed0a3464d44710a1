"""How many bytes a second get from a run to a reader, against bare pyzmq with the same bytes.

Ours is everything there is: `Gate.hear` (encode, number, publish from the relay's thread, a beat per tick), and
the client of `fleet.connect` (numbers checked, decoded, frames as NumPy columns). The rivals send ready bytes from
an XPUB to a SUB and look at none of them: one sends each message as one part (`socket.send`, `socket.recv`) and no
topic, number or beat; the other the same messages in the same parts as ours (`send_multipart`).

Bursts are no longer than half of what a queue holds (its free places are told to the sender by halves), so that
nothing is lost on either side (it is checked); a burst lasts from before its first message is said until its last
one is read. Readiness is a handshake: the client's snapshot, the rival's subscription.

Two processes for ipc and tcp; two threads of one process for inproc, which share one interpreter.
"""

from __future__ import annotations

import multiprocessing as mp
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import zmq

from busbench.measure import Pair, hear
from busbench.payload import beat_bytes, frame, roster, sized
from fleet.bus.client import Client
from fleet.bus.doors import FEWEST_WAITING, MOST_WAITING, READER_BYTES, Doors
from fleet.bus.gate import Gate
from fleet.bus.intake import Intake
from fleet.bus.keyring import Identity, Keyring
from fleet.bus.picture import Picture, RunFacts
from fleet.bus.talk import Talk, Wish
from fleet.messages.codec import encode
from fleet.messages.envelope import Message
from fleet.messages.frames import TelemetryFrame
from fleet.messages.run_id import RunId

RING = 64
MESSAGES_PER_TICK = 100
MOST_PER_BURST = 9_000
NUMBER_BYTES = 8


@dataclass(frozen=True)
class Load:
    """What is sent: `batch` is said at each of `ticks` ticks; `topic` is what the reader asks for."""

    what: str
    topic: str
    batch: tuple[Message, ...]
    ticks: int
    aim: float | None

    @property
    def size(self) -> int:
        """Bytes of one published message."""
        return len(self.topic) + NUMBER_BYTES + len(encode(self.batch[0]))

    @property
    def tick_bytes(self) -> int:
        return self.size * len(self.batch) + beat_bytes()

    @property
    def waiting(self) -> int:
        """How many messages a queue holds; the doors reckon the same way."""
        return max(FEWEST_WAITING, min(MOST_WAITING, READER_BYTES // self.size))


def loads(*, quick: bool) -> list[Load]:
    """Frames of 1,000 and 10,000 vehicles, and messages of 200 bytes."""
    found = []
    for vehicles, ticks in ((1_000, 300), (10_000, 60)):
        batch = (frame(vehicles),)
        what = f"frames of {vehicles:,} vehicles"
        found.append(Load(what, "TelemetryFrame", batch, ticks // 4 if quick else ticks, 0.8))
    batch = tuple(sized(200, number) for number in range(MESSAGES_PER_TICK))
    ticks = MOST_PER_BURST // MESSAGES_PER_TICK
    found.append(Load("messages of 200 bytes", "UnloadRefused", batch, ticks // 4 if quick else ticks, None))
    return found


@dataclass(frozen=True)
class Way:
    """How the bytes go. `keys` is the directory of a keyring with the viewer `vera`, for CURVE."""

    transport: str
    endpoint: str
    keys: Path | None = None

    @property
    def identity(self) -> Identity | None:
        return None if self.keys is None else Identity.load(self.keys.parent / "vera.key")


@contextmanager
def ways() -> Iterator[list[Way]]:
    """inproc, ipc, tcp, and the last two with CURVE."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        Keyring.make(home / "keys").new("vera", "viewer", home / "vera.key")
        yield [
            Way("inproc", "inproc://bench"),
            Way("ipc", f"ipc://{home}/bus"),
            Way("ipc, CURVE", f"ipc://{home}/bus", home / "keys"),
            Way("tcp", "tcp://127.0.0.1:*"),
            Way("tcp, CURVE", "tcp://127.0.0.1:*", home / "keys"),
        ]


def measure(way: Way, load: Load, *, rounds: int, bursts: int, parted: bool = False) -> Pair:
    """Megabytes a second over one way. With `parted` the rival sends the same messages in the same parts."""
    what = "in the same parts" if parted else "in one part"
    pair = Pair(f"{load.what}, {way.transport}, against the same bytes {what}", "MB/s", load.aim)
    reader = _parted_reader if parted else _bare_reader
    return pair.measure(rounds, lambda: _ours(way, load, bursts), lambda: _bare(way, load, bursts, reader))


# ---- both sides


Reader = Callable[[Way, Load, str, Connection, "zmq.Context[zmq.Socket[bytes]] | None"], None]


@contextmanager
def _reading(reader: Reader, way: Way, load: Load, url: str, context: zmq.Context | None) -> Iterator[Connection]:
    """The reader at work, in a process or, for inproc, a thread; it has said that it is ready."""
    here, there = mp.Pipe()
    arguments = (way, load, url, there, context)
    worker: threading.Thread | mp.process.BaseProcess
    if context is not None:
        worker = threading.Thread(target=reader, args=arguments, daemon=True)
    else:
        worker = mp.get_context("spawn").Process(target=reader, args=arguments, daemon=True)
    worker.start()
    yield here
    here.send(None)
    worker.join(30.0)


def _bursts(control: Connection, load: Load, bursts: int, send: Callable[[int], None]) -> float:
    """Megabytes a second over all bursts; the first one warms up and does not count."""
    seconds = 0.0
    for burst in range(bursts + 1):
        control.send(load.ticks * len(load.batch))
        assert hear(control) == "go"
        began = time.monotonic()
        for tick in range(load.ticks):
            send(burst * load.ticks + tick)
        ended, missed = hear(control)
        assert missed == 0, f"{missed} messages were lost: the burst is longer than the queues"
        if burst:
            seconds += ended - began
    return bursts * load.ticks * load.tick_bytes / seconds / 1e6


# ---- ours


def _ours(way: Way, load: Load, bursts: int) -> float:
    keyring = None if way.keys is None else Keyring.open(way.keys)
    context = zmq.Context() if way.transport == "inproc" else None
    run = RunId("7" * 32)
    facts = RunFacts("bench", 1000, 10**9, 0.0, run)
    doors = Doors(way.endpoint, keyring, context=context, frame_bytes=load.size)
    vehicles = len(load.batch[0].body.state) if isinstance(load.batch[0].body, TelemetryFrame) else 0
    gate = Gate(doors, Intake({}, run), tick_ms=1000, picture=Picture(facts))
    gate.hear(0, [roster(vehicles)])
    try:
        with _reading(_our_reader, way, load, doors.endpoints.base, context) as control:
            assert hear(control) == "ready"
            rate = _bursts(control, load, bursts, lambda tick: gate.hear(tick, load.batch))
            gate.close()
            doors.close()
    finally:
        gate.close()
    if context is not None:
        context.term()
    return rate


def _our_reader(way: Way, load: Load, url: str, control: Connection, context: zmq.Context | None) -> None:
    identity = way.identity
    wish = Wish(url, identity, 10.0, (load.topic,), insecure=identity is None, queue=load.waiting)
    talk = Talk(wish)
    if context is not None:
        talk.context.term()
        talk.context = context
    client = Client(talk)
    items = client.frames() if load.topic == "TelemetryFrame" else client.messages((load.topic,))
    control.send("ready")
    while (count := control.recv()) is not None:
        control.send("go")
        for _ in range(count):
            next(items)
        control.send((time.monotonic(), sum(client.missed.values())))
    if context is None:
        client.close()
    else:
        for dialled in talk._doors.values():  # the context is the publisher's
            dialled.close()


# ---- bare pyzmq


def _bare(way: Way, load: Load, bursts: int, reader: Reader) -> float:
    context = zmq.Context()
    socket = context.socket(zmq.XPUB)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.SNDHWM, load.waiting)
    if way.keys is not None:
        keyring = Keyring.open(way.keys)
        socket.setsockopt(zmq.CURVE_SERVER, 1)
        socket.setsockopt(zmq.CURVE_PUBLICKEY, keyring.server_public)
        socket.setsockopt(zmq.CURVE_SECRETKEY, keyring.server_secret)
    socket.bind(way.endpoint.replace("bench", "bare"))
    url = socket.getsockopt_string(zmq.LAST_ENDPOINT)
    # Fresh bytes each time, as a run has them: the same again would stay in the processor's cache.
    ring = [bytes([number]) * (load.tick_bytes // len(load.batch)) for number in range(RING)]
    each = range(len(load.batch))

    def send(tick: int) -> None:
        data = ring[tick % RING]
        for _ in each:
            socket.send(data)

    topic, beat, size = (
        load.topic.encode(),
        bytes(beat_bytes() - 12),
        load.size - len(load.topic) - NUMBER_BYTES,
    )
    envelopes = [data[:size] for data in ring]

    def send_parted(tick: int) -> None:
        number, data = tick.to_bytes(8, "little"), envelopes[tick % RING]
        for _ in each:
            socket.send_multipart([topic, number, data])
        socket.send_multipart([b"Beat", number, beat])

    with _reading(reader, way, load, url, context if way.transport == "inproc" else None) as control:
        assert socket.recv() == b"\x01"
        assert hear(control) == "ready"
        rate = _bursts(control, load, bursts, send if reader is _bare_reader else send_parted)
    socket.close(linger=0)
    context.term()
    return rate


def _bare_reader(way: Way, load: Load, url: str, control: Connection, context: zmq.Context | None) -> None:
    _read_bare(way, load, url, control, context, parted=False)


def _parted_reader(way: Way, load: Load, url: str, control: Connection, context: zmq.Context | None) -> None:
    _read_bare(way, load, url, control, context, parted=True)


def _read_bare(
    way: Way, load: Load, url: str, control: Connection, context: zmq.Context | None, *, parted: bool
) -> None:
    own = zmq.Context() if context is None else context
    socket = own.socket(zmq.SUB)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.RCVHWM, load.waiting)
    identity = way.identity
    if identity is not None:
        socket.setsockopt(zmq.CURVE_PUBLICKEY, identity.curve_public)
        socket.setsockopt(zmq.CURVE_SECRETKEY, identity.curve_secret)
        socket.setsockopt(zmq.CURVE_SERVERKEY, identity.server_public)
    socket.connect(url)
    socket.subscribe(b"")
    control.send("ready")
    while (count := control.recv()) is not None:
        control.send("go")
        if parted:
            for _ in range(count + load.ticks):
                socket.recv_multipart()
        else:
            for _ in range(count):
                socket.recv()
        control.send((time.monotonic(), 0))
    socket.close(linger=0)
    if context is None:
        own.term()
