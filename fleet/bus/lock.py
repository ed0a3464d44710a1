"""The lock of the doors: who comes in by which key, whom a revoked key throws out, and who failed at the lock.

One thread answers ZeroMQ's questions (ZAP, RFC 27): this key at this door, yes or no? Between questions it looks
at the keyring five times a second, and cuts the connections of whoever lost their rights. ZeroMQ's own monitors
tell it of peers that fail before there is a question to ask, and of connections that have said nothing yet.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import get_args

import zmq

from fleet.base.errors import UsageError
from fleet.bus.connections import Connections, cut, inode_of
from fleet.bus.doorman import Context, Doorman, Monitors, Socket
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
        self._keyring = keyring
        self._refusals = refusals
        self._connections = connections
        self._tell_came = came
        self._accepted: dict[Door, dict[int, int]] = {}
        self._monitors = Monitors(context, "fleet-lock")
        self._looked_s = 0.0
        self._bad_looks = 0
        self._doorman = Doorman("fleet-lock", "the lock of the doors", self._guard)
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
        self._monitors.add(door, socket, _EVENTS)

    def start(self) -> None:
        """Begin to answer; nobody gets in before."""
        self._doorman.start()

    def require_guarding(self) -> None:
        """Raises `RunError` if the lock is broken: a revoked key would be thrown out no more."""
        self._doorman.require_well()

    def stop(self) -> None:
        """Nobody gets in any more. A second call does nothing."""
        self._doorman.stop()
        self._monitors.close()
        self._asked.close(linger=0)

    def _guard(self) -> None:
        poller = zmq.Poller()
        monitors = self._monitors.sockets
        for source in (self._doorman.bell, self._asked, *monitors.values()):
            poller.register(source, zmq.POLLIN)
        while not self._doorman.stopping:
            ready = dict(poller.poll(LOOK_MS))
            if self._asked in ready:
                self._answer(self._asked.recv_multipart())
            for door, monitor in monitors.items():
                if monitor in ready:
                    self._hear(door)
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
        self._hear(door)
        accepted = self._accepted[door]
        for fd, inode in accepted.items():
            if not self._connections.claimed(fd, inode):
                cut(fd, inode)
        accepted.clear()

    def _hear(self, door: Door) -> None:
        for event, value in self._monitors.news(door):
            if event in (zmq.EVENT_LISTENING, zmq.EVENT_ACCEPTED):
                self._tell_came(door, event, value)
            if event == zmq.EVENT_ACCEPTED:
                self._note_accepted(door, value)
            elif event == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL:
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
