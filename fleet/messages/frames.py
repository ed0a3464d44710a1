"""Columnar messages: one frame carries a row per vehicle, as little-endian arrays."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from fleet.messages.plane import Frame, Plane


def pack(values: npt.ArrayLike, dtype: str = "<f4") -> bytes:
    """A column as bytes: `<f4`, `<u4`, `<u2` or `<u1`."""
    return np.ascontiguousarray(values, dtype=dtype).tobytes()


def unpack(column: bytes, dtype: str = "<f4") -> npt.NDArray[np.generic]:
    """A column as a read-only array; no copy."""
    return np.frombuffer(column, dtype=dtype)


class TelemetryFrame(Frame, frozen=True, kw_only=True, omit_defaults=True):
    """What every vehicle says of itself now, in roster order. `state` is `<u1` into `reports.STATES`.

    Where a link is faulty, the numbers of a vehicle that was not heard are NaN; its state is the last one known.
    `age_ms` (`<u4`) says how old each row is that came late; it is empty, and left out, while every row is fresh.
    """

    plane: ClassVar[Plane] = Plane.TELEMETRY
    tick: int
    x_m: bytes
    y_m: bytes
    height_m: bytes
    speed_mps: bytes
    battery_wh: bytes
    load_kg: bytes
    state: bytes
    age_ms: bytes = b""


class RangeFrame(Frame, frozen=True, kw_only=True):
    """Ranges that fixed anchors measured: parallel columns, one row per (vehicle, anchor) in reach."""

    plane: ClassVar[Plane] = Plane.TELEMETRY
    tick: int
    vehicle: bytes
    anchor: bytes
    range_m: bytes


class TruthFrame(Frame, frozen=True, kw_only=True):
    """Where every vehicle really is."""

    plane: ClassVar[Plane] = Plane.TRUTH
    tick: int
    x_m: bytes
    y_m: bytes
    battery_wh: bytes
