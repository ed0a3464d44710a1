"""What dispatch makes of each report, as a table; and of reports that are lies, late or twice said."""

import math

import pytest

from fleet.dispatch.belief import ANSWER_WITHIN_MS
from fleet.messages.reports import OrderAnswered, PickupCollected, PickupFailed, Unloaded, UnloadRefused
from tests.dispatch.desk import belief, reported
from tests.sim.toy import waste


def asked(number=0, point=0, **changes):
    return waste(number, point, **changes).request


def collected(number=0, vehicle="v0", material="paper"):
    return PickupCollected(vehicle=vehicle, pickup_id=f"p{number}", material=material, scale_kg=1.0, volume_l=5.0)


def failed(number=0, vehicle="v0", cause="does-not-fit"):
    return PickupFailed(vehicle=vehicle, pickup_id=f"p{number}", cause=cause)


def answered(cause="", order_id="o1", vehicle="v0"):
    return OrderAnswered(vehicle=vehicle, order_id=order_id, claimed_sender="dispatch", counter=0, cause=cause)


def told(*bodies, assign=(), now_ms=1000):
    """A belief after two pickups were asked for, some assigned to v0, and `bodies` heard."""
    mind = belief()
    for number in (0, 1):
        mind.hear(asked(number), 0)
    for number in assign:
        mind.assign(mind.vehicles["v0"], f"p{number}")
    for body in bodies:
        mind.hear(body, now_ms)
    return mind


def statuses(mind):
    return [mind.pickups[p].status for p in ("p0", "p1")]


def test_what_is_asked_for_is_open():
    mind = told()
    assert statuses(mind) == ["open", "open"]
    assert list(mind.open) == ["p0", "p1"]


@pytest.mark.parametrize(
    "heard, expected, left",
    [
        ([], ["assigned", "assigned"], ["p0", "p1"]),
        ([collected(0)], ["collected", "assigned"], ["p1"]),
        ([failed(0)], ["open", "assigned"], ["p1"]),
        ([failed(0), failed(0)], ["open", "assigned"], ["p1"]),
        ([failed(0, vehicle="v1")], ["assigned", "assigned"], ["p0", "p1"]),
        ([collected(0, vehicle="v1")], ["collected", "assigned"], ["p0", "p1"]),
        ([collected(0, vehicle="v1"), failed(0, cause="gone")], ["collected", "assigned"], ["p1"]),
        ([reported(state="idle")], ["open", "open"], []),
        ([reported(state="lost")], ["open", "open"], []),
        ([reported(state="charging")], ["assigned", "assigned"], ["p0", "p1"]),
        ([reported("v1", state="idle")], ["assigned", "assigned"], ["p0", "p1"]),
        ([collected(0), reported(state="idle")], ["collected", "open"], []),
        ([reported("ghost", state="idle"), collected(7), failed(7)], ["assigned", "assigned"], ["p0", "p1"]),
    ],
)
def test_what_becomes_of_two_assigned_pickups(heard, expected, left):
    mind = told(*heard, assign=(0, 1))
    assert statuses(mind) == expected
    assert mind.vehicles["v0"].assigned == left
    assert sorted(mind.open) == [f"p{n}" for n in (0, 1) if expected[n] == "open"]


def test_failures_count_and_are_given_up_after_two():
    mind = told(failed(0, cause="not-found"), assign=(0,))
    pickup = mind.pickups["p0"]
    assert (pickup.failures, pickup.reason, pickup.hopeless) == (1, "not-found", False)
    mind.assign(mind.vehicles["v1"], "p0")
    mind.hear(failed(0, vehicle="v1", cause="gone"), 2000)
    assert (pickup.failures, pickup.reason, pickup.hopeless) == (2, "gone", True)
    mind.miss(pickup)
    assert pickup.status == "missed"
    assert "p0" not in mind.open


def test_a_late_collection_of_a_missed_pickup_is_a_collection():
    mind = told()
    mind.miss(mind.pickups["p0"])
    mind.hear(collected(0), 0)
    assert statuses(mind) == ["collected", "open"]


def test_a_wish_that_is_said_twice_is_one_wish():
    mind = told(assign=(0,))
    mind.hear(asked(0, material="glass"), 5000)
    assert statuses(mind) == ["assigned", "open"]
    assert mind.pickups["p0"].request.material == "paper"
    mind.hear(collected(0), 6000)
    mind.hear(asked(0), 7000)
    assert statuses(mind) == ["collected", "open"]


@pytest.mark.parametrize(
    "changes",
    [
        {"point_id": "atlantis"},
        {"material": "kryptonite"},
        {"x_m": math.nan},
        {"y_m": math.inf},
        {"declared_kg": math.nan},
        {"declared_kg": -1.0},
        {"declared_l": math.inf},
        {"earliest_ms": -5},
        {"latest_ms": 2**60},
        {"service_ms": -1},
        {"priority": 0},
        {"priority": 10**12},
    ],
)
def test_a_wish_that_makes_no_sense_is_kept_as_hopeless(changes):
    mind = belief()
    mind.hear(asked(0, **changes), 0)
    assert mind.open["p0"].hopeless
    assert mind.open["p0"].reason == "malformed"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("field", ["battery_wh", "load_kg"])
