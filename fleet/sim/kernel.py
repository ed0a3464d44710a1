"""The event loop: SimPy timeouts with callbacks, in integer milliseconds. The only file that imports `simpy`.

Callbacks rather than processes, because a callback on a timeout costs little more than half of a process
wake-up. Equal times run in the order in which they were asked for (SimPy's heap is ordered by time, priority
and a counter), so runs repeat.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import simpy
from simpy.events import Timeout


class Kernel:
    """Simulated time, and what is to happen at which moment of it.

    >>> kernel, seen = Kernel(), []
    >>> kernel.at(1500, lambda: seen.append(kernel.now_ms))
    >>> kernel.advance(1000); kernel.now_ms, kernel.peek_ms
    (1000, 1500)
    >>> kernel.advance(2000); seen
    [1500]
    """

    def __init__(self) -> None:
        self._env = simpy.Environment(initial_time=0)
        self.now_ms = 0
        self.events = 0

    @property
    def peek_ms(self) -> int | None:
        """When the next thing happens; None for never."""
        at = self._env.peek()
        return None if at == float("inf") else int(at)

    def at(self, t_ms: int, callback: Callable[..., None], *arguments: Any) -> None:
        """Call `callback(*arguments)` at `t_ms`, or now if that is past."""
        now = self._env.now
        timeout = Timeout(self._env, t_ms - now if t_ms > now else 0)
        timeout.callbacks.append(lambda _: callback(*arguments))

    def advance(self, until_ms: int) -> None:
        """Let everything before `until_ms` happen; what is due at that very moment waits for the next call."""
        env = self._env
        step, peek = env.step, env.peek
        while (due := peek()) < until_ms:
            if due > self.now_ms:
                self.now_ms = int(due)
            step()
            self.events += 1
        self.now_ms = until_ms
