"""A good map as a dict, small enough to be varied one fact at a time, and a way to load it."""

import copy
import json
from pathlib import Path
from typing import Any

from fleet.base.errors import Fault, InputError
from fleet.city.load import load_city
from fleet.city.model import City


def square(lon, lat, side=0.01):
    return [[[lon, lat], [lon + side, lat], [lon + side, lat + side], [lon, lat + side], [lon, lat]]]


def feature(kind, ident, geometry_type, coordinates, /, **properties):
    return {
        "type": "Feature",
        "properties": {"kind": kind, "id": ident, **properties},
        "geometry": {"type": geometry_type, "coordinates": coordinates},
    }


GOOD: dict[str, Any] = {
    "type": "FeatureCollection",
    "name": "Small",
    "attribution": "nobody",
    "notes": ["a first note"],
    "features": [
        feature("district", "d", "Polygon", square(10.0, 50.0, 0.02), name="Old Town"),
        feature("no_fly", "z", "Polygon", square(10.005, 50.005, 0.002), reason="hospital"),
        feature("building", "b", "Polygon", square(10.01, 50.01, 0.0002), height_m=20),
        feature("site", "depot", "Point", [10.001, 50.001], base=True, pads=2, chargers=2),
        feature("site", "plant", "Point", [10.019, 50.019], accepts="all", capacity_kg=500),
        feature("pickup_point", "p1", "Point", [10.002, 50.012], materials=["glass", "paper"]),
        feature("anchor", "a1", "Point", [10.03, 50.0]),
        feature("street", "s1", "LineString", [[10.0, 50.0], [10.02, 50.02]]),
    ],
}

PLACE = {name["properties"]["id"]: n for n, name in enumerate(GOOD["features"])}


def good() -> dict[str, Any]:
    """A fresh copy to spoil."""
    return copy.deepcopy(GOOD)


def load(folder: Path, document: Any) -> City:
    """Write `document` (text, bytes, or something for JSON, one feature per line) and load it."""
    path = folder / "small.geojson"
    if isinstance(document, bytes):
        path.write_bytes(document)
    elif isinstance(document, str):
        path.write_text(document, encoding="utf-8")
    else:
        path.write_text(json.dumps(document), encoding="utf-8")
    return load_city(path)


def faults(folder: Path, document: Any) -> tuple[Fault, ...]:
    """The faults of a map that must not load."""
    try:
        load(folder, document)
    except InputError as error:
        return error.faults
    raise AssertionError("the map was accepted")
