"""Rounds of planning: when the next one is due, and what it comes to, judged."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from fleet.base.errors import RunError
from fleet.dispatch.belief import Belief
from fleet.dispatch.params import DispatchParams
from fleet.dispatch.policies import Experience, Outlook, Policy, discover
from fleet.dispatch.rounds import Atlas, Round, make_round
from fleet.messages.reports import PickupFailed, PickupRequested, VehicleReported
from fleet.plan.params import SearchParams
from fleet.plan.problem import Problem
from fleet.plan.referee import judge
from fleet.plan.result import Result

_LATELY = 1000
_HOUR_MS = 3_600_000
Planner = Callable[[Problem, SearchParams], Result]
"""Who is asked for a plan: `fleet.plan.planner.solve` with what a scenario says of the search."""


def policy_of(params: DispatchParams) -> Policy:
    """The policy that a scenario asks for."""
    kind = next(kind for kind in discover().values() if isinstance(params.policy, kind.params))
    return kind.make(params.policy, 1000 * params.period_s)


class Planning:
    """Plans when its policy says so, and remembers what pickups took."""

    def __init__(self, params: DispatchParams, solve: Planner) -> None:
        self._params = params
        self._solve = solve
        self._policy = policy_of(params)
        self._experience = Experience()
        self._asked_ms: deque[int] = deque(maxlen=_LATELY)
        self._last_ms: int | None = None
        self._news_ms: int | None = None

    @property
    def next_ms(self) -> int:
        """When the next round is due, as things stand."""
        return 0 if self._last_ms is None else self._policy.next_ms(self._last_ms, self._news_ms)

    def hear(self, body: object, now_ms: int) -> None:
        """Whether a report is news: there is more to do, or somebody has time for it."""
        free = isinstance(body, VehicleReported) and body.state == "idle"
        if isinstance(body, PickupRequested):
            self._asked_ms.append(now_ms)
        if self._news_ms is None and (free or isinstance(body, PickupRequested | PickupFailed)):
            self._news_ms = now_ms

    def begin(self, now_ms: int) -> None:
        """A round begins: what was news is so no more."""
        self._last_ms, self._news_ms = now_ms, None

    def hold(self, atlas: Atlas, belief: Belief, now_ms: int) -> tuple[Round, Result] | None:
        """A round and its plan; None where there is nobody or nothing to plan for.

        Raises `RunError` for a plan that the referee refuses.
        """
        this = make_round(atlas, belief, self._params, now_ms)
        if not this.vehicles or not this.pickups:
            return None
        this = replace(this, problem=self._priced(this.problem, belief, now_ms))
        result = self._solve(this.problem, self._params.search)
        violations = judge(this.problem, result.plan)
        if violations:
            raise RunError("the referee refuses a plan: " + "; ".join(str(v) for v in violations[:3]))
        self._experience = self._experience.after(this.problem, result.plan)
        return this, result

    def _requests_per_ms(self, now_ms: int) -> float:
        """Of the last hour, or of the last `_LATELY` requests if there were more."""
        lately = [t for t in self._asked_ms if t > now_ms - _HOUR_MS]
        since = lately[0] if len(lately) == _LATELY else max(0, now_ms - _HOUR_MS)
        return len(lately) / max(1, now_ms - since)

    def _priced(self, problem: Problem, belief: Belief, now_ms: int) -> Problem:
        """`problem` with the penalties that the policy sets."""
        outlook = Outlook(
            now_ms=now_ms,
            requests_per_ms=self._requests_per_ms(now_ms),
            vehicles=sum(not v.quarantined and v.state != "lost" for v in belief.vehicles.values()),
            latest_ms=tuple(sorted(p.request.latest_ms for p in belief.open.values() if not p.hopeless)),
            experience=self._experience,
        )
        penalties = self._policy.penalties(problem.pickups, outlook)
        priced = zip(problem.pickups, penalties, strict=True)
        return replace(problem, pickups=tuple(replace(p, penalty=penalty) for p, penalty in priced))
