"""The run under fire, in a process of its own, and raw sockets at its doors."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import zmq

import fleet
from fleet.base.errors import FleetError
from fleet.bus.endpoints import endpoints
from fleet.bus.keyring import Identity, Keyring
from fleet.messages.codec import decode
from fleet.messages.notices import Receipt
from fleet.messages.roles import Door
from fleet.messages.run_id import RunId

ROOT = Path(__file__).resolve().parents[2]
CHUNK = 5_000
SPEED = 60.0
"""Ticks a second: a peer's share is refilled so often."""
PATIENCE_S = 20.0


@dataclass
class Chunk:
    """What became of one chunk: `causes` by receipt, or by what the run published where there are none."""

    door: str
    sent: int
    causes: dict[str, int]
    unanswered: int
    memory_mib: float
    seconds: float


class Server:
    """A served run in a process of its own, and a reader that adds up what it says it refused."""

    def __init__(self, folder: Path) -> None:
        keys = Keyring.make(folder / "keys")
        keys.new("kim", "operator", folder / "kim.key")
        keys.new("lee", "blue", folder / "lee.key")
        self.kim, self.lee = Identity.load(folder / "kim.key"), Identity.load(folder / "lee.key")
        self.url = endpoints("tcp://127.0.0.1:*").base
        self.log = (folder / "serve.log").open("w+")
        scenario = str(ROOT / "configs" / "four-corners.yaml")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fleet", "serve", scenario, "--bus", self.url, "--insecure", "--quiet",
             "--keys", str(folder / "keys"), "--speed", str(SPEED), "--set", "run.duration_h=168"],
            stdout=self.log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.refused: Counter[tuple[str, str]] = Counter()
        self.tick = 0
        self.now_ms = 0
        self._over = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._ready = threading.Event()
        self._reader.start()
        if not self._ready.wait(60.0):
            raise SystemExit(f"the run did not come up:\n{self.text()}")

    def _read(self) -> None:
        client = None
        while client is None and self.process.poll() is None:
            try:
                client = fleet.connect(
                    self.url, topics=("MessagesRefused", "Beat"), timeout_s=2.0, queue=1_000_000
                )
            except FleetError:
                continue
        if client is None:
            return
        with client:
            self.run = RunId(client.snapshot.run_id)
            self._ready.set()
            while not self._over.is_set():
                for message in client.messages(timeout_s=0.2):
                    body = message.body
                    if type(body).__name__ == "Beat":
                        self.tick, self.now_ms = body.tick, body.now_ms
                    elif type(body).__name__ == "MessagesRefused":
                        self.refused[body.door, body.cause] += body.count
                    if self._over.is_set():
                        break

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def memory_mib(self) -> float:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0

    def text(self) -> str:
        self.log.flush()
        return Path(self.log.name).read_text()

    def next_tick(self) -> None:
        """Wait until another tick has begun: shares are counted by tick."""
        tick, deadline_s = self.tick, time.monotonic() + PATIENCE_S
        while self.tick <= tick:
            if time.monotonic() > deadline_s or not self.alive:
                raise SystemExit(f"the run stands still at tick {tick}:\n{self.text()}")
            time.sleep(0.002)

    def flood(self, door: Door, way: str, seconds: float) -> None:
        """Have a hostile peer, a process of its own, flood a door and leave; the run must go on."""
        host, _, port = endpoints(self.url, listen=False).of(door).removeprefix("tcp://").rpartition(":")
        kind = "SUB" if door in ("telemetry", "truth") else "DEALER"
        flooder = str(ROOT / "tests" / "bus" / "flooder.py")
        subprocess.run([sys.executable, flooder, host, port, kind, way, str(seconds)], check=True)
        self.next_tick()

    def close(self) -> None:
        self._over.set()
        self.process.terminate()
        self.process.wait(30)
        self._reader.join(5)
        self.log.close()


@contextmanager
def peer(url: str, door: Door, kind: int) -> Iterator[zmq.Socket[bytes]]:
    """A raw socket at a door."""
    with zmq.Context() as context, context.socket(kind) as raw:
        raw.setsockopt(zmq.LINGER, 0)
        raw.setsockopt(zmq.SNDHWM, 0)
        raw.setsockopt(zmq.RCVHWM, 0)
        raw.connect(endpoints(url, listen=False).of(door))
        yield raw


def ask(raw: zmq.Socket[bytes], frames: list[list[bytes]]) -> Counter[str]:
    """Send requests and take their receipts; "" counts what was let in."""
    causes: Counter[str] = Counter()
    for frame in frames:
        raw.send_multipart(frame)
    deadline_s = time.monotonic() + PATIENCE_S
    while sum(causes.values()) < len(frames) and time.monotonic() < deadline_s:
        if raw.poll(200):
            body = decode(raw.recv_multipart()[-1]).body
            if isinstance(body, Receipt):
                causes[body.cause] += 1
    return causes
