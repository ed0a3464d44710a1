"""Where the socket road binds: one endpoint given by the user, the command plane's derived from it.

Until every socket carries keys, only this machine may connect: a TCP endpoint must be a loopback address.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import stat
from pathlib import Path

from fleet.base.errors import UsageError

_TCP = re.compile(r"tcp://(?P<host>[^:/\[\]]+):(?P<port>\*|[0-9]{1,5})\Z")
_FORMS = "expected tcp://127.0.0.1:PORT, ipc://PATH or inproc://NAME"
_LAST_PORT = 65_535
_PROBE_S = 0.5


def endpoints(endpoint: str) -> tuple[str, str]:
    """The telemetry and the command endpoint for what the user gave.

    TCP takes the next port (port 0 or `*` lets the system choose both); `ipc` and `inproc` append
    `-command`. Raises `UsageError` for a form unknown, an address that is not loopback, a port without a
    successor, or an `ipc` path that is in use or is not a socket.

    >>> endpoints("tcp://127.0.0.1:5570")
    ('tcp://127.0.0.1:5570', 'tcp://127.0.0.1:5571')
    """
    if endpoint.startswith("tcp://"):
        return _tcp(endpoint)
    scheme, separator, name = endpoint.partition("://")
    if separator == "" or scheme not in ("ipc", "inproc") or name in ("", "*"):
        raise UsageError(f"`{endpoint}` is not an endpoint: {_FORMS}")
    both = (endpoint, f"{endpoint}-command")
    if scheme == "ipc":
        for each in both:
            _refuse_taken_path(each.removeprefix("ipc://"))
    return both


def _tcp(endpoint: str) -> tuple[str, str]:
    match = _TCP.match(endpoint)
    if match is None:
        raise UsageError(f"`{endpoint}` is not an endpoint: {_FORMS}")
    host = "127.0.0.1" if match["host"] == "localhost" else match["host"]
    if not _is_loopback(host):
        raise UsageError(
            f"`{endpoint}` can be reached from other machines: keys come with a later release; use 127.0.0.1"
        )
    if match["port"] in ("*", "0"):
        return (f"tcp://{host}:*", f"tcp://{host}:*")
    port = int(match["port"])
    if port >= _LAST_PORT:
        raise UsageError(f"`{endpoint}`: the command plane takes the next port; use a port below {_LAST_PORT}")
    return (f"tcp://{host}:{port}", f"tcp://{host}:{port + 1}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.IPv4Address(host).is_loopback
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
