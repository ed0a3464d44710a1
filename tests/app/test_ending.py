"""Runs that do not come to their end: interrupted, killed, out of room."""

from __future__ import annotations

import json
import signal

import duckdb
import pytest

from fleet.app.run import Runner
from fleet.record.reader import read_run
from fleet.record.writer import RunRecorder

from .command import FOUR_CORNERS, fleet, spawn

LONG = ("--set", "run.duration_h=20", "--set", "demand.processes.0.per_day=800")
HOUR_MS = 3_600_000


def stopped_at(tenth, out, number):
    """The process, sent the signal `number` as soon as it said that `tenth` tenths of 20 hours are over."""
    child = spawn("run", FOUR_CORNERS, *LONG, "-o", out)
    assert child.stderr is not None
    for line in child.stderr:
        if line.startswith(f"{10 * tenth:3d} %"):
            break
    child.send_signal(number)
    stdout, stderr = child.communicate(timeout=60)
    return child.returncode, stdout, stderr


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.thorough)])
def test_ctrl_c_leaves_a_valid_partial_record(tmp_path, number):
    out = tmp_path / "run"
    code, stdout, stderr = stopped_at(1, out, number)
    assert code == 130, stderr
    assert "Traceback" not in stderr
    assert "status        interrupted" in stdout
    assert "books         not closed" in stdout
    info = json.loads((out / "run.json").read_text())
    assert info["status"] == "interrupted"
    report = fleet("report", out, "--json")
    assert report.exit_code == 0
    told = json.loads(report.stdout)
    assert told["digest"] == info["digest"]
    assert told["legs"] == info["summary"]["legs"] > 0
    assert fleet("report", out).stdout == stdout


def test_kill_9_leaves_events_up_to_the_last_line_and_legs_up_to_the_last_part(tmp_path):
    out = tmp_path / "run"
    code, _, _ = stopped_at(2, out, signal.SIGKILL)
    assert code == -signal.SIGKILL
    run = read_run(out)
    assert run.info["status"] == "running"
    lines = (out / "events.jsonl").read_bytes().splitlines(keepends=True)
    whole = [line for line in lines if line.endswith(b"\n")]
    events = list(run.events())
    assert len(events) == len(whole) >= len(lines) - 1
    assert events[-1].t_ms > 3 * HOUR_MS
    with run.sql() as tables:
        assert tables.execute("SELECT count(*) FROM events").fetchone() == (len(events),)
        last_ms = tables.execute("SELECT max(t1_ms) FROM legs").fetchone()
    assert last_ms is not None
    assert last_ms[0] > 2 * HOUR_MS
    parts = sorted((out / "legs").glob("part-*.parquet"))
    assert len(parts) >= 3
    assert all(duckdb.read_parquet(str(part)).fetchall() for part in parts)
    report = fleet("report", out)
    assert report.exit_code == 0
    assert "status        running" in report.stdout


def test_a_full_disk_is_told_and_the_record_says_failed(tmp_path, monkeypatch):
    from fleet.base.errors import RunError

    heard = RunRecorder.hear

    def hear(self, tick, batch):
        if tick > 600:
            raise RunError("events.jsonl: cannot write: No space left on device")
        heard(self, tick, batch)

    monkeypatch.setattr(RunRecorder, "hear", hear)
    result = fleet("run", FOUR_CORNERS, "--quiet", "-o", tmp_path / "run")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "No space left" in result.stderr
    assert read_run(tmp_path / "run").info["status"] == "failed"
    assert fleet("report", tmp_path / "run").exit_code == 0


def test_our_own_mistake_is_a_traceback_and_a_failed_record(tmp_path, monkeypatch):
    def run(self):
        raise ZeroDivisionError

    monkeypatch.setattr(Runner, "run", run)
    with pytest.raises(ZeroDivisionError):
        fleet("run", FOUR_CORNERS, "--quiet", "-o", tmp_path / "run")
    assert read_run(tmp_path / "run").info["status"] == "failed"


def test_a_second_ctrl_c_still_ends_in_130(tmp_path, monkeypatch):
    def run(self):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("not reached")

    monkeypatch.setattr(Runner, "run", run)
    result = fleet("run", FOUR_CORNERS, "--quiet", "-o", tmp_path / "run")
    assert (result.exit_code, result.stdout) == (130, "")
    assert read_run(tmp_path / "run").info["status"] == "interrupted"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_record_that_cannot_be_closed_is_told_outside_too(tmp_path, monkeypatch):
    from fleet.app.host import Host
    from fleet.base.errors import RunError

    def close(self, results):
        raise RunError("run.json: cannot write: No space left on device")

    told = []
    fail = Host.fail
    monkeypatch.setattr(RunRecorder, "close", close)
    monkeypatch.setattr(Host, "fail", lambda self, digest: (told.append(digest), fail(self, digest)))
    bus = ("--bus", "tcp://127.0.0.1:*", "--insecure", "--set", "run.duration_h=0.02")
    assert fleet("run", FOUR_CORNERS, "--quiet", *bus, "-o", tmp_path / "run").exit_code == 1
    assert len(told) == 1
