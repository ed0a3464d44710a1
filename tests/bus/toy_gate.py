"""The far side of a client, played in a thread: doors, numbers, snapshots, receipts, and misbehaviour on request.

Everything that touches a socket happens in the gate's own thread; a test hands it things to do and waits for them.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import zmq

from fleet.bus.doors import Doors
from fleet.bus.keyring import Identity
from fleet.bus.wire import published
from fleet.messages.codec import decode, encode
from fleet.messages.envelope import Envelope
from fleet.messages.frames import TelemetryFrame, pack
from fleet.messages.notices import Beat, CityMap, Receipt, RunEnded, Snapshot
from fleet.messages.reports import VehicleRoster
from fleet.messages.seal import SecretKey
from fleet.messages.tamper import ForgeOrder, StartTamper, StopTamper, TamperAnswered
from tests.messages.runs import RUN

VEHICLES = ("light-01", "light-02", "heavy-01")
ROSTER = VehicleRoster(
    vehicles=VEHICLES, anchors=(), anchor_x_m=(), anchor_y_m=(), anchor_sigma_m=1.0, gnss_sigma_m=1.0
)
CITY = CityMap(
    geojson='{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"kind":"site","id":"depot"},'
    '"geometry":{"type":"Point","coordinates":[7.43,43.74]}}]}',
    origin_lon=7.42,
    origin_lat=43.73,
    crs="+proj=aeqd +lat_0=43.73 +lon_0=7.42 +datum=WGS84 +units=m +no_defs",
)


def identity(name, role):
    """A person's keys; the lock's are of no use where there is none."""
    return Identity(name, role, b"", b"", b"", SecretKey(bytes([len(name)]) * 32))


def frame(tick, rows=3):
    column = pack([tick + 0.5] * rows)
    return TelemetryFrame(
        tick=tick, x_m=column, y_m=column, height_m=column, speed_mps=column, battery_wh=column, load_kg=column,
        state=pack([2] * rows, "<u1"),
    )  # fmt: skip


class ToyGate:
    """A gate at six free ports, or at `endpoint`.

    `judge(envelope)` gives the cause of a receipt; what is asked at the injection door takes effect at the next
    tick, unless `no_effect` says why not.
    """

    def __init__(self, endpoint="tcp://127.0.0.1:*", *, keyring=None, name="toy", frame_bytes=1_000, run=RUN):
        self.doors = Doors(endpoint, keyring, frame_bytes=frame_bytes)
        self.url = self.doors.endpoints.base
        self.name = name
        self.run = run
        self.tick, self.speed, self.paused = 0, 1.0, False
        self.numbers: dict[str, int] = {}
        self.heard: list[Any] = []
        self.judge: Callable[[Any], str] = lambda message: ""
        self.no_effect = ""
        self.begun = True
        self.before_receipt: Callable[[Any], None] = lambda message: None
        self.mute = False
        self.readers: set[bytes] = set()
        self.snapshots = 0
        self._seq = 0
        self._todo: queue.SimpleQueue[tuple[Callable[[], Any], queue.SimpleQueue]] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    # ---- for tests

    def do(self, act):
        """Carry out `act` in the gate's thread, and wait until it is done."""
        done = queue.SimpleQueue()
        self._todo.put((act, done))
        return done.get(timeout=10)

    def say(self, *bodies):
        self.do(lambda: [self.publish(body) for body in bodies])

    def lose(self, topic, count=1):
        """Count messages that nobody gets."""
        self.do(lambda: self.numbers.__setitem__(topic, self.numbers.get(topic, 0) + count))

    def held_tick(self, *bodies):
        """A tick: what is said in it, then the beat."""

        def act():
            self.tick += 1
            for body in bodies:
                self.publish(body)
            self.publish(Beat(tick=self.tick, now_ms=1000 * self.tick, speed=self.speed, paused=self.paused))

        self.do(act)

    def end(self, status="complete"):
        self.do(lambda: self.publish_end(status))

    def publish_end(self, status="complete"):
        self.publish(RunEnded(tick=self.tick, status=status, digest="d"))

    def wait_for_no_reader(self):
        """ZeroMQ unsubscribes in the name of a connection that is gone."""
        deadline = time.monotonic() + 10
        while self.do(lambda: len(self.readers)):
            assert time.monotonic() < deadline, self.readers

    def wait_for_snapshots(self, count):
        """So many were asked for, and sent, since the beginning."""
        deadline = time.monotonic() + 10
        while self.do(lambda: self.snapshots) < count:
            assert time.monotonic() < deadline, self.snapshots

    def close(self):
        if self._stop.is_set():
            return
        self._stop.set()
        self._thread.join(timeout=10)
        assert not self._thread.is_alive()
        self.doors.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    # ---- in its own thread

    def envelope(self, body):
        self._seq += 1
        return encode(Envelope(sender="gate", seq=self._seq, t_ms=1000 * self.tick, body=body))

    def publish(self, body, door="telemetry"):
        topic = type(body).__name__
        number = self.numbers.get(topic, 0)
        self.numbers[topic] = number + 1
        self.doors.socket(door).send_multipart(published(topic, number, self.envelope(body)))

    def snapshot(self):
        return Snapshot(
            name=self.name, run_id=self.run.digits, tick=self.tick, now_ms=1000 * self.tick, tick_ms=1000,
            end_ms=3_600_000, start_hour=8.0, speed=self.speed, paused=self.paused, numbers=dict(self.numbers),
            roster=ROSTER if self.begun else None, frame=frame(self.tick) if self.begun else None,
            vehicles=(), open_pickups=(), collected=2, missed=1, alerts=(), airspace=(),
        )  # fmt: skip

    def _loop(self):
        poller = zmq.Poller()
        telemetry, command, injection = (self.doors.socket(d) for d in ("telemetry", "command", "injection"))
        for door in (telemetry, command, injection):
            poller.register(door, zmq.POLLIN)
        while not self._stop.is_set():
            ready = dict(poller.poll(2))
            if telemetry in ready:
                self._subscribed(telemetry.recv())
            for door in (command, injection):
                if door in ready:
                    self._asked(door, door.recv_multipart())
            while not self._todo.empty():
                act, done = self._todo.get()
                done.put(act())

    def _subscribed(self, frame_of):
        topic = frame_of[1:].decode()
        (self.readers.add if frame_of[0] == 1 else self.readers.discard)(topic)
        if frame_of[0] == 1 and topic.startswith("?"):
            body = CITY if topic.startswith("?city/") else self.snapshot()
            self.snapshots += isinstance(body, Snapshot)
            self.doors.socket("telemetry").send_multipart(published(topic, 0, self.envelope(body)))

    def _asked(self, door, parts):
        peer, data = parts
        message = decode(data)
        self.heard.append(message)
        if self.mute:
            return
        cause = self.judge(message)
        self.before_receipt(message)
        receipt = Receipt(seq=message.seq, tick=-1 if cause else self.tick, cause=cause)
        door.send_multipart([peer, self.envelope(receipt)])
        if isinstance(message.body, StartTamper | StopTamper | ForgeOrder) and not cause:
            answer = TamperAnswered(
                tamper_id=message.body.tamper_id, effect_tick=self.tick + 1, cause=self.no_effect
            )
            door.send_multipart([peer, self.envelope(answer)])
