"""What follows from the visits of a vehicle before any time is: loads, trips, unloading, energy, releases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fleet.plan.calendar import ROUNDING
from fleet.plan.legs import Legs, node_of
from fleet.plan.problem import UNREACHABLE_MS, Charger, Problem, Visit

BreachRule = Literal[
    "certificate",
    "mass",
    "volume",
    "apart",
    "trips",
    "accepts",
    "idle",
    "committed",
    "finish",
    "ends",
    "path",
    "battery",
    "window",
    "hours",
    "until",
]


@dataclass(frozen=True, slots=True)
class Breach:
    """The first visit (its position) at which a rule is broken, what would be needed and what there is.

    "idle": the dock neither unloads nor charges. "accepts": it does not take what is on board, and has no charger.
    "finish": the route does not end empty at a dock. "battery": what the stretch up to the next charger takes
    beyond the reserve, and what is there for it. "hours": the arrival, and the last moment to begin.
    """

    position: int
    rule: BreachRule
    need: float
    limit: float


class Course:
    """What follows from the visits of a vehicle without any times; lists go by position.

    `breach` is the first beyond the committed visits, `excused` the first of those.
    `leg_wh` is infinite where there is no way. `onward_wh` is the energy from there to the next charger, or to the
    end; `release_ms` when the vehicle may leave, the last entry (-1) being the start.
    """

    def __init__(self, problem: Problem, vehicle: int, visits: Sequence[Visit], legs: Legs) -> None:
        self.problem, self.visits = problem, visits
        self.me = problem.vehicles[vehicle]
        self.kind = problem.types[self.me.type]
        self.breach: Breach | None = None
        self.excused: Breach | None = None
        nodes = [self.me.node, *(node_of(problem, visit) for visit in visits)]
        self.legs = legs.along(self.me.type, nodes)
        self.leg_wh = [0.0] * len(visits)
        self.unloads = [False] * len(visits)
        self.release_ms = [-(10**18)] * (len(visits) + 1)
        self._load()
        self._end()
        self.onward_wh = [0.0] * (len(visits) + 1)
        for at in range(len(visits) - 1, -1, -1):
            stops_here = at + 1 < len(visits) and self.charger_at(at) is not None
            self.onward_wh[at - 1] = self.leg_wh[at] + (0.0 if stops_here else self.onward_wh[at])

    def charger_at(self, position: int) -> Charger | None:
        """The charger at a visit, if the vehicle can use one."""
        kind, index = self.visits[position]
        return self.problem.docks[index].charger if kind == "dock" and self.kind.battery_wh < math.inf else None

    def broken(self, position: int, rule: BreachRule, need: float, limit: float) -> None:
        """Note a breach; only the one that comes first counts."""
        if position < len(self.me.committed) and rule != "committed":
            self.excused = self.excused or Breach(position, rule, need, limit)
        elif self.breach is None or position < self.breach.position:
            self.breach = Breach(position, rule, need, limit)

    def _load(self) -> None:
        mass = volume = 0.0
        aboard: set[str] = set()
        dock_before, set_out, trips = -1, -1, 0
        for at, (kind, index) in enumerate(self.visits):
            self.leg_wh[at] = self._energy_wh(at, mass)
            if kind == "pickup":
                pickup = self.problem.pickups[index]
                if not aboard:
                    set_out = dock_before
                    trips += 1
                aboard.add(pickup.material)
                mass, volume = mass + pickup.mass_kg, volume + pickup.volume_l
                self.release_ms[set_out] = max(self.release_ms[set_out], pickup.release_ms)
                self._check_load(at, mass, volume, aboard, trips)
                continue
            dock = self.problem.docks[index]
            dock_before = at
            if aboard and aboard <= dock.accepts:
                self.unloads[at] = True
                aboard, mass, volume = set(), 0.0, 0.0
            elif at >= len(self.me.committed) and self.charger_at(at) is None:
                if aboard:
                    self.broken(at, "accepts", len(aboard), len(aboard & dock.accepts))
                elif at < len(self.visits) - 1:
                    self.broken(at, "idle", 1, 0)
        self.empty = not aboard

    def _energy_wh(self, position: int, load_kg: float) -> float:
        ms, _, effort_h = self.legs[position]
        if ms >= UNREACHABLE_MS:
            return math.inf
        if self.kind.power_coefficient == 0.0:
            return 0.0
        mass = float((self.kind.empty_kg + load_kg) ** self.kind.mass_exponent)
        return self.kind.power_coefficient * mass * effort_h

    def _check_load(self, at: int, mass: float, volume: float, aboard: set[str], trips: int) -> None:
        kind, pickup = self.kind, self.problem.pickups[self.visits[at][1]]
        if not pickup.needs <= kind.certificates:
            self.broken(at, "certificate", len(pickup.needs), len(pickup.needs & kind.certificates))
        if mass > kind.payload_kg + ROUNDING:
            self.broken(at, "mass", mass, kind.payload_kg)
        if volume > kind.volume_l + ROUNDING:
            self.broken(at, "volume", volume, kind.volume_l)
        if any(pair <= aboard for pair in self.problem.apart if pickup.material in pair):
            self.broken(at, "apart", 1, 0)
        if trips > kind.most_trips:
            self.broken(at, "trips", trips, kind.most_trips)

    def _end(self) -> None:
        committed, last = self.me.committed, len(self.visits) - 1
        if tuple(self.visits[: len(committed)]) != committed:
            self.broken(last + 1, "committed", len(committed), len(self.visits))
        if last < 0:
            return
        kind, index = self.visits[last]
        if kind != "dock" or not self.empty:
            self.broken(last + 1, "finish", 1, 0)
        elif self.me.ends and index not in self.me.ends:
            self.broken(last + 1, "ends", 1, 0)
