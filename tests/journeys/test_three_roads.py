"""One run on three roads: with its teams inside, in processes of their own, and there behind locks; one digest.

How many seeds: the variable FLEET_SEEDS, 4 at most, else 1.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

import pytest

from fleet.bus.keyring import Keyring
from tests.app.command import fleet, spawn
from tests.journeys.both_teams import DEADLINE_S, SCENARIO, SMALL, TEAMS, inside

SEEDS = range(1, 1 + min(4, int(os.environ.get("FLEET_SEEDS", "1"))))
pytestmark = pytest.mark.slow


@dataclass
class Road:
    """How a run is reached: its endpoint, and the options of each side."""

    endpoint: str
    server: Sequence[object] = ("--insecure",)
    red: Sequence[object] = ()
    blue: Sequence[object] = ()


@dataclass
class Played:
    """The processes of a run with both teams elsewhere; they end with the block that began them."""

    run: Popen[str]
    url: str
    teams: dict[str, Popen[str]] = field(default_factory=dict)

    def ended(self) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of the run."""
        stdout, stderr = self.run.communicate(timeout=DEADLINE_S)
        return self.run.returncode, stdout, stderr

    def left(self, team: str) -> tuple[int, str]:
        """Exit code of a team, and all it said."""
        stdout, stderr = self.teams[team].communicate(timeout=DEADLINE_S)
        return self.teams[team].returncode, stdout + stderr


def line_with(process: Popen[str], text: str) -> str:
    """The first line of a process's talk that holds `text`."""
    assert process.stderr is not None
    until_s = time.monotonic() + DEADLINE_S
    said = []
    while time.monotonic() < until_s:
        if select.select([process.stderr], [], [], 1.0)[0]:
            line = process.stderr.readline()
            said.append(line)
            if text in line:
                return line
            if not line:
                break
    raise AssertionError(f"no line with {text!r} in {said}")


@contextlib.contextmanager
def played(seed: int, road: Road, *words: object) -> Iterator[Played]:
    common = ("--seed", seed, "--quiet", "--json", "--await", "red,blue")
    run = spawn("run", SCENARIO, *common, "--bus", road.endpoint, *road.server, *words)
    here = Played(run, "")
    try:
        here.url = line_with(run, "listening at ").split()[-1]
        for team, options in (("blue", road.blue), ("red", road.red)):
            here.teams[team] = spawn("join", SCENARIO, here.url, "--seat", team, *options)
        yield here
    finally:
        for process in (run, *here.teams.values()):
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Road:
    home = tmp_path_factory.mktemp("keys")
    ring = Keyring.make(home / "ring")
    for name, role in (("rita", "red"), ("bert", "blue")):
        ring.new(name, role, home / f"{name}.key")
    keys = [("--key", home / f"{name}.key") for name in ("rita", "bert")]
    return Road("tcp://127.0.0.1:*", ("--keys", home / "ring"), *keys)


ROADS = ["locked", *(pytest.param(name, marks=pytest.mark.thorough) for name in ("open", "ipc"))]


@pytest.mark.parametrize("name", ROADS)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_digest_on_every_road(seed: int, name: str, locked: Road, tmp_path: Path) -> None:
    expected = inside(seed)
    road = {"locked": locked, "open": Road("tcp://127.0.0.1:*"), "ipc": Road(f"ipc://{tmp_path}/bus")}[name]
    with played(seed, road, "-o", tmp_path / "run") as here:
        code, stdout, stderr = here.ended()
        assert code == 0, stderr
        assert json.loads(stdout)["digest"] == expected
        for team in TEAMS:
            left, said = here.left(team)
            assert left == 0, said
            assert f"seat {team}: " in said
            assert " 0 messages said" not in said
    if name != "locked":
        return
    replay = fleet("replay", tmp_path / "run", "--json")
    assert replay.exit_code == 0, replay.stdout
    assert expected in replay.stdout


def _under_way(here: Played) -> None:
    """Both teams have their seats, so the run goes on."""
    line_with(here.run, "everybody has joined")


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("number", "cause"),
    [(signal.SIGKILL, "seat `blue` is gone at tick"), (signal.SIGSTOP, "seat `blue` is silent")],
)
def test_a_team_that_dies_or_falls_silent_ends_the_run(number: int, cause: str) -> None:
    with played(1, Road("tcp://127.0.0.1:*"), "--patience", 1) as here:
        _under_way(here)
        here.teams["blue"].send_signal(number)
        code, stdout, stderr = here.ended()
        assert code == 1
        assert cause in json.loads(stdout)["error"]["message"]
        assert cause in stderr
        assert "Traceback" not in stderr
        left, said = here.left("red")
        assert left == 1
        assert "ended: the run failed" in said


@pytest.mark.thorough
def test_a_dropped_team_is_in_the_record_and_a_replay_drops_it_at_the_same_tick(tmp_path: Path) -> None:
    with played(1, Road("tcp://127.0.0.1:*"), "--drop-silent", "-o", tmp_path / "run") as here:
        _under_way(here)
        here.teams["blue"].kill()
        code, stdout, stderr = here.ended()
        assert code == 0, stderr
        assert here.left("red")[0] == 0
    events = (tmp_path / "run" / "events.jsonl").read_text().splitlines()
    dropped = [line for line in events if "ParticipantDropped" in line]
    assert len(dropped) == 1
    assert '"seat":"blue"' in dropped[0]
    assert '"cause":"gone"' in dropped[0]
    replay = fleet("replay", tmp_path / "run", "--json")
    assert replay.exit_code == 0, replay.stdout
    assert json.loads(stdout)["digest"] in replay.stdout


def test_a_run_that_is_killed_is_told_by_its_teams() -> None:
    with played(1, Road("tcp://127.0.0.1:*")) as here:
        _under_way(here)
        here.run.kill()
        for team in TEAMS:
            left, said = here.left(team)
            assert left == 1
            assert f"the run at {here.url} is gone" in said
            assert "Traceback" not in said


@pytest.mark.thorough
def test_a_team_of_another_run_goes_away_and_the_right_one_may_come() -> None:
    with played(1, Road("tcp://127.0.0.1:*", red=("--seed", 7))) as here:
        left, said = here.left("red")
        assert (left, said.splitlines()[-1]) == (1, "the run's seed is 1, not 7")
        for changed, found in (
            ("run.tick_ms=500", "another scenario: its tick is 1000 ms, and not 500 ms"),
            ("red.attacks.0.kind=gps-tow", "another scenario: its team speaks as red/stolen-key-0, red/gps-tow-1"),
        ):
            other = fleet("join", SCENARIO, here.url, "--seat", "red", "--set", changed)
            assert other.exit_code == 1
            assert found in other.stderr
        right = fleet("join", SCENARIO, here.url, "--seat", "red", "--json")
        assert (right.exit_code, json.loads(right.stdout)["cause"]) == (0, "")
        assert here.ended()[0] == 0


def test_a_scenario_without_that_team_is_wrong_usage() -> None:
    joined = fleet("join", SMALL, "--seat", "red")
    assert joined.exit_code == 2
    assert "the scenario has no red team" in joined.stderr
    run = fleet("run", SMALL, "--bus", "tcp://127.0.0.1:*", "--insecure", "--await", "blue", "--quiet")
    assert run.exit_code == 2
    assert "the scenario has no blue team" in run.stderr
