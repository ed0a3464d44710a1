"""Pickups put into routes that stand: the cheapest legal place for one among all that the rest leaves.

`fleet.plan.look` says which ways there are and what they cost at least. They are tried in that order, with exact
times beside the other routes, until the rest must be dearer than what was found. So what finds no place here has
none, at less than its penalty, while the rest stays in its order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fleet.plan.calendar import Calendar
from fleet.plan.gaps import Rows, gaps_of, joined
from fleet.plan.look import Choices, Look, Wish, in_order
from fleet.plan.lots import Docks, Lot
from fleet.plan.problem import Problem, Route, Visit
from fleet.plan.timetable import Legs, route_cost, schedule, visits_of

_ROUNDING = 1e-6
_ANY = Wish()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pickup may go: the route that it makes, and what that costs more."""

    extra_cost: int
    route: Route


class Trial(NamedTuple):
    """A route that could be: what it costs more at least, whose it is, and its visits."""

    more: int
    vehicle: int
    visits: tuple[Visit, ...]


class Insertion:
    """The routes of a plan (one for each vehicle, in order, possibly empty), and where more would fit."""

    def __init__(self, problem: Problem, routes: Sequence[Route], legs: Legs | None = None) -> None:
        self.problem = problem
        self.routes = list(routes)
        self.legs = legs or Legs(problem)
        self._docks = Docks(problem)
        self._rows: list[Rows | None] = [None] * len(self.routes)
        self._costs: list[int | None] = [None] * len(self.routes)
        self._lots: dict[int, Lot | None] = {}
        self._calendars: dict[int, Calendar] = {}
        self._everybody: Calendar | None = None
        empty = Calendar(problem)
        self._alone = None if any(map(empty.is_shared, range(len(problem.docks)))) else empty

    def moved(self, problem: Problem) -> Insertion:
        """The same routes in another problem, that has these vehicles, pickups and docks and maybe more, and
        docks that can do more."""
        idle = [Route(v, ()) for v in range(len(self.routes), len(problem.vehicles))]
        other = Insertion(problem, [*self.routes, *idle], self.legs.of(problem))
        pairs = zip(self.problem.docks, problem.docks, strict=False)
        changed = {i for i, (old, new) in enumerate(pairs) if old is not new}
        for v, route in enumerate(self.routes):
            if not any(stop.kind == "dock" and stop.index in changed for stop in route.stops):
                other._rows[v] = self._rows_of(v)
        return other

    def cost(self, vehicle: int) -> int:
        """What a vehicle's route costs."""
        known = self._costs[vehicle]
        if known is None:
            known = self._costs[vehicle] = route_cost(self.problem, self.routes[vehicle], self.legs)
        return known

    def calendar(self, vehicle: int) -> Calendar:
        """What all others have taken."""
        if self._alone is not None:
            return self._alone
        if vehicle not in self._calendars:
            if self._everybody is None:
                self._everybody = Calendar.of(self.problem, self.routes)
            self._calendars[vehicle] = self._everybody.without(self.routes[vehicle])
        return self._calendars[vehicle]

    def take(self, route: Route) -> None:
        """Let a vehicle have another route."""
        self.routes[route.vehicle] = route
        self._rows[route.vehicle] = self._costs[route.vehicle] = None
        self._lots.pop(self.problem.vehicles[route.vehicle].type, None)
        self._calendars.clear()
        self._everybody = None

    def put(
        self, indices: Iterable[int], is_over: Callable[[], bool] = lambda: False, most: int | None = None
    ) -> list[int]:
        """Put in all that have a place at less than their penalty, the dearest first; those that have none among
        the first `most` that are tried. Once `is_over` says so, nothing more is tried."""
        pickups = self.problem.pickups
        left = sorted(indices, key=lambda i: (-pickups[i].penalty, i))
        changed, seen, clock = np.zeros(len(self.routes), dtype=np.int64), dict.fromkeys(left, -1), 0
        while True:
            still = []
            for index in left:
                # Where vehicles share nothing, those that have not changed have no place now either.
                vehicles = None if self._alone is None or seen[index] < 0 else changed > seen[index]
                place = None
                if (vehicles is None or vehicles.any()) and not is_over():
                    place = self.cheapest(index, Wish(pickups[index].penalty, vehicles), most)
                seen[index] = clock
                if place is None:
                    still.append(index)
                else:
                    clock += 1
                    changed[place.route.vehicle] = clock
                    self.take(place.route)
            if len(still) == len(left):
                return still
            left = still

    def cheapest(self, index: int, wish: Wish = _ANY, most: int | None = None) -> Place | None:
        """The cheapest legal way to take in a pickup that is on no route, of the first `most` that are tried; None
        where there is none below `wish.below`."""
        found, below = None, wish.below
        for count, trial in enumerate(self.trials(index, wish)):
            if trial.more >= below or count == most:
                break
            route = schedule(
                self.problem, trial.vehicle, trial.visits, self.calendar(trial.vehicle), legs=self.legs
            )
            if isinstance(route, Route):
                extra = route_cost(self.problem, route, self.legs) - self.cost(trial.vehicle)
                if extra < below:
                    found, below = Place(extra, route), extra
        return found

    def trials(self, index: int, wish: Wish = _ANY) -> Iterator[Trial]:
        """The ways that are wished for and not hopeless, the cheapest first."""
        pickup = self.problem.pickups[index]
        found: list[Choices] = []
        for number, kind in enumerate(self.problem.types):
            fits = pickup.mass_kg <= kind.payload_kg + _ROUNDING and pickup.volume_l <= kind.volume_l + _ROUNDING
            if wish.strict and not (fits and pickup.needs <= kind.certificates):
                continue
            lot = self._lot(number)
            if lot is not None:
                found += Look(lot, pickup, wish).choices()
        for lot_of_choices in in_order(found) if found else ():
            for choice in zip(*(column.tolist() for column in lot_of_choices), strict=True):
                yield self._trial(index, *choice)

    def _trial(self, index: int, extra: int, vehicle: int, position: int, *docks: int) -> Trial:
        before, behind, end = (_stop(dock) for dock in docks)
        was = visits_of(self.routes[vehicle])
        visits = *was[:position], *before, _pickup(index), *behind, *end, *was[position:]
        return Trial(extra, vehicle, visits)

    def _lot(self, number: int) -> Lot | None:
        """The gaps of vehicles of a type; of idle vehicles that are alike those of the first."""
        if number not in self._lots:
            rows: list[Rows] = []
            idle = set()
            for v, vehicle in enumerate(self.problem.vehicles):
                if vehicle.type != number:
                    continue
                if not self.routes[v].stops:
                    alike = vehicle.node, vehicle.ready_ms, vehicle.battery_wh, vehicle.until_ms, vehicle.ends
                    if alike in idle:
                        continue
                    idle.add(alike)
                rows.append(self._rows_of(v))
            self._lots[number] = Lot(self.problem, self._docks, number, joined(rows)) if rows else None
        return self._lots[number]

    def _rows_of(self, vehicle: int) -> Rows:
        known = self._rows[vehicle]
        if known is None:
            route = self.routes[vehicle]
            known = self._rows[vehicle] = gaps_of(self.problem, route, self._docks.bits, self.legs)
        return known


def _pickup(index: int) -> Visit:
    return "pickup", index


def _stop(dock: int) -> tuple[Visit, ...]:
    return () if dock < 0 else (("dock", dock),)
