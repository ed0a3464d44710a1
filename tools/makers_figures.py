"""What makers say of the drones that the built-in types are modelled on, and what the flight model says of them.

Makers state minutes and kilometres to an empty battery, in still air, from start to end in one state: hovering, or
level at one speed. So that is what is reckoned: stored energy over the power in that state at the stated take-off
mass, with no climb, no descent and no reserve. Hovering draws 1.10 of level power (`HOVER_FACTOR`).

Where a figure comes from:

- `sdk`: the table "Payload & Flight Time" of DJI's Onboard SDK documentation (hardware introduction), which gives
  battery, take-off mass and minutes of each configuration; read for this table. TB47 packs are taken as 99.9 Wh,
  TB48 as 129.96 Wh; the page says 99 and 130.
- `spec`: the maker's specification page as remembered, not read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from fleet.base.flight import CRUISE_FACTOR, HOVER_FACTOR, Airframe
from fleet.sim.params import BUILT_IN_TYPES, VehicleTypeParams

MEASURED_EFFICIENCY = 0.53
"""From the Matrice 100's measured power in level flight: 460 W at 3.715 kg, where the ideal rotor needs 246 W."""

Kind = Literal["min hovering", "min level", "km level"]


@dataclass(frozen=True)
class Figure:
    """One thing that a maker states: `value` in the unit that `kind` names."""

    drone: str
    type_name: str
    kind: Kind
    value: float
    take_off_kg: float
    battery_wh: float
    source: Literal["sdk", "spec"]
    how: str = ""

    @property
    def name(self) -> str:
        """What it is called in tables and tests."""
        return f"{self.drone}, {self.take_off_kg:g} kg, {self.battery_wh:g} Wh, {self.kind}"

    def reckoned(self, efficiency: float = MEASURED_EFFICIENCY) -> float:
        """The same by the flight model, in the same unit."""
        airframe = airframe_of(self.type_name, efficiency)
        factor = HOVER_FACTOR if self.kind == "min hovering" else CRUISE_FACTOR
        hours = self.battery_wh / (factor * airframe.power_w(self.take_off_kg - airframe.empty_kg))
        return 3.6 * airframe.cruise_mps * hours if self.kind == "km level" else 60.0 * hours

    def error(self, efficiency: float = MEASURED_EFFICIENCY) -> float:
        """The model over the maker's figure, less one."""
        return self.reckoned(efficiency) / self.value - 1.0

    def asks_for(self) -> float:
        """The efficiency at which the model says what the maker says: what is reckoned grows in proportion."""
        return MEASURED_EFFICIENCY / (1.0 + self.error())


def airframe_of(type_name: str, efficiency: float) -> Airframe:
    """The airframe of a built-in type with another efficiency."""
    kind = BUILT_IN_TYPES[type_name]
    assert isinstance(kind, VehicleTypeParams)
    return kind.model_copy(update={"efficiency": efficiency}).airframe()


def fairest(figures: Iterable[Figure]) -> float:
    """The one efficiency with the least largest error: those of the two extremes are equal and opposite then."""
    wanted = [figure.asks_for() for figure in figures]
    return 2.0 / (1.0 / min(wanted) + 1.0 / max(wanted))


def _sdk(drone: str, type_name: str, pack_wh: float, rows: Sequence[tuple[float, float, int]]) -> list[Figure]:
    """Rows of (take-off kg, minutes, packs)."""
    return [
        Figure(drone, type_name, "min hovering", minutes, kg, round(packs * pack_wh, 2), "sdk")
        for kg, minutes, packs in rows
    ]


TB47_WH, TB48_WH = 99.9, 129.96

AS_MODELLED = (
    Figure("Matrice 350", "scout", "min level", 55.0, 6.47, 526.4, "spec", "at 8 m/s"),
    *_sdk("Matrice 600", "light-collector", TB47_WH, [(9.1, 35, 6), (15.1, 16, 6)]),
    Figure("FlyCart 30", "heavy-collector", "min hovering", 29.0, 65.0, 3968.8, "spec"),
    Figure("FlyCart 30", "heavy-collector", "min hovering", 18.0, 95.0, 3968.8, "spec"),
    Figure("FlyCart 30", "heavy-collector", "km level", 28.0, 65.0, 3968.8, "spec", "at 15 m/s"),
    Figure("FlyCart 30", "heavy-collector", "km level", 16.0, 95.0, 3968.8, "spec", "at 15 m/s"),
    *_sdk("Matrice 100", "small-drone", TB48_WH, [(2.431, 28, 1), (2.678, 23, 1), (2.931, 20, 1), (3.431, 16, 1)]),
)
"""The drones with the batteries that the built-in types have."""

OTHER_BATTERIES = (
    *_sdk("Matrice 100", "small-drone", TB47_WH, [(2.355, 22, 1), (2.602, 19, 1), (2.855, 17, 1), (3.355, 13, 1)]),
    *_sdk("Matrice 100", "small-drone", TB47_WH, [(3.115, 33, 2)]),
    *_sdk("Matrice 100", "small-drone", TB48_WH, [(3.267, 40, 2), (3.514, 33, 2)]),
    *_sdk("Matrice 600", "light-collector", TB48_WH, [(9.61, 40, 6), (15.11, 18, 6)]),
)
"""The same drones with batteries that no built-in type has: nothing was chosen by them."""

FLYCART_KM = tuple(f for f in AS_MODELLED if f.drone == "FlyCart 30" and f.kind == "km level")
FLYCART_MIN = tuple(f for f in AS_MODELLED if f.drone == "FlyCart 30" and f.kind == "min hovering")
