"""When everything happens: visits of every vehicle become routes with exact times, energy and charging.

Visits say where a vehicle goes and in which order. What is unloaded where follows from them, so loads, energy and
trips are known before any time is (`fleet.plan.course`). Then every vehicle does everything as soon as it can.
Pads and charger places are taken in the order in which vehicles come for them (ties by vehicle index); a gap that
others left is taken if it is long enough.

At a dock a vehicle unloads if it has something on board and the dock accepts all of it. It charges there

- if the battery would not last to the next charger on its way, or to the end; or if there is nothing else to do;
- swapped or filled batteries are full then; a "partial" charger gives what is needed up to the next charger or
  the end, and `Charging.margin` of the capacity more;
- at the end of the route, swapped or filled, if less than `Charging.top_up_below` is left, a place is free after
  all others have had theirs, and there is time.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from fleet.plan.calendar import ROUNDING, Calendar, charge_ms, opening_ms
from fleet.plan.course import Breach as Breach
from fleet.plan.course import BreachRule, Course
from fleet.plan.legs import Legs as Legs
from fleet.plan.legs import node_of as node_of
from fleet.plan.legs import plan_cost as plan_cost
from fleet.plan.legs import route_cost as route_cost
from fleet.plan.legs import visits_of as visits_of
from fleet.plan.problem import Dock, Problem, Route, Stop, Visit


@dataclass(frozen=True, slots=True)
class Charging:
    """How much to charge: see the module. Both are shares of the battery's capacity."""

    margin: float = 0.0
    top_up_below: float = 0.6


@dataclass(frozen=True, slots=True)
class Timetable:
    """Of every vehicle its route and the first breach.

    A route is None where the walk ended early: at a leg that nobody can take, or at a breach beyond the committed
    visits. Breaches of committed visits are given only where there is none beyond them.
    """

    routes: tuple[Route | None, ...]
    breaches: tuple[Breach | None, ...]

    @property
    def legal(self) -> bool:
        """Whether nothing is breached."""
        return all(breach is None for breach in self.breaches)


def timetable(
    problem: Problem,
    visits: Sequence[Sequence[Visit]],
    charging: Charging = Charging(),
    legs: Legs | None = None,
) -> Timetable:
    """Times of every vehicle; `visits[v]` are those of vehicle v, the committed ones among them."""
    legs, calendar = legs or Legs(problem), Calendar(problem)
    walks = [_Walk(problem, vehicle, v, charging, legs) for vehicle, v in enumerate(visits)]
    drives = [walk.drive(calendar) for walk in walks]
    queue = [(when, v) for v, drive in enumerate(drives) if (when := next(drive, None)) is not None]
    heapq.heapify(queue)
    while queue:
        _, v = heapq.heappop(queue)
        when = next(drives[v], None)
        if when is not None:
            heapq.heappush(queue, (when, v))
    for walk in sorted(walks, key=lambda walk: (walk.now_ms, walk.vehicle)):
        walk.top_up(calendar)
    return Timetable(tuple(walk.route() for walk in walks), tuple(walk.first_breach for walk in walks))


def schedule(
    problem: Problem,
    vehicle: int,
    visits: Sequence[Visit],
    calendar: Calendar | None = None,
    charging: Charging = Charging(),
    legs: Legs | None = None,
) -> Route | Breach:
    """The route of one vehicle, or its first breach beyond the committed visits, beside what others have taken.

    `calendar` is `Calendar.of(problem, routes of the others)`; it is not changed, and None is an empty one.
    """
    walk = _Walk(problem, vehicle, visits, charging, legs or Legs(problem))
    own = Calendar(problem) if calendar is None else calendar.copy()
    for _ in walk.drive(own):
        pass
    walk.top_up(own)
    route = walk.route()
    breach = walk.breach if route is not None else walk.first_breach
    if breach is not None:
        return breach
    assert route is not None, "who is lost has breached a rule"
    return route


