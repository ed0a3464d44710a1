"""What a policy decides: when a round of planning is held, and what leaving a pickup out of it costs.

A new policy is one new file in this room with a settings class and a module-level
`POLICY = PolicyKind(kind, settings class, maker)`; it is found by itself. A policy is a value and remembers
nothing. What was learned from earlier rounds is an `Experience`, which the dispatcher keeps and hands in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fleet.base.params import Params
from fleet.plan.problem import Pickup, Plan, Problem

_REMEMBERED = 200.0
"""Of so many pickups the mean is kept; older ones count less and less."""


@dataclass(frozen=True, slots=True)
class Experience:
    """What a pickup took in the rounds so far, on the mean: `cost` of legs, and `work_ms` of one vehicle.

    `pickups` says on how many this rests, `_REMEMBERED` at most.
    """

    cost: float = 0.0
    work_ms: float = 0.0
    pickups: float = 0.0

    def after(self, problem: Problem, plan: Plan) -> Experience:
        """With what a plan came to."""
        served = len(problem.pickups) - len(plan.omitted)
        if not served:
            return self
        legs = plan.cost - sum(problem.pickups[o.pickup].penalty for o in plan.omitted)
        work = sum(route.stops[-1].end_ms - problem.vehicles[route.vehicle].ready_ms for route in plan.routes)
        total = self.pickups + served
        return Experience(
            (self.pickups * self.cost + legs) / total,
            (self.pickups * self.work_ms + work) / total,
            min(total, _REMEMBERED),
        )


@dataclass(frozen=True, slots=True)
class Outlook:
    """How things stand when a round is held.

    `vehicles` is how many there are that work, busy ones too; `requests_per_ms` how many requests came in lately;
    `latest_ms` when the windows close of all pickups that nobody has been sent to, ascending.
    """

    now_ms: int
    vehicles: int
    requests_per_ms: float
    latest_ms: tuple[int, ...]
    experience: Experience


class Policy(Protocol):
    """When to plan, and what it costs to leave a pickup for later."""

    def next_ms(self, last_ms: int, news_ms: int | None) -> int:
        """When the next round is due, after one at `last_ms`.

        `news_ms` is when the first request came in since then, or the first vehicle came free; None: none did.
        """

    def penalties(self, pickups: Sequence[Pickup], outlook: Outlook) -> tuple[int, ...]:
        """What leaving out each of `pickups` costs in this round, in the unit of legs.

        The pickups have the penalties of missing them.
        """


@dataclass(frozen=True)
class PolicyKind:
    """The settings and the maker of one kind of policy, which is made of settings and the period of rounds, ms."""

    kind: str
    params: type[Params]
    make: Callable[[Any, int], Policy]
