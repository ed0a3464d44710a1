"""Finds the kinds of trouble: every file of this room that has `KINDS`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from fleet.sim.troubles.kind import Kind
from fleet.sim.troubles.params import TroublesParams

TROUBLED = 4.0
"""A troubled world has so many times the trouble of a calm one."""
_TIMES = {"none": 0.0, "calm": 1.0, "troubled": TROUBLED}


def discover() -> Mapping[str, Kind]:
    """Every kind, by name, in the order of the names."""
    package = importlib.import_module("fleet.sim.troubles")
    names = (f"{package.__name__}.{module.name}" for module in pkgutil.iter_modules(package.__path__))
    modules = map(importlib.import_module, names)
    found = [kind for module in modules for kind in getattr(module, "KINDS", ())]
    return MappingProxyType({kind.name: kind for kind in sorted(found, key=lambda kind: kind.name)})


def rates_of(params: TroublesParams, kinds: Mapping[str, Kind]) -> dict[str, float]:
    """How often each kind comes that comes at all, in the order of the names."""
    times = _TIMES[params.level]
    rates = {name: params.rates.get(name, kind.rate * times) for name, kind in kinds.items()}
    return {name: rate for name, rate in rates.items() if rate > 0.0}
