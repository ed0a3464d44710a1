"""Puts pickups into routes at the least detour, with exact schedules.

Places are listed by what is cheap to see (detour, room, who takes it, how much delay the stops behind can bear)
and tried in the order of their detours; the first that `schedule` finds legal is taken.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from fleet.plan.copies import homeward
from fleet.plan.problem import UNREACHABLE_MS, Pickup, Problem, Route
from fleet.plan.schedule import Breach, Visit, lean, node_of, schedule, with_charges

_PLACES_TRIED = 8
"""Places that are tried for one pickup; the shortest detours come first."""
_OWN_DOCKS = 2
"""Takers that are tried for a trip of its own, the nearest ones."""

_Place = tuple[int, int, int, int]
"""Extra travel in ms, vehicle, gap, own dock or -1."""


class _Gap(NamedTuple):
    """A gap in a route: where and since when the vehicle is free there, where it goes next (-1: nowhere), when it
    must be there, room besides the trip that the gap is part of, the dock where that trip ends (-1: there is no
    trip), and whether the vehicle is empty."""

    node: int
    free_ms: int
    after: int
    by_ms: int
    spare_kg: float
    spare_l: float
    dock: int
    empty: bool


def visits_of(route: Route) -> list[Visit]:
    """What a route visits, without the times."""
    return [(stop.kind, stop.index) for stop in route.stops]


def flight_ms(problem: Problem, route: Route) -> int:
    """Time in the air along a route: its part of the plan's cost."""
    vehicle = problem.vehicles[route.vehicle]
    nodes = [vehicle.node, *(node_of(problem, visit) for visit in visits_of(route))]
    travel = problem.travel_ms[vehicle.type]
    return sum(int(travel[a, b]) for a, b in itertools.pairwise(nodes))


def dearest_first(problem: Problem, pickups: Iterable[int]) -> list[int]:
    """`pickups` by falling penalty, then by index."""
    return sorted(pickups, key=lambda i: (-problem.pickups[i].penalty, i))


def place(problem: Problem, routes: Sequence[Route], pickups: Iterable[int]) -> list[Route]:
    """`routes` with as many of `pickups` put in as fit at less than their penalty, in the order given; for many
    calls on one problem keep a `Placer`."""
    return Placer(problem).place(routes, pickups)


