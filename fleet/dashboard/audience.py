"""Browsers and their queues. A queue is short and never blocks: who cannot follow is told the whole state anew.

A record is what one bus message becomes on the WebSocket: its number (u64) and its length (u32), little-endian,
then the bytes of its envelope as they came from the bus. A WebSocket message is one record or several in a row.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable

MAX_WAITING_BYTES = 2 * 2**20
"""What may wait for one browser. It is a few seconds of a large fleet; past it a snapshot is shorter."""

_HEAD = struct.Struct("<QI")


def record(number: int, data: bytes) -> bytes:
    """The bytes of one message on the WebSocket.

    >>> record(1, b"x").hex()
    '01000000000000000100000078'
    """
    return _HEAD.pack(number, len(data)) + data


class Viewer:
    """The queue of one browser.

    Of frames only the latest of each topic waits; everything else waits in order. When too much waits, all of it
    is thrown away, `dropped` counts it, and the next batch is the whole state, which contains it.
    """

    def __init__(self, limit_bytes: int = MAX_WAITING_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._events: list[bytes] = []
        self._frames: dict[str, bytes] = {}
        self._event_bytes = 0
        self._wake = asyncio.Event()
        self._wake.set()
        self._state_due = True
        self._behind = False
        self.dropped = 0

    @property
    def waiting_bytes(self) -> int:
        """What waits now."""
        return self._event_bytes + sum(map(len, self._frames.values()))

    def offer(self, topic: str, data: bytes, *, is_frame: bool) -> None:
        """Put a record in the queue; `is_frame` if a later one of the topic makes it worthless."""
        if is_frame:
            self.dropped += topic in self._frames
            self._frames[topic] = data
        elif self._behind:
            self.dropped += 1
        else:
            self._events.append(data)
            self._event_bytes += len(data)
            if self._event_bytes > self._limit_bytes:
                self.dropped += len(self._events)
                self._events.clear()
                self._event_bytes = 0
                self._behind = self._state_due = True
        self._wake.set()

    def refresh(self) -> None:
        """The whole state is due after what waits."""
        self._state_due = True
        self._wake.set()

    async def take(self, whole_state: Callable[[], bytes | None]) -> bytes:
        """The next batch, as soon as there is one. `whole_state` is asked for the state if it is due.

        It returns None while there is no state yet; the viewer then waits until it is woken again.
        """
        while True:
            await self._wake.wait()
            self._wake.clear()
            state = whole_state() if self._state_due else b""
            if state is None:
                continue
            batch = b"".join((*self._events, state, *self._frames.values()))
            self._events.clear()
            self._frames.clear()
            self._event_bytes = 0
            self._state_due = self._behind = False
            if batch:
                return batch


class Audience:
    """All browsers that look on."""

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._viewers: set[Viewer] = set()
        self._dropped_by_gone = 0

    def __len__(self) -> int:
        return len(self._viewers)

    @property
    def dropped(self) -> int:
        """How many messages were not passed on to browsers that could not follow."""
        return self._dropped_by_gone + sum(viewer.dropped for viewer in self._viewers)

    def join(self) -> Viewer | None:
        """A queue for one more browser, or None if the house is full."""
        if len(self._viewers) >= self._most:
            return None
        viewer = Viewer()
        self._viewers.add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """That browser is gone."""
        if viewer in self._viewers:
            self._viewers.remove(viewer)
            self._dropped_by_gone += viewer.dropped

    def offer(self, topic: str, data: bytes, *, is_frame: bool) -> None:
        """Put a record in every queue."""
        for viewer in self._viewers:
            viewer.offer(topic, data, is_frame=is_frame)

    def refresh(self) -> None:
        """Everybody is due the whole state."""
        for viewer in self._viewers:
            viewer.refresh()
