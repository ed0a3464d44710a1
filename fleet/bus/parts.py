"""Messages of several parts, sent and received with as little work per part as pyzmq allows.

The lock-step barrier does this for every participant at every tick. Combining pyzmq's flags costs as much as
sending a part, and a frame knows whether more parts follow, while a socket has to be asked.
"""

from __future__ import annotations

import sys
from collections.abc import Container, Sequence

import zmq

Socket = zmq.Socket[bytes]
Part = bytes | zmq.Frame

STRAY_PARTS = 3
"""Enough to tell a request of one part from anything longer."""
MOST_PARTS = 20_000
"""More than any message of who has a seat has."""

AT_ONCE = int(zmq.NOBLOCK)
_MORE = int(zmq.NOBLOCK | zmq.SNDMORE)


def send_parts(socket: Socket, first: bytes, rest: Sequence[Part]) -> None:
    """Send at once, or raise `zmq.ZMQError`. The bytes of a `zmq.Frame` are shared, others copied."""
    send = socket.send
    part: Part = first
    for following in rest:
        send(part, _MORE, type(part) is bytes)
        part = following
    send(part, AT_ONCE, type(part) is bytes)


def receive_frames(socket: Socket, most: int = sys.maxsize, flags: int = 0) -> list[zmq.Frame]:
    """The parts of the next message, in frames; beyond `most` they are dropped.

    Raises `zmq.Again` when none comes in the socket's own time, or at once with the flags `AT_ONCE`.
    """
    receive = socket.recv
    frame = receive(flags, False)
    frames = [frame]
    while frame.more:
        frame = receive(flags, False)
        if len(frames) < most:
            frames.append(frame)
    return frames


def receive_known(socket: Socket, known: Container[bytes]) -> list[bytes]:
    """The same as bytes, at a ROUTER: name and parts; of whoever is not `known` only the first `STRAY_PARTS`."""
    receive = socket.recv
    frame = receive(0, False)
    parts = [frame.bytes]
    most = MOST_PARTS if parts[0] in known else STRAY_PARTS
    while frame.more:
        frame = receive(0, False)
        if len(parts) < most:
            parts.append(frame.bytes)
    return parts
