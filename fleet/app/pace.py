"""When a tick may begin by the clock on the wall: real time times a factor, pause, step, stop.

Operators ask by signed control orders, which the gate has checked. They act on the wall clock at once; in the run
they are heard at the tick that follows, like all from outside, and nothing in the city depends on them. So a
replay, which has no wall clock, gives the same run.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from fleet.app.run import Interrupted
from fleet.messages.control import PauseRun, ResumeRun, SetSpeed, StepRun, StopRun
from fleet.messages.envelope import Message

MAX_FACTOR = 1e6
"""Above this a factor is most likely a mistake, and no machine keeps up with it."""
SLICE_S = 0.1
"""Nobody waits longer than this without looking whether the user wants to stop."""
PAUSED_BEAT_S = 1.0
LAG_S = 2.0
"""A run that is later than this by the wall clock does not try to catch up: it goes on from where it is."""
SAY_EVERY_S = 30.0


class Remote(Protocol):
    """Where the control orders come from, and who is told how it goes."""

    def take_control(self, tick: int | None = None) -> Sequence[Message]:
        """The control orders that came since this was last asked, checked, in the order in which they came.

        They will be heard at `tick`.
        """

    def wait(self, timeout_s: float) -> None:
        """Return when a control order comes, or after `timeout_s`."""

    def beat(self, speed: float, paused: bool) -> None:
        """Tell viewers how fast the run goes from now on, or that it is paused."""


class Nobody:
    """A `Remote` where there is no gate: the clock on the wall is all there is."""

    def take_control(self, tick: int | None = None) -> Sequence[Message]:
        return ()

    def wait(self, timeout_s: float) -> None:
        time.sleep(timeout_s)

    def beat(self, speed: float, paused: bool) -> None:
        """There is nobody to be told."""


class LivePace:
    """A `fleet.app.run.Pace` that obeys a `Remote`.

    `factor` is simulated seconds per second, 0 for as fast as it goes. `stop_asked` says whether the user wants
    to stop (`wait` then raises `Interrupted`), `say` takes remarks for people, `now_s` reads the wall clock.
    """

    def __init__(
        self,
        tick_ms: int,
        remote: Remote,
        *,
        factor: float,
        paused: bool = False,
        stop_asked: Callable[[], bool] = lambda: False,
        say: Callable[[str], None] = lambda text: None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tick_s = tick_ms / 1000.0
        self._remote = remote
        self._stop_asked = stop_asked
        self._say = say
        self._now_s = now_s
        self._steps: int | None = None
        self._anchor: tuple[float, int] | None = None
        self._began = False
        self._beat_s = -math.inf
        self._said_s = -math.inf
        self.factor = factor
        self.paused = paused
        self.stopped_by = ""
        """Who asked for the end; it comes after the tick at which that is heard."""

    @property
    def timed(self) -> bool:
        """Whether the wall clock counts, so that every tick should be held."""
        return self.factor > 0.0 or self.paused or self._steps is not None

    def wait(self, tick: int) -> None:
        """Return when `tick` may begin. Raises `Interrupted`."""
        if not self._began:
            self._began = True
            self._tell()
        if self._steps == 0:
            self._steps = None
            self._pause()
        while True:
            self._obey(self._remote.take_control(tick))
            if self._stop_asked():
                raise Interrupted
            left_s = self._left_s(tick)
            if left_s <= 0.0:
                break
            if self.paused:
                self._beat_while_paused()
            self._remote.wait(min(left_s, SLICE_S))
        if self._steps is not None:
            self._steps -= 1

    def _left_s(self, tick: int) -> float:
        if self.stopped_by:
            return 0.0
        if self.paused:
            return math.inf
        if self.factor == 0.0:
            return 0.0
        now_s = self._now_s()
        if self._anchor is None:
            self._anchor = now_s, tick
            return 0.0
        began_s, first = self._anchor
        left_s = began_s + (tick - first) * self._tick_s / self.factor - now_s
        if left_s < -LAG_S:
            self._fall_behind(tick, now_s)
        return left_s

    def _fall_behind(self, tick: int, now_s: float) -> None:
        began_s, first = self._anchor or (now_s, tick)
        self._anchor = now_s, tick
        if now_s - self._said_s >= SAY_EVERY_S:
            self._said_s = now_s
            reached = (tick - first) * self._tick_s / (now_s - began_s)
            self._say(f"cannot keep up with speed {self.factor:g}: it was {reached:.3g}; going on from here")

    def _beat_while_paused(self) -> None:
        now_s = self._now_s()
        if now_s - self._beat_s >= PAUSED_BEAT_S:
            self._beat_s = now_s
            self._tell()

    def _tell(self) -> None:
        self._remote.beat(self.factor, self.paused)

    # ---- orders

    def _obey(self, orders: Sequence[Message]) -> None:
        for order in orders:
            body, sender = order.body, order.sender
            if isinstance(body, PauseRun):
                self._steps = None
                self._pause()
            elif isinstance(body, ResumeRun):
                self._steps = None
                self._go_on()
            elif isinstance(body, StepRun):
                self._step(body.ticks, sender)
            elif isinstance(body, SetSpeed):
                self._set_speed(body.factor, sender)
            elif isinstance(body, StopRun):
                self.stopped_by = sender
                self._say(f"{sender} stops the run")

    def _pause(self) -> None:
        self.paused = True
        self._beat_s = -math.inf

    def _go_on(self) -> None:
        self.paused = False
        self._anchor = None
        self._tell()

    def _step(self, ticks: int, sender: str) -> None:
        if ticks < 1:
            self._say(f"{sender} asked for {ticks} steps: expected at least 1")
            return
        self._steps = ticks
        self._go_on()

    def _set_speed(self, factor: float, sender: str) -> None:
        if not is_factor(factor):
            self._say(f"{sender} asked for speed {factor:g}: expected a number from 0 to {MAX_FACTOR:g}")
            return
        self.factor = factor
        self._anchor = None
        self._tell()


def is_factor(factor: float) -> bool:
    """Whether a run can be asked to go so fast; 0 is as fast as it goes.

    >>> is_factor(10.0), is_factor(-1.0), is_factor(float("nan"))
    (True, False, False)
    """
    return 0.0 <= factor <= MAX_FACTOR
