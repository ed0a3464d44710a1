"""A hostile peer, in a process of its own: it floods one door by one way for a while, and goes without a word.

    python flooder.py HOST PORT KIND WAY SECONDS [IDENTITY.key]

KIND is `DEALER` or `SUB`. Ways: `small` and `big` messages; `endless`, the parts of one message without an end;
`namesake`, under a name that another connection bears; `pinging`, messages with ZMTP's PING among them; and
`burst`, no more than so many messages as used to fill a door's queue, then a PING, and gone. It comes again as
often as it is thrown out. With an identity it goes through the lock, by ZeroMQ, with heartbeats.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path

import zmq

from fleet.bus.keyring import Identity

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"NULL".ljust(20, b"\0") + bytes(32)
PING = b"\x04\x09\x04PING\x00\x00ab"
MORE = 1
BLOCK = 2**16
PATIENCE_S = 0.5
"""A door that is shut answers to nobody."""
BURST = 2_000
AT_ONCE = struct.pack("ii", 1, 0)
BIG = 200_000


def frame(data: bytes, flags: int = 0) -> bytes:
    if len(data) < 256:
        return bytes([flags, len(data)]) + data
    return bytes([flags | 2]) + struct.pack(">Q", len(data)) + data


def metadata(name: str, value: bytes) -> bytes:
    return bytes([len(name)]) + name.encode() + struct.pack(">I", len(value)) + value


def come(host: str, port: int, kind: str, name: bytes) -> socket.socket:
    made = socket.create_connection((host, port), timeout=PATIENCE_S)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    made.sendall(GREETING)
    ready = b"\x05READY" + metadata("Socket-Type", kind.encode()) + metadata("Identity", name)
    made.sendall(b"\x04" + bytes([len(ready)]) + ready)
    # Only when the door's own READY has come is what follows taken for messages.
    got = b""
    while len(got) < 64 or b"READY" not in got:
        part = made.recv(4_096)
        if not part:
            raise ConnectionError
        got += part
    return made


def block_of(way: str, kind: str) -> bytes:
    if way == "big":
        return frame(b"x" * (400 if kind == "SUB" else BIG)) * (160 if kind == "SUB" else 1)
    if way == "pinging":
        return (frame(b"x") * 1_000 + PING) * 10
    if way == "burst":
        return frame(b"x") * BURST + PING
    return frame(b"", MORE if way == "endless" else 0) * BLOCK


def flood(host: str, port: int, kind: str, way: str, until_s: float) -> None:
    block = block_of(way, kind)
    name = b"twin" if way == "namesake" else b""
    bearer = None
    while time.monotonic() < until_s:
        with suppress(OSError):
            if name and bearer is None:
                bearer = come(host, port, kind, name)
            pour(come(host, port, kind, name), block, until_s if way != "burst" else 0.0)
    if bearer is not None:
        bearer.close()


def pour(made: socket.socket, block: bytes, until_s: float) -> None:
    """Send `block` at least once, then again and again until `until_s`."""
    with made:
        made.sendall(block)
        while time.monotonic() < until_s:
            made.sendall(block)


def flood_locked(host: str, port: int, kind: str, way: str, until_s: float, identity: Identity) -> None:
    context = zmq.Context()
    made = context.socket(zmq.DEALER if kind == "DEALER" else zmq.XSUB)
    made.setsockopt(zmq.CURVE_PUBLICKEY, identity.curve_public)
    made.setsockopt(zmq.CURVE_SECRETKEY, identity.curve_secret)
    made.setsockopt(zmq.CURVE_SERVERKEY, identity.server_public)
    made.setsockopt(zmq.LINGER, 0)
    made.setsockopt(zmq.RCVHWM, 0)
    made.setsockopt(zmq.SNDTIMEO, 200)
    made.setsockopt(zmq.RECONNECT_IVL, 1)
    made.setsockopt(zmq.HEARTBEAT_IVL, 10)
    made.setsockopt(zmq.HEARTBEAT_TIMEOUT, 100_000)
    made.connect(f"tcp://{host}:{port}")
    data = b"x" * ((400 if kind == "SUB" else BIG) if way == "big" else 1)
    while time.monotonic() < until_s:
        with suppress(zmq.Again):
            made.send(data)


def main(host: str, port: str, kind: str, way: str, seconds: str, key: str = "") -> None:
    until_s = time.monotonic() + float(seconds)
    if key:
        flood_locked(host, int(port), kind, way, until_s, Identity.load(Path(key)))
    else:
        flood(host, int(port), kind, way, until_s)
    # As killed: nothing is closed in order.
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
