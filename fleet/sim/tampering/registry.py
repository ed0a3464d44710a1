"""Finds the primitives: every file of this room that has `PRIMITIVES`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from fleet.sim.tampering.primitive import Primitive


def discover() -> Mapping[str, Primitive]:
    """Every primitive, by name, in the order of the names."""
    package = importlib.import_module("fleet.sim.tampering")
    names = (f"{package.__name__}.{module.name}" for module in pkgutil.iter_modules(package.__path__))
    modules = map(importlib.import_module, names)
    found = [p for module in modules for p in getattr(module, "PRIMITIVES", ())]
    return MappingProxyType({p.name: p for p in sorted(found, key=lambda p: p.name)})


def attack_classes() -> Mapping[str, str]:
    """What labels call each primitive, by its name."""
    return MappingProxyType({name: primitive.attack_class for name, primitive in discover().items()})
