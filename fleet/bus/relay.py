"""The thread at the doors: it publishes, takes requests in, and answers, while the run goes on without it.

The run's thread hands it jobs (a batch to publish, answers to give) and goes on; what comes in is left for the run
to fetch. All its sockets are touched by this thread only. Nothing that a peer does can end it.

How the two threads share Python: a thread that lets go of the interpreter for a moment at each call to a socket
can be kept waiting by one that computes without pause. So the run's thread waits, asleep, whenever `MOST_JOBS`
have gathered, and the relay then works them off alone. That bounds memory too.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import zmq

from fleet.base.errors import RunError
from fleet.bus.doorman import Doorman
from fleet.bus.doors import Doors
from fleet.bus.intake import Intake, Room
from fleet.bus.publisher import Publisher
from fleet.messages.codec import encode
from fleet.messages.envelope import Envelope, Message
from fleet.messages.notices import GATE, Beat, Cause, CityMap, Receipt, RunEnded, SeatRefused, Snapshot
from fleet.messages.plane import Body, Plane
from fleet.messages.roles import Door
from fleet.messages.tamper import TamperAnswered

MOST_JOBS = 32
REQUESTS_PER_ROUND = 32
POLL_MS = 1_000
MOST_WAITING = 10_000
MOST_WAITING_BYTES = 64 * 2**20
"""What may wait for the run to take it; beyond that only control verbs are let in."""
MOST_WAITING_CONTROLS = 10_000
"""So many more may wait if they are control verbs, and as many again of those by which a held run goes on."""
PATIENCE_S = 30.0
"""How long the run waits for the relay before it gives up; the relay only ever computes, so it should never be."""

ASKED_AT: tuple[Door, ...] = ("command", "injection")


class Picture(Protocol):
    """Keeps what a late joiner must know. It hears what is published, in the relay's thread."""

    def hear(self, tick: int, batch: Sequence[Message]) -> None:
        """What is published at `tick`."""

    def snapshot(self, numbers: dict[str, int], *, speed: float, paused: bool) -> Snapshot:
        """The state after everything heard so far; `numbers` are those of the next message of each topic."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that was let in, and where its answer goes."""

    door: Door
    route: bytes
    message: Message
    peer: str
    size: int


