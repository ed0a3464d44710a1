"""The planner beside PyVRP and VROOM: same run, same core, same seconds, cost recomputed by the referee.

    pip install pyvrp==0.14.1 pyvroom==1.15.2
    FLEET_DATA=... python tools/bench/planning.py --results FILE --generator GEN [--only field drones] [--core 1]
    python tools/bench/planning.py --results FILE --write       # docs/planning.md, from what FILE holds
    FLEET_DATA=... python tools/bench/planning.py --quick        # a second here and there; writes nothing

Stages: `field`, ten instances of the field, 10 s; `field-long`, three of them, 60 s; `drones`, generated problems;
`scale`, 10,000 pickups; `changes`, a running plan that must change; `engines`, who contributes what. FLEET_DATA is
a folder with the instances in `vrp`, GEN the file with the generator of drone problems.

Each solver runs in a process of its own, bound to one core, and its budget is seconds of work of that process
(`--wall`: of the clock on the wall), because the machine is shared. Building a model, tables and finishing a plan
count; importing, and loading what is compiled, is done before. Where finishing makes us late, the run is done
again with as much less for the search, and later seeds of that row begin so. One line of JSON is added to FILE for
each run, with the load of the machine before and after, so the work can be interrupted and taken up again, by
several processes at a time.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from planning_work.solvers import run
from planning_work.tables import page_tables
from planning_work.tasks import STAGES, Task, quick, tasks

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "planning.md"
LATE_SHARE, MORE, MOST_RESERVED = 1.02, 1.15, 0.8
"""So late that it is done again; the reserve as a multiple of the delay; the most of a budget that is reserved."""
PATIENCE, PATIENCE_S = 30.0, 900.0
"""A run is given up after so many times its seconds, and so many more, on the wall."""
Log = dict[str, dict[str, Any]]


class Broken(Exception):
    """A run ended with an error, which is the text."""


def read(file: Path) -> Log:
    """What was run before, by key; a line cut short by a stop is run again."""
    log: Log = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else []:
        try:
            found = json.loads(line)
        except json.JSONDecodeError:
            continue
        log[found["key"]] = found
    return log


def child(task: Task, reserve_s: float, core: int) -> dict[str, Any]:
    """The result of a task in a process of its own; {"failed": why} if it gave no answer."""
    command = [sys.executable, str(Path(__file__).resolve()), "--task", task.text(), "--core", str(core)]
    try:
        done = subprocess.run(
            [*command, "--reserve", str(reserve_s)],
            capture_output=True, text=True, check=False, timeout=PATIENCE * task.seconds + PATIENCE_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"failed": "no answer"}
    if done.returncode < 0:
        return {"failed": f"stopped by signal {-done.returncode}"}
    if done.returncode:
        raise Broken(done.stderr.strip())
    return dict(json.loads(done.stdout.splitlines()[-1]))


def in_time(task: Task, log: Log, core: int) -> dict[str, Any]:
    """The result, by a second run if finishing made the first one late."""
    before = [line["result"].get("reserve_s", 0.0) for line in log.values() if line["row"] == task.row]
    reserve_s = max(before, default=0.0)
    result = child(task, reserve_s, core)
    late_s = result.get("spent_s", 0.0) - task.seconds
    if task.who.startswith("fleet") and result.get("spent_s", 0.0) > LATE_SHARE * task.seconds:
        result = child(task, min(reserve_s + MORE * late_s, MOST_RESERVED * task.seconds), core)
    return result


def run_all(todo: Iterable[Task], file: Path, core: int) -> bool:
    """Run what the file does not hold yet; whether all went well. What breaks off is told, and not kept."""
    is_well = True
    for task in todo:
        log = read(file)
        if task.key in log:
            continue
        load = os.getloadavg()[0]
        try:
            result = in_time(task, log, core)
        except Broken as stop:
            last = str(stop).splitlines()[-1]
            is_missing = last.startswith(("planning_work.problems.Missing", "ModuleNotFoundError"))
            is_well = is_well and is_missing
            print(f"{task.key}: left out: {last if is_missing else stop}", flush=True)
            continue
        line = {"key": task.key, "row": task.row, "task": json.loads(task.text()), "result": result}
        line["load"] = [round(load, 2), round(os.getloadavg()[0], 2)]
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")
        said = ("failed", "cost", "violations", "spent_s", "peak_mb")
        print(task.key, *(f"{name} {result[name]}" for name in said if name in result), flush=True)
    return is_well


def write(log: Log) -> None:
    """Put the tables into the page, between their marks; the prose around them is not touched."""
    page = PAGE.read_text(encoding="utf-8")
    for name, table in page_tables(log).items():
        head, found, rest = page.partition(f"<!-- made: {name} -->\n")
        if found:
            page = f"{head}{found}{table}\n<!-- /made -->{rest.partition('<!-- /made -->')[2]}"
    PAGE.write_text(page, encoding="utf-8")


def bind(core: int) -> None:
    """This process to one core, where the system can."""
    if core >= 0 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, help="the log, a line of JSON for each run")
    parser.add_argument("--only", nargs="+", choices=STAGES, default=list(STAGES), help="stages")
    parser.add_argument("--generator", help="gen.py, or its folder (or set FLEET_GEN)")
    parser.add_argument("--seconds", type=float, help="in place of each stage's own")
    parser.add_argument("--seeds", type=int, help="in place of each stage's own")
    parser.add_argument("--core", type=int, default=-1, help="the core to run on")
    parser.add_argument("--wall", action="store_true", help="seconds on the wall, not of the process")
    parser.add_argument("--write", action="store_true", help="run nothing, write the page")
    parser.add_argument("--quick", action="store_true", help="a second of few problems, tables shown, not written")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    parser.add_argument("--reserve", type=float, default=0.0, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Run what is missing, then write."""
    given = options()
    if given.generator:
        os.environ["FLEET_GEN"] = str(Path(given.generator).resolve())
    if given.task:
        bind(given.core)
        print(json.dumps(run(Task(**json.loads(given.task)), given.reserve)))
        return
    clock, stages = "wall" if given.wall else "cpu", tuple(given.only)
    if given.quick:
        with tempfile.TemporaryDirectory() as folder:
            file = given.results or Path(folder) / "runs.jsonl"
            is_well = run_all(quick(clock, stages), file, given.core)
            for name, table in page_tables(read(file)).items():
                print(f"\n{name}\n\n{table}")
        sys.exit(not is_well)
    if given.results is None:
        raise SystemExit("expected --results FILE, or --quick")
    todo = () if given.write else tasks(stages, clock, given.seconds, given.seeds)
    is_well = run_all(todo, given.results, given.core)
    write(read(given.results))
    sys.exit(not is_well)


if __name__ == "__main__":
    main()
