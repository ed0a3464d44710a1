"""`fleet study`: runs over many points and seeds, gone on with where they were left, and what came of them."""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet.app.command import FILE, Command, Group, echo_json, json_option, note, visible
from fleet.app.stop import stoppable
from fleet.base.errors import Fault, InputError, RunError, UsageError

if TYPE_CHECKING:
    from fleet.study.table import Table

MOST_SEEDS = 10_000
MOST_JOBS = 256
MAX_PAGE_BYTES = 5_000_000
_RANGE = re.compile(r"\s*(\d{1,18})(?:\s*-\s*(\d{1,18}))?\s*")


class _Study(Group):
    """`fleet study FILE` is short for `fleet study run FILE`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Name the command where none is named."""
        if args and args[0] not in (*self.commands, "-h", "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group("study", cls=_Study)
def study() -> None:
    """Run scenarios with many seeds, and compare them: `fleet study FILE`, then `fleet study show DIR`."""


def seeds_of(context: click.Context, option: click.Parameter, text: str | None) -> tuple[int, ...]:
    """Seeds as they are given on the command line: "1,2,5" or "1-5", each once.

    >>> seeds_of(None, None, "7, 1-3")
    (7, 1, 2, 3)
    """
    found: dict[int, None] = {}
    for part in [] if text is None else text.split(","):
        match = _RANGE.fullmatch(part)
        first, last = (0, -1) if match is None else (int(match[1]), int(match[2] or match[1]))
        if last < first or last - first >= MOST_SEEDS:
            raise click.BadParameter(f"expected seeds such as 1,2,5 or 1-5, found {text!r}", context, option)
        found |= dict.fromkeys(range(first, last + 1))
    return tuple(found)


measure_option = click.option(
    "--measure", "measures", multiple=True, metavar="NAME",
    help="Show this instead of what the study says; `districts.*.NAME` for every district.",
)  # fmt: skip


@study.command("run")
@click.argument("file", type=FILE)
@click.option(
    "-o", "--out", type=FILE, metavar="DIR",
    help="Where the results go, and where they are gone on with.  [default: FILE's name, -results]",
)  # fmt: skip
@click.option(
    "--jobs", type=click.IntRange(1, MOST_JOBS), metavar="N", help="Run so many at once.  [default: one per core]"
)
@click.option("--seeds", callback=seeds_of, metavar="SEEDS", help="Instead of the study's own: 1,2,5 or 1-5.")
@measure_option
@click.option("--quiet", is_flag=True, help="Show no progress.")
@json_option
def run(
    file: Path,
    out: Path | None,
    jobs: int | None,
    seeds: tuple[int, ...],
    measures: tuple[str, ...],
    *,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run what the study in FILE asks for and has not got yet, and print what it came to.

    The results do not depend on --jobs. Exit code 1 if a run failed: the others are there, and the same call runs
    those again.
    """
    from fleet.app.pool import processes
    from fleet.app.studying import load_study, measures_called, run_point
    from fleet.study.runner import Hands, run_study
    from fleet.study.store import Store
    from fleet.study.table import table_of

    wanted = measures_called(measures)
    loaded = load_study(file, seeds)
    store = Store(out or Path(f"{file.name.partition('.')[0]}-results"))
    at_once = min(jobs or _cores(), len(loaded.points))
    say = (lambda text: None) if quiet else note
    with stoppable():
        outcome = run_study(loaded, run_point, store, Hands(partial(processes, at_once), at_once, say))
    if not quiet:
        note(f"{outcome.ran:,} run, {outcome.known:,} known before; results in {store.directory}")
    _tell(table_of(loaded, store.results(loaded), wanted), as_json=as_json)
    if outcome.failed:
        note(f"{len(outcome.failed):,} of {len(loaded.points):,} points failed:")
        for point, error in outcome.failed:
            note(f"{point.label}, seed {point.seed}: {error}")
        click.get_current_context().exit(RunError.exit_code)


def _tell(table: Table, *, as_json: bool) -> None:
    from fleet.study.text import render

    for measure in table.absent:
        note(f"note: no run has a value of {measure.name}")
    if as_json:
        echo_json(table.as_json())
    else:
        click.echo(visible(render(table)).rstrip("\n"))


def _cores() -> int:
    count = getattr(os, "sched_getaffinity", None)
    return len(count(0)) if count is not None else os.cpu_count() or 1


@study.command("show", cls=Command)
@click.argument("directory", type=FILE)
@measure_option
@click.option(
    "--markdown", type=FILE, metavar="FILE.md",
    help="Write the table into this page, between `<!-- made: study NAME -->` and `<!-- /made -->`.",
)  # fmt: skip
@click.option("--plot", type=FILE, metavar="FILE.png", help="Draw a panel for each measure.")
@json_option
def show(
    directory: Path, measures: tuple[str, ...], markdown: Path | None, plot: Path | None, *, as_json: bool
) -> None:
    """Print what the study in DIR came to: each label over its seeds, and seed by seed against the first."""
    from fleet.app.studying import measures_called
    from fleet.study.store import Store
    from fleet.study.table import table_of

    if plot is not None and plot.suffix.lower() != ".png":
        raise UsageError(f"--plot {click.format_filename(plot)}: expected a name that ends in .png")
    wanted = measures_called(measures)
    store = Store(directory)
    known = store.study()
    table = table_of(known, store.results(known), wanted)
    outputs: dict[Path, bytes] = {}
    if plot is not None:
        from fleet.study.drawing import png

        outputs[plot] = png(table)
    if markdown is not None:
        outputs[markdown] = _page(markdown, table)
    _put(outputs)
    _tell(table, as_json=as_json)


def _page(path: Path, table: Table) -> bytes:
    """The page as it is to be. Raises `InputError` for a page that cannot be read."""
    from fleet.base.textfile import read_bounded
    from fleet.study.text import into_page

    before = read_bounded(path, MAX_PAGE_BYTES) if path.exists() else b""
    try:
        return into_page(before.decode(), table).encode()
    except UnicodeDecodeError:
        raise InputError([Fault(str(path), 1, 1, "", "text in UTF-8", "other bytes")]) from None


def _put(outputs: dict[Path, bytes]) -> None:
    from fleet.base.wholefile import whole_file

    for path, content in outputs.items():
        try:
            with whole_file(path) as out:
                out.write(content)
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from None
        note(f"wrote {click.format_filename(path)}")
