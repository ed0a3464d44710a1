"""A whole run as data: the settings of every room, composed."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, field_validator

from fleet.app.links import LinkParams
from fleet.base.params import Params, refusal
from fleet.demand.model import Span
from fleet.demand.params import DemandParams
from fleet.detect.params import BlueParams
from fleet.dispatch.params import DispatchParams
from fleet.redteam.params import RedParams
from fleet.sim.params import DockingParams, FleetParams, SensorParams, SiteParams, WeatherParams

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class CityParams(Params):
    """Which map."""

    map: Annotated[str, Field(min_length=1)]
    """A GeoJSON file (`fleet map import` makes one), relative to the scenario file, or to where you are."""


class RunParams(Params):
    """When the run starts by the city's clock, and how long it lasts."""

    start: str = "06:00"
    duration_h: Annotated[float, Field(gt=0.0, le=168.0)] = 12.0
    tick_ms: Annotated[int, Field(ge=100, le=5_000)] = 1000
    """The beat of the bus: what is said during one tick is heard at the next. An order lives for 5 s."""

    @field_validator("start")
    @classmethod
    def _is_clock(cls, text: str) -> str:
        if not _CLOCK.fullmatch(text):
            raise refusal("a time of day, HH:MM, in quotes")
        return text

    @property
    def span(self) -> Span:
        """Start and length, as the demand and the clocks want them."""
        return Span(int(self.start[:2]) + int(self.start[3:]) / 60.0, self.duration_h)


class OutputParams(Params):
    """What a record holds beside events and legs."""

    telemetry_s: Annotated[int, Field(ge=0, le=3600)] = 0
    """Record every vehicle's telemetry so often; 0 for not at all (legs say where everybody was)."""


class Scenario(Params):
    """One run: city, fleet, facilities, demand, dispatch, weather, length, seed, output; red and blue team."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 1
    city: CityParams
    run: RunParams = RunParams()
    weather: WeatherParams = WeatherParams()
    fleet: FleetParams
    facilities: tuple[SiteParams, ...] = ()
    """Sites beside those of the map, or other properties for those of the map."""
    docking: DockingParams = DockingParams()
    demand: DemandParams
    dispatch: DispatchParams = DispatchParams()
    sensors: SensorParams = SensorParams()
    links: tuple[LinkParams, ...] = ()
    """Faults on the way between vehicles, sites, dispatch and the bus; in this order, each behind the other."""
    red: RedParams = RedParams()
    blue: BlueParams = BlueParams()
    output: OutputParams = OutputParams()
