"""The listening sockets of one run: six doors, opened together, so that a taken port is known at once.

With a keyring every door is locked by CURVE, and who comes in is known by name; without one, anybody on this
machine may open any door.
"""

from __future__ import annotations

from dataclasses import dataclass

import zmq

from fleet.base.errors import UsageError
from fleet.bus.closing import Closing
from fleet.bus.connections import NO_CONNECTION, Connections, fd_of, raise_descriptor_limit
from fleet.bus.endpoints import Endpoints, endpoints
from fleet.bus.floods import Floods
from fleet.bus.keyring import Keyring
from fleet.bus.lock import Lock
from fleet.bus.refusals import Refusals
from fleet.messages.roles import DOORS, Door, Role, outside_sender

KINDS: dict[Door, int] = {
    "telemetry": zmq.XPUB,
    "command": zmq.ROUTER,
    "injection": zmq.ROUTER,
    "truth": zmq.XPUB,
    "lockstep": zmq.ROUTER,
    "record": zmq.ROUTER,
}
MAX_MESSAGE_BYTES: dict[Door, int] = {
    "telemetry": 512,
    "command": 2**18,
    "injection": 2**18,
    "truth": 512,
    "lockstep": 2**24,
    "record": 2**18,
}
"""The longest part that may come in; ZeroMQ ends the connection of who sends more. Readers send topics only."""

READER_BYTES = 32 * 2**20
FEWEST_WAITING = 256
MOST_WAITING = 20_000
RECEIVE_BYTES = 2**16
"""What the kernel takes in for a connection before it is read; so much may still come from one that was cut."""
HANDSHAKE_MS = 10_000
KEEPALIVE_S = 15
SILENCE_S = 10.0
"""A recorder whose machine gives no sign of life for so long is gone."""
LINGER_MS = 1_000
"""How long closing waits for peers to take what was already sent to them."""


@dataclass(frozen=True)
class Peer:
    """Who sent a frame, as the lock of the door knows. Without keys the name is "" and the role None.

    What a `revoked` peer says is not to be taken: its key was revoked while the message was on its way.
    """

    name: str
    role: Role | None
    revoked: bool = False

    @property
    def sender(self) -> str:
        """The name under which it speaks in a run; "" without keys."""
        return "" if self.role is None else outside_sender(self.role, self.name)


ANYBODY = Peer("", None)
NOBODY = Peer("", None, revoked=True)
"""Somebody whom the keyring does not know any more."""


