"""The road over ZeroMQ sockets; the only file that imports `zmq`.

Telemetry is published to whoever subscribes (XPUB, two parts: the body's type name, then the envelope's
MessagePack), in the order of the run, at the turn that delivers it. Commands travel as bytes from a DEALER
per sender to one ROUTER and are decoded on the far side. Injection and truth stay in this process, but go
through the codec too, so that a run is the same on both roads.

A turn waits until every command that was sent has come through, so sockets decide nothing about the order.
Viewers cannot slow a run: what a slow one has no room for is dropped, and it can tell by the gaps in the
sequence numbers. Nothing marks the end of a run yet: a viewer sees that the publisher is gone.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self

import zmq

from fleet.base.errors import MessageError, RunError, UsageError
from fleet.bus.endpoints import endpoints
from fleet.bus.mouth import Mouth
from fleet.bus.order import sort_batch
from fleet.messages.codec import decode, encode
from fleet.messages.envelope import Message
from fleet.messages.plane import Plane
from fleet.messages.port import PlaneCount
from fleet.messages.seal import KeyPair

LINGER_MS = 500
"""How long closing waits for viewers to take what was already published."""

MAX_MESSAGE_BYTES = 16 * 2**20
STRANGERS_PER_TURN = 1_000
"""How many messages of unknown peers one turn reads and refuses; the rest waits in their queues."""


class SocketBus:
    """A `fleet.messages.port.Bus` over sockets bound at `endpoint` (see `endpoints.endpoints`).

    `clock` gives the simulated time in integer milliseconds; `patience_s` is how long a turn waits for a
    command that is under way. Raises `UsageError` if the endpoint is not allowed or cannot be bound.
    """

    def __init__(self, clock: Callable[[], int], endpoint: str, *, patience_s: float = 5.0) -> None:
        telemetry, command = endpoints(endpoint)
        self._clock = clock
        self._patience_s = patience_s
        self._token = secrets.token_bytes(16)
        self._encoded: list[bytes] = []
        self._under_way = 0
        self._twins = False
        self._counters: dict[str, list[int]] = {}
        self._delivered = [0] * len(Plane)
        self._sent = [0] * len(Plane)
        self._peak = [0] * len(Plane)
        self._topics = 0
        self._refused = 0
        self._malformed = 0
        self._dealers: dict[str, zmq.Socket[bytes]] = {}
        self._identities: set[bytes] = set()
        self._context = zmq.Context()
        self._publisher: zmq.Socket[bytes] = self._context.socket(zmq.XPUB)
        self._router: zmq.Socket[bytes] = self._context.socket(zmq.ROUTER)
        for listening in (self._publisher, self._router):
            listening.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        try:
            self.telemetry_endpoint = _bind(self._publisher, telemetry)
            self.command_endpoint = _bind(self._router, command)
        except BaseException:
            self._shut(linger_ms=0)
            raise

    def port(self, sender: str, key: KeyPair | None = None) -> Mouth:
        """A mouth for `sender`. Two ports of one sender share their counters."""
        counters = self._counters.setdefault(sender, [0] * len(Plane))
        return Mouth(
            sender, key, self._clock, counters, partial(self._put, sender), partial(self._put_ready, sender)
        )

    def _put(self, sender: str, message: Message) -> None:
        plane = message.body.plane
        data = encode(message)
        if plane is Plane.COMMAND:
            self._dealer(sender).send(data)
            self._under_way += 1
        else:
            self._encoded.append(data)
        self._sent[plane] += 1
        self._peak[plane] = max(self._peak[plane], self._sent[plane] - self._delivered[plane])

    def _put_ready(self, sender: str, message: Message) -> None:
        self._twins = True
        self._put(sender, message)

    def _dealer(self, sender: str) -> zmq.Socket[bytes]:
        dealer = self._dealers.get(sender)
        if dealer is None:
            identity = self._token + len(self._dealers).to_bytes(4, "little")
            dealer = self._context.socket(zmq.DEALER)
            # One thread sends and later receives: a bounded queue would block it for good.
            dealer.setsockopt(zmq.SNDHWM, 0)
            dealer.setsockopt(zmq.IDENTITY, identity)
            dealer.setsockopt(zmq.LINGER, 0)
            dealer.connect(self.command_endpoint)
            self._dealers[sender] = dealer
            self._identities.add(identity)
        return dealer

    @property
    def pending(self) -> bool:
        """Whether anything was said since the last turn."""
        return bool(self._encoded) or self._under_way > 0

    @property
    def watched(self) -> bool:
        """Whether anybody subscribes to telemetry."""
        return self._topics > 0

    @property
    def refused(self) -> int:
        """Messages of peers that are not ours: none is accepted before there are keys."""
        return self._refused

    @property
    def malformed(self) -> int:
        """Messages of our own ports whose bytes were not a message of this bus."""
        return self._malformed

    def await_reader(self, timeout_s: float) -> bool:
        """Wait until somebody subscribes, so that a viewer misses nothing; False if nobody came in time."""
        deadline = time.monotonic() + timeout_s
        self._hear_subscriptions()
        while not self.watched:
            left_s = deadline - time.monotonic()
            if left_s <= 0.0 or not self._publisher.poll(int(left_s * 1000) + 1):
                return False
            self._hear_subscriptions()
        return True

    def turn(self) -> list[Message]:
        """Everything said since the last turn, in the order (plane, sender, sequence).

        Raises `RunError` when a command that was sent does not come through in time.
        """
        batch: list[Message] = []
        encoded, self._encoded = self._encoded, []
        for data in encoded:
            self._take(data, batch)
        self._receive_commands(batch)
        sort_batch(batch, twins=self._twins)
        self._twins = False
        for message in batch:
            self._delivered[message.body.plane] += 1
        self._publish(batch)
        return batch

    def _take(self, data: bytes, batch: list[Message]) -> None:
        try:
            batch.append(decode(data))
        except MessageError:
            self._malformed += 1

    def _receive_commands(self, batch: list[Message]) -> None:
        strangers_left = STRANGERS_PER_TURN
        deadline = time.monotonic() + self._patience_s
        while self._under_way > 0 or strangers_left > 0:
            left_s = max(0.0, deadline - time.monotonic()) if self._under_way else 0.0
            if not self._router.poll(int(left_s * 1000)) or (self._under_way and left_s == 0.0):
                break
            parts = self._router.recv_multipart()
            if parts[0] not in self._identities:
                self._refused += 1
                strangers_left -= 1
                continue
            self._under_way -= 1
            self._take(parts[-1], batch)
        if self._under_way > 0:
            raise RunError(
                f"the command plane at {self.command_endpoint} did not deliver {self._under_way} message(s) "
                f"within {self._patience_s:g} s"
            )

    def _publish(self, batch: list[Message]) -> None:
        self._hear_subscriptions()
        if not self.watched:
            return
        for message in batch:
            if message.body.plane is Plane.TELEMETRY:
                topic = type(message.body).__name__.encode("ascii")
                self._publisher.send_multipart([topic, encode(message)])

    def _hear_subscriptions(self) -> None:
        for _ in range(STRANGERS_PER_TURN):
            if not self._publisher.poll(0):
                return
            notice = self._publisher.recv_multipart()[0]
            if notice[:1] == b"\x01":
                self._topics += 1
            elif notice[:1] == b"\x00":
                self._topics = max(0, self._topics - 1)

    def statistics(self) -> dict[Plane, PlaneCount]:
        """The counts of every plane; a message that was malformed is sent and not delivered."""
        return {plane: PlaneCount(self._sent[plane], self._delivered[plane], self._peak[plane]) for plane in Plane}

    def close(self) -> None:
        """Close every socket, giving viewers `LINGER_MS` to take the last frames."""
        self._shut(LINGER_MS)

    def _shut(self, linger_ms: int) -> None:
        if self._context.closed:
            return
        for dealer in self._dealers.values():
            dealer.close(linger=0)
        self._router.close(linger=0)
        self._publisher.close(linger=linger_ms)
        self._context.term()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _bind(listening: zmq.Socket[bytes], endpoint: str) -> str:
    """Bind, and return the endpoint the system really gave."""
    try:
        listening.bind(endpoint)
    except zmq.ZMQError as error:
        raise UsageError(f"cannot listen at `{endpoint}`: {error.strerror or error}") from None
    return listening.getsockopt_string(zmq.LAST_ENDPOINT)
