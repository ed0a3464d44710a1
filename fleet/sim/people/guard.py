"""One guard and his drone: where he aims, what he sees, when he must charge, and how he forces a vehicle down."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fleet.messages.people import GuardDoing, GuardReported, VehicleHeld
from fleet.sim.autopilot import ENERGY_MARGIN, Mission
from fleet.sim.body import Body
from fleet.sim.courses import FULL_SHARE, Courses
from fleet.sim.flights import IN_THE_AIR
from fleet.sim.people.params import GuardParams
from fleet.sim.surroundings import Surroundings

NEAR_ENOUGH_M = 5.0
"""So near to where he aims a guard stays where he is."""
AHEAD_S = 60.0
"""Farther ahead than this nobody aims."""

Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Chase:
    """Whom a guard is after, and whether to stop it."""

    order_id: str
    target: Body
    stop: bool


def meeting(guard: Place, speed_mps: float, target: Place, velocity: Place) -> Place:
    """Where somebody at `guard` meets a target that goes on as it does, at most `AHEAD_S` from now.

    That is |target + velocity t - guard| = speed t, a quadratic in t. Where it never does: where the target is
    then.

    >>> meeting((0.0, 0.0), 18.0, (900.0, 0.0), (0.0, 0.0)), meeting((0.0, 0.0), 5.0, (100.0, 0.0), (-5.0, 0.0))
    ((900.0, 0.0), (50.0, 0.0))
    """
    dx, dy = target[0] - guard[0], target[1] - guard[1]
    a = velocity[0] ** 2 + velocity[1] ** 2 - speed_mps**2
    b = 2.0 * (dx * velocity[0] + dy * velocity[1])
    c = dx * dx + dy * dy
    t = _first_root(a, b, c)
    t = min(t, AHEAD_S)
    return target[0] + velocity[0] * t, target[1] + velocity[1] * t


def _first_root(a: float, b: float, c: float) -> float:
    """The least t >= 0 with a t^2 + b t + c = 0, where c >= 0; inf where there is none."""
    if c == 0.0:
        return 0.0
    if abs(a) < 1e-9:
        return -c / b if b < 0.0 else math.inf
    under = b * b - 4.0 * a * c
    if under < 0.0:
        return math.inf
    roots = [(-b + sign * math.sqrt(under)) / (2.0 * a) for sign in (-1.0, 1.0)]
    return min((t for t in roots if t >= 0.0), default=math.inf)


class Guard:
    """A guard; `chase` is what he is at."""

    def __init__(self, around: Surroundings, params: GuardParams, body: Body) -> None:
        p = around.parts
        self._world = around.world
        self._parts = p
        self._params = params
        self._courses = Courses(p.terrain, p.motion, p.kernel, p.yards, p.waste, p.chargers)
        self._eye = around.streams.noise("people/guard-sight")
        self._port = around.port_of(f"guard/{body.id}")
        self._looks = 0
        self._aims = 0
        self._returning = False
        self._doing: GuardDoing = "off"
        self.body = body
        self.chase: Chase | None = None

    @property
    def able(self) -> bool:
        """Whether he can be sent, if need be away from what he is at."""
        return not self._is_down()

    @property
    def free(self) -> bool:
        """Whether he can be sent, and is after nobody."""
        return self.chase is None and self.able

    def _is_down(self) -> bool:
        """Whether he is out of it: lost, forced down, flown by somebody else, on the ground until somebody has
        looked, or on the way there for that."""
        body = self.body
        return body.state == "lost" or body.held or body.captured or self._world.overhead.stuck(body)

    def is_at(self, chase: Chase) -> bool:
        """Whether that is what he does already, or more."""
        now = self.chase
        return now is not None and now.target is chase.target and now.stop >= chase.stop

    def go(self, chase: Chase) -> None:
        """After it, at once; whatever he was at is over."""
        self.chase = chase
        self.body.mission = Mission(chase.order_id)
        self._aims += 1
        self._aim(self._aims)

    def stand_down(self) -> None:
        """Return to a charger, if he can; what had him led away from a chase is forgotten, too."""
        if self.chase is not None:
            self._report("off", sees=False)
            self.chase = None
            self._aims += 1
        if not self._returning and self.body.phase in IN_THE_AIR and self.able:
            self._return()
        self._returning = False

    # ---- by the clock

    def _aim(self, number: int) -> None:
        """Look, and fly on: to a charger, to where the vehicle is, or nowhere."""
        if number != self._aims or self.chase is None:
            return
        if self._is_down():
            self._report("off", sees=False)
            self.chase = None
            return
        if self.chase.target.held:
            self.stand_down()
            return
        kernel = self._parts.kernel
        kernel.at(kernel.now_ms + round(1000 * self._params.aim_s), self._aim, number)
        sees = self._sees()
        if self._must_wait():
            self._report("returning" if self.body.phase in IN_THE_AIR else "waiting", sees=sees)
        elif not (sees and self._stops()):
            self._chase(self.chase.target, sees)

    def _must_wait(self) -> bool:
        """Whether the battery comes first: it returns, is on its way, or is being filled."""
        body = self.body
        if self._returning:
            battery_wh = self._parts.motion.battery_of(body.index, self._parts.kernel.now_ms)
            self._returning = not (body.site and battery_wh > FULL_SHARE * body.capacity_wh)
        elif not self._has_enough():
            self._returning = True
            self._return()
        return self._returning

    def _has_enough(self) -> bool:
        """Whether it can fly on until it aims twice more, and to a charger from there, above its reserve."""
        body = self.body
        divert = self._courses.to_charger(body)
        effort_h = math.inf if divert is None else divert.effort_h
        hours = effort_h + (4.0 * self._params.aim_s + body.airframe.climb_s + body.airframe.descent_s) / 3600.0
        left_wh = self._parts.motion.gauge_of(body.index, self._parts.kernel.now_ms)
        return left_wh - ENERGY_MARGIN * body.power_w() * hours >= body.kind.reserve_wh

    def _return(self) -> None:
        """Without stops the autopilot brings it to a charger."""
        self.body.mission = Mission(self.body.mission.order_id)
        if self.body.phase in IN_THE_AIR:
            self._parts.flights.stop_here(self.body, self._world.moves.downed)
            self._world.proceed(self.body)
        elif self.body.site:
            yard = self._parts.yards[self.body.site]
            self._parts.docks.charge(self.body, yard, self._world.moves.report, self._world.proceed)

    # ---- what he sees and does

    def _true(self, body: Body) -> Place:
        return self._parts.motion.true_of(body.index, self._parts.kernel.now_ms)

    def _sees(self) -> bool:
        assert self.chase is not None
        far_m = math.dist(self._true(self.body), self._true(self.chase.target))
        return self.body.phase in IN_THE_AIR and far_m <= self._params.sight_m

    def _chase(self, target: Body, sees: bool) -> None:
        motion, i, now = self._parts.motion, target.index, self._parts.kernel.now_ms
        here = motion.place_of(self.body.index, now)[:2]
        there = motion.place_of(i, now)[:2]
        if sees:
            velocity = motion.velocity_of(i)
            there = meeting(here, self.body.airframe.cruise_mps, self._true(target), velocity)
        doing: GuardDoing = "following" if sees else "chasing"
        self._report(doing if self._fly(here, there) else "waiting", sees=sees)

    def _fly(self, here: Place, there: Place) -> bool:
        """Fly to a place as far as that is lawful; whether it is."""
        body, p = self.body, self._parts
        if self._world.overhead.pins(body):
            return False
        if body.phase in IN_THE_AIR and math.dist(here, there) < NEAR_ENOUGH_M:
            return True
        line = p.terrain.line_between(body.kind_name, here, there)
        if line is None or not math.isfinite(p.terrain.energy_h(body.airframe, line)):
            if body.phase in IN_THE_AIR and body.phase != "holding":
                p.flights.stop_here(body, self._world.moves.downed)
            return False
        on_ground = body.phase not in IN_THE_AIR
        if body.site:
            p.docks.leave(body)
        body.bound_for = "" if self.chase is None else self.chase.target.id
        p.flights.head_for(body, line, self._arrived, self._world.moves.downed)
        if on_ground:
            self._world.moves.report(body, "climbing")
        return True

    def _arrived(self, body: Body) -> None:
        if self.chase is not None and self._sees():
            self._stops()

    def _stops(self) -> bool:
        """Force the vehicle down, if that is the order and it is near enough; whether it was."""
        chase = self.chase
        if chase is None or not chase.stop or chase.target.site or chase.target.held:
            return False
        if math.dist(self._true(self.body), self._true(chase.target)) > self._params.net_m:
            return False
        target, p = chase.target, self._parts
        p.truth.say(VehicleHeld(vehicle=target.id, guard=self.body.id, captured=target.captured))
        self._report("holding-down", sees=True)
        target.captured, target.held = False, True
        target.mission = Mission(target.mission.order_id)
        p.flights.come_down(target, self._world.moves.downed)
        self.stand_down()
        return True

    def _report(self, doing: GuardDoing, *, sees: bool) -> None:
        """Say what is new, and every sighting."""
        assert self.chase is not None
        if doing == self._doing and not sees:
            return
        self._doing = doing
        x = y = 0.0
        if sees:
            self._looks += 1
            error = [self._eye.one_normal(2 * self.body.index + axis, self._looks) for axis in (0, 1)]
            x, y = self._true(self.chase.target)
            x, y = x + self._params.sight_sigma_m * error[0], y + self._params.sight_sigma_m * error[1]
        self._port.say(
            GuardReported(
                guard=self.body.id,
                vehicle=self.chase.target.id,
                doing=doing,
                sees=sees,
                x_m=round(x, 1),
                y_m=round(y, 1),
            )
        )
