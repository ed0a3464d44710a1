"""The beat of a run: turn the road, let everybody hear and speak, let the world go on to the next tick.

A tick at which nothing is said and nobody wants to be woken is skipped, which changes nothing that anybody
can see.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fleet.app.build import Parts
from fleet.bus.order import inbox
from fleet.messages.envelope import Message
from fleet.messages.port import Listener
from fleet.sim.build import roster

Progress = Callable[[int], None]
"""Told the simulated time, ms, after each tick that was held. What it raises ends the run between two ticks."""


class Runner:
    """Runs built parts to their end. `listeners` hear everything, in order, before any participant does.

    A telemetry frame is said every `frames_every` ticks (0: never), and at every tick while a detector inside
    needs it or somebody outside is watching (`watched`). Frames are in no digest, so nothing else depends on them.
    """

    def __init__(
        self,
        parts: Parts,
        listeners: Sequence[Listener],
        *,
        frames_every: int = 0,
        watched: Callable[[], bool] = lambda: False,
        progress: Progress = lambda now_ms: None,
    ) -> None:
        self._parts = parts
        self._listeners = tuple(listeners)
        self._frames_every = frames_every
        self._watched = watched
        self._progress = progress
        self._tick_ms = parts.scenario.run.tick_ms
        self._end_tick = -(-parts.scenario.run.span.end_ms // self._tick_ms)
        self._frames_port = parts.bus.port("world/frames")
        self.tick = 0

    def run(self) -> None:
        """From the first tick to the last; then everything is settled and said."""
        parts = self._parts
        self._frames_port.say(roster(parts.setting))
        parts.world.start()
        while True:
            self._turn()
            if self.tick >= self._end_tick:
                break
            every = 1 if parts.frames or self._watched() else self._frames_every
            if every and self.tick % every == 0:
                self._say_frames()
            self.tick = self._next_tick(every)
            parts.kernel.advance(self.tick * self._tick_ms)
        parts.dispatcher.finish()
        parts.world.close()
        self._hear(self.tick + 1)

    def _hear(self, tick: int) -> list[Message]:
        batch = self._parts.bus.turn()
        for listener in self._listeners:
            listener.hear(tick, batch)
        return batch

    def _turn(self) -> None:
        batch = self._hear(self.tick)
        now_ms = self.tick * self._tick_ms
        for seat in self._parts.seats:
            seat.participant.on_tick(self.tick, now_ms, inbox(batch, seat.planes))
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
        if frames_every:
            wakes.append(self.tick - self.tick % frames_every + frames_every)
        return max(following, min(wakes))
