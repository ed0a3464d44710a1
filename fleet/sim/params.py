"""Vehicle types, groups, sites, weather and sensors as a scenario states them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from pydantic import Field, model_validator

from fleet.base.clock import ClockTime
from fleet.base.drive import Chassis
from fleet.base.flight import Airframe
from fleet.base.params import NonNegative, Params, Positive, refusal


class _TypeParams(Params):
    """What is asked of every vehicle type."""

    empty_kg: Positive = Field(le=10_000, description="mass with battery, without load")
    payload_kg: Positive = Field(le=10_000)
    volume_l: Positive = Field(le=100_000, description="what the cargo box holds")
    battery_wh: Positive = Field(le=1_000_000)
    reserve_share: float = Field(0.2, ge=0.05, le=0.5, description="share of the battery never to be used")
    hazmat: bool = Field(False, description="certified for hazardous materials")

    @property
    def reserve_wh(self) -> float:
        """What must be left in the battery at every moment."""
        return self.reserve_share * self.battery_wh


class VehicleTypeParams(_TypeParams):
    """What vehicles of a kind are and can do that travel by air."""

    travels: Literal["air"] = "air"
    cruise_mps: float = Field(12.0, ge=2.0, le=40.0, description="airspeed")
    climb_mps: float = Field(2.5, ge=0.5, le=10.0)
    descent_mps: float = Field(2.0, ge=0.5, le=10.0)
    cruise_height_m: float = Field(80.0, ge=10.0, le=120.0)
    rotor_disc_m2: float = Field(ge=0.001, le=10_000, description="summed area of all rotor discs")
    efficiency: float = Field(0.53, gt=0.1, le=1.0, description="of rotor, motor and electronics together")

    def airframe(self) -> Airframe:
        """What the physics of flight needs of it."""
        return Airframe(
            empty_kg=self.empty_kg,
            rotor_disc_m2=self.rotor_disc_m2,
            efficiency=self.efficiency,
            cruise_mps=self.cruise_mps,
            climb_mps=self.climb_mps,
            descent_mps=self.descent_mps,
            cruise_height_m=self.cruise_height_m,
        )


class StreetTypeParams(_TypeParams):
    """What vehicles of a kind are and can do that travel by street."""

    travels: Literal["street"]
    streets: Literal["foot", "bicycle", "motor"] = Field(description="whose streets and directions it keeps to")
    crew_kg: NonNegative = Field(0.0, le=1000, description="who rides or pushes it")
    cruise_mps: float = Field(ge=0.2, le=40.0, description="speed, the same on every street")
    wh_per_km: NonNegative = Field(le=10_000, description="from the battery, at half the payload")

    def airframe(self) -> Chassis:
        """What the physics of driving needs of it."""
        return Chassis.consuming(
            self.wh_per_km, self.payload_kg / 2.0, self.empty_kg + self.crew_kg, self.cruise_mps
        )


VehicleKind = VehicleTypeParams | StreetTypeParams

BUILT_IN_TYPES: Mapping[str, VehicleKind] = MappingProxyType(
    {
        "scout": VehicleTypeParams(
            empty_kg=6.47, payload_kg=2.73, volume_l=10, battery_wh=526.4, rotor_disc_m2=0.894
        ),
        "light-collector": VehicleTypeParams(
            empty_kg=9.5, payload_kg=5.6, volume_l=40, battery_wh=599.4, rotor_disc_m2=1.341
        ),
        "heavy-collector": VehicleTypeParams(
            empty_kg=65, payload_kg=30, volume_l=150, battery_wh=3968.8, cruise_mps=15,
            rotor_disc_m2=5.91, hazmat=True,
        ),
        "small-drone": VehicleTypeParams(
            empty_kg=3.715, payload_kg=0.5, volume_l=5, battery_wh=129.96, cruise_mps=10, rotor_disc_m2=0.343
        ),
        "cargo-bike": StreetTypeParams(
            travels="street", streets="bicycle", empty_kg=60, crew_kg=75, payload_kg=150, volume_l=1200,
            battery_wh=1000, cruise_mps=4.2, wh_per_km=15,
        ),
        "collector-on-foot": StreetTypeParams(
            travels="street", streets="foot", empty_kg=10, crew_kg=75, payload_kg=20, volume_l=100,
            battery_wh=1, cruise_mps=1.2, wh_per_km=0,
        ),
        "courier": StreetTypeParams(
            travels="street", streets="foot", empty_kg=30, crew_kg=75, payload_kg=80, volume_l=240,
            battery_wh=1, cruise_mps=1.2, wh_per_km=0, hazmat=True,
        ),
        "hazmat-bike": StreetTypeParams(
            travels="street", streets="bicycle", empty_kg=75, crew_kg=75, payload_kg=120, volume_l=600,
            battery_wh=1000, cruise_mps=4.2, wh_per_km=15, hazmat=True,
        ),
        "guard-drone": VehicleTypeParams(
            empty_kg=6.47, payload_kg=1.0, volume_l=5, battery_wh=526.4, cruise_mps=18, rotor_disc_m2=0.894
        ),
    }
)  # fmt: skip
"""The drones are modelled on the Matrice 350, the Matrice 600, the FlyCart 30 and, small and for tests, the
Matrice 100 as it was flown to measure its power: the makers' masses, batteries and payloads. The cargo bike
helps its rider from two packs of 500 Wh; whoever walks with a handcart draws nothing, and the 1 Wh is for form's
sake. A courier pushes a cart with a lidded bin of 240 litres, and the hazmat bike is the cargo bike with closed,
spill-proof boxes in place of half its room: both are certified for hazardous material, and what they hold is a
guess. The guard's drone is a Matrice 350 at 18 m/s (its maker allows 23), where level power is still below that
of hovering, so the formula does not flatter it."""


class GroupParams(Params):
    """Vehicles of one type that start from the same bases."""

    name: str = Field(
        min_length=1, pattern=r"^[A-Za-z0-9_.-]+$", description="vehicle ids are name-01, name-02, ..."
    )
    type: str = Field(description="a name under fleet.types, or a built-in type")
    count: int = Field(ge=1, le=10_000)
    bases: tuple[str, ...] = Field((), description="site ids; none = every base of the map, in turn")


class FleetParams(Params):
    """The fleet: own types (beside the built-in ones) and groups."""

    types: dict[str, VehicleKind] = Field(default_factory=dict)
    groups: tuple[GroupParams, ...] = Field(min_length=1)
    hazardous_flies: bool = Field(
        True,
        description="whether what flies may carry hazardous material at all; false is the usual rule over people: "
        "then only certified vehicles on the street take it",
    )

    @property
    def every_type(self) -> dict[str, VehicleKind]:
        """Every type by name, built-in and own, with the certificates that count in this scenario."""
        types = {**BUILT_IN_TYPES, **self.types}
        return {name: kind if self._may_carry(kind) else _uncertified(kind) for name, kind in types.items()}

    def _may_carry(self, kind: VehicleKind) -> bool:
        return self.hazardous_flies or not kind.hazmat or kind.travels == "street"


def _uncertified(kind: VehicleKind) -> VehicleKind:
    return kind.model_copy(update={"hazmat": False})


class SiteParams(Params):
    """A site that the scenario adds to the map, or one of the map's with other properties."""

    id: str = Field(min_length=1)
    lon: float | None = Field(None, ge=-180, le=180, description="needed for a site that is not on the map")
    lat: float | None = Field(None, ge=-85, le=85)
    base: bool | None = None
    accepts: tuple[str, ...] | None = Field(None, description="materials; [all] = every non-hazardous one")
    capacity_kg: float | None = Field(None, ge=0)
    pads: int | None = Field(None, ge=1, le=1000)
    chargers: int | None = Field(None, ge=0, le=1000)


