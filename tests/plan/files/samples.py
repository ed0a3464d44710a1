"""Small files of the field, and a problem that says everything the contract can say."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fleet.city.frame import Frame
from fleet.plan.files.loaded import Loaded, Positions
from fleet.plan.problem import (
    UNREACHABLE_MS,
    Charger,
    Dock,
    Omission,
    Pickup,
    Plan,
    Problem,
    Relaxation,
    Route,
    Stop,
    Vehicle,
    VehicleType,
)
from fleet.plan.ways import Plane, Table

VRP = """NAME : five
COMMENT : made by hand
TYPE : CVRP
DIMENSION : 5
EDGE_WEIGHT_TYPE : EUC_2D
CAPACITY : 10
NODE_COORD_SECTION
1 0 0
2 3 4
3 6 8
4 0 5
5 1 1
DEMAND_SECTION
1 0
2 4
3 5
4 6
5 1
DEPOT_SECTION
1
-1
EOF
"""

_FOUR_NODES = """NODE_COORD_SECTION
1 0 0
2 3 4
3 6 8
4 0 5
DEMAND_SECTION
1 0
2 4
3 5
4 6
"""

FOUR = f"""NAME : four
TYPE : CVRP
DIMENSION : 4
VEHICLES : 3
EDGE_WEIGHT_TYPE : EUC_2D
CAPACITY : 10
{_FOUR_NODES}DEPOT_SECTION
1
-1
EOF
"""

MULTI_TRIP = f"""NAME: trips
TYPE: MTVRPTWR
EDGE_WEIGHT_TYPE: EUC_2D
DIMENSION: 4
VEHICLES: 2
CAPACITY: 10
SERVICE_TIME: 2
{_FOUR_NODES}TIME_WINDOW_SECTION
1 0 200
2 10 60
3 0 100
4 0 100
RELEASE_TIME_SECTION
1 0
2 7
3 0
4 50
VEHICLES_RELOAD_DEPOT_SECTION
1 1
2 1
DEPOT_SECTION
1
EOF
"""

SOLOMON = """TINY

VEHICLE
NUMBER     CAPACITY
  2         10

CUSTOMER
CUST NO.  XCOORD.   YCOORD.   DEMAND    READY TIME  DUE DATE   SERVICE TIME

    0      0          0          0          0        100          0
    1      3          4          4          0         50         10
    2      6          8          5         20         60         10
"""

EXPLICIT = """NAME : table
TYPE : CVRP
DIMENSION : 3
VEHICLES : 1
EDGE_WEIGHT_TYPE : EXPLICIT
EDGE_WEIGHT_FORMAT : LOWER_ROW
CAPACITY : 10
EDGE_WEIGHT_SECTION
 7
 9 4
DEMAND_SECTION
1 0
2 4
3 5
DEPOT_SECTION
1
-1
EOF
"""

SMALL = {
    "format": "fleet-problem",
    "version": 1,
    "nodes": [{"id": "a", "x_m": 0, "y_m": 0}, {"id": "b", "x_m": 300, "y_m": 400}],
    "ways": [{"kind": "straight", "name": "air", "speed_mps": 10}],
    "types": [{"name": "drone", "ways": "air", "payload_kg": 5}],
    "vehicles": [{"id": "v1", "type": "drone", "node": "a"}],
    "docks": [{"id": "base", "node": "a", "accepts": ["paper"]}],
    "pickups": [{"id": "p1", "node": "b", "material": "paper", "mass_kg": 2, "penalty": 1000}],
}

PLACED = {
    **SMALL,
    "name": "placed",
    "nodes": [{"id": "a", "lat_deg": 48.0, "lon_deg": 11.0}, {"id": "b", "lat_deg": 48.01, "lon_deg": 11.0}],
    "pickups": [{**SMALL["pickups"][0], "penalty": 100000}],
}
"""The same, on Earth."""


def rich() -> Loaded:
    """Two drones that may charge and a van, in the degrees of a frame."""
    frame = Frame(11.0, 48.0)
    lon = np.array([11.0, 11.01, 11.02, 11.0, 11.03])
    lat = np.array([48.0, 48.0, 48.01, 48.02, 48.01])
    x_m, y_m = frame.to_metres(lon, lat)
    positions = Positions(x_m, y_m, frame, (lon, lat))
    air = Plane(x_m, y_m, 1000.0 / 15.0, 3, 1.0 / 54_000.0, 1.0, "nearest")
    rng = np.random.default_rng(5)
    travel = rng.integers(1, 900_000, (5, 5))
    np.fill_diagonal(travel, 0)
    travel[2, 3] = UNREACHABLE_MS
    effort = travel / 3.6e6
    effort[2, 3] = np.inf
    street = Table(travel, travel // 7, effort)
    drone = VehicleType(
        "drone", 4.5, 3.0, 40.0, 500.0, 50.0, 9.5, 1.5, frozenset({"over-people"}), fixed_cost=100, most_trips=4
    )
    heavy = VehicleType("heavy", 9.0, 8.0, 90.0, 700.0, power_coefficient=20.0, mass_exponent=1.0)
    van = VehicleType("van", 1500.0, 800.0, float("inf"), certificates=frozenset({"acid", "over-people"}))
    problem = Problem(
        types=(drone, van, heavy),
        vehicles=(
            Vehicle("d1", 0, 0, -5000, 400.0, 9_000_000, (0,), (("pickup", 1), ("dock", 0))),
            Vehicle("d2", 2, 1, 0),
            Vehicle("v1", 1, 1, 60_000, ends=(0, 1)),
        ),
        docks=(
            Dock("base", 0, frozenset({"paper", "glass"}), 30_000, Charger("partial", 5_000, 7.2, 2), pads=1),
            Dock("plant", 1, frozenset({"acid"}), 60_000, None, ((0, 3_600_000), (7_200_000, 9_000_000)), 3),
            Dock("mast", 4, charger=Charger()),
        ),
        pickups=(
            Pickup("p1", 2, "paper", 1.5, 12.0, 0, 4_000_000, 90_000, 500),
            Pickup("p2", 3, "glass", 2.5, 5.0, 0, 9_000_000, 60_000, 700, due_ms=1_000_000, late_cost_per_s=2),
            Pickup("p3", 4, "acid", 9.0, 9.0, 600_000, 8_000_000, 60_000, 900, frozenset({"acid"}), release_ms=5),
        ),
        ways=(air, street, air),
        end_ms=10_000_000,
        apart=frozenset({frozenset({"paper", "acid"}), frozenset({"glass", "acid"})}),
    )
    ids = ("n-base", "n-plant", "corner", "park", "n-mast")
    return Loaded(Path("rich.json"), "JSON", "rich", problem, ids, positions, drives=frozenset({1}))


def rich_plan() -> Plan:
    """A plan in form, if not in truth, for `rich()`."""
    return Plan(
        routes=(
            Route(
                0,
                (
                    Stop("pickup", 1, 10_000, 12_000, 72_000),
                    Stop("dock", 0, 90_000, 95_000, 200_000, unload=True, charge_wh=33.5),
                    Stop("pickup", 0, 260_000, 260_000, 350_000),
                    Stop("dock", 0, 400_000, 400_000, 430_000, unload=True),
                ),
                312.25,
            ),
            Route(2, (Stop("dock", 1, 70_000, 70_000, 70_000),)),
        ),
        omitted=(Omission(2, "battery", 620.0, 450.0, 0, (Relaxation("charger", 900.0, "m", "base"),)),),
        cost=12_345,
    )
