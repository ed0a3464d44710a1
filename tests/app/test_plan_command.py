"""`fleet plan`: what it prints, writes and refuses. The planner here is a stub: one trip per customer."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from types import ModuleType

import jsonschema
import pytest

from fleet.app import warm
from fleet.app.commands.plan import progress_line
from fleet.plan import solver
from fleet.plan.files.loaded import Loaded
from fleet.plan.files.sol import read_sol
from fleet.plan.files.source import Source
from fleet.plan.problem import Plan
from fleet.plan.referee import Violation
from fleet.plan.result import Progress
from tests.plan.files.samples import FOUR, PLACED

from .command import fleet


@dataclass(frozen=True)
class Asked:
    """What the command asked of the planner."""

    budget: object
    seed: int
    start: Plan | None
    workers: int
    prove: bool


@dataclass(frozen=True)
class Found:
    """What a planner returns."""

    plan: Plan
    iterations: int
    word: None = None


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """A planner that gives each vehicle one pickup, and what it was asked."""
    seen: list[Asked] = []

    def solve(problem, budget, *, seed, start, on_progress, executor, workers, manner):
        assert (executor is None, manner.explain) == (workers == 1, True)
        seen.append(Asked(budget, seed, start, workers, manner.prove))
        routes = [f"Route #{n + 1}: {n + 1}" for n in range(min(len(problem.vehicles), len(problem.pickups)))]
        source = Source("stub.sol", "\n".join([*routes, "Cost 0"]))
        return Found(read_sol(source, Loaded(tmp_path, "", "", problem, ())).plan, 7)

    stub = ModuleType("fleet.plan.planner")
    stub.solve = solve
    judged = ModuleType("fleet.plan.referee")
    judged.judge = lambda problem, plan: ()
    monkeypatch.setitem(sys.modules, "fleet.plan.planner", stub)
    monkeypatch.setitem(sys.modules, "fleet.plan.referee", judged)
    monkeypatch.setattr(warm, "is_cold", lambda: False)
    monkeypatch.setattr(warm, "warm", lambda: None)
    (tmp_path / "four.vrp").write_text(FOUR)
    (tmp_path / "placed.json").write_text(json.dumps(PLACED))
    return seen


def strict(monkeypatch, *violations):
    """A referee that finds `violations`."""
    judged = ModuleType("fleet.plan.referee")
    judged.judge = lambda problem, plan: violations
    monkeypatch.setitem(sys.modules, "fleet.plan.referee", judged)


def test_a_plan_in_words(asked, tmp_path):
    done = fleet("plan", tmp_path / "four.vrp")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "four (CVRP, integer): cost 40",
        "3 of 3 served by 3 of 3 vehicles, 3 unloadings",
    ]
    assert asked[0].budget.most == 100_000
    assert asked[0].seed == 0


def test_a_plan_as_json(asked, tmp_path):
    done = fleet("plan", tmp_path / "four.vrp", "--convention", "dimacs", "--iterations", 5, "--seed", 9, "--json")
    said = json.loads(done.stdout)
    assert (said["cost"], said["file_cost"], said["convention"], said["iterations"]) == (400, 40.0, "dimacs", 7)
    assert (said["served"], said["pickups"], said["omitted"], said["written"]) == (3, 3, [], [])
    assert (asked[0].budget.most, asked[0].seed) == (5, 9)


def test_seconds_are_a_budget_too(asked, tmp_path):
    assert fleet("plan", tmp_path / "four.vrp", "--seconds", 0.5).exit_code == 0
    assert asked[0].budget.most_s == 0.5
    both = fleet("plan", tmp_path / "four.vrp", "--seconds", 1, "--iterations", 1)
    assert (both.exit_code, len(asked)) == (2, 1)


def test_seconds_begin_when_the_search_is_ready(asked, monkeypatch, tmp_path):
    began_s = []
    monkeypatch.setattr(warm, "is_cold", lambda: True)
    monkeypatch.setattr(warm, "warm", lambda: began_s.append(time.monotonic()))
    done = fleet("plan", tmp_path / "four.vrp", "--seconds", "0.5")
    assert asked[0].budget.start_s >= began_s[0]
    assert done.stderr == "note: the search is compiled for this machine first, which takes half a minute, once\n"


def test_workers(asked, tmp_path):
    assert fleet("plan", tmp_path / "four.vrp").exit_code == 0
    assert fleet("plan", tmp_path / "four.vrp", "--workers", 2).exit_code == 0
    assert [one.workers for one in asked] == [1, 2]
    assert fleet("plan", tmp_path / "four.vrp", "--workers", 0).exit_code == 2


def test_workers_are_ready_before_the_seconds_begin(asked, monkeypatch, tmp_path):
    began_s, limit = [], 3
    monkeypatch.setattr(solver, "sizes", lambda manner: (limit, limit))
    monkeypatch.setattr(warm, "warm_crew", lambda executor, workers: began_s.append((workers, time.monotonic())))
    words = ("plan", tmp_path / "four.vrp", "--seconds", "0.5", "--workers", "2")
    assert fleet(*words).exit_code == 0
    assert began_s == [], "it is searched in one piece"
    limit = 2
    assert fleet(*words).exit_code == 0
    ((workers, ready_s),) = began_s
    assert workers == 2
    assert asked[1].budget.start_s >= ready_s


def test_a_plan_to_begin_with(asked, tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "fleet.plan.referee")
    sol = tmp_path / "r.sol"
    sol.write_text("Route #1: 1 2\nRoute #2: 3\n")
    done = fleet("plan", tmp_path / "four.vrp", "--start", sol)
    assert done.exit_code == 0, done.output
    assert (asked[0].start.cost, done.stderr) == (30, "")
    assert done.stdout.splitlines()[2] == "begun with a plan of cost 30"
    sol.write_text("Route #1: 1 2 3\n")
    done = fleet("plan", tmp_path / "four.vrp", "--start", sol, "--json")
    assert json.loads(done.stdout)["start_cost"] == asked[1].start.cost > 22
    assert "r.sol is mended, as it breaks a rule: mass: vehicle 1 at 3: needs 15, has 10" in done.stderr
    assert fleet("plan", tmp_path / "four.vrp", "--start", sol, "-o", sol).exit_code == 2


def test_any_problem_as_our_own_file(asked, tmp_path):
    out = tmp_path / "own.json"
    done = fleet("plan", tmp_path / "four.vrp", "--write-problem", out)
    assert (done.exit_code, done.stdout) == (0, "")
    jsonschema.validate(json.loads(out.read_text()), json.loads(fleet("plan", "--schema").stdout))
    said = json.loads(fleet("plan", out, "--json").stdout)
    assert (said["kind"], said["cost"], len(asked)) == ("JSON", 40, 1)
    for words in (("--write-problem", out), ("-o", out, "--write-problem", tmp_path / "x.json")):
        assert fleet("plan", out, *words).exit_code == 2
    assert fleet("plan", out, "--write-problem", tmp_path / "x.vrp").exit_code == 2


def test_what_is_odd_is_remarked(asked, tmp_path):
    odd = {**PLACED, "pickups": [{**PLACED["pickups"][0], "material": "stone"}]}
    (tmp_path / "odd.json").write_text(json.dumps(odd, indent=1))
    done = fleet("plan", tmp_path / "odd.json")
    assert done.exit_code == 0
    assert ":50:16: pickups[0].material: expected a material that some dock takes, found 'stone'" in done.stderr


def test_who_cannot_end_what_it_is_committed_to(asked, tmp_path, monkeypatch):
    bound = {**PLACED, "vehicles": [{**PLACED["vehicles"][0], "committed": [{"pickup": "p1"}], "until_ms": 1}]}
    (tmp_path / "bound.json").write_text(json.dumps(bound))
    strict(monkeypatch, Violation("end", "v1", "", 2, 1))
    done = fleet("plan", tmp_path / "bound.json")
    assert done.exit_code == 4
    assert "end: vehicle v1: needs 2, has 1" in done.stderr


def test_who_is_left_out_is_named(asked, tmp_path):
    (tmp_path / "four.vrp").write_text(FOUR.replace("VEHICLES : 3", "VEHICLES : 2"))
    done = fleet("plan", tmp_path / "four.vrp")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[1:] == [
        "2 of 3 served by 2 of 2 vehicles, 2 unloadings",
        "1 left out: fleet-busy 1",
        "  3: fleet-busy",
    ]


def test_zero_vehicles_is_fine(asked, tmp_path):
    (tmp_path / "four.vrp").write_text(FOUR.replace("VEHICLES : 3", "VEHICLES : 0"))
    done = fleet("plan", tmp_path / "four.vrp", "--json")
    assert json.loads(done.stdout)["served"] == 0


def test_every_output(asked, tmp_path):
    four = tmp_path / "four.vrp"
    done = fleet("plan", four, "-o", tmp_path / "p.json", "-o", tmp_path / "r.sol")
    assert done.exit_code == 0
    assert (tmp_path / "r.sol").read_text() == "Route #1: 1\nRoute #2: 2\nRoute #3: 3\nCost 40\n"
    assert json.loads((tmp_path / "p.json").read_text())["cost"] == 40
    assert done.stderr.count("wrote ") == 2
    done = fleet(
        "plan", tmp_path / "placed.json", "-o", tmp_path / "m.plan", "-o", tmp_path / "m.geojson", "--json"
    )
    assert done.exit_code == 0, done.output
    assert [path.rpartition("/")[2] for path in json.loads(done.stdout)["written"]] == ["m-v1.plan", "m.geojson"]
    assert json.loads((tmp_path / "m-v1.plan").read_text())["fileType"] == "Plan"
    assert len(json.loads((tmp_path / "m.geojson").read_text())["features"]) == 3


def test_a_map_of_a_problem_without_places_is_refused_before_planning(asked, tmp_path):
    for name in ("m.geojson", "m.plan", "m.txt"):
        done = fleet("plan", tmp_path / "four.vrp", "-o", tmp_path / name)
        assert done.exit_code == 2, done.output
        assert not (tmp_path / name).exists()
    assert asked == []


def test_no_output_takes_the_place_of_an_input(asked, tmp_path):
    problem = tmp_path / "placed.json"
    before = problem.read_bytes()
    link = tmp_path / "link.json"
    link.symlink_to(problem)
    for out in (problem, link, tmp_path / "." / "placed.json"):
        done = fleet("plan", problem, "-o", out)
        assert done.exit_code == 2
        assert "another file than the input" in done.stderr
    mission = tmp_path / "m-v1.plan"
    mission.write_bytes(before)
    done = fleet("plan", mission, "-o", tmp_path / "m.plan")
    assert done.exit_code == 2
    assert "another file than the input" in done.stderr
    assert problem.read_bytes() == mission.read_bytes() == before


def test_a_plan_that_the_referee_refuses_is_not_written(asked, tmp_path, monkeypatch):
    strict(monkeypatch, Violation("mass", "1", "2", 11, 10))
    done = fleet("plan", tmp_path / "four.vrp", "-o", tmp_path / "p.json")
    assert done.exit_code == 1
    assert "mass: vehicle 1 at 2" in done.stderr
    assert not (tmp_path / "p.json").exists()


def test_check_of_a_legal_plan(asked, tmp_path):
    sol = tmp_path / "r.sol"
    sol.write_text("Route #1: 1 2\nRoute #2: 3\nCost 30\n")
    done = fleet("plan", "--check", tmp_path / "four.vrp", sol, "-o", tmp_path / "p.json")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == "no rule is broken"
    again = fleet("plan", "--check", tmp_path / "four.vrp", tmp_path / "p.json", "--json")
    said = json.loads(again.stdout)
    assert (again.exit_code, said["ok"], said["cost"], said["violations"]) == (0, True, 30, [])
    assert asked == []


def test_check_of_a_broken_plan(asked, tmp_path, monkeypatch):
    sol = tmp_path / "r.sol"
    sol.write_text("Route #1: 1 2 3\nCost 30\n")
    strict(monkeypatch, "mass: vehicle 1 at 3: needs 15, has 10")
    done = fleet("plan", "--check", tmp_path / "four.vrp", sol)
    assert done.exit_code == 1
    assert "broken  mass: vehicle 1" in done.stdout
    assert "broken  stated-cost: the file says 30, its routes cost 22 (integer)" in done.stdout
    assert done.stdout.splitlines()[-1] == "2 violations"


def test_check_of_a_stated_cost(asked, tmp_path):
    sol = tmp_path / "r.sol"
    sol.write_text("Route #1: 1 2\nRoute #2: 3\nCost 29\n")
    done = fleet("plan", "--check", tmp_path / "four.vrp", sol, "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["violations"] == ["stated-cost: the file says 29, its routes cost 30 (integer)"]


def test_a_plan_for_another_problem(asked, tmp_path):
    sol = tmp_path / "r.sol"
    sol.write_text("Route #1: 1 9\n")
    done = fleet("plan", "--check", tmp_path / "four.vrp", sol)
    assert done.exit_code == 3
    assert f"{sol}:1:13: Route: expected a customer from 1 to 3, or 0, found '9'" in done.stderr


@pytest.mark.parametrize(
    "words, code",
    [
        ([], 2),
        (["--check", "four.vrp"], 2),
        (["four.vrp", "four.vrp"], 2),
        (["missing.vrp"], 3),
        (["."], 3),
        (["four.vrp", "--convention", "exactly"], 2),
        (["placed.json", "--convention", "exact"], 2),
        (["four.vrp", "--seconds", "nan"], 2),
        (["four.vrp", "--iterations", "-1"], 2),
    ],
)
def test_wrong_calls(asked, tmp_path, monkeypatch, words, code):
    monkeypatch.chdir(tmp_path)
    done = fleet("plan", *words)
    assert done.exit_code == code, done.output
    assert done.stdout == ""
    assert done.stderr
    assert asked == []


def test_faults_as_json(asked, tmp_path):
    (tmp_path / "four.vrp").write_text(FOUR.replace("VEHICLES : 3", "VEHICLES : many").replace("3 5", "3 -5"))
    done = fleet("plan", tmp_path / "four.vrp", "--json")
    assert done.exit_code == 3
    faults = json.loads(done.stdout)["error"]["faults"]
    assert [(fault["line"], fault["path"]) for fault in faults] == [(4, "VEHICLES"), (15, "DEMAND_SECTION")]


def test_the_model_is_asked_about_as_much_as_it_can(asked, tmp_path):
    for count in (149, 150):
        busy = {**PLACED["vehicles"][0], "committed": [{"dock": "base"}] * count}
        (tmp_path / "busy.json").write_text(json.dumps({**PLACED, "vehicles": [busy]}))
        assert fleet("plan", tmp_path / "busy.json").exit_code == 0
    assert [one.prove for one in asked] == [True, False]


def test_what_does_not_fit_in_memory_is_told(asked, tmp_path, monkeypatch):
    def full(*given, **more):
        raise MemoryError

    monkeypatch.setattr(sys.modules["fleet.plan.planner"], "solve", full)
    done = fleet("plan", tmp_path / "four.vrp", "-o", tmp_path / "p.json")
    assert (done.exit_code, done.stderr) == (
        1,
        "there is not enough memory for this: it is too large in one piece\n",
    )
    assert not (tmp_path / "p.json").exists()


def test_nothing_that_is_told_steers_a_terminal(asked, tmp_path):
    folder = tmp_path / "a\x1b[2Jb"
    folder.mkdir()
    (folder / "odd\u202e.json").write_text(json.dumps({**PLACED, "x\x1b[31m": 1}))
    done = fleet("plan", folder / "odd\u202e.json")
    assert done.exit_code == 3
    assert r"a\x1b[2Jb/odd\u202e.json:1:" in done.stderr
    assert r": x\x1b[31m: expected a field that exists here" in done.stderr
    assert done.stderr.replace("\n", "").isprintable()
    (folder / "\x9b2J.vrp").write_text(FOUR.replace("NAME", "COMMENT"))
    done = fleet("plan", folder / "\x9b2J.vrp", "-o", folder / "p.json")
    assert done.stdout.startswith("?2J (CVRP, integer): cost 40\n")
    assert done.stderr == f"wrote {tmp_path}/a" + r"\x1b[2Jb/p.json" + "\n"


def test_progress_is_told_now_and_then(capsys):
    show = progress_line(1234)
    for cost in (9000, 8000, 7000):
        show(Progress(1, cost, 1000))
    assert capsys.readouterr().err.split() == ["0.0", "s", "cost", "9,000", "served", "1,000", "of", "1,234"]


def test_schemas():
    problem, plan = fleet("plan", "--schema"), fleet("plan", "--schema", "plan")
    assert problem.exit_code == plan.exit_code == 0
    jsonschema.validate(PLACED, json.loads(problem.stdout))
    assert "routes" in json.loads(plan.stdout)["properties"]


def test_a_customer_on_no_route_is_a_broken_rule(tmp_path):
    (tmp_path / "four.vrp").write_text(FOUR)
    (tmp_path / "some.sol").write_text("Route #1: 1\n")
    done = fleet("plan", "--check", tmp_path / "four.vrp", tmp_path / "some.sol")
    assert done.exit_code == 1
    assert "broken  unserved: 2 customers are on no route: 2, 3" in done.stdout
