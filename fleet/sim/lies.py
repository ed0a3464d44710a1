"""What instruments on board say that is not so, by row of `Motion`. Empty but for what tampering puts there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class FalseGauge:
    """A battery gauge that is off by `offset_wh`, and shows nothing below zero or above `full_wh`."""

    offset_wh: float
    full_wh: float

    def shows(self, left_wh: float) -> float:
        """What it shows when `left_wh` are left."""
        return min(self.full_wh, max(0.0, left_wh + self.offset_wh))


@dataclass(frozen=True, slots=True)
class Pretence:
    """A vehicle claims to be on its way, at this speed and height, while its body's `turn` is still this one."""

    turn: int
    state: Literal["cruising", "driving"]
    speed_mps: float
    height_m: float


@dataclass(slots=True)
class Lies:
    """All of them: receivers that get no fix, gauges that are off, vehicles that only pretend to cruise."""

    no_fix: set[int] = field(default_factory=set)
    gauges: dict[int, FalseGauge] = field(default_factory=dict)
    pretences: dict[int, Pretence] = field(default_factory=dict)
