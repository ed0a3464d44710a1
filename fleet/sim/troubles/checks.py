"""What is wrong with `troubles` in a scenario once its map, its sites and its vehicles are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fleet.base.errors import Fault, did_you_mean
from fleet.sim.ground import Ground, fault
from fleet.sim.troubles.kind import Kind
from fleet.sim.troubles.params import TroublesParams
from fleet.sim.troubles.registry import discover


def faults(params: TroublesParams, ground: Ground) -> Iterator[Fault]:
    """Every fault; each path starts at the section."""
    if not (params.rates or params.sizes):
        return
    kinds = discover()
    for table, given in (("rates", params.rates), ("sizes", params.sizes)):
        for name in given:
            if name not in kinds:
                hint = did_you_mean(name, kinds) or "the kinds are in docs/troubles.md"
                yield fault(f"{table}.{name}", "a kind of trouble", repr(name), hint)
    yield from _wrong_rates(params.rates, kinds)
    yield from _wrong_sizes(params.sizes, kinds)


def _wrong_rates(rates: Mapping[str, float], kinds: Mapping[str, Kind]) -> Iterator[Fault]:
    for name, rate in rates.items():
        kind = kinds.get(name)
        if kind is not None and kind.whom == "pickup" and rate > 1.0:
            yield fault(f"rates.{name}", "a share of the pickups, 0 to 1", f"{rate:g}")
        elif rate > 10_000.0:
            yield fault(f"rates.{name}", "10000 a day at most", f"{rate:g}")


def _wrong_sizes(sizes: Mapping[str, float], kinds: Mapping[str, Kind]) -> Iterator[Fault]:
    for name, size in sizes.items():
        kind = kinds.get(name)
        if kind is not None and not kind.size.low <= size <= kind.size.high:
            low, high, unit = kind.size.low, kind.size.high, kind.size.unit
            yield fault(f"sizes.{name}", f"{low:g} to {high:g} ({unit})", f"{size:g}")
