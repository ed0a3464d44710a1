"""The autopilot as a table: what it sees on the left, what it does on the right."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fleet.messages.orders import FlyRoute, Recall, StopOrder
from fleet.sim.autopilot import ENERGY_MARGIN, Mission, Outlook, next_move, sane, take_order
from fleet.sim.flights import ERROR_CUT


def stop(name="p", **changes):
    return StopOrder(kind="pickup", target=name, x_m=1.0, y_m=2.0, **changes)


def route(order_id, *names, append=False):
    return FlyRoute(order_id=order_id, vehicle="v", append=append, stops=tuple(stop(n) for n in names))


def targets(mission):
    return [s.target for s in mission.stops]


SOME = Mission("o", (stop(),))
NONE = Mission("o")
FINE = Outlook(
    battery_wh=100.0,
    reserve_wh=20.0,
    leg_wh=30.0,
    then_to_charger_wh=10.0,
    docked=True,
    can_charge_here=True,
    full=True,
)
TIGHT = replace(FINE, leg_wh=65.0, full=False)


@pytest.mark.parametrize(
    "mission, outlook, move",
    [
        (NONE, FINE, "rest"),
        (NONE, replace(FINE, docked=False), "divert"),
        (NONE, replace(FINE, docked=False, battery_wh=0.0), "divert"),
        (SOME, FINE, "fly"),
        (SOME, replace(FINE, docked=False), "fly"),
        (SOME, replace(FINE, leg_wh=60.0), "fly"),
        (SOME, TIGHT, "charge-first"),
        (SOME, replace(TIGHT, can_charge_here=False), "divert"),
        (SOME, replace(TIGHT, docked=False), "divert"),
        (SOME, replace(TIGHT, docked=False, full=True), "divert"),
        (SOME, replace(TIGHT, full=True), "give-up-stop"),
        (SOME, replace(TIGHT, full=True, can_charge_here=False), "give-up-stop"),
        (SOME, replace(FINE, leg_wh=math.inf), "give-up-stop"),
        (SOME, replace(TIGHT, leg_wh=math.inf), "charge-first"),
        (SOME, replace(FINE, then_to_charger_wh=math.inf), "give-up-stop"),
        (SOME, replace(FINE, leg_wh=math.nan), "give-up-stop"),
    ],
)
def test_next_move(mission, outlook, move):
    assert next_move(mission, outlook) == move


@given(
    battery=st.floats(0, 200),
    leg=st.floats(0, 200),
    then=st.floats(0, 200),
    error=st.floats(-ERROR_CUT, ERROR_CUT),
)
def test_a_leg_that_is_flown_never_eats_the_reserve(battery, leg, then, error):
    outlook = replace(FINE, battery_wh=battery, leg_wh=leg, then_to_charger_wh=then)
    if next_move(SOME, outlook) == "fly":
        assert battery - (1.0 + error) * (leg + then) >= outlook.reserve_wh - 1e-9


def test_the_margin_covers_the_error():
    assert ENERGY_MARGIN >= 1.0 + ERROR_CUT


def test_an_order_takes_the_place_of_all_before():
    mission = take_order(take_order(NONE, route("a", "p", "q")), route("b", "r", append=True))
    assert take_order(mission, route("c", "s")) == Mission("c", (stop("s"),))
    assert take_order(mission, route("c")) == Mission("c")


def test_a_recall_unloads_and_charges_at_its_site():
    recall = Recall(order_id="h", vehicle="v", site="home", x_m=3.0, y_m=4.0, navigation="gnss")
    mission = take_order(Mission("o", (stop(),), 4, (("p", (stop(),)),)), recall)
    home = mission.next_stop
    assert (mission.order_id, mission.step, mission.later, len(mission.stops)) == ("h", 0, (), 1)
    assert (home.kind, home.target, home.x_m, home.y_m) == ("dock", "home", 3.0, 4.0)
    assert home.unload
    assert home.charge


def test_appended_orders_are_flown_in_turn_each_under_its_own_name():
    mission = take_order(NONE, route("a", "p", "q"))
    mission = take_order(mission, route("b", "r", append=True))
    mission = take_order(mission, route("c", "s", append=True))
    seen = []
    while mission.next_stop:
        seen.append((mission.order_id, mission.step, mission.next_stop.target))
        mission = mission.after_stop()
    assert seen == [("a", 0, "p"), ("a", 1, "q"), ("b", 0, "r"), ("c", 0, "s")]
    assert (mission.order_id, mission.step) == ("c", 1)


def test_appending_to_nothing_is_beginning():
    assert take_order(Mission("a", (), 3), route("b", "p", append=True)) == Mission("b", (stop("p"),))


def test_appending_nothing_changes_nothing():
    mission = take_order(NONE, route("a", "p"))
    assert take_order(mission, route("b", append=True)) == mission


@pytest.mark.parametrize(
    "changes, is_sane",
    [
        ({}, True),
        ({"mass_kg": 30.0, "service_ms": 10**7, "earliest_ms": -5}, True),
        ({"x_m": math.nan}, False),
        ({"y_m": math.inf}, False),
        ({"x_m": -2e6}, False),
        ({"mass_kg": -1.0}, False),
        ({"mass_kg": math.nan}, False),
        ({"mass_kg": math.inf}, False),
        ({"service_ms": -1}, False),
    ],
)
def test_numbers_that_cannot_be_flown_by(changes, is_sane):
    spoilt = StopOrder(**{"kind": "pickup", "target": "p", "x_m": 1.0, "y_m": 2.0, **changes})
    assert sane(FlyRoute(order_id="o", vehicle="v", append=False, stops=(stop(), spoilt))) is is_sane


@pytest.mark.parametrize("x, is_sane", [(0.0, True), (math.nan, False), (-math.inf, False), (1e7, False)])
def test_a_recall_to_nowhere(x, is_sane):
    recall = Recall(order_id="h", vehicle="v", site="home", x_m=1.0, y_m=x, navigation="gnss")
    assert sane(recall) is is_sane
