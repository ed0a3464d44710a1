"""A whole run as data: the settings of every room, composed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fleet.app.airspace import AirspaceParams, DateText, TemporaryZoneParams
from fleet.app.links import LinkParams
from fleet.base.clock import ClockTime
from fleet.base.params import Params
from fleet.demand.model import Span
from fleet.demand.params import DemandParams
from fleet.detect.params import BlueParams
from fleet.dispatch.params import DispatchParams
from fleet.redteam.params import RedParams
from fleet.sim.grid.params import GridParams
from fleet.sim.params import DockingParams, FleetParams, SensorParams, SiteParams, WeatherParams
from fleet.sim.people.params import PeopleParams
from fleet.sim.plants.params import PlantsParams
from fleet.sim.sensornet.params import SensorNetworkParams
from fleet.sim.troubles.params import TroublesParams


class CityParams(Params):
    """Which map."""

    map: Annotated[str, Field(min_length=1)]
    """A GeoJSON file (`fleet map import` makes one), relative to the scenario file, or to where you are."""


class RunParams(Params):
    """When the run starts by the city's clock, and how long it lasts."""

    start: ClockTime = "06:00"
    duration_h: Annotated[float, Field(gt=0.0, le=168.0)] = 12.0
    tick_ms: Annotated[int, Field(ge=100, le=5_000)] = 1000
    """The beat of the bus: what is said during one tick is heard at the next. An order lives for 5 s."""
    date: DateText = "2026-06-15"
    """The day on which it starts, by the city's clock: zones of official files have dates and days of the week."""
    utc_offset_h: Annotated[float, Field(ge=-14.0, le=14.0)] = 0.0
    """The city's clock before UTC."""

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
    airspace: AirspaceParams = AirspaceParams()
    temporary_zones: Annotated[tuple[TemporaryZoneParams, ...], Field(max_length=1000)] = ()
    """Zones that close and open while vehicles are in the air."""
    fleet: FleetParams
    facilities: tuple[SiteParams, ...] = ()
    """Sites beside those of the map, or other properties for those of the map."""
    docking: DockingParams = DockingParams()
    demand: DemandParams
    dispatch: DispatchParams = DispatchParams()
    sensors: SensorParams = SensorParams()
    grid: GridParams = GridParams()
    plants: PlantsParams = PlantsParams()
    sensor_network: SensorNetworkParams = SensorNetworkParams()
    people: PeopleParams = PeopleParams()
    troubles: TroublesParams = TroublesParams()
    links: tuple[LinkParams, ...] = ()
    """Faults on the way between vehicles, sites, dispatch and the bus; in this order, each behind the other."""
    red: RedParams = RedParams()
    blue: BlueParams = BlueParams()
    output: OutputParams = OutputParams()
