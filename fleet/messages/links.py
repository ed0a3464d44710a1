"""What a link does to messages on their way: late, lost, twice, out of order, too slow, cut off. Pure.

A *link* is an end and a direction: "up" is what a sender says on its way to the road, "down" what it hears.
`Fault` says how bad it is, `Link` is the state of one link under one fault, in simulated time. Whether a message
is hit is a function of (seed, link, how many the link has carried), so that traffic on one link shifts nothing on
another, and the same seed gives the same faults.

A message passes, in this order: the *entrance*, where it may be lost or doubled; the *way*, which takes
`latency_ms` and up to `jitter_ms` more, and keeps the order but for those that `reorder` holds back; the *exit*,
where `bandwidth_bps` and `reads_per_s` let one through after the other, and `queue` says how many may wait.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar

from fleet.base.streams import Noise

T = TypeVar("T")

Direction = Literal["up", "down"]
LossCause = Literal["loss", "cut", "overflow", "on-the-way"]
"""Why a message was not heard: drawn, sent while the link was cut, pushed out of a full queue by a later one, or
still under way when the run ended."""

FOREVER_MS = 2**62
_LOSS, _DUPLICATE, _REORDER, _JITTER, _JITTER_TWIN = range(5)
"""What a draw decides: the lane of its noise."""


class Draws:
    """The draws of one link: numbers in (0, 1) by (count, lane).

    >>> from fleet.base.streams import Streams
    >>> noise = Streams(1).noise("links")
    >>> Draws(noise, "up/v-1")(0, 0) == Draws(noise, "up/v-1")(0, 0), Draws(noise, "up/v-2")(0, 0) < 1.0
    (True, True)
    """

    def __init__(self, noise: Noise, link: str) -> None:
        self._noise = noise
        self._entity = int.from_bytes(hashlib.sha256(link.encode()).digest()[:8], "little")

    def __call__(self, count: int, lane: int) -> float:
        return self._noise.one_uniform(self._entity, count, lane)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """How bad a link is while `from_ms` <= now < `to_ms`; outside of that it carries everything at once.

    `loss`, `duplicate` and `reorder` are shares of the messages. A reordered message comes `reorder_ms` after its
    turn. `jitter_ms` is the most that is added to `latency_ms`, drawn evenly. 0 is no limit for `bandwidth_bps`
    (bits of the wire form a second) and `reads_per_s` (messages a second, a slow reader). `queue` messages may
    wait for either; one more pushes the oldest out.
    """

    latency_ms: int = 0
    jitter_ms: int = 0
    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    reorder_ms: int = 2_000
    bandwidth_bps: float = 0.0
    reads_per_s: float = 0.0
    queue: int = 100
    cut: bool = False
    from_ms: int = 0
    to_ms: int = FOREVER_MS

    def active(self, now_ms: int) -> bool:
        """Whether it does anything to what is sent now."""
        return self.from_ms <= now_ms < self.to_ms

    @property
    def limited(self) -> bool:
        """Whether messages wait for each other at the exit."""
        return self.bandwidth_bps > 0.0 or self.reads_per_s > 0.0

    def row_delay_ms(self, draws: Draws, tick: int) -> int | None:
        """How late a row of the telemetry frame of `tick` comes, None if it is lost.

        Rows are drawn by tick, not by count, and know latency, jitter, loss and cut only: frames may be said more
        or less often as people watch, and nobody's watching may change what happens to messages.
        """
        if self.cut or (self.loss and draws(tick, _LOSS) < self.loss):
            return None
        extra = int((self.jitter_ms + 1) * draws(tick, _JITTER)) if self.jitter_ms else 0
        return self.latency_ms + extra


class Due(NamedTuple, Generic[T]):
    """A message, and when it comes out of a link."""

    at_ms: int
    message: T


def always() -> bool:
    """A condition that always holds."""
    return True


class Stage(Protocol[T]):
    """Something that a message on its way passes through. Times never go back.

    `lost` counts by cause what it lost, `touched` all messages that it did anything to.
    """

    lost: Counter[LossCause]
    touched: int

    def send(self, now_ms: int, message: T) -> list[Due[T]]:
        """Put a message in; what is due by now comes out."""

    def due(self, now_ms: int) -> list[Due[T]]:
        """What comes out by now, in the order in which it does; each once."""

    def next_due_ms(self) -> int | None:
        """No later than the next message comes out if nothing more is sent; None if none is under way."""

    @property
    def waiting(self) -> int:
        """How many are under way."""


class Link(Generic[T]):
    """A `Stage`: one link under one fault.

    `size_of` gives a message's bytes; it is asked only where bandwidth is limited. `applies` is asked for each
    message whether the fault is there at all, besides its window of time.
    """

    def __init__(
        self,
        fault: Fault,
        draws: Draws,
        size_of: Callable[[T], int] = lambda message: 0,
        applies: Callable[[], bool] = always,
    ) -> None:
        self.fault = fault
        self.lost: Counter[LossCause] = Counter()
        self.touched = 0
        self._draws = draws
        self._size_of = size_of
        self._applies = applies
        self._count = 0
        self._entered = 0
        self._way: list[tuple[int, int, bool, T]] = []
        self._order_ms = 0
        self._exit: _Exit[T] = _Exit(fault.queue, self.lost)

    def send(self, now_ms: int, message: T) -> list[Due[T]]:
        """Put a message in; what is due by now comes out."""
        fault, count = self.fault, self._count
        self._count += 1
        if not (fault.active(now_ms) and self._applies()):
            self._order_ms = max(now_ms, self._order_ms)
            self._set_out(self._order_ms, message, limited=False)
        elif fault.cut:
            self._lose("cut")
        elif fault.loss and self._draws(count, _LOSS) < fault.loss:
            self._lose("loss")
        else:
            twice = bool(fault.duplicate) and self._draws(count, _DUPLICATE) < fault.duplicate
            delayed = self._enter(now_ms, message, count, _JITTER)
            if twice:
                self._enter(now_ms, message, count, _JITTER_TWIN)
            self.touched += twice or delayed or fault.limited
        return self.due(now_ms)

    def _lose(self, cause: LossCause) -> None:
        self.lost[cause] += 1
        self.touched += 1

    def _enter(self, now_ms: int, message: T, count: int, lane: int) -> bool:
        """Send one on its way; whether it will be late."""
        fault = self.fault
        arrival = now_ms + fault.latency_ms
        if fault.jitter_ms:
            arrival += int((fault.jitter_ms + 1) * self._draws(count, lane))
        arrival = max(arrival, self._order_ms)
        if fault.reorder and self._draws(count, _REORDER) < fault.reorder:
            arrival += fault.reorder_ms
        else:
            self._order_ms = arrival
        self._set_out(arrival, message, limited=True)
        return arrival > now_ms

    def _set_out(self, arrival_ms: int, message: T, *, limited: bool) -> None:
        heapq.heappush(self._way, (arrival_ms, self._entered, limited, message))
        self._entered += 1

    def due(self, now_ms: int) -> list[Due[T]]:
        """What comes out by now, in the order in which it does; each once."""
        while self._way and self._way[0][0] <= now_ms:
            arrival, _, limited, message = heapq.heappop(self._way)
            self._exit.arrive(arrival, message, self._service_us(message) if limited else 0)
        return self._exit.leave(now_ms)

    def _service_us(self, message: T) -> int:
        """How long the exit is taken up by one message: whole microseconds, rounded up."""
        fault, service = self.fault, 0.0
        if fault.bandwidth_bps:
            service = 8e6 * self._size_of(message) / fault.bandwidth_bps
        if fault.reads_per_s:
            service = max(service, 1e6 / fault.reads_per_s)
        return -int(-service // 1)

    def next_due_ms(self) -> int | None:
        """No later than the next message comes out if nothing more is sent; None if none is under way."""
        leaves = self._exit.next_ms()
        if leaves is None:
            return self._way[0][0] if self._way else None
        return min(leaves, self._way[0][0]) if self._way else leaves

    @property
    def waiting(self) -> int:
        """How many are under way."""
        return len(self._way) + self._exit.waiting


class _Exit(Generic[T]):
    """One message after the other, each for its own time; who waits too long behind others is pushed out."""

    def __init__(self, room: int, lost: Counter[LossCause]) -> None:
        self._room = room
        self._lost = lost
        self._queue: deque[tuple[int, int, T]] = deque()
        self._leaving: deque[tuple[int, T]] = deque()
        self._free_us = 0

    def arrive(self, at_ms: int, message: T, service_us: int) -> None:
        """Take a message in. Times never go back."""
        self._serve(1000 * at_ms)
        self._queue.append((1000 * at_ms, service_us, message))
        self._serve(1000 * at_ms)
        if len(self._queue) > self._room:
            self._queue.popleft()
            self._lost["overflow"] += 1

    def _serve(self, now_us: int) -> None:
        """Begin with everybody whose turn has come."""
        while self._queue and max(self._free_us, self._queue[0][0]) <= now_us:
            arrived_us, service_us, message = self._queue.popleft()
            self._free_us = max(self._free_us, arrived_us) + service_us
            self._leaving.append((self._free_us, message))

    def leave(self, now_ms: int) -> list[Due[T]]:
        """Who has come through by now."""
        self._serve(1000 * now_ms)
        out = []
        while self._leaving and self._leaving[0][0] <= 1000 * now_ms:
            at_us, message = self._leaving.popleft()
            out.append(Due(-(-at_us // 1000), message))
        return out

    def next_ms(self) -> int | None:
        """When the next one comes through, if nobody else arrives; None if nobody is here."""
        if self._leaving:
            return -(-self._leaving[0][0] // 1000)
        if self._queue:
            return -(-(max(self._free_us, self._queue[0][0]) + self._queue[0][1]) // 1000)
        return None

    @property
    def waiting(self) -> int:
        """How many are here."""
        return len(self._queue) + len(self._leaving)
