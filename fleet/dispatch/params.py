"""Numbers that decide how dispatch plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Union

from pydantic import Field

from fleet.base.params import Params
from fleet.dispatch.policies import discover
from fleet.dispatch.policies.batch import BatchParams
from fleet.plan.params import SearchParams

if TYPE_CHECKING:
    # What is found at run time has no name here; this is what all of it has in common.
    AnyPolicy = Params
else:
    AnyPolicy = Annotated[
        # `X | Y` takes written-out types only; these are found at run time.
        Union[tuple(kind.params for kind in discover().values())],  # noqa: UP007
        Field(discriminator="kind"),
    ]
    """The settings of any policy there is a file for."""


class DispatchParams(Params):
    """Rounds of planning over a rolling horizon, held as a policy says (`fleet.dispatch.policies`)."""

    policy: AnyPolicy = BatchParams()
    period_s: int = Field(300, ge=1, le=3600, description="how often a round of planning is held, at least")
    lookahead_s: int = Field(360, ge=0, le=7200, description="plan for vehicles that will be free this soon")
    horizon_s: int = Field(3000, ge=300, le=86400, description="every planned route is over by then")
    energy_margin: float = Field(1.15, ge=1.0, le=2.0, description="planned energy over expected energy")
    load_margin: float = Field(1.06, ge=1.0, le=2.0, description="planned kg and litres over declared")
    candidates_per_vehicle: int = Field(6, ge=1, le=100, description="pickups offered to a round, per vehicle")
    search: SearchParams = SearchParams()
