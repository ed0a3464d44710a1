"""Points go through executors: what is done stays done, what fails says so, what dies stops nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import BrokenExecutor, Executor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from fleet.app.pool import processes
from fleet.base.errors import RunError
from fleet.study.runner import DIED, Hands, run_study
from fleet.study.store import POINTS, Store
from tests.study import fakes

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
IN_A_THREAD = Hands(partial(ThreadPoolExecutor, 1), 1)


def files(directory):
    return {path.relative_to(directory): path.read_bytes() for path in directory.rglob("*.json")}


def test_what_is_done_is_not_done_again(tmp_path):
    study, asked = fakes.study_of(), []

    def run(point):
        asked.append((point.label, point.seed))
        return fakes.steady(point)

    store = Store(tmp_path)
    first = run_study(study, run, store, IN_A_THREAD)
    before = files(tmp_path)
    second = run_study(study, run, store, IN_A_THREAD)
    assert asked == [(label, seed) for label in "ab" for seed in (1, 2, 3)]
    assert (first.ran, first.known, first.failed) == (6, 0, ())
    assert (second.ran, second.known, second.failed) == (0, 6, ())
    assert files(tmp_path) == before
    assert store.study() == study
    found = {(p.label, p.seed): r.findings for p, r in store.results(study).items()}
    assert found["b", 3] == {"km": 8.0, "parts.x.kg": 3, "parts.y.kg": None, "digest": "d3"}


def test_what_has_another_key_is_run_and_the_others_are_not(tmp_path):
    run_study(fakes.study_of(seeds=(1, 2)), fakes.steady, Store(tmp_path), IN_A_THREAD)
    more = run_study(fakes.study_of(labels=("a", "c"), seeds=(1, 2)), fakes.steady, Store(tmp_path), IN_A_THREAD)
    assert (more.ran, more.known) == (2, 2)
    again = run_study(fakes.study_of(seeds=(1, 2)), fakes.steady, Store(tmp_path), IN_A_THREAD)
    assert (again.ran, again.known) == (0, 4)


def test_points_with_the_same_key_are_run_once(tmp_path):
    study = fakes.study_of(labels=("a",), seeds=(1,))
    twin = type(study)("twins", "0", (*study.points, *(type(p)("b", 1, p.key, "") for p in study.points)), ())
    outcome = run_study(twin, fakes.steady, Store(tmp_path), IN_A_THREAD)
    assert outcome.ran == 1
    assert {point.label for point in Store(tmp_path).results(twin)} == {"a", "b"}


@pytest.mark.parametrize(
    ("run", "error", "traced"),
    [
        (fakes.fails_at_two, "two is no seed for me", False),
        (fakes.breaks_at_two, "ZeroDivisionError: division by zero", True),
    ],
)
def test_a_point_that_fails_stops_no_other_and_is_tried_again(tmp_path, run, error, traced):
    study, store, said = fakes.study_of(labels=("a",)), Store(tmp_path), []
    outcome = run_study(study, run, store, Hands(partial(ThreadPoolExecutor, 1), 1, said.append))
    assert [(point.seed, why) for point, why in outcome.failed] == [(2, error)]
    results = {point.seed: result for point, result in store.results(study).items()}
    assert [seed for seed, result in results.items() if result.done] == [1, 3]
    assert ("breaks_at_two" in results[2].trace) is traced
    assert said[1] == f"2/3  a, seed 2: failed: {error}"
    assert run_study(study, fakes.steady, store, IN_A_THREAD).failed == ()


@pytest.mark.parametrize(
    ("run", "error"),
    [
        (fakes.not_finite, "km: expected a finite number, found inf"),
        (fakes.not_plain, "km: expected a number or a text, found list"),
    ],
)
def test_findings_that_cannot_be_kept_are_a_failure(tmp_path, run, error):
    outcome = run_study(fakes.study_of(("a",), (1,)), run, Store(tmp_path), IN_A_THREAD)
    assert [why for _, why in outcome.failed] == [error]


@pytest.mark.slow
def test_results_depend_neither_on_jobs_nor_on_order(tmp_path):
    study = fakes.study_of()
    backwards = type(study)(study.name, study.version, study.points[::-1], study.measures)
    for jobs, points in ((1, study), (2, study), (2, backwards)):
        run_study(points, fakes.steady, Store(tmp_path / "now"), Hands(partial(processes, jobs), jobs))
        run_study(study, fakes.steady, Store(tmp_path / "now"), IN_A_THREAD)
        (tmp_path / "now").rename(tmp_path / f"{jobs}{points.points[0].label}")
    assert files(tmp_path / "1a") == files(tmp_path / "2a") == files(tmp_path / "2b")


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_worker_that_dies_fails_its_point_only(tmp_path, jobs):
    study, store = fakes.study_of(), Store(tmp_path)
    outcome = run_study(study, fakes.dies_at_two, store, Hands(partial(processes, jobs), jobs))
    assert [(point.label, point.seed, why) for point, why in outcome.failed] == [("a", 2, DIED), ("b", 2, DIED)]
    assert sum(result.done for result in store.results(study).values()) == 4


class Broken(Executor):
    """Takes no work."""

    def submit(self, *_, **__):
        raise BrokenExecutor


def test_an_executor_that_never_works_ends_the_study(tmp_path):
    with pytest.raises(RunError, match="no process could be had"):
        run_study(fakes.study_of(), fakes.steady, Store(tmp_path), Hands(Broken, 2))


class Odd(ThreadPoolExecutor):
    """An executor with errors of its own."""

    def submit(self, call, /, *words, **named):
        def instead():
            raise OSError("the cluster has lost a worker")

        return super().submit(instead if words[1].seed == 2 else partial(call, *words))


def test_errors_of_an_executor_are_those_of_its_point(tmp_path):
    outcome = run_study(fakes.study_of(("a",)), fakes.steady, Store(tmp_path), Hands(partial(Odd, 1), 2))
    assert [(p.seed, why) for p, why in outcome.failed] == [(2, "OSError: the cluster has lost a worker")]


KILLED = """
import sys
from functools import partial
from pathlib import Path
from fleet.app.pool import processes
from fleet.study.runner import Hands, run_study
from fleet.study.store import Store
from tests.study import fakes

if __name__ == "__main__":
    hands = Hands(partial(processes, 3), 3, lambda text: print(text, flush=True))
    run_study(fakes.study_of(), fakes.waits_but_for_the_first, Store(Path(sys.argv[1])), hands)
"""


@pytest.mark.slow
def test_a_study_that_is_killed_is_gone_on_with(tmp_path):
    script, directory = tmp_path / "killed.py", tmp_path / "results"
    script.write_text(KILLED, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, script, directory], stdout=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline().startswith("1/6  a, seed 1")
        os.killpg(child.pid, signal.SIGKILL)
        child.wait(PATIENCE_S)
    kept = list((directory / POINTS).iterdir())
    assert [json.loads(path.read_bytes())["error"] for path in kept] == [""]
    half = directory / POINTS / f".{kept[0].name}.x.part"
    half.write_bytes(b"{")
    outcome = run_study(fakes.study_of(), fakes.steady, Store(directory), IN_A_THREAD)
    assert (outcome.ran, outcome.known, outcome.failed) == (5, 1, ())
    assert not half.exists()
    run_study(fakes.study_of(), fakes.steady, Store(tmp_path / "whole"), IN_A_THREAD)
    assert files(directory) == files(tmp_path / "whole")
