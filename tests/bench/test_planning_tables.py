"""The demonstration of the planner: its figures from a made-up log, its rivals' models, and a run of a second."""

import importlib.util
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fleet.plan.problem import Vehicle
from fleet.plan.ways import Table
from tests.plan.problems import LATE_MS, pickup, plant, street

BENCH = Path(__file__).parents[2] / "tools" / "bench"
THERE_TWICE = (("pickup", 0), ("dock", 0), ("pickup", 1), ("dock", 0))


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))


def line(work, who, cost, seed=1, **more):
    task = {"stage": "field", "work": work, "who": who, "seconds": 10.0, "seed": seed, "clock": "cpu"}
    result = {"cost": cost, "violations": 0, "spent_s": 10.0, "served": 1, "used": 1, "peak_mb": 1.0, **more}
    key = f"{work} {who} {seed}"
    return {"key": key, "row": f"{work} {who}", "task": task, "result": result, "load": [1.0, 2.0]}


def two_trips(first_ms=110_000, latest_ms=440_000, end_ms=660_000):
    """One after the other, 3 kg each: 100 s there, 10 s of service, 100 s back, 20 s of unloading; 200 s there,
    10 s of service, 200 s back, 20 s of unloading; no less. A kilometre costs 1."""
    from planning_work.problems import Work

    problem = street(
        [0, 1000, 2000],
        [Vehicle("v0", 0, 0, 0, ends=(0,))],
        [plant(0)],
        [pickup(0, 1, latest_ms=first_ms), pickup(1, 2, latest_ms=latest_ms)],
        end_ms=end_ms,
    )
    ways = tuple(Table(w.travel_ms, w.travel_ms // 100_000, w.effort_h) for w in problem.ways)
    x, y = np.array([0.0, 1000.0, 2000.0]), np.zeros(3)
    return Work("street", replace(problem, ways=ways), x, y, is_must=True)


def log_of(*lines):
    return {each["key"]: each for each in lines}


def test_ratios_are_taken_seed_by_seed_and_their_mean_is_geometric(bench):
    from planning_work.tables import page_tables

    log = log_of(
        line("solomon_c101", "fleet", 50), line("solomon_c101", "pyvrp", 100),
        line("solomon_c101", "fleet", 200, seed=2), line("solomon_c101", "pyvrp", 100, seed=2),
        line("solomon_r101", "fleet", 81), line("solomon_r101", "pyvrp", 100),
        line("solomon_r101", "fleet", 81, seed=2), line("solomon_r101", "pyvrp", 100, seed=2),
    )  # fmt: skip
    tables = page_tables(log)
    assert "| solomon_c101 | 10 | 100 | 1.000 | 0.500..2.000 | — |" in tables["field"]
    assert "| **all** | 10 |  | **0.900** | 0.636..1.273 |  |" in tables["field"]
    assert "0.900; worst 1.000 (solomon_c101)" in tables["summary"]
    assert tables["summary"].endswith("| met |")


def test_an_aim_that_one_instance_misses_is_missed(bench):
    from planning_work.tables import page_tables

    log = log_of(
        line("solomon_c101", "fleet", 102), line("solomon_c101", "pyvrp", 100),
        line("solomon_r101", "fleet", 50), line("solomon_r101", "pyvrp", 100),
    )  # fmt: skip
    assert page_tables(log)["summary"].endswith("| missed by 1.0% |")


def test_plans_that_break_a_rule_do_not_count(bench):
    from planning_work.tables import page_tables

    log = log_of(line("solomon_c101", "fleet", 50, violations=1), line("solomon_c101", "pyvrp", 100))
    tables = page_tables(log)
    assert "(1 not legal) | — |" in tables["field"]
    assert "| — |  | missed: 1 of our plans not legal |" in tables["summary"]


def test_no_aim_is_met_where_a_plan_of_ours_does_not_count(bench):
    from planning_work.tables import page_tables

    log = log_of(
        line("solomon_c101", "fleet", 50), line("solomon_c101", "pyvrp", 100),
        line("solomon_c101", "fleet", 50, seed=2, violations=1), line("solomon_c101", "pyvrp", 100, seed=2),
    )  # fmt: skip
    assert page_tables(log)["summary"].endswith("| missed: 1 of our plans not legal |")


@pytest.mark.parametrize("how", [{"violations": 3}, {"failed": "no answer"}])
def test_an_aim_for_which_no_plan_of_ours_counts_is_missed(bench, how):
    from planning_work.tables import page_tables

    def runs(stage, work, *rivals):
        ours = line(work, "fleet", 50, **how)
        if "failed" in how:
            ours["result"] = dict(how)
        found = [ours, *(line(work, who, 100) for who in rivals)]
        for each in found:
            each["task"]["stage"] = stage
            each["key"] += stage
        return found

    log = log_of(
        *runs("field", "solomon_c101", "pyvrp"),
        *runs("field-long", "CVRP_X-n502-k39", "pyvrp"),
        *runs("drones", "M1-50", "pyvrp"),
        *runs("drones", "M3-50", "ortools"),
        *runs("scale", "scale-400", "pyvrp", "pyvrp-bases"),
    )
    tables = page_tables(log)
    rows = [row.split(" | ") for row in tables["summary"].splitlines()[2:]]
    aims = [row for row in rows if " x " in row[1]]
    assert len(aims) == 7
    assert {(row[2], row[4]) for row in aims} == {("—", "missed: 1 of our plans not legal |")}
    assert "| solomon_c101 | 10 | — (1 not legal) | — |  | — |" in tables["field"]
    assert "nan" not in "".join(tables.values())


def test_a_run_that_is_never_complete_is_not_in_time(bench):
    from planning_work.tables import page_tables

    runs = line("scale-400", "fleet", 50, complete_s=1.0), line("scale-400", "fleet", 50, seed=2)
    for each in runs:
        each["task"]["stage"] = "scale"
    assert page_tables(log_of(*runs))["summary"].endswith("| missed: 1 of 2 runs have none |")


def test_a_line_cut_short_is_run_again(bench, tmp_path):
    from planning import read

    whole = json.dumps(line("solomon_c101", "fleet", 50))
    (tmp_path / "log").write_text(f"{whole}\n{whole[:40]}\n", encoding="utf-8")
    assert list(read(tmp_path / "log")) == ["solomon_c101 fleet 1"]
    assert read(tmp_path / "none") == {}


def test_pyvrp_has_the_same_rules_as_we(bench):
    """Its plan is legal, and costs what it says."""
    pytest.importorskip("pyvrp", reason="no PyVRP to compare with")
    from planning_work.rivals import pyvrp_whole
    from planning_work.verdict import judged_visits

    work = two_trips(first_ms=LATE_MS, latest_ms=LATE_MS, end_ms=LATE_MS)
    found = pyvrp_whole(work, time.process_time, 0.2, 1)
    said = judged_visits(work, found.visits)
    assert (said["violations"], said["served"], said["cost"]) == (0, 2, 6)


@pytest.mark.parametrize("late", [{"latest_ms": 439_000}, {"end_ms": 659_000}])
def test_pyvrp_is_refused_what_the_referee_refuses(bench, late):
    pyvrp = pytest.importorskip("pyvrp", reason="no PyVRP to compare with")
    from planning_work.rivals import pyvrp_model
    from planning_work.verdict import judged_visits

    work = two_trips(**late)
    stops = [pyvrp.Activity(word) for word in ("C0", "D0", "C1")]
    assert judged_visits(two_trips(), [THERE_TWICE])["violations"] == 0
    assert pyvrp.Route(pyvrp_model(two_trips())[0], stops, 0).is_feasible()
    assert judged_visits(work, [THERE_TWICE])["violations"]
    assert not pyvrp.Route(pyvrp_model(work)[0], stops, 0).is_feasible()


@pytest.mark.slow
def test_a_second_of_it_runs(tmp_path):
    if importlib.util.find_spec("pyvrp") is None:
        pytest.skip("no PyVRP to compare with")
    if not os.environ.get("FLEET_DATA"):
        pytest.skip("FLEET_DATA is not set")
    command = [sys.executable, str(BENCH / "planning.py"), "--quick", "--only", "field"]
    command += ["--results", str(tmp_path / "log")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    runs = [json.loads(text) for text in (tmp_path / "log").read_text(encoding="utf-8").splitlines()]
    assert {run["task"]["who"] for run in runs} >= {"fleet", "pyvrp"}
    assert [run["key"] for run in runs if run["result"]["violations"]] == []
    assert "2 instances of the field, 1 s" in done.stdout


@pytest.mark.parametrize(
    "usual, guided, best",
    [({"cost": 9}, {"cost": 8}, 8), ({"cost": 7}, {"cost": 8}, 7), ({"cost": 7, "violations": 2}, {"cost": 8}, 8)],
)
def test_the_rival_is_the_better_model(bench, usual, guided, best):
    from planning_work.figures import runs, with_better_model

    lines = [line("M3-50", who, **result) for who, result in (("ortools", usual), ("ortools-guided", guided))]
    log = with_better_model({one["key"]: one for one in lines})
    assert [result["cost"] for _, result in runs(log, who="ortools")] == [best]
