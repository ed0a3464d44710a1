"""Messages of several parts, sent and received with as little work per part as pyzmq allows.

The lock-step barrier does this for every participant at every tick. Combining pyzmq's flags costs as much as
sending a part, and a frame knows whether more parts follow, while a socket has to be asked.
"""

from __future__ import annotations

from collections.abc import Sequence

import zmq

Socket = zmq.Socket[bytes]
Part = bytes | zmq.Frame

_LAST = int(zmq.NOBLOCK)
_MORE = int(zmq.NOBLOCK | zmq.SNDMORE)


def send_parts(socket: Socket, first: bytes, rest: Sequence[Part]) -> None:
    """Send at once, or raise `zmq.ZMQError`. The bytes of a `zmq.Frame` are shared, others copied."""
    send = socket.send
    part: Part = first
    for following in rest:
        send(part, _MORE, type(part) is bytes)
        part = following
    send(part, _LAST, type(part) is bytes)


def receive_frames(socket: Socket) -> list[zmq.Frame]:
    """The parts of the next message, in frames. Raises `zmq.Again` when none comes in the socket's own time."""
    receive = socket.recv
    frame = receive(0, False)
    frames = [frame]
    while frame.more:
        frame = receive(0, False)
        frames.append(frame)
    return frames


def receive_parts(socket: Socket) -> list[bytes]:
    """The same as bytes."""
    return [frame.bytes for frame in receive_frames(socket)]
