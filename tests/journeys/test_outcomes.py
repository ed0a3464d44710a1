"""What a user is told when something breaks: real processes, their exit codes, and their last lines.

The table in docs/faults.md states both, and the tests here hold processes against it; each has its row's words
as its name.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from fleet.bus.keyring import Keyring
from fleet.bus.toxics import Spoil, Toxic, ToxicProxy, address
from tests.app.command import FOUR_CORNERS, ROOT, spawn
from tests.journeys.both_teams import SCENARIO

pytestmark = [pytest.mark.slow, pytest.mark.thorough]

DEADLINE_S = 60.0
TELEMETRY, LOCKSTEP, RECORD = 0, 4, 5
"""How far these doors' ports are from the first one."""
HALF_OPEN = Spoil(up=Toxic(swallow=True), down=Toxic(swallow=True))
BUS = ("--bus", "tcp://127.0.0.1:*", "--quiet")
OPEN = (*BUS, "--insecure")
CLIENTS = "watch, send, join, record"

TABLE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8").split("\n## What happens when\n")[1]
ROWS = {
    (who, what): (int(code), line)
    for who, what, code, line in re.findall(
        r"^\| (.+?) \| (.+?) \| (\d+) \| (?:`+(.+?)`+ )?\|$", TABLE, re.MULTILINE
    )
}
HOLES = {"TICK": r"\d+", "PORT": r"\d+"}


class Process:
    """`fleet ...` in a process of its own, whose talk is read all the time."""

    def __init__(self, *words: object) -> None:
        self.child = spawn(*words)
        self.said: list[str] = []
        self.printed: list[str] = []
        self._new = threading.Condition()
        streams = ((self.child.stderr, self.said), (self.child.stdout, self.printed))
        self._readers = [threading.Thread(target=self._read, args=each, daemon=True) for each in streams]
        for reader in self._readers:
            reader.start()

    def _read(self, stream: IO[str], lines: list[str]) -> None:
        with stream:
            for line in stream:
                with self._new:
                    lines.append(line.rstrip("\n"))
                    self._new.notify_all()

    def says(self, words: str) -> str:
        """The first line of either stream that holds `words`, as soon as it is there."""

        def found() -> list[str]:
            return [line for line in (*self.said, *self.printed) if words in line]

        with self._new:
            assert self._new.wait_for(found, DEADLINE_S), self.said
            return found()[0]

    @property
    def url(self) -> str:
        """Where this run listens."""
        return self.says("listening at ").split()[-1]

    def ends_as(self, who: str, what: str, url: str = "") -> bool:
        """Whether it ends with the exit code and the last line that the table has for this."""
        code, line = ROWS[who, what]
        assert self.child.wait(DEADLINE_S) == code, self.said
        for reader in self._readers:
            reader.join(DEADLINE_S)
        assert not any("Traceback" in text for text in self.said), self.said
        pattern = re.escape(line.replace("URL", url))
        for name, form in HOLES.items():
            pattern = pattern.replace(name, form)
        assert line == "" or re.fullmatch(pattern, self.said[-1]), (line, self.said)
        return True

    def close(self) -> None:
        self.child.kill()
        self.child.wait()
        for reader in self._readers:
            reader.join(DEADLINE_S)


Start = Callable[..., Process]


def starter() -> Iterator[Start]:
    with ExitStack() as stack:

        def begin(*words: object) -> Process:
            process = Process(*words)
            stack.callback(process.close)
            return process

        yield begin


start = pytest.fixture(starter)
keep = pytest.fixture(scope="module")(starter)
"""The same for the whole file."""


