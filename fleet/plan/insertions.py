"""The referee tries itself: whether a pickup that was left out fits into the plan as it stands.

A pickup is tried in every gap of every route behind the committed visits, with any dock or none before it and any
dock or none behind it; at the end of a route (and for a vehicle that is not used) with a dock behind it, and with
one more to end at. All other routes stay as they are, with their pads and places. Along the longer route the
vehicle does everything as soon as it can. It unloads wherever it may. It charges where the battery would not last
to the next charger on its way or to the end, and where it has nothing else to do; just what lasts where the
charger gives any amount, to the brim elsewhere.

Written from the words of `fleet.plan.problem` alone, like `referee` and `excuses`. Nothing is left untried but
what cannot be: too dear by its legs alone, too late by its legs and services alone, or more than the vehicle
carries.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fleet.plan.excuses import TOLERANCE, charging_ms
from fleet.plan.problem import UNREACHABLE_MS, Dock, Matrix, Pickup, Plan, Problem, Route, Visit
from fleet.plan.referee import Violation

_IMPOSSIBLE = ("too-heavy", "too-voluminous", "not-certified", "not-accepted")
"""Codes that `judge` proves for good."""

_NO_WAY = 10**16
"""More time than any sum of times."""

_Bools = npt.NDArray[np.bool_]
_Stretches = dict[int, list[tuple[int, int]]]


def insertable(problem: Problem, plan: Plan, pickups: Iterable[int] | None = None) -> tuple[Violation, ...]:
    """A violation for each omitted pickup that fits somewhere for less than its penalty.

    `plan` must be legal but for that. `pickups` are those to be looked at; else all that are omitted. Each takes
    time in proportion to all gaps times the square of the docks, at worst.
    """
    wanted = None if pickups is None else set(pickups)
    routes = {route.vehicle: route for route in plan.routes}
    roads = _Roads(problem)
    lines = [
        _Line(roads, v, routes.get(v, Route(v, ())), [r for r in plan.routes if r.vehicle != v])
        for v in range(len(problem.vehicles))
    ]
    found: list[Violation] = []
    for omission in plan.omitted:
        if omission.code in _IMPOSSIBLE or (wanted is not None and omission.pickup not in wanted):
            continue
        pickup = problem.pickups[omission.pickup]
        fits = ((line, extra) for line in lines for extra in line.cheap_ways(omission.pickup))
        if (first := next(fits, None)) is not None:
            found.append(Violation("insertable", first[0].me.id, pickup.id, pickup.penalty, first[1]))
    return tuple(found)


class _Roads:
    """Legs between nodes, remembered: time in ms, cost, effort in h."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._known: dict[tuple[int, int, int], tuple[int, int, float]] = {}

    def __call__(self, kind: int, start: int, end: int) -> tuple[int, int, float]:
        key = kind, start, end
        if key not in self._known:
            block = self.problem.ways[kind].block(np.array([start]), np.array([end]))
            self._known[key] = int(block.travel_ms[0, 0]), int(block.cost[0, 0]), float(block.effort_h[0, 0])
        return self._known[key]

    def legs(self, kind: int, starts: Matrix, ends: Matrix) -> tuple[Matrix, Matrix]:
        """Time and cost from each of `starts` to each of `ends`; `_NO_WAY` at least where there is no way."""
        block = self.problem.ways[kind].block(starts, ends)
        return np.where(block.travel_ms >= UNREACHABLE_MS, _NO_WAY, block.travel_ms), block.cost

    def place(self, visit: Visit) -> Pickup | Dock:
        """What a visit is to."""
        return self.problem.pickups[visit[1]] if visit[0] == "pickup" else self.problem.docks[visit[1]]


