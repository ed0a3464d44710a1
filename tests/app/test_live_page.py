"""The page and the metrics beside a run: who it comes in as, and what its death does."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
import urllib.request
from pathlib import Path

import pytest

from fleet.bus.keyring import Keyring
from fleet.record.reader import read_run

from .command import FOUR_CORNERS, fleet
from .served import DEADLINE_S, Served, replayed
from .test_replay import last_tick

PAGE = ("--http", "127.0.0.1:0", "--metrics", "127.0.0.1:0")


def metric(url, name):
    """The value of a metric; None while there is none."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(f"{name} "):
                return float(line.split()[-1])
    return None


def child_of(pid):
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


@pytest.mark.slow
@pytest.mark.thorough
@pytest.mark.parametrize("locked", [True, False])
def test_a_page_that_reads_the_run_and_dies_without_hurting_it(tmp_path, locked):
    keys = ("--insecure",)
    if locked:
        Keyring.make(tmp_path / "ring").new("kim", "operator", tmp_path / "kim.key")
        keys = ("--keys", tmp_path / "ring")
    out = tmp_path / "run"
    with Served(*keys, *PAGE, "--speed", "60", "-o", out) as served:
        assert "token=" in served.line_with("page at ")
        url = served.line_with("metrics at ").split()[-1]
        until_s = time.monotonic() + DEADLINE_S
        while (metric(url, "fleet_ticks_total") or 0) < 100:
            assert time.monotonic() < until_s
            time.sleep(0.1)
        os.kill(child_of(served.process.pid), signal.SIGKILL)
        served.line_with("the page is gone; the run goes on without it")
        died = last_tick(out)
        while last_tick(out) <= died:
            assert served.process.poll() is None
            time.sleep(0.1)
        served.process.send_signal(signal.SIGTERM)
        code, stdout = served.end()
    assert code == 130, served.said
    assert json.loads(stdout)["status"] == "interrupted"
    assert "operator/page" in read_run(out).info["outside"]["order_keys"]
    assert replayed(out)[0] == 0
    if locked:
        assert [path.name for path in (tmp_path / "ring").glob("*.json")] == ["kim.json"]


def test_a_run_with_a_page_has_a_bus_of_its_own_that_nobody_else_can_open():
    words = ("--set", "run.duration_h=0.2", "--quiet", "--json")
    plain = fleet("run", FOUR_CORNERS, *words)
    shown = fleet("run", FOUR_CORNERS, *words, "--serve", "127.0.0.1:0")
    assert shown.exit_code == 0
    assert "page at http://127.0.0.1:" in shown.stderr
    assert "INSECURE" not in shown.stderr
    assert json.loads(shown.stdout)["digest"] == json.loads(plain.stdout)["digest"]


def test_a_taken_address_is_told_before_anything_is_written(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        result = fleet("run", FOUR_CORNERS, "--quiet", "--serve", where, "-o", tmp_path / "run")
    assert result.exit_code == 2
    assert "in use" in result.stderr
    assert not (tmp_path / "run").exists()
