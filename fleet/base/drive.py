"""The physics of a street vehicle: it rolls on the level at one speed, whatever the wind.

Rolling resistance is proportional to the mass, so that the battery gives

    P(m) = K m        m = vehicle, crew and load

where the same vehicle's multirotor cousin has m^1.5 (`fleet.base.flight`). Nothing is drawn while it stands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Chassis:
    """What driving needs to know of a vehicle type; it answers what an `Airframe` answers.

    `empty_kg` is with the crew. There is no height to gain or lose, so that takes no time.
    """

    empty_kg: float
    cruise_mps: float
    power_coefficient: float
    """K in P = K m, W / kg."""

    flies: ClassVar[bool] = False
    mass_exponent: ClassVar[float] = 1.0
    cruise_height_m: ClassVar[float] = 0.0
    climb_mps: ClassVar[float] = math.inf
    descent_mps: ClassVar[float] = math.inf
    climb_s: ClassVar[float] = 0.0
    descent_s: ClassVar[float] = 0.0

    @staticmethod
    def consuming(wh_per_km: float, at_kg: float, empty_kg: float, cruise_mps: float) -> Chassis:
        """One whose battery gives `wh_per_km` where `at_kg` are on board.

        >>> bike = Chassis.consuming(15.0, at_kg=75.0, empty_kg=135.0, cruise_mps=4.2)
        >>> round(bike.power_w(75.0), 1), round(bike.power_w(0.0) / 4.2 / 3.6, 2)  # W, and Wh/km when empty
        (226.8, 9.64)
        """
        power_w = wh_per_km * 3.6 * cruise_mps
        return Chassis(empty_kg, cruise_mps, power_w / (empty_kg + at_kg))

    def power_w(self, payload_kg: float) -> float:
        """What the battery gives while it rolls with `payload_kg` on board."""
        return self.power_coefficient * (self.empty_kg + payload_kg)
