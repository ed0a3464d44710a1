"""Numbers of the engine's own: near pickups have near ones, and the caller finds every visit again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fleet.plan.budget import Iterations
from fleet.plan.engine.numbering import Numbering
from fleet.plan.engine.search import search
from fleet.plan.problem import Problem
from tests.plan.engine.cases import simple, walk

MANY = 400


@pytest.fixture(scope="module")
def problem() -> Problem:
    return simple(MANY, seed=3)


def test_near_pickups_have_near_numbers(problem):
    numbering = Numbering.of(problem)
    nodes = np.array([p.node for p in problem.pickups])
    cost = problem.ways[0].block(nodes, nodes).cost
    near = np.argsort(cost, axis=1, kind="stable")[:, 1:6]
    apart = np.abs(numbering.own[near] - numbering.own[:, None]).mean()
    assert apart < np.abs(near - np.arange(MANY)[:, None]).mean() / 3


def test_every_pickup_has_one_number(problem):
    numbering = Numbering.of(problem)
    assert sorted(numbering.told.tolist()) == list(range(MANY))
    assert numbering.own[numbering.told].tolist() == list(range(MANY))


def test_visits_come_back_as_they_went_in(problem):
    numbering = Numbering.of(problem)
    rows = ((("pickup", 7), ("dock", 1), ("pickup", 390), ("dock", 0)), (), (("pickup", 0), ("dock", 0)), ())
    assert numbering.outward(numbering.inward(rows)) == rows
    named = [problem.pickups[i].id for row in rows for kind, i in row if kind == "pickup"]
    own = numbering.problem(problem).pickups
    assert [own[i].id for row in numbering.inward(rows) for kind, i in row if kind == "pickup"] == named


def test_few_keep_their_numbers():
    few = simple(40)
    assert Numbering.of(few).problem(few) == few


def test_what_is_found_is_legal_in_the_callers_numbers_and_can_be_given_back(problem):
    found = search(problem, Iterations(300), seed=1)
    assert walk(problem, found.visits) == (found.cost, [])
    again = search(problem, Iterations(0), start=found.visits)
    assert (again.visits, again.cost) == (found.visits, found.cost)


def test_what_is_committed_is_kept(problem):
    bound = (("pickup", 380), ("pickup", 2), ("dock", 1))
    first = replace(problem.vehicles[0], committed=bound)
    found = search(replace(problem, vehicles=(first, *problem.vehicles[1:])), Iterations(100))
    assert found.visits[0][:3] == bound
