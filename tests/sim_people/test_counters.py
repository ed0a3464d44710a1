"""Citizens who bring what they have to a counter nearby."""

from dataclasses import replace

import pytest

from fleet.messages.people import CreditEarned, Deposited, DepositRefused
from fleet.messages.reports import PickupRequested
from fleet.sim.people.counters import DETOUR, WALK_MPS
from fleet.sim.sensornet.params import OrphansParams, SensorNetworkParams
from tests.sim.toy import SITES, waste
from tests.sim_people.peopled import Peopled

BRING = {"citizens": {"bring_share": 1.0, "walk_m": 500.0}}


def brought(*waiting, citizens=None, **changes):
    people = {"citizens": {**BRING["citizens"], **(citizens or {})}}
    return Peopled(people, waiting=waiting, **changes)


def test_what_is_brought_is_not_asked_for_and_comes_on_foot():
    toy = brought(waste(0, kg=3.0, material="glass", requester="ann"))
    walk_s = DETOUR * 300.0 / WALK_MPS
    toy.run(walk_s - 2)
    assert toy.heard(Deposited) == []
    assert toy.account("kg", "carried") == pytest.approx(3.0)
    toy.run(5).close()
    (deposit,) = toy.heard(Deposited)
    assert (deposit.facility, deposit.citizen, deposit.weighed_kg, deposit.stock_kg) == ("home", "ann", 3.0, 3.0)
    assert toy.heard(PickupRequested) == []
    assert [e.pickup_id for e in toy.heard(CreditEarned)] == ["p0"]
    assert toy.account("kg/glass", "stock") == pytest.approx(3.0)
    assert toy.account("items", "stock") == 1


@pytest.mark.parametrize(
    "lot, citizens",
    [
        (waste(0, kg=21.0), {}),
        (waste(1, 1), {}),
        (waste(0, material="clinical"), {}),
        (waste(0, requester="b0"), {}),
        (waste(0), {"bring_share": 0.0}),
        (waste(0, kg=5.0), {"carry_kg": 4.9}),
    ],
    ids=["heavy", "far", "nobody-takes-it", "a-bin", "none-bring", "weak"],
)
def test_what_nobody_can_bring_is_asked_for(lot, citizens):
    toy = brought(lot, citizens=citizens).run(600).close()
    assert len(toy.heard(PickupRequested)) == 1
    assert toy.heard(Deposited) == []


def test_a_full_site_sends_people_home():
    full = tuple(s if s.id != "home" else replace(s, capacity_kg=4.0) for s in SITES)
    toy = brought(waste(0, kg=3.0, requester="ann"), waste(1, 0, kg=3.0, requester="bob"), sites=full)
    toy.run(600).close()
    assert [d.citizen for d in toy.heard(Deposited)] == ["ann"]
    assert [(d.citizen, d.cause) for d in toy.heard(DepositRefused)] == [("bob", "full")]
    assert toy.account("kg", "carried") == pytest.approx(3.0)
    assert toy.account("credits", "citizen") == pytest.approx(3.0 * 0.05)


def test_a_closed_site_is_not_walked_to_and_one_that_closes_meanwhile_sends_people_home():
    toy = brought(waste(0, kg=3.0, requester="ann"), waste(1, 0, kg=3.0, requester="bob", announced_ms=60_000))
    toy.run(30)
    toy.world.parts.yards["home"].closed = True
    toy.run(600).close()
    assert [(d.citizen, d.cause) for d in toy.heard(DepositRefused)] == [("ann", "closed")]
    assert [r.pickup_id for r in toy.heard(PickupRequested)] == ["p1"]


def test_processes_of_deposits_bring_without_asking():
    process = {"name": "bottles", "per_day": 200, "materials": {"glass": 1}}
    toy = Peopled({"citizens": {"deposits": [process], "walk_m": 500.0}}, waiting=(), start_hour=8.0)
    toy.run(8 * 3600).close()
    deposits = toy.heard(Deposited)
    assert len(deposits) >= 5
    assert toy.heard(PickupRequested) == []
    assert sum(d.weighed_kg for d in deposits) == pytest.approx(
        toy.account("kg", "stock"), abs=1e-3 * len(deposits)
    )
    assert {d.deposit_id.split("/")[0] for d in deposits} == {"brought.bottles"}


def test_whoever_passes_by_an_abandoned_drone_carries_it_nowhere():
    network = SensorNetworkParams(orphans=OrphansParams(drones=3))
    people = {"citizens": {"bring_share": 1.0, "walk_m": 10_000.0}}
    sites = (replace(SITES[0], accepts=SITES[0].accepts | {"e-waste"}), *SITES[1:])
    toy = Peopled(people, waiting=(), sites=sites, sensor_network=network, end_ms=3_600_000).run(3590)
    assert sorted(r.pickup_id for r in toy.heard(PickupRequested)) == ["orphan-1", "orphan-2", "orphan-3"]
    toy.close()
    assert toy.heard(Deposited) == toy.heard(CreditEarned) == []