class _Walk:
    """A vehicle on its course."""

    def __init__(
        self, problem: Problem, vehicle: int, visits: Sequence[Visit], charging: Charging, legs: Legs
    ) -> None:
        self.problem, self.vehicle, self.charging = problem, vehicle, charging
        self.course = Course(problem, vehicle, visits, legs)
        self.me, self.kind = self.course.me, self.course.kind
        self.breach: Breach | None = None
        self.excused: Breach | None = None
        self.stops: list[Stop] = []
        self.lost = self.drained = False
        self.now_ms = self.me.ready_ms
        self.battery_wh = self.kind.battery_wh
        if self.kind.battery_wh < math.inf:
            self.battery_wh = min(self.me.battery_wh, self.kind.battery_wh)
        self.deadline_ms = min(self.me.until_ms, problem.end_ms)

    @property
    def first_breach(self) -> Breach | None:
        """The first beyond the committed visits; failing that, the first."""
        return self.breach or self.excused

    def route(self) -> Route | None:
        """What came of it."""
        return None if self.lost else Route(self.vehicle, tuple(self.stops), self.battery_wh)

    def drive(self, calendar: Calendar) -> Generator[int, None, None]:
        """Walk all of the way; stops, and says when, before each use of a place that others may want too."""
        visits = self.course.visits
        for at, visit in enumerate(visits):
            if at == 0:
                self.now_ms = max(self.now_ms, self.course.release_ms[-1])
            self._check(at)
            if not self.lost:
                self._go(at)
            if self.lost:
                return
            if visit[0] == "pickup":
                self._serve(visit[1], at)
            else:
                yield from self._call(calendar, visit[1], at)
        self._check(len(visits))
        if visits and self.now_ms > self.deadline_ms:
            self._broken(len(visits), "until", self.now_ms, self.deadline_ms)

    def top_up(self, calendar: Calendar) -> None:
        """Charge at the end of the route, if that does no harm."""
        if self.lost or not self.stops or self.breach is not None or self.stops[-1].charge_wh > 0:
            return
        last, position = self.stops[-1], len(self.stops) - 1
        charger = self.course.charger_at(position)
        if charger is None or charger.mode == "partial":
            return
        if self.battery_wh >= self.charging.top_up_below * self.kind.battery_wh:
            return
        amount = self.kind.battery_wh - self.battery_wh
        needs_ms = charge_ms(charger, amount)
        begin = calendar.free_place_ms(last.index, last.end_ms, needs_ms)
        if begin + needs_ms <= self.deadline_ms:
            calendar.take_place(last.index, begin, needs_ms)
            self.battery_wh = self.kind.battery_wh
            self.stops[-1] = replace(last, end_ms=begin + needs_ms, charge_wh=amount)
            self.now_ms = begin + needs_ms

    def _broken(self, position: int, rule: BreachRule, need: float, limit: float) -> None:
        breach = Breach(position, rule, need, limit)
        if position < len(self.me.committed) and rule != "committed":
            self.excused = self.excused or breach
            return
        self.breach = self.breach or breach
        self.lost = self.lost or position < len(self.course.visits)

    def _check(self, position: int) -> None:
        for breach in (self.course.excused, self.course.breach):
            if breach is not None and breach.position == position:
                self._broken(position, breach.rule, breach.need, breach.limit)

    def _go(self, at: int) -> None:
        """The leg to visit `at`."""
        energy = self.course.leg_wh[at]
        if energy == math.inf:
            self._broken(at, "path", 1, 0)
            self.lost = True
            return
        if energy > 0 and not self.drained and self.battery_wh - energy < self.kind.reserve_wh - ROUNDING:
            self.drained = True
            self._broken(at, "battery", self.course.onward_wh[at - 1], self.battery_wh - self.kind.reserve_wh)
        self.battery_wh -= energy
        self.now_ms += self.course.legs[at][0]

    def _serve(self, index: int, at: int) -> None:
        pickup, arrive = self.problem.pickups[index], self.now_ms
        start = max(arrive, pickup.earliest_ms)
        self.now_ms = start + pickup.service_ms
        if self.now_ms > pickup.latest_ms:
            self._broken(at, "window", self.now_ms, pickup.latest_ms)
        self.stops.append(Stop("pickup", index, arrive, start, self.now_ms))

    def _call(self, calendar: Calendar, index: int, at: int) -> Generator[int, None, None]:
        dock, arrive, unloads = self.problem.docks[index], self.now_ms, self.course.unloads[at]
        start = arrive
        if unloads:
            if calendar.is_shared(index):
                yield arrive
            start = self._unload(calendar, dock, index, at)
        amount = self._amount_wh(at)
        charger = dock.charger
        release = self.course.release_ms[at]
        if charger is not None and amount > 0:
            if calendar.is_shared(index):
                yield self.now_ms
            needs_ms = charge_ms(charger, amount)
            begin = calendar.free_place_ms(index, max(self.now_ms, release - needs_ms), needs_ms)
            calendar.take_place(index, begin, needs_ms)
            self.battery_wh, self.drained = self.battery_wh + amount, False
            if charger.mode != "partial":
                self.battery_wh = self.kind.battery_wh
            self.now_ms = begin + needs_ms
        elif not unloads and len(self.me.committed) <= at < len(self.course.visits) - 1:
            self._broken(at, "idle", 1, 0)
        self.now_ms = max(self.now_ms, release)
        self.stops.append(Stop("dock", index, arrive, start, self.now_ms, unloads, amount))

    def _unload(self, calendar: Calendar, dock: Dock, index: int, at: int) -> int:
        """When unloading begins; `now_ms` is then when it is over."""
        start = calendar.free_pad_ms(index, self.now_ms)
        if start is None:
            last = max((close - dock.unload_ms for begin, close in dock.hours), default=0)
            if opening_ms(dock, -(10**18)) is None:
                need, limit = float(dock.unload_ms), float(max(close - begin for begin, close in dock.hours))
            else:
                need, limit = float(max(self.now_ms, last + 1)), float(last)
            self._broken(at, "hours", need, limit)
            start = calendar.any_pad_ms(index, self.now_ms)
        calendar.take_pad(index, start)
        self.now_ms = start + dock.unload_ms
        return start

    def _amount_wh(self, at: int) -> float:
        charger = self.course.charger_at(at)
        if charger is None or at == len(self.course.visits) - 1:
            return 0.0
        room = self.kind.battery_wh - self.battery_wh
        lack = self.kind.reserve_wh + self.course.onward_wh[at] - self.battery_wh
        idle = not self.course.unloads[at] and at >= len(self.me.committed)
        if room <= ROUNDING or not (lack > ROUNDING or idle):
            return 0.0
        if charger.mode != "partial":
            return room
        amount = min(room, max(lack, 0.0) + self.charging.margin * self.kind.battery_wh)
        return amount if amount > ROUNDING else 0.0
