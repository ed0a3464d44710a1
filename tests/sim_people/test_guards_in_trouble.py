"""Guards to whom something happens themselves, or to whom they are after."""

from __future__ import annotations

import pytest

from fleet.messages.orders import FlyRoute
from fleet.messages.people import GuardReported, VehicleHeld
from fleet.sim.troubles.kind import Incident
from fleet.sim.troubles.registry import discover
from tests.sim.toy import check_invariants, junk
from tests.sim_people.test_guards import answers, guarded

GUARD = "guard-01"
KINDS = discover()


def strike(toy, kind, lasts_s):
    assert toy.troubles.happen(KINDS[kind], Incident(f"{kind}/{GUARD}/0", GUARD, 1.0, 0.3), 1000 * lasts_s)


def chasing(run_s=70, **guard):
    """A guard on his way to a vehicle far out, which stays there."""
    toy = guarded(guard=guard)
    toy.order("v0", junk(1400.0, -900.0, service_ms=30_000_000))
    toy.run(5)
    toy.follow()
    return toy.run(run_s)


def doings(toy):
    return [report.doing for report in toy.heard(GuardReported)]


def test_a_self_test_that_fails_in_the_air_leaves_nobody_hanging_there():
    toy = chasing()
    strike(toy, "vehicle-self-test", 300)
    toy.run(1500)
    assert doings(toy)[-1] == "following"
    toy.stand_down()
    toy.run(1500).close()
    assert (toy.body(GUARD).site, "lost" in toy.states(GUARD)) == ("home", False)
    check_invariants(toy)


@pytest.mark.parametrize("kind, state", [("vehicle-motor-failure", "lost"), ("vehicle-bird-strike", "grounded")])
def test_who_comes_down_comes_down_though_he_is_called_off(kind, state):
    toy = chasing(aim_s=60.0)
    strike(toy, kind, 600)
    x, y, _ = toy.run(2).place(GUARD)
    toy.stand_down()
    toy.run(120)
    assert (toy.body(GUARD).state, toy.place(GUARD)) == (state, (x, y, 0.0))
    toy.run(3000).close()
    assert toy.body(GUARD).site
    check_invariants(toy)


@pytest.mark.parametrize("name", ["", GUARD])
def test_who_is_out_of_it_cannot_be_sent(name):
    toy = chasing()
    strike(toy, "vehicle-motor-failure", 600)
    toy.run(60)
    toy.follow("v1", name)
    toy.run(3)
    assert answers(toy) == ["", "busy"]


def test_nobody_goes_on_following_who_was_forced_down_by_another():
    toy = guarded(guard={"count": 2})
    toy.order("v0", junk(1400.0, -900.0, service_ms=30_000_000))
    toy.stop(guard="guard-01")
    toy.follow(guard="guard-02")
    toy.run(1500).close()
    assert [held.guard for held in toy.heard(VehicleHeld)] == ["guard-01"]
    assert [toy.body(guard).site for guard in ("guard-01", "guard-02")] == ["home", "home"]
    check_invariants(toy)


def test_a_guard_whose_drone_is_captured_follows_nobody_and_can_be_called_home_afterwards():
    toy = chasing()
    body = toy.body(GUARD)
    body.captured = True
    toy.world.carry_out(body, FlyRoute(order_id="x", vehicle=GUARD, stops=(junk(-900.0, 900.0),), append=False))
    toy.run(60)
    assert doings(toy)[-1] == "off"
    toy.stand_down()
    assert toy.run(60).place(GUARD)[1] > 0.0
    body.captured = False
    toy.stand_down()
    toy.run(1500).close()
    assert body.site
    check_invariants(toy)
