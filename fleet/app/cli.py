"""The command line: one function per command. Data goes to stdout, talk to stderr.

Exit codes: 0 ok, 1 a failed run, 2 wrong usage, 3 an invalid file, 4 a scenario that nothing can satisfy,
130 interrupted. Everything heavy is imported inside the commands, so that `fleet --help` comes at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fleet import __version__
from fleet.app.command import FILE, Group, echo_json, json_option, note, set_option
from fleet.app.commands.clients import inject, send, watch
from fleet.app.commands.join import join
from fleet.app.commands.keys import keys
from fleet.app.commands.live import (
    bus_options,
    http_option,
    replay,
    run_and_tell,
    run_options,
    serve,
    speed_option,
)
from fleet.app.commands.map_import import import_map, rules
from fleet.app.commands.map_show import show
from fleet.app.commands.map_zones import zones
from fleet.app.commands.plan import plan
from fleet.app.commands.record import record
from fleet.app.commands.study import study
from fleet.app.commands.toxic import toxic


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fleet")
def cli() -> None:
    """Plan, fly, attack and guard a fleet of drones that collects a city's waste."""


@cli.command()
@run_options(
    click.option("--bus", metavar="ENDPOINT", help="Open a bus to the outside, e.g. tcp://127.0.0.1:5570."),
    bus_options,
    speed_option(None, "Simulated seconds per second; as fast as it goes if not said."),
    http_option("--serve", "http"),
)
def run(**asked: Any) -> None:
    """Run SCENARIO from beginning to end and print what it came to."""
    run_and_tell(**asked)


@cli.command()
@click.argument("scenario", type=FILE)
@set_option
@json_option
def validate(scenario: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Check SCENARIO, and check it against its map."""
    from fleet.app.load import load_scenario

    loaded = load_scenario(scenario, overrides)
    counts, remarks = loaded.check()
    for remark in remarks:
        note(remark)
    if as_json:
        echo_json({"ok": True, "file": str(scenario), "name": loaded.scenario.name, **counts})
    else:
        listed = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items())
        click.echo(f"ok  {click.format_filename(scenario)}: {loaded.scenario.name}, {listed}")


@cli.command()
@click.option("-o", "--out", type=FILE, metavar="FILE", help="Into a file; without it, or as -, to stdout.")
@click.option("--json", "as_json", is_flag=True, help="Changes nothing: a schema is JSON.")
def schema(out: Path | None, as_json: bool) -> None:
    """Print the JSON Schema of scenario files."""
    from fleet.app.starter import put, schema_text

    if out is None or str(out) == "-":
        click.echo(schema_text(), nl=False)
    else:
        put(out, schema_text())


@cli.command()
@click.argument("file", type=FILE)
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@json_option
def new(file: Path, force: bool, as_json: bool) -> None:
    """Write a commented scenario to FILE, with its schema and a small map beside it."""
    from fleet.app.starter import write_starter

    written = [str(path) for path in write_starter(file, overwrite=force)]
    if as_json:
        echo_json({"written": written})
    else:
        click.echo("wrote " + ", ".join(written))


@cli.command()
@click.argument("directory", type=FILE)
@json_option
def report(directory: Path, as_json: bool) -> None:
    """Print the summary of the run recorded in DIRECTORY again, from its files alone."""
    from fleet.report.summary import summary_from_record
    from fleet.report.text import render

    summary = summary_from_record(directory)
    click.echo(summary.as_json() if as_json else render(summary).rstrip("\n"))


@cli.command()
@click.argument("directory", type=FILE)
@json_option
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


maps.add_command(import_map)
maps.add_command(rules)
maps.add_command(show)
maps.add_command(zones)
cli.add_command(plan)
cli.add_command(replay)
cli.add_command(serve)
cli.add_command(watch)
cli.add_command(send)
cli.add_command(inject)
cli.add_command(keys)
cli.add_command(join)
cli.add_command(record)
cli.add_command(study)
cli.add_command(toxic)


def main() -> None:
    """The entry point of the command `fleet`."""
    cli()
