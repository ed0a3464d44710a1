"""Random and mutated frames, and connections that do not even speak ZMTP."""

from __future__ import annotations

import random
import socket
import time
from collections import Counter
from collections.abc import Callable

import zmq

from busfuzz.target import CHUNK, PATIENCE_S, SPEED, Chunk, Server, ask, peer
from fleet.bus.endpoints import endpoints
from fleet.messages.codec import encode
from fleet.messages.control import SetSpeed
from fleet.messages.envelope import Envelope
from fleet.messages.notices import Credit, FeedEnds, JoinSeat, TickDone
from fleet.messages.orders import FlyRoute, Recall, StopOrder
from fleet.messages.plane import Body
from fleet.messages.roles import DOORS, Door
from fleet.messages.security import Alert
from fleet.messages.tamper import ForgeOrder, StartTamper, StopTamper

ANSWERED: tuple[Door, ...] = ("command", "injection")


def samples() -> list[bytes]:
    """Well-formed envelopes to start from, of every kind that a door may be sent."""
    stop = StopOrder(kind="pickup", target="p", x_m=1.0, y_m=2.0)
    bodies: list[Body] = [
        Recall(order_id="o", vehicle="light-01", site="plant", x_m=0.0, y_m=0.0, navigation="gnss"),
        FlyRoute(order_id="o", vehicle="light-01", append=True, stops=(stop, stop)),
        StartTamper(tamper_id="t", primitive="navigation.gnss-tow", target="nobody", parameters={"rate_mps": 1.0}),
        StopTamper(tamper_id="t"),
        ForgeOrder(tamper_id="t", order=FlyRoute(order_id="o", vehicle="v", append=False, stops=(stop,))),
        SetSpeed(factor=SPEED),
        JoinSeat(seat="red", version="0", role="red"),
        TickDone(tick=1, next_wake_ms=-1),
        Credit(batches=64),
        FeedEnds(status="complete", results_json="{}"),
        Alert(alert_id="a", detector="d", attack_class="c", entity="e", score=1.0, threshold=0.5, evidence=""),
    ]
    senders = ("operator/kim", "red/fuzz", "dispatch", "gate", "x")
    return [
        encode(Envelope(sender=s, seq=n, t_ms=0, body=b)) for n, s in enumerate(senders) for b in bodies
    ]  # fmt: skip


def mutant(rng: random.Random, pool: list[bytes]) -> bytes:
    """Random bytes, or a sample with bits flipped, cut, doubled, or spliced with another."""
    data = bytearray(rng.choice(pool))
    way = rng.randrange(7)
    if way == 0:
        return rng.randbytes(rng.randrange(0, 300))
    if way == 1:
        return bytes(data[: rng.randrange(len(data))])
    if way == 2:
        other = rng.choice(pool)
        return bytes(data[: rng.randrange(len(data))]) + other[rng.randrange(len(other)) :]
    if way == 3:
        at = rng.randrange(len(data))
        return bytes(data[:at]) + rng.randbytes(rng.randrange(1, 9)) + bytes(data[at:])
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def fuzz_requests(server: Server, door: Door, rng: random.Random) -> tuple[int, Counter[str]]:
    """Frames, some of several parts, to a door that answers each."""
    pool, causes = samples(), Counter[str]()
    with peer(server.url, door, zmq.DEALER) as raw:
        for start in range(0, CHUNK, 200):
            frames = [[mutant(rng, pool)] for _ in range(min(200, CHUNK - start))]
            for frame in frames:
                if rng.random() < 0.02:
                    frame += [mutant(rng, pool) for _ in range(rng.randrange(1, 5))]
            causes += ask(raw, frames)
            server.next_tick()
    return CHUNK, causes


def fuzz_subscriptions(server: Server, door: Door, rng: random.Random) -> tuple[int, Counter[str]]:
    """Frames to a publishing door: subscriptions of anything, and what is no subscription at all."""
    pool, before = samples(), settled(server, door)
    garbage = 0
    for _ in range(CHUNK // 500):
        with peer(server.url, door, zmq.XSUB) as raw:
            for _ in range(500):
                data = mutant(rng, pool)[:400] or b"\x07"
                if rng.random() < 0.5:
                    data = bytes([rng.randrange(2)]) + data
                raw.send(data)
                garbage += data[0] > 1
            # A subscription that is answered proves that what was sent before it has been read.
            topic = b"?snapshot/" + rng.randbytes(16).hex().encode()
            raw.send(b"\x01" + topic)
            wait_for(lambda raw=raw, topic=topic: raw.poll(50) and raw.recv_multipart()[0] == topic)
    wait_for(lambda: server.refused[door, "malformed"] - before >= garbage)
    return CHUNK, Counter(
        {"malformed": server.refused[door, "malformed"] - before, "subscription": CHUNK - garbage}
    )


def fuzz_silently(server: Server, door: Door, rng: random.Random) -> tuple[int, Counter[str]]:
    """Frames to a door that only the run's own thread reads, and that owes strangers no answer to each."""
    pool = samples()
    with peer(server.url, door, zmq.DEALER) as raw:
        for start in range(0, CHUNK, 200):
            for _ in range(min(200, CHUNK - start)):
                raw.send_multipart([mutant(rng, pool) for _ in range(rng.choice((1, 1, 1, 3)))])
            server.next_tick()
        while raw.poll(50):
            raw.recv_multipart()
    return CHUNK, Counter({"read": CHUNK})


def fuzz_bytes(server: Server, rng: random.Random) -> int:
    """Connections that do not speak ZMTP, or begin to and go on with noise."""
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(49)
    for door in DOORS:
        host, port = endpoints(server.url, listen=False).of(door).removeprefix("tcp://").split(":")
        for _ in range(10):
            with socket.create_connection((host, int(port)), timeout=5) as raw:
                start = rng.choice((b"", greeting[: rng.randrange(64)], greeting))
                try:
                    raw.sendall(start + rng.randbytes(rng.randrange(2000)))
                except OSError:
                    continue
    return 10 * len(DOORS)


def settled(server: Server, door: Door) -> int:
    """How many were refused there as malformed, once that has stood still for some ticks."""
    count = -1
    while count != server.refused[door, "malformed"]:
        count = server.refused[door, "malformed"]
        for _ in range(10):
            server.next_tick()
    return count


def wait_for(met: Callable[[], object]) -> None:
    """Until `met`, or for as long as there is patience; what is missing then shows in the counts."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not met() and time.monotonic() < deadline_s:
        time.sleep(0.002)


def one_chunk(server: Server, door: Door, seed: int) -> Chunk:
    """One chunk of frames at one door. The same seed gives the same frames."""
    rng = random.Random(seed)
    began = time.monotonic()
    if door in ANSWERED:
        sent, causes = fuzz_requests(server, door, rng)
    elif door in ("telemetry", "truth"):
        sent, causes = fuzz_subscriptions(server, door, rng)
    else:
        sent, causes = fuzz_silently(server, door, rng)
    fuzz_bytes(server, rng)
    if not server.alive:
        raise SystemExit(f"the run died under seed {seed} at {door}:\n{server.text()}")
    unanswered = sent - sum(causes.values())
    return Chunk(door, sent, dict(causes), unanswered, server.memory_mib(), time.monotonic() - began)
