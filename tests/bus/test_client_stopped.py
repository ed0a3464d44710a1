"""Readers in processes of their own, slow or stopped for longer than a heartbeat: what they can still say.

A slow or stopped reader has a full queue, and ZeroMQ ends the whole process of a reader whose connection has
heartbeats and goes while its queue is full (see `fleet.bus.dial`).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from .proxy import Proxy
from .toy_gate import ToyGate, frame

ROOT = Path(__file__).parents[2]
BIG = msgspec.structs.replace(frame(1), x_m=bytes(60_000))
MORE_THAN_SOCKETS_HOLD = 1_000
"""So many of these frames fill every buffer between a gate and a reader that does not read."""
LONGER_THAN_HEARTBEATS_S = 0.5
PATIENCE_S = 60.0


class Reader:
    """The process of `sleeper.py`; `farewell` is what it has to say at its end."""

    def __init__(self, url: str, kind: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("sleeper.py")), url, kind],
            env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert said == "joined\n", self._process.communicate()

    def wait_until_stopped(self) -> None:
        """It stopped itself, and its heartbeats are overdue."""
        deadline = time.monotonic() + PATIENCE_S
        while os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOHANG) is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(LONGER_THAN_HEARTBEATS_S)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def farewell(self):
        said, errors = self._process.communicate(timeout=PATIENCE_S)
        assert (self._process.returncode, errors) == (0, "")
        return json.loads(said)

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def reader_of(url, kind):
    reader = Reader(url, kind)
    try:
        yield reader
    finally:
        reader.end()


def known(said):
    """How many messages of each topic it can account for."""
    topics = said["got"].keys() | said["missed"].keys()
    return {topic: said["got"].get(topic, 0) + said["missed"].get(topic, 0) for topic in topics}


def test_a_stopped_reader_that_goes_on_says_what_it_missed():
    with ToyGate(frame_bytes=2**20) as gate, reader_of(gate.url, "stopped") as reader:
        gate.held_tick(frame(1))
        reader.wait_until_stopped()
        gate.say(*[BIG] * MORE_THAN_SOCKETS_HOLD)
        reader.go_on()
        while gate.tick < 50:
            gate.held_tick(frame(2))
            time.sleep(0.01)
        gate.end()
        said = reader.farewell()
    assert known(said) == {"TelemetryFrame": MORE_THAN_SOCKETS_HOLD + 50, "Beat": 50, "RunEnded": 1}
    assert said["missed"]["TelemetryFrame"] > 0
    assert (said["ended"], said["error"]) == ("complete", "")


@pytest.mark.parametrize("kind", ["stopped", pytest.param("stopped-async", marks=pytest.mark.thorough)])
def test_a_stopped_reader_that_was_cut_meanwhile_says_what_it_missed(kind):
    with ToyGate() as gate, Proxy(gate.url) as proxy, reader_of(proxy.url, kind) as reader:
        gate.held_tick(frame(1))
        reader.wait_until_stopped()
        proxy.cut()
        gate.wait_for_no_reader()
        gate.held_tick(frame(2))
        gate.held_tick(frame(3))
        reader.go_on()
        proxy.let_in()
        gate.wait_for_snapshots(2)
        gate.held_tick(frame(4))
        gate.end()
        said = reader.farewell()
    assert known(said) == {"TelemetryFrame": 4, "Beat": 4, "RunEnded": 1}
    assert said["missed"] in ({"TelemetryFrame": 2, "Beat": 2}, {"TelemetryFrame": 2, "Beat": 3})
    assert (said["ended"], said["error"]) == ("complete", "")


def test_a_stopped_reader_that_was_cut_is_told_by_a_run_that_has_ended():
    with ToyGate() as gate, Proxy(gate.url) as proxy, reader_of(proxy.url, "stopped") as reader:
        gate.held_tick(frame(1))
        reader.wait_until_stopped()
        proxy.cut()
        gate.wait_for_no_reader()
        gate.held_tick(frame(2))
        gate.end()
        reader.go_on()
        proxy.let_in()
        said = reader.farewell()
    assert known(said) == {"TelemetryFrame": 2, "Beat": 2, "RunEnded": 1}
    assert said["error"] == f"the run at {proxy.url} has ended"


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["stopped", "slow"])
def test_a_reader_that_outlives_the_run_says_what_it_knows(kind):
    with ToyGate(frame_bytes=2**20) as gate, reader_of(gate.url, kind) as reader:
        gate.held_tick(frame(1))
        if kind == "stopped":
            reader.wait_until_stopped()
        for _ in range(10):
            gate.say(*[frame(2)] * 10)
            gate.lose("TelemetryFrame")
        gate.say(*[BIG] * MORE_THAN_SOCKETS_HOLD)
        gate.end()
        gate.close()
        reader.go_on()
        said = reader.farewell()
    published = 1 + 110 + MORE_THAN_SOCKETS_HOLD
    assert 110 < known(said)["TelemetryFrame"] < published, "the end of the run was lost with the run"
    assert said["missed"]["TelemetryFrame"] >= 10
    assert (said["ended"], said["error"]) == (None, f"the run at {gate.url} is gone")
