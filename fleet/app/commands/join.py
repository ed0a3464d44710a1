"""`fleet join`: a team of a scenario takes part, from this process, in a run that goes on in another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fleet.app.command import FILE, Command, Number, echo_json, json_option, note, set_option

URL = "tcp://127.0.0.1:5570"


@click.command(cls=Command)
@click.argument("scenario", type=FILE)
@click.argument("url", default=URL)
@click.option("--seat", "team", type=click.Choice(["red", "blue"]), required=True, help="Which team to be.")
@click.option("--key", type=FILE, envvar="FLEET_KEY", metavar="FILE", help="Your key, where the run has locks.")
@click.option("--insecure", is_flag=True, help="The run has no locks: use no key.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Join only a run of this seed.")
@set_option
@click.option(
    "--patience", "patience_s", type=Number(0.1), default=10.0, show_default=True, metavar="S",
    help="Wait so long for the run to give the seat.",
)  # fmt: skip
@json_option
def join(scenario: Path, url: str, team: str, overrides: tuple[str, ...], as_json: bool, **rest: Any) -> None:
    """Be a team of SCENARIO in the run at URL, which awaits it (`fleet run SCENARIO --bus URL --await red`).

    The run gives the same digest as with the team in its own process.
    """
    from fleet.app.join import JoinOptions, join_team
    from fleet.app.scenario import Scenario
    from fleet.app.yamlfile import load_placed
    from fleet.base.errors import RunError
    from fleet.bus.keyring import Identity

    loaded, _ = load_placed(scenario, Scenario, overrides)
    key: Path | None = rest["key"]
    identity = None if key is None or rest["insecure"] else Identity.load(key)
    options = JoinOptions(url, identity, rest["seed"], rest["patience_s"], note)
    served = join_team(loaded, team, options)
    if as_json:
        echo_json({"seat": team, "ticks": served.ticks, "messages": served.said, "cause": served.cause})
    else:
        click.echo(f"seat {team}: {served.ticks:,} ticks heard, {served.said:,} messages said")
    if served.cause:
        raise RunError(f"the run at {url} ended: {served.cause}")
