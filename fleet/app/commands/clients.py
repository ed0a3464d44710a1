"""`fleet watch`, `fleet send`, `fleet inject`: a run that goes on elsewhere, seen and steered from a terminal."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fleet.app.command import FILE, Command, Group, Number, echo_json, json_option, note
from fleet.base.errors import UsageError

if TYPE_CHECKING:
    from fleet.app.requests import Outcome
    from fleet.bus.client import Client

URL = "tcp://127.0.0.1:5570"
Decorated = Callable[..., Any]

_url_option = click.option("--url", default=URL, show_default=True, metavar="URL", help="Where the run is.")


def reach_options(command: Decorated) -> Decorated:
    """The options of everything that connects to a run, gathered into the argument `reach`."""

    @click.option("--key", type=FILE, envvar="FLEET_KEY", metavar="FILE", help="Your key; orders need one.")
    @click.option("--insecure", is_flag=True, help="The run has no locks; a key then only signs.")
    @click.option(
        "--timeout", "timeout_s", type=Number(0.1), default=5.0, show_default=True, metavar="S",
        help="Wait so long for an answer.",
    )  # fmt: skip
    @functools.wraps(command)
    def gathered(url: str, key: Path | None, insecure: bool, timeout_s: float, **rest: Any) -> Any:
        reach = {"url": url, "key": key, "insecure": insecure, "timeout_s": timeout_s}
        return command(reach=reach, **rest)

    return gathered


def _connect(reach: dict[str, Any], topics: tuple[str, ...] | None = ()) -> Client:
    from fleet.bus.client import connect

    rest = {name: value for name, value in reach.items() if name != "url"}
    return connect(reach["url"], topics=topics, **rest)


@click.command(cls=Command)
@click.argument("url", default=URL)
@reach_options
@click.option("--once", is_flag=True, help="Print the state now, and end. Before the first tick, wait for it.")
@click.option(
    "--every", "every_s", type=Number(0.01), default=5.0, show_default=True, metavar="S",
    help="Where there is no terminal: a line about so often.",
)  # fmt: skip
@click.option("--topic", "topics", multiple=True, metavar="NAME", help="With --json: only messages of this type.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per message and line.")
def watch(reach: dict[str, Any], once: bool, every_s: float, topics: tuple[str, ...], as_json: bool) -> None:
    """Watch the run at URL until it ends: a live table on a terminal, lines elsewhere."""
    from fleet.app import watch as views

    say = functools.partial(click.echo, nl=True)
    with _connect(reach, topics if topics and as_json else None) as client:
        if once:
            state = views.begun(client, reach["timeout_s"])
            if as_json and views.not_begun(state):
                note(views.not_begun(state))
            say(views.snapshot_json(state) if as_json else "\n".join(views.snapshot_lines(state)))
        elif as_json:
            views.watch_json(client, say, topics or None)
        elif sys.stdout.isatty():
            from rich.console import Console

            say(views.watch_table(client, Console()))
        else:
            views.watch_lines(client, say, every_s)


@click.group(cls=Group)
def send() -> None:
    """Send an order to a run. Orders are signed: give your key by --key or FLEET_KEY."""


def _order(name: str | None = None) -> Callable[[Decorated], click.Command]:
    """An order as a subcommand of `send`: what the decorated function returns is printed."""

    def decorate(function: Decorated) -> click.Command:
        @functools.wraps(function)
        def act(as_json: bool, **arguments: Any) -> None:
            if arguments["reach"]["key"] is None:
                raise UsageError("an order is signed: give your key by --key FILE or FLEET_KEY")
            _tell(function(**arguments), as_json=as_json)

        wrapped = _url_option(reach_options(json_option(act)))
        command: click.Command = send.command(name or function.__name__, cls=Command)(wrapped)
        return command

    return decorate


def _tell(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        echo_json(dict(outcome.facts))
    else:
        click.echo("\n".join(outcome.lines))
    if not outcome.done:
        click.get_current_context().exit(1)


@_order()
@click.argument("vehicle")
@click.argument("site")
@click.option(
    "--navigation", type=click.Choice(["gnss", "anchors"]), default="gnss", show_default=True,
    help="What it finds its way by.",
)  # fmt: skip
def recall(reach: dict[str, Any], vehicle: str, site: str, navigation: str) -> Outcome:
    """Call VEHICLE to SITE, whatever it is doing."""
    from fleet.app import requests

    with _connect(reach, requests.ANSWERS) as client:
        return requests.recall(client, vehicle, site, navigation, reach["timeout_s"])


@_order()
@click.argument("vehicle")
@click.option(
    "--to", "stops", multiple=True, required=True, metavar="PLACE",
    help="LON,LAT in degrees, or a site's id; several are flown in their order.",
)  # fmt: skip
@click.option("--metres", is_flag=True, help="Pairs are X,Y in the city's local metres.")
@click.option("--append", is_flag=True, help="After what is already ordered, instead of it.")
def fly(reach: dict[str, Any], vehicle: str, stops: tuple[str, ...], metres: bool, append: bool) -> Outcome:
    """Let VEHICLE fly to places; at a site it unloads and charges."""
    from fleet.app import requests

    with _connect(reach, requests.ANSWERS) as client:
        route = requests.Route(vehicle, stops, metres, append)
        return requests.fly(client, route, reach["timeout_s"])


@_order()
@click.argument("vehicle")
@click.option(
    "--by", type=click.Choice(["gnss", "anchors"]), default="anchors", show_default=True,
    help="What it finds its way home by.",
)  # fmt: skip
def quarantine(reach: dict[str, Any], vehicle: str, by: str) -> Outcome:
    """Take no report of VEHICLE at its word, and bring it home."""
    from fleet.app import requests

    with _connect(reach) as client:
        return requests.quarantine(client, vehicle, by)


@_order()
@click.argument("vehicle")
@click.option("--stop", is_flag=True, help="Force it to the ground, for good; else follow it.")
@click.option("--guard", "name", default="", metavar="NAME", help="Which guard; else the nearest that is free.")
def guard(reach: dict[str, Any], vehicle: str, stop: bool, name: str) -> Outcome:
    """Send a guard with his drone after VEHICLE."""
    from fleet.app import requests

    with _connect(reach, requests.ANSWERS) as client:
        return requests.send_guard(client, vehicle, name, stop=stop, timeout_s=reach["timeout_s"])


@_order("stand-down")
@click.argument("guard")
def stand_down(reach: dict[str, Any], guard: str) -> Outcome:
    """Call GUARD off: his drone returns to a charger."""
    from fleet.app import requests

    with _connect(reach, requests.ANSWERS) as client:
        return requests.stand_down(client, guard, reach["timeout_s"])


@_order("close-airspace")
@click.argument("zone")
@click.option(
    "--at", "corners", multiple=True, required=True, metavar="PLACE",
    help="LON,LAT in degrees, or a site's id: a corner of the zone, or with --radius its middle.",
)  # fmt: skip
@click.option("--radius", type=Number(0.0), default=0.0, help="Metres: the zone is a circle.")
@click.option("--metres", is_flag=True, help="Pairs are X,Y in the city's local metres.")
@click.option("--in", "in_s", type=Number(0.0), default=0.0, help="Simulated seconds from now; announced at once.")
@click.option("--for", "for_s", type=Number(0.0), default=None, help="Simulated seconds; else without end.")
@click.option("--floor", "floor_m", type=Number(0.0), default=0.0, show_default=True, help="Metres above ground.")
@click.option("--ceiling", "ceiling_m", type=Number(0.0), default=120.0, show_default=True, help="The same.")
@click.option("--reason", default="closed by an operator", show_default=True)
def close_airspace(reach: dict[str, Any], **asked: Any) -> Outcome:
    """Close the airspace of ZONE: who is inside leaves, who is on the way goes round."""
    from fleet.app import requests
    from fleet.app.zonewish import ZoneWish

    wish = ZoneWish(radius_m=asked.pop("radius"), **asked)
    with _connect(reach, requests.ANSWERS) as client:
        return requests.close_airspace(client, wish, reach["timeout_s"])


@_order("open-airspace")
@click.argument("zone")
def open_airspace(reach: dict[str, Any], zone: str) -> Outcome:
    """Open the temporary ZONE again."""
    from fleet.app import requests

    with _connect(reach, requests.ANSWERS) as client:
        return requests.open_airspace(client, zone, reach["timeout_s"])


@_order()
@click.argument("site")
@click.argument("material")
@click.argument("kg", type=Number(0.001))
@click.option("--bearer", required=True, help="Who is there to take it.")
def withdraw(reach: dict[str, Any], site: str, material: str, kg: float, bearer: str) -> Outcome:
    """Have KG of the MATERIAL in stock at SITE given out."""
    from fleet.app import requests

    with _connect(reach, requests.ANSWERS) as client:
        return requests.withdraw(client, requests.Withdrawal(site, material, kg, bearer), reach["timeout_s"])


@_order()
def pause(reach: dict[str, Any]) -> Outcome:
    """Hold the run."""
    from fleet.app import requests

    with _connect(reach) as client:
        return requests.outcome(client.pause())


@_order()
def resume(reach: dict[str, Any]) -> Outcome:
    """Let the run go on."""
    from fleet.app import requests

    with _connect(reach) as client:
        return requests.outcome(client.resume())


@_order()
def stop(reach: dict[str, Any]) -> Outcome:
    """End the run."""
    from fleet.app import requests

    with _connect(reach) as client:
        return requests.outcome(client.stop_run())


@_order()
@click.argument("ticks", type=click.IntRange(1, 1_000_000), default=1)
def step(reach: dict[str, Any], ticks: int) -> Outcome:
    """Hold so many TICKS, then pause."""
    from fleet.app import requests

    with _connect(reach) as client:
        return requests.outcome(client.step(ticks))


@_order()
@click.argument("factor", type=Number(0.0))
def speed(reach: dict[str, Any], factor: float) -> Outcome:
    """Simulated seconds per second; 0 for as fast as it goes."""
    from fleet.app import requests

    with _connect(reach) as client:
        return requests.outcome(client.speed(factor))


@_order()
@click.argument("body")
def raw(reach: dict[str, Any], body: str) -> Outcome:
    """Sign and send a message given as JSON, e.g. '{"type": "StepRun", "ticks": 5}'."""
    from fleet.app import requests

    order = requests.parse_body(body)
    with _connect(reach) as client:
        return requests.outcome(client.order(order))


@click.command(cls=Command)
@click.argument("primitive", required=False)
@click.argument("target", required=False)
@click.argument("parameters", nargs=-1, metavar="[NAME=VALUE]...")
@_url_option
@reach_options
@click.option("--list", "listed", is_flag=True, help="Name the primitives with their parameters, and end.")
@click.option("--stop", "stop_id", metavar="ID", help="End what was started under this id.")
@click.option(
    "--stop-after", "stop_after_s", type=Number(0.0), metavar="S",
    help="Stay, and end it after so many seconds of simulated time.",
)  # fmt: skip
@json_option
def inject(
    reach: dict[str, Any],
    primitive: str | None,
    target: str | None,
    parameters: tuple[str, ...],
    as_json: bool,
    **rest: Any,
) -> None:
    """Tamper: start PRIMITIVE on TARGET, e.g. navigation.gnss-tow light-03 rate_mps=1 bearing_deg=90."""
    from fleet.app import requests

    if rest["listed"]:
        from fleet.app import primitives

        click.echo(primitives.as_json() if as_json else primitives.as_text())
        return
    if rest["stop_id"] is not None:
        with _connect(reach) as client:
            _tell(requests.stop(client, rest["stop_id"]), as_json=as_json)
        return
    if primitive is None or target is None:
        raise click.UsageError("give PRIMITIVE and TARGET, or --stop ID, or --list")
    wanted = requests.Tamper(primitive, target, requests.parse_parameters(parameters))
    with _connect(reach) as client:
        started = requests.start(client, wanted)
        after_s = rest["stop_after_s"]
        if after_s is None or not started.done:
            _tell(started, as_json=as_json)
            return
        note("\n".join(started.lines))
        _tell(requests.stop_after(client, started, after_s), as_json=as_json)
