"""The examples in docs/plan-files.md are files that can be read, and the plan is one for the problem."""

from __future__ import annotations

import re
from pathlib import Path

from fleet.plan.files.opening import read_plan, read_problem
from fleet.plan.referee import judge

MANUAL = Path(__file__).parents[3] / "docs" / "plan-files.md"


def test_the_examples_of_the_manual(tmp_path):
    problem, plan = re.findall(r"```json\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "problem.json").write_text(problem)
    (tmp_path / "plan.json").write_text(plan)
    loaded = read_problem(tmp_path / "problem.json")
    read = read_plan(tmp_path / "plan.json", loaded)
    assert len(read.plan.routes[0].stops) == 4
    assert judge(loaded.problem, read.plan) == ()
