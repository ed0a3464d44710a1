"""What a reader of the telemetry door knows: where the run is, which numbers came, what was missed.

No socket and no clock here: `read` is given what arrived and when, so every case can be tested without either.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container
from typing import NamedTuple

from fleet.base.errors import RunError
from fleet.bus.columns import names_of
from fleet.bus.wire import (
    CITY_ASKED,
    MOST_AHEAD_MS,
    SNAPSHOT_ASKED,
    Published,
    lifetime_ms,
    private_topic,
    read_published,
)
from fleet.messages.envelope import Message
from fleet.messages.notices import Beat, CityMap, RunEnded, Snapshot
from fleet.messages.reports import VehicleRoster
from fleet.messages.run_id import RunId

BACKLOG_MESSAGES = 10_000
BACKLOG_BYTES = 64 * 2**20

_READ_AT_ONCE = frozenset({"Beat", "RunEnded", "VehicleRoster"})


class Given(NamedTuple):
    """A message that is given out, as it came; `envelope` is what is in it if that was read before."""

    item: Published
    envelope: Message | None

    def opened(self) -> Message:
        """The envelope. Raises `MessageError`."""
        return self.item.message() if self.envelope is None else self.envelope


class Reading:
    """One reader's state. `topics` are those it subscribes to.

    `missed` counts by topic what was published and never came. `ended` is the run's last message once it has been
    given out.
    """

    def __init__(self, url: str, topics: Container[str]) -> None:
        self._url = url
        self._topics = topics
        self._expected: dict[str, int] = {}
        self._asked_snapshot = ""
        self._asked_city = ""
        self._waiting: deque[tuple[Published, Message | None]] = deque()
        self._waiting_bytes = 0
        self._beat_s = 0.0
        self._now_ms = 0
        self.speed = 1.0
        self.paused = False
        self.snapshot: Snapshot | None = None
        self.city: CityMap | None = None
        self.vehicles: tuple[str, ...] = ()
        self.names = names_of(())
        """The same as an array."""
        self.missed: dict[str, int] = {}
        self.over = False
        self.ended: RunEnded | None = None

    def ask_snapshot(self) -> str:
        """A fresh topic to subscribe to; what comes under it brings this reader up to date."""
        self._asked_snapshot = private_topic(SNAPSHOT_ASKED)
        return self._asked_snapshot

    def ask_city(self) -> str:
        """The same for the map, which then is `city`."""
        self._asked_city = private_topic(CITY_ASKED)
        return self._asked_city

    @property
    def run_id(self) -> RunId:
        """What orders are signed for. Raises `RunError` before the first snapshot, `MessageError` for no id."""
        if self.snapshot is None:
            raise RunError(f"the run at {self._url} has not said which one it is")
        return RunId(self.snapshot.run_id)

    @property
    def synchronised(self) -> bool:
        """Whether the last snapshot asked for has come."""
        return self.snapshot is not None and self._asked_snapshot == ""

    def read(self, parts: list[bytes], now_s: float) -> str:
        """Take one published message in; returns a private topic that is no longer needed, or "".

        Raises `MessageError` for what is none, and `RunError` when a snapshot shows that the run has
        ended, or that another one answers.
        """
        item = read_published(parts)
        if item.topic.startswith("?"):
            return self._read_private(item, now_s)
        if self.snapshot is None:
            return ""
        expected = self._expected.get(item.topic, 0)
        if item.number < expected:
            return ""
        self._miss(item.topic, item.number - expected)
        self._expected[item.topic] = item.number + 1
        message = item.message() if item.topic in _READ_AT_ONCE else None
        if message is not None:
            self._note(message, now_s)
        self._keep(item, message)
        return ""

    def _read_private(self, item: Published, now_s: float) -> str:
        if item.topic == self._asked_city:
            body = item.message().body
            if isinstance(body, CityMap):
                self.city, self._asked_city = body, ""
                return item.topic
        elif item.topic == self._asked_snapshot:
            body = item.message().body
            if isinstance(body, Snapshot):
                self._asked_snapshot = ""
                self._catch_up(body, now_s)
                return item.topic
        return ""

    def _catch_up(self, snapshot: Snapshot, now_s: float) -> None:
        """The first snapshot says where to begin, a later one what was missed while the connection was broken."""
        before = self.snapshot
        if before is not None:
            if snapshot.run_id != before.run_id:
                raise RunError(f"the run at {self._url} is gone; another one answers there")
            for topic, number in snapshot.numbers.items():
                if topic in self._topics:
                    self._miss(topic, number - self._expected.get(topic, 0))
        if snapshot.numbers.get("RunEnded", 0) > self._expected.get("RunEnded", 0):
            raise RunError(f"the run at {self._url} has ended")
        self._expected = dict(snapshot.numbers)
        self.snapshot = snapshot
        self._set_clock(snapshot.now_ms, snapshot.speed, snapshot.paused, now_s)
        if snapshot.roster is not None:
            self._name_rows(snapshot.roster)

    def _miss(self, topic: str, count: int) -> None:
        if count > 0:
            self.missed[topic] = self.missed.get(topic, 0) + count

    def _note(self, message: Message, now_s: float) -> None:
        body = message.body
        if isinstance(body, Beat):
            self._set_clock(body.now_ms, body.speed, body.paused, now_s)
        elif isinstance(body, VehicleRoster):
            self._name_rows(body)
        elif isinstance(body, RunEnded):
            self.over = True

    def _name_rows(self, roster: VehicleRoster) -> None:
        self.vehicles, self.names = roster.vehicles, names_of(roster.vehicles)

    def _set_clock(self, now_ms: int, speed: float, paused: bool, now_s: float) -> None:
        self._now_ms, self.speed, self.paused, self._beat_s = now_ms, speed, paused, now_s

    def _keep(self, item: Published, message: Message | None) -> None:
        """Let it wait for whoever reads; where too much waits, the oldest goes and counts as missed."""
        self._waiting.append((item, message))
        self._waiting_bytes += item.size
        while len(self._waiting) > BACKLOG_MESSAGES or self._waiting_bytes > BACKLOG_BYTES:
            oldest, _ = self._waiting.popleft()
            self._waiting_bytes -= oldest.size
            self._miss(oldest.topic, 1)

    @property
    def waiting(self) -> int:
        """How many messages came and were not given out yet."""
        return len(self._waiting)

    def give(self, topics: Container[str] | None) -> Message | None:
        """The next message of `topics` (None: of any); what lies before it is passed over."""
        given = self.take(topics)
        return None if given is None else given.opened()

    def take(self, topics: Container[str] | None) -> Given | None:
        """The same, still as it came."""
        while self._waiting:
            item, message = self._waiting.popleft()
            self._waiting_bytes -= item.size
            if item.topic == "RunEnded" and message is not None and isinstance(message.body, RunEnded):
                self.ended = message.body
            if topics is None or item.topic in topics:
                return Given(item, message)
        return None

    def now_ms(self, now_s: float) -> int:
        """The run's simulated time as well as it can be told from its last word and its speed."""
        passed_s = 0.0 if self.paused else max(0.0, now_s - self._beat_s)
        return self._now_ms + int(1000.0 * self.speed * passed_s)

    def expires_ms(self, now_s: float) -> int:
        """Until when an order of this moment should hold; never past what is allowed from its last word."""
        return min(self.now_ms(now_s) + lifetime_ms(self.speed), self._now_ms + MOST_AHEAD_MS)

    def set_now(self, now_ms: int, now_s: float) -> None:
        """The run's time from another source than its beats: a receipt."""
        if now_ms > self._now_ms:
            self._now_ms, self._beat_s = now_ms, now_s
