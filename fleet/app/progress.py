"""How a run is coming along, for people: a bar on a terminal, a line per tenth elsewhere. Always on stderr.

The wall clock is read here, and decides nothing but what is shown.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Protocol, Self, TextIO

from fleet.demand.model import Span
from fleet.report.tally import Tally

SHOW_EVERY_S = 0.1


class Meter(Protocol):
    """Shows where a run is. To be used in a `with`."""

    def show(self, now_ms: int) -> None:
        """The run has come to `now_ms`; called at every tick, so it must cost next to nothing."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Silence:
    """A `Meter` that shows nothing; the others are built on it."""

    def show(self, now_ms: int) -> None:
        """Nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class Reading:
    """What a meter shows at a moment."""

    def __init__(self, span: Span, tally: Tally) -> None:
        self._span = span
        self._tally = tally
        self._began = time.monotonic()

    def text(self, now_ms: int) -> str:
        """Clock, speed factor, served and waiting."""
        wall_s = max(time.monotonic() - self._began, 1e-3)
        served = len(self._tally.collected_ms)
        waiting = len(self._tally.latest_ms) - len(self._tally.collected_ms.keys() | self._tally.missed.keys())
        speed = now_ms / 1000.0 / wall_s
        return f"{self._span.clock(now_ms)}  {speed:,.0f}x  served {served:,}  waiting {waiting:,}"


class Lines(Silence):
    """One line whenever another tenth of the run is done."""

    def __init__(self, span: Span, tally: Tally, stream: TextIO) -> None:
        self._reading = Reading(span, tally)
        self._stream = stream
        self._step_ms = max(1, span.end_ms // 10)
        self._next_ms = self._step_ms

    def show(self, now_ms: int) -> None:
        """Write a line if another tenth is done."""
        if now_ms >= self._next_ms:
            tenths = min(10, now_ms // self._step_ms)
            self._next_ms = (tenths + 1) * self._step_ms
            self._stream.write(f"{10 * tenths:3d} %  {self._reading.text(now_ms)}\n")
            self._stream.flush()


class Bar(Silence):
    """A bar by rich, which also heeds NO_COLOR and narrow terminals."""

    def __init__(self, span: Span, tally: Tally) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        self._reading = Reading(span, tally)
        self._next_s = 0.0
        self._bar = Progress(
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TextColumn("{task.description}"),
            console=Console(file=sys.stderr),
            auto_refresh=False,
            transient=True,
        )
        self._task = self._bar.add_task("", total=span.end_ms)

    def show(self, now_ms: int) -> None:
        """Move the bar, a few times a second at most."""
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + SHOW_EVERY_S
            self._bar.update(self._task, completed=now_ms, description=self._reading.text(now_ms), refresh=True)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()


def meter_for(span: Span, tally: Tally, *, quiet: bool) -> Meter:
    """The meter that suits where stderr goes."""
    if quiet:
        return Silence()
    return Bar(span, tally) if sys.stderr.isatty() else Lines(span, tally, sys.stderr)
