"""What a scenario says of a festival."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from fleet.base.clock import ClockTime, clock_ms
from fleet.base.materials import MATERIALS
from fleet.base.params import MaterialName, Params, Share, refusal
from fleet.sim.people.place_params import PlaceParams

LEAST_L = 2.0
"""No pickup of a festival is smaller."""
MOST_PICKUPS = 1_000_000
"""More of them nobody could hold in memory, let alone serve."""


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
    materials: Annotated[dict[MaterialName, Annotated[float, Field(gt=0.0, le=1e9)]], Field(min_length=1)] = Field(
        default_factory=lambda: {"mixed": 4.0, "organics": 3.0, "plastics": 2.0, "paper": 1.0}
    )
    """Relative shares of its mass; a guess."""
    lot_l: Annotated[float, Field(ge=1.0, le=1000.0)] = 30.0
    """The median size of a pickup: a bag."""
    near_m: Annotated[float, Field(ge=0.0, le=100_000.0)] = 100.0
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

    @model_validator(mode="after")
    def _can_be_held(self) -> FestivalParams:
        litres = sum(self._share_of(name) / MATERIALS[name].density_kg_l for name in self.materials)
        pickups = self.visitors * self.waste_kg_per_visitor * litres / max(LEAST_L, self.lot_l)
        if pickups > MOST_PICKUPS:
            hint = f"so many visitors make about {pickups:,.0f}"
            raise refusal(f"waste for {MOST_PICKUPS:,} pickups at most", hint, at=["waste_kg_per_visitor"])
        return self

    def _share_of(self, material: str) -> float:
        return self.materials[material] / sum(self.materials.values())
