"""Who brings more than is read: a count of every connection's bytes, and the end of those that flood.

ZeroMQ 4.3 must not be told to bound the queues of a door. When a queue is full it stops reading that connection;
if the peer then leaves, a heartbeat that is due, or one that the peer had sent, ends the whole process ("Assertion
failed: !_io_error", libzmq issue 4364). Nor would such a bound hold: it does not count the parts of a message that
has no end. So the queues have none (`ZMQ_RCVHWM` 0), and the bound is here.

The kernel counts what each TCP connection has brought. What a reader has surely read is forgiven: all that a
connection brought, once it was heard and its door was then found empty. A connection that is owed more than its
door allows is cut, which is counted as a refusal `flood`. What it left behind unread still counts for the door,
until that is found empty: meanwhile newcomers are cut, too, if too much has been left.

The kernel does not count for `ipc`. There only messages that are read while the door never gets empty are counted;
who may open an `ipc` door is a user of this machine that its file lets in.
"""

from __future__ import annotations

import socket
import struct
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

import zmq

from fleet.bus.connections import NO_CONNECTION, borrowed, cut, inode_of, shut
from fleet.bus.doorman import Context, Doorman, Monitors, Socket
from fleet.bus.refusals import Refusals
from fleet.messages.roles import DOORS, Door

ALLOWED_BYTES: dict[Door, int] = {
    "telemetry": 2**19,
    "command": 2**21,
    "injection": 2**21,
    "truth": 2**19,
    "lockstep": 2**18,
    "record": 2**18,
}
"""What one connection may have brought that nobody has read yet. In ZeroMQ's memory it can be 32 times as much: a
message takes 64 bytes there, and 2 on its way."""
SEAT_BYTES = 2**24 + 2**20
"""The same for who has a seat, at each tick: its answer may hold a part of the greatest length."""
PUBLISHING: tuple[Door, ...] = ("telemetry", "truth")
"""Doors at which a connection's name does not count, so that all of them are read."""
DOORS_FOLD = 2
"""A door as a whole may be owed so many times what one connection may."""
FORGIVEN_PER_S = 1_024
"""Heartbeats are brought, too, and never read."""
HONEST_BYTES = 2**16
"""Who is owed no more than that is not cut for what others left behind."""
SHAKEN_BYTES = 4_096
"""More than any handshake takes."""
MOST_UNEMPTIED = 50_000
"""So many messages of one connection may be read at a door that is never found empty meanwhile."""
MOST_NEWCOMERS = 500
"""So many connections may come to a door between two times that it is found empty."""
SHUT_S = 10.0
LONGEST_SHUT_S = 3_600.0
"""How long a door takes no newcomers after too much was left at it that nobody can ever read: first, and at most.
Each time it is twice as long."""
UNHEARD_BYTES = 2**14
"""From then on whoever was not heard yet may bring no more than that."""

LOOK_S = 0.001
"""How long the watch sleeps between two looks while somebody is new, or brings much."""
NEW_S = 0.05
MUCH_BYTES = 2**15
CALM_S = 0.02
IDLE_S = 0.2
"""And while the kernel counts for nobody who is there."""
CALM_SHARE = 50
"""At other times looking takes at most one part in so many of a processor."""

_RECEIVED = struct.Struct("=Q")
_RECEIVED_AT = 128
"""Where `struct tcp_info` of Linux has `tcpi_bytes_received`."""
_TCP_INFO = getattr(socket, "TCP_INFO", None)


@dataclass(slots=True)
class _Connection:
    """One connection: what it has brought, and how much of that is forgiven."""

    door: Door
    fd: int
    inode: int
    counted: bool
    came_s: float
    since_s: float
    brought: int = 0
    forgiven: int = 0
    heard: bool = False

    def owed(self, now_s: float) -> int:
        """What it brought that nobody has read, as far as can be told."""
        return max(0, self.brought - self.forgiven - int(FORGIVEN_PER_S * (now_s - self.since_s)))


