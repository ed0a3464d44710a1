"""A barrier at a table: who comes, by hand from sockets, which seats they take, and what they say."""

from __future__ import annotations

from dataclasses import dataclass, field

import zmq

from fleet.bus.doors import Doors
from fleet.bus.lockstep import Barrier
from fleet.bus.seating import Holder, SeatPlan, Terms
from fleet.messages.codec import decode, encode
from fleet.messages.envelope import Envelope
from fleet.messages.notices import JoinSeat, SeatGranted, TickDone
from fleet.messages.plane import Body, Plane
from tests.messages.runs import RUN

VERSION = "1.2"
RED = SeatPlan("red", "red", ("red/tow-0",))
BLUE = SeatPlan("blue", "blue", ("watchman", "respond"))
LONG_S, SHORT_S = 30.0, 0.3


class Peer:
    """A participant made by hand from a socket."""

    def __init__(self, doors: Doors, routing: bytes = b"") -> None:
        self.socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RCVTIMEO, 5_000)
        if routing:
            self.socket.setsockopt(zmq.ROUTING_ID, routing)
        self.socket.connect(doors.endpoints.of("lockstep"))
        self.numbers: dict[tuple[str, Plane], int] = {}

    def ask(self, seat: str, version: str = VERSION) -> None:
        role = seat if seat in ("red", "blue") else "operator"
        body = JoinSeat(seat=seat, version=version, role=role)
        self.socket.send(encode(Envelope(sender=seat, seq=0, t_ms=0, body=body)))

    def ready(self) -> None:
        self.answer(-1)

    def hear(self) -> list[Body]:
        return [decode(part).body for part in self.socket.recv_multipart()]

    def answer(self, tick: int, *said: tuple[str, Body], wake_ms: int = -1) -> None:
        parts = [(f"seat at {tick}", 0, TickDone(tick=tick, next_wake_ms=wake_ms))]
        for sender, body in said:
            number = self.numbers.get((sender, body.plane), 0)
            self.numbers[sender, body.plane] = number + 1
            parts.append((sender, number, body))
        self.socket.send_multipart(
            [encode(Envelope(sender=s, seq=n, t_ms=1000 * tick, body=b)) for s, n, b in parts]
        )

    def close(self) -> None:
        self.socket.close(linger=0)


@dataclass
class Table:
    """A barrier, its doors, and whoever came."""

    doors: Doors
    peers: list[Peer] = field(default_factory=list)
    seated: list[Holder] = field(default_factory=list)

    def come(self, routing: bytes = b"") -> Peer:
        self.peers.append(Peer(self.doors, routing))
        return self.peers[-1]

    def barrier(self, *seats: SeatPlan, patience_s: float = LONG_S, drop: bool = False) -> Barrier:
        terms = Terms(VERSION, 1000, RUN, patience_s, drop)
        return Barrier(self.doors, seats, terms, reserved={"red/tow-1"}, on_seated=self.seated.append)

    def seat(self, *seats: SeatPlan, patience_s: float = LONG_S, drop: bool = False) -> tuple[Barrier, list[Peer]]:
        """A barrier whose seats are all taken."""
        barrier = self.barrier(*seats, patience_s=patience_s, drop=drop)
        peers = [self.come() for _ in seats]
        for plan, peer in zip(seats, peers, strict=True):
            peer.ask(plan.name)
            peer.ready()
        barrier.await_seats(LONG_S)
        assert [type(peer.hear()[0]) for peer in peers] == [SeatGranted] * len(peers)
        return barrier, peers
