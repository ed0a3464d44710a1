"""What is wrong with `people` in a scenario once its map, its sites and its vehicles are known.

Guards are checked with the fleet, whose types and names they share, and what zones are called with the sky
(`fleet.app.setting`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fleet.base.clock import next_time_ms
from fleet.base.errors import Fault, did_you_mean
from fleet.demand.process import demand_faults
from fleet.sim.ground import Ground, fault
from fleet.sim.people.counters import deposits_demand
from fleet.sim.people.festival_params import FestivalParams
from fleet.sim.people.festivals import takers
from fleet.sim.people.params import CitizensParams, PeopleParams
from fleet.sim.people.place_params import Spot, find, place_faults


def faults(params: PeopleParams, ground: Ground) -> Iterator[Fault]:
    """Every fault; each path starts at the section."""
    spots: tuple[Spot, ...] = (*ground.sites, *ground.city.pickup_points)
    if params.citizens is not None:
        yield from _citizen_faults(params.citizens, ground)
    markets = [market.name for market in params.markets]
    for n, market in enumerate(params.markets):
        yield from place_faults(market.at, ground.city.frame, spots, f"markets.{n}.at")
    for n, scavenger in enumerate(params.scavengers):
        yield from place_faults(scavenger.home, ground.city.frame, spots, f"scavengers.{n}.home")
        if scavenger.market not in markets:
            hint = did_you_mean(scavenger.market, markets)
            yield fault(f"scavengers.{n}.market", "a name under people.markets", repr(scavenger.market), hint)
    for n, festival in enumerate(params.festivals):
        yield from place_faults(festival.at, ground.city.frame, spots, f"festivals.{n}.at")
        yield from _festival_faults(festival, ground, f"festivals.{n}")


def _citizen_faults(params: CitizensParams, ground: Ground) -> Iterator[Fault]:
    demand = deposits_demand(params)
    if demand is not None:
        for wrong in demand_faults(demand, ground.city.pickup_points):
            yield replace(wrong, path=f"citizens.{wrong.path.replace('processes', 'deposits', 1)}")
    if (params.deposits or params.bring_share) and not any(site.accepts for site in ground.sites):
        yield fault("citizens", "a site that accepts materials, for people to bring them to", "none")


def _festival_faults(festival: FestivalParams, ground: Ground, path: str) -> Iterator[Fault]:
    from_ms, _ = next_time_ms(festival.from_, festival.until, ground.start_hour)
    if from_ms >= ground.end_ms:
        found = f"{festival.from_} to {festival.until}"
        yield fault(f"{path}.from", "a time within the run", found)
    place = find(festival.at, ground.city.frame, (*ground.sites, *ground.city.pickup_points))
    if place is None:
        return
    for material in sorted(festival.materials):
        if not takers(festival, place, ground.city.pickup_points, material):
            expected = "a material that a pickup point in the circle, or near it, takes"
            yield fault(f"{path}.materials.{material}", expected, repr(material))
