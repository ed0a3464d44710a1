"""At once: a round is held as soon as a request comes in or a vehicle comes free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from fleet.base.params import Params
from fleet.dispatch.policies.policy import Outlook, PolicyKind
from fleet.plan.problem import Pickup


class AtOnceParams(Params):
    """How much at once."""

    kind: Literal["at-once"] = "at-once"
    pause_s: int = Field(10, ge=1, le=3600, description="no sooner than so long after the last round")


@dataclass(frozen=True, slots=True)
class AtOnce:
    """At every piece of news, `pause_ms` after the last round at the soonest; without news every `period_ms`.

    An order takes two ticks to be answered, and until then nothing more is planned for its vehicle: a shorter
    pause makes more rounds and few orders.
    """

    period_ms: int
    pause_ms: int

    def next_ms(self, last_ms: int, news_ms: int | None) -> int:
        """See `Policy`."""
        if news_ms is None:
            return last_ms + self.period_ms
        return min(max(news_ms, last_ms + self.pause_ms), last_ms + self.period_ms)

    def penalties(self, pickups: Sequence[Pickup], outlook: Outlook) -> tuple[int, ...]:
        """See `Policy`: what missing it would cost."""
        del outlook
        return tuple(pickup.penalty for pickup in pickups)


def _made(params: AtOnceParams, period_ms: int) -> AtOnce:
    return AtOnce(period_ms, 1000 * params.pause_s)


POLICY = PolicyKind("at-once", AtOnceParams, _made)
