"""`fleet toxic`: a proxy that makes real connections slow, cut or dead, to see what becomes of who uses them."""

from __future__ import annotations

from typing import Any

import click

from fleet.app.command import Command, Number, note

DOOR_PORTS = 6
"""How many doors a bus has, each at a port of its own."""


@click.command("toxic", cls=Command)
@click.argument("listen")
@click.argument("upstream")
@click.option(
    "--ports",
    default=DOOR_PORTS,
    show_default=True,
    metavar="N",
    type=click.IntRange(1, 1000),
    help="So many ports in a row; the doors of a bus are six.",
)
@click.option(
    "--direction",
    type=click.Choice(["up", "down", "both"]),
    default="both",
    show_default=True,
    help="`up` is from the client to UPSTREAM.",
)
@click.option("--latency-ms", default=0.0, type=Number(0.0), help="How much later everything comes.")
@click.option("--jitter-ms", default=0.0, type=Number(0.0), help="And up to so much more.")
@click.option("--bandwidth-bps", default=0.0, type=Number(0.0), help="Bits a second; 0 is no limit.")
@click.option("--swallow", is_flag=True, help="Take everything, pass nothing on, keep the connection open.")
@click.option("--deaf", is_flag=True, help="Read nothing, so that the sender's buffers fill.")
@click.option("--cut-after-s", type=Number(0.0), help="Cut each connection when it is so old.")
@click.option(
    "--cut",
    type=click.Choice(["rst", "fin"]),
    default="rst",
    show_default=True,
    help="Cut it hard, as a crash does, or softly, as the end of a program does.",
)
@click.option("--for-s", type=Number(0.0), help="End after so long; without it, at Ctrl-C.")
@click.option("--seed", default=0, help="Of the draws of the jitter.")
def toxic(
    listen: str, upstream: str, ports: int, direction: str, seed: int, for_s: float | None, **rest: Any
) -> None:
    """Stand between clients and UPSTREAM, and spoil what passes.

    LISTEN and UPSTREAM are HOST:PORT; clients connect to LISTEN instead. It knows bytes only, so keys make no
    difference to it.
    """
    import threading

    from fleet.bus.toxics import CLEAN, Spoil, Toxic, ToxicProxy, address

    cutting = {name: rest.pop(name) for name in ("cut_after_s", "cut")}
    bad = Toxic(**rest)
    up, down = (bad if direction in (way, "both") else CLEAN for way in ("up", "down"))
    at, to = address(listen), address(upstream)
    with ToxicProxy(at, to, spoil=Spoil(up=up, down=down, **cutting), seed=seed, ports=ports) as proxy:
        host, port = proxy.address
        last = f" to {port + ports - 1}" if ports > 1 else ""
        note(f"listening at {host}:{port}{last}")
        threading.Event().wait(for_s)
