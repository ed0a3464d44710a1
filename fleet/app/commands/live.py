"""`fleet serve`, `fleet replay`, and what `fleet run` shares with them: the bus, the pace, the page."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fleet.app.command import (
    FILE,
    INTERRUPTED,
    Command,
    Number,
    echo_json,
    json_option,
    note,
    overwrite_option,
    set_option,
)

if TYPE_CHECKING:
    from fleet.app.session import SessionOptions

ENDPOINT = "tcp://127.0.0.1:5570"
ANY_PORT = "tcp://127.0.0.1:*"
HTTP = "127.0.0.1:8570"
DIFFERENT = 1
Decorated = Callable[..., Any]
Option = Callable[[Decorated], Decorated]
"""What is put above a command to give it an option, an argument, or several."""

_BUS_OPTIONS = (
    click.option(
        "--keys", type=FILE, envvar="FLEET_KEYS", metavar="DIR",
        help="Who may come in: the keyring's directory; without it the user's own.",
    ),
    click.option("--insecure", is_flag=True, help="No locks: anybody on this machine may come in."),
    click.option(
        "--bus-wait", type=Number(0.0), default=0.0, metavar="S",
        help="Wait so long for a reader, and for awaited seats, before the first tick.",
    ),
    click.option(
        "--await", "awaited", metavar="SEATS",
        help="Keep step with participants elsewhere, e.g. red,blue: a team of the scenario, or an agent.",
    ),
    click.option(
        "--patience", type=Number(0.1), default=10.0, show_default=True, metavar="S",
        help="How long such a participant may take to answer.",
    ),
    click.option("--drop-silent", is_flag=True, help="Go on without a participant that does not answer."),
    click.option("--metrics", metavar="[HOST]:PORT", help="Metrics for Prometheus, e.g. :9464."),
)  # fmt: skip


def bus_options(command: Decorated) -> Decorated:
    """The options of everything that opens a bus, gathered with the others into the argument `bus_settings`."""

    @functools.wraps(command)
    def gathered(**given: Any) -> Any:
        names = ("bus", "keys", "insecure", "bus_wait", "awaited", "patience", "drop_silent", "metrics")
        settings = {name: given.pop(name) for name in names}
        return command(bus_settings=settings, **given)

    for option in reversed(_BUS_OPTIONS):
        gathered = option(gathered)
    return gathered


def factor(context: click.Context, option: click.Parameter, value: float | None) -> float | None:
    """Check a speed as it is given on the command line."""
    if value is not None and not (math.isfinite(value) and 0.0 <= value <= 1e6):
        raise click.BadParameter("expected a number from 0 to 1e6", context, option)
    return value


def speed_option(default: float | None, text: str) -> Option:
    """`--speed N`."""
    return click.option(
        "--speed", type=float, default=default, show_default=default is not None, callback=factor, metavar="N",
        help=text,
    )  # fmt: skip


def http_option(name: str, target: str) -> Option:
    """An option with an address that may be left out: `--http`, `--http HOST:PORT`."""
    return click.option(
        name,
        target,
        is_flag=False,
        flag_value=HTTP,
        metavar="[HOST:PORT]",
        help=f"A live page, at {HTTP} if not said.",
    )


def session_options(bus: dict[str, Any], http: str | None, rest: dict[str, Any]) -> SessionOptions:
    """What was asked, for `run_session`. Without `bus` there is one only where something else needs it."""
    from fleet.app.admission import BusOptions
    from fleet.app.seats import SeatOptions
    from fleet.app.serve import PageOptions
    from fleet.app.session import LiveOptions, SessionOptions
    from fleet.app.teams import away_names
    from fleet.base.errors import UsageError

    page = PageOptions(http, bus["metrics"]) if http or bus["metrics"] else None
    endpoint = bus["bus"]
    private = endpoint is None and page is not None
    if endpoint is None and bus["awaited"]:
        raise UsageError("--await: participants elsewhere need a bus to come to; give --bus ENDPOINT")
    opened = None
    if private or endpoint is not None:
        directory = _keys_of(bus, private=private)
        opened = BusOptions(endpoint or ANY_PORT, directory, bus["insecure"], bus["bus_wait"], private)
    names = away_names(bus["awaited"]) if bus["awaited"] else ()
    seats = SeatOptions(names, bus["patience"], bus["drop_silent"])
    if bus["bus_wait"]:
        seats = SeatOptions(names, bus["patience"], bus["drop_silent"], bus["bus_wait"])
    return SessionOptions(
        record=rest["out"],
        overwrite=rest["overwrite"],
        bus=opened,
        seats=seats,
        live=LiveOptions(rest["speed"] or 0.0, rest.get("paused", False), rest.get("every_tick", False)),
        page=page,
        quiet=rest["quiet"],
        say=note,
    )


def _keys_of(bus: dict[str, Any], *, private: bool) -> Path | None:
    """The keyring's directory: as given, or the user's own if one is needed and there is one."""
    from fleet.app.commands.keys import default_directory
    from fleet.bus.keyring import SERVER

    given: Path | None = bus["keys"]
    own = default_directory()
    if given is None and not private and not bus["insecure"] and (own / SERVER).exists():
        return own
    return given


def run_and_tell(
    scenario: Path,
    overrides: tuple[str, ...],
    bus_settings: dict[str, Any],
    http: str | None,
    *,
    as_json: bool,
    **rest: Any,
) -> None:
    """Run as `run_options` and `bus_options` say, print the summary, and exit by how it ended.

    A stop that an operator asked for is a regular end.
    """
    from fleet.app.load import load_scenario
    from fleet.app.session import run_session
    from fleet.report.text import render

    options = session_options(bus_settings, http, rest)
    ended = run_session(load_scenario(scenario, overrides), options)
    summary = ended.summary
    click.echo(summary.as_json() if as_json else render(summary).rstrip("\n"))
    if summary.status != "complete" and not ended.stopped_by:
        click.get_current_context().exit(INTERRUPTED)


def run_options(*own: Option) -> Option:
    """What `fleet run` and `fleet serve` both take, with the `own` ones of each between; a seed is an override."""
    first: tuple[Option, ...] = (
        click.argument("scenario", type=FILE),
        click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Instead of the scenario's own."),
        set_option,
        click.option("-o", "--out", type=FILE, metavar="DIR", help="Record the run into this directory."),
        overwrite_option,
    )
    last: tuple[Option, ...] = (click.option("--quiet", is_flag=True, help="Show no progress."), json_option)

    def decorate(command: Decorated) -> Decorated:
        @functools.wraps(command)
        def seeded(seed: int | None, overrides: tuple[str, ...], **given: Any) -> Any:
            seeds = () if seed is None else (f"seed={seed}",)
            return command(overrides=(*overrides, *seeds), **given)

        with_options: Decorated = seeded
        for option in reversed((*first, *own, *last)):
            with_options = option(with_options)
        return with_options

    return decorate


@click.command(cls=Command)
@run_options(
    click.option("--bus", default=ENDPOINT, show_default=True, metavar="ENDPOINT", help="Where to listen."),
    bus_options,
    speed_option(10.0, "Simulated seconds per second; 0 is as fast as it goes."),
    click.option("--paused", is_flag=True, help="Hold before the first tick, until an operator lets it go on."),
    http_option("--http", "http"),
)
def serve(**asked: Any) -> None:
    """Run SCENARIO live, by the clock on the wall, for those who watch, steer, attack and guard it from outside.

    It ends with the scenario, by Ctrl-C, or by an operator's order.
    """
    run_and_tell(**asked, every_tick=True)


@click.command(cls=Command)
@click.argument("directory", type=FILE)
@click.option("-o", "--out", type=FILE, metavar="DIR", help="Record the replay into this directory.")
@overwrite_option
@json_option
def replay(directory: Path, out: Path | None, overwrite: bool, as_json: bool) -> None:
    """Run again what is recorded in DIRECTORY, and say whether it is the same run.

    What came from outside is fed back at the ticks at which it was heard.
    """
    from fleet.app.replay import ReplayOptions, replay_run

    result = replay_run(directory, ReplayOptions(record=out, overwrite=overwrite, say=note))
    if as_json:
        echo_json(result.as_json())
    else:
        click.echo(result.as_text())
    if not result.equal:
        click.get_current_context().exit(DIFFERENT)
