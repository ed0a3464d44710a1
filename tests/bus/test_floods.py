"""A peer that floods a door and goes: the run goes on in bounded memory, and others are served meanwhile.

The run is a process of its own, with real sockets, since what is feared is its sudden end.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import zmq

from fleet.bus.connections import inode_of
from fleet.bus.endpoints import endpoints
from fleet.bus.floods import ALLOWED_BYTES, Floods, brought_by, is_counted
from fleet.bus.refusals import Refusals
from fleet.messages.notices import Receipt
from fleet.messages.roles import DOORS
from fleet.messages.security import Alert
from tests.bus.flooder import come
from tests.bus.flooder import frame as wire_frame
from tests.bus.round_table import BLUE
from tests.bus.visitor import Visitor, answer, keyring_with, published, until

HERE = Path(__file__).parent
GROWTH_MIB = 400
"""What 2 MiB of empty messages are in ZeroMQ's memory, twice over, and as much again for slow machines."""
FLOOD_S = "0.7"
TICK_S = "0.3"
KEYS = dict(zip(DOORS, ("vi", "kim", "mal", "rec", "bea", "rec"), strict=True))
ROLES = {"vi": "viewer", "kim": "operator", "mal": "red", "bea": "blue", "rec": "recorder"}


class Besieged:
    """The run under fire, and the flooders that were sent against it."""

    def __init__(self, keys: Path | None) -> None:
        self.url = endpoints("tcp://127.0.0.1:*").base
        self._keys = keys
        words = [self.url, TICK_S, *([] if keys is None else [str(keys)])]
        self.process = self._spawn("besieged.py", *words)
        assert self.process.stdout.readline().strip() == self.url
        self.first = json.loads(self.process.stdout.readline())

    def _spawn(self, program: str, *words: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        command = [sys.executable, str(HERE / program), *words]
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def flood(self, door: str, way: str) -> subprocess.Popen[str]:
        port = int(self.url.rpartition(":")[2]) + DOORS.index(door)
        kind = "SUB" if door in ("telemetry", "truth") else "DEALER"
        keys = [] if self._keys is None else [str(self._keys / f"{KEYS[door]}.key")]
        return self._spawn("flooder.py", "127.0.0.1", str(port), kind, way, FLOOD_S, *keys)

    def peak_mib(self) -> float:
        told = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", told)[1]) / 1024

    def tick(self) -> dict:
        """The next tick; fails if the run is over."""
        line = self.process.stdout.readline()
        assert line, f"the run ended: {self.process.wait(10)}, {self.process.stderr.read()[-500:]}"
        return json.loads(line)

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def besieged(tmp_path):
    opened = []

    def open_it(*, locked=False):
        if locked:
            keyring_with(tmp_path, **ROLES)
        opened.append(Besieged(tmp_path if locked else None))
        return opened[-1]

    yield open_it
    for each in opened:
        each.close()


def withstand(run, door, way):
    with run.flood(door, way) as flooder:
        while flooder.poll() is None:
            last = run.tick()
        flooder.communicate()
    # A heartbeat of the run's own is due after a quarter of its patience, and what was left is read at ticks.
    for _ in range(3):
        last = run.tick()
    assert run.peak_mib() - run.first["rss_mib"] < GROWTH_MIB
    return last


@pytest.mark.parametrize(
    "door", ["command", *(pytest.param(d, marks=pytest.mark.thorough) for d in DOORS if d != "command")]
)
def test_who_fills_a_queue_pings_and_leaves_does_not_end_the_run(besieged, door):
    last = withstand(besieged(), door, "burst")
    assert sum(last["refused"].values()) > 0 or door == "lockstep"


@pytest.mark.parametrize(
    ("door", "way"),
    [
        ("command", "big"),
        *(
            pytest.param(*each, marks=pytest.mark.thorough)
            for each in (("telemetry", "endless"), ("lockstep", "small"), ("record", "namesake"))
        ),
    ],
)
def test_the_memory_of_a_run_has_a_bound_whatever_is_poured_in(besieged, door, way):
    last = withstand(besieged(), door, way)
    assert last["refused"][f"{door} flood"] > 0


@pytest.mark.parametrize("door", ["command", pytest.param("record", marks=pytest.mark.thorough)])
def test_who_has_a_key_and_floods_with_heartbeats_does_not_end_the_run(besieged, door):
    withstand(besieged(locked=True), door, "small")


def test_others_are_served_while_a_door_is_flooded(besieged):
    run = besieged()
    with Visitor(endpoints(run.url, listen=False)) as visitor:
        asker, reader = visitor.asker("command"), visitor.reader(b"Beat")
        asker.send(b"rubbish")
        assert answer(asker).cause == "malformed"
        beats, receipts = [], []
        with run.flood("command", "small") as flooder:
            while flooder.poll() is None:
                asker.send(b"rubbish")
                receipts.append(answer(asker))
                beats.append(published(reader)[2].tick)
            flooder.communicate()
    assert len(beats) >= 2
    assert beats == list(range(beats[0], beats[0] + len(beats)))
    assert {type(receipt) for receipt in receipts} == {Receipt}


def test_what_nobody_can_ever_read_shuts_a_door_for_longer_each_time(doors):
    """ZeroMQ keeps what is said under a name that another connection bears, and hands it to nobody."""
    doors.floods._shut_s["record"] = 0.01
    port = int(doors.endpoints.of("record").rpartition(":")[2])
    with come("127.0.0.1", port, "DEALER", b"twin"):

        def flood():
            doors.socket("record").poll(0)
            doors.floods.emptied("record")
            with suppress(OSError), come("127.0.0.1", port, "DEALER", b"twin") as flooder:
                while True:
                    flooder.sendall(wire_frame(b"x" * 250) * 1_000)

        until(lambda: flood() or doors.floods._shut_s["record"] > 0.03)


# ---- within one process


def test_a_flooded_door_is_shut_to_newcomers_until_it_is_read_and_those_who_are_there_stay(
    doors, visitor, monkeypatch
):
    monkeypatch.setattr("fleet.bus.floods.LONGEST_SHUT_S", 0.1)
    doors.floods._shut_s["record"] = 0.1
    regular = visitor.asker("record")
    regular.send(b"hello")
    record = doors.socket("record")
    route = record.recv_multipart()[0]
    port = int(doors.endpoints.of("record").rpartition(":")[2])

    def flood():
        with suppress(OSError), come("127.0.0.1", port, "DEALER", b"") as flooder:
            while True:
                flooder.sendall(wire_frame(b"x" * 250) * 1_000)

    until(lambda: flood() or "record" in doors.floods._shut)
    newcomer = visitor.asker("record")
    newcomer.send(b"me too")
    record.send_multipart([route, b"still here"])
    assert regular.recv() == b"still here"
    while record.poll(100):
        assert record.recv_multipart()[1] != b"me too"
    doors.floods.emptied("record")
    assert record.poll(10_000)
    assert record.recv_multipart()[1] == b"me too"
    assert {(r.door, r.cause) for r in doors.refusals.drain()} == {("record", "flood")}


def test_who_says_much_and_is_read_is_not_cut(gate, visitor, doors):
    asker = visitor.asker("command")
    asker.send(b"x")
    assert isinstance(answer(asker), Receipt)
    there = until(lambda: [(each.fd, each.inode) for each in doors.floods._connections.values()])
    big = b"x" * 200_000
    for _ in range(2 * ALLOWED_BYTES["command"] // len(big)):
        asker.send(big)
        assert isinstance(answer(asker), Receipt)
    assert [(each.fd, each.inode) for each in doors.floods._connections.values()] == there


def test_who_has_a_seat_may_say_more_than_a_stranger(table):
    barrier, [peer] = table.seat(BLUE)
    said = Alert(
        alert_id="a", detector="d", attack_class="gps-tow", entity="e", score=1.0, threshold=0.5,
        evidence="x" * 200,
    )  # fmt: skip
    per_tick = 1_500
    for tick in range(4):
        barrier.open(tick, 1_000 * tick, [])
        peer.hear()
        peer.answer(tick, *[("watchman", said)] * per_tick)
        assert len(barrier.collect()) == per_tick
    assert table.doors.refusals.total == 0


def test_the_kernel_counts_what_tcp_brings_and_nothing_else(doors, visitor):
    asker = visitor.asker("record")
    asker.send(b"x" * 100_000)
    record = doors.socket("record")
    record.recv_multipart()
    [found] = until(lambda: list(doors.floods._connections.values()))
    assert is_counted(found.fd)
    assert brought_by(found.fd, found.inode) > 100_000
    assert brought_by(found.fd, found.inode + 1) is None
    with Path(__file__).open() as file:
        assert not is_counted(file.fileno())
        assert brought_by(file.fileno(), inode_of(file.fileno())) is None


def test_a_watch_that_fails_is_told_to_the_run(doors, monkeypatch):
    def fail(self, now_s):
        raise ValueError("a mistake of ours")

    doors.require_guarded()
    monkeypatch.setattr(Floods, "look", fail)
    doors.floods.came("record", zmq.EVENT_ACCEPTED, 0)
    with pytest.raises(Exception, match="the watch over the doors failed: a mistake of ours"):
        until(doors.require_guarded)


def test_it_stops_though_it_never_began():
    watch = Floods(zmq.Context.instance(), Refusals(), lambda fd, inode: "")
    watch.stop()
    watch.stop()