class Doors(Closing):
    """Every door, bound. A socket may be used by one thread at a time; `socket(door)` hands it out.

    With a `keyring` only who holds one of its keys gets in, at the doors of their role; without one, the endpoint
    must be of this machine. `frame_bytes` is about how long the longest message of every tick is: a reader that
    stopped reading may hold back about `READER_BYTES` of them. `silence_s` is how long a recorder's machine may
    give no sign of life. Raises `UsageError` for an endpoint that is not allowed or cannot be bound; nothing stays
    open then.
    """

    def __init__(
        self,
        endpoint: str,
        keyring: Keyring | None = None,
        *,
        context: zmq.Context[zmq.Socket[bytes]] | None = None,
        frame_bytes: int = 1_000,
        silence_s: float = SILENCE_S,
    ) -> None:
        self.endpoints = endpoints(endpoint)
        _require_safe(self.endpoints, locked=keyring is not None)
        raise_descriptor_limit()
        self.keyring = keyring
        self.refusals = Refusals()
        self.connections = Connections()
        self._lock: Lock | None = None
        self._waiting = max(FEWEST_WAITING, min(MOST_WAITING, READER_BYTES // max(1, frame_bytes)))
        self.context = zmq.Context() if context is None else context
        self._own_context = context is None
        self.floods = Floods(self.context, self.refusals, self._sender_at)
        self._sockets: dict[Door, zmq.Socket[bytes]] = {}
        self._notices = 0
        self._silence_s = silence_s
        try:
            if keyring is not None:
                self._lock = Lock(self.context, keyring, self.refusals, self.connections, self.floods.came)
            for door in DOORS:
                self._open(door, self.endpoints)
            if self._lock is not None:
                self._lock.start()
            self.floods.start()
        except BaseException:
            self._shut(linger_ms=0)
            raise

    def _open(self, door: Door, wanted: Endpoints) -> None:
        listening: zmq.Socket[bytes] = self.context.socket(KINDS[door])
        self._sockets[door] = listening
        listening.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES[door])
        # No bound: `floods.py` tells why, and what bounds them instead.
        listening.setsockopt(zmq.RCVHWM, 0)
        listening.setsockopt(zmq.RCVBUF, RECEIVE_BYTES)
        listening.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_MS)
        # A peer whose machine is gone is noticed; one that is only stopped keeps its connection.
        listening.setsockopt(zmq.TCP_KEEPALIVE, 1)
        listening.setsockopt(zmq.TCP_KEEPALIVE_IDLE, KEEPALIVE_S)
        listening.setsockopt(zmq.TCP_KEEPALIVE_INTVL, KEEPALIVE_S)
        listening.setsockopt(zmq.TCP_KEEPALIVE_CNT, 3)
        if KINDS[door] == zmq.XPUB:
            listening.setsockopt(zmq.SNDHWM, self._waiting)
        elif door == "record":
            # The run waits for recorders, so one whose machine has stopped must come to notice.
            listening.setsockopt(zmq.HEARTBEAT_IVL, max(1, int(250 * self._silence_s)))
            listening.setsockopt(zmq.HEARTBEAT_TIMEOUT, int(1000 * self._silence_s))
        if self._lock is not None:
            self._lock.fit(door, listening)
        else:
            self.floods.watch(door, listening)
        try:
            listening.bind(wanted.of(door))
        except zmq.ZMQError as error:
            # pyzmq's own text repeats the address.
            why = zmq.strerror(error.errno or 0)
            raise UsageError(f"cannot listen at `{wanted.of(door)}` ({door}): {why}") from None

    def socket(self, door: Door) -> zmq.Socket[bytes]:
        """The bound socket of a door."""
        return self._sockets[door]

    def peer_of(self, frame: zmq.Frame) -> Peer:
        """Who sent `frame` (received with `copy=False`); remembers the connection, so that it can be cut."""
        fd = fd_of(frame)
        self.floods.heard(fd)
        if self.keyring is None:
            return ANYBODY
        try:
            holder = self.keyring.holder(str(frame.get("User-Id")))
        except zmq.ZMQError:
            holder = None
        if holder is None:
            return NOBODY
        if fd != NO_CONNECTION:
            self.connections.claim(fd, holder.name)
        if holder.revoked:
            self.connections.cut(holder.name)
        return Peer(holder.name, holder.role, holder.revoked)

    def _sender_at(self, fd: int, inode: int) -> str:
        """The sender for whom a connection has spoken; "" where that is not known."""
        name = self.connections.owner(fd, inode)
        holder = self.keyring.holder(name) if name and self.keyring is not None else None
        return "" if holder is None else holder.sender

    def revoked(self, name: str) -> bool:
        """Whether the key of `name` was revoked."""
        return self.keyring is not None and self.keyring.is_revoked(name)

    def require_guarded(self) -> None:
        """Raises `RunError` if the doors have a lock and it is broken, or nobody watches for floods any more."""
        self.floods.require_watching()
        if self._lock is not None:
            self._lock.require_guarding()

    def next_notice(self) -> int:
        """The sequence number of the next notice that the gate says in the run. Only the run's own thread asks."""
        self._notices += 1
        return self._notices - 1

    def close(self) -> None:
        """Shut every door; peers have `LINGER_MS` to take what was sent to them."""
        self._shut(LINGER_MS)

    def _shut(self, linger_ms: int) -> None:
        if self._lock is not None:
            self._lock.stop()
        self.floods.stop()
        for door, listening in self._sockets.items():
            # ZeroMQ ends the process if a heartbeat is due while a closing door waits for a peer that has gone.
            # Recorders have confirmed the end by now, or are left behind.
            listening.close(linger=0 if door == "record" else linger_ms)
        self._sockets.clear()
        if self._own_context:
            self.context.term()


def _require_safe(found: Endpoints, *, locked: bool) -> None:
    """Raises `UsageError` for doors that strangers could open, or that cannot be locked."""
    if locked and found.base.startswith("inproc:"):
        raise UsageError(f"`{found.base}`: keys do not lock doors inside one process; use tcp or ipc")
    if not locked and not found.loopback:
        raise UsageError(
            f"`{found.base}` can be reached from other machines: it needs keys (--keys DIR; `fleet keys new` "
            "makes them), or listen at tcp://127.0.0.1"
        )
