"""Opens problem and plan files of every kind; what kind a file is, its text says, and not its name.

A problem that could be read is looked through once more as a whole: what contradicts itself is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fleet.base.errors import Fault, InputError, UsageError
from fleet.city.jsonfile import Complaints, Places, Trail, line_and_column, spelt
from fleet.plan.checks import Finding, findings
from fleet.plan.files.field import as_loaded
from fleet.plan.files.loaded import Convention, Loaded
from fleet.plan.files.plan_json import read_plan_json
from fleet.plan.files.problem_model import MOST_LETTERS
from fleet.plan.files.problem_read import read_problem_json
from fleet.plan.files.sol import read_sol
from fleet.plan.files.solomon import read_solomon
from fleet.plan.files.source import Source, read_text
from fleet.plan.files.vrplib import read_vrplib
from fleet.plan.problem import Plan

_VRPLIB = re.compile(r"^\s*(NAME|TYPE|DIMENSION|COMMENT|CAPACITY|EDGE_WEIGHT_TYPE)\s*:|_SECTION\b", re.MULTILINE)
_SOLOMON = re.compile(r"^\s*(VEHICLE|CUSTOMER)\s*$", re.MULTILINE)
_SOLUTION = re.compile(r"^\s*(route\s*#?\s*\d+\s*:|cost\b)", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A plan as it came from a file, and what a .sol file says it costs in its own units (None: nothing)."""

    plan: Plan
    stated_cost: float | None = None


def read_problem(path: Path, convention: Convention | None = None) -> Loaded:
    """The problem in a VRPLIB, Solomon or JSON file; without a name in it, it has the file's.

    `convention` None is the usual one of the file's kind. Raises `InputError` with every fault, `UsageError` for a
    convention with a file that has none.
    """
    text = read_text(path)
    loaded = _read(path, text, convention)
    found = findings(loaded.problem)
    if loaded.kind == "JSON":
        places = Complaints(str(path), text)
        for finding in found:
            if finding.level == "fault":
                places.value(_trail(text, finding.path), finding.expected, finding.found, finding.hint)
        places.raise_if_any()
    elif faults := [finding.fault(str(path)) for finding in found if finding.level == "fault"]:
        raise InputError(faults)
    if loaded.kind == "JSON":
        return replace(loaded, remarks=tuple(_placed(path, text, found)))
    return replace(loaded, remarks=tuple(finding.fault(str(path)) for finding in found))


def _read(path: Path, text: str, convention: Convention | None) -> Loaded:
    if text.lstrip().startswith(("{", "[")):
        if convention is not None:
            raise UsageError(f"--convention {convention}: {path} is JSON, whose numbers are whole as they are")
        return read_problem_json(path, text)
    source = Source(str(path), text)
    if _VRPLIB.search(text):
        instance = read_vrplib(source)
    elif _SOLOMON.search(text):
        instance = read_solomon(source)
    else:
        raise InputError([Fault(str(path), 1, 1, "", "a problem: VRPLIB, Solomon or JSON", _what_else(text))])
    # A name that no terminal may be shown would make files that cannot be read again.
    name = "".join(letter if letter.isprintable() else "?" for letter in instance.name or path.stem)
    return as_loaded(path, replace(instance, name=name[:MOST_LETTERS]), convention)


def _what_else(text: str) -> str:
    if text.startswith(("\x1f\x8b", "PK\x03\x04", "BZh", "\xfd7zXZ")):
        return "a packed file: unpack it first"
    if text.startswith(("\xff\xfe", "\xfe\xff")):
        return "a text in UTF-16: save it as UTF-8"
    return "bytes that are no text" if "\0" in text[:4096] else "another text"


def _placed(path: Path, text: str, found: Sequence[Finding]) -> Iterator[Fault]:
    """Findings with the line and column that the JSON file has for each."""
    places = Places(text)
    for finding in found:
        trail = _trail(text, finding.path)
        offset = places.offset(trail)
        yield Fault(
            str(path), *line_and_column(text, offset), spelt(trail), finding.expected, finding.found, finding.hint
        )


def _trail(text: str, path: str) -> Trail:
    """Where the JSON file says what the problem says at `path`. It has ways by name, and not one for each type."""
    trail: list[str | int] = [int(step) if step.isdigit() else step for step in path.split(".")]
    if trail[0] == "ways" and len(trail) > 1:
        said = json.loads(text)
        names = [ways["name"] for ways in said["ways"]]
        trail[1] = names.index(said["types"][trail[1]]["ways"])
        if trail[2:] == ["ms_per_unit"] and said["ways"][trail[1]].get("speed_mps") is not None:
            trail[2] = "speed_mps"
    return tuple(trail)


def read_plan(path: Path, loaded: Loaded) -> PlanFile:
    """The plan in a JSON or .sol file. Raises `InputError` with every fault, `UsageError` where routes of
    customers cannot tell a plan for the problem."""
    text = read_text(path)
    if text.lstrip().startswith(("{", "[")):
        return PlanFile(read_plan_json(path, text, loaded))
    if not _SOLUTION.search(text) and path.suffix.lower() != ".sol":
        raise InputError([Fault(str(path), 1, 1, "", "a plan: JSON or .sol", _what_else(text))])
    solution = read_sol(Source(str(path), text), loaded)
    return PlanFile(solution.plan, solution.cost)
