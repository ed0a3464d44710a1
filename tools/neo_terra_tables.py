"""What makes Neo-Terra the place it is: districts, zones, sites, numbers. `make_neo_terra` does the rest.

Positions are metres east and north of the centre; they stretch with the scale of the city.
"""

from __future__ import annotations

from fleet.base.materials import MATERIALS
from fleet.city.frame import Frame
from fleet.city.model import Site

CENTRE = Frame(lon=11.0, lat=48.0)
HALF_M = 2000.0
MIDDLE_M = (100.0, 250.0)
ORDINARY = frozenset(name for name, material in MATERIALS.items() if not material.hazardous)

BUILDINGS = 2000
PICKUP_POINTS = 600
TOWERS = 14
TOWER_M = (70.0, 110.0)
HEIGHT_M = (6.0, 45.0)
ANCHOR_STEP_M = 250.0
AVENUE_EVERY = 5
ZONE_CLEARANCE_M = 12.0

# id, name, x and y of the seed, how dense pickups are compared with the others
DISTRICTS = (
    ("old-town", "Old Town", 100.0, 480.0, 2.6),
    ("market", "Market", 250.0, -480.0, 2.0),
    ("harbour", "Harbour", 1400.0, -950.0, 1.0),
    ("foundry", "Foundry", 1350.0, 350.0, 0.9),
    ("terraces", "Terraces", 900.0, 1450.0, 0.9),
    ("gardens", "Gardens", -700.0, 1400.0, 0.8),
    ("riverside", "Riverside", -1250.0, 250.0, 1.1),
    ("campus", "Campus", -900.0, -1050.0, 1.0),
)

# id, reason, middle, length and width, turn in degrees
ZONES = (
    ("airfield", "airfield", -1330.0, -1680.0, 1200.0, 500.0, 4.0),
    ("hospital", "hospital", -480.0, 740.0, 210.0, 160.0, 12.0),
    ("school-north", "school", 560.0, 1180.0, 120.0, 90.0, -8.0),
    ("school-west", "school", -1380.0, 760.0, 110.0, 100.0, 5.0),
    ("school-south", "school", -130.0, -1080.0, 120.0, 95.0, 10.0),
    ("stadium", "stadium", 1120.0, 900.0, 280.0, 210.0, 25.0),
    ("prison", "prison", 1560.0, -1600.0, 260.0, 220.0, -6.0),
)

LARGE = Site("", 0.0, 0.0, accepts=ORDINARY, capacity_kg=20_000.0, pads=8, chargers=6)
PAD = Site("", 0.0, 0.0, pads=2, chargers=2)
DEPOT = Site("", 0.0, 0.0, base=True, pads=24, chargers=20)


def _works(capacity_kg: float, chargers: int, *accepts: str) -> Site:
    return Site("", 0.0, 0.0, "", False, frozenset(accepts), capacity_kg, 4, chargers)


# id, where it would like to stand, how far round it the ground is cleared, what it is like
SITES = (
    ("depot-north", -150.0, 1200.0, 55.0, DEPOT),
    ("depot-south", 650.0, -1250.0, 55.0, DEPOT),
    ("recycling-east", 1680.0, 480.0, 45.0, LARGE),
    ("recycling-west", -1650.0, -420.0, 45.0, LARGE),
    ("digester", -1450.0, 1620.0, 45.0, _works(10_000.0, 2, "organics")),
    ("fibre-mill", 1080.0, -640.0, 45.0, _works(8_000.0, 3, "paper", "cardboard", "textiles")),
    ("glass-and-metal-works", 420.0, 1740.0, 45.0, _works(10_000.0, 3, "glass", "metals")),
    (
        "hazard-lab",
        -480.0,
        -1300.0,
        45.0,
        _works(5_000.0, 4, "e-waste", "batteries", "lamps", "solvents"),
    ),
    *(
        (f"pad-{row * 4 + column + 1}", -1450.0 + 950.0 * column, -1150.0 + 1150.0 * row, 16.0, PAD)
        for row in range(3)
        for column in range(4)
    ),
)

# what a pickup point takes, and how often
MATERIALS_TAKEN: tuple[tuple[float, tuple[str, ...]], ...] = (
    (0.54, ()),
    (0.12, ("mixed",)),
    (0.08, ("paper", "cardboard")),
    (0.07, ("glass",)),
    (0.07, ("plastics", "metals")),
    (0.05, ("organics",)),
    (0.03, ("textiles",)),
    (0.02, ("e-waste",)),
    (0.01, ("batteries", "lamps")),
    (0.01, ("solvents",)),
)
