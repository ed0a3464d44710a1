"""Who can search: the door that all searches share, and which of them a manner of planning means.

There are two. The compiled engine (`fleet.plan.engine`) is made by numba; where numba is missing its functions run
as they are written, with the same results, and 100 to 200 times more slowly. The OR-Tools model
(`fleet.plan.model`) finds at equal iterations what costs as much to a fifth more (five problems of 50 and 100
pickups), and took 0.05 % off the engine's plan for one of them and nothing off the others. So "together" is the
engine where numba is installed. Where it is missing the model plans, because a budget of iterations takes it
seconds, and the engine as written minutes. (With 5 seconds given, the engine as written still found what costs 1
to 14 % less on three problems; `Manner.engine` "compiled" asks for it.)
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from fleet.plan.budget import Budget
from fleet.plan.problem import Problem, Visit
from fleet.plan.result import Engine, Manner

MODEL_PICKUPS = 150
"""The OR-Tools model searches so many pickups in one piece, and no more."""
MODEL_CELL = 100
"""Larger problems are cut into cells of about so many for it."""
MODEL_BORDER_ROUNDS = 1
"""The model takes a while to build: with 1,000 pickups and 10 seconds, cells that are cut again once along the
borders end 4 % below those that are cut three times."""

Tell = Callable[[int, int, int], None]
"""Told of what was done: iterations, the cost of the best routes, how many pickups they serve."""


class Found(Protocol):
    """Visits of every vehicle, the iterations it took to find them, and what they cost (with penalties).

    The cost is the search's own: waiting for pads may make it a little more.
    """

    @property
    def visits(self) -> Sequence[Sequence[Visit]]:
        """By the vehicle's index."""

    @property
    def iterations(self) -> int:
        """Counted as the budget counts them."""

    @property
    def cost(self) -> int:
        """In whole units."""


@dataclass(frozen=True, slots=True)
class Routes:
    """The plain form of `Found`."""

    visits: tuple[tuple[Visit, ...], ...]
    iterations: int
    cost: int


class Solver(Protocol):
    """A search, which stops when `budget` is used up. It begins with the routes in `start` that it can use.

    A function at the top of a module, so that it can be sent to another process.
    """

    def __call__(
        self,
        problem: Problem,
        budget: Budget,
        seed: int = 0,
        start: Sequence[Sequence[Visit]] | None = None,
        on_progress: Tell | None = None,
    ) -> Found: ...


def chosen(engine: Engine) -> Engine:
    """Who searches in the end: "compiled" or "ortools"."""
    if engine != "together":
        return engine
    return "compiled" if importlib.util.find_spec("numba") is not None else "ortools"


def solver_of(engine: Engine) -> Solver:
    """The search that is meant; loaded when asked for, because either takes a while to load."""
    if chosen(engine) == "ortools":
        from fleet.plan.model import solve_cell

        return solve_cell
    from fleet.plan.engine.search import search

    return search


def cell_solver_of(engine: Engine) -> Solver:
    """The search of one cell of a large problem; see `solver_of`."""
    if chosen(engine) == "ortools":
        return solver_of(engine)
    from fleet.plan.engine.search import search_cell

    return search_cell


def sizes(manner: Manner) -> tuple[int, int]:
    """How many pickups are searched in one piece, and how many a cell has, for who searches."""
    if chosen(manner.engine) == "ortools":
        return min(manner.whole_pickups, MODEL_PICKUPS), min(manner.cell_pickups, MODEL_CELL)
    return manner.whole_pickups, manner.cell_pickups
