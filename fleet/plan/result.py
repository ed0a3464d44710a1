"""How a plan is asked for, and how a search tells of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, get_args

from fleet.plan.problem import Plan

Engine = Literal["together", "compiled", "ortools"]
"""Who searches: the compiled engine, the OR-Tools model, or as is usual: the engine where it can be compiled and
the model where it cannot."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a plan is made, whatever the budget.

    So many pickups at most (`whole_pickups`) are searched in one piece, more are cut into cells of about
    `cell_pickups`; where the OR-Tools model searches, both are as small as it needs (`fleet.plan.solver`). With
    `explain` reasons come with what would admit a pickup, which takes time. With `prove` the OR-Tools model is
    asked about the plan, which takes time, too. What the search leaves out is tried in `places_tried` ways, the
    cheapest first; None is in all, so that what is left out then has no place, whatever that takes. Raises
    ValueError for numbers below 1 and engines that there are none of.
    """

    whole_pickups: int = 1500
    cell_pickups: int = 300
    explain: bool = False
    engine: Engine = "together"
    prove: bool = False
    places_tried: int | None = None

    def __post_init__(self) -> None:
        tried = 1 if self.places_tried is None else self.places_tried
        least = min(self.whole_pickups, self.cell_pickups, tried)
        if least < 1:
            raise ValueError(f"pickups are searched, and places tried, at least one by one, not by {least}")
        if self.engine not in get_args(Engine):
            raise ValueError(f"there is no engine {self.engine!r}: {', '.join(get_args(Engine))}")


USUAL = Manner()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search has come: iterations done, the cost of the best plan, and how many pickups it serves.

    `bound` is a cost that no plan can be below (`fleet.plan.bound`), None where it is not known. `elapsed_s` is by
    the clock of the budget, None where it has none; it is no part of what repeats, so it does not count when
    results are compared.
    """

    iterations: int
    cost: int
    served: int
    bound: int | None = None
    elapsed_s: float | None = field(default=None, compare=False)


Listener = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Word:
    """What the OR-Tools model says of a plan, in words where it does not simply agree.

    `proved`: True, it accepts every route and reckons the same cost (`but_for` are rules it does not know, which
    others must judge). None, it cannot say. False, it disagrees: then the planner or the model is wrong.
    """

    proved: bool | None
    why: str = ""
    but_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """A legal plan, the iterations it took, how the cost fell, and what OR-Tools says of it, if asked."""

    plan: Plan
    iterations: int
    progress: tuple[Progress, ...]
    word: Word | None = None

    @property
    def proved(self) -> bool | None:
        """Whether the OR-Tools model agrees; None if it was not asked or cannot say."""
        return None if self.word is None else self.word.proved
