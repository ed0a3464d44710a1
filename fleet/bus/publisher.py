"""One publishing door: who wants which topic, what was published under which number, and private answers.

Only the relay's thread uses it. A topic's number counts what was published whether or not anybody subscribed, so a
gap in the numbers is what a reader missed. What nobody wants is counted and not encoded.
"""

from __future__ import annotations

import re
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
        self._door: Door = door
        self._snapshot = snapshot
        self._city = city
        self._prefixes: set[bytes] = set()
        self._topics: dict[type[Body], _Topic] = {}
        self._held: dict[tuple[int, int], int] = {}
        self._answer = b""
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
        self._answer = b""
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
                self._send(topic.decode("ascii"), 0, self._city())
            else:
                self._answer = self._answer or self._snapshot(self.numbers)
                self._send(topic.decode("ascii"), 0, self._answer)
        self._asked.clear()

    def _hear(self, frame: zmq.Frame) -> None:
        data = frame.bytes
        if not data or data[0] > _SUBSCRIBE:
            self._doors.refusals.add(self._door, "malformed")
            return
        asked, topic = data[0] == _SUBSCRIBE, data[1:]
        self._count(frame, asked)
        if not asked:
            self._prefixes.discard(topic)
        elif self._doors.peer_of(frame).revoked:
            return
        elif _SNAPSHOT.match(topic) or _CITY.match(topic):
            self._asked.append(topic)
        elif not topic.startswith(b"?"):
            self._prefixes.add(topic)

    def _count(self, frame: zmq.Frame, asked: bool) -> None:
        """Cut a connection that subscribes without end: the topics of each are kept in memory."""
        fd = fd_of(frame)
        if fd == NO_CONNECTION:
            return
        place = fd, inode_of(fd)
        held = self._held.pop(place, 0) + (1 if asked else -1)
        if held > TOPICS_PER_CONNECTION:
            self._doors.refusals.add(self._door, "flood")
            cut_connection(*place)
        elif held > 0:
            if len(self._held) > TOPICS_PER_CONNECTION:
                self._held.clear()
            self._held[place] = held
