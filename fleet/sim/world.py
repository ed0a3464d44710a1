"""The world: it carries out what autopilots decide, and tells what can be seen of it.

It hears orders and tamper requests, and speaks as its vehicles, its facilities and its citizens. It decides
nothing about the mission (`autopilot` does on board, dispatch on the ground).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from fleet.messages.airspace import CloseAirspace, OpenAirspace
from fleet.messages.envelope import Message
from fleet.messages.orders import FlyRoute, Navigation, Recall, RotateKey, StopOrder
from fleet.messages.plane import Command, Injection
from fleet.messages.reports import (
    FailureCause,
    PickupFailed,
    PickupRequested,
    VehicleReported,
    VehicleState,
)
from fleet.sim import autopilot
from fleet.sim.blackout import Blackout
from fleet.sim.body import Body, Waste
from fleet.sim.books import GENERATED, ITEMS, Account
from fleet.sim.collecting import collect, fits
from fleet.sim.courses import Courses
from fleet.sim.overhead import Moves, Overhead
from fleet.sim.parts import Annex, Hand, Parts
from fleet.sim.receivers import Receivers
from fleet.sim.settling import settle, tell
from fleet.sim.yards import Dockyard

FIND_WITHIN_M = 15.0
"""A vehicle finds a bin or a pad by eye within this distance of where it lands."""


class World:
    """A participant. `tampering`, if given, is asked to carry out what arrives on the injection plane; `annexes`
    hear every command, and begin and end with the run."""

    def __init__(self, parts: Parts) -> None:
        self._p = parts
        self.bodies = parts.bodies
        self._by_id = {body.id: body for body in parts.bodies}
        self._courses = Courses(
            parts.terrain, parts.motion, parts.kernel, parts.yards, parts.waste, parts.chargers
        )
        self.moves = Moves(self.proceed, self._downed, self._landed_back, self._report)
        self.overhead = Overhead(parts, self._courses, self.moves)
        self.blackout = Blackout(parts, self._courses, self.moves)
        self.tampering: Hand | None = None
        self.receivers = Receivers(self._by_id, self.carry_out)
        self.annexes: Iterable[Annex] = ()

    @property
    def parts(self) -> Parts:
        """What it is made of."""
        return self._p

    def vehicle(self, name: str) -> Body | None:
        """The body of this id."""
        return self._by_id.get(name)

    # ---- participant

    def on_tick(self, tick: int, now_ms: int, inbox: Sequence[Message]) -> None:
        self.receivers.catch_up(now_ms)
        for message in inbox:
            body = message.body
            if isinstance(body, FlyRoute | Recall | RotateKey):
                self.receivers.hear(message, now_ms)
            elif isinstance(body, CloseAirspace | OpenAirspace):
                self.overhead.hear(message, body)
            if isinstance(body, Command):
                for annex in self.annexes:
                    annex.hear(message, now_ms)
            if self.tampering is not None and isinstance(body, Injection | Command):
                self.tampering.hear(tick, now_ms, message)

    def next_wake_ms(self) -> int | None:
        return self._p.kernel.peek_ms

    def announce(self, request: PickupRequested, source: Account = GENERATED) -> None:
        """Let a pickup appear, from the account `source`: the waste is there, and the city hears of it.

        What citizens make may be seen to by somebody else.
        """
        if source == GENERATED and any(annex.takes(request) for annex in self.annexes):
            return
        waste = self._p.waste[request.pickup_id]
        waste.there = waste.kg > 0.0
        if waste.there:
            waiting = ("waiting", waste.id)
            self._p.books.carry(source, waiting, waste.contents)
            self._p.books.transfer(ITEMS, source, waiting, 1)
        self._p.citizens.say(request)

    def start(self) -> None:
        """Every vehicle reports where it stands, and what airspace is closed is said."""
        self.overhead.begin()
        for body in self._p.bodies:
            self._report(body, "idle")
        for annex in self.annexes:
            annex.begin()

    def close(self) -> None:
        """Settle every flight, close the books, and tell the truth about both."""
        if self.tampering is not None:
            self.tampering.close()
        for annex in self.annexes:
            annex.settle()
        settle(self._p)
        tell(self._p)

    # ---- orders

    def carry_out(self, body: Body, order: FlyRoute | Recall) -> None:
        """Do what a sane order says, whoever gave it; who is held does nothing."""
        if body.held:
            return
        had_stops = bool(body.mission.stops)
        body.mission = autopilot.take_order(body.mission, order)
        if isinstance(order, Recall):
            self._navigate_by(body, order.navigation)
        if isinstance(order, FlyRoute) and order.append:
            if not had_stops and body.state in ("idle", "holding"):
                self.proceed(body)
            return
        if self.overhead.sinks(body):
            return
        if body.node < 0:
            self._p.flights.stop_here(body, self._downed)
        else:
            self._p.docks.leave(body)
        self.proceed(body)

    def _navigate_by(self, body: Body, navigation: Navigation) -> None:
        if navigation != body.navigation:
            body.navigation = navigation
            if self.overhead.sinks(body):
                self._p.flights.replan(body, self._p.motion.true_of(body.index, self._p.kernel.now_ms))
            else:
                self._p.flights.find_itself(body)

    # ---- moves

    def proceed(self, body: Body) -> None:
        """Ask the autopilot what is next, and begin it. Whatever was going on before is void."""
        body.turn += 1
        if self.overhead.holds(body):
            return
        if self.overhead.blocks(body):
            self._give_up(body, "closed-airspace")
            return
        move = autopilot.next_move(body.mission, self._courses.outlook(body))
        if move == "fly":
            self._fly(body)
        elif move == "rest":
            self._rest(body)
        elif move == "charge-first":
            self._p.docks.charge(body, self._p.yards[body.site], self._report, self.proceed)
        elif move == "divert":
            self._divert(body)
        else:
            self._give_up(body, "out-of-reach")

    def _leaves(self, body: Body) -> None:
        self._report(body, "climbing" if body.airframe.flies else "driving")

    def _soon(self, body: Body, then: Callable[[Body], None]) -> None:
        """Do `then` at this very moment, but not within what is being done: a mission may have any length."""
        turn = body.turn
        self._p.kernel.at(self._p.kernel.now_ms, lambda: then(body) if body.turn == turn else None)

    def _rest(self, body: Body) -> None:
        body.bound_for = ""
        self._report(body, "idle")

    def _fly(self, body: Body) -> None:
        stop = body.mission.next_stop
        assert stop is not None
        body.bound_for = stop.target
        if body.node >= 0 and body.node == self._courses.node_of(stop):
            self._soon(body, self._at_stop)
            return
        line = self._courses.line(body, stop)
        if line is None:
            self._give_up(body, "out-of-reach")
            return
        self._p.flights.start(body, line, self._landed, self._downed)
        self._leaves(body)

    def _landed(self, body: Body) -> None:
        stop = body.mission.next_stop
        assert stop is not None
        node = self._courses.node_of(stop)
        if node >= 0 and not self._finds(body, node):
            self._miss(body, stop)
        else:
            self._at_stop(body)

    def _finds(self, body: Body, node: int) -> bool:
        """Whether what is at `node` can be seen from where the body landed; it then knows itself to be there."""
        p, i = self._p, body.index
        x, y = float(p.terrain.x_m[node]), float(p.terrain.y_m[node])
        true_x, true_y = p.motion.true_of(i, p.kernel.now_ms)
        if math.hypot(true_x - x, true_y - y) > FIND_WITHIN_M:
            return False
        p.motion.correct(i, x, y)
        body.node = node
        return True

    def _downed(self, body: Body) -> None:
        """The battery forced it to the ground, or no charger can be flown to."""
        self._report(body, "lost")

    def _stranded(self, body: Body) -> None:
        """No charger could be flown to: it waits for the sky to change, if that may be, and is lost otherwise."""
        if self.overhead.may_change():
            self.overhead.ground(body)
        else:
            self._downed(body)

    def _landed_back(self, body: Body) -> None:
        """It took off and came down again: it stands where it stood."""
        node = self._courses.node_here(body)
        if node >= 0 and self._finds(body, node):
            yard = self._p.yards.get(self._p.terrain.names[node])
            body.site = "" if yard is None else yard.id
        self.proceed(body)

    def _miss(self, body: Body, stop: StopOrder) -> None:
        """Landed, and what was to be there is not: without its bearings the vehicle stays on the ground."""
        if stop.kind == "pickup":
            self._give_up(body, "not-found")
        else:
            self._report(body, "lost")

    def _at_stop(self, body: Body) -> None:
        stop = body.mission.next_stop
        assert stop is not None
        yard = self._p.yards.get(stop.target) if stop.kind == "dock" else None
        if yard is not None:
            self._at_yard(body, stop, yard)
        else:
            self._at_place(body, stop)

    def _dock(self, body: Body, yard: Dockyard) -> None:
        """On a pad the vehicle is guided to its very place."""
        body.site, body.node = yard.id, yard.node
        self._p.motion.offset_x_m[body.index] = self._p.motion.offset_y_m[body.index] = 0.0

    def _at_yard(self, body: Body, stop: StopOrder, yard: Dockyard) -> None:
        self._dock(body, yard)

        def then_charge(b: Body) -> None:
            if stop.charge:
                self._p.docks.charge(b, yard, self._report, self._stop_over)
            else:
                self._stop_over(b)

        if stop.unload:
            self._p.docks.unload(body, yard, self._report, then_charge)
        else:
            then_charge(body)

    def _at_place(self, body: Body, stop: StopOrder) -> None:
        """Wait for the window, and serve what is there; where nothing is known to be, for as long as ordered."""
        self._report(body, "servicing")
        now, waste = self._p.kernel.now_ms, self._waste_of(stop)
        opens = stop.earliest_ms if waste is None else max(stop.earliest_ms, waste.earliest_ms)
        service = stop.service_ms if waste is None else waste.service_ms
        service += round(1000 * body.wear.loading_s.total)
        self._p.kernel.at(max(now, opens) + service, self._served, body, body.turn, stop)

    def _waste_of(self, stop: StopOrder) -> Waste | None:
        return self._p.waste.get(stop.target) if stop.kind == "pickup" else None

    def _served(self, body: Body, turn: int, stop: StopOrder) -> None:
        if body.turn != turn:
            return
        waste = self._waste_of(stop)
        if waste is None or waste.blocked:
            self._give_up(body, "not-found")
        elif not waste.there:
            self._give_up(body, "gone")
        elif not fits(body, waste):
            self._give_up(body, "does-not-fit")
        else:
            report = collect(self._p, body, waste)
            for annex in self.annexes:
                annex.collected(report, waste)
            self._stop_over(body)

    def _stop_over(self, body: Body) -> None:
        body.mission = body.mission.after_stop()
        self.proceed(body)

    def _give_up(self, body: Body, cause: FailureCause) -> None:
        stop = body.mission.next_stop
        if stop is not None and stop.kind == "pickup":
            body.port.say(PickupFailed(vehicle=body.id, pickup_id=stop.target, cause=cause))
        self._soon(body, self._stop_over)

    def _divert(self, body: Body) -> None:
        """To a charger, whatever was planned; the mission goes on from there. Who may not take off waits."""
        p = self._p
        if self.overhead.pins(body):
            self.overhead.ground(body)
            return
        divert = self._courses.to_charger(body)
        if divert is not None and self.blackout.waits(body, divert.node):
            return
        if divert is not None:
            body.bound_for = p.terrain.names[divert.node]
            p.flights.start(body, divert.line, lambda b: self._diverted(b, divert.node), self._downed)
            self._leaves(body)
        elif body.site:
            self._give_up(body, "out-of-reach")
        elif not body.phase and self.overhead.may_change():
            self.overhead.ground(body)
        elif len(way := self._courses.way_out(body) or ()) > 1:
            p.flights.start(body, way, self._stranded, self._downed, last=True)
        else:
            p.flights.come_down(body, self._stranded)

    def _diverted(self, body: Body, node: int) -> None:
        if not self._finds(body, node):
            self._report(body, "lost")
            return
        yard = self._p.yards[self._p.terrain.names[node]]
        self._dock(body, yard)
        self._p.docks.charge(body, yard, self._report, self.proceed)

    def _report(self, body: Body, state: VehicleState) -> None:
        body.state = state
        p = self._p
        now = p.kernel.now_ms
        x, y, _ = p.motion.place_of(body.index, now)
        body.port.say(
            VehicleReported(
                vehicle=body.id,
                state=state,
                x_m=round(x, 1),
                y_m=round(y, 1),
                battery_wh=round(p.motion.gauge_of(body.index, now), 3),
                load_kg=round(body.scale_kg, 3),
                load_l=round(body.load_l, 1),
                order_id=body.mission.order_id,
                step=body.mission.step,
                bound_for=body.bound_for,
            )
        )
