"""Recipes that every scenario knows. Yields are those of the literature where there is any; a guess says so.

Yields per kilogram that goes in [data sheet, section 5.4, from the sources named there; ranges in brackets]:

- thermal pyrolysis of PE, PP, PS: oil 70-85 %, gas 10-20 %, char 2-10 %;
- glycolysis of PET: monomer 80-95 %, oligomers and colour 5-20 %;
- mechanical PET flake: 75-85 % of collected bottles; caps, labels, fines;
- glass cullet 90-95 %; aluminium remelt 90-95 % with 3-10 % dross (here for all metals); paper pulp 80-90 %;
- textiles: reuse 50-60 %, fibre and wipers 30-40 %, waste 5-10 %;
- printed boards by hydrometallurgy: 92.4 % of the copper, which is some 20 % of a board, > 99 % of gold; glass
  fibre and epoxy are some 60 % (Metals 2018, 8(6), 441);
- e-waste by hand: 50 % metals, 27 % plastics, 23 % other (Global E-waste Monitor 2024);
- mixed waste: the composition of US municipal waste (EPA 2018), of which a sorting line is guessed to get out some
  85 % by name.

Composting, lithium cells, lamps, solvents and sterilising are guesses, as are throughputs, energies, lifetimes and
the shares that come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fleet.sim.plants.recipe import ByproductParams, ProductParams, RecipeParams


def _again(share: float, comes_back: float, returns_as: str, days: float) -> ProductParams:
    return ProductParams(share=share, recyclable_share=comes_back, returns_as=returns_as, lifetime_days=days)


def _left(share: float, toxicity: float = 0.0) -> ByproductParams:
    return ByproductParams(share=share, toxicity=toxicity)


BUILT_IN_RECIPES: Mapping[str, RecipeParams] = MappingProxyType(
    {
        "pe-pyrolysis": RecipeParams(
            takes=("plastics",), products={"oil": _again(0.78, 0.3, "plastics", 180)},
            byproducts={"char": _left(0.06, 0.4)}, losses={"gas": 0.16},
            kwh_per_kg=0.8, heat_share=0.7, kg_per_h=60, batch_kg=30,
        ),
        "pet-glycolysis": RecipeParams(
            takes=("plastics",), products={"monomer": _again(0.88, 0.7, "plastics", 90)},
            byproducts={"oligomers": _left(0.12, 0.3)},
            kwh_per_kg=1.2, heat_share=0.8, kg_per_h=40, batch_kg=20,
        ),
        "pet-flake": RecipeParams(
            takes=("plastics",), products={"flake": _again(0.80, 0.6, "plastics", 90)},
            byproducts={"caps-and-labels": _left(0.17)}, losses={"moisture": 0.03},
            kwh_per_kg=0.5, kg_per_h=80, batch_kg=20,
        ),
        "glass-cullet": RecipeParams(
            takes=("glass",), products={"cullet": _again(0.93, 0.8, "glass", 60)},
            byproducts={"ceramics-and-fines": _left(0.065)}, losses={"dust": 0.005},
            kwh_per_kg=0.05, kg_per_h=200, batch_kg=40,
        ),
        "metal-remelt": RecipeParams(
            takes=("metals",), products={"ingot": _again(0.92, 0.9, "metals", 120)},
            byproducts={"dross": _left(0.06, 0.5)}, losses={"lacquer-and-moisture": 0.02},
            kwh_per_kg=0.7, heat_share=0.9, kg_per_h=80, batch_kg=20,
        ),
        "paper-pulp": RecipeParams(
            takes=("cardboard", "paper"), products={"pulp": _again(0.85, 0.7, "paper", 30)},
            byproducts={"sludge": _left(0.15, 0.1)}, kwh_per_kg=0.4, kg_per_h=150, batch_kg=40,
        ),
        "textile-sorting": RecipeParams(
            takes=("textiles",),
            products={"clothes": _again(0.55, 0.8, "textiles", 700), "fibre": _again(0.37, 0.3, "textiles", 300)},
            byproducts={"rags": _left(0.08)}, kwh_per_kg=0.1, kg_per_h=40, batch_kg=10,
        ),
        "composting": RecipeParams(
            takes=("organics",), products={"compost": ProductParams(share=0.40)},
            byproducts={"screenings": _left(0.05, 0.1)}, losses={"water-and-co2": 0.55},
            kwh_per_kg=0.02, kg_per_h=100, batch_kg=50,
        ),
        "board-leaching": RecipeParams(
            takes=("e-waste",),
            products={
                "copper": _again(0.185, 0.9, "e-waste", 2000), "tin-and-lead": ProductParams(share=0.03),
                "precious-metals": ProductParams(share=0.0003),
            },
            byproducts={"fibre-and-epoxy": _left(0.60, 0.2), "leach-residue": _left(0.1847, 0.9)},
            kwh_per_kg=2.0, heat_share=0.9, kg_per_h=10, batch_kg=4,
        ),
        "e-waste-by-hand": RecipeParams(
            takes=("e-waste",), sorted={"metals": 0.50, "plastics": 0.27}, finds=0.95,
            byproducts={"other-parts": _left(0.23, 0.3)}, kwh_per_kg=0.02, kg_per_h=12, batch_kg=4,
        ),
        "mixed-sorting": RecipeParams(
            takes=("mixed",), finds=0.85,
            sorted={
                "paper": 0.19, "organics": 0.28, "plastics": 0.10, "metals": 0.08,
                "textiles": 0.06, "glass": 0.035,
            },
            byproducts={"residue": _left(0.255, 0.1)}, kwh_per_kg=0.03, kg_per_h=250, batch_kg=50,
        ),
        "lithium-cells": RecipeParams(
            takes=("batteries",),
            products={"black-mass": ProductParams(share=0.45), "casings": ProductParams(share=0.35)},
            byproducts={"electrolyte": _left(0.15, 0.9)}, losses={"vapour": 0.05},
            kwh_per_kg=1.0, kg_per_h=5, batch_kg=2,
        ),
        "lamp-crushing": RecipeParams(
            takes=("lamps",), products={"lamp-glass": ProductParams(share=0.88)},
            byproducts={"mercury-powder": _left(0.12, 1.0)}, kwh_per_kg=0.3, kg_per_h=10, batch_kg=1,
        ),
        "solvent-distilling": RecipeParams(
            takes=("solvents",), products={"solvent": ProductParams(share=0.75)},
            byproducts={"still-bottoms": _left(0.22, 0.8)}, losses={"vapour": 0.03},
            kwh_per_kg=0.5, kg_per_h=10, batch_kg=2,
        ),
        "sterilising": RecipeParams(
            takes=("clinical",), byproducts={"sterile-residue": _left(0.85, 0.1)}, losses={"moisture": 0.15},
            kwh_per_kg=0.6, kg_per_h=20, batch_kg=2,
        ),
    }
)  # fmt: skip
"""By name; a scenario's own recipe of the same name comes before."""
