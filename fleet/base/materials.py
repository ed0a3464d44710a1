"""What a city throws away: loose density and whether a drone may carry it over people.

Densities are loose, as collected: US EPA, "Volume-to-Weight Conversion Factors" (April 2016), 0.593276 kg/m3
per lb/yd3; e-waste and the hazardous classes are engineering defaults. Hazard flags follow the starred
entries of the EU List of Waste and the UN numbers for carriage.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Material:
    """A class of waste. `density_kg_l` is loose, in the bin; `hazardous` asks for a certified vehicle."""

    name: str
    density_kg_l: float
    hazardous: bool = False


_TABLE = (
    Material("paper", 0.145),
    Material("cardboard", 0.063),
    Material("plastics", 0.024),
    Material("glass", 0.225),
    Material("metals", 0.053),
    Material("textiles", 0.089),
    Material("organics", 0.235),
    Material("e-waste", 0.200),
    Material("mixed", 0.082),
    Material("batteries", 1.200, hazardous=True),
    Material("lamps", 0.150, hazardous=True),
    Material("solvents", 0.900, hazardous=True),
)

MATERIALS = MappingProxyType({m.name: m for m in _TABLE})
"""Every material by name; read-only."""
