"""What a scenario says under `people`. Without it nobody lives there but those who ask for pickups."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from fleet.base.params import Count, MaterialName, NonNegative, Params, Positive, Share, refusal
from fleet.demand.params import ProcessParams
from fleet.sim.people.festival_params import FestivalParams
from fleet.sim.people.place_params import PlaceParams

Name = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_.-]+$")]

CALIFORNIA_KG = {"metals": 45.36, "plastics": 45.36, "glass": 453.6}
"""100 lb of aluminium or plastic and 1,000 lb of glass per person and day: the load limit of California's beverage
container scheme, a rule against fraud."""


class CitizensParams(Params):
    """Those who ask for pickups and earn by them, and those who bring what they have to a site's counter."""

    day_limit_kg: dict[MaterialName, Positive] = Field(default_factory=lambda: dict(CALIFORNIA_KG))
    """What one citizen is credited for in one day at most, by material; no limit for those not named. Without it
    California's: 45.36 kg of metals or plastics, 453.6 kg of glass."""
    notice_collected: Share = 0.3
    """How often a vehicle's camera notices that a pickup holds something else; a guess."""
    notice_brought: Share = 0.9
    """How often who stands at a counter notices it; a guess."""
    refuse_above: Share = 0.2
    """What holds more than this share of something else, and is noticed, earns nothing; what holds less earns by
    the rest. California reduces or refuses contaminated loads; where it draws the line is a guess."""
    bring_share: Share = 0.0
    """How many of those who would ask for a pickup bring it themselves where a counter that takes it is near."""
    walk_m: Annotated[float, Field(gt=0.0, le=10_000.0)] = 500.0
    """How far they walk to a counter at most, as the way goes."""
    carry_kg: Annotated[float, Field(gt=0.0, le=200.0)] = 20.0
    """More than this nobody carries: a person's bag holds 15 to 20 kg."""
    deposits: tuple[ProcessParams, ...] = ()
    """Processes as under `demand`, whose waste is brought and not asked for."""

    @model_validator(mode="after")
    def _names_are_given_once(self) -> CitizensParams:
        names = [process.name for process in self.deposits]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise refusal("a name that no other process has", at=("deposits", index, "name"))
        return self


class ScavengerParams(Params):
    """People on foot who look into what waits for a pickup, and take what sells."""

    name: Name
    count: Annotated[int, Field(ge=1, le=1000)] = 1
    home: PlaceParams
    market: Name
    """To whom they sell."""
    per_day: Annotated[float, Field(ge=0.001, le=200.0)] = 6.0
    """Rounds that one of them makes in 24 hours; a guess. Whoever is still out skips one."""
    capacity_kg: Annotated[float, Field(gt=0.0, le=200.0)] = 20.0
    """What one carries: a person's bag holds 15 to 20 kg."""
    reach_m: Annotated[float, Field(gt=0.0, le=20_000.0)] = 800.0
    """How far from where they are they know what lies about, as the crow flies."""
    speed_mps: Annotated[float, Field(ge=0.2, le=5.0)] = 1.2
    """A pedestrian's with a load."""
    least_credit_per_kg: NonNegative = 0.2
    """What is worth less stays where it is. Hazardous material always does."""


class MarketParams(Params):
    """An underground market: pays cash for what scavengers bring, and resells it by the lot."""

    name: Name
    at: PlaceParams
    pays_share: Share = 0.6
    """Of what the scheme would credit; a guess."""
    resells_share: Annotated[float, Field(ge=0.0, le=1000.0)] = 0.9
    """What it gets itself, of the same; a guess."""
    lot_kg: Annotated[float, Field(gt=0.0, le=1e6)] = 50.0
    """With so much in store it resells all of it."""


class GuardParams(Params):
    """A guard with a drone of his own, which dispatch does not plan with."""

    name: Name = "guard"
    """Their drones are name-01, name-02, ... as in a group."""
    count: Count = 1
    type: str = "guard-drone"
    """A type that flies, of fleet.types or built in."""
    base: str
    """The site where they start."""
    sight_m: Annotated[float, Field(ge=10.0, le=2000.0)] = 250.0
    """How far off a guard makes out a drone; a guess for a drone of a metre and a camera with zoom."""
    sight_sigma_m: Annotated[float, Field(ge=0.0, le=1000.0)] = 3.0
    """The error of where he says that it is, each axis; a guess."""
    net_m: Annotated[float, Field(ge=1.0, le=500.0)] = 30.0
    """From how near it can be forced down, by a net or a local jammer; a guess."""
    aim_s: Annotated[float, Field(ge=1.0, le=300.0)] = 10.0
    """How often a guard who follows somebody aims anew."""


class PeopleParams(Params):
    """Those who live there: citizens who earn, scavengers, an underground market, guards, a festival."""

    citizens: CitizensParams | None = None
    """Without it nobody is credited for anything."""
    scavengers: tuple[ScavengerParams, ...] = ()
    markets: tuple[MarketParams, ...] = ()
    guards: tuple[GuardParams, ...] = ()
    festivals: tuple[FestivalParams, ...] = ()

    @model_validator(mode="after")
    def _names_are_given_once(self) -> PeopleParams:
        for section in ("scavengers", "markets", "guards", "festivals"):
            names = [one.name for one in getattr(self, section)]
            for index, name in enumerate(names):
                if name in names[:index]:
                    raise refusal("a name that nobody else in the list has", at=(section, index, "name"))
        return self
