"""Ctrl-C and SIGTERM: before the first tick they end the program, during a run they are a request to stop."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """What came by signal. While `gentle`, the first is only noted, and a second is a KeyboardInterrupt."""

    def __init__(self) -> None:
        self.gentle = False
        self.asked = False

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """The handler of both signals."""
        if not self.gentle or self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def check(self) -> None:
        """Raises `KeyboardInterrupt` if a stop was asked for: for waiting where there is nothing to finish."""
        if self.asked:
            raise KeyboardInterrupt


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Take both signals while inside. In another thread than the main one nothing is taken."""
    stop = Stop()
    try:
        before = {number: signal.signal(number, stop.on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:
        # Not the main thread: whoever runs us there has the signals.
        yield stop
        return
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
