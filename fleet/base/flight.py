"""The physics of a leg: how long it takes and what it draws from the battery.

Power of a multirotor near hover from momentum theory, with one efficiency that covers rotor, motor and
electronics:

    P(m) = (m g)^1.5 / (eta sqrt(2 rho A))

and per phase the factors that 68 measured flights of a Matrice 100 gave (Rodrigues et al., "Drone flight data
reveal energy and greenhouse gas emissions savings for very small package delivery", Patterns 3(8), 2022):
climb 1.16, cruise 1.00, descent 0.95; hover 1.10 is an assumption between them. Wind changes the ground
speed, hence the time; the power is taken at the airspeed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from fleet.base.drive import Chassis

GRAVITY_MPS2 = 9.81
AIR_DENSITY_KG_M3 = 1.2
CLIMB_FACTOR = 1.16
CRUISE_FACTOR = 1.0
DESCENT_FACTOR = 0.95
HOVER_FACTOR = 1.10
MIN_HEADWAY_MPS = 0.5
"""A leg on which a vehicle makes less way over ground than this cannot be flown."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Wind:
    """A constant wind: the vector the air moves along, metres per second east and north."""

    east_mps: float = 0.0
    north_mps: float = 0.0

    @staticmethod
    def blowing_from(speed_mps: float, from_deg: float) -> Wind:
        """From the meteorologist's form: where it comes from, degrees clockwise from north.

        >>> w = Wind.blowing_from(5.0, 270.0)  # a west wind blows towards the east
        >>> round(w.east_mps, 9), round(w.north_mps, 9)
        (5.0, 0.0)
        """
        rad = np.deg2rad(from_deg)
        return Wind(float(-speed_mps * np.sin(rad)), float(-speed_mps * np.cos(rad)))


@dataclass(frozen=True, slots=True)
class Airframe:
    """What flight needs to know of a vehicle type."""

    empty_kg: float
    rotor_disc_m2: float
    efficiency: float
    cruise_mps: float
    climb_mps: float
    descent_mps: float
    cruise_height_m: float

    flies: ClassVar[bool] = True
    mass_exponent: ClassVar[float] = 1.5

    def power_w(self, payload_kg: float) -> float:
        """Electrical power in level flight with `payload_kg` on board.

        >>> heavy = Airframe(65, 5.91, 0.53, 15, 2.5, 2.0, 60)
        >>> round(heavy.power_w(0)), round(heavy.power_w(30))
        (8067, 14253)
        """
        return self.power_coefficient * float((self.empty_kg + payload_kg) ** 1.5)

    @property
    def power_coefficient(self) -> float:
        """K in P = K m^1.5, W / kg^1.5."""
        return float(GRAVITY_MPS2**1.5 / (self.efficiency * np.sqrt(2.0 * AIR_DENSITY_KG_M3 * self.rotor_disc_m2)))

    @property
    def climb_s(self) -> float:
        """Seconds from the ground to the cruise height."""
        return self.cruise_height_m / self.climb_mps

    @property
    def descent_s(self) -> float:
        """Seconds from the cruise height to the ground."""
        return self.cruise_height_m / self.descent_mps


Mover = Airframe | Chassis
"""What the world needs to know of how vehicles of a type move, by air or by street."""


def ground_speed_mps(airspeed_mps: float, dx: npt.ArrayLike, dy: npt.ArrayLike, wind: Wind) -> Floats:
    """Speed over ground along (dx, dy) for a vehicle that crabs against `wind`.

    Zero length gives the airspeed. Where the wind is too strong to hold the track, or to make headway of
    0.5 m/s, the result is NaN: the leg cannot be flown.
    """
    dx, dy = np.asarray(dx, dtype=np.float64), np.asarray(dy, dtype=np.float64)
    length = np.hypot(dx, dy)
    safe = np.where(length > 0.0, length, 1.0)
    along = (wind.east_mps * dx + wind.north_mps * dy) / safe
    across = (wind.north_mps * dx - wind.east_mps * dy) / safe
    room = airspeed_mps**2 - across**2
    speed = np.where(room > 0.0, along + np.sqrt(np.maximum(room, 0.0)), np.nan)
    speed = np.where(speed >= MIN_HEADWAY_MPS, speed, np.nan)
    return np.asarray(np.where(length > 0.0, speed, airspeed_mps))


def ground_speed_one_mps(airspeed_mps: float, dx: float, dy: float, wind: Wind) -> float:
    """`ground_speed_mps` for one direction, without the cost of arrays."""
    length = math.hypot(dx, dy)
    if length == 0.0:
        return airspeed_mps
    along = (wind.east_mps * dx + wind.north_mps * dy) / length
    across = (wind.north_mps * dx - wind.east_mps * dy) / length
    room = airspeed_mps**2 - across**2
    speed = along + math.sqrt(room) if room > 0.0 else math.nan
    return speed if speed >= MIN_HEADWAY_MPS else math.nan


def effort_h(airframe: Mover, cruise_s: npt.ArrayLike) -> Floats:
    """Hours of level power that a leg (climb, `cruise_s`, descent) costs: energy = P(m) x effort."""
    vertical = CLIMB_FACTOR * airframe.climb_s + DESCENT_FACTOR * airframe.descent_s
    return np.asarray((vertical + CRUISE_FACTOR * np.asarray(cruise_s, dtype=np.float64)) / 3600.0)
