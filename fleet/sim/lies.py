"""What instruments say that is not so: on board by row of `Motion`, anchors by number, the grid's meters.

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


@dataclass(frozen=True, slots=True)
class Phantom:
    """Anchors range to a vehicle where it is not: at a place, or (None) wherever it believes to be."""

    place_m: tuple[float, float] | None


@dataclass(slots=True)
class AnchorLies:
    """Anchors that say nothing or something else. Those of tampering are held by the id that it runs under."""

    broken: set[int] = field(default_factory=set)
    """Anchors that no longer answer."""
    dead_ms: dict[int, int] = field(default_factory=dict)
    """Since when an anchor has been broken."""
    silent: dict[str, frozenset[int]] = field(default_factory=dict)
    offsets: dict[str, tuple[frozenset[int], float]] = field(default_factory=dict)
    """Anchors whose ranges are off by so many metres."""
    hidden: dict[str, int] = field(default_factory=dict)
    """Vehicles to which no anchor ranges."""
    phantoms: dict[int, Phantom] = field(default_factory=dict)

    @property
    def any_silence(self) -> bool:
        """Whether any pair may be kept quiet."""
        return bool(self.broken or self.dead_ms or self.silent or self.hidden)

    def mute(self, now_ms: int) -> set[int]:
        """Anchors that say nothing now."""
        silent = self.broken.union(*self.silent.values())
        return silent | {anchor for anchor, since_ms in self.dead_ms.items() if since_ms <= now_ms}


@dataclass(slots=True)
class Lies:
    """All of them: receivers that get no fix, gauges that are off, vehicles that only pretend to cruise, anchors.

    `shaded` get no fix either, but by nobody's doing.
    """

    no_fix: set[int] = field(default_factory=set)
    shaded: set[int] = field(default_factory=set)
    gauges: dict[int, FalseGauge] = field(default_factory=dict)
    pretences: dict[int, Pretence] = field(default_factory=dict)
    anchors: AnchorLies = field(default_factory=AnchorLies)
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
