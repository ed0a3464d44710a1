"""Every kind of trouble: it says how often, how badly and who says so; it begins, acts on what it names, ends, and
everything stays accounted for. A kind without a case in `cases.py` fails.
"""

from __future__ import annotations

import math
from functools import cache

import pytest

from fleet.messages.plane import Plane
from fleet.messages.truth import TroubleBegan, TroubleEnded, WorldClosed
from fleet.sim.troubles.kind import Kind
from fleet.sim.troubles.registry import discover
from tests.sim.toy import check_invariants
from tests.sim_troubles.cases import CASES, Pair
from tests.sim_troubles.day import Day, clean

KINDS = discover()


@cache
def lived(name: str) -> Day:
    """The day of a kind's case."""
    return Day(name, CASES[name].strike, CASES[name].street, **CASES[name].changes)


EVERY = pytest.mark.parametrize("name", KINDS)


def test_there_are_twenty_kinds_or_more_and_each_has_a_case():
    assert len(KINDS) >= 20
    assert CASES.keys() == KINDS.keys()


@EVERY
def test_it_has_a_rate_a_size_a_source_and_words(name):
    kind: Kind = KINDS[name]
    assert 0.0 < kind.rate <= (1.0 if kind.whom == "pickup" else 100.0)
    for amount in (kind.size, kind.lasts):
        if amount is not None:
            assert 0.0 < amount.low <= amount.median <= amount.high
            assert amount.spread >= 1.0
            assert amount.unit
    assert "guess" in kind.source or len(kind.source) > 30, "a source, or the word guess"
    assert len(kind.text) > 20
    assert kind.where


@EVERY
def test_sizes_and_lengths_lie_where_they_are_said_to(name):
    for amount in (KINDS[name].size, KINDS[name].lasts):
        if amount is None:
            continue
        drawn = sorted(amount.drawn((n + 0.5) / 1000, 0.7) for n in range(1000))
        assert drawn[0] >= amount.low
        assert drawn[-1] <= amount.high
        assert math.isclose(drawn[500], amount.median, rel_tol=0.01)
        assert amount.drawn(0.5, 0.2) == (-amount.median if amount.signed else amount.median)


@EVERY
def test_it_acts_ends_and_conserves(name):
    case = CASES[name]
    before = Day(street=case.street, **case.changes) if case.changes else clean(case.street)
    struck = lived(name)
    assert struck.happened
    pair = Pair(before, struck, case.strike)
    at = case.strike.at
    assert struck.before(at + 1) == before.before(at + 1)
    case.measure(pair)
    labels = struck.labels
    assert isinstance(labels[0], TroubleBegan)
    assert (labels[0].kind, labels[0].entity) == (name, case.strike.entity)
    assert labels[0].unit == KINDS[name].size.unit
    assert labels[1:] == ([] if case.strike.lasts_s is None else [TroubleEnded(trouble_id=labels[0].trouble_id)])
    check_invariants(struck.toy)
    ((_, closed),) = struck.of(WorldClosed)
    assert max(closed.residual_kg, closed.residual_wh, closed.residual_items) < 1e-6


@EVERY
def test_it_is_labelled_for_the_judge_only(name):
    told = {type(m.body) for _, m in lived(name).heard if m.body.plane is not Plane.TRUTH}
    assert told
    assert not told & {TroubleBegan, TroubleEnded}
