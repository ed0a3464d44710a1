"""How hard the planner tries."""

from __future__ import annotations

from pydantic import Field

from fleet.base.params import Params
from fleet.plan.budget import Iterations


class SearchParams(Params):
    """Budgets count work, never seconds, so that plans repeat."""

    iterations: int = Field(3000, ge=0, le=100_000_000, description="most iterations of ruin and recreate")
    iterations_per_pickup: int = Field(12, ge=0, le=1_000_000, description="so many per pickup if that is less")
    whole_pickups: int = Field(1500, ge=1, le=100_000, description="larger sets of pickups are cut into cells")
    cell_pickups: int = Field(300, ge=10, le=100_000, description="pickups of a cell")
    places_tried: int = Field(
        200,
        ge=1,
        le=1_000_000,
        description="ways tried for a pickup that the search left out, the cheapest first",
    )

    def budget(self, pickups: int) -> Iterations:
        """The stop rule for a problem with so many pickups."""
        return Iterations(min(self.iterations, self.iterations_per_pickup * pickups))
