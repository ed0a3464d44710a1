"""`fleet record`: the same record as the run's own, written by another process, and what happens when one dies."""

from __future__ import annotations

import json
import resource
import signal
import tempfile
import threading
from collections import deque
from pathlib import Path

import duckdb
import pytest

from fleet.record.reader import read_run

from .command import FOUR_CORNERS, fleet, spawn

SHORT = ("--quiet", "--json", "--set", "run.duration_h=0.4")
LONG = ("--quiet", "--json", "--speed", "100")
FRAMES = ("--set", "output.telemetry_s=1")
WAIT = ("--bus-wait", "60")
PATIENCE_S = 60.0


@pytest.fixture
def bus():
    # Paths of ipc sockets are short; pytest's directories may not be.
    with tempfile.TemporaryDirectory() as short_name:
        yield f"ipc://{short_name}/bus"


class Process:
    """A `fleet ...` process whose stderr is read all the time; ended at the latest with the test."""

    def __init__(self, *words, **environment):
        self.child = spawn(*words, **environment)
        self.lines = []
        self._new = threading.Condition()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self):
        for line in self.child.stderr:
            with self._new:
                self.lines.append(line)
                self._new.notify_all()

    def says(self, words):
        with self._new:
            found = self._new.wait_for(lambda: any(words in line for line in self.lines), PATIENCE_S)
        assert found, self.lines

    def ends(self):
        """Exit code, stdout, stderr."""
        stdout = self.child.stdout.read()
        code = self.child.wait(PATIENCE_S)
        self._reading.join(PATIENCE_S)
        return code, stdout, "".join(self.lines)

    def close(self):
        self.child.kill()
        self.child.wait()
        self._reading.join()
        self.child.stdout.close()
        self.child.stderr.close()


@pytest.fixture
def start():
    running = deque()

    def begin(*words, **environment):
        process = Process(*words, **environment)
        running.append(process)
        return process

    yield begin
    for process in running:
        process.close()


def table(directory, name):
    parts = sorted(str(path) for path in (directory / name).glob("part-*.parquet"))
    return duckdb.read_parquet(parts).fetchall()


@pytest.fixture
def keys(tmp_path):
    """Options of a locked run, and of a recorder that may come in."""
    directory, key = tmp_path / "keys", tmp_path / "rita.key"
    result = fleet("keys", "new", "rita", "--role", "recorder", "--keys", directory, "-o", key)
    assert result.exit_code == 0, result.stderr
    return ("--keys", directory), ("--key", key)


@pytest.mark.parametrize("locked", [pytest.param(False, marks=pytest.mark.thorough), True])
def test_both_records_are_the_same(tmp_path, bus, start, keys, locked):
    of_run, of_recorder = keys if locked else (("--insecure",), ())
    here, there = tmp_path / "here", tmp_path / "there"
    run = start("run", FOUR_CORNERS, *SHORT, *FRAMES, *WAIT, "-o", here, "--bus", bus, *of_run)
    recorder = start("record", bus, "-o", there, "--json", *of_recorder)
    code, stdout, stderr = recorder.ends()
    assert code == 0, stderr
    told = json.loads(stdout)
    code, stdout, stderr = run.ends()
    assert code == 0, stderr
    assert told["status"] == "complete"
    assert told["from_tick"] == 0
    assert told["digest"] == json.loads(stdout)["digest"]
    assert (here / "events.jsonl").read_bytes() == (there / "events.jsonl").read_bytes()
    for name in ("legs", "telemetry"):
        rows = table(here, name)
        assert len(rows) > 10
        assert rows == table(there, name)
    extra = dict(read_run(there).info)
    assert extra.pop("from_tick") == 0
    assert len(extra.pop("map_origin")) == 2
    assert extra == read_run(here).info


@pytest.mark.thorough
def test_the_scenario_in_a_remote_record_can_be_run_again(tmp_path, bus, start):
    there = tmp_path / "elsewhere" / "deep"
    run = start("run", FOUR_CORNERS, *SHORT, *WAIT, "--bus", bus, "--insecure")
    recorder = start("record", bus, "-o", there)
    assert recorder.ends()[0] == 0
    digest = json.loads(run.ends()[1])["digest"]
    again = fleet("run", there / "scenario.yaml", "--quiet", "--json")
    assert json.loads(again.stdout)["digest"] == digest == read_run(there).info["digest"]


def test_a_recorder_that_is_killed_ends_the_run_and_both_records_can_be_read(tmp_path, bus, start):
    here, there = tmp_path / "here", tmp_path / "there"
    run = start("run", FOUR_CORNERS, *LONG, *WAIT, "-o", here, "--bus", bus, "--insecure")
    recorder = start("record", bus, "-o", there)
    recorder.says("recording `four-corners` from tick 0")
    recorder.child.kill()
    code, _, stderr = run.ends()
    assert code == 1
    assert f"the recorder (process {recorder.child.pid}) is gone at tick" in stderr
    assert "Traceback" not in stderr
    assert read_run(here).info["status"] == "failed"
    assert read_run(there).info["status"] == "running"
    ours, theirs = (here / "events.jsonl").read_bytes(), (there / "events.jsonl").read_bytes()
    assert ours.startswith(theirs[: theirs.rfind(b"\n") + 1])


