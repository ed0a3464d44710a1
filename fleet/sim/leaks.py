"""Extra draws on batteries, `Body.leaks_w` by cause, booked apart from what flying takes.

In the air the draw is part of the flight's (`Flights`). On the ground a battery that is drawn on runs down in
closed form, and stops at empty: one event, no polling.
"""

from __future__ import annotations

from fleet.sim.body import Body
from fleet.sim.books import Books
from fleet.sim.kernel import Kernel
from fleet.sim.motion import Motion

DRAINED = ("drained", "")
"""The account of what leaked away."""


class Leaks:
    """Books leaks, and lets batteries of parked vehicles run down."""

    def __init__(self, kernel: Kernel, motion: Motion, books: Books) -> None:
        self._kernel = kernel
        self._motion = motion
        self._books = books
        self._spell: dict[int, int] = {}
        self._booked_wh: dict[tuple[int, str], float] = {}

    def book(self, body: Body) -> None:
        """Book what leaked since the body's segment began; the caller then rebases it."""
        leaked_wh = self._unbooked_wh(body)
        for cause, watts in body.leaks_w.parts.items():
            key = body.index, cause
            self._booked_wh[key] = self._booked_wh.get(key, 0.0) + leaked_wh * watts / body.leak_w
        self._books.transfer("Wh", ("battery", body.id), DRAINED, leaked_wh)

    def drained_wh(self, body: Body, cause: str) -> float:
        """What leaked from a body's battery so far by one of the causes."""
        booked = self._booked_wh.get((body.index, cause), 0.0)
        if not body.leak_w:
            return booked
        return booked + self._unbooked_wh(body) * body.leaks_w.of(cause) / body.leak_w

    def _unbooked_wh(self, body: Body) -> float:
        """What leaked since the body's segment began: what it draws beyond its flying."""
        i, motion = body.index, self._motion
        flown_w = body.phase_power_w if body.phase else 0.0
        elapsed_ms = self._kernel.now_ms - motion.since_ms(i)
        return (float(motion.drain_w[i]) - flown_w) * elapsed_ms / 3_600_000.0

    def stand(self, body: Body) -> None:
        """Let a parked body's battery run down from now on, until it is empty or the body leaves."""
        i, motion = body.index, self._motion
        spell = self._spell[i] = self._spell.get(i, 0) + 1
        left_wh = motion.battery_of(i, self._kernel.now_ms)
        lasts_ms = int(left_wh * 3_600_000.0 / body.leak_w) if body.leak_w else 0
        motion.drive(i, 0.0, 0.0, 0.0, body.leak_w if lasts_ms else 0.0)
        if lasts_ms:
            self._kernel.at(self._kernel.now_ms + lasts_ms, self._empty, body, spell)

    def settle_parked(self, body: Body) -> None:
        """Book what leaked from a parked body, and rebase it."""
        self.book(body)
        self._motion.rebase(body.index, self._kernel.now_ms)

    def _empty(self, body: Body, spell: int) -> None:
        if spell == self._spell[body.index] and not body.phase and body.leak_w:
            self.settle_parked(body)
            self._motion.drive(body.index, 0.0, 0.0, 0.0, 0.0)
