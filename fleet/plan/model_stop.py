"""When a search of the OR-Tools model ends: what its budget means there.

Nothing is imported from `ortools` here.
"""

from __future__ import annotations

from dataclasses import dataclass

from fleet.plan.budget import Budget, Iterations, Seconds

RUIN_ITERATIONS, GUIDED_ITERATIONS = 100, 5000
"""A perturbation, and a solution of guided search, take about as long as so many iterations of the compiled engine
(2 to 5 ms, and 50 to 350 ms, against 20 to 40 us, with 50 and with 100 pickups)."""
_FAILURES_EACH = 10
"""As many dead ends as take about as long as one iteration (3 us each, with 30 and with 80 pickups)."""
_LEAST_FAILURES = 20_000
"""So many are allowed whatever the budget."""


@dataclass(frozen=True, slots=True)
class Tries:
    """A budget that is asked by tries of the model, each of which counts as so many iterations."""

    budget: Budget
    iterations_each: int

    def share(self, done_iterations: int) -> float:
        """See `Budget`."""
        return self.budget.share(self.iterations_each * done_iterations)

    def part(self, share: float) -> Tries:
        """See `Budget`."""
        return Tries(self.budget.part(share), self.iterations_each)

    def elapsed_s(self) -> float | None:
        """See `Budget`."""
        return self.budget.elapsed_s()


def seconds_of(budget: Budget) -> Seconds | None:
    """The seconds that a budget is of, if it is of seconds."""
    rule = budget.budget if isinstance(budget, Tries) else budget
    return rule if isinstance(rule, Seconds) else None


def is_late(budget: Budget, share: float = 1.0) -> bool:
    """Whether such a share of a budget of seconds has passed; what is counted in work is never late."""
    seconds = seconds_of(budget)
    return seconds is not None and seconds.share(0) >= share


def most_failures(budget: Budget) -> int | None:
    """After how many dead ends a search gives up; None where seconds end it.

    Solutions, which a budget of work counts, have few of them. But on the way to the first one there may be no end
    of them: one that goes through all routes has none that anybody would wait for.
    """
    rule = budget.budget if isinstance(budget, Tries) else budget
    return max(_LEAST_FAILURES, _FAILURES_EACH * rule.most) if isinstance(rule, Iterations) else None
