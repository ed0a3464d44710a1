"""Reads a recorded run and computes, from the map and the requests alone, what was asked and what was possible.

Shares no code with the simulator or the planner: JSON, DuckDB, pyproj, shapely, and the formulas once more.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import shapely
from pyproj import Transformer

GRAVITY, RHO = 9.81, 1.2


@dataclass(frozen=True)
class Kind:
    """A vehicle type as the issue of the day needs it; figures of the makers, see docs."""

    empty_kg: float
    payload_kg: float
    volume_l: float
    battery_wh: float
    disc_m2: float
    cruise_mps: float
    hazmat: bool
    height_m: float = 80.0
    reserve_share: float = 0.2

    def leg_wh(self, metres: float, load_kg: float) -> float:
        mass = self.empty_kg + load_kg
        power = (mass * GRAVITY) ** 1.5 / (0.53 * math.sqrt(2 * RHO * self.disc_m2))
        return power * (1.16 * self.height_m / 2.5 + metres / self.cruise_mps + 0.95 * self.height_m / 2.0) / 3600

    def leg_s(self, metres: float) -> float:
        return self.height_m / 2.5 + metres / self.cruise_mps + self.height_m / 2.0


KINDS = {
    "light": Kind(9.5, 5.6, 40, 599.4, 1.341, 12, hazmat=False),
    "heavy": Kind(65, 30, 150, 3968.8, 5.91, 15, hazmat=True),
}
HAZARDOUS = {"batteries", "lamps", "solvents"}
ORDINARY = {"paper", "cardboard", "plastics", "glass", "metals", "textiles", "organics", "e-waste", "mixed"}


class Record:
    """One run directory and the map it flew on."""

    def __init__(self, directory: Path, map_file: Path) -> None:
        self.directory = directory
        self._map = json.loads(map_file.read_text())

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.directory / "events.jsonl").read_text().splitlines()]

    def bodies(self, kind: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """(time, body) of every message of a type."""
        return ((e["t_ms"], e["body"]) for e in self.events if e["body"]["type"] == kind)

    @cached_property
    def legs(self) -> dict[str, np.ndarray[Any, Any]]:
        pattern = str(self.directory / "legs" / "*.parquet")
        return duckdb.sql(f"select * from '{pattern}'").fetchnumpy()

    @cached_property
    def _metres(self) -> Transformer:
        points = np.array(
            [
                pair
                for f in self._map["features"]
                if f["properties"]["kind"] != "street"
                for pair in shapely.get_coordinates(shapely.geometry.shape(f["geometry"]))
            ]
        )
        lon, lat = (points.min(axis=0) + points.max(axis=0)) / 2
        local = f"+proj=aeqd +lat_0={lat} +lon_0={lon} +datum=WGS84 +units=m"
        return Transformer.from_crs("EPSG:4326", local, always_xy=True)

    def _shapes(self, kind: str) -> list[tuple[dict[str, Any], Any]]:
        chosen = [f for f in self._map["features"] if f["properties"]["kind"] == kind]

        def to_local(xy: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
            return np.column_stack(self._metres.transform(xy[:, 0], xy[:, 1]))

        return [
            (f["properties"], shapely.transform(shapely.geometry.shape(f["geometry"]), to_local)) for f in chosen
        ]

    @cached_property
    def closed(self) -> list[Any]:
        """No-fly zones and buildings that reach the cruise height, without any clearance."""
        zones = [shape for _, shape in self._shapes("no_fly")]
        return zones + [shape for p, shape in self._shapes("building") if p.get("height_m", 6) > 80.0]

    @cached_property
    def sites(self) -> list[tuple[dict[str, Any], float, float]]:
        return [(p, shape.x, shape.y) for p, shape in self._shapes("site")]

    def metres_inside_closed(self) -> float:
        """The longest piece of any level flight inside closed ground, the edge's 5 mm left out."""
        flown = self.legs["phase"] != "driving"
        legs = {name: column[flown] for name, column in self.legs.items()}
        lines = shapely.linestrings(
            np.stack(
                [np.column_stack([legs["x0_m"], legs["y0_m"]]), np.column_stack([legs["x1_m"], legs["y1_m"]])], 1
            )
        )
        tree = shapely.STRtree(lines)
        worst = 0.0
        for polygon in self.closed:
            hit = tree.query(polygon.buffer(-0.005), predicate="intersects")
            if len(hit):
                worst = max(worst, float(shapely.length(shapely.intersection(lines[hit], polygon)).max()))
        return worst


def kind_of(vehicle: str) -> Kind:
    return KINDS[vehicle.rsplit("-", 1)[0]]


def alone_in_time(record: Record, request: dict[str, Any], announced_ms: int) -> bool:
    """Whether an empty, full vehicle on its own, from the base nearest by, could do it in its window.

    Straight lines: an upper bound of what is servable, so that the share served can only look worse.
    """
    x, y = request["x_m"], request["y_m"]
    for kind in KINDS.values():
        if request["material"] in HAZARDOUS and not kind.hazmat:
            continue
        if request["declared_kg"] > kind.payload_kg or request["declared_l"] > kind.volume_l:
            continue
        out = min(math.hypot(x - sx, y - sy) for p, sx, sy in record.sites if p.get("base"))
        takers = [math.hypot(x - sx, y - sy) for p, sx, sy in record.sites if _takes(p, request["material"])]
        if not takers:
            continue
        energy = kind.leg_wh(out, 0.0) + kind.leg_wh(min(takers), request["declared_kg"])
        if energy > (1 - kind.reserve_share) * kind.battery_wh:
            continue
        begin = max(announced_ms + 1000 * kind.leg_s(out), request["earliest_ms"])
        if begin + request["service_ms"] <= request["latest_ms"]:
            return True
    return False


def _takes(site: dict[str, Any], material: str) -> bool:
    accepts = site.get("accepts") or []
    return (
        material in accepts
        or ("all" in accepts and material in ORDINARY)
        or (accepts == "all" and material in ORDINARY)
    )


def trips(record: Record) -> list[tuple[float, float]]:
    """(share of the volume, share of the payload) that each unloaded trip used."""
    shares = []
    for _, body in record.bodies("Unloaded"):
        kind = kind_of(body["vehicle"])
        shares.append((body["volume_l"] / kind.volume_l, sum(body["weighed_kg"].values()) / kind.payload_kg))
    return shares


def loads(record: Record) -> dict[str, list[tuple[float, float]]]:
    """Per vehicle the (kg, litres) on every leg."""
    by_vehicle: dict[str, list[tuple[float, float]]] = defaultdict(list)
    legs = record.legs
    for vehicle, kg, litres in zip(legs["vehicle"], legs["payload_kg"], legs["payload_l"], strict=True):
        by_vehicle[str(vehicle)].append((float(kg), float(litres)))
    return by_vehicle
