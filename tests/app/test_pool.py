"""Processes for cells: they work, and they go when whoever asked for them goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from multiprocessing import active_children
from pathlib import Path
from threading import Event

import pytest

from fleet.app.pool import pool, processes

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0

KILLED = """
import os
from threading import Event
from fleet.app.pool import pool

if __name__ == "__main__":
    with pool(2) as processes:
        print(processes.submit(os.getpid).result(), flush=True)
        processes.submit(Event().wait)
        os.kill(os.getpid(), 9)
"""


def test_one_worker_needs_no_process():
    with pool(1) as processes:
        assert processes is None


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="needs masks of signals")
def test_processes_hear_no_ctrl_c_from_their_first_moment_on():
    with processes(1) as executor:
        assert signal.SIGINT in executor.submit(signal.pthread_sigmask, signal.SIG_BLOCK, []).result()
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_whatever_ends_the_block_ends_what_they_are_at():
    with pytest.raises(KeyboardInterrupt):
        _begun_and_interrupted()
    assert not active_children()


def _begun_and_interrupted():
    with pool(2) as processes:
        assert processes.submit(signal.getsignal, signal.SIGINT).result() == signal.SIG_IGN
        processes.submit(_for_ever)
        raise KeyboardInterrupt


def _for_ever():
    Event().wait()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that cannot be caught")
def test_where_the_parent_is_killed_they_end_by_themselves(tmp_path):
    script = tmp_path / "killed.py"
    script.write_text(KILLED, encoding="utf-8")
    # The processes hold the pipe: only when the last is gone does its end come.
    done = subprocess.run(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False,
        timeout=PATIENCE_S, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    assert int(done.stdout) > 0