class Floods:
    """Watches the connections of all doors, in a thread of its own, from `start` to `stop`.

    Readers tell what they read by `heard`, `emptied` and `turns`; `name_of` gives the sender that a connection
    speaks for, "" where that is not known. `look` is what the thread does, again and again.
    """

    def __init__(self, context: Context, refusals: Refusals, name_of: Callable[[int, int], str]) -> None:
        self._refusals = refusals
        self._name_of = name_of
        self._monitors = Monitors(context, "fleet-floods")
        self._came: deque[tuple[Door, int, int]] = deque()
        self._listening: dict[Door, tuple[int, int]] = {}
        self._shut: set[Door] = set()
        self._connections: dict[int, _Connection] = {}
        self._heard: dict[int, int] = {}
        self._empty: dict[Door, int] = dict.fromkeys(DOORS, 0)
        self._seen_empty = dict(self._empty)
        self._seats: dict[int, int] = {}
        self.turns = 0
        """How many ticks all seats have answered; the barrier counts. Nobody with a seat is owed anything then."""
        self._seen_turns = 0
        self._left: Counter[Door] = Counter(dict(self._empty))
        self._lost: Counter[Door] = Counter()
        self._newcomers: Counter[Door] = Counter(dict(self._empty))
        self._shut_until_s: dict[Door, float] = {}
        self._shut_s = dict.fromkeys(DOORS, SHUT_S)
        self._busy = self._counting = False
        self._doorman = Doorman("fleet-floods", "the watch over the doors", self._watch)

    # ---- before, and after

    def watch(self, door: Door, listening: Socket) -> None:
        """Hear of the connections of a door that has no lock; before it is bound."""
        self._monitors.add(door, listening, zmq.EVENT_LISTENING | zmq.EVENT_ACCEPTED)

    def start(self) -> None:
        """Begin to look."""
        self._doorman.start()

    def require_watching(self) -> None:
        """Raises `RunError` if nobody watches any more: the doors' memory would have no bound."""
        self._doorman.require_well()

    def stop(self) -> None:
        """Look no more. A second call does nothing."""
        self._doorman.stop()
        self._monitors.close()

    # ---- what others tell, each from its own thread

    def came(self, door: Door, event: int, fd: int) -> None:
        """ZeroMQ tells of a listening socket, or of a connection that has come to it."""
        self._came.append((door, event, fd))
        self._doorman.ring()

    def heard(self, fd: int) -> None:
        """A message was read that came through `fd`."""
        if fd != NO_CONNECTION:
            self._heard[fd] = self._heard.get(fd, 0) + 1

    def emptied(self, door: Door) -> None:
        """Nothing is there to be read at `door`."""
        self._empty[door] += 1

    def seated(self, fd: int, inode: int) -> None:
        """A connection has a seat from now on."""
        self._seats[fd] = inode

    def beset(self, door: Door) -> bool:
        """Whether somebody came, or left something behind, since `door` was found empty."""
        return self._left[door] > 0 or self._newcomers[door] > 0

    # ---- the thread

    def _watch(self) -> None:
        poller = zmq.Poller()
        bell, monitors = self._doorman.bell, self._monitors.sockets
        for source in (bell, *monitors.values()):
            poller.register(source, zmq.POLLIN)
        pause_s = CALM_S
        while not self._doorman.stopping:
            ready = dict(poller.poll(int(1000 * pause_s) if self._connections else None))
            if bell in ready:
                self._doorman.hush()
            for door, monitor in monitors.items():
                if monitor in ready:
                    self._came.extend((door, *told) for told in self._monitors.news(door))
            began_s = time.monotonic()
            self.look(began_s)
            took_s = time.monotonic() - began_s
            calm_s = CALM_S if self._counting else IDLE_S
            pause_s = LOOK_S if self._busy else max(calm_s, CALM_SHARE * took_s)

    def look(self, now_s: float) -> None:
        """Take newcomers in, count what all have brought, and cut who brought too much."""
        self._busy = self._counting = False
        while self._came:
            door, event, fd = self._came.popleft()
            if event == zmq.EVENT_LISTENING:
                self._listening[door] = fd, inode_of(fd)
            else:
                self._admit(door, fd, now_s)
        empty = dict(self._empty)
        emptied = {door for door, count in empty.items() if count != self._seen_empty[door]}
        self._seen_empty = empty
        for door in emptied:
            self._left[door] = self._newcomers[door] = 0
        turned, self._seen_turns = self.turns != self._seen_turns, self.turns
        owed = Counter(self._left)
        for found in list(self._connections.values()):
            if self._count(found, now_s, emptied, turned=turned) and not self._is_seated(found):
                owed[found.door] += found.owed(now_s)
        for door, total in owed.items():
            if total > DOORS_FOLD * ALLOWED_BYTES[door]:
                self._clear(door, now_s)
        self._close_or_open(now_s)

    def _close_or_open(self, now_s: float) -> None:
        """Shut doors at which too much was left, and open those that are well again."""
        wanted = {door for door in DOORS if self._is_full(door, now_s)}
        for door in wanted ^ self._shut:
            if door in self._listening:
                shut(*self._listening[door], door in wanted)
        self._shut = wanted

    def _is_full(self, door: Door, now_s: float) -> bool:
        return (
            now_s < self._shut_until_s.get(door, 0.0)
            or self._newcomers[door] > MOST_NEWCOMERS
            or self._left[door] > DOORS_FOLD * ALLOWED_BYTES[door]
        )

    def _admit(self, door: Door, fd: int, now_s: float) -> None:
        inode = inode_of(fd)
        if not inode:
            return
        self._newcomers[door] += 1
        if self._is_full(door, now_s):
            # It came before the door was shut, or there is no shutting it.
            self._refusals.add(door, "flood")
            cut(fd, inode)
            return
        before = self._connections.get(fd)
        if before is not None:
            self._leave(before, now_s)
        # What was read since the last one with this number left is not this one's.
        self._heard.pop(fd, None)
        self._connections[fd] = _Connection(door, fd, inode, is_counted(fd), now_s, now_s)

    def _is_seated(self, found: _Connection) -> bool:
        return self._seats.get(found.fd) == found.inode

    def _count(self, found: _Connection, now_s: float, emptied: set[Door], *, turned: bool) -> bool:
        """Measure one connection; False if it is gone, or was cut."""
        brought = brought_by(found.fd, found.inode, counted=found.counted)
        if brought is None:
            self._leave(found, now_s)
            return False
        seated = self._is_seated(found)
        if found.counted:
            self._counting = True
            young = now_s - found.came_s < NEW_S
            self._busy = self._busy or young or (not seated and brought - found.brought > MUCH_BYTES)
        found.brought = brought
        read = self._heard.get(found.fd, 0)
        if read:
            found.heard = True
        if read and found.door in emptied:
            self._heard.pop(found.fd, None)
            found.forgiven, found.since_s = brought, now_s
        elif seated and turned:
            found.heard = True
            found.forgiven, found.since_s = brought, now_s
        most = SEAT_BYTES if seated else ALLOWED_BYTES[found.door]
        if not found.heard and not seated and self._wary(found.door):
            most = UNHEARD_BYTES
        if found.owed(now_s) > most or self._heard.get(found.fd, 0) > MOST_UNEMPTIED:
            self._cut(found, now_s)
            return False
        return True

    def _clear(self, door: Door, now_s: float) -> None:
        """A door is owed too much: cut all that have a part in it."""
        for found in list(self._connections.values()):
            if found.door == door and not self._is_seated(found) and found.owed(now_s) > HONEST_BYTES:
                self._cut(found, now_s)

    def _cut(self, found: _Connection, now_s: float) -> None:
        self._refusals.add(found.door, "flood", self._name_of(found.fd, found.inode))
        cut(found.fd, found.inode)
        self._leave(found, now_s)

    def _leave(self, found: _Connection, now_s: float) -> None:
        """Forget a connection, but not what it left behind."""
        owed = found.owed(now_s)
        self._connections.pop(found.fd, None)
        self._heard.pop(found.fd, None)
        self._left[found.door] += owed
        if not found.heard and owed > SHAKEN_BYTES and found.door not in PUBLISHING:
            # Who takes a name that another connection bears is never read, and ZeroMQ keeps what it said.
            self._lost[found.door] += owed
            if self._wary(found.door):
                self._shut_until_s[found.door] = now_s + self._shut_s[found.door]
                self._shut_s[found.door] = min(LONGEST_SHUT_S, 2 * self._shut_s[found.door])

    def _wary(self, door: Door) -> bool:
        """Whether so much was left at a door that nobody can ever read."""
        return self._lost[door] > DOORS_FOLD * ALLOWED_BYTES[door]


def is_counted(fd: int) -> bool:
    """Whether the kernel counts what a connection brings."""
    try:
        with borrowed(fd) as held:
            domain = held.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN)
            return domain in (socket.AF_INET, socket.AF_INET6) and _received(held) is not None
    except (OSError, AttributeError):
        return False


def brought_by(fd: int, inode: int, *, counted: bool = True) -> int | None:
    """How many bytes a connection has brought, 0 where that is not counted; None if it is gone."""
    if inode_of(fd) != inode:
        return None
    if not counted:
        return 0
    try:
        with borrowed(fd) as held:
            return _received(held)
    except OSError:
        return None


def _received(held: socket.socket) -> int | None:
    """None where the system is none that counts."""
    if _TCP_INFO is None:
        return None
    told = held.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _RECEIVED_AT + _RECEIVED.size)
    if len(told) < _RECEIVED_AT + _RECEIVED.size:
        return None
    return int(_RECEIVED.unpack_from(told, _RECEIVED_AT)[0])
