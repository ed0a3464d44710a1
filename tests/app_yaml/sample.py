"""A model with everything a scenario has, and a file that it accepts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fleet.base.params import Count, MaterialName, NonNegative, Params, Positive, Share, refusal


class Group(Params):
    type: Literal["heavy", "light"]
    count: Count
    base: str | None = None
    battery_wh: Positive = 500.0


class Jam(Params):
    kind: Literal["gnss-jam"]
    at_s: NonNegative
    area_m: tuple[float, float, float]


class Skim(Params):
    kind: Literal["skim"]
    at_s: NonNegative
    share: Share


class Hours(Params):
    start: Annotated[float, Field(ge=0, lt=24)] = 6.0
    length: Positive = 8.0


class Day(Params):
    name: str
    """What the report calls it."""

    seed: int = 0
    groups: tuple[Group, ...] = Field(min_length=1)
    attacks: tuple[Annotated[Jam | Skim, Field(discriminator="kind")], ...] = ()
    materials: dict[MaterialName, Positive] | None = None
    hours: Hours = Hours()
    wind: float | Hours | None = None
    plain: Jam | Skim | None = None
    label: Annotated[str, Field(pattern="^[a-z]+$")] = "a"

    @model_validator(mode="after")
    def _no_two_alike(self) -> Day:
        types = [group.type for group in self.groups]
        for index, name in enumerate(types):
            if name in types[:index]:
                raise refusal("each type once", "add the counts", at=("groups", index, "type"))
        return self


SAMPLE = """\
# A day in a small town.
name: "Small town, été"
seed: 7
groups:
  - type: heavy
    count: 3
    base: north
  - {type: light, count: 12, battery_wh: 99.5}
attacks:
  - kind: gnss-jam
    at_s: 600
    area_m: [0, 10.5, 250]
  - kind: skim
    at_s: 1.2e3
    share: 0.25
materials:
  glass: 1
  e-waste: 0.5
hours: &hours
  start: 6.5
  length: 10
wind: *hours
label: abc
"""
