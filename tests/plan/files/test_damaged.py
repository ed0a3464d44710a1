"""Damaged files of every kind: read and planned, or refused with a place; nothing else, and nothing takes long."""

from __future__ import annotations

import json
import random

import pytest

from fleet.base.errors import FleetError, InputError, UsageError
from fleet.plan.budget import Iterations
from fleet.plan.files.beginning import beginning
from fleet.plan.files.opening import read_plan, read_problem
from fleet.plan.files.plan_json import plan_json
from fleet.plan.files.problem_write import problem_json
from fleet.plan.files.sol import sol_text
from fleet.plan.planner import solve
from fleet.plan.referee import judge

from .samples import EXPLICIT, MULTI_TRIP, SOLOMON, VRP, rich, rich_plan

SCRAPS = (
    b"",
    b"-1",
    b"nan",
    b"1e99",
    b"\n",
    b":",
    b"0",
    b"\x00",
    b"\xff\xfe",
    b'"',
    b"}",
    b"9" * 40,
    b"EOF\n",
    b"null",
)
ODD = (-1, 0, 2**29, 2**63, 10**15, 10**30, 1e308, -0.5, 0.1, "", "x", None, [], {}, True, "base")  # fmt: skip
FORMS = ("vrp", "multi", "solomon", "explicit", "problem", "matrix", "plan", "sol")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A sound file of every form, and what is read of each with the problem that a plan is for."""
    folder = tmp_path_factory.mktemp("sound")
    problem = problem_json(rich())
    matrices = json.loads(problem)
    matrices["ways"] = [way for way in matrices["ways"] if way["kind"] == "matrix"]
    for kind in matrices["types"]:
        kind["ways"] = matrices["ways"][0]["name"]
    vrp = folder / "whole.vrp"
    vrp.write_text(VRP)
    loaded = read_problem(vrp)
    texts = {"vrp": VRP, "multi": MULTI_TRIP, "solomon": SOLOMON, "explicit": EXPLICIT, "problem": problem,
             "matrix": json.dumps(matrices), "plan": plan_json(rich(), rich_plan()),
             "sol": sol_text(loaded, solve(loaded.problem, Iterations(5)).plan)}  # fmt: skip
    return texts, {"plan": rich(), "sol": loaded}


def damaged(draw: random.Random, text: str) -> bytes:
    """A text with one to three things wrong: bytes gone, put in, repeated or cut off; values of JSON exchanged."""
    if text.lstrip().startswith("{") and draw.random() < 0.7:
        data = json.loads(text)
        for _ in range(draw.randint(1, 3)):
            _exchange(draw, data)
        return json.dumps(data).encode()
    data = text.encode()
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(data) + 1)
        end = min(len(data), at + draw.randint(0, 12))
        how = draw.random()
        if how < 0.6:
            data = data[:at] + draw.choice(SCRAPS) + data[end:]
        elif how < 0.8:
            data = data[:end] + data[at:end] + data[end:]
        elif how < 0.9:
            data = data[:at]
        else:
            data = data.replace(b"\n", b"\r\n")
    return data


def _exchange(draw: random.Random, data: object) -> None:
    """Another value somewhere."""
    while True:
        keys = list(data) if isinstance(data, dict) else range(len(data))
        if not keys:
            return
        key = draw.choice(list(keys))
        if isinstance(data[key], (dict, list)) and data[key] and draw.random() < 0.85:
            data = data[key]
            continue
        if isinstance(data, list) and draw.random() < 0.2:
            data.append(data[key])
        elif draw.random() < 0.15:
            del data[key]
        else:
            data[key] = draw.choice(ODD)
        return


def attempted(path, loaded) -> str:
    """What becomes of a file: refused, or planned legally (`loaded` is what a plan is for)."""
    try:
        if loaded is not None:
            problem = loaded.problem
            plan, _ = beginning(problem, read_plan(path, loaded).plan)
        else:
            problem = read_problem(path).problem
            plan = solve(problem, Iterations(3)).plan
    except FleetError as error:
        refused = error
    else:
        bound = {vehicle.id for vehicle in problem.vehicles if vehicle.committed}
        broken = judge(problem, plan)
        assert all(violation.vehicle in bound for violation in broken), broken
        return "planned"
    assert isinstance(refused, InputError | UsageError)
    for fault in refused.faults if isinstance(refused, InputError) else ():
        assert (fault.file, min(fault.line, fault.column) >= 1) == (str(path), True)
        assert fault.expected, fault
    return "refused"


def many(tmp_path, sound, seed: int, count: int) -> dict[str, set[str]]:
    texts, plans_for = sound
    draw = random.Random(seed)
    became: dict[str, set[str]] = {}
    for number in range(count):
        form = FORMS[number % len(FORMS)]
        path = tmp_path / f"damaged-{form}"
        path.write_bytes(damaged(draw, texts[form]))
        try:
            became.setdefault(form, set()).add(attempted(path, plans_for.get(form)))
        except Exception as error:
            error.add_note(f"seed {seed}, number {number}, {form}: {path.read_bytes()[:3000]!r}")
            raise
    return became


def test_damaged_files_are_planned_or_refused(tmp_path, sound):
    became = many(tmp_path, sound, 0, 320)
    assert set(became) == set(FORMS)
    assert set().union(*became.values()) == {"planned", "refused"}


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(1, 8))
def test_many_more_damaged_files(tmp_path, sound, seed):
    assert many(tmp_path, sound, seed, 320)
