"""Turns flown legs and telemetry frames into columns, and columns into parts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from fleet.messages.frames import TelemetryFrame, unpack
from fleet.messages.reports import STATES
from fleet.messages.truth import LegFlown
from fleet.record.table import PartWriter

Floats = npt.NDArray[np.float64]
ToLonLat = Callable[[Floats, Floats], tuple[Floats, Floats]]
"""Local metres (east, north) to degrees (longitude, latitude), EPSG:4326."""

HOUR_MS = 3_600_000
_LEG_FIELDS = msgspec.structs.fields(LegFlown)
_FRAME_COLUMNS = ("x_m", "y_m", "height_m", "speed_mps", "battery_wh", "load_kg")


class LegTable:
    """Buffers legs as rows; a part is written every `rows` legs and every simulated hour."""

    def __init__(self, directory: Path, rows: int) -> None:
        self._parts = PartWriter(directory)
        self._rows = rows
        self._legs: list[LegFlown] = []
        self._hour = 0

    def add(self, leg: LegFlown) -> None:
        """Take one leg; what was buffered is written first if it is enough, or an hour old."""
        hour = leg.t1_ms // HOUR_MS
        if len(self._legs) >= self._rows or hour > self._hour:
            self.flush()
        self._hour = max(hour, self._hour)
        self._legs.append(leg)

    def flush(self) -> None:
        """Write what is buffered as one part."""
        if not self._legs:
            return
        types: dict[Any, str] = {str: "O", int: "i8", float: "f8"}
        columns = {
            field.name: np.array([getattr(leg, field.name) for leg in self._legs], dtype=types[field.type])
            for field in _LEG_FIELDS
        }
        self._legs.clear()
        self._parts.write(columns)


class TelemetryTable:
    """Buffers frames as they are; a part is written every `rows` rows and every simulated hour."""

    def __init__(self, directory: Path, rows: int, to_lon_lat: ToLonLat | None) -> None:
        self._parts = PartWriter(directory)
        self._rows = rows
        self._to_lon_lat = to_lon_lat
        self._frames: list[tuple[int, TelemetryFrame]] = []
        self._buffered = 0
        self._hour = 0
        self._vehicles: tuple[str, ...] = ()

    def name(self, vehicles: tuple[str, ...]) -> None:
        """Set the roster that frames list their rows by."""
        if vehicles != self._vehicles:
            self.flush()
            self._vehicles = vehicles

    def add(self, t_ms: int, frame: TelemetryFrame) -> None:
        """Take one frame of `t_ms`; what was buffered is written first if it is enough, or an hour old."""
        hour = t_ms // HOUR_MS
        if self._buffered >= self._rows or hour > self._hour:
            self.flush()
        self._hour = max(hour, self._hour)
        self._frames.append((t_ms, frame))
        self._buffered += len(frame.state)

    def flush(self) -> None:
        """Write what is buffered as one part: t_ms, vehicle, place, speed, battery, load, state."""
        if not self._frames:
            return
        counts = [len(frame.state) for _, frame in self._frames]
        columns: dict[str, npt.NDArray[Any]] = {
            "t_ms": np.repeat([t_ms for t_ms, _ in self._frames], counts),
            "row": np.concatenate([np.arange(count, dtype=np.uint32) for count in counts]),
            "state_index": self._column("state", "<u1"),
        }
        columns.update((name, self._column(name, "<f4")) for name in _FRAME_COLUMNS)
        places = ""
        if self._to_lon_lat is not None:
            columns["lon"], columns["lat"] = self._to_lon_lat(
                columns["x_m"].astype(np.float64), columns["y_m"].astype(np.float64)
            )
            places = "lon, lat, "
        self._frames.clear()
        self._buffered = 0
        # DuckDB counts list items from 1, and gives NULL beyond the end: a row without a name stays.
        self._parts.write(
            columns,
            f"SELECT t_ms, list_extract($vehicles, row + 1) AS vehicle, {places}{', '.join(_FRAME_COLUMNS)}, "
            "list_extract($states, state_index::INTEGER + 1) AS state FROM rows",
            vehicles=list(self._vehicles) or [""],
            states=list(STATES),
        )

    def _column(self, name: str, dtype: str) -> npt.NDArray[Any]:
        return np.concatenate([unpack(getattr(frame, name), dtype) for _, frame in self._frames])
