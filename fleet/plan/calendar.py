"""Who unloads and who charges at each dock, and when: the places that vehicles share, as planners keep them.

Only docks with a limit are written down. A place is free for a stretch of time if at no moment of it all places
are taken; stretches are half open, so one may begin when another ends, and an empty one takes no place.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Iterator

from fleet.plan.problem import UNLIMITED, Charger, Dock, Problem, Route

ROUNDING = 1e-9
"""Kilograms, litres and watt-hours that sums of floats may be off by."""

Stretch = tuple[int, int]


def charge_ms(charger: Charger, amount_wh: float) -> int:
    """Time that charging `amount_wh` takes."""
    if charger.mode == "swap":
        return charger.fixed_ms
    return charger.fixed_ms + math.ceil(charger.ms_per_wh * amount_wh - ROUNDING)


def opening_ms(dock: Dock, from_ms: int) -> int | None:
    """The first moment at or after `from_ms` at which unloading may begin, by the dock's hours; None: never."""
    if not dock.hours:
        return from_ms
    fits = [max(from_ms, begin) for begin, end in dock.hours if max(from_ms, begin) + dock.unload_ms <= end]
    return min(fits, default=None)


class Calendar:
    """What is taken at the docks of a problem."""

    def __init__(self, problem: Problem) -> None:
        self._docks = problem.docks
        self._pads: dict[int, list[Stretch]] = {}
        self._places: dict[int, list[Stretch]] = {}

    @staticmethod
    def of(problem: Problem, routes: Iterable[Route]) -> Calendar:
        """What `routes` take."""
        calendar = Calendar(problem)
        for route in routes:
            for kind, dock, begin_ms, needs_ms in calendar._uses(route):
                if kind == "pad":
                    calendar.take_pad(dock, begin_ms)
                else:
                    calendar.take_place(dock, begin_ms, needs_ms)
        return calendar

    def without(self, route: Route) -> Calendar:
        """One from which is gone what `route`, which is written in this, takes."""
        other = self.copy()
        for kind, dock, begin_ms, needs_ms in self._uses(route):
            taken = (other._pads if kind == "pad" else other._places).get(dock)
            if taken is not None and needs_ms > 0:
                taken.remove((begin_ms, begin_ms + needs_ms))
        return other

    def _uses(self, route: Route) -> Iterator[tuple[str, int, int, int]]:
        for stop in route.stops:
            if stop.kind != "dock" or not self.is_shared(stop.index):
                continue
            dock = self._docks[stop.index]
            if stop.unload:
                yield "pad", stop.index, stop.start_ms, dock.unload_ms
            if dock.charger is not None and stop.charge_wh > 0:
                needs_ms = charge_ms(dock.charger, stop.charge_wh)
                yield "place", stop.index, stop.end_ms - needs_ms, needs_ms

    def copy(self, problem: Problem | None = None) -> Calendar:
        """One that can be written in without changing this, for another `problem` with these docks if given."""
        other = object.__new__(Calendar)
        other._docks = self._docks if problem is None else problem.docks
        other._pads = {dock: list(taken) for dock, taken in self._pads.items()}
        other._places = {dock: list(taken) for dock, taken in self._places.items()}
        return other

    def is_shared(self, dock: int) -> bool:
        """Whether a dock has a limit at all."""
        charger = self._docks[dock].charger
        return self._docks[dock].pads < UNLIMITED or (charger is not None and charger.places < UNLIMITED)

    def any_pad_ms(self, dock: int, from_ms: int) -> int:
        """The first moment at or after `from_ms` at which a pad is free for an unloading, at whatever hour."""
        site = self._docks[dock]
        return _free_ms(self._pads.get(dock, ()), site.pads, from_ms, site.unload_ms)

    def free_pad_ms(self, dock: int, from_ms: int) -> int | None:
        """The same, within hours; None if there is no such moment."""
        site = self._docks[dock]
        free_ms = from_ms
        while (at := opening_ms(site, free_ms)) is not None:
            free_ms = self.any_pad_ms(dock, at)
            if free_ms == at:
                return at
        return None

    def free_place_ms(self, dock: int, from_ms: int, needs_ms: int) -> int:
        """The first moment at or after `from_ms` at which a charger is free for `needs_ms`."""
        charger = self._docks[dock].charger
        return _free_ms(self._places.get(dock, ()), 0 if charger is None else charger.places, from_ms, needs_ms)

    def take_pad(self, dock: int, start_ms: int) -> None:
        """Write down an unloading."""
        site = self._docks[dock]
        if site.pads < UNLIMITED and site.unload_ms > 0:
            bisect.insort(self._pads.setdefault(dock, []), (start_ms, start_ms + site.unload_ms))

    def take_place(self, dock: int, start_ms: int, needs_ms: int) -> None:
        """Write down a charge."""
        charger = self._docks[dock].charger
        if charger is not None and charger.places < UNLIMITED and needs_ms > 0:
            bisect.insort(self._places.setdefault(dock, []), (start_ms, start_ms + needs_ms))


def _free_ms(taken: Iterable[Stretch], places: int, from_ms: int, needs_ms: int) -> int:
    """The first moment at or after `from_ms` from which `needs_ms` are free of `places` stretches at a time."""
    if needs_ms <= 0:
        return from_ms
    ahead = [stretch for stretch in taken if stretch[1] > from_ms]
    for at in sorted({from_ms, *(end for _, end in ahead)}):
        meets = [(begin, end) for begin, end in ahead if begin < at + needs_ms and end > at]
        moments = [at, *(begin for begin, _ in meets if begin > at)]
        if all(sum(begin <= t < end for begin, end in meets) < places for t in moments):
            return at
    return from_ms
