"""The sky over a world as it changes: zones are announced, close and open, the wind turns, and vehicles react.

What is announced or closed is avoided by every way that begins from now on (`Terrain`). Here is the rest: who
must change course at once, who must stay on the ground, and who may go on. All of it happens on board: a vehicle
acts by where it believes to be. Whoever is flown by a foreign controller does not care, and the streets are never
closed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from fleet.city.sky import Closure, Fence, Schedule, State
from fleet.messages.airspace import CloseAirspace, OpenAirspace
from fleet.messages.envelope import Message
from fleet.messages.reports import OrderAnswered, VehicleState
from fleet.messages.seal import Verifier
from fleet.sim.body import Body
from fleet.sim.courses import Courses
from fleet.sim.declared import closure_of, told
from fleet.sim.flights import IN_THE_AIR
from fleet.sim.parts import Parts

Reaction = Literal["", "leave", "down"]
Doing = Callable[[Body], None]


class Standing(NamedTuple):
    """A closure, and whether it is announced or closed."""

    closure: Closure
    state: State


@dataclass(frozen=True, slots=True)
class Moves:
    """What a vehicle can be made to do, by the world that carries it out."""

    proceed: Doing
    downed: Doing
    landed_back: Doing
    """It took off, and came down again where it stood."""
    report: Callable[[Body, VehicleState], None]


class Overhead:
    """The sky of a run, and what follows when it changes."""

    def __init__(self, parts: Parts, courses: Courses, moves: Moves) -> None:
        self._p = parts
        self._courses = courses
        self.moves = moves
        self._schedule: Schedule = parts.closures
        self.trusted: Verifier = parts.airspace_trust
        """Whose orders to close and open airspace count."""
        self._now: dict[str, Standing] = {}
        self._fences: dict[tuple[str, float], Fence] = {}

    def begin(self) -> None:
        """Say what stands at the beginning, and see to it that nothing that comes later is missed."""
        self._now = self._standing(0)
        self._say({})
        for t_ms in self._schedule.changes_ms():
            if t_ms > 0:
                self._p.kernel.at(t_ms, self._turn)
        self._await_wind()

    def _await_wind(self) -> None:
        turns_ms = self._p.winds.next_ms(self._p.kernel.now_ms)
        if turns_ms is not None:
            self._p.kernel.at(turns_ms, self._wind_turns)

    def _wind_turns(self) -> None:
        self._turn()
        self._await_wind()

    def _standing(self, t_ms: int) -> dict[str, Standing]:
        return {name: Standing(c, c.state(t_ms)) for name, c in self._schedule.standing(t_ms).items()}

    # ---- changes

    def _turn(self) -> None:
        """It is as late as it is: let the sky be what it is now, and everybody act on what is new."""
        p, now = self._p, self._p.kernel.now_ms
        before, self._now = self._now, self._standing(now)
        wind_turned = p.terrain.turn(now, self._now.keys())
        self._say(before)
        fresh = [what for name, what in self._now.items() if before.get(name) != what]
        for body in p.bodies:
            if body.airframe.flies and body.phase in IN_THE_AIR:
                if wind_turned:
                    p.flights.replan(body)
                if not body.captured and not comes_down(body):
                    self._react(body, fresh, wind_turned)
        if wind_turned or before.keys() - self._now.keys() or fresh:
            for body in p.bodies:
                if body.state == "grounded":
                    self.moves.proceed(body)

    def look_again(self, body: Body) -> None:
        """Let a vehicle that heeded nothing until now act on all that is announced or closed."""
        if self._heeds(body) and body.phase in IN_THE_AIR and not comes_down(body):
            self._react(body, list(self._now.values()), wind_turned=False)

    def _say(self, before: dict[str, Standing]) -> None:
        for name in sorted(before.keys() | self._now.keys()):
            what = self._now.get(name)
            if what is None:
                self._p.airspace.say(told(before[name].closure, "open"))
            elif what != before.get(name):
                self._p.airspace.say(told(what.closure, what.state))

    def reconsider(self, body: Body) -> None:
        """Something is other than a vehicle reckoned when it set out: it looks whether it can go on."""
        if body.phase in IN_THE_AIR and not body.captured and not comes_down(body):
            self._react(body, [], wind_turned=True)

    def _react(self, body: Body, fresh: list[Standing], wind_turned: bool) -> None:
        reactions = {self._reaction(body, what) for what in fresh}
        if "down" in reactions:
            self._p.flights.come_down(body, self.moves.landed_back)
        elif "leave" in reactions or (wind_turned and not self._courses.can_go_on(body)):
            if self._p.motion.place_of(body.index, self._p.kernel.now_ms)[2] <= 0.0:
                # It was about to leave the ground, and stands where it stood.
                self._p.flights.come_down(body, self.moves.landed_back)
                return
            self._p.flights.stop_here(body, self.moves.downed)
            self.moves.proceed(body)

    def _reaction(self, body: Body, what: Standing) -> Reaction:
        """What a vehicle in the air does about one zone that is announced or closed now."""
        fence = self._fence(what.closure, body)
        if not fence.matters:
            return ""
        x, y, h = self._p.motion.place_of(body.index, self._p.kernel.now_ms)
        inside = fence.holds(x, y)
        if inside and what.state == "closed":
            if h < fence.floor_m:
                return "down" if body.phase == "climbing" else ""
            if self._lands_sooner(body, fence):
                return "" if body.phase == "descending" else "down"
            if body.phase == "descending":
                return "leave" if self._courses.can_leave(body) else ""
            if fence.bars_cruise:
                return "leave"
        elif inside and (fence.bars_cruise or h < fence.ceiling_m):
            # It was here before: it may finish its way while the zone is only announced.
            return ""
        return "leave" if self._enters(body, fence) else ""

    def _lands_sooner(self, body: Body, fence: Fence) -> bool:
        """Whether a body inside a closed zone lands sooner than it leaves, and no zone below it forbids that."""
        return self._courses.down_ms(body) < self._courses.out_ms(body, fence) and self._courses.may_descend(body)

    def _enters(self, body: Body, fence: Fence) -> bool:
        """Whether the way that is left leads into a zone."""
        if body.phase == "descending" or body.flight is None or body.phase == "holding":
            return False
        line = self._courses.ahead(body)
        return (fence.bars_cruise and fence.crossed_by(line)) or (fence.bars_landing and fence.holds(*line[-1]))

    def _fence(self, closure: Closure, body: Body) -> Fence:
        key = closure.zone.id, body.airframe.cruise_height_m
        if key not in self._fences:
            self._fences[key] = Fence(closure.zone, body.airframe.cruise_height_m)
        return self._fences[key]

    # ---- orders

    def hear(self, message: Message, order: CloseAirspace | OpenAirspace) -> None:
        """Check an order, carry it out, and answer it."""
        now = self._p.kernel.now_ms
        cause: str = self.trusted.check(message, now)
        if not cause:
            cause = self._close(order) if isinstance(order, CloseAirspace) else self._open(order.zone)
        answer = OrderAnswered(
            vehicle="", order_id=order.order_id, claimed_sender=message.sender, counter=message.seq, cause=cause
        )
        self._p.airspace.say(answer)

    def _close(self, order: CloseAirspace) -> str:
        now = self._p.kernel.now_ms
        closure = closure_of(order, now)
        if isinstance(closure, str):
            return closure
        self._fences = {key: fence for key, fence in self._fences.items() if key[0] != order.zone}
        self._p.terrain.known.add(closure.zone)
        self._schedule = self._schedule.with_closure(closure)
        for t_ms in (closure.from_ms, closure.until_ms):
            if t_ms is not None and t_ms > now:
                self._p.kernel.at(t_ms, self._turn)
        self._turn()
        return ""

    def _open(self, zone: str) -> str:
        if zone not in self._schedule.zones:
            return "unknown-zone"
        self._schedule = self._schedule.opened(zone, self._p.kernel.now_ms)
        self._turn()
        return ""

    # ---- before a vehicle moves

    def holds(self, body: Body) -> bool:
        """Whether a vehicle that would now take off has to stay on the ground; if so, it says so and waits."""
        stop = body.mission.next_stop
        if self.stuck(body) and body.wear.broken:
            self._break_down(body)
            return True
        if body.site if stop is None else 0 <= body.node == self._courses.node_of(stop):
            return False
        if not self.stuck(body) and not self.pins(body):
            return False
        self.ground(body)
        return True

    def pins(self, body: Body) -> bool:
        """Whether a vehicle that stands on the ground may not take off.

        In a zone that is announced it may still leave, if it will be out before that closes.
        """
        if not self._heeds(body) or body.phase in IN_THE_AIR:
            return False
        return any(self._holds_down(body, what) for what in self._now.values())

    def _holds_down(self, body: Body, what: Standing) -> bool:
        fence = self._fence(what.closure, body)
        x, y, _ = self._p.motion.place_of(body.index, self._p.kernel.now_ms)
        if not fence.matters or not fence.holds(x, y):
            return False
        if what.state == "closed":
            return True
        return self._p.kernel.now_ms + self._courses.out_ms(body, fence) > what.closure.from_ms

    def blocks(self, body: Body) -> bool:
        """Whether temporary zones, and nothing else, keep a vehicle from its next stop."""
        stop = body.mission.next_stop
        if stop is None or not self._heeds(body) or 0 <= body.node == self._courses.node_of(stop):
            return False
        return self._courses.line(body, stop) is None and self._courses.line(body, stop, free=True) is not None

    def _heeds(self, body: Body) -> bool:
        return bool(self._now) and body.airframe.flies and not body.captured

    def may_change(self) -> bool:
        """Whether who cannot move now may be able to later."""
        return bool(self._now) or self._p.winds.next_ms(self._p.kernel.now_ms) is not None

    def stuck(self, body: Body) -> bool:
        """Whether something on board keeps a vehicle on the ground."""
        return body.wear.stays and (body.phase not in IN_THE_AIR or self.sinks(body))

    def sinks(self, body: Body) -> bool:
        """Whether something on board has a vehicle come down, whatever it is told."""
        return body.wear.stays and comes_down(body)

    def _break_down(self, body: Body) -> None:
        if body.state != "lost":
            self.moves.downed(body)

    def ground(self, body: Body) -> None:
        """It waits where it stands; it is asked again when the sky changes."""
        if body.state != "grounded":
            body.bound_for = ""
            self.moves.report(body, "grounded")


def comes_down(body: Body) -> bool:
    """Whether it is on its last way down, whatever happens."""
    return body.phase == "descending" and body.flight is not None and body.flight.last
