"""Connecting to a door: the socket, its lock, its heartbeats, and the monitor that tells how it fares.

ZeroMQ 4.3 ends the whole process ("Assertion failed: !_io_error") when the far side of a connection with
heartbeats goes while its queue of unread messages is full (libzmq issues 4364 and 3937), as happens to whoever is
slow or was stopped for a while. It also takes such a connection for dead, since it reads no heartbeats behind a
full queue. So a connection whose queue is bounded has no heartbeats: a second one, on which nothing is said, has
them in its place.
"""

from __future__ import annotations

import math
import time

import zmq
from zmq.utils.monitor import recv_monitor_message

from fleet.bus.keyring import Identity
from fleet.bus.lifeline import Event, Lifeline

HEARTBEAT_MS = 1_000
HEARTBEAT_TIMEOUT_MS = 3_000
"""A far side that says nothing for so long, not even a heartbeat, is dead: half-open TCP, a stopped host."""
RECONNECT_MS = 100
RECONNECT_MAX_MS = 1_000
KEEPALIVE_IDLE_S = 3
KEEPALIVE_S = 1
KEEPALIVE_PROBES = 3
"""A connection without heartbeats is known to be dead, by its own TCP, after the sum of these silent seconds."""

_EVENTS: dict[int, Event] = {
    zmq.EVENT_CONNECTED: "reached",
    zmq.EVENT_HANDSHAKE_SUCCEEDED: "up",
    zmq.EVENT_DISCONNECTED: "down",
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: "refused",
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: "broken-off",
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: "broken-off",
}
_WATCHED = int(sum(_EVENTS))
_AT_ONCE = int(zmq.NOBLOCK)

Context = zmq.Context[zmq.Socket[bytes]]
Socket = zmq.Socket[bytes]


class Dialled:
    """One connection to one door. `lock` is the identity whose key opens it, None where there are no locks.

    `queue` is how many messages may wait to be read before the far side has to hold them back; 0, for any number,
    is for doors that say no more than they were asked.
    """

    def __init__(
        self, context: Context, kind: int, lock: Identity | None, lifeline: Lifeline, *, queue: int = 0
    ) -> None:
        self.lifeline = lifeline
        self.socket: Socket = context.socket(kind)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RCVHWM, queue)
        self._pulse: Dialled | None = None
        if queue == 0:
            self.socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
            self.socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS)
        else:
            self.socket.setsockopt(zmq.TCP_KEEPALIVE, 1)
            self.socket.setsockopt(zmq.TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE_S)
            self.socket.setsockopt(zmq.TCP_KEEPALIVE_INTVL, KEEPALIVE_S)
            self.socket.setsockopt(zmq.TCP_KEEPALIVE_CNT, KEEPALIVE_PROBES)
            self._pulse = Dialled(context, kind, lock, lifeline.twin())
        self.socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
        self.socket.setsockopt(zmq.RECONNECT_IVL_MAX, RECONNECT_MAX_MS)
        if lock is not None:
            self.socket.setsockopt(zmq.CURVE_PUBLICKEY, lock.curve_public)
            self.socket.setsockopt(zmq.CURVE_SECRETKEY, lock.curve_secret)
            self.socket.setsockopt(zmq.CURVE_SERVERKEY, lock.server_public)
        self.monitor: Socket = self.socket.get_monitor_socket(_WATCHED)

    def connect(self, endpoint: str) -> None:
        """Begin to connect; ZeroMQ goes on trying until `close`."""
        self.socket.connect(endpoint)
        if self._pulse is not None:
            self._pulse.connect(endpoint)

    @property
    def sockets(self) -> tuple[Socket, ...]:
        """What to wait at: as soon as one of them can be read, `receive` or `mind` has something to do."""
        own = (self.socket, self.monitor)
        return own if self._pulse is None else (*own, self._pulse.monitor)

    def mind(self) -> bool:
        """Hear what the monitor has to tell; True if the connection came back after a loss.

        Raises `RunError` for a connection that will not come about, or is lost for too long.
        """
        again = False
        while self.monitor.poll(0):
            told = recv_monitor_message(self.monitor, zmq.NOBLOCK)
            event = _EVENTS.get(int(told["event"]))
            if int(told["value"]) == zmq.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH and event == "broken-off":
                event = "other-lock"
            if event is not None and self.lifeline.note(event, time.monotonic()):
                again = True
        self.lifeline.check(time.monotonic())
        if self._pulse is not None:
            if self.lifeline.up:
                self._pulse.lifeline.expect(time.monotonic())
            self._pulse.mind()
        return again

    def receive(self) -> list[bytes] | None:
        """The parts of the next message, or None if there is none now."""
        # As `recv_multipart`, in half the time: a frame knows by itself whether more follows.
        receive = self.socket.recv
        try:
            frame = receive(_AT_ONCE, copy=False)
        except zmq.Again:
            return None
        parts = [frame.bytes]
        while frame.more:
            frame = receive(_AT_ONCE, copy=False)
            parts.append(frame.bytes)
        if self._pulse is not None and self._pulse.lifeline.lost:
            # What is still on its way from a run that has gone is to be read to its end.
            self._pulse.lifeline.spare(time.monotonic())
        return parts

    @property
    def gives_up_s(self) -> float:
        """When patience with a lost connection ends; infinity while it is well."""
        limit = self.lifeline.gives_up_s
        own_s = math.inf if limit is None else limit
        return own_s if self._pulse is None else min(own_s, self._pulse.gives_up_s)

    def close(self) -> None:
        """Hang up; a second call does nothing."""
        if self._pulse is not None:
            self._pulse.close()
        if not self.socket.closed:
            self.socket.disable_monitor()
            self.monitor.close(linger=0)
            self.socket.close(linger=0)
