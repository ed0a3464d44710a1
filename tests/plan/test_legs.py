"""Legs are asked for a few at a time, however long a route is."""

from __future__ import annotations

import itertools

import numpy as np

from fleet.plan.legs import Legs
from fleet.plan.problem import Problem
from fleet.plan.ways import Table, Ways


class Asked:
    """Ways that say how much was asked of them at a time; a leg is as long as the numbers of its nodes differ."""

    def __init__(self) -> None:
        self.most, self.size = 0, 2000

    def block(self, rows, columns) -> Table:
        self.most = max(self.most, len(rows) * len(columns))
        legs = np.abs(rows[:, None] - columns[None, :])
        return Table(legs, 2 * legs, legs / 4.0)


def test_a_long_route_does_not_ask_for_every_leg_between_its_stops():
    ways: Ways = Asked()
    problem = Problem((), (), (), (), (ways,), 0)
    nodes = [0, *range(1, 2000, 2), *range(0, 2000, 2)]
    legs = Legs(problem).along(0, nodes)
    gaps = [abs(a - b) for a, b in itertools.pairwise(nodes)]
    assert legs == [(gap, 2 * gap, gap / 4.0) for gap in gaps]
    assert ways.most <= 256 * 256
