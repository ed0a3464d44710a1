"""A recorder killed by SIGKILL leaves a record that can be read, with every tick it acknowledged."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

import fleet
from fleet.record.reader import read_run

RECORD_UNTIL_KILLED = """
import itertools, pathlib, sys
from fleet.record.writer import RunRecorder
from tests.record import run_of
recorder = RunRecorder(pathlib.Path(sys.argv[1]), rows_per_part=50)
recorder.open("seed: 7\\n", {"seed": 7})
recorder.hear(0, run_of.heard(run_of.roster()))
for tick in itertools.count(1):
    t_ms = tick * 1_000
    bodies = (run_of.alert("v-0"), run_of.leg(tick, t_ms), run_of.frame(tick), run_of.collected("p"))
    recorder.hear(tick, run_of.heard(*bodies, t_ms=t_ms, first=4 * tick))
    sys.stdout.buffer.write(b"%d\\n" % tick)
    sys.stdout.buffer.flush()
"""


@pytest.mark.parametrize("kill_at", [1, 60, 333])
def test_a_killed_run_stays_readable(tmp_path, kill_at):
    child = subprocess.Popen(
        [sys.executable, "-c", RECORD_UNTIL_KILLED, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=Path(fleet.__file__).parents[1],
    )
    assert child.stdout is not None
    with child.stdout:
        acknowledged = 0
        while acknowledged < kill_at:
            acknowledged = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        acknowledged = max(
            [
                acknowledged,
                *(int(n) for n in child.stdout.read().splitlines(keepends=True) if n.endswith(b"\n")),
            ]
        )
    assert child.wait() == -signal.SIGKILL

    run = read_run(tmp_path)
    assert run.info["status"] == "running"
    ticks = [tick for tick, _ in run.batches()]
    assert ticks == list(range(len(ticks)))
    assert ticks[-1] >= acknowledged
    assert all(len(batch) == 2 for tick, batch in run.batches() if 0 < tick <= acknowledged)
    for table in ("legs", "telemetry"):
        parts = sorted((tmp_path / table).glob("part-*.parquet"))
        rows = sum(duckdb.read_parquet(str(part)).fetchall() != [] for part in parts)
        assert rows == len(parts)
    assert len(run.leg_columns()["t0_ms"]) >= (acknowledged - 50) // 50 * 50
