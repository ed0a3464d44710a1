"""Requests that nobody made: in form like the honest ones, and nothing there."""

import pytest

from fleet.messages.reports import PickupFailed, PickupRequested
from tests.sim.asking import area, ask, sizes, stop
from tests.sim.toy import Toy, check_invariants, dock, still, waste
from tests.sim.toy import pickup as stop_at


def town(**world):
    waiting = tuple(waste(n, n, announced_ms=1000 * n, district="d") for n in range(6))
    return Toy(sensors=still(), tampering=True, **{"waiting": waiting} | world).run(30)


def false(toy):
    return toy.heard(PickupRequested)[6:]


def test_a_phantom_is_like_an_honest_request_but_for_number_and_time():
    toy = town()
    assert ask(toy, "demand.phantom-pickup", "city", count=40.0) == ""
    like = {p.point_id: p for p in toy.heard(PickupRequested)[:6]}
    assert len(false(toy)) == 40
    assert len({p.pickup_id for p in toy.heard(PickupRequested)}) == 46
    for phantom in false(toy):
        honest = like[phantom.point_id]
        assert phantom.pickup_id.rstrip("0123456789") == "p"
        assert (phantom.material, phantom.declared_kg, phantom.district) == ("paper", 1.0, "d")
        assert phantom.latest_ms - phantom.earliest_ms == honest.latest_ms - honest.earliest_ms
        assert phantom.earliest_ms == 31_000 + honest.earliest_ms - 1000 * int(honest.pickup_id[1:])
    assert len({p.point_id for p in false(toy)}) > 3
    assert stop(toy) == ""
    assert len(false(toy)) == 40
    check_invariants(toy.close())


def test_who_comes_for_a_phantom_finds_it_gone():
    toy = town()
    ask(toy, "demand.phantom-pickup", "city")
    (phantom,) = false(toy)
    number = int(phantom.pickup_id[1:])
    toy.order("v0", stop_at(number, int(phantom.point_id[1:])), dock("home"))
    toy.until("idle")
    assert [(f.pickup_id, f.cause) for f in toy.heard(PickupFailed)] == [(phantom.pickup_id, "gone")]
    assert toy.account("kg", "waiting") == pytest.approx(6.0)
    check_invariants(toy.close())


def test_phantoms_can_be_kept_to_an_area():
    toy = town()
    assert ask(toy, "demand.phantom-pickup", "area", count=20.0, **area(600, 100, 320)) == ""
    assert {p.point_id for p in false(toy)} == {"b0", "b1", "b2", "b3"}


def test_where_nobody_asks_nothing_can_be_imitated():
    expected = "target: expected a place with honest requests to imitate, found none"
    assert ask(town(), "demand.flood", "area", rate_per_min=1.0, duration_s=9.0, **area(9e3, 9e3, 9)) == (
        f"{expected} in this area all day"
    )
    assert ask(town(waiting=()), "demand.phantom-pickup", "city") == f"{expected} in the city all day"


def test_a_flood_has_its_rate_and_its_end():
    toy = town()
    assert ask(toy, "demand.flood", "city", rate_per_min=40.0, duration_s=60.0) == ""
    toy.run(100)
    times = [m.t_ms for m in toy.said if isinstance(m.body, PickupRequested)][6:]
    assert times == [31_000 + 1500 * n for n in range(40)]
    assert sizes(toy) == [("city", "requests", 1.0), ("city", "requests", 40.0)]
    assert stop(toy) == "nothing is under way under this id"


def test_a_flood_stops_when_it_is_told_to():
    toy = town()
    ask(toy, "demand.flood", "city", rate_per_min=6000.0, duration_s=600.0)
    toy.run(10)
    assert stop(toy) == ""
    count = len(false(toy))
    assert count == pytest.approx(1200, abs=200)
    toy.run(30)
    assert len(false(toy)) == count
    assert len({p.pickup_id for p in false(toy)}) == count
    assert sizes(toy)[-1][2] == count


def test_the_same_phantoms_come_again_and_two_floods_are_two():
    def phantoms():
        toy = town()
        ask(toy, "demand.flood", "city", name="a", rate_per_min=60.0, duration_s=20.0)
        ask(toy, "demand.flood", "city", name="b", rate_per_min=60.0, duration_s=20.0)
        return false(toy.run(30))

    assert len(phantoms()) == 40
    assert phantoms() == phantoms()
