"""What instruments say that is not so: those on board by row of `Motion`, and the grid's meters.

Empty but for what tampering or trouble puts there; each puts and takes away its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from fleet.sim.wear import Sums


@dataclass(frozen=True, slots=True)
class FalseGauge:
    """A battery gauge that is off by `offset_wh`, and shows nothing below zero or above `full_wh`."""

    offset_wh: float
    full_wh: float

    def shows(self, left_wh: float) -> float:
        """What it shows when `left_wh` are left."""
        return min(self.full_wh, max(0.0, left_wh + self.offset_wh))


@dataclass(frozen=True, slots=True)
class FalseMeter:
    """A meter of the grid that shows `factor` times what it should, and `offset_wh` more each time it is read."""

    factor: float
    offset_wh: float

    def shows(self, wh: float) -> float:
        """What it shows for `wh`; never less than nothing."""
        return max(0.0, self.factor * wh + self.offset_wh)


@dataclass(frozen=True, slots=True)
class Pretence:
    """A vehicle claims to be on its way, at this speed and height, while its body's `turn` is still this one."""

    turn: int
    state: Literal["cruising", "driving"]
    speed_mps: float
    height_m: float


@dataclass(slots=True)
class Lies:
    """All of them: receivers that get no fix, gauges that are off, vehicles that only pretend to cruise.

    `shaded` get no fix either, but by nobody's doing; `dead_anchors` are those that no longer answer, by number.
    """

    no_fix: set[int] = field(default_factory=set)
    shaded: set[int] = field(default_factory=set)
    dead_anchors: set[int] = field(default_factory=set)
    gauges: dict[int, FalseGauge] = field(default_factory=dict)
    pretences: dict[int, Pretence] = field(default_factory=dict)
    _shifts: dict[int, Sums] = field(default_factory=dict)

    def shift_gauge(self, i: int, cause: str, offset_wh: float, full_wh: float) -> None:
        """Let a gauge be off by so much more."""
        shifts = self._shifts.setdefault(i, Sums())
        shifts.put(cause, offset_wh)
        self.gauges[i] = FalseGauge(shifts.total, full_wh)

    def right_gauge(self, i: int, cause: str) -> None:
        """Take away what one cause put on a gauge."""
        shifts = self._shifts[i]
        shifts.drop(cause)
        if shifts.parts:
            self.gauges[i] = FalseGauge(shifts.total, self.gauges[i].full_wh)
        else:
            del self._shifts[i], self.gauges[i]

    def is_shifted(self, i: int, cause: str) -> bool:
        """Whether a gauge is off by this cause."""
        return i in self._shifts and cause in self._shifts[i].parts
