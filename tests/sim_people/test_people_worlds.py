"""Random populations over the toy world: whatever people do, everything stays accounted for, and days repeat."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.base.materials import MATERIALS
from fleet.messages.codec import decode, encode
from fleet.sim.books import FAMILIES
from fleet.sim.troubles.params import TroublesParams
from fleet.sim.troubles.registry import discover
from tests.sim.toy import check_invariants, dock, pickup, waste
from tests.sim_people.peopled import Peopled

FOXES = st.builds(
    lambda count, capacity, per_day, home: {
        "name": f"fox-{home}", "count": count, "home": {"id": f"b{home}"}, "market": "arches",
        "capacity_kg": capacity, "per_day": per_day, "least_credit_per_kg": 0.05,
    },
    st.integers(1, 3), st.floats(0.5, 30.0), st.floats(5.0, 200.0), st.integers(0, 5),
)  # fmt: skip
CITIZENS = st.builds(
    lambda share, carry, limit, rate: {
        "bring_share": share, "carry_kg": carry, "walk_m": 1000.0, "day_limit_kg": {"glass": limit},
        "deposits": [{"name": "walk-in", "per_day": rate, "materials": {"glass": 1, "paper": 2}}],
    },
    st.floats(0.0, 1.0), st.floats(1.0, 30.0), st.floats(0.5, 50.0), st.floats(0.0, 2000.0),
)  # fmt: skip
ORDINARY = [m.name for m in MATERIALS.values()]
LOTS = st.lists(
    st.tuples(st.integers(0, 5), st.floats(0.1, 5.0), st.sampled_from(ORDINARY), st.integers(0, 3_600_000)),
    min_size=1, max_size=10,
)  # fmt: skip
POPULATIONS = st.fixed_dictionaries(
    {"scavengers": st.lists(FOXES, max_size=2, unique_by=lambda fox: fox["name"])},
    optional={"citizens": CITIZENS, "guards": st.just([{"base": "home"}])},
)

BUSY = {name: 0.3 if kind.whom == "pickup" else 60.0 for name, kind in sorted(discover().items())}
"""Every kind of trouble, so often that it happens."""
TROUBLES = st.builds(
    lambda kinds: TroublesParams(rates={name: BUSY[name] for name in kinds}),
    st.lists(st.sampled_from(sorted(BUSY)), min_size=1, max_size=6, unique=True),
)


def live(people, lots, seed, troubles=None):
    market = {"name": "arches", "at": {"id": "b1"}, "lot_kg": 4.0}
    waiting = tuple(
        waste(n, point, kg=kg, material=material, announced_ms=at_ms, requester=f"r{n % 2}")
        for n, (point, kg, material, at_ms) in enumerate(lots)
    )
    toy = Peopled(
        {**people, "markets": [market]}, seed=seed, waiting=waiting, start_hour=9.0,
        troubles=troubles or TroublesParams(),
    )  # fmt: skip
    for vehicle in ("v0", "v1"):
        numbers = range(0 if vehicle == "v0" else 1, len(lots), 2)
        toy.order(vehicle, *(pickup(n, lots[n][0]) for n in numbers), dock("home", unload=True, charge=True))
    toy.run(600)
    if people.get("guards"):
        toy.stop("v1")
    toy.run(4800)
    return toy.close()


@given(POPULATIONS, LOTS, st.integers(0, 5), st.none() | TROUBLES)
@settings(max_examples=25, deadline=None)
def test_everything_stays_accounted_for(people, lots, seed, troubles):
    toy = live(people, lots, seed, troubles)
    check_invariants(toy)
    for family in FAMILIES:
        assert toy.books.residual[family] < 1e-6
    for ledger in toy.books.ledgers:
        totals = toy.books.totals(ledger)
        assert sum(totals.values()) == pytest.approx(0.0, abs=1e-6)
        if ledger.startswith("kg"):
            assert all(kg >= -1e-9 for kind, kg in totals.items() if kind != "generated")
    if "citizens" not in people:
        assert toy.account("credits", "issuer") == 0.0
    for message in toy.said:
        # A number of the wrong kind is written otherwise than it is read.
        assert encode(decode(encode(message))) == encode(message), message


@given(POPULATIONS, LOTS, st.integers(0, 5))
@settings(max_examples=8, deadline=None)
def test_days_repeat(people, lots, seed):
    assert live(people, lots, seed).said == live(people, lots, seed).said
