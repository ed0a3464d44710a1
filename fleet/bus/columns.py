"""A telemetry frame as arrays: one row per vehicle, no copy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import msgspec
import numpy as np
import numpy.typing as npt

from fleet.base.errors import MessageError
from fleet.messages.frames import TelemetryFrame
from fleet.messages.reports import STATES, VehicleState

_NUMBERS = ("x_m", "y_m", "height_m", "speed_mps", "battery_wh", "load_kg")

Floats = npt.NDArray[np.float32]
Names = npt.NDArray[np.object_]
"""Of plain `str`, so that one of them can be put into a message as it is."""


class Columns(msgspec.Struct, frozen=True, eq=False, gc=False):
    """What every vehicle says of itself at `tick`. Arrays are read-only, numbers views of the message's bytes.

    `vehicles` are the names, row by row, so that `frame.vehicles[frame.battery_wh < 50]` are those that are nearly
    empty; `state` holds indices into `fleet.messages.reports.STATES`. Numbers are
    NaN where a vehicle was not heard; `age_ms` is above 0 where its row came late over a faulty link.
    """

    tick: int
    vehicles: Names
    x_m: Floats
    y_m: Floats
    height_m: Floats
    speed_mps: Floats
    battery_wh: Floats
    load_kg: Floats
    state: npt.NDArray[np.uint8]
    age_ms: npt.NDArray[np.uint32]

    def state_of(self, row: int) -> VehicleState:
        """The name of the state in one row."""
        return STATES[int(self.state[row])]


def names_of(vehicles: Sequence[str]) -> Names:
    """The names of a roster as a read-only array, to be made once for all its frames."""
    names = np.array(vehicles, dtype=object)
    names.flags.writeable = False
    return names


def columns(frame: TelemetryFrame, vehicles: Names) -> Columns:
    """The arrays of `frame`, whose rows are `vehicles`. Raises `MessageError` where lengths do not fit.

    >>> two = columns(TelemetryFrame(tick=3, x_m=bytes(8), y_m=bytes(8), height_m=bytes(8), speed_mps=bytes(8),
    ...                              battery_wh=bytes(8), load_kg=bytes(8), state=bytes([0, 2])),
    ...               names_of(["a", "b"]))
    >>> two.x_m.dtype, two.x_m.flags.writeable, two.state_of(1), two.vehicles[two.state == 2]
    (dtype('float32'), False, 'cruising', array(['b'], dtype=object))
    """
    rows = len(vehicles)
    for name in _NUMBERS:
        _require(name, getattr(frame, name), 4 * rows)
    _require("state", frame.state, rows)
    if frame.age_ms:
        _require("age_ms", frame.age_ms, 4 * rows)
    return Columns(
        tick=frame.tick,
        vehicles=vehicles,
        x_m=np.frombuffer(frame.x_m, "<f4"),
        y_m=np.frombuffer(frame.y_m, "<f4"),
        height_m=np.frombuffer(frame.height_m, "<f4"),
        speed_mps=np.frombuffer(frame.speed_mps, "<f4"),
        battery_wh=np.frombuffer(frame.battery_wh, "<f4"),
        load_kg=np.frombuffer(frame.load_kg, "<f4"),
        state=np.frombuffer(frame.state, "<u1"),
        age_ms=np.frombuffer(frame.age_ms, "<u4") if frame.age_ms else _no_age(rows),
    )


@cache
def _no_age(rows: int) -> npt.NDArray[np.uint32]:
    """The ages of rows of which none is late; read-only like the others."""
    return np.frombuffer(bytes(4 * rows), "<u4")


def _require(name: str, column: bytes, size: int) -> None:
    if len(column) != size:
        raise MessageError(f"column `{name}`: expected {size} bytes, as the roster says, found {len(column)}")