class DockingParams(Params):
    """How long things take on a pad."""

    unload_s: float = Field(60.0, ge=0, le=3600)
    charging: Literal["swap", "charge"] = Field("swap", description="swap the pack, or fill it")
    swap_s: float = Field(90.0, ge=1, le=3600)
    charge_c_rate: float = Field(1.5, gt=0.05, le=10, description="charging power over battery_wh, 1/h")
    charge_efficiency: float = Field(0.92, gt=0.3, le=1.0, description="battery over meter")


class WindStepParams(Params):
    """What blows at a height from a time of the day on."""

    at: ClockTime
    height_m: float = Field(10.0, ge=0, le=1000, description="above ground; between heights it goes on evenly")
    mps: float = Field(ge=0, le=25)
    from_deg: float = Field(270.0, ge=0, le=360)


class WeatherParams(Params):
    """A constant wind, or one by hour and height: a table of every day, in force until the next time in it."""

    wind_mps: float = Field(0.0, ge=0, le=25)
    wind_from_deg: float = Field(270.0, ge=0, le=360)
    wind: tuple[WindStepParams, ...] = Field((), max_length=1000)

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> WeatherParams:
        if self.wind and self.wind_mps > 0.0:
            raise refusal("either wind_mps or wind", at=["wind_mps"])
        seen: set[tuple[str, float]] = set()
        for number, step in enumerate(self.wind):
            if (step.at, step.height_m) in seen:
                raise refusal("one wind for each time and height", at=["wind", number])
            seen.add((step.at, step.height_m))
        return self


class SensorParams(Params):
    """Errors of what the world measures, one sigma."""

    flight_energy_sigma: float = Field(0.04, ge=0, le=0.2, description="per flight, cut at three sigma")
    vehicle_scale_sigma: float = Field(0.01, ge=0, le=0.5, description="share of the reading")
    weighbridge_sigma: float = Field(0.005, ge=0, le=0.5, description="share of the reading")
    gnss_sigma_m: float = Field(2.0, ge=0, le=50, description="each axis")
    gnss_tau_s: float = Field(45.0, gt=0, le=600, description="how long a GNSS error lasts")
    range_sigma_m: float = Field(3.0, ge=0, le=50)
    range_reach_m: float = Field(300.0, gt=0, le=5000)
    range_dropout: float = Field(0.05, ge=0, le=1)
