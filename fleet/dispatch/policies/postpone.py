"""Postpone: what has time waits for a better occasion, unless it is cheap now.

Each pickup has a prize, and is served now if that costs less (prize collecting). The prize is a share of what
serving a pickup usually costs, and what is to be expected of its being late: the chance that it will be, if it is
left now, times what missing it costs. So with prizes by the chance of an overflow the city of Groningen's
containers are chosen (Wouda, Aerts-Veenstra and van Foreest, "An integrated selection and routing policy for urban
waste collection", arXiv:2409.13386).

There the chance comes from counted deposits. Here a request says when its bin must be empty (`latest_ms`), and
what is uncertain is whether anybody will have come by then. The fleet serves what closes first, at a rate known
from experience, and others ask, as Poisson processes: a pickup is late if by its time not all have been served
that close before it or may.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from fleet.base.params import Params
from fleet.dispatch.policies.policy import Outlook, PolicyKind
from fleet.plan.problem import Pickup

_AT_WORK = 0.7
"""The share of its time that a fleet can be at work: the rest it waits for orders, or is in the wrong place."""


class PostponeParams(Params):
    """What waiting is worth."""

    kind: Literal["postpone"] = "postpone"
    patience: float = Field(
        0.8, ge=0.0, le=10.0, description="prize of a pickup that has time, over what one usually costs"
    )
    margin_s: int = Field(
        3000, ge=0, le=86400, description="a pickup has no time when its window closes this soon"
    )


@dataclass(frozen=True, slots=True)
class Postpone:
    """Every `period_ms`. `patience` is the share of the usual cost that is paid for a pickup that has time;
    a pickup has none from `margin_ms` before its window closes."""

    period_ms: int
    patience: float
    margin_ms: int

    def next_ms(self, last_ms: int, news_ms: int | None) -> int:
        """See `Policy`."""
        del news_ms
        return last_ms + self.period_ms

    def penalties(self, pickups: Sequence[Pickup], outlook: Outlook) -> tuple[int, ...]:
        """See `Policy`: the prizes; what missing it costs while there is no experience, or where that is less."""
        if not outlook.experience.pickups:
            return tuple(pickup.penalty for pickup in pickups)
        usual = self.patience * outlook.experience.cost
        return tuple(
            min(p.penalty, round(usual + self.late_chance(p.latest_ms, outlook) * p.penalty)) for p in pickups
        )

    def late_chance(self, latest_ms: int, outlook: Outlook) -> float:
        """The chance that what is to be served by `latest_ms` will be late if it is left in this round.

        It is that of serving no more in the time that is left than close before it already, or will have asked
        by then, by the normal approximation of the difference of two Poisson variables.
        """
        left_ms = latest_ms - outlook.now_ms - self.period_ms - self.margin_ms
        if left_ms <= 0 or outlook.vehicles == 0:
            return 1.0
        served = _AT_WORK * outlook.vehicles * left_ms / max(1.0, outlook.experience.work_ms)
        asked = outlook.requests_per_ms * left_ms
        before = bisect.bisect_right(outlook.latest_ms, latest_ms)
        return 0.5 * math.erfc((served - asked - before - 0.5) / math.sqrt(2.0 * (served + asked)))


def _made(params: PostponeParams, period_ms: int) -> Postpone:
    return Postpone(period_ms, params.patience, 1000 * params.margin_s)


POLICY = PolicyKind("postpone", PostponeParams, _made)