class Placer:
    """Places pickups of one problem; remembers what it saw of each vehicle's last route."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._seen: dict[int, tuple[Route, list[_Gap]]] = {}

    def place(self, routes: Sequence[Route], pickups: Iterable[int]) -> list[Route]:
        """`routes` with as many of `pickups` put in as fit at less than their penalty, in the order given.

        `routes` has one route per vehicle, in order, some of them empty. A pickup goes between two stops, or,
        where the vehicle is empty, makes a trip of its own to a dock that takes it.
        """
        routes = list(routes)
        for index in pickups:
            better = self._cheapest(routes, index)
            if better is not None:
                routes[better.vehicle] = better
        return routes

    def _cheapest(self, routes: Sequence[Route], index: int) -> Route | None:
        problem, pickup = self.problem, self.problem.pickups[index]
        mended = False
        options = [option for kind in range(len(problem.types)) for option in self._options(routes, pickup, kind)]
        for extra_ms, vehicle, gap, dock in sorted(options)[:_PLACES_TRIED]:
            if extra_ms >= pickup.penalty:
                break
            visits = visits_of(routes[vehicle])
            own: list[Visit] = [("pickup", index)] if dock < 0 else [("pickup", index), ("dock", dock)]
            longer = homeward(problem, vehicle, [*visits[:gap], *own, *visits[gap:]])
            result: Route | Breach | None = schedule(problem, vehicle, longer)
            if isinstance(result, Breach) and result.rule == "battery" and not mended:
                mended = True
                result = with_charges(problem, vehicle, longer, pickup.penalty)
            if isinstance(result, Route):
                result = lean(problem, result)
                extra = flight_ms(problem, result) - flight_ms(problem, routes[vehicle])
                if extra < pickup.penalty:
                    return result
        return None

    def _options(self, routes: Sequence[Route], pickup: Pickup, type_index: int) -> Iterator[_Place]:
        """Every place on the routes of a vehicle type that is not hopeless."""
        problem, kind = self.problem, self.problem.types[type_index]
        if pickup.mass_kg > kind.payload_kg or pickup.volume_l > kind.volume_l or pickup.hazardous > kind.hazmat:
            return
        travel = problem.travel_ms[type_index]
        out, on = travel[:, pickup.node].tolist(), travel[pickup.node].tolist()
        takes = [pickup.material in dock.accepts for dock in problem.docks]
        homes = sorted((on[d.node] + d.unload_ms, i) for i, d in enumerate(problem.docks) if takes[i])[:_OWN_DOCKS]
        latest = pickup.latest_ms - pickup.service_ms
        for route in routes:
            if problem.vehicles[route.vehicle].type != type_index:
                continue
            for number, gap in enumerate(self._gaps(route)):
                begin = max(gap.free_ms + out[gap.node], pickup.earliest_ms)
                if begin > latest:
                    break
                done = begin + pickup.service_ms
                direct = 0 if gap.after < 0 else int(travel[gap.node, gap.after])
                fits = pickup.mass_kg <= gap.spare_kg and pickup.volume_l <= gap.spare_l
                if gap.dock >= 0 and takes[gap.dock] and fits and done + on[gap.after] <= gap.by_ms:
                    yield out[gap.node] + on[gap.after] - direct, route.vehicle, number, -1
                if not gap.empty:
                    continue
                for home_ms, dock in homes:
                    further = 0 if gap.after < 0 else int(travel[problem.docks[dock].node, gap.after])
                    if further < UNREACHABLE_MS and done + home_ms + further <= gap.by_ms:
                        extra = out[gap.node] + on[problem.docks[dock].node] + further - direct
                        yield extra, route.vehicle, number, dock

    def _gaps(self, route: Route) -> list[_Gap]:
        seen = self._seen.get(route.vehicle)
        if seen is None or seen[0] is not route:
            seen = self._seen[route.vehicle] = route, _gaps(self.problem, route)
        return seen[1]


def _gaps(problem: Problem, route: Route) -> list[_Gap]:
    """What could go into each gap of `route`: before each stop, and after the last."""
    vehicle = problem.vehicles[route.vehicle]
    nodes = [vehicle.node, *(node_of(problem, visit) for visit in visits_of(route))]
    free = [vehicle.ready_ms, *(stop.end_ms for stop in route.stops)]
    by = _deadlines(problem, route)
    room = _room(problem, route)
    return [
        _Gap(node, free_ms, after, by_ms, *spare)
        for node, free_ms, after, by_ms, spare in zip(nodes, free, [*nodes[1:], -1], by, room, strict=True)
    ]


def _deadlines(problem: Problem, route: Route) -> list[int]:
    """When the vehicle must arrive at each stop for all the rest to stay in time; last, when it must be done.

    (Savelsbergh's forward slack: "The vehicle routing problem with time windows", ORSA J. Computing 4(2), 1992.)
    """
    by, onward_ms = [problem.end_ms], 0
    for at in reversed(range(len(route.stops))):
        stop = route.stops[at]
        done = by[-1] - onward_ms
        if stop.kind == "pickup":
            done = min(done, problem.pickups[stop.index].latest_ms)
        by.append(done - (stop.end_ms - stop.start_ms))
        onward_ms = stop.arrive_ms - route.stops[at - 1].end_ms
    return by[::-1]


def _room(problem: Problem, route: Route) -> list[tuple[float, float, int, bool]]:
    """Of each gap: `spare_kg`, `spare_l`, `dock`, `empty`."""
    kind = problem.types[problem.vehicles[route.vehicle].type]
    gaps: list[tuple[float, float, int, bool]] = []
    mass_kg = volume_l = 0.0
    begun = 0
    for at, stop in enumerate(route.stops):
        if stop.kind == "pickup":
            mass_kg += problem.pickups[stop.index].mass_kg
            volume_l += problem.pickups[stop.index].volume_l
        elif stop.unload:
            spare = kind.payload_kg - mass_kg, kind.volume_l - volume_l
            first = next(i for i in range(begun, at) if route.stops[i].kind == "pickup")
            gaps += [(*spare, stop.index, i <= first) for i in range(begun, at + 1)]
            mass_kg, volume_l, begun = 0.0, 0.0, at + 1
    return gaps + [(0.0, 0.0, -1, True) for _ in range(begun, len(route.stops) + 1)]
