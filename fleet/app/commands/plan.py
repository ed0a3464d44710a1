"""`fleet plan`: a plan for a problem in a file, and the referee's word on any plan."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fleet.app.command import FILE, Command, Number, echo_json, json_option, note, spare, visible
from fleet.app.omission_text import omission_lines
from fleet.app.stop import stoppable
from fleet.base.errors import InfeasibleError, RunError, UsageError

if TYPE_CHECKING:
    from fleet.plan.budget import Budget
    from fleet.plan.files.loaded import Convention, Loaded
    from fleet.plan.problem import Plan
    from fleet.plan.referee import Violation
    from fleet.plan.result import Listener, Progress, Word

USUAL_ITERATIONS = 100_000
"""The budget where none is given: work, and not time, so that the same call gives the same plan."""
MOST_SHOWN = 20
"""More pickups left out, or more violations, are counted and not listed."""
MOST_REMARKS = 5
SHOW_EVERY_S = 0.5
MOST_PROVED = 150
"""The OR-Tools model is asked about plans for so many pickups and committed visits at most: a second or so."""


@click.command("plan", cls=Command)
@click.argument("file", type=FILE, required=False)
@click.argument("plan_file", type=FILE, required=False, metavar="[PLAN]")
@click.option("--check", is_flag=True, help="Plan nothing: judge the plan in PLAN (.json or .sol).")
@click.option("--seconds", type=Number(0.0), metavar="S", help="Search for so long.")
@click.option(
    "--iterations", type=click.IntRange(0, 10**12), metavar="N",
    help=f"Search so many iterations; the same N and seed give the same plan.  [default: {USUAL_ITERATIONS:,}]",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Of the search.")
@click.option(
    "--workers", type=click.IntRange(1, 256), default=1, show_default=True, metavar="N",
    help="Search the cells of a large problem in so many processes.",
)  # fmt: skip
@click.option(
    "--start", type=FILE, metavar="PLAN", help="Begin with this plan (.json or .sol); none dearer is given."
)
@click.option(
    "--convention", type=click.Choice(("dimacs", "exact", "integer")),
    help="How a .vrp or Solomon file's numbers become whole; else as is usual for the file's kind.",
)  # fmt: skip
@click.option(
    "-o", "--out", "outs", type=FILE, multiple=True, metavar="FILE",
    help="Write the plan: .json, .sol, .geojson, or .plan (QGroundControl; NAME-VEHICLE.plan for each drone).",
)  # fmt: skip
@click.option(
    "--write-problem", type=FILE, metavar="FILE",
    help="Write the problem as our own JSON, whatever FILE was, and do nothing else.",
)  # fmt: skip
@click.option(
    "--schema", type=click.Choice(("problem", "plan")), is_flag=False, flag_value="problem",
    help="Print the JSON Schema of problem files (or of plan files) and do nothing else.",
)  # fmt: skip
@json_option
def plan(file: Path | None, as_json: bool, **settings: Any) -> None:
    """Plan routes for the problem in FILE: our own JSON, VRPLIB (.vrp) or Solomon (.txt).

    With --check: judge PLAN as a plan for FILE. Exit code 1 if it breaks a rule.
    """
    if settings["schema"]:
        _print_schema(settings["schema"])
        return
    if file is None:
        raise UsageError("expected a FILE with a problem, found none")
    if (settings["plan_file"] is not None) != settings["check"]:
        raise UsageError("expected `FILE` alone, or `--check FILE PLAN`")
    if settings["seconds"] is not None and settings["iterations"] is not None:
        raise UsageError("expected --seconds or --iterations, found both")
    if settings["write_problem"]:
        _convert(file, settings, as_json=as_json)
        return
    if settings["check"]:
        legal = _check(file, settings, as_json=as_json)
        click.get_current_context().exit(0 if legal else RunError.exit_code)
    with stoppable():
        _solve(file, settings, as_json=as_json)


def _print_schema(which: str) -> None:
    from fleet.plan.files.plan_model import plan_schema
    from fleet.plan.files.problem_model import problem_schema

    echo_json(problem_schema() if which == "problem" else plan_schema())


def _convert(file: Path, settings: dict[str, Any], *, as_json: bool) -> None:
    from fleet.plan.files.outputs import write_outputs
    from fleet.plan.files.problem_write import problem_json

    out: Path = settings["write_problem"]
    if settings["check"] or settings["start"] or settings["outs"]:
        raise UsageError("--write-problem plans nothing: expected no --check, --start and -o beside it")
    if out.suffix.lower() != ".json":
        raise UsageError(f"--write-problem {out}: expected a name that ends in .json")
    loaded = _load(file, settings)
    spare(out, file)
    write_outputs({out: problem_json(loaded)})
    note(f"wrote {click.format_filename(out)}")
    if as_json:
        echo_json({"file": str(file), "name": loaded.name, "kind": loaded.kind, "written": [str(out)]})


def _load(file: Path, settings: dict[str, Any]) -> Loaded:
    from fleet.plan.files.opening import read_problem
    from fleet.plan.files.outputs import check_outputs

    convention: Convention | None = settings["convention"]
    for out in settings["outs"]:
        spare(out, file, settings["plan_file"], settings["start"])
    loaded = read_problem(file, convention)
    check_outputs(loaded, settings["outs"])
    for remark in loaded.remarks[:MOST_REMARKS]:
        note(f"note: {remark}")
    if len(loaded.remarks) > MOST_REMARKS:
        note(f"note: {len(loaded.remarks) - MOST_REMARKS:,} more such remarks")
    return loaded


def _solve(file: Path, settings: dict[str, Any], *, as_json: bool) -> None:
    loaded = _load(file, settings)
    start = _start(loaded, settings["start"])
    # Behind the reading: a file that is refused need not wait for the search to be loaded.
    from fleet.app import warm
    from fleet.app.pool import pool
    from fleet.plan.planner import solve
    from fleet.plan.referee import judge
    from fleet.plan.result import Manner
    from fleet.plan.solver import sizes

    show = progress_line(len(loaded.problem.pickups)) if sys.stderr.isatty() else None
    visits = len(loaded.problem.pickups) + sum(len(vehicle.committed) for vehicle in loaded.problem.vehicles)
    manner = Manner(explain=True, prove=visits <= MOST_PROVED)
    workers = settings["workers"]
    if warm.is_cold():
        note("note: the search is compiled for this machine first, which takes half a minute, once")
    warm.warm()
    with pool(workers) as executor:
        if executor is not None and len(loaded.problem.pickups) > sizes(manner)[0]:
            warm.warm_crew(executor, workers)
        budget = _budget(settings)  # its seconds begin here, for a search that is ready
        result = solve(
            loaded.problem, budget, seed=settings["seed"], start=start, on_progress=show,
            executor=executor, workers=workers, manner=manner,
        )  # fmt: skip
    _must_be_legal(loaded, judge(loaded.problem, result.plan))
    written = _write(loaded, result.plan, settings)
    said = {**_summary(loaded, result.plan), "iterations": result.iterations, "seed": settings["seed"]}
    if start is not None:
        said["start_cost"] = start.cost
    said |= _word_said(result.word)
    if as_json:
        echo_json({**said, "written": [str(path) for path in written]})
    else:
        click.echo(visible("\n".join([*_lines(said), *_word_lines(said)])))


def _word_said(word: Word | None) -> dict[str, Any]:
    """What the OR-Tools model said; nothing where it was not asked."""
    return {} if word is None else {"proved": word.proved, "but_for": list(word.but_for), "unproved": word.why}


def _word_lines(said: dict[str, Any]) -> Iterator[str]:
    if said.get("proved"):
        but_for = " and ".join(said["but_for"])
        yield "proved by the OR-Tools model" + (f", but for {but_for}" if but_for else "")
    elif "proved" in said:
        yield f"the OR-Tools model {'cannot say' if said['proved'] is None else 'disagrees'}: {said['unproved']}"


def _must_be_legal(loaded: Loaded, broken: Sequence[Violation]) -> None:
    """Raise `InfeasibleError` where only vehicles that are committed break rules: there was no choice."""
    if not broken:
        return
    listed = "\n".join(f"  {violation}" for violation in broken[:MOST_SHOWN])
    bound = {vehicle.id for vehicle in loaded.problem.vehicles if vehicle.committed}
    if all(violation.vehicle in bound for violation in broken):
        raise InfeasibleError(f"no legal way was found for vehicles to end what they are committed to\n{listed}")
    raise RunError(f"the planner made a plan that the referee refuses; nothing is written\n{listed}")


def _start(loaded: Loaded, file: Path | None) -> Plan | None:
    """The plan to begin with; what is wrong with it is said, and mended."""
    if file is None:
        return None
    from fleet.plan.files.beginning import beginning
    from fleet.plan.files.opening import read_plan

    found, broken = beginning(loaded.problem, read_plan(file, loaded).plan)
    if broken:
        more = f", and {len(broken) - 1:,} more" if len(broken) > 1 else ""
        note(f"note: --start {click.format_filename(file)} is mended, as it breaks a rule: {broken[0]}{more}")
    return found


def _budget(settings: dict[str, Any]) -> Budget:
    from fleet.plan.budget import Iterations, Seconds

    if settings["seconds"] is not None:
        return Seconds(settings["seconds"])
    return Iterations(USUAL_ITERATIONS if settings["iterations"] is None else settings["iterations"])


def progress_line(pickups: int) -> Listener:
    """Tells of the search, a few times a second at most. The clock decides nothing but what is shown."""
    began_s = time.monotonic()
    last_s = began_s - SHOW_EVERY_S

    def show(progress: Progress) -> None:
        nonlocal last_s
        now_s = time.monotonic()
        if now_s - last_s >= SHOW_EVERY_S:
            last_s = now_s
            bound = "" if progress.bound is None else f"  at least {progress.bound:,}"
            served = f"served {progress.served:,} of {pickups:,}"
            note(f"{now_s - began_s:8.1f} s  cost {progress.cost:,}{bound}  {served}")

    return show


def _check(file: Path, settings: dict[str, Any], *, as_json: bool) -> bool:
    """Whether the plan is legal; says so, and what is wrong with it."""
    from fleet.plan.files.opening import read_plan
    from fleet.plan.files.sol import legs_in_file_units
    from fleet.plan.referee import judge

    loaded = _load(file, settings)
    read = read_plan(settings["plan_file"], loaded)
    broken = [str(violation) for violation in judge(loaded.problem, read.plan)]
    if loaded.convention and read.plan.omitted:
        broken.append(_unserved([loaded.problem.pickups[o.pickup].id for o in read.plan.omitted]))
    if read.stated_cost is not None:
        cost = legs_in_file_units(loaded, read.plan)
        if abs(read.stated_cost - float(cost)) > 1e-6 * max(1.0, abs(float(cost))):
            convention = f" ({loaded.convention})" if loaded.convention else ""
            broken.append(
                f"stated-cost: the file says {read.stated_cost:.12g}, its routes cost {cost}{convention}"
            )
    written = _write(loaded, read.plan, settings)
    said = {"ok": not broken, **_summary(loaded, read.plan), "violations": broken}
    if as_json:
        echo_json({**said, "written": [str(path) for path in written]})
        return not broken
    click.echo(visible("\n".join(_lines(said))))
    for violation in broken[:MOST_SHOWN]:
        click.echo(visible(f"broken  {violation}"))
    if len(broken) > MOST_SHOWN:
        click.echo(f"broken  {len(broken) - MOST_SHOWN:,} more")
    click.echo(f"{len(broken):,} violations" if broken else "no rule is broken")
    return not broken


def _unserved(customers: list[str]) -> str:
    """In the field's files every customer is a must."""
    some = ", ".join(customers[:MOST_SHOWN]) + (", ..." if len(customers) > MOST_SHOWN else "")
    return f"unserved: {len(customers):,} customers are on no route: {some}"


