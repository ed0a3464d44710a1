"""Meters: what they count, how well, and when they are read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fleet.base.streams import Noise
from fleet.messages.grid import MeterRead
from fleet.messages.port import Port
from fleet.sim.grid.params import MeterParams
from fleet.sim.lies import FalseMeter
from fleet.sim.wear import Factors


@dataclass(frozen=True)
class Meter:
    """A meter: its name, where it is, who reads it, and its error in a reading, one sigma, as a share of it."""

    name: str
    feeder: str
    site: str
    port: Port
    sigma: float
    wear: Factors | None = None
    """What age and mishaps make of what it reads."""


class Meters:
    """All meters of a run. `lies` is what tampering does to them, by name."""

    def __init__(self, meters: Sequence[Meter], params: MeterParams, noise: Noise) -> None:
        self._meters = tuple(meters)
        self._params = params
        self._noise = noise
        self._from_ms = 0
        self._readings = 0
        self._before: dict[str, float] = defaultdict(float)
        self.lies: dict[str, FalseMeter] = {}

    @property
    def interval_ms(self) -> int:
        """How often they are read."""
        return round(60_000 * self._params.interval_min)

    def offset(self, number: int) -> float:
        """What the meter of this number is off by all along, as a share of what it counts."""
        return self._params.offset_sigma * self._noise.one_normal(number, 0)

    def read(self, now_ms: int, total_wh: Callable[[Meter], float]) -> None:
        """Let every meter say what went through it since it was last read."""
        self._readings += 1
        for number, meter in enumerate(self._meters):
            total = total_wh(meter)
            wh = total - self._before[meter.name]
            self._before[meter.name] = total
            wh *= 1.0 + self.offset(number) + meter.sigma * self._noise.one_normal(number, self._readings)
            if meter.wear is not None:
                wh *= meter.wear.product
            lie = self.lies.get(meter.name)
            if lie is not None:
                wh = lie.shows(wh)
            said = MeterRead(
                meter=meter.name,
                feeder=meter.feeder,
                site=meter.site,
                from_ms=self._from_ms,
                until_ms=now_ms,
                wh=round(wh, 3),
            )
            meter.port.say(said)
        self._from_ms = now_ms
