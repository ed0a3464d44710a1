"""Batch: requests are gathered and planned together, once every period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fleet.base.params import Params
from fleet.dispatch.policies.policy import Outlook, PolicyKind
from fleet.plan.problem import Pickup


class BatchParams(Params):
    """Nothing but when rounds are held, which all policies know."""

    kind: Literal["batch"] = "batch"


@dataclass(frozen=True, slots=True)
class Batch:
    """Every `period_ms`, whatever there is."""

    period_ms: int

    def next_ms(self, last_ms: int, news_ms: int | None) -> int:
        """See `Policy`."""
        del news_ms
        return last_ms + self.period_ms

    def penalties(self, pickups: Sequence[Pickup], outlook: Outlook) -> tuple[int, ...]:
        """See `Policy`: what missing it would cost."""
        del outlook
        return tuple(pickup.penalty for pickup in pickups)


def _made(params: BatchParams, period_ms: int) -> Batch:
    del params
    return Batch(period_ms)


POLICY = PolicyKind("batch", BatchParams, _made)
