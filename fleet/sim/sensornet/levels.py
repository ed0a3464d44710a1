"""Level sensors in bins: all report at one beat, each its true level with an error, some not at all.

The true level is in closed form: what lies waiting in the bin, and what has been thrown in since its last
request on the way to the next. Between two requests of a bin it fills evenly, so that just before it asks it
holds all that it will ask for. The error is a share of the capacity; nothing below empty or above full is shown.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fleet.base.streams import Noise
from fleet.messages.port import Port
from fleet.messages.sensornet import LevelsRead
from fleet.sim.body import Waste
from fleet.sim.kernel import Kernel
from fleet.sim.sensornet.params import LevelsParams

_MINUTE_MS = 60_000
_MISSING_LANE, _DEAD_LANE = 4, 5


@dataclass(frozen=True)
class Bin:
    """One bin: its point, a number of its own, and its requests of the run in order: when, and which waste."""

    point: str
    number: int
    asks_ms: Sequence[int]
    waste: Sequence[Waste]

    def litres(self, now_ms: int) -> float:
        """What is in it now."""
        asked = bisect_right(self.asks_ms, now_ms)
        lying = sum(w.litres for w in self.waste[:asked] if w.there)
        if asked == len(self.asks_ms):
            return lying
        began_ms = self.asks_ms[asked - 1] if asked else 0
        return lying + self.waste[asked].litres * (now_ms - began_ms) / (self.asks_ms[asked] - began_ms)


def bins_of(day: Sequence[tuple[int, str, str]], waste: Mapping[str, Waste], points: Sequence[str]) -> list[Bin]:
    """The bins at `points`, of a day of (announced_ms, point, pickup id) in order of time."""
    asks: dict[str, list[tuple[int, Waste]]] = {point: [] for point in sorted(points)}
    for at_ms, point, pickup in day:
        if point in asks:
            asks[point].append((at_ms, waste[pickup]))
    return [
        Bin(point, number, tuple(at for at, _ in rows), tuple(w for _, w in rows))
        for number, (point, rows) in enumerate(asks.items())
    ]


class Levels:
    """The level sensors of a run."""

    def __init__(
        self, params: LevelsParams, noise: Noise, kernel: Kernel, port: Port, bins: Sequence[Bin]
    ) -> None:
        self._params = params
        self._noise = noise
        self._kernel = kernel
        self._port = port
        dead = params.dead_share
        self._bins = [b for b in bins if noise.one_uniform(b.number, 0, _DEAD_LANE) >= dead]
        self._beat = 0

    @property
    def every_ms(self) -> int:
        """How often they report."""
        return round(_MINUTE_MS * self._params.every_min)

    def begin(self) -> None:
        """The first report comes after one interval."""
        if self._bins:
            self._kernel.at(self._kernel.now_ms + self.every_ms, self._report)

    def _report(self) -> None:
        p, now, self._beat = self._params, self._kernel.now_ms, self._beat + 1
        heard = [
            b for b in self._bins if self._noise.one_uniform(b.number, self._beat, _MISSING_LANE) >= p.missing
        ]
        shown = []
        for b in heard:
            error = p.sigma * self._noise.one_normal(b.number, self._beat)
            shown.append(round(min(1.0, max(0.0, b.litres(now) / p.capacity_l + error)), 3))
        if heard:
            self._port.say(LevelsRead(points=tuple(b.point for b in heard), shares=tuple(shown)))
        self._kernel.at(now + self.every_ms, self._report)