def test_a_report_with_a_number_that_is_none_changes_nothing(field, number):
    mind = told(reported(state="cruising", **{field: number}))
    vehicle = mind.vehicles["v0"]
    assert (vehicle.state, vehicle.idle, vehicle.free_wh, vehicle.load_kg) == ("idle", True, 599.4, 0.0)


def test_a_stock_that_is_no_number_is_not_believed():
    def unloaded(stock_kg):
        return Unloaded(facility="far", vehicle="v0", weighed_kg={}, volume_l=0.0, stock_kg=stock_kg)

    assert told(unloaded(5.0), unloaded(math.nan)).stock_kg == {"far": 5.0}


@pytest.mark.parametrize("state", ["climbing", "servicing", "unloading", "charging", "queueing", "lost"])
def test_only_the_idle_are_idle(state):
    mind = told(reported(state=state, load_kg=2.0, battery_wh=100.0, site="far"))
    vehicle = mind.vehicles["v0"]
    assert (vehicle.idle, vehicle.state, vehicle.load_kg) == (False, state, 2.0)
    assert (vehicle.free_site, vehicle.free_wh) == ("home", 599.4), "only one who is free says where it is free"


def test_the_idle_are_where_they_say_with_what_they_have():
    vehicle = told(reported(site="far", battery_wh=321.0), now_ms=7000).vehicles["v0"]
    assert (vehicle.idle, vehicle.free_ms, vehicle.free_site, vehicle.free_wh) == (True, 7000, "far", 321.0)


@pytest.mark.parametrize("off_m, site", [(1.9, "far"), (2.5, "home")])
def test_a_place_is_a_site_within_two_metres(off_m, site):
    vehicle = told(reported(x_m=1500.0 + off_m, y_m=0.0)).vehicles["v0"]
    assert vehicle.free_site == site


def test_loads_and_refusals_are_remembered_until_the_box_is_empty():
    unloaded = Unloaded(facility="home", vehicle="v0", weighed_kg={"paper": 1.0}, volume_l=5.0, stock_kg=9.5)
    refused = UnloadRefused(facility="far", vehicle="v0", cause="full")
    mind = told(collected(0), collected(1, material="glass"), refused)
    vehicle = mind.vehicles["v0"]
    assert (vehicle.materials, vehicle.refused_by) == ({"paper", "glass"}, {"far"})
    mind.hear(unloaded, 0)
    assert (vehicle.materials, vehicle.refused_by, mind.stock_kg) == (set(), set(), {"home": 9.5})


def test_an_idle_report_that_crossed_an_order_does_not_undo_it():
    """It was said before the order was heard. Taken at its word, the order's pickups would be planned twice."""
    mind = told(assign=(0,))
    vehicle = mind.vehicles["v0"]
    mind.ordered(vehicle, "o1", 1000)
    vehicle.free_ms, vehicle.free_site, vehicle.free_wh = 90_000, "far", 300.0
    mind.hear(reported(site="swap", battery_wh=500.0), 2000)
    assert statuses(mind) == ["assigned", "open"]
    assert (vehicle.idle, vehicle.free_ms, vehicle.free_site) == (False, 90_000, "far")
    mind.hear(answered(), 3000)
    mind.hear(reported(site="far"), 95_000)
    assert statuses(mind) == ["open", "open"]
    assert (vehicle.idle, vehicle.free_ms) == (True, 95_000)


def test_the_answer_to_another_order_settles_nothing():
    mind = told()
    vehicle = mind.vehicles["v0"]
    mind.ordered(vehicle, "o1", 1000)
    for said in (answered(order_id="o0"), answered(vehicle="v1"), answered(cause="replay")):
        mind.hear(said, 2000)
    assert vehicle.awaits == "o1"
    assert vehicle.awaits_until_ms == 1000 + ANSWER_WITHIN_MS


@pytest.mark.parametrize("crossed", [False, True])
def test_an_order_that_is_not_taken_leaves_all_as_it_was(crossed):
    mind = told(reported(site="home", battery_wh=400.0), assign=(0,))
    vehicle = mind.vehicles["v0"]
    vehicle.assigned, vehicle.state = ["p1"], "charging"
    mind.pickups["p1"].status, mind.pickups["p1"].vehicle = "assigned", "v0"
    mind.assign(vehicle, "p0")
    mind.ordered(vehicle, "o1", 2000)
    vehicle.free_ms, vehicle.free_site, vehicle.free_wh = 90_000, "far", 300.0
    if crossed:
        mind.hear(reported(site="swap", battery_wh=350.0), 3000)
    mind.not_taken(vehicle, {"p0"}, 4000)
    assert statuses(mind) == ["open", "open" if crossed else "assigned"]
    assert vehicle.awaits == ""
    assert vehicle.idle is crossed
    expected = (4000, "swap", 350.0) if crossed else (4000, "home", 400.0)
    assert (vehicle.free_ms, vehicle.free_site, vehicle.free_wh) == expected
