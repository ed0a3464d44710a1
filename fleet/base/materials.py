"""What a city throws away, as a table: how loosely it lies, whether it is dangerous, what a kilogram earns.

Densities are loose, as collected: US EPA, "Volume-to-Weight Conversion Factors" (April 2016), 0.593276 kg/m3 per
lb/yd3. E-waste, the hazardous classes and clinical waste are engineering defaults. Codes are those of the EU List
of Waste (Decision 2000/532/EC), where a star means hazardous; UN numbers are those of carriage (ADR). Credits are
the refunds of California's beverage container scheme in USD per kg (metals: three parts steel at 0.88, one part
aluminium at 3.64, as in household metals; plastics: what mixed ones fetch) and guesses of the same order for the
rest. Which facility takes what is not a property of a material but of a site: `Site.accepts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

HazardClass = Literal["", "lithium", "mercury", "flammable", "biological"]
"""Why a material asks for a certified vehicle; "" is an ordinary one."""


@dataclass(frozen=True, slots=True)
class Material:
    """A class of waste. `density_kg_l` is loose, in the bin; `credit_per_kg` is what a citizen earns by it.

    `ewc` is its code in the List of Waste, `un` its number for carriage, "" where it has none.
    """

    name: str
    density_kg_l: float
    credit_per_kg: float
    ewc: str
    hazard: HazardClass = ""
    un: str = ""

    @property
    def hazardous(self) -> bool:
        """Whether only a certified vehicle may carry it."""
        return self.hazard != ""


_TABLE = (
    Material("paper", 0.145, 0.05, "20 01 01"),
    Material("cardboard", 0.063, 0.05, "15 01 01"),
    Material("plastics", 0.024, 0.5, "20 01 39"),
    Material("glass", 0.225, 0.23, "20 01 02"),
    Material("metals", 0.053, 1.6, "20 01 40"),
    Material("textiles", 0.089, 0.1, "20 01 11"),
    Material("organics", 0.235, 0.0, "20 01 08"),
    Material("e-waste", 0.200, 2.0, "20 01 36"),
    Material("mixed", 0.082, 0.0, "20 03 01"),
    Material("batteries", 1.200, 2.0, "20 01 33*", "lithium", "UN 3480"),
    Material("lamps", 0.150, 1.0, "20 01 21*", "mercury"),
    Material("solvents", 0.900, 0.0, "20 01 27*", "flammable", "UN 1263"),
    Material("clinical", 0.120, 0.0, "18 01 03*", "biological", "UN 3291"),
)

MATERIALS = MappingProxyType({m.name: m for m in _TABLE})
"""Every material by name; read-only."""
