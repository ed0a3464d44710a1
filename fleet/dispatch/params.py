"""When dispatch plans, how far ahead, and how hard."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fleet.base.params import Params
from fleet.plan.params import SearchParams


class DispatchParams(Params):
    """Rolling-horizon dispatch."""

    policy: Literal["rolling"] = "rolling"
    period_s: int = Field(300, ge=1, le=3600, description="how often a round of planning is held")
    lookahead_s: int = Field(360, ge=0, le=7200, description="plan for vehicles that will be free this soon")
    horizon_s: int = Field(3000, ge=300, le=86400, description="every planned route is over by then")
    energy_margin: float = Field(1.15, ge=1.0, le=2.0, description="planned energy over expected energy")
    load_margin: float = Field(1.06, ge=1.0, le=2.0, description="planned kg and litres over declared")
    candidates_per_vehicle: int = Field(6, ge=1, le=100, description="pickups offered to a round, per vehicle")
    search: SearchParams = SearchParams()
