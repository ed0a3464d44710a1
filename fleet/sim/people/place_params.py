"""A place as a scenario names it, and where that is on the map."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Annotated, Protocol

from pydantic import Field, model_validator

from fleet.base.errors import Fault, did_you_mean
from fleet.base.params import Params, refusal
from fleet.city.frame import Frame
from fleet.sim.ground import fault

NEAR_M = 5_000.0
"""A place farther than this from every site and pickup point is taken for a mistake."""


class PlaceParams(Params):
    """A site or a pickup point by its id, or a longitude and a latitude."""

    id: Annotated[str | None, Field(min_length=1)] = None
    """Of a site or of a pickup point."""
    lon: Annotated[float | None, Field(ge=-180, le=180)] = None
    lat: Annotated[float | None, Field(ge=-85, le=85)] = None

    @model_validator(mode="after")
    def _is_one_place(self) -> PlaceParams:
        if (self.lon is None) != (self.lat is None) or (self.id is None) == (self.lon is None):
            raise refusal("an id, or lon and lat")
        return self


class Spot(Protocol):
    """Something with a name on the map."""

    @property
    def id(self) -> str: ...
    @property
    def x_m(self) -> float: ...
    @property
    def y_m(self) -> float: ...


def find(place: PlaceParams, frame: Frame, spots: Sequence[Spot]) -> tuple[float, float] | None:
    """(x, y) of a place, metres; None for an id that nothing on the map has."""
    if place.id is None:
        assert place.lon is not None
        assert place.lat is not None
        x, y = frame.to_metres(place.lon, place.lat)
        return float(x), float(y)
    return next(((float(s.x_m), float(s.y_m)) for s in spots if s.id == place.id), None)


def place_faults(place: PlaceParams, frame: Frame, spots: Sequence[Spot], path: str) -> Iterator[Fault]:
    """What is wrong with a place: nothing has its id, or it is far from the map."""
    found = find(place, frame, spots)
    if found is None:
        hint = did_you_mean(str(place.id), [spot.id for spot in spots])
        yield fault(f"{path}.id", "a site or a pickup point of the map", repr(place.id), hint)
    elif not any(math.dist(found, (spot.x_m, spot.y_m)) <= NEAR_M for spot in spots):
        expected = f"a place within {NEAR_M / 1000:g} km of a site or a pickup point of the map"
        yield fault(f"{path}.lon", expected, f"{place.lon:g}, {place.lat:g}")
