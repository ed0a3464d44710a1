"""A second chance for pickups that `repair` took off a route: a place on another one, with exact schedules."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from fleet.plan.copies import homeward
from fleet.plan.problem import UNREACHABLE_MS, Problem, Route
from fleet.plan.schedule import Visit, node_of, schedule

_PLACES_TRIED = 12
"""Places in all routes that are tried for one pickup; the shortest detours come first."""


def flight_ms(problem: Problem, route: Route) -> int:
    """Time in the air along a route: its part of the plan's cost."""
    vehicle = problem.vehicles[route.vehicle]
    nodes = [vehicle.node, *(node_of(problem, (stop.kind, stop.index)) for stop in route.stops)]
    travel = problem.travel_ms[vehicle.type]
    return sum(int(travel[a, b]) for a, b in itertools.pairwise(nodes))


def place(problem: Problem, routes: list[Route], pickups: Sequence[int]) -> list[Route]:
    """`routes` with as many of `pickups` put in as fit at less than their penalty, dearest first.

    `routes` has one route per vehicle, in order, some of them empty. A pickup goes between two stops, or with a
    dock of its own that takes it to the end of a route.
    """
    routes = list(routes)
    for index in sorted(pickups, key=lambda i: (-problem.pickups[i].penalty, i)):
        better = _cheapest_place(problem, routes, index)
        if better is not None:
            routes[better.vehicle] = better
    return routes


def _cheapest_place(problem: Problem, routes: Sequence[Route], index: int) -> Route | None:
    options = sorted(o for route in routes for o in _places(problem, route, index))
    for extra_ms, vehicle, gap, dock in options[:_PLACES_TRIED]:
        if extra_ms >= problem.pickups[index].penalty:
            break
        visits: list[Visit] = [(stop.kind, stop.index) for stop in routes[vehicle].stops]
        own: list[Visit] = [("pickup", index)] if dock < 0 else [("pickup", index), ("dock", dock)]
        result = schedule(problem, vehicle, homeward(problem, vehicle, [*visits[:gap], *own, *visits[gap:]]))
        if isinstance(result, Route):
            gain = (
                problem.pickups[index].penalty - flight_ms(problem, result) + flight_ms(problem, routes[vehicle])
            )
            if gain > 0:
                return result
    return None


def _places(problem: Problem, route: Route, index: int) -> Iterator[tuple[int, int, int, int]]:
    """(extra travel in ms, vehicle, gap, own dock or -1) for every place in `route` that is not hopeless."""
    vehicle, pickup = problem.vehicles[route.vehicle], problem.pickups[index]
    kind, travel = problem.types[vehicle.type], problem.travel_ms[vehicle.type]
    if pickup.mass_kg > kind.payload_kg or pickup.volume_l > kind.volume_l or pickup.hazardous > kind.hazmat:
        return
    free_ms = [vehicle.ready_ms, *(stop.end_ms for stop in route.stops)]
    nodes = [vehicle.node, *(node_of(problem, (stop.kind, stop.index)) for stop in route.stops)]
    for gap, (before, after) in enumerate(itertools.pairwise(nodes)):
        out, on = int(travel[before, pickup.node]), int(travel[pickup.node, after])
        in_time = max(free_ms[gap] + out, pickup.earliest_ms) + pickup.service_ms <= pickup.latest_ms
        if in_time and max(out, on) < UNREACHABLE_MS:
            yield out + on - int(travel[before, after]), route.vehicle, gap, -1
    out = int(travel[nodes[-1], pickup.node])
    if max(free_ms[-1] + out, pickup.earliest_ms) + pickup.service_ms <= pickup.latest_ms:
        homes = [
            (int(travel[pickup.node, dock.node]), i)
            for i, dock in enumerate(problem.docks)
            if pickup.material in dock.accepts
        ]
        for home, dock in sorted(homes)[:2]:
            if max(out, home) < UNREACHABLE_MS:
                yield out + home, route.vehicle, len(nodes) - 1, dock
