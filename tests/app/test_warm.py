"""The engine is compiled by another process, once, and nobody minds if that fails."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from fleet.app import warm


@pytest.fixture
def started(monkeypatch):
    """Commands that were started, none of them in earnest."""
    commands = []

    class Child:
        def __init__(self, command, **given) -> None:
            commands.append(command)

        def wait(self, timeout_s=None):
            return 0

        def poll(self):
            return 0

    monkeypatch.setattr(subprocess, "Popen", Child)
    return commands


def cold(monkeypatch, folder):
    monkeypatch.setattr(warm, "entry", SimpleNamespace(stats=SimpleNamespace(cache_path=folder)))


def test_who_finds_nothing_in_the_cache_starts_one_process(monkeypatch, tmp_path, started):
    cold(monkeypatch, str(tmp_path))
    monkeypatch.setattr(warm, "_cores", lambda: 2)
    with warm.engine_warming():
        assert started == [[sys.executable, "-m", "fleet.app.warm"]]
    assert len(started) == 1


def test_and_otherwise_or_on_one_core_nobody_starts_any(monkeypatch, tmp_path, started):
    cold(monkeypatch, str(tmp_path))
    monkeypatch.setattr(warm, "_cores", lambda: 1)
    with warm.engine_warming():
        pass
    monkeypatch.setattr(warm, "_cores", lambda: 2)
    (tmp_path / "loop.run-1.py311.nbi").touch()
    with warm.engine_warming():
        pass
    for uncached in (None, SimpleNamespace(stats=None)):
        monkeypatch.setattr(warm, "entry", uncached)
        assert not warm.is_cold()
    assert started == []


def test_every_process_of_a_pool_is_made_ready():
    class Pool:
        def __init__(self) -> None:
            self.asked, self.waited = [], 0

        def submit(self, job):
            self.asked.append(job)
            return self

        def result(self):
            assert len(self.asked) == 3, "all are asked before anybody is waited for"
            self.waited += 1

    pool = Pool()
    warm.warm_crew(pool, 3)
    assert (pool.asked, pool.waited) == ([warm.warm] * 3, 3)


def test_a_process_that_cannot_be_started_is_done_without(monkeypatch, tmp_path):
    cold(monkeypatch, str(tmp_path))
    monkeypatch.setattr(warm, "_cores", lambda: 2)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    with warm.engine_warming():
        ran = True
    assert ran


def test_one_that_hangs_or_is_not_wanted_any_more_is_ended(monkeypatch, tmp_path):
    cold(monkeypatch, str(tmp_path))
    monkeypatch.setattr(warm, "_cores", lambda: 2)
    monkeypatch.setattr(warm, "PATIENCE_S", 0.01)
    children = []
    start = subprocess.Popen

    def sleeper(command, **given):
        children.append(start([sys.executable, "-c", "import time; time.sleep(60)"], **given))
        return children[-1]

    monkeypatch.setattr(subprocess, "Popen", sleeper)
    with warm.engine_warming():
        pass
    with pytest.raises(KeyboardInterrupt), warm.engine_warming():
        raise KeyboardInterrupt
    assert len(children) == 2
    assert all(child.poll() is not None for child in children)


def test_warming_leaves_nothing_to_compile():
    """What it compiles is what a day's planning uses: the same kinds of arrays."""
    from tests.dispatch.desk import Desk, planned, reported
    from tests.sim.toy import waste

    warm.warm()
    known = len(getattr(warm.entry, "signatures", ()))
    desk = Desk(solve=planned)
    desk.hear(reported("v0"), seconds=0)
    desk.next_round(*[waste(n, n).request for n in range(3)])
    assert desk.issued()
    assert len(getattr(warm.entry, "signatures", ())) == known