class Relay:
    """Owns the sockets of the telemetry, truth, command and injection doors from `start` to `stop`."""

    def __init__(
        self,
        doors: Doors,
        intake: Intake,
        picture: Picture,
        city: CityMap | None,
        *,
        pace: tuple[float, bool],
        unattended: Sequence[Door],
    ) -> None:
        self._doors = doors
        self._intake = intake
        self._picture = picture
        self._city = city or CityMap(geojson="", origin_lon=0.0, origin_lat=0.0, crs="")
        self._jobs: deque[Callable[[], None]] = deque()
        self._done = threading.Event()
        self._asleep = False
        self._doorman = Doorman("fleet-relay", "the gate", self._work, ended=self._done.set)
        self._readers = [Publisher(doors, door, self._snapshot, self._city_map) for door in ("telemetry", "truth")]
        self._telemetry, self._truth = self._readers
        self._routers = {door: doors.socket(door) for door in (*ASKED_AT, *unattended)}
        self._sockets = {
            **{reader.door: reader.socket for reader in self._readers},
            **self._routers,
        }
        self._tick = 0
        self._said_ms = 0
        self._speed, self._paused = pace
        self._over = False
        self.now_ms = 0
        """The run's time at the last tick that was let in; the run's thread sets it."""
        self.frames_wanted = False
        self.subscribed = threading.Event()
        """Set once anybody subscribed to anything that is published."""
        self.arrivals: deque[Arrival] = deque()
        self.arrived = threading.Event()
        self._came = self._came_bytes = 0
        self.settled = self.settled_bytes = 0
        """How much of what came the run is done with; the run's thread counts."""

    # ---- what the run's thread does

    def start(self) -> None:
        """Begin to serve the doors."""
        self._doorman.start()

    def give(self, job: Callable[[], None]) -> None:
        """Have `job` done in the relay's thread, after what was given before. Raises `RunError` if that died."""
        self._doorman.require_well()
        self._jobs.append(job)
        if self._asleep:
            self._doorman.ring()
        if len(self._jobs) >= MOST_JOBS:
            self._wait_until_done()

    def _wait_until_done(self) -> None:
        while self._jobs:
            self._done.clear()
            # It may have died since, and then nobody would set the event again.
            self._doorman.require_well()
            if not self._jobs:
                break
            self._doorman.ring()
            if not self._done.wait(PATIENCE_S):
                raise RunError(f"the gate did not publish anything for {PATIENCE_S:g} s")

    def stop(self) -> None:
        """Finish what was given, then let go of the sockets. A second call does nothing."""
        self._doorman.stop(PATIENCE_S)

    # ---- what it does itself

    def _work(self) -> None:
        poller = zmq.Poller()
        for source in (self._doorman.bell, *self._sockets.values()):
            poller.register(source, zmq.POLLIN)
        while self._jobs or not self._doorman.stopping:
            self._round(poller)

    def _round(self, poller: zmq.Poller) -> None:
        self._asleep = True
        ready = dict(poller.poll(0 if self._jobs or self._doorman.stopping else POLL_MS))
        self._asleep = False
        if self._doorman.bell in ready:
            self._doorman.hush()
        for door, socket in self._sockets.items():
            if socket not in ready:
                self._doors.floods.emptied(door)
        for reader in self._readers:
            if reader.socket in ready and reader.hear_readers():
                self._note_readers()
                reader.answer_readers()
        for door, router in self._routers.items():
            if router in ready:
                self._take_requests(door, router)
        self._do_jobs()

    def _do_jobs(self) -> None:
        for _ in range(MOST_JOBS):
            if not self._jobs:
                break
            self._jobs[0]()
            self._jobs.popleft()
        if not self._jobs:
            self._done.set()

    def _note_readers(self) -> None:
        self.frames_wanted = self._telemetry.wants("TelemetryFrame")
        if self._telemetry.watched or self._truth.watched:
            self.subscribed.set()

    # ---- publishing: jobs

    def publish(self, tick: int, now_ms: int, batch: Sequence[Message]) -> None:
        """Publish what was heard at `tick`; its beat comes last."""
        self._tick, self._said_ms = tick, now_ms
        self._picture.hear(tick, batch)
        for message in batch:
            body = message.body
            if body.plane is Plane.TELEMETRY:
                self._telemetry.publish(message)
            elif body.plane is Plane.TRUTH:
                self._truth.publish(message)
            elif body.plane is Plane.INJECTION:
                self._hear_injection(message)
        self.beat()

    def beat(self) -> None:
        """Say where the run is."""
        self._to_all(Beat(tick=self._tick, now_ms=self._said_ms, speed=self._speed, paused=self._paused))

    def set_pace(self, speed: float, paused: bool) -> None:
        """The run goes at another speed from now on."""
        self._speed, self._paused = speed, paused
        self.beat()

    def end(self, ending: RunEnded) -> None:
        """Say that the run is over."""
        self._over = True
        self._to_all(ending)
        while self.arrivals:
            # What came after the run had fetched for the last time.
            arrival = self.arrivals.popleft()
            self._receipt(arrival.door, arrival.route, arrival.message.seq, -1, "late")

    def _to_all(self, body: Body) -> None:
        message = _said(body, self._said_ms)
        self._telemetry.publish(message)
        self._truth.publish(message)

    def _snapshot(self, numbers: dict[str, int]) -> bytes:
        state = self._picture.snapshot(numbers, speed=self._speed, paused=self._paused)
        return encode(_said(state, self._said_ms))

    def _city_map(self) -> bytes:
        return encode(_said(self._city, self._said_ms))

    # ---- requests and answers

    def _take_requests(self, door: Door, router: zmq.Socket[bytes]) -> None:
        for _ in range(REQUESTS_PER_ROUND):
            try:
                route = router.recv(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                self._doors.floods.emptied(door)
                break
            parts, frame = 0, route
            while frame.more:
                # A message of a million parts is read to its end, and none of it kept.
                parts, frame = parts + 1, router.recv(zmq.NOBLOCK, copy=False)
            self._take(door, route.bytes, frame, b"" if parts != 1 else frame.bytes)

    def _take(self, door: Door, route: bytes, frame: zmq.Frame, data: bytes) -> None:
        peer = self._doors.peer_of(frame)
        if door not in ASKED_AT:
            self._doors.refusals.add(door, "not-allowed", peer.sender)
            self._send(door, route, SeatRefused(cause="this run waits for nobody"))
            return
        verdict = self._intake.check(door, peer, data, self.now_ms, route, room=self._room)
        if verdict.message is None:
            self._doors.refusals.add(door, verdict.cause, verdict.sender)
            self._receipt(door, route, verdict.seq, -1, verdict.cause, verdict.reason)
        elif self._over:
            self._receipt(door, route, verdict.seq, -1, "late")
        else:
            self._came += 1
            self._came_bytes += len(data)
            self.arrivals.append(Arrival(door, route, verdict.message, peer.name, len(data)))
            self.arrived.set()

    @property
    def _room(self) -> Room:
        waiting = self._came - self.settled
        if waiting >= MOST_WAITING + 2 * MOST_WAITING_CONTROLS:
            return "none"
        if waiting >= MOST_WAITING + MOST_WAITING_CONTROLS:
            return "going-on"
        if waiting >= MOST_WAITING or self._came_bytes - self.settled_bytes >= MOST_WAITING_BYTES:
            return "controls"
        return "all"

    def answer(self, answers: Sequence[tuple[Arrival, int, Cause]]) -> None:
        """Tell who asked what became of it: heard at a tick, or refused after all (tick -1)."""
        for arrival, tick, cause in answers:
            self._receipt(arrival.door, arrival.route, arrival.message.seq, tick, cause)

    def _receipt(self, door: Door, route: bytes, seq: int, tick: int, cause: Cause, reason: str = "") -> None:
        self._send(door, route, Receipt(seq=seq, tick=tick, cause=cause, reason=reason))

    def _hear_injection(self, message: Message) -> None:
        body = message.body
        if isinstance(body, TamperAnswered):
            route = self._intake.errands.answered(body)
            if route is not None:
                self._send("injection", route, body)
        else:
            self._intake.errands.heard(message.sender, body)

    def _send(self, door: Door, route: bytes, body: Body) -> None:
        """To one peer; a peer that is gone, or takes nothing, loses it."""
        with suppress(zmq.Again):
            self._routers[door].send_multipart([route, encode(_said(body, self._said_ms))], zmq.NOBLOCK)


def _said(body: Body, now_ms: int) -> Envelope[Body]:
    return Envelope(sender=GATE, seq=0, t_ms=now_ms, body=body)
