"""Which connection belongs to which key, so that the connections of a revoked key can be cut.

ZeroMQ hides its connections and cannot close one. But a message tells the file descriptor it came through, and
`shutdown` on that descriptor ends the connection as if the network had. Descriptors are used again for other
connections; the inode of the socket tells whether it is still the same one.
"""

from __future__ import annotations

import ctypes
import os
import resource
import socket
import stat
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import zmq

SRCFD = 2
"""`ZMQ_SRCFD`, which pyzmq has no name for: the descriptor that a message came through."""

NO_CONNECTION = -1

_ATTACH_FILTER, _DETACH_FILTER = 26, 27
"""`SO_ATTACH_FILTER` and `SO_DETACH_FILTER` of Linux, which Python has no names for."""
_DROP_ALL = ctypes.create_string_buffer(struct.pack("=HBBI", 6, 0, 0, 0))
"""The one instruction of a packet filter that lets nothing pass."""

_AT_ONCE = struct.pack("ii", 1, 0)


class Connections:
    """The connections that have spoken, by descriptor. Any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owners: dict[int, tuple[str, int]] = {}

    def claim(self, fd: int, name: str) -> None:
        """A message under the key of `name` came through `fd`."""
        inode = inode_of(fd)
        if inode and self._owners.get(fd) != (name, inode):
            with self._lock:
                self._owners[fd] = (name, inode)

    def cut(self, name: str) -> int:
        """End every connection of `name`; returns how many were there."""
        with self._lock:
            mine = [(fd, inode) for fd, (owner, inode) in self._owners.items() if owner == name]
            for fd, _ in mine:
                del self._owners[fd]
        return sum(cut(fd, inode) for fd, inode in mine)

    def owner(self, fd: int, inode: int) -> str:
        """Whose key this connection has spoken under; "" if it has not spoken."""
        name, node = self._owners.get(fd, ("", 0))
        return name if node == inode else ""

    def claimed(self, fd: int, inode: int) -> bool:
        """Whether somebody has spoken through this connection."""
        return self.owner(fd, inode) != ""


def raise_descriptor_limit() -> None:
    """Let this process hold as many descriptors as it is allowed to: each connection takes one."""
    with suppress(OSError, ValueError):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def fd_of(frame: zmq.Frame) -> int:
    """The descriptor that `frame` came through; `NO_CONNECTION` where there is none, as in `inproc`."""
    try:
        return int(frame.get(SRCFD))
    except (zmq.ZMQError, ValueError):
        return NO_CONNECTION


def inode_of(fd: int) -> int:
    """The inode of an open socket; 0 for anything else."""
    try:
        found = os.fstat(fd)
    except OSError:
        return 0
    return found.st_ino if stat.S_ISSOCK(found.st_mode) else 0


def shut(fd: int, inode: int, closed: bool) -> None:
    """Let a listening socket hear nobody, or again everybody; who knocks meanwhile goes on knocking.

    ZeroMQ accepts whoever comes, and by the time that somebody is cut again they have flooded. Connections that
    stand are not concerned. It does nothing where the system has no such filters.
    """
    if inode_of(fd) != inode or not sys.platform.startswith("linux"):
        return
    with suppress(OSError), borrowed(fd) as held:
        if closed:
            program = struct.pack("HP", 1, ctypes.addressof(_DROP_ALL))
            held.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, program)
        else:
            held.setsockopt(socket.SOL_SOCKET, _DETACH_FILTER, 0)


@contextmanager
def borrowed(fd: int) -> Iterator[socket.socket]:
    """A socket of ZeroMQ's, to ask and to tell the kernel about it; a duplicate would keep a connection open.

    Raises `OSError` if it is gone.
    """
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, fd)
    try:
        yield held
    finally:
        held.detach()


def cut(fd: int, inode: int) -> bool:
    """Shut the connection down if it still is the one that had `inode`."""
    try:
        held = socket.socket(fileno=os.dup(fd))
    except OSError:
        return False
    # The duplicate keeps the number from being given to another connection between the look and the cut.
    with held:
        if inode_of(held.fileno()) != inode:
            return False
        try:
            # What was sent and not yet delivered is to be dropped, too; only TCP knows that.
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            held.shutdown(socket.SHUT_RDWR)
        except OSError:
            return False
    return True
