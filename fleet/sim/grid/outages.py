"""When which sites are dark, as a scenario states it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fleet.base.clock import next_time_ms
from fleet.base.streams import Streams
from fleet.city.model import Site
from fleet.sim.build import Setting
from fleet.sim.grid.params import GridParams, OutageParams


def dark_times(
    params: GridParams, setting: Setting, streams: Streams
) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """(from, until, sites) of each outage: the first time that ends after the run begins."""
    for number, outage in enumerate(params.outages):
        from_ms, until_ms = next_time_ms(outage.from_, outage.until, setting.start_hour)
        yield max(0, from_ms), until_ms, _sites_of(outage, params, setting.sites, streams, number)


def _sites_of(
    outage: OutageParams, params: GridParams, sites: Sequence[Site], streams: Streams, number: int
) -> tuple[str, ...]:
    if outage.sites:
        return outage.sites
    if outage.share_of_chargers is not None:
        order = streams.generator(f"grid/outage/{number}").permutation(len(sites))
        return drawn([sites[int(k)] for k in order], outage.share_of_chargers)
    hit = [f for f in params.feeders if f.id in outage.feeders or f.area == outage.zone]
    return tuple(site for feeder in hit for site in feeder.sites)


def drawn(sites: Sequence[Site], share: float) -> tuple[str, ...]:
    """Sites with at least `share` of all places at chargers, and not many more.

    Whoever still fits is taken in order; if that is not enough, the smallest of the others, and then whoever is
    not needed any more is let go.
    """
    charging = [site for site in sites if site.chargers]
    wanted = share * sum(site.chargers for site in charging) - 1e-9
    taken: list[Site] = []
    for site in charging:
        if sum(t.chargers for t in taken) + site.chargers <= wanted + 1e-6:
            taken.append(site)
    if sum(t.chargers for t in taken) < wanted:
        taken.append(min((s for s in charging if s not in taken), key=lambda s: s.chargers))
        for site in tuple(taken):
            if sum(t.chargers for t in taken) - site.chargers >= wanted:
                taken.remove(site)
    return tuple(site.id for site in taken)
