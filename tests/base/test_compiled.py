"""What is compiled is kept on disk where that is possible; what only compiled functions call, in these."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from fleet.base.compiled import entry, folder_of, inner

SOURCES = Path(__file__).parent


@inner()
def _twice(x):
    return x + x


@inner()
def _squares(n):
    found = np.empty(n)
    for k in range(n):
        found[k] = _twice(k) ** 2 / 4
    return found


@inner(allocates=False)
def _thrice(x):
    return 3 * x


def test_an_entry_takes_in_what_it_calls():
    def both(n):
        return _squares(n).sum() + _twice(n)

    assert entry(SOURCES)(both)(4) == 0 + 1 + 4 + 9 + 8
    assert entry(SOURCES)(lambda n: _squares(n).max())(4) == 9.0


def test_one_that_makes_no_arrays_needs_no_count_of_them():
    assert entry(SOURCES, allocates=False)(lambda x: _thrice(x) + x)(2) == 8


def test_errors_of_inner_functions_reach_python():
    @inner()
    def checked(x):
        if x < 0:
            raise ValueError("negative")
        return x

    outer = entry(SOURCES)(lambda x: checked(x) + 1)
    assert outer(1) == 2
    with pytest.raises(ValueError, match="negative"):
        outer(-1)


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
def test_an_inner_function_is_not_for_python():
    with pytest.raises(TypeError):
        _twice(1)


MISSING = """
import sys
sys.modules[{module!r}] = None
from tests.base.test_compiled import SOURCES, _squares, _twice
from fleet.base.compiled import entry
total = entry(SOURCES)(lambda n: _squares(n).sum() + _twice(n))
print(total(4), type(total).__name__)
"""


@pytest.mark.parametrize(
    "module, kind",
    [("numba", "function"), ("fleet.base.inner", "CPUDispatcher")],
    ids=["numba is missing", "numba is another inside"],
)
def test_the_same_comes_out_where_less_is_at_hand(module, kind):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "NUMBA_DISABLE_JIT": "0"}
    done = subprocess.run(
        [sys.executable, "-c", MISSING.format(module=module)], env=env, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["22.0", kind], done.stderr


KEPT = """
import sys
from tests.base import kept
from tests.base.test_compiled import SOURCES, folder_of
assert kept.total(10) == 285
print(sum(kept.total.stats.cache_hits.values()), folder_of(SOURCES))
"""


def test_what_was_compiled_is_found_by_the_next_process(tmp_path):
    env = {
        **os.environ,
        "NUMBA_CACHE_DIR": os.fspath(tmp_path),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    env.pop("NUMBA_DISABLE_JIT", None)
    runs = [
        subprocess.run([sys.executable, "-c", KEPT], env=env, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert [run.split()[0] for run in runs] == ["0", "1"]
    assert runs[0].split()[1] == runs[1].split()[1]


def test_where_nothing_can_be_written_it_is_compiled_all_the_same(tmp_path, monkeypatch):
    blocked = tmp_path / "a-file"
    blocked.write_text("no folder can be made in a file", encoding="utf-8")
    monkeypatch.setattr("numba.core.config.CACHE_DIR", os.fspath(blocked / "cache"))
    folder_of.cache_clear()
    try:
        assert folder_of(SOURCES) is None
        assert entry(SOURCES)(lambda x: x + 1)(1) == 2
        monkeypatch.setattr("numba.core.config.CACHE_DIR", os.fspath(tmp_path / "cache"))
        folder_of.cache_clear()
        assert folder_of(SOURCES).startswith(os.fspath(tmp_path / "cache" / "fleet-"))
    finally:
        folder_of.cache_clear()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache folder of its own, with what others left there; `folder_of` looks it up anew."""
    monkeypatch.setattr("numba.core.config.CACHE_DIR", os.fspath(tmp_path))
    folder_of.cache_clear()
    yield tmp_path
    folder_of.cache_clear()


def _aged(path, days):
    """A folder with code in it that was used so many days ago."""
    (path / "corners_1").mkdir(parents=True)
    (path / "corners_1" / "look.nbc").write_bytes(b"code")
    then_s = time.time() - 86_400 * days
    os.utime(path, (then_s, then_s))
    return path


def test_compiled_code_that_nobody_used_for_a_month_goes_when_new_comes(cache):
    old = _aged(cache / "fleet-0123456789abcdef", 31)
    _aged(cache / "fleet-plan-0123456789abcdef", 31)
    kept = [
        _aged(cache / "fleet-0123456789abcdee", 29), _aged(cache / "fleet-notes", 99),
        _aged(cache / "fleet-0123456789abcdef-mine", 99), _aged(cache / "other", 99),
    ]  # fmt: skip
    (cache / "fleet-0123456789abcdea").write_bytes(b"a file")
    (cache / "fleet-0123456789abcdeb").symlink_to(kept[-1])
    made = Path(folder_of(SOURCES))
    assert set(cache.iterdir()) == {
        made, *kept, cache / "fleet-0123456789abcdea", cache / "fleet-0123456789abcdeb"
    }  # fmt: skip
    assert all((path / "corners_1" / "look.nbc").exists() for path in kept)
    # Nothing is looked for while nothing is new; but what is used is young again.
    _aged(old, 31)
    os.utime(made, (0, 0))
    folder_of.cache_clear()
    assert folder_of(SOURCES) == os.fspath(made)
    assert old.exists()
    assert time.time() - made.stat().st_mtime < 3600


def test_what_cannot_be_pruned_is_no_failure(cache, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError

    _aged(cache / "fleet-0123456789abcdef", 31)
    monkeypatch.setattr("fleet.base.compiled.shutil.rmtree", refuse)
    assert folder_of(SOURCES).startswith(os.fspath(cache / "fleet-"))
    monkeypatch.setattr("fleet.base.compiled._prune", refuse)
    Path(folder_of(SOURCES)).rename(cache / "gone")
    folder_of.cache_clear()
    assert folder_of(SOURCES).startswith(os.fspath(cache / "fleet-"))
