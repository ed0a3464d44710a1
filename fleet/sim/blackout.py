"""What vehicles do when the power of sites goes away, or comes back.

Who is on its way to charge at a site that is dark now turns to a charger that is not. Who could not go on as
planned and then come to a live charger above its reserve breaks off and thinks again. Where no live charger is
within reach, the nearest site with chargers is where to land and wait, dark as it is. Nobody comes down
anywhere else for it.
"""

from __future__ import annotations

from fleet.sim.body import Body
from fleet.sim.courses import Courses
from fleet.sim.flights import ON_ITS_WAY
from fleet.sim.overhead import Moves, comes_down
from fleet.sim.parts import Parts


class Blackout:
    """How the vehicles of a world take it."""

    def __init__(self, parts: Parts, courses: Courses, moves: Moves) -> None:
        self._p = parts
        self._courses = courses
        self._moves = moves

    def react(self, sites: frozenset[str], *, live: bool) -> None:
        """Power at these sites came back, or went away, at this moment; terrain and sites know it."""
        for body in self._p.bodies:
            if live:
                if body.state == "grounded":
                    self._moves.proceed(body)
            elif body.phase in ON_ITS_WAY and not body.captured and not comes_down(body):
                self._turn(body, sites)

    def _turn(self, body: Body, sites: frozenset[str]) -> None:
        only_to_charge = body.bound_for in sites and self._drops(body)
        if not only_to_charge and self._courses.can_go_on(body):
            return
        if body.airframe.flies and self._p.motion.place_of(body.index, self._p.kernel.now_ms)[2] <= 0.0:
            # It was about to leave the ground, and stands where it stood.
            self._p.flights.come_down(body, self._moves.landed_back)
            return
        self._p.flights.stop_here(body, self._moves.downed)
        self._moves.proceed(body)

    def _drops(self, body: Body) -> bool:
        """Whether a body is bound for a dark site only to charge; a stop that is for nothing else is then over."""
        stop = body.mission.next_stop
        if stop is None or stop.target != body.bound_for:
            return True
        if stop.unload or not stop.charge:
            return False
        body.mission = body.mission.after_stop()
        return True

    def waits(self, body: Body, node: int) -> bool:
        """Whether a vehicle that should go to a charger at `node` stands there already, and it is dark.

        It then says that it is grounded: dispatch calls it off, and it is asked again when power comes back.
        """
        yard = self._p.yards.get(body.site)
        if yard is None or yard.node != node or yard.live:
            return False
        if body.state != "grounded":
            body.bound_for = ""
            self._moves.report(body, "grounded")
        return True
