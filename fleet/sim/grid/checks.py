"""What is wrong with `grid` in a scenario once its map, its sites and its vehicles are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fleet.base.errors import Fault, did_you_mean
from fleet.sim.grid.params import GridParams, OutageParams
from fleet.sim.ground import Ground, fault


def _fault(path: str, expected: str, name: str, known: Iterable[str]) -> Fault:
    return fault(path, expected, repr(name), did_you_mean(name, sorted(known)))


def faults(params: GridParams, ground: Ground) -> Iterator[Fault]:
    """Every fault; each path starts at the section."""
    sites = {site.id for site in ground.sites}
    on: dict[str, str] = {}
    for number, feeder in enumerate(params.feeders):
        for n, site in enumerate(feeder.sites):
            path = f"feeders.{number}.sites.{n}"
            if site not in sites:
                yield _fault(path, "a site of the map", site, sites)
            elif site in on:
                yield fault(path, f"a site on one feeder (it is on {on[site]} already)", repr(site))
            else:
                on[site] = feeder.id
    if params.feeders:
        for site_ in ground.sites:
            if site_.chargers and site_.id not in on:
                hint = "name it under a feeder, or state no feeders at all"
                yield fault("feeders", "a feeder for each site with chargers", repr(site_.id), hint)
    for number, device in enumerate(params.devices):
        if device.site not in sites:
            yield _fault(f"devices.{number}.site", "a site of the map", device.site, sites)
    for number, outage in enumerate(params.outages):
        yield from _outage_faults(f"outages.{number}", outage, params, sites)


def _outage_faults(path: str, outage: OutageParams, params: GridParams, sites: set[str]) -> Iterator[Fault]:
    zones = {feeder.area for feeder in params.feeders}
    feeders = {feeder.id for feeder in params.feeders}
    if outage.zone is not None and outage.zone not in zones:
        yield _fault(f"{path}.zone", "the zone of a feeder", outage.zone, zones)
    for n, name in enumerate(outage.feeders):
        if name not in feeders:
            yield _fault(f"{path}.feeders.{n}", "a feeder", name, feeders)
    for n, name in enumerate(outage.sites):
        if name not in sites:
            yield _fault(f"{path}.sites.{n}", "a site of the map", name, sites)