@pytest.fixture(scope="module")
def served(keep: Start) -> Process:
    """A run without locks that stays."""
    return keep("serve", FOUR_CORNERS, *OPEN, "--speed", 1)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A keyring and another one, and a key of each role that is needed."""
    home = tmp_path_factory.mktemp("keys")
    people = (("kim", "operator"), ("vi", "viewer"), ("old", "viewer"), ("rita", "recorder"))
    ours, theirs = Keyring.make(home / "ours"), Keyring.make(home / "theirs")
    for name, role in people:
        ours.new(name, role, home / f"{name}.key")
    ours.revoke("old")
    theirs.new("eve", "viewer", home / "eve.key")
    return home


@pytest.fixture(scope="module")
def locked(keep: Start, home: Path) -> Process:
    """A run with keys that stays."""
    return keep("serve", FOUR_CORNERS, *BUS, "--keys", home / "ours", "--speed", 1)


@dataclass
class Scene:
    """A run, and somebody whose connection to it is half open."""

    run: Process
    other: Process
    url: str


@pytest.fixture(scope="module", autouse=True)
def half_open(
    keep: Start, served: Process, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Scene]]:
    """Laid out before everything else: it takes its time until both sides notice, and other tests can use that."""
    out = tmp_path_factory.mktemp("half-open") / "record"
    recorded = keep("run", FOUR_CORNERS, *OPEN, "--speed", 100, "--bus-wait", DEADLINE_S)
    joined = keep("run", SCENARIO, *OPEN, "--await", "blue", "--speed", 10, "--patience", 1)
    with ExitStack() as stack:
        proxies: list[ToxicProxy] = []

        def through(url: str, door: int) -> str:
            """The URL at which a client finds that door by way of a proxy."""
            host, port = address(url)
            proxies.append(stack.enter_context(ToxicProxy((host, 0), (host, port + door))))
            return f"tcp://{host}:{proxies[-1].address[1] - door}"

        urls = [through(served.url, TELEMETRY), through(joined.url, LOCKSTEP), through(recorded.url, RECORD)]
        watcher = keep("watch", urls[0], "--timeout", 10)
        team = keep("join", SCENARIO, urls[1], "--seat", "blue")
        recorder = keep("record", urls[2], "-o", out)
        for process, words in ((watcher, "tick"), (joined, "everybody has joined"), (recorder, "recording ")):
            process.says(words)
        for proxy in proxies:
            proxy.set(HALF_OPEN)
        yield {
            "watcher": Scene(served, watcher, urls[0]),
            "team": Scene(joined, team, urls[1]),
            "recorder": Scene(recorded, recorder, urls[2]),
        }


def test_every_row_is_held_against_processes() -> None:
    assert len(ROWS) > 15
    for _, what in ROWS:
        name = "test_" + re.sub(r"\W+", "_", what.replace("'", ""))
        assert name in globals(), f"no test of {what!r}"


# ---- before anything begins


def test_a_port_is_taken(start: Start, served: Process) -> None:
    again = start("serve", FOUR_CORNERS, "--bus", served.url, "--insecure", "--quiet")
    assert again.ends_as("run", "a port is taken")


def test_nobody_takes_a_seat(start: Start) -> None:
    run = start("run", SCENARIO, *OPEN, "--await", "red", "--bus-wait", 1)
    assert run.ends_as("run", "nobody takes a seat")


def clients(start: Start, where: Callable[[int], str], home: Path) -> list[tuple[Process, str]]:
    """All four, each at the URL for the door that it uses first."""
    telemetry, lockstep, record = (where(door) for door in (TELEMETRY, LOCKSTEP, RECORD))
    key = ("--key", home / "kim.key", "--insecure")
    return [
        (start("watch", telemetry, "--timeout", 1), telemetry),
        (start("send", "pause", "--url", telemetry, *key, "--timeout", 1), telemetry),
        (start("join", SCENARIO, lockstep, "--seat", "red", "--patience", 1), lockstep),
        (start("record", record, "-o", home / "record", "--wait", 1), record),
    ]


def test_nobody_is_there(start: Start, home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for client, url in clients(start, lambda door: f"tcp://127.0.0.1:{port - door}", home):
        assert client.ends_as(CLIENTS, "nobody is there", url)
    assert not (home / "record").exists()


def test_the_peer_never_answers(start: Start, home: Path) -> None:
    # Nobody accepts: the system takes connections by itself, as that of a stopped process does.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for client, url in clients(start, lambda door: f"tcp://127.0.0.1:{port - door}", home):
            assert client.ends_as(CLIENTS, "the peer never answers", url)


def test_no_key_is_given(start: Start, locked: Process) -> None:
    assert start("watch", locked.url).ends_as("watch, join, record", "no key is given", locked.url)


def test_the_key_is_of_another_ring(start: Start, locked: Process, home: Path) -> None:
    watcher = start("watch", locked.url, "--key", home / "eve.key", "--timeout", 5)
    assert watcher.ends_as(CLIENTS, "the key is of another ring", locked.url)


def test_the_key_was_revoked(start: Start, locked: Process, home: Path) -> None:
    watcher = start("watch", locked.url, "--key", home / "old.key")
    assert watcher.ends_as(CLIENTS, "the key was revoked", locked.url)


def test_the_key_is_revoked_on_the_way(start: Start, locked: Process, home: Path, tmp_path: Path) -> None:
    recorder = start("record", locked.url, "-o", tmp_path / "r", "--key", home / "rita.key")
    recorder.says("recording ")
    Keyring.open(home / "ours").revoke("rita")
    assert recorder.ends_as("join, record", "the key is revoked on the way", locked.url)


def test_the_key_is_for_other_doors(start: Start, locked: Process, home: Path) -> None:
    team = start("join", SCENARIO, locked.url, "--seat", "red", "--key", home / "vi.key")
    assert team.ends_as("join, record", "the key is for other doors", locked.url)


def test_the_key_may_not_give_orders(start: Start, locked: Process, home: Path) -> None:
    sender = start("send", "pause", "--url", locked.url, "--key", home / "vi.key")
    assert sender.ends_as("send", "the key may not give orders")


def test_the_run_has_no_locks(start: Start, served: Process, home: Path) -> None:
    watcher = start("watch", served.url, "--key", home / "vi.key")
    assert watcher.ends_as(CLIENTS, "the run has no locks", served.url)


# ---- half-way


def test_the_run_is_killed(start: Start, tmp_path: Path) -> None:
    run = start("serve", FOUR_CORNERS, *OPEN, "--speed", 10)
    watcher = start("watch", run.url, "--timeout", 3)
    recorder = start("record", run.url, "-o", tmp_path / "record")
    watcher.says("tick")
    recorder.says("recording ")
    run.child.kill()
    for client in (watcher, recorder):
        assert client.ends_as("watch, join, record", "the run is killed", run.url)


def test_a_watcher_is_killed(start: Start) -> None:
    run = start("serve", FOUR_CORNERS, *OPEN, "--speed", 3_000, "--bus-wait", DEADLINE_S)
    watcher = start("watch", run.url)
    watcher.says("tick")
    watcher.child.kill()
    assert run.ends_as("run", "a watcher is killed")


def test_a_team_is_killed(start: Start) -> None:
    run = start("run", SCENARIO, *OPEN, "--await", "blue", "--speed", 10)
    team = start("join", SCENARIO, run.url, "--seat", "blue")
    run.says("everybody has joined")
    team.child.kill()
    assert run.ends_as("run", "a team is killed")


def test_a_recorder_is_killed(start: Start, tmp_path: Path) -> None:
    run = start("run", FOUR_CORNERS, *OPEN, "--speed", 10, "--bus-wait", DEADLINE_S)
    recorder = start("record", run.url, "-o", tmp_path / "record")
    recorder.says("recording ")
    recorder.child.kill()
    assert run.ends_as("run", "a recorder is killed")


def test_a_watchers_connection_is_half_open(half_open: dict[str, Scene]) -> None:
    scene = half_open["watcher"]
    assert scene.other.ends_as("watch", "a watcher's connection is half open", scene.url)
    assert scene.run.child.poll() is None


def test_a_teams_connection_is_half_open(half_open: dict[str, Scene]) -> None:
    scene = half_open["team"]
    assert scene.run.ends_as("run", "a team's connection is half open")
    assert scene.other.ends_as("join", "a team's connection is half open", scene.url)


def test_a_recorders_connection_is_half_open(half_open: dict[str, Scene]) -> None:
    scene = half_open["recorder"]
    assert scene.run.ends_as("run", "a recorder's connection is half open")
    assert scene.other.ends_as("record", "a recorder's connection is half open", scene.url)
