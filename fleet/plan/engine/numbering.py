"""Pickups numbered anew, so that near ones lie side by side in the engine's tables.

A thousand pickups have tables of tens of megabytes. A place for a pickup is looked for among its neighbours; where
these have near numbers, what is read of them lies together, and the search does up to half as many iterations more
in the same time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fleet.plan.engine.layout import Ints
from fleet.plan.problem import Problem, Visit
from fleet.plan.ways import Ways

_TOGETHER = 8
"""So few pickups are not parted: numbers of 32 bits of so many lie in half a line of a processor's cache."""
_SMALL = 250
"""The tables of so few pickups are in the cache in any order; they keep their numbers."""


@dataclass(frozen=True, slots=True)
class Numbering:
    """`told[i]` is the number that the caller has for pickup i of the engine, and `own` the other way round."""

    told: Ints
    own: Ints

    @staticmethod
    def of(problem: Problem) -> Numbering:
        """A numbering in which near pickups have near numbers, as vehicles of the first type reckon nearness."""
        told = np.arange(len(problem.pickups))
        if len(told) > _SMALL:
            nodes = np.array([p.node for p in problem.pickups], dtype=np.int64)
            told = np.concatenate(_halved(problem.ways[problem.vehicles[0].type], nodes, told))
        return Numbering(told, np.argsort(told, kind="stable"))

    def problem(self, problem: Problem) -> Problem:
        """The same problem in the engine's numbers."""
        vehicles = (
            replace(v, committed=self._renumbered(v.committed, self.own)) if v.committed else v
            for v in problem.vehicles
        )
        return replace(
            problem, pickups=tuple(problem.pickups[i] for i in self.told.tolist()), vehicles=tuple(vehicles)
        )

    def inward(self, visits: Sequence[Sequence[Visit]]) -> list[tuple[Visit, ...]]:
        """The caller's visits of every vehicle in the engine's numbers."""
        return [self._renumbered(row, self.own) for row in visits]

    def outward(self, visits: Sequence[Sequence[Visit]]) -> tuple[tuple[Visit, ...], ...]:
        """The engine's visits of every vehicle in the caller's numbers."""
        return tuple(self._renumbered(row, self.told) for row in visits)

    @staticmethod
    def _renumbered(row: Sequence[Visit], number: Ints) -> tuple[Visit, ...]:
        return tuple((kind, int(number[i]) if kind == "pickup" else i) for kind, i in row)


def _halved(ways: Ways, nodes: Ints, members: Ints) -> list[Ints]:
    """`members` of `nodes` in order: halves by which of two far apart they are nearer to, and halves of these."""
    if len(members) <= _TOGETHER:
        return [members]
    here = nodes[members]
    first = ways.block(here[:1], here).cost[0].argmax()
    from_first = ways.block(here[first : first + 1], here).cost[0]
    second = from_first.argmax()
    order = np.argsort(from_first - ways.block(here[second : second + 1], here).cost[0], kind="stable")
    half = len(members) // 2
    return [*_halved(ways, nodes, members[order[:half]]), *_halved(ways, nodes, members[order[half:]])]