class _Line:
    """A vehicle, its visits in the plan, and what the others have taken."""

    def __init__(self, roads: _Roads, vehicle: int, route: Route, others: Sequence[Route]) -> None:
        self.roads, self.problem = roads, roads.problem
        self.me = self.problem.vehicles[vehicle]
        self.kind = self.problem.types[self.me.type]
        self.electric = self.kind.battery_wh < math.inf
        self.docks = np.array([dock.node for dock in self.problem.docks], dtype=np.int64)
        chargers = [self.electric and dock.charger is not None for dock in self.problem.docks]
        self.charges = np.array(chargers, dtype=bool)
        self.visits: list[Visit] = [(stop.kind, stop.index) for stop in route.stops]
        self.nodes = [self.me.node, *(roads.place(visit).node for visit in self.visits)]
        self.by_ms = min(self.me.until_ms, self.problem.end_ms)
        self.late_cost = sum(_late_cost(self.problem, stop.kind, stop.index, stop.end_ms) for stop in route.stops)
        self.pads: _Stretches = {}
        self.places: _Stretches = {}
        for stop in (stop for other in others for stop in other.stops if stop.kind == "dock"):
            dock = self.problem.docks[stop.index]
            if stop.unload and dock.unload_ms > 0:
                self.pads.setdefault(stop.index, []).append((stop.start_ms, stop.start_ms + dock.unload_ms))
            if stop.charge_wh > 0 and dock.charger is not None:
                begin = stop.end_ms - charging_ms(dock.charger, stop.charge_wh)
                self.places.setdefault(stop.index, []).append((begin, stop.end_ms))
        self.early_ms, self.late_ms = self._bounds()
        self.aboard = self._aboard()

    def _bounds(self) -> tuple[list[int], list[int]]:
        """When the vehicle is free before each gap, at the soonest, and when it must arrive behind it."""
        early = [self.me.ready_ms]
        for at, visit in enumerate(self.visits):
            place = self.roads.place(visit)
            early.append(early[-1] + self._ms(self.nodes[at], self.nodes[at + 1]))
            if isinstance(place, Pickup):
                early[-1] = max(early[-1], place.earliest_ms) + place.service_ms
        late = [self.by_ms]
        for at in range(len(self.visits) - 1, -1, -1):
            place = self.roads.place(self.visits[at])
            onward = self._ms(self.nodes[at + 1], self.nodes[at + 2]) if at + 2 < len(self.nodes) else 0
            done = late[-1] - onward
            if isinstance(place, Pickup):
                forced = at < len(self.me.committed)
                done = (done if forced else min(done, place.latest_ms)) - place.service_ms
            late.append(done)
        return early, late[::-1]

    def _aboard(self) -> list[set[str]]:
        """The materials on board in each gap."""
        aboard: list[set[str]] = [set()]
        for visit in self.visits:
            place = self.roads.place(visit)
            now = set(aboard[-1])
            if isinstance(place, Pickup):
                now.add(place.material)
            elif now <= place.accepts:
                now = set()
            aboard.append(now)
        return aboard

    def _ms(self, start: int, end: int) -> int:
        return self.roads(self.me.type, start, end)[0]

    def cheap_ways(self, index: int) -> Iterator[int]:
        """What it costs beyond the plan to take pickup `index` in, for every legal way below its penalty."""
        pickup, kind = self.problem.pickups[index], self.kind
        fits = pickup.mass_kg <= kind.payload_kg + TOLERANCE and pickup.volume_l <= kind.volume_l + TOLERANCE
        if not fits or not pickup.needs <= kind.certificates:
            return
        fixed = 0 if self.visits else kind.fixed_cost
        for more, gap, before, behind in self._ways(pickup, pickup.penalty - fixed + self.late_cost):
            longer = [*self.visits[:gap], *before, ("pickup", index), *behind, *self.visits[gap:]]
            late_cost = _Try(self, longer).late_cost()
            if late_cost is not None and more + fixed + late_cost - self.late_cost < pickup.penalty:
                yield more + fixed + late_cost - self.late_cost

    def _ways(self, pickup: Pickup, below: int) -> Iterator[tuple[int, int, list[Visit], list[Visit]]]:
        """(what the legs cost more, gap, docks before, docks behind) of all that cost less than `below`."""
        count = len(self.problem.docks)
        pairs = [(i, e) for i in range(count) for e in range(count)]
        for gap in range(len(self.me.committed), len(self.visits) + 1):
            last = gap == len(self.visits)
            ms, cost, may_front = self._before(gap, pickup)
            on_ms, on_cost, may_back = self._at_end(pickup) if last else self._behind(gap, pickup)
            done = np.maximum(self.early_ms[gap] + ms, pickup.earliest_ms) + pickup.service_ms
            more = cost[:, None] + on_cost[None, :]
            possible = (may_front & (ms < _NO_WAY) & (done <= pickup.latest_ms))[:, None] & (more < below)
            possible &= (may_back & (on_ms < _NO_WAY))[None, :] & (
                done[:, None] + on_ms[None, :] <= self.late_ms[gap]
            )
            for front, back in np.argwhere(possible):
                before: list[Visit] = [("dock", int(front))] if front < count else []
                docks = pairs[back] if last else ((int(back),) if back < count else ())
                behind: list[Visit] = [("dock", dock) for dock in dict.fromkeys(docks)]
                yield int(more[front, back]), gap, before, behind

    def _before(self, gap: int, pickup: Pickup) -> tuple[Matrix, Matrix, _Bools]:
        """By dock, and last without one: time and cost up to the pickup, and whether it may help to call there."""
        here, there = np.array([self.nodes[gap]]), np.array([pickup.node])
        ms, cost = self.roads.legs(self.me.type, here, np.append(self.docks, there))
        on_ms, on_cost = self.roads.legs(self.me.type, np.append(self.docks, there), there)
        aboard = self.aboard[gap]
        unloads = [bool(aboard) and aboard <= dock.accepts for dock in self.problem.docks]
        useful = np.append(np.array(unloads, dtype=bool) | self.charges, True)
        return ms[0] + on_ms[:, 0], cost[0] + on_cost[:, 0], useful

    def _behind(self, gap: int, pickup: Pickup) -> tuple[Matrix, Matrix, _Bools]:
        """The same from the pickup to the next visit; the cost is less the leg that goes."""
        here, there = np.array([pickup.node]), np.array([self.nodes[gap + 1]])
        ms, cost = self.roads.legs(self.me.type, here, np.append(self.docks, here))
        on_ms, on_cost = self.roads.legs(self.me.type, np.append(self.docks, here), there)
        old = self.roads(self.me.type, self.nodes[gap], self.nodes[gap + 1])[1]
        useful = np.append(self._takes(pickup) | self.charges, True)
        return ms[0] + on_ms[:, 0], cost[0] + on_cost[:, 0] - old, useful

    def _at_end(self, pickup: Pickup) -> tuple[Matrix, Matrix, _Bools]:
        """The same from the pickup to a dock and to another that the route ends at, or to one that is both; by
        first dock and then by last."""
        ms, cost = self.roads.legs(self.me.type, np.array([pickup.node]), self.docks)
        on_ms, on_cost = self.roads.legs(self.me.type, self.docks, self.docks)
        may_end = np.array(
            [not self.me.ends or dock in self.me.ends for dock in range(len(self.docks))], dtype=bool
        )
        useful = (self._takes(pickup) | self.charges)[:, None] & may_end[None, :]
        return (ms.T + on_ms).ravel(), (cost.T + on_cost).ravel(), useful.ravel()

    def _takes(self, pickup: Pickup) -> _Bools:
        return np.array([pickup.material in dock.accepts for dock in self.problem.docks], dtype=bool)