def _write(loaded: Loaded, found: Plan, settings: dict[str, Any]) -> Sequence[Path]:
    """Write what was asked for, and say so; returns the files."""
    from fleet.plan.files.outputs import texts_for, write_outputs

    texts: dict[Path, str] = {}
    for out in settings["outs"]:
        texts |= texts_for(loaded, found, out)
    for path in texts:
        spare(path, loaded.file, settings["plan_file"], settings["start"])
    write_outputs(texts)
    for path in texts:
        note(f"wrote {click.format_filename(path)}")
    return list(texts)


def _summary(loaded: Loaded, found: Plan) -> dict[str, Any]:
    """What a plan comes to. Costs are in whole units; `file_cost` is what a .sol file says."""
    from fleet.plan.files.plan_json import omission_said
    from fleet.plan.files.sol import legs_in_file_units

    problem = loaded.problem
    stops = [stop for route in found.routes for stop in route.stops]
    said: dict[str, Any] = {
        "file": str(loaded.file),
        "name": loaded.name,
        "kind": loaded.kind,
        "convention": loaded.convention,
        "cost": found.cost,
    }
    if loaded.convention:
        said["file_cost"] = float(legs_in_file_units(loaded, found))
    return said | {
        "pickups": len(problem.pickups),
        "served": len({stop.index for stop in stops if stop.kind == "pickup"}),
        "vehicles": len(problem.vehicles),
        "vehicles_used": sum(any(stop.kind == "pickup" for stop in route.stops) for route in found.routes),
        "unloadings": sum(stop.unload for stop in stops),
        "omitted": [omission_said(loaded, omission) for omission in found.omitted],
    }


def _lines(said: dict[str, Any]) -> Iterator[str]:
    convention = f", {said['convention']}" if said["convention"] else ""
    yield f"{said['name'] or said['file']} ({said['kind']}{convention}): cost {said['cost']:,}" + (
        f", {said['file_cost']:,.12g} in the file's units"
        if said.get("file_cost", said["cost"]) != said["cost"]
        else ""
    )
    yield (
        f"{said['served']:,} of {said['pickups']:,} served by {said['vehicles_used']:,} of "
        f"{said['vehicles']:,} vehicles, {said['unloadings']:,} unloadings"
    )
    if "start_cost" in said:
        yield f"begun with a plan of cost {said['start_cost']:,}"
    omitted = said["omitted"]
    if omitted:
        codes = sorted(Counter(omission["code"] for omission in omitted).items())
        yield f"{len(omitted):,} left out: " + ", ".join(f"{code} {count:,}" for code, count in codes)
    for omission in omitted[:MOST_SHOWN]:
        yield from omission_lines(omission)
    if len(omitted) > MOST_SHOWN:
        yield f"  and {len(omitted) - MOST_SHOWN:,} more; a plan.json has them all"
