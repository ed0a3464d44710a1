"""Where the doors are: one endpoint given by the user, the others derived from it.

TCP takes six ports in a row (port 0 or `*` picks six free ones), `ipc` and `inproc` append the door's name.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import stat
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from fleet.base.errors import UsageError
from fleet.messages.roles import DOORS, Door

_TCP = re.compile(r"tcp://(?P<host>[^:/\[\]]+):(?P<port>\*|[0-9]{1,5})\Z")
_FORMS = "expected tcp://127.0.0.1:PORT, ipc://PATH or inproc://NAME"
_LAST_PORT = 65_535
_EVERYWHERE = ("*", "0.0.0.0")
_PROBE_S = 0.5
_TRIES = 50


@dataclass(frozen=True)
class Endpoints:
    """The endpoint of every door. `base` is what a client gives to reach them all."""

    base: str
    by_door: tuple[str, ...]

    def of(self, door: Door) -> str:
        """The endpoint of one door."""
        return self.by_door[DOORS.index(door)]

    @property
    def reachable(self) -> str:
        """`base` as a client on this machine gives it: nobody can connect to "every address"."""
        match = _TCP.match(self.base)
        if match is None or match["host"] not in _EVERYWHERE:
            return self.base
        return f"tcp://127.0.0.1:{match['port']}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach them."""
        match = _TCP.match(self.base)
        return match is None or _is_loopback(match["host"])


def endpoints(endpoint: str, *, listen: bool = True) -> Endpoints:
    """The endpoints for what the user gave.

    With `listen`, what cannot be listened at is refused and `*` is made a free block of ports; a client asks
    with `listen=False`. Raises `UsageError` for a form unknown, a port without five successors, or an `ipc` path
    that is in use or is not a socket.

    >>> endpoints("tcp://127.0.0.1:5570", listen=False).of("injection")
    'tcp://127.0.0.1:5572'
    """
    if endpoint.startswith("tcp://"):
        return _tcp(endpoint, listen=listen)
    scheme, separator, name = endpoint.partition("://")
    if separator == "" or scheme not in ("ipc", "inproc") or name in ("", "*"):
        raise UsageError(f"`{endpoint}` is not an endpoint: {_FORMS}")
    every = tuple(endpoint if door == "telemetry" else f"{endpoint}-{door}" for door in DOORS)
    if scheme == "ipc" and listen:
        for each in every:
            _refuse_taken_path(each.removeprefix("ipc://"))
    return Endpoints(endpoint, every)


def _tcp(endpoint: str, *, listen: bool) -> Endpoints:
    match = _TCP.match(endpoint)
    if match is None:
        raise UsageError(f"`{endpoint}` is not an endpoint: {_FORMS}")
    host = "127.0.0.1" if match["host"] == "localhost" else match["host"]
    if host in _EVERYWHERE and not listen:
        raise UsageError(f"`{endpoint}`: which machine? a client needs its address, such as 127.0.0.1")
    if match["port"] in ("*", "0"):
        if not listen:
            raise UsageError(f"`{endpoint}`: which port? a client needs a number")
        port = _free_block(host)
    else:
        port = int(match["port"])
    if port + len(DOORS) - 1 > _LAST_PORT:
        last = _LAST_PORT - len(DOORS) + 1
        raise UsageError(f"`{endpoint}`: the doors take {len(DOORS)} ports in a row; use a port up to {last}")
    return Endpoints(f"tcp://{host}:{port}", tuple(f"tcp://{host}:{port + n}" for n in range(len(DOORS))))


def _free_block(host: str) -> int:
    """The first of as many free ports in a row as there are doors."""
    for _ in range(_TRIES):
        with ExitStack() as held:
            try:
                first = _hold(held, host, 0)
                for n in range(1, len(DOORS)):
                    _hold(held, host, first + n)
            except (OSError, OverflowError):
                continue
            return first
    raise UsageError(f"no {len(DOORS)} free ports in a row at {host}; give a port")


def _hold(held: ExitStack, host: str, port: int) -> int:
    probe = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    probe.bind(("" if host == "*" else host, port))
    return int(probe.getsockname()[1])


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False


def _refuse_taken_path(name: str) -> None:
    """ZeroMQ removes whatever lies at an `ipc` path before it binds, so look first."""
    if name.startswith("@"):
        return
    try:
        mode = Path(name).stat().st_mode
    except OSError:
        return
    if not stat.S_ISSOCK(mode):
        raise UsageError(f"`ipc://{name}`: a file lies there that is not a socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_S)
        try:
            probe.connect(name)
        except OSError:
            return
    raise UsageError(f"`ipc://{name}`: address already in use by another run")
