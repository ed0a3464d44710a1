"""The lock of the doors: who comes in by which key, whom a revoked key throws out, and who failed at the lock.

One thread answers ZeroMQ's questions (ZAP, RFC 27): this key at this door, yes or no? Between questions it looks
at the keyring five times a second, and cuts the connections of whoever lost their rights. ZeroMQ's own monitors
tell it of peers that fail before there is a question to ask, and of connections that have said nothing yet.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import get_args

import zmq
from zmq.utils.monitor import parse_monitor_message

from fleet.base.errors import RunError, UsageError
from fleet.bus.connections import Connections, cut, inode_of
from fleet.bus.keyring import Keyring
from fleet.bus.refusals import Refusals
from fleet.messages.notices import Cause
from fleet.messages.roles import OPEN_TO, Door

ASKED_AT = "inproc://zeromq.zap.01"
LOOK_MS = 200
MOST_BAD_LOOKS = 25
"""So many looks at the keyring in a row may fail; then the lock is broken."""
SILENT_CONNECTIONS = 100
"""So many connections of a door may be open without having said anything; then the oldest is cut."""
SILENT_READERS: tuple[Door, ...] = ("telemetry", "truth")
"""Doors that speak first: a revoked reader that has not subscribed yet must be cut all the same."""

_VERSION = b"1.0"
_EVENTS = zmq.EVENT_LISTENING | zmq.EVENT_ACCEPTED | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL

Context = zmq.Context[zmq.Socket[bytes]]
Socket = zmq.Socket[bytes]


class Lock:
    """Guards the sockets given to `fit`, from `start` to `stop`. Raises `UsageError` if the context has a lock.

    `came` is told, in the lock's thread, of each listening socket and each connection: door, event, descriptor.
    """

    def __init__(
        self,
        context: Context,
        keyring: Keyring,
        refusals: Refusals,
        connections: Connections,
        came: Callable[[Door, int, int], None] = lambda door, event, fd: None,
    ) -> None:
        self._context = context
        self._keyring = keyring
        self._refusals = refusals
        self._connections = connections
        self._tell_came = came
        self._accepted: dict[Door, dict[int, int]] = {}
        self._monitors: dict[Socket, Door] = {}
        self._watched: list[Socket] = []
        self._looked_s = 0.0
        self._bad_looks = 0
        self._failure: BaseException | None = None
        self._bell = os.pipe()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="fleet-lock", daemon=True)
        self._asked: Socket = context.socket(zmq.REP)
        self._asked.setsockopt(zmq.LINGER, 0)
        try:
            self._asked.bind(ASKED_AT)
        except zmq.ZMQError as error:
            self.stop()
            raise UsageError(f"these doors cannot have a lock of their own: {error.strerror or error}") from None

    def fit(self, door: Door, socket: Socket) -> None:
        """Lock `socket` before it is bound, and watch it."""
        socket.setsockopt(zmq.CURVE_SERVER, 1)
        socket.setsockopt(zmq.CURVE_SECRETKEY, self._keyring.server_secret)
        socket.setsockopt_string(zmq.ZAP_DOMAIN, door)
        self._accepted[door] = {}
        place = f"inproc://fleet-lock-{door}"
        socket.monitor(place, _EVENTS)
        monitor: Socket = self._context.socket(zmq.PAIR)
        # A bounded queue would hold ZeroMQ's own thread, and with it every door, while this thread is behind.
        monitor.setsockopt(zmq.RCVHWM, 0)
        monitor.connect(place)
        self._monitors[monitor] = door
        self._watched.append(socket)

    def start(self) -> None:
        """Begin to answer; nobody gets in before."""
        self._thread.start()

    def require_guarding(self) -> None:
        """Raises `RunError` if the lock is broken: a revoked key would be thrown out no more."""
        if self._failure is not None:
            raise RunError(f"the lock of the doors failed: {self._failure}") from self._failure

    def stop(self) -> None:
        """Nobody gets in any more. A second call does nothing."""
        self._stopping = True
        if self._thread.is_alive():
            os.write(self._bell[1], b"\0")
            self._thread.join()
        for watched in self._watched:
            watched.disable_monitor()
        for socket in (self._asked, *self._monitors):
            socket.close(linger=0)
        self._watched.clear()
        self._monitors.clear()
        for end in self._bell:
            if end >= 0:
                os.close(end)
        self._bell = (-1, -1)

    def _work(self) -> None:
        try:
            self._guard()
        except BaseException as error:  # noqa: BLE001 - told to the run's thread, which raises it
            self._failure = error

    def _guard(self) -> None:
        poller = zmq.Poller()
        poller.register(self._bell[0], zmq.POLLIN)
        for socket in (self._asked, *self._monitors):
            poller.register(socket, zmq.POLLIN)
        while not self._stopping:
            ready = dict(poller.poll(LOOK_MS))
            if self._asked in ready:
                self._answer(self._asked.recv_multipart())
            for monitor, door in self._monitors.items():
                if monitor in ready:
                    self._hear(monitor, door)
            self._look()

    # ---- who comes in

    def _answer(self, question: list[bytes]) -> None:
        """Fields of a question: version, request, domain, address, identity, mechanism, credentials."""
        request = question[1] if len(question) > 1 else b""
        name = self._name_of(question)
        status, text = (b"200", b"OK") if name else (b"400", b"refused")
        self._asked.send_multipart([_VERSION, request, status, text, name.encode("ascii"), b""])

    def _name_of(self, question: list[bytes]) -> str:
        """Who asks to come in; "" for somebody who may not, who is then counted."""
        if len(question) != 7 or question[0] != _VERSION or question[5] != b"CURVE":
            return ""
        domain = question[2].decode("ascii", "replace")
        door = next((door for door in get_args(Door) if door == domain), None)
        if door is None:
            return ""
        holder = self._keyring.holder_of(question[6])
        cause: Cause = ""
        if holder is None:
            self._refusals.add(door, "unknown-key")
            return ""
        if holder.revoked:
            cause = "revoked"
        elif holder.role not in OPEN_TO[door]:
            cause = "not-allowed"
        if cause:
            self._refusals.add(door, cause, holder.sender)
            return ""
        return holder.name

    # ---- who is thrown out

    def _look(self) -> None:
        now_s = time.monotonic()
        if now_s - self._looked_s >= LOOK_MS / 1000.0:
            self._looked_s = now_s
            try:
                fallen = self._keyring.reload_if_changed()
            except Exception:
                self._bad_looks += 1
                if self._bad_looks > MOST_BAD_LOOKS:
                    raise
                return
            self._bad_looks = 0
            if fallen:
                self._throw_out(fallen)

    def _throw_out(self, names: frozenset[str]) -> None:
        for name in names:
            self._connections.cut(name)
        for door in SILENT_READERS:
            self._cut_silent(door)

    def _cut_silent(self, door: Door) -> None:
        """Readers that have not subscribed lose nothing: they come back, and whoever may not is refused then."""
        for monitor, watched in self._monitors.items():
            if watched == door:
                self._hear(monitor, door)
        accepted = self._accepted[door]
        for fd, inode in accepted.items():
            if not self._connections.claimed(fd, inode):
                cut(fd, inode)
        accepted.clear()

    def _hear(self, monitor: Socket, door: Door) -> None:
        while True:
            try:
                told = parse_monitor_message(monitor.recv_multipart(zmq.NOBLOCK))
            except zmq.Again:
                return
            if told["event"] in (zmq.EVENT_LISTENING, zmq.EVENT_ACCEPTED):
                self._tell_came(door, int(told["event"]), int(told["value"]))
            if told["event"] == zmq.EVENT_ACCEPTED:
                self._note_accepted(door, int(told["value"]))
            elif told["event"] == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL:
                # Without CURVE, or with the key of another server, nobody gets as far as being asked about.
                self._refusals.add(door, "unknown-key")

    def _note_accepted(self, door: Door, fd: int) -> None:
        accepted = self._accepted[door]
        accepted.pop(fd, None)
        inode = inode_of(fd)
        if inode:
            accepted[fd] = inode
        if len(accepted) <= SILENT_CONNECTIONS:
            return
        for old, node in list(accepted.items()):
            if inode_of(old) != node or self._connections.claimed(old, node):
                del accepted[old]
        if len(accepted) > SILENT_CONNECTIONS:
            oldest = next(iter(accepted))
            cut(oldest, accepted.pop(oldest))
