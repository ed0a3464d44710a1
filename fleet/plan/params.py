"""How hard the planner tries."""

from __future__ import annotations

from pydantic import Field

from fleet.base.params import Params


class SearchParams(Params):
    """Budgets count work, never seconds, so that plans repeat."""

    solutions: int = Field(60, ge=1, le=100_000, description="OR-Tools solution limit of one model")
    cell_pickups: int = Field(60, ge=1, le=150, description="most pickups in one model; larger sets are cut")
    dock_copies: int = Field(2, ge=1, le=6, description="trips per vehicle that a model makes room for")
