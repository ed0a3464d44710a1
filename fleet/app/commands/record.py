"""`fleet record`: write down a run that goes on elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from fleet.app.command import FILE, INTERRUPTED, Command, Number, echo_json, json_option, note, overwrite_option


@click.command(cls=Command)
@click.argument("url", default="tcp://127.0.0.1:5570")
@click.option("-o", "--out", type=FILE, required=True, metavar="DIR", help="Record into this directory.")
@click.option("--key", type=FILE, envvar="FLEET_KEY", metavar="FILE", help="A recorder's key.")
@click.option("--insecure", is_flag=True, help="Use no key: the run has none.")
@overwrite_option
@click.option(
    "--wait", "wait_s", type=Number(0.0), default=10.0, show_default=True, metavar="S",
    help="Try so long to reach the run.",
)  # fmt: skip
@json_option
def record(
    url: str, out: Path, key: Path | None, insecure: bool, overwrite: bool, wait_s: float, as_json: bool
) -> None:
    """Record the run at URL in a process of its own, losing nothing: the run waits for this disk.

    Started before the first tick, the record is the same as that of `fleet run -o`; started later, it says from
    which tick it goes.
    """
    from fleet.app.recording import RecordOptions, record_run
    from fleet.bus.keyring import Identity

    identity = None if insecure or key is None else Identity.load(key)
    outcome = record_run(RecordOptions(url, out, identity, overwrite, wait_s, note))
    if outcome is None:
        click.get_current_context().exit(INTERRUPTED)
    if as_json:
        echo_json(
            {
                "directory": str(outcome.directory),
                "status": outcome.status,
                "from_tick": outcome.from_tick,
                "last_tick": outcome.last_tick,
                "messages": outcome.messages,
                "digest": outcome.digest,
            }
        )
    else:
        where = click.format_filename(outcome.directory)
        ticks = f"ticks {outcome.from_tick:,} to {outcome.last_tick:,}"
        click.echo(f"{outcome.status}  {where}: {outcome.messages:,} messages, {ticks}")
    if outcome.status == "interrupted":
        click.get_current_context().exit(INTERRUPTED)
    if outcome.status == "failed":
        click.get_current_context().exit(1)
