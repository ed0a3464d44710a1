"""The wind over a day and by height: steps in time, straight lines between heights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from fleet.base.flight import Wind

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class WindStep:
    """What blows at a height from a time of the day on, until the next step."""

    at_ms: int
    """After midnight by the city's clock."""
    height_m: float
    wind: Wind


@dataclass(frozen=True)
class Winds:
    """The wind of every moment and height. The table is that of every day: before its first step the last holds.

    `start_ms` is when the run starts, after midnight. Between the heights of a step each component goes on a
    straight line, below the lowest and above the highest it stays what it is there.

    >>> west, calm = Wind(4.0, 0.0), Wind()
    >>> winds = Winds((WindStep(0, 10.0, calm), WindStep(0, 110.0, west)))
    >>> winds.at(0, 60.0).east_mps, winds.at(0, 120.0).east_mps
    (2.0, 4.0)
    """

    steps: tuple[WindStep, ...] = ()
    start_ms: int = 0

    @staticmethod
    def constant(wind: Wind) -> Winds:
        """The same always and everywhere."""
        return Winds((WindStep(0, 0.0, wind),))

    @cached_property
    def _times(self) -> tuple[int, ...]:
        return tuple(sorted({step.at_ms for step in self.steps}))

    def next_ms(self, t_ms: int) -> int | None:
        """When the wind turns next after a moment of the run; None for never."""
        if len(self._times) < 2:
            return None
        clock_ms = (self.start_ms + t_ms) % DAY_MS
        later = [at_ms - clock_ms for at_ms in self._times if at_ms > clock_ms]
        return t_ms + (later[0] if later else self._times[0] + DAY_MS - clock_ms)

    def at(self, t_ms: int, height_m: float) -> Wind:
        """What blows at a moment of the run at a height."""
        if not self._times:
            return Wind()
        clock_ms = (self.start_ms + t_ms) % DAY_MS
        begun = [at_ms for at_ms in self._times if at_ms <= clock_ms]
        since_ms = begun[-1] if begun else self._times[-1]
        here = [(s.height_m, s.wind) for s in self.steps if s.at_ms == since_ms]
        return _between(sorted(here, key=lambda level: level[0]), height_m)


def _between(profile: Sequence[tuple[float, Wind]], height_m: float) -> Wind:
    low_m, low = profile[0]
    for high_m, high in profile:
        if height_m <= high_m:
            share = 0.0 if high_m <= low_m or height_m <= low_m else (height_m - low_m) / (high_m - low_m)
            return Wind(
                low.east_mps + share * (high.east_mps - low.east_mps),
                low.north_mps + share * (high.north_mps - low.north_mps),
            )
        low_m, low = high_m, high
    return low
