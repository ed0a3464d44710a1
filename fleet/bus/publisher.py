"""One publishing door: who wants which topic, what was published under which number, and private answers.

Only the relay's thread uses it. A topic's number counts what was published whether or not anybody subscribed, so a
gap in the numbers is what a reader missed. What nobody wants is counted and not encoded.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import zmq

from fleet.bus.connections import NO_CONNECTION, fd_of, inode_of
from fleet.bus.connections import cut as cut_connection
from fleet.bus.doors import Doors
from fleet.bus.wire import CITY_ASKED, SNAPSHOT_ASKED, published
from fleet.messages.codec import encode
from fleet.messages.envelope import Envelope
from fleet.messages.plane import Body
from fleet.messages.roles import Door

MORE = int(zmq.SNDMORE)
NOTICES_PER_ROUND = 256
TOPICS_PER_CONNECTION = 1_000
"""A connection that subscribes to more topics is cut."""
ASKS_PER_SECOND = 64
ASKS_PER_CONNECTION = 1_000
"""A connection that asks for more private answers is cut: whoever reads none of them has them all kept."""
MOST_CONNECTIONS = 10_000
"""So many connections are counted for; then the oldest are forgotten."""
BY_REFERENCE_BYTES = 2**20
"""Longer envelopes are handed over without a copy."""

_SNAPSHOT = re.compile(re.escape(SNAPSHOT_ASKED.encode()) + rb"[0-9a-f]{16,64}\Z")
_CITY = re.compile(re.escape(CITY_ASKED.encode()) + rb"[0-9a-f]{16,64}\Z")

_SUBSCRIBE = 1


class _Topic:
    """A topic's name, how many were published, and whether anybody subscribes."""

    __slots__ = ("name", "published", "wanted")

    def __init__(self, name: str, wanted: bool) -> None:
        self.name = name
        self.published = 0
        self.wanted = wanted


class _Reader:
    """What one connection holds: its topics, and the private answers it ever asked for."""

    __slots__ = ("asks", "asks_now", "second", "topics")

    def __init__(self) -> None:
        self.topics = self.asks = self.asks_now = 0
        self.second = 0.0

    def ask(self, now_s: float) -> bool:
        """Count one ask; False for one too many."""
        if now_s - self.second >= 1.0:
            self.second, self.asks_now = now_s, 0
        self.asks += 1
        self.asks_now += 1
        return self.asks <= ASKS_PER_CONNECTION and self.asks_now <= ASKS_PER_SECOND


class Publisher:
    """Publishes at one XPUB door. `snapshot` and `city` give the encoded answers to private requests."""

    def __init__(
        self,
        doors: Doors,
        door: Door,
        snapshot: Callable[[dict[str, int]], bytes],
        city: Callable[[], bytes],
    ) -> None:
        self.socket = doors.socket(door)
        self.socket.setsockopt(zmq.XPUB_VERBOSE, 1)
        self._doors = doors
        self.door: Door = door
        self._snapshot = snapshot
        self._city = city
        self._prefixes: set[bytes] = set()
        self._topics: dict[type[Body], _Topic] = {}
        self._held: dict[tuple[int, int], _Reader] = {}
        self._answer: zmq.Frame | None = None
        self._map: zmq.Frame | None = None
        self._asked: list[bytes] = []

    @property
    def numbers(self) -> dict[str, int]:
        """The number of the next message of each topic that was published."""
        return {topic.name: topic.published for topic in self._topics.values()}

    @property
    def watched(self) -> bool:
        """Whether anybody subscribes to anything that is published."""
        return bool(self._prefixes)

    def wants(self, name: str) -> bool:
        """Whether anybody subscribes to a topic."""
        topic = name.encode("ascii")
        return any(topic[:length] in self._prefixes for length in range(len(topic) + 1))

    def publish(self, message: Envelope[Body]) -> None:
        """Count `message` under its topic, and send it to whoever wants it."""
        kind = type(message.body)
        topic = self._topics.get(kind)
        if topic is None:
            topic = self._topics[kind] = _Topic(kind.__name__, self.wants(kind.__name__))
        number = topic.published
        topic.published = number + 1
        self._answer = None
        if topic.wanted:
            self._send(topic.name, number, encode(message))

    def _send(self, topic: str, number: int, data: bytes) -> None:
        # `send_multipart` costs as much again as the sending itself.
        head, count, envelope = published(topic, number, data)
        send = self.socket.send
        send(head, MORE)
        send(count, MORE)
        send(envelope, 0, len(data) < BY_REFERENCE_BYTES)

    def hear_readers(self) -> bool:
        """Take a bounded number of subscriptions in; whether any came."""
        changed = False
        for _ in range(NOTICES_PER_ROUND):
            try:
                frame = self.socket.recv(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                self._doors.floods.emptied(self.door)
                break
            changed = True
            self._hear(frame)
        if changed:
            for topic in self._topics.values():
                topic.wanted = self.wants(topic.name)
        return changed

    def answer_readers(self) -> None:
        """Answer the private requests that were heard; what was subscribed to before them is in force by now."""
        for topic in self._asked:
            if _CITY.match(topic):
                if self._map is None:
                    self._map = zmq.Frame(self._city(), copy=True)
                self._answer_with(topic, self._map)
            else:
                if self._answer is None:
                    self._answer = zmq.Frame(self._snapshot(self.numbers), copy=True)
                self._answer_with(topic, self._answer)
        self._asked.clear()

    def _answer_with(self, topic: bytes, envelope: zmq.Frame) -> None:
        # Sent from a frame, the bytes are shared by everybody who waits for them.
        head, count, _ = published(topic.decode("ascii"), 0, b"")
        self.socket.send(head, MORE)
        self.socket.send(count, MORE)
        self.socket.send(envelope, 0, copy=False)

    def _hear(self, frame: zmq.Frame) -> None:
        self._doors.floods.heard(fd_of(frame))
        data = frame.bytes
        if not data or data[0] > _SUBSCRIBE:
            self._doors.refusals.add(self.door, "malformed")
            return
        asked, topic = data[0] == _SUBSCRIBE, data[1:]
        private = _SNAPSHOT.match(topic) is not None or _CITY.match(topic) is not None
        if not self._within_bounds(frame, asked, private):
            self._doors.refusals.add(self.door, "flood", self._doors.peer_of(frame).sender)
        elif not asked:
            self._prefixes.discard(topic)
        elif self._doors.peer_of(frame).revoked:
            return
        elif private:
            self._asked.append(topic)
        elif not topic.startswith(b"?"):
            self._prefixes.add(topic)

    def _within_bounds(self, frame: zmq.Frame, asked: bool, private: bool) -> bool:
        """Count what a connection has asked for; one that asks without end is cut."""
        fd = fd_of(frame)
        if fd == NO_CONNECTION:
            return True
        place = fd, inode_of(fd)
        reader = self._held.get(place)
        if reader is None:
            if len(self._held) >= MOST_CONNECTIONS:
                self._forget_connections()
            reader = self._held[place] = _Reader()
        reader.topics += 1 if asked else -1
        within = reader.topics <= TOPICS_PER_CONNECTION
        if asked and private:
            within = reader.ask(time.monotonic()) and within
        if not within:
            cut_connection(*place)
        return within

    def _forget_connections(self) -> None:
        """Those that have ended, and the oldest of the others if that is not enough."""
        self._held = {place: held for place, held in self._held.items() if inode_of(place[0]) == place[1]}
        while len(self._held) >= MOST_CONNECTIONS:
            del self._held[next(iter(self._held))]
