"""The beat of a run: turn the road, let everybody hear and speak, let the world go on to the next tick.

A tick at which nothing is said and nobody wants to be woken is skipped, which changes nothing that anybody
can see.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from fleet.app.build import Parts
from fleet.bus.order import inbox
from fleet.messages.envelope import Message
from fleet.messages.port import Listener
from fleet.sim.build import roster

Progress = Callable[[int], None]
"""Told the simulated time, ms, after each tick that was held. What it raises ends the run between two ticks."""


class Interrupted(Exception):
    """Somebody who may do so wants the run to stop; raised between two ticks."""


class Outside(Protocol):
    """The far side of the gate, seen from a run."""

    def take(self, tick: int) -> Sequence[Message]:
        """What came from outside since it was last asked; it is heard at `tick`, and answered for."""


class Team(Protocol):
    """Participants elsewhere that keep step: every tick is opened to them, and waits for their answers."""

    def open(self, tick: int, now_ms: int, batch: Sequence[Message]) -> None:
        """Let them hear what they may read of `batch`."""

    def collect(self) -> Sequence[Message]:
        """Wait until everybody has answered; what they say at this tick."""

    def next_wake_ms(self) -> int | None:
        """When the first of them wants to be woken even if nothing is said; None for never."""


class Pace(Protocol):
    """Decides when a tick may begin by the clock on the wall."""

    def wait(self, tick: int) -> None:
        """Return when `tick` may begin. What it raises ends the run between two ticks."""


@dataclass(frozen=True)
class Company:
    """Who and what is there beside the parts of a run."""

    outside: Outside | None = None
    team: Team | None = None
    pace: Pace | None = None


ALONE = Company()


class Runner:
    """Runs built parts to their end. `listeners` hear everything, in order, before any participant does.

    A telemetry frame is said every `frames_every` ticks (0: never), and at every tick while a detector inside
    needs it or somebody outside is watching (`watched`), or rows of frames come late. Frames are in no digest, so
    nothing else depends on them.
    `company` is who may interrupt, who keeps step from elsewhere, and the clock on the wall.
    """

    def __init__(
        self,
        parts: Parts,
        listeners: Sequence[Listener],
        *,
        frames_every: int = 0,
        watched: Callable[[], bool] = lambda: False,
        progress: Progress = lambda now_ms: None,
        company: Company = ALONE,
    ) -> None:
        self._parts = parts
        self._listeners = tuple(listeners)
        self._frames_every = frames_every
        self._watched = watched
        self._progress = progress
        self._company = company
        self._tick_ms = parts.scenario.run.tick_ms
        self._end_tick = -(-parts.scenario.run.span.end_ms // self._tick_ms)
        self._frames_port = parts.bus.port("world/frames")
        self._door = parts.bus.port("outside")
        self.tick = 0
        self.heard = -1
        """The last tick that was held: everything up to it was heard, and nothing after it."""

    def run(self) -> None:
        """From the first tick to the last; then everything is settled and said."""
        parts = self._parts
        self._frames_port.say(roster(parts.setting))
        parts.world.start()
        while True:
            self._turn()
            if self.tick >= self._end_tick:
                break
            late = bool(self._frames_every) and parts.links.late_rows
            every = 1 if parts.frames or late or self._watched() else self._frames_every
            if every and self.tick % every == 0:
                self._say_frames()
            self.tick = self._next_tick(every)
            parts.kernel.advance(self.tick * self._tick_ms)
        parts.dispatcher.finish()
        parts.world.close()
        self._hear(self.tick + 1)

    def _let_in(self) -> None:
        """What came from outside since the last tick is heard at this one."""
        if self._company.pace is not None:
            self._company.pace.wait(self.tick)
        if self._company.outside is not None:
            for message in self._company.outside.take(self.tick):
                self._door.forward(message)

    def _hear(self, tick: int) -> list[Message]:
        batch = self._parts.bus.turn()
        for listener in self._listeners:
            listener.hear(tick, batch)
        self.heard = tick
        return batch

    def _turn(self) -> None:
        self._let_in()
        batch = self._hear(self.tick)
        now_ms = self.tick * self._tick_ms
        team = self._company.team
        if team is not None:
            team.open(self.tick, now_ms, batch)
        for seat in self._parts.seats:
            seat.participant.on_tick(self.tick, now_ms, inbox(batch, seat.planes))
        if team is not None:
            for message in team.collect():
                self._door.forward(message)
        self._progress(now_ms)

    def _say_frames(self) -> None:
        sensors, now_ms = self._parts.sensors, self.tick * self._tick_ms
        self._frames_port.say(sensors.telemetry(self.tick, now_ms, list(self._parts.world.bodies)))
        if self._parts.frames:
            self._frames_port.say(sensors.ranges(self.tick, now_ms))
            self._frames_port.say(sensors.truth(self.tick, now_ms))

    def _next_tick(self, frames_every: int) -> int:
        following = self.tick + 1
        if self._parts.bus.pending:
            return following
        wakes = [self._end_tick]
        peek = self._parts.kernel.peek_ms
        if peek is not None:
            wakes.append(peek // self._tick_ms + 1)
        for seat in self._parts.seats[1:]:
            wake = seat.participant.next_wake_ms()
            if wake is not None:
                wakes.append(-(-wake // self._tick_ms))
        team = self._company.team
        if team is not None and (team_wake := team.next_wake_ms()) is not None:
            wakes.append(-(-team_wake // self._tick_ms))
        if frames_every:
            wakes.append(self.tick - self.tick % frames_every + frames_every)
        return max(following, min(wakes))


@contextmanager
def patient_collector() -> Iterator[None]:
    """Let the garbage collector look less often: a run makes many small messages and next to no cycles.

    Worth a quarter of the time at ten thousand vehicles (`tools/bench/simulate.py` does the same to both sides).
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
