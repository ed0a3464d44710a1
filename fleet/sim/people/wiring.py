"""What festivals add to a run before it begins: pickups to its demand, closures to its sky."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fleet.base.streams import Streams
from fleet.city.model import City, Site
from fleet.city.sky import Closure
from fleet.demand.model import Request, Span
from fleet.sim.people.festival_params import FestivalParams
from fleet.sim.people.festivals import closure_of, surge, takers
from fleet.sim.people.params import PeopleParams
from fleet.sim.people.place_params import find

Held = tuple[FestivalParams, tuple[float, float]]


def _held(params: PeopleParams, city: City, sites: Sequence[Site]) -> Iterator[Held]:
    """Every festival whose place is on the map, and where that is."""
    for festival in params.festivals:
        place = find(festival.at, city.frame, (*sites, *city.pickup_points))
        if place is not None:
            yield festival, place


def closures_of_festivals(
    params: PeopleParams, city: City, sites: Sequence[Site], start_hour: float
) -> tuple[Closure, ...]:
    """The sky over every festival that closes it."""
    found = (closure_of(festival, place, start_hour) for festival, place in _held(params, city, sites))
    return tuple(closure for closure in found if closure is not None)


def surges(
    params: PeopleParams, city: City, sites: Sequence[Site], span: Span, streams: Streams
) -> Iterator[Request]:
    """The pickups of every festival."""
    for festival, place in _held(params, city, sites):
        if all(takers(festival, place, city.pickup_points, material) for material in festival.materials):
            yield from surge(festival, place, city.pickup_points, span, streams)
