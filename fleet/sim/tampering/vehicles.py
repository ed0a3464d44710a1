"""Primitives that take hold of vehicles: of one, or of whoever is inside an area at the moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from fleet.sim.body import Body
from fleet.sim.tampering.primitive import Area, Asked, Begin, Reach, Running

FOLLOW_MS = 1000
"""Who is inside an area is looked at so often."""


class Hold(Protocol):
    """What one vehicle is held by."""

    def size(self) -> float:
        """The effect now, in the primitive's quantity."""

    def let_go(self) -> None:
        """Undo what can be undone."""


Take = Callable[[Reach, Asked, Body], Hold | str]
"""Takes hold of one vehicle, or says why not, and then has changed nothing."""


class OnVehicle(Running):
    """One vehicle is held."""

    def __init__(self, asked: Asked, hold: Hold) -> None:
        self._asked = asked
        self._hold = hold

    def stop(self) -> None:
        self._hold.let_go()

    def tell(self) -> None:
        self._asked.tell(self._asked.target, self._hold.size())


class OnArea(Running):
    """Whoever is inside is held; who enters is taken, who leaves is let go."""

    def __init__(self, reach: Reach, asked: Asked, area: Area, take: Take) -> None:
        self._reach = reach
        self._asked = asked
        self._area = area
        self._take = take
        self._holds: dict[int, Hold] = {}
        self._stopped = False
        self._look(silent=True)

    def stop(self) -> None:
        self._stopped = True
        for hold in self._holds.values():
            hold.let_go()

    def tell(self) -> None:
        for i, hold in self._holds.items():
            self._asked.tell(self._reach.world.bodies[i].id, hold.size())

    def _look(self, *, silent: bool = False) -> None:
        """Take and let go by where everybody really is. What holds from the start is told by who asked."""
        if self._stopped:
            return
        now, bodies = self._reach.kernel.now_ms, self._reach.world.bodies
        x, y = self._reach.flights.motion.true(now)
        near = np.hypot(x - self._area.x_m, y - self._area.y_m) <= self._area.radius_m
        inside = {int(i) for i in np.nonzero(near)[0]}
        for i in sorted(self._holds.keys() - inside):
            hold = self._holds.pop(i)
            self._asked.tell(bodies[i].id, hold.size())
            hold.let_go()
        for i in sorted(inside - self._holds.keys()):
            hold_or_cause = self._take(self._reach, self._asked, bodies[i])
            if not isinstance(hold_or_cause, str):
                self._holds[i] = hold_or_cause
                if not silent:
                    self._asked.tell(bodies[i].id, hold_or_cause.size())
        self._reach.kernel.at(now + FOLLOW_MS, self._look)


def on_vehicles(take: Take) -> Begin:
    """A `begin` that takes hold of the vehicle that is named, or of those in the area."""

    def begin(reach: Reach, asked: Asked) -> Running | str:
        if asked.area is not None:
            return OnArea(reach, asked, asked.area, take)
        body = reach.world.vehicle(asked.target)
        if body is None:
            return f"target: expected a vehicle, found {asked.target!r}"
        hold = take(reach, asked, body)
        return hold if isinstance(hold, str) else OnVehicle(asked, hold)

    return begin