def test_a_recorder_whose_user_stops_it_leaves_a_partial_record_and_the_run_goes_on(tmp_path, bus, start):
    there = tmp_path / "there"
    run = start("run", FOUR_CORNERS, *LONG, *WAIT, "--bus", bus, "--insecure")
    recorder = start("record", bus, "-o", there, "--json")
    recorder.says("recording `four-corners` from tick 0")
    recorder.child.send_signal(signal.SIGINT)
    code, stdout, stderr = recorder.ends()
    assert code == 130, stderr
    assert json.loads(stdout)["status"] == "interrupted"
    run.says(f"the recorder (process {recorder.child.pid}) was taken away at tick")
    assert run.child.poll() is None
    assert read_run(there).info["status"] == "interrupted"
    list(read_run(there).events())


@pytest.mark.thorough
def test_a_full_disk_at_the_recorder_ends_the_run_with_the_cause(tmp_path, bus, start):
    there = tmp_path / "there"
    run = start("run", FOUR_CORNERS, *WAIT, "--quiet", "--bus", bus, "--insecure")
    recorder = start("record", bus, "-o", there)
    recorder.says("connected to")
    # As if the disk took no file longer than this.
    resource.prlimit(recorder.child.pid, resource.RLIMIT_FSIZE, (4_096, 4_096))
    code, _, stderr = recorder.ends()
    assert code == 1
    assert "events.jsonl: cannot write: File too large" in stderr
    code, _, stderr = run.ends()
    assert code == 1
    assert "stopped at tick" in stderr
    assert "events.jsonl: cannot write: File too large" in stderr


def test_a_run_that_is_killed_leaves_a_record_that_says_so(tmp_path, bus, start):
    there = tmp_path / "there"
    run = start("run", FOUR_CORNERS, *LONG, *WAIT, "--bus", bus, "--insecure")
    recorder = start("record", bus, "-o", there)
    recorder.says("recording `four-corners` from tick 0")
    run.child.kill()
    code, _, stderr = recorder.ends()
    assert code == 1
    assert f"the run at {bus} is gone" in stderr
    info = read_run(there).info
    assert info["status"] == "failed"
    assert info["digest"].startswith("sha256:")


@pytest.mark.thorough
def test_a_late_recorder_says_from_which_tick_it_goes(tmp_path, bus, start):
    there = tmp_path / "there"
    run = start("run", FOUR_CORNERS, *LONG, *FRAMES, "--bus", bus, "--insecure")
    run.says("listening at")
    reader = start("watch", bus, "--json", "--topic", "Beat", "--insecure")
    assert json.loads(reader.child.stdout.readline())
    recorder = start("record", bus, "-o", there, "--json")
    recorder.says("recording `four-corners` from tick")
    run.child.send_signal(signal.SIGINT)
    code, stdout, stderr = recorder.ends()
    assert code == run.ends()[0] == 130, stderr
    from_tick = json.loads(stdout)["from_tick"]
    assert from_tick > 0
    files = read_run(there)
    assert files.info["from_tick"] == from_tick
    events = list(files.events())
    assert [line.tick for line in events if line.tick < from_tick] == [0]
    assert type(events[0].body).__name__ == "VehicleRoster"
    assert files.info["status"] == "interrupted"


def test_a_directory_that_is_taken_costs_the_run_nothing(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    result = fleet("record", f"ipc://{tmp_path}/nobody", "-o", tmp_path)
    assert result.exit_code == 2
    assert "is not a recorded run" in result.stderr


def test_nobody_there(tmp_path):
    result = fleet("record", f"ipc://{tmp_path}/nobody", "-o", tmp_path / "r", "--wait", "0.1")
    assert result.exit_code == 1
    assert "nobody answers" in result.stderr
    assert not (tmp_path / "r").exists()


def test_a_key_of_another_role_is_refused(tmp_path, bus, start, keys):
    viewer = tmp_path / "vera.key"
    made = fleet("keys", "new", "vera", "--role", "viewer", "--keys", keys[0][1], "-o", viewer)
    assert made.exit_code == 0, made.stderr
    run = start("run", FOUR_CORNERS, *LONG, *WAIT, "--bus", bus, *keys[0])
    run.says("listening at")
    result = fleet("record", bus, "-o", tmp_path / "r", "--key", viewer)
    assert result.exit_code == 1
    assert "refuses this key" in result.stderr
    without = fleet("record", bus, "-o", tmp_path / "r", "--wait", "1")
    assert without.exit_code == 1
    assert "a key is needed" in without.stderr
    assert not Path(tmp_path / "r").exists()


@pytest.mark.thorough
def test_a_recorder_whose_key_is_revoked_is_told_so_and_the_run_goes_on(tmp_path, bus, start, keys):
    run = start("run", FOUR_CORNERS, *LONG, *WAIT, "--bus", bus, *keys[0])
    recorder = start("record", bus, "-o", tmp_path / "r", *keys[1])
    recorder.says("recording `four-corners` from tick 0")
    assert fleet("keys", "revoke", "rita", "--keys", keys[0][1]).exit_code == 0
    code, _, stderr = recorder.ends()
    assert code == 1
    assert stderr.splitlines()[-1] == f"the run at {bus} refuses this key from now on: it was revoked"
    run.says("the key of recorder `rita` was revoked: it is cut off at tick")
    assert run.child.poll() is None
    assert read_run(tmp_path / "r").info["status"] == "failed"


def test_a_recorder_that_is_killed_in_a_pause_is_noticed_at_once(tmp_path, bus, start):
    run = start("serve", FOUR_CORNERS, "--quiet", "--paused", *WAIT, "--bus", bus, "--insecure")
    recorder = start("record", bus, "-o", tmp_path / "r")
    recorder.says("recording `four-corners` from tick 0")
    recorder.child.kill()
    code, _, stderr = run.ends()
    assert code == 1
    assert f"the recorder (process {recorder.child.pid}) is gone at tick 0" in stderr
