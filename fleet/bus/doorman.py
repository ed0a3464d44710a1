"""What the threads at the doors share: a bell that wakes them, an end, word of failure, and the news of ZeroMQ."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import zmq
from zmq.utils.monitor import parse_monitor_message

from fleet.base.errors import RunError
from fleet.messages.roles import Door

Context = zmq.Context[zmq.Socket[bytes]]
Socket = zmq.Socket[bytes]


class Doorman:
    """A daemon thread that does `work`, from `start` to `stop`.

    `work` polls `bell` among other things, and returns once it finds `stopping`. Whatever it raises is kept for
    the run's thread, which learns of it by `require_well` as "`what` failed"; then `ended` is called.
    """

    def __init__(
        self, name: str, what: str, work: Callable[[], None], ended: Callable[[], None] = lambda: None
    ) -> None:
        self.stopping = False
        self.failure: BaseException | None = None
        self._what = what
        self._work = work
        self._ended = ended
        self._bell = os.pipe()
        for end in self._bell:
            os.set_blocking(end, False)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def bell(self) -> int:
        """The descriptor that can be read once somebody rang."""
        return self._bell[0]

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def ring(self) -> None:
        """Wake the thread; any other thread may do so, at any time."""
        with suppress(OSError):  # full: it is ringing already; or closed
            os.write(self._bell[1], b"\0")

    def hush(self) -> None:
        """The bell was heard; for the thread itself."""
        os.read(self._bell[0], 4_096)

    def require_well(self) -> None:
        """Raises `RunError` if the work has failed."""
        if self.failure is not None:
            raise RunError(f"{self._what} failed: {self.failure}") from self.failure

    def stop(self, patience_s: float | None = None) -> None:
        """Ask the thread to end, and wait for it, so long at most. A second call does nothing."""
        self.stopping = True
        if self._thread.is_alive():
            self.ring()
            self._thread.join(patience_s)
        ends, self._bell = self._bell, (-1, -1)
        for end in ends:
            if end >= 0:
                os.close(end)

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - told to the run's thread, which raises it
            self.failure = error
        finally:
            self._ended()


class Monitors:
    """ZeroMQ's news of listening sockets, by door. `name` sets them apart from other monitors of the context."""

    def __init__(self, context: Context, name: str) -> None:
        self._context = context
        self._name = name
        self._listening: list[Socket] = []
        self.sockets: dict[Door, Socket] = {}
        """Where there is something to be read when there is news."""

    def add(self, door: Door, listening: Socket, events: int) -> None:
        """Hear of `events` at a socket, before it is bound."""
        place = f"inproc://{self._name}-{door}"
        listening.monitor(place, events)
        monitor: Socket = self._context.socket(zmq.PAIR)
        # A bounded queue would hold ZeroMQ's own thread, and with it every door, while the reader is behind.
        monitor.setsockopt(zmq.RCVHWM, 0)
        monitor.connect(place)
        self.sockets[door] = monitor
        self._listening.append(listening)

    def news(self, door: Door) -> Iterator[tuple[int, int]]:
        """Events that wait to be read, each with its number: the descriptor, for those that have one."""
        with suppress(zmq.Again):
            while True:
                told = parse_monitor_message(self.sockets[door].recv_multipart(zmq.NOBLOCK))
                yield int(told["event"]), int(told["value"])

    def close(self) -> None:
        """Hear no more. A second call does nothing."""
        for listening in self._listening:
            listening.disable_monitor()
        for monitor in self.sockets.values():
            monitor.close(linger=0)
        self._listening.clear()
        self.sockets.clear()
