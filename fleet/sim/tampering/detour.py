"""A stop that a vehicle makes on its way and does not declare: it says that it cruises all the while."""

from __future__ import annotations

import math
from typing import Literal

from fleet.sim.body import Body, Flight
from fleet.sim.lies import Pretence
from fleet.sim.tampering.primitive import FAR_M, Asked, Parameter, Primitive, Reach
from fleet.sim.tampering.vehicles import Hold, on_vehicles
from fleet.sim.terrain import Line


class _Detour:
    """To the place, down, wait, up, and on to where the vehicle was going.

    It is over when the vehicle is back at its height. Told to do something else in between, or forced down, the
    vehicle does that, and no longer pretends.
    """

    def __init__(self, reach: Reach, asked: Asked, body: Body, flight: Flight, line: Line) -> None:
        self._reach = reach
        self._asked = asked
        self._body = body
        self._onward = flight
        self._landed_ms: int | None = None
        self._stood_ms = 0
        self._going_on = False
        reach.flights.start(body, line, self._landed, flight.downed)
        self._pretend()

    def _pretend(self) -> None:
        body, frame = self._body, self._body.airframe
        self._turn = body.turn
        lies = self._reach.flights.motion.lies
        state: Literal["cruising", "driving"] = "cruising" if frame.flies else "driving"
        lies.pretences[body.index] = Pretence(body.turn, state, frame.cruise_mps, frame.cruise_height_m)

    def _landed(self, body: Body) -> None:
        now = self._landed_ms = self._reach.kernel.now_ms
        self._reach.kernel.at(now + round(1000 * self._asked.numbers["duration_s"]), self._leave)

    def _leave(self) -> None:
        if self._body.turn == self._turn and not self._going_on:
            self._go_on()
            self._pretend()

    def _go_on(self) -> None:
        body, onward, flights = self._body, self._onward, self._reach.flights
        now = self._reach.kernel.now_ms
        if self._landed_ms is not None:
            self._stood_ms, self._landed_ms = now - self._landed_ms, None
        self._going_on = True
        x, y, h = flights.motion.place_of(body.index, now)
        goal = _goal(onward)
        line = flights.terrain.line_between(body.kind_name, (x, y), goal) or ((x, y), goal)
        flights.start(body, line, onward.arrived, onward.downed)
        climb_s = (body.airframe.cruise_height_m - h) / body.airframe.climb_mps
        self._reach.kernel.at(now + round(1000 * climb_s), self._back)

    def _back(self) -> None:
        if self._body.turn == self._turn:
            self._confess()
            self._asked.over()

    def _confess(self) -> None:
        self._reach.flights.motion.lies.pretences.pop(self._body.index, None)

    def size(self) -> float:
        """Seconds stood."""
        now = self._reach.kernel.now_ms
        return (self._stood_ms + (0 if self._landed_ms is None else now - self._landed_ms)) / 1000.0

    def let_go(self) -> None:
        """Nothing is pretended any more, and what is left of the stop is left out."""
        self._confess()
        if self._body.turn == self._turn and not self._going_on:
            self._go_on()


def _goal(flight: Flight) -> tuple[float, float]:
    return flight.phases[-1].x_m, flight.phases[-1].y_m


def _detour(reach: Reach, asked: Asked, body: Body) -> Hold | str:
    flights, flight = reach.flights, body.flight
    if body.phase not in ("climbing", "cruising", "driving") or flight is None or flight.last:
        return f"{body.id} is not on its way"
    pretence = flights.motion.lies.pretences.get(body.index)
    if pretence is not None and pretence.turn == body.turn:
        return f"{body.id} makes an undeclared stop already"
    x, y, _ = flights.motion.place_of(body.index, reach.kernel.now_ms)
    place = asked.numbers["x_m"], asked.numbers["y_m"]
    there = flights.terrain.line_between(body.kind_name, (x, y), place)
    on = flights.terrain.line_between(body.kind_name, place, _goal(flight))
    if there is None or on is None or not all(_flyable(reach, body, line) for line in (there, on)):
        return f"x_m, y_m: expected a place to which {body.id} can fly and go on, found {place[0]:g}, {place[1]:g}"
    return _Detour(reach, asked, body, flight, there)


def _flyable(reach: Reach, body: Body, line: Line) -> bool:
    return math.isfinite(sum(reach.flights.terrain.pieces_s(body.airframe, line)))


UNDECLARED_STOP = Primitive(
    name="payload.undeclared-stop",
    target="vehicle",
    parameters=(
        Parameter("x_m", "where, metres east", -FAR_M, FAR_M),
        Parameter("y_m", "where, metres north", -FAR_M, FAR_M),
        Parameter("duration_s", "how long it stands there", 0.0, 86_400.0, default=60.0),
    ),
    text="On its way to its next stop the vehicle lands at a place of the attacker's, stands there, and flies "
    "on. It reports nothing; its frames go on claiming that it cruises, at its cruising speed and height. Their "
    "place is what the receiver says, and true.",
    where="frames that claim to cruise and do not move; ranges of anchors; arrival and battery later than planned",
    quantity="stood_s",
    begin=on_vehicles(_detour),
)
