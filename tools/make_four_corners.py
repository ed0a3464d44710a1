"""Writes maps/four-corners.geojson, a city of one square kilometre to know by heart.

All numbers below are metres east and north of the middle of the town, which lies at 10 degrees east, 50
degrees north, and does not exist. Read back from the file they are right to 2 cm.

    north   nw  tower  |           ne  plant
                       |  stadium
    south   sw  depot  |           se  pad-1
           west                     east

Run it from the root of the project: python tools/make_four_corners.py [file]
"""

from __future__ import annotations

import sys
from pathlib import Path

from shapely import LineString, Polygon, box

from fleet.city.fields import ORDINARY
from fleet.city.frame import Frame
from fleet.city.model import Building, City, District, Place, Site, Street, Zone
from fleet.city.save import write_geojson

CORNERS = {"nw": (-1, 1), "ne": (1, 1), "sw": (-1, -1), "se": (1, -1)}
NAMES = {"nw": "North West", "ne": "North East", "sw": "South West", "se": "South East"}
PICKUPS = ((200, 300), (300, 200), (200, 200))
BUILDINGS = ((350, 450, 12.0), (450, 350, 18.0))


def four_corners() -> City:
    """The city, corner by corner."""
    return City(
        name="Four Corners",
        frame=Frame(10.0, 50.0),
        notes=("Invented. Made by tools/make_four_corners.py, which says where everything is in metres.",),
        districts=tuple(
            District(corner, NAMES[corner], _square(250 * sx, 250 * sy, 500))
            for corner, (sx, sy) in CORNERS.items()
        ),
        zones=(Zone("park", "stadium", _square(0, 0, 200), floor_m=0.0, ceiling_m=120.0),),
        sites=(
            Site("depot", -400, -400, base=True, pads=4, chargers=4),
            Site("plant", 400, 400, accepts=ORDINARY, capacity_kg=5000.0, pads=3, chargers=2),
            Site("pad-1", 400, -400, pads=2, chargers=2),
        ),
        pickup_points=tuple(
            Place(f"{corner}-{number}", x * sx, y * sy)
            for corner, (sx, sy) in CORNERS.items()
            for number, (x, y) in enumerate(PICKUPS, start=1)
        ),
        anchors=tuple(
            Place(f"anchor-{3 * row + column + 1}", 450 * (column - 1), 450 * (1 - row))
            for row in range(3)
            for column in range(3)
        ),
        buildings=(
            *(
                Building(f"{corner}-house-{number}", _square(x * sx, y * sy, 30), height_m)
                for corner, (sx, sy) in CORNERS.items()
                for number, (x, y, height_m) in enumerate(BUILDINGS, start=1)
            ),
            Building("tower", _square(-350, 350, 30), 90.0),
        ),
        streets=(
            Street(LineString([(-500, -200), (-200, -200), (500, -200)])),
            Street(LineString([(-200, -500), (-200, -200), (-200, 500)])),
        ),
    )


def _square(x_m: float, y_m: float, side_m: float) -> Polygon:
    half = side_m / 2
    return box(x_m - half, y_m - half, x_m + half, y_m + half)


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "maps/four-corners.geojson")
    write_geojson(four_corners(), target)
    print(f"wrote {target}")
