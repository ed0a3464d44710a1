"""When trouble comes: as often as asked, the same for the same seed, and each kind for itself."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.base.clock import DAY_MS
from fleet.base.streams import Streams
from fleet.messages.plane import Plane
from fleet.messages.truth import TroubleBegan, TroubleEnded
from fleet.sim.troubles.chance import Chance
from fleet.sim.troubles.params import TroublesParams
from fleet.sim.troubles.registry import TROUBLED, discover, rates_of
from tests.sim.toy import Toy, dock, pickup

KINDS = discover()
BUSY = {name: 0.5 if kind.whom == "pickup" else 60.0 for name, kind in KINDS.items()}
"""Rates at which an hour is full of trouble."""


def hour(troubles: TroublesParams, seed: int = 1, seconds: int = 1200, **changes) -> Toy:
    toy = Toy(seed=seed, tampering=True, troubles=troubles, end_ms=1000 * seconds, **changes)
    home = dock("home", unload=True, charge=True)
    toy.order("v0", pickup(2), pickup(1), home, pickup(0), home)
    toy.order("v1", pickup(3), pickup(5), home)
    return toy.run(seconds).close()


def labels(toy: Toy, kind: str = "") -> list[tuple[int, object]]:
    told = [m for m in toy.said if isinstance(m.body, TroubleBegan | TroubleEnded)]
    name = [getattr(m.body, "kind", m.body.trouble_id.partition("/")[0]) for m in told]
    return [(m.t_ms, m.body) for m, of in zip(told, name, strict=True) if kind in ("", of)]


def test_the_same_seed_has_the_same_incidents_and_another_has_others():
    busy = TroublesParams(rates=BUSY)
    first, second, other = hour(busy), hour(busy), hour(busy, seed=2)
    assert first.said == second.said
    assert labels(first) != labels(other)
    assert len({body.kind for _, body in labels(first) if isinstance(body, TroubleBegan)}) >= 20


@pytest.mark.parametrize("kind", ["instrument-scale-drift", "site-blocked-pad", "pickup-mis-tag", "radio-delay"])
def test_other_kinds_shift_nothing(kind):
    often = {kind: 10.0 * BUSY[kind] if BUSY[kind] > 1.0 else BUSY[kind]}
    alone = labels(hour(TroublesParams(rates=often)), kind)
    among = labels(hour(TroublesParams(rates=BUSY | often)), kind)
    assert alone == among
    assert alone


def test_without_trouble_all_is_as_if_there_were_no_such_thing():
    plain, none = hour(TroublesParams()), hour(TroublesParams(sizes={"weather-gust": 0.2}))
    assert plain.said == none.said
    assert not labels(plain)
    assert not [m for m in plain.said if m.sender == "world/troubles"]


def test_what_has_not_begun_changes_nothing():
    """Two days are the same up to the first trouble on one of them."""
    plain, busy = hour(TroublesParams()), hour(TroublesParams(rates={"weather-gust": 3000.0}))
    first_ms = labels(busy)[0][0]
    assert first_ms > 1_000
    heard = [[m for m in toy.said if m.t_ms < first_ms] for toy in (plain, busy)]
    assert heard[0] == heard[1]
    assert busy.account("Wh", "flown") > plain.account("Wh", "flown")


def test_levels_and_rates():
    kinds = {name: KINDS[name] for name in ("weather-gust", "site-blocked-pad")}
    gust, pad = (kind.rate for kind in kinds.values())
    assert rates_of(TroublesParams(), kinds) == {}
    assert rates_of(TroublesParams(level="calm"), kinds) == {"weather-gust": gust, "site-blocked-pad": pad}
    assert rates_of(TroublesParams(level="troubled"), kinds)["weather-gust"] == gust * TROUBLED
    only = TroublesParams(rates={"weather-gust": 3.0})
    assert rates_of(only, kinds) == {"weather-gust": 3.0}
    without = TroublesParams(level="calm", rates={"weather-gust": 0.0})
    assert rates_of(without, kinds) == {"site-blocked-pad": pad}


def test_a_size_of_ones_own_is_the_median():
    def median(size: float | None) -> float:
        chance = Chance(KINDS["site-slow-charger"], Streams(1), 1.0, size)
        return sorted(chance.incident("home", number).size for number in range(2001))[1000]

    assert median(None) == pytest.approx(0.5, rel=0.05)
    assert median(1.2) == pytest.approx(1.2, rel=0.05)
    slow = TroublesParams(rates={"site-slow-charger": 5000.0}, sizes={"site-slow-charger": 2.0})
    assert {body.size for _, body in labels(hour(slow)) if isinstance(body, TroubleBegan)} & {2.0}


@given(st.integers(0, 50), st.sampled_from([0.02, 1.0, 40.0]))
def test_gaps_are_those_of_a_poisson_process(seed, rate):
    """Mean and spread of exponential gaps are the same: one over the rate."""
    chance = Chance(KINDS["weather-gust"], Streams(seed), rate, None)
    gaps = [chance.gap_ms("v0", number) * rate / DAY_MS for number in range(2000)]
    mean = sum(gaps) / len(gaps)
    spread = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
    assert mean == pytest.approx(1.0, abs=0.12)
    assert spread == pytest.approx(1.0, abs=0.2)
    assert all(abs(a - b) > 0 for a, b in pairwise(gaps[:50]))


@pytest.mark.parametrize("rate", [1e-300, 1e-306, 5e-324])
def test_a_rate_that_is_next_to_nothing_is_one(rate):
    chance = Chance(KINDS["weather-gust"], Streams(1), rate, None)
    assert min(chance.gap_ms(name, 0) for name in ("v0", "v1", "v2")) > 100 * DAY_MS


def test_the_asked_share_of_pickups_is_hit():
    chance = Chance(KINDS["pickup-overfull"], Streams(1), 0.2, None)
    assert sum(chance.hits(f"p{n}") for n in range(5000)) == pytest.approx(1000, abs=100)


def test_labels_are_truth_and_nothing_else_is_new():
    toy = hour(TroublesParams(level="troubled", rates={"weather-gust": 3000.0}))
    told = [m for m in toy.said if m.sender == "world/troubles"]
    assert told
    assert {m.body.plane for m in told} == {Plane.TRUTH}
