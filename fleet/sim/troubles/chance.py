"""When trouble comes, and how bad it is: draws of one kind, each a function of (entity, number).

Every kind has a stream of its own, `trouble/<kind>`, and every entity its own row in it: a kind, a vehicle or a
site more changes nothing for the others.
"""

from __future__ import annotations

import hashlib
import math

from fleet.base.clock import DAY_MS
from fleet.base.streams import Streams
from fleet.sim.troubles.kind import Incident, Kind

_NEVER_MS = 1e15
"""After the end of any run, and still a number: a rate may be as small as it likes."""
_GAP, _SIZE, _SIDE, _LASTS, _SHARE, _AFTER = range(6)
"""What a draw decides: the lane of its noise."""


class Chance:
    """The draws of one kind that comes `rate` times a day, its sizes around `median`."""

    def __init__(self, kind: Kind, streams: Streams, rate: float, median: float | None) -> None:
        self._kind = kind
        self._noise = streams.noise(f"trouble/{kind.name}")
        self._rate = rate
        self._median = median

    def _draw(self, entity: str, number: int, lane: int) -> float:
        row = int.from_bytes(hashlib.sha256(entity.encode()).digest()[:7], "little")
        return self._noise.one_uniform(row, number, lane)

    def gap_ms(self, entity: str, number: int) -> int:
        """How long it takes to the next one: exponential, so that the times are a Poisson process."""
        days = -math.log(self._draw(entity, number, _GAP)) / self._rate
        return max(1, round(min(_NEVER_MS, days * DAY_MS)))

    def hits(self, pickup: str) -> bool:
        """Whether it befalls a pickup."""
        return self._draw(pickup, 0, _GAP) < self._rate

    def after_ms(self, pickup: str) -> int:
        """How long after its announcement: evenly from at once to twice the mean."""
        return round(2000.0 * self._kind.after_s * self._draw(pickup, 0, _AFTER))

    def incident(self, entity: str, number: int) -> Incident:
        """What happens to an entity for the `number`-th time."""
        level, side = self._draw(entity, number, _SIZE), self._draw(entity, number, _SIDE)
        return Incident(
            id=f"{self._kind.name}/{entity}/{number}",
            entity=entity,
            size=self._kind.size.drawn(level, side, self._median),
            share=self._draw(entity, number, _SHARE),
        )

    def lasts_ms(self, entity: str, number: int) -> int | None:
        """For how long; None is to the end of the run."""
        if self._kind.lasts is None:
            return None
        return max(1, round(1000.0 * self._kind.lasts.drawn(self._draw(entity, number, _LASTS), 1.0)))
