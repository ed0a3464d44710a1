"""`fleet keys`: who may come to the doors of the runs that are served with these keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from fleet.app.command import FILE, Command, Group, echo_json, json_option, note


def default_directory() -> Path:
    """Where keys are kept unless the user says otherwise."""
    return Path(click.get_app_dir("fleet")) / "keys"


def keys_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--keys DIR`, as the argument `keys`; None if the user named none."""
    return click.option(
        "--keys", type=FILE, envvar="FLEET_KEYS", metavar="DIR",
        help="The keyring's directory; without it the user's own.",
    )(command)  # fmt: skip


@click.group("keys", cls=Group)
def keys() -> None:
    """Say who may come to the runs you serve, and as what."""


@keys.command("new", cls=Command)
@click.argument("name")
@click.option("--role", required=True, metavar="ROLE", help="viewer, operator, red, blue or recorder.")
@click.option("-o", "--out", type=FILE, metavar="FILE", help="Where the key goes; ./NAME.key without it.")
@keys_option
@json_option
def new(name: str, role: str, out: Path | None, keys: Path | None, as_json: bool) -> None:
    """Make a key for NAME: a file for whoever bears that name, to be kept secret.

    Runs served from now on take orders signed with it, as far as ROLE allows.
    """
    from fleet.bus.keyfile import role_of
    from fleet.bus.keyring import Keyring, require_name

    require_name(name)
    role_of(role)
    path = Path(f"{name}.key") if out is None else out
    keyring = Keyring.make(keys or default_directory())
    identity = keyring.new(name, role, path)
    if as_json:
        echo_json(
            {"name": identity.name, "role": identity.role, "file": str(path), "keys": str(keyring.directory)}
        )
    else:
        click.echo(click.format_filename(path))
    note(f"{identity.role} {identity.name}: whoever has {click.format_filename(path)} is {identity.name}")


@keys.command("list", cls=Command)
@keys_option
@json_option
def show(keys: Path | None, as_json: bool) -> None:
    """List every name, its role, and whether it was revoked."""
    from fleet.bus.keyring import Keyring

    keyring = Keyring.open(keys or default_directory())
    holders = keyring.list()
    if as_json:
        found = [
            {"name": h.name, "role": h.role, "revoked": h.revoked, "order_public": h.order_public.hex()}
            for h in holders
        ]
        echo_json({"keys": str(keyring.directory), "holders": found})
        return
    width = max((len(holder.name) for holder in holders), default=0)
    for holder in holders:
        state = "  revoked" if holder.revoked else ""
        click.echo(f"{holder.name:<{width}}  {holder.role:<8}{state}".rstrip())
    if not holders:
        note(f"nobody yet in {click.format_filename(keyring.directory)}")


@keys.command("revoke", cls=Command)
@click.argument("name")
@keys_option
@json_option
def revoke(name: str, keys: Path | None, as_json: bool) -> None:
    """Take the rights of NAME away for ever. Runs being served cut it off within a second."""
    from fleet.bus.keyring import Keyring

    # Somebody is to be thrown out now: another name's broken file must not stand in the way.
    keyring = Keyring.open(keys or default_directory(), pass_over_broken=True)
    holder = keyring.revoke(name)
    if as_json:
        echo_json({"name": holder.name, "role": holder.role, "revoked": True})
    else:
        click.echo(f"revoked {holder.role} {holder.name}")
