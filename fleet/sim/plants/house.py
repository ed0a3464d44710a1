"""What the plants of a run share: the world's parts, the recipes, the chance behind their scales, and power."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fleet.base.streams import Noise
from fleet.messages.reports import PickupRequested
from fleet.sim.books import Account
from fleet.sim.parts import Parts
from fleet.sim.plants.recipe import RecipeParams
from fleet.sim.power import PowerSource


@dataclass(frozen=True)
class House:
    """`announce` lets a pickup appear; `shipped` is told how much of a product went to the market, and says how
    much of that may come back one day. `power` is what lines draw from."""

    parts: Parts
    book: Mapping[str, RecipeParams]
    scale: Noise
    assay: Noise
    announce: Callable[[PickupRequested, Account], None]
    shipped: Callable[[str, float], float]
    start_hour: float
    end_ms: int
    power: PowerSource
