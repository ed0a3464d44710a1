"""What a scenario says of a festival."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from fleet.base.clock import ClockTime, clock_ms
from fleet.base.params import MaterialName, NonNegative, Params, Positive, Share, refusal
from fleet.sim.people.place_params import PlaceParams


class FestivalParams(Params):
    """A crowd in a circle for some hours: the sky over it closes, and much waste comes in small lots."""

    name: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_-]+$")]
    at: PlaceParams
    radius_m: Annotated[float, Field(ge=10.0, le=5000.0)]
    from_: Annotated[ClockTime, Field(alias="from")]
    until: ClockTime
    """The first time that is not over when the run begins; past midnight where it is before `from`."""
    visitors: Annotated[int, Field(ge=1, le=1_000_000)]
    """On the ground when it is fullest."""
    waste_kg_per_visitor: Annotated[float, Field(gt=0.0, le=10.0)] = 0.5
    """In all; a guess. (A resident of the USA makes 2.2 kg in a day.)"""
    materials: Annotated[dict[MaterialName, Positive], Field(min_length=1)] = Field(
        default_factory=lambda: {"mixed": 4.0, "organics": 3.0, "plastics": 2.0, "paper": 1.0}
    )
    """Relative shares of its mass; a guess."""
    lot_l: Annotated[float, Field(ge=1.0, le=1000.0)] = 30.0
    """The median size of a pickup: a bag."""
    near_m: NonNegative = 100.0
    """Pickups come up at the map's points in the circle and so far around it."""
    window_min: Annotated[float, Field(ge=10.0, le=1440.0)] = 90.0
    """How long a pickup may wait."""
    clean_up_share: Share = 0.3
    """This part of the waste is found only when the crowd has left."""
    clean_up_min: Annotated[float, Field(gt=0.0, le=1440.0)] = 60.0
    """Within so long after the end."""
    closes_sky: bool = True
    """Whether the sky over it is closed while it lasts."""
    ceiling_m: Annotated[float, Field(gt=0.0, le=10_000.0)] = 120.0
    notice_s: Annotated[float, Field(ge=0.0, le=86_400.0)] = 1800.0
    """How long before that is announced."""
    count_sigma: Annotated[float, Field(ge=0.0, le=0.5)] = 0.1
    """The error of the organiser's count, a share of it; a guess."""

    @model_validator(mode="after")
    def _lasts(self) -> FestivalParams:
        if clock_ms(self.until) == clock_ms(self.from_):
            raise refusal("a time after from", at=["until"])
        return self
