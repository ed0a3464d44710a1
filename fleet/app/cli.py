"""The command line: one function per command. Data goes to stdout, talk to stderr.

Exit codes: 0 ok, 1 a failed run, 2 wrong usage, 3 an invalid file, 4 a scenario that nothing can satisfy,
130 interrupted. Everything heavy is imported inside the commands, so that `fleet --help` comes at once.
"""

from __future__ import annotations

import errno
import functools
import json
from pathlib import Path
from typing import Any

import click

from fleet import __version__
from fleet.base.errors import FleetError, InputError, RunError

INTERRUPTED = 130

_FILE = click.Path(path_type=Path)


class Command(click.Command):
    """A command whose user's mistakes end in a message and an exit code, never in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and turn a `FleetError` into its message and its exit code."""
        try:
            return super().invoke(ctx)
        except FleetError as error:
            _tell(error, as_json=bool(ctx.params.get("as_json")))
            ctx.exit(error.exit_code)
        except OSError as error:
            # Every room names its own files; what is left is a stdout that takes no more. click sees to pipes.
            if error.errno == errno.EPIPE:
                raise
            _tell(RunError(f"cannot write the answer: {error.strerror or error}"), as_json=False)
            ctx.exit(RunError.exit_code)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(INTERRUPTED)


class Group(click.Group):
    """A group of such commands."""

    command_class: type[click.Command] | None = Command
    group_class: type[click.Group] | type[type] | None = type


def _tell(error: FleetError, *, as_json: bool) -> None:
    click.echo(str(error), err=True)
    if as_json:
        found: dict[str, Any] = {"message": str(error), "exit_code": error.exit_code}
        if isinstance(error, InputError):
            names = ("file", "line", "column", "path", "expected", "found", "hint")
            found["faults"] = [{name: getattr(fault, name) for name in names} for fault in error.faults]
        _echo_json({"error": found})


def _echo_json(value: dict[str, Any]) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
_set_option = click.option(
    "--set", "overrides", multiple=True, metavar="A.B=C", help="Change a setting; whole numbers index lists."
)
_note = functools.partial(click.echo, err=True)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fleet")
def cli() -> None:
    """Plan, fly, attack and guard a fleet of drones that collects a city's waste."""


@cli.command()
@click.argument("scenario", type=_FILE)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Instead of the scenario's own.")
@_set_option
@click.option("-o", "--out", type=_FILE, metavar="DIR", help="Record the run into this directory.")
@click.option("--overwrite", is_flag=True, help="Replace a run recorded there before.")
@click.option("--bus", metavar="ENDPOINT", help="Run over sockets and publish, e.g. tcp://127.0.0.1:5570.")
@click.option(
    "--bus-wait", type=click.FloatRange(0.0), default=0.0, metavar="S", help="Wait so long for a subscriber first."
)
@click.option("--quiet", is_flag=True, help="Show no progress.")
@_json_option
def run(
    scenario: Path,
    seed: int | None,
    overrides: tuple[str, ...],
    out: Path | None,
    as_json: bool,
    **rest: Any,
) -> None:
    """Run SCENARIO from beginning to end and print what it came to."""
    from fleet.app.load import load_scenario
    from fleet.app.session import SessionOptions, run_session
    from fleet.report.text import render

    if seed is not None:
        overrides = (*overrides, f"seed={seed}")
    options = SessionOptions(
        record=out,
        overwrite=rest["overwrite"],
        bus=rest["bus"],
        bus_wait_s=rest["bus_wait"],
        quiet=rest["quiet"],
        say=_note,
    )
    summary = run_session(load_scenario(scenario, overrides), options)
    click.echo(summary.as_json() if as_json else render(summary).rstrip("\n"))
    if summary.status != "complete":
        click.get_current_context().exit(INTERRUPTED)


@cli.command()
@click.argument("scenario", type=_FILE)
@_set_option
@_json_option
def validate(scenario: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Check SCENARIO, and check it against its map."""
    from fleet.app.load import load_scenario

    loaded = load_scenario(scenario, overrides)
    counts = loaded.check()
    if as_json:
        _echo_json({"ok": True, "file": str(scenario), "name": loaded.scenario.name, **counts})
    else:
        listed = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items())
        click.echo(f"ok  {click.format_filename(scenario)}: {loaded.scenario.name}, {listed}")


@cli.command()
@click.option("-o", "--out", type=_FILE, metavar="FILE", help="Into a file; without it, or as -, to stdout.")
@click.option("--json", "as_json", is_flag=True, help="Changes nothing: a schema is JSON.")
def schema(out: Path | None, as_json: bool) -> None:
    """Print the JSON Schema of scenario files."""
    from fleet.app.starter import put, schema_text

    if out is None or str(out) == "-":
        click.echo(schema_text(), nl=False)
    else:
        put(out, schema_text())


@cli.command()
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@_json_option
def new(file: Path, force: bool, as_json: bool) -> None:
    """Write a commented scenario to FILE, with its schema and a small map beside it."""
    from fleet.app.starter import write_starter

    written = [str(path) for path in write_starter(file, overwrite=force)]
    if as_json:
        _echo_json({"written": written})
    else:
        click.echo("wrote " + ", ".join(written))


@cli.command()
@click.argument("directory", type=_FILE)
@_json_option
def report(directory: Path, as_json: bool) -> None:
    """Print the summary of the run recorded in DIRECTORY again, from its files alone."""
    from fleet.report.summary import summary_from_record
    from fleet.report.text import render

    summary = summary_from_record(directory)
    click.echo(summary.as_json() if as_json else render(summary).rstrip("\n"))


@cli.command()
@click.argument("directory", type=_FILE)
@_json_option
def score(directory: Path, as_json: bool) -> None:
    """Hold the alerts of the run recorded in DIRECTORY against the truth about its attacks."""
    from fleet.record.reader import read_run
    from fleet.report.score import render
    from fleet.report.score import score as score_of

    result = score_of(read_run(directory))
    click.echo(result.as_json() if as_json else render(result).rstrip("\n"))


@cli.group("map")
def maps() -> None:
    """Work with maps."""


@maps.command("import")
@click.argument("file", type=_FILE)
@click.option("-o", "--out", type=_FILE, required=True, metavar="OUT.geojson", help="Where the map goes.")
@_json_option
def import_map(file: Path, out: Path, as_json: bool) -> None:
    """Make a map from an OpenStreetMap extract (.osm.pbf, .osm, .osm.gz, .osm.bz2)."""
    from fleet.city.osm import import_osm
    from fleet.city.save import write_geojson

    result = import_osm(file)
    write_geojson(result.city, out)
    if as_json:
        _echo_json({"map": str(out), "name": result.city.name, "counts": dict(result.counts)})
        return
    width = max(len(f"{count:,}") for _, count in result.counts)
    for what, count in result.counts:
        click.echo(f"{count:{width},}  {what}")
    for note in (*result.city.notes, f"wrote {click.format_filename(out)}"):
        _note(note)


def main() -> None:
    """The entry point of the command `fleet`."""
    cli()
