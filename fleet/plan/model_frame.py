"""A routing model under construction: its layout, its OR-Tools objects, and the names of the rules it keeps.

A rule that is `relaxed` is left out of the model: so it can be found which rule refuses a route.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fleet.plan.model_layout import Copy, Layout, Legs
from fleet.plan.problem import Matrix, Pickup, Problem

RULES = (
    "way", "mass", "volume", "material", "apart", "unloaded", "certificates", "window", "release", "hours",
    "battery", "trips", "ends", "until", "stop",
)  # fmt: skip
"""The names of all rules a model can say."""
_LONGEST_MS = 10**12
"""Thirty years: no model looks further ahead."""


@dataclass
class Frame:
    """A model under construction: its layout, its OR-Tools objects, and what is left out."""

    layout: Layout
    manager: Any
    routing: Any
    relaxed: frozenset[str] = frozenset()

    @property
    def problem(self) -> Problem:
        """The problem of the layout."""
        return self.layout.problem

    @cached_property
    def origin_ms(self) -> int:
        """The moment that the model counts from."""
        return min(v.ready_ms for v in self.problem.vehicles)

    @cached_property
    def horizon_ms(self) -> int:
        """The end of time, counted from the origin."""
        if not self.keeps("until"):
            return _LONGEST_MS
        return max(0, min(self.problem.end_ms - self.origin_ms, _LONGEST_MS))

    @cached_property
    def legs(self) -> list[Legs]:
        """What legs take, for every vehicle; shared by vehicles for which they are the same."""
        known: dict[object, Legs] = {}
        for vehicle in range(len(self.problem.vehicles)):
            key = self.class_of(vehicle)
            if key not in known:
                known[key] = self.layout.legs(vehicle)
        return [known[self.class_of(v)] for v in range(len(self.problem.vehicles))]

    def class_of(self, vehicle: int) -> object:
        """Equal for vehicles that have the same legs."""
        it = self.problem.vehicles[vehicle]
        return (it.type, self.layout.home(vehicle), it.ends if self.layout.homes else ())

    def keeps(self, rule: str) -> bool:
        """Whether the model keeps the rule."""
        return rule not in self.relaxed

    def index(self, node: int) -> int:
        """OR-Tools' own number of a pickup or a copy."""
        return int(self.manager.NodeToIndex(node))

    def per_class(self, make: Callable[[int], Matrix]) -> list[int]:
        """For every vehicle the number of a transit that has the matrix `make(vehicle)`."""
        known: dict[object, int] = {}
        for vehicle in range(len(self.problem.vehicles)):
            key = self.class_of(vehicle)
            if key not in known:
                known[key] = self.routing.RegisterTransitMatrix(make(vehicle).tolist())
        return [known[self.class_of(v)] for v in range(len(self.problem.vehicles))]

    def pickups(self) -> list[tuple[int, Pickup]]:
        """Every pickup with its OR-Tools number."""
        return [(self.index(n), self.problem.pickups[self.layout.visit(n)[1]]) for n in self.layout.pickup_nodes()]

    def copies(self) -> list[tuple[int, Copy]]:
        """Every copy with its OR-Tools number."""
        return [
            (self.index(n), copy) for n, copy in zip(self.layout.copy_nodes(), self.layout.copies, strict=True)
        ]

    def onward(self, name: str, index: int) -> Any:
        """The cumul of a dimension at whatever comes after `index`.

        Rules on what follows are laid on it, and not on the cumul and the slack of `index`: two constraints on the
        same sum make the bounds of an infeasible route creep towards each other, one violation at a time.
        """
        dimension = self.routing.GetDimensionOrDie(name)
        everywhere = range(self.routing.Size() + len(self.problem.vehicles))
        cumuls = [dimension.CumulVar(i) for i in everywhere]
        return self.routing.solver().Element(cumuls, self.routing.NextVar(index))

    def bar(self, index: int) -> None:
        """Nobody visits this one."""
        self.routing.VehicleVar(index).SetValues([-1])