def _late_cost(problem: Problem, kind: str, index: int, done_ms: int) -> int:
    if kind != "pickup" or done_ms <= problem.pickups[index].due_ms:
        return 0
    pickup = problem.pickups[index]
    return pickup.late_cost_per_s * math.ceil((done_ms - pickup.due_ms) / 1000)


@dataclass(slots=True)
class _Stage:
    """One visit, and what is known of it before any time is."""

    place: Pickup | Dock
    index: int
    ms: int
    energy_wh: float
    unloads: bool = False
    charger_here: bool = False
    leave_ms: int = field(default=-(10**18))


class _Try:
    """One vehicle along some visits; committed ones are excused what the words excuse them."""

    def __init__(self, line: _Line, visits: Sequence[Visit]) -> None:
        self.line, self.visits = line, visits
        self.forced = len(line.me.committed)
        self.stages: list[_Stage] = []
        self.start_ms = line.me.ready_ms
        self.legal = self._load()

    def late_cost(self) -> int | None:
        """What the lateness of all pickups costs; None if a rule is broken."""
        if not self.legal:
            return None
        line, kind = self.line, self.line.kind
        battery = min(line.me.battery_wh, kind.battery_wh) if line.electric else math.inf
        now, cost, drained = self.start_ms, 0, False
        for at, stage in enumerate(self.stages):
            battery -= stage.energy_wh
            if stage.energy_wh > 0 and battery < kind.reserve_wh - TOLERANCE and not drained:
                drained = True
                if at >= self.forced:
                    return None
            now += stage.ms
            if isinstance(stage.place, Pickup):
                now = max(now, stage.place.earliest_ms) + stage.place.service_ms
                if now > stage.place.latest_ms and at >= self.forced:
                    return None
                cost += _late_cost(line.problem, "pickup", stage.index, now)
                continue
            after = self._at_dock(at, stage, stage.place, now, battery)
            if after is None:
                return None
            drained = drained and after[1] <= battery
            now, battery = max(after[0], stage.leave_ms), after[1]
        return cost if now <= line.by_ms else None

    def _load(self) -> bool:
        """Fill in the stages; whether all is well with what is on board, and with the end."""
        line, kind, problem = self.line, self.line.kind, self.line.problem
        mass = volume = 0.0
        aboard: set[str] = set()
        node, trips, set_out, dock_before = line.me.node, 0, -1, -1
        for at, visit in enumerate(self.visits):
            place = line.roads.place(visit)
            ms, _, effort = line.roads(line.me.type, node, place.node)
            if ms >= UNREACHABLE_MS:
                return False
            power = (
                kind.power_coefficient and kind.power_coefficient * (kind.empty_kg + mass) ** kind.mass_exponent
            )
            stage = _Stage(place, visit[1], ms, power * effort if power else 0.0)
            self.stages.append(stage)
            node = place.node
            if isinstance(place, Pickup):
                if not aboard:
                    trips, set_out = trips + 1, dock_before
                aboard.add(place.material)
                mass, volume = mass + place.mass_kg, volume + place.volume_l
                self._hold(set_out, place.release_ms)
                clash = any(pair <= aboard for pair in problem.apart)
                heavy = mass > kind.payload_kg + TOLERANCE or volume > kind.volume_l + TOLERANCE
                barred = not place.needs <= kind.certificates
                if at >= self.forced and (clash or heavy or barred or trips > kind.most_trips):
                    return False
                continue
            dock_before = at
            stage.charger_here = place.charger is not None and line.electric
            if aboard and aboard <= place.accepts:
                stage.unloads = True
                aboard, mass, volume = set(), 0.0, 0.0
        last = self.visits[-1]
        return not aboard and last[0] == "dock" and (not line.me.ends or last[1] in line.me.ends)

    def _hold(self, set_out: int, release_ms: int) -> None:
        if set_out < 0:
            self.start_ms = max(self.start_ms, release_ms)
        else:
            self.stages[set_out].leave_ms = max(self.stages[set_out].leave_ms, release_ms)

    def _at_dock(self, at: int, stage: _Stage, dock: Dock, now: int, battery: float) -> tuple[int, float] | None:
        """When the vehicle is done there and what it then has in the battery."""
        if stage.unloads:
            begin = self._pad_ms(stage.index, dock, now, dock.hours)
            if begin is None and at < self.forced:
                begin = self._pad_ms(stage.index, dock, now, ())
            if begin is None:
                return None
            now = begin + dock.unload_ms
        last = at == len(self.stages) - 1
        amount = self._amount_wh(at, stage, dock, battery) if stage.charger_here and not last else 0.0
        if amount <= TOLERANCE / 1000:
            return None if not (stage.unloads or last or at < self.forced) else (now, battery)
        assert dock.charger is not None
        needs = charging_ms(dock.charger, amount)
        busy = self.line.places.get(stage.index, [])
        now = _first_free(busy, dock.charger.places, max(now, stage.leave_ms - needs), needs)
        return now + needs, battery + amount

    def _amount_wh(self, at: int, stage: _Stage, dock: Dock, battery: float) -> float:
        kind = self.line.kind
        ahead = 0.0
        for onward in range(at + 1, len(self.stages)):
            ahead += self.stages[onward].energy_wh
            if self.stages[onward].charger_here and onward < len(self.stages) - 1:
                break
        lacks = kind.reserve_wh + ahead - battery
        needed = lacks > TOLERANCE / 1000
        room = kind.battery_wh - battery
        if room <= TOLERANCE / 1000 or not (needed or (not stage.unloads and at >= self.forced)):
            return 0.0
        if dock.charger is not None and dock.charger.mode == "partial":
            return min(room, max(0.0, lacks))
        return room

    def _pad_ms(self, index: int, dock: Dock, now: int, hours: tuple[tuple[int, int], ...]) -> int | None:
        """The first moment for unloading, within hours (none: any) and with a pad free."""
        for opens, closes in sorted(hours or ((now, now + 10**16),)):
            begin = max(now, opens)
            if begin + dock.unload_ms > closes:
                continue
            begin = _first_free(self.line.pads.get(index, []), dock.pads, begin, dock.unload_ms)
            if begin + dock.unload_ms <= closes:
                return begin
        return None


def _first_free(busy: Sequence[tuple[int, int]], places: int, from_ms: int, needs_ms: int) -> int:
    """The first moment from which fewer than `places` of `busy` overlap at any time for `needs_ms`."""
    if needs_ms <= 0 or len(busy) < places:
        return from_ms
    for begin in sorted([from_ms, *(end for _, end in busy if end > from_ms)]):
        met = sorted((max(a, begin), b) for a, b in busy if a < begin + needs_ms and b > begin)
        if all(sum(x <= a < y for x, y in met) < places for a, _ in met):
            return begin
    raise AssertionError("after the last has left all places are free")
