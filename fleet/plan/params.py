"""How hard the planner tries."""

from __future__ import annotations

from pydantic import Field

from fleet.base.params import Params


class SearchParams(Params):
    """Budgets count work, never seconds, so that plans repeat."""

    solutions: int = Field(20, ge=1, le=100_000, description="OR-Tools solution limit of one model")
    solutions_per_pickup: int = Field(4, ge=1, le=1000, description="smaller models get this much per pickup")
    rounds: int = Field(60, ge=0, le=100_000, description="rounds of ruin and recreate after the model")
    rounds_per_pickup: int = Field(2, ge=0, le=1000, description="smaller problems get this many per pickup")
    cell_pickups: int = Field(60, ge=1, le=150, description="most pickups in one model; larger sets are cut")
    dock_copies: int = Field(2, ge=1, le=6, description="trips per vehicle that a model makes room for")
