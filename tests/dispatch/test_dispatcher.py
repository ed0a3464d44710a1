"""The only author of orders: what it signs, whom it heeds, and what it does when an order comes to nothing."""

from dataclasses import replace

import pytest

from fleet.base.errors import RunError
from fleet.dispatch.belief import ANSWER_WITHIN_MS
from fleet.messages.codec import decode, encode
from fleet.messages.envelope import Envelope
from fleet.messages.orders import (
    FlyRoute,
    OrderIssued,
    PickupMissed,
    PlanPublished,
    QuarantineVehicle,
    Recall,
    RevokeKey,
    RotateKey,
    VehicleQuarantined,
)
from fleet.messages.plane import Command
from fleet.messages.reports import PickupCollected, PickupFailed, Unloaded, UnloadRefused
from fleet.messages.seal import LIFETIME_MS, Verifier
from fleet.plan.problem import Plan
from fleet.plan.result import Result
from tests.dispatch.desk import (
    ATLAS,
    AUTHORITY,
    BLUE,
    DAY_MS,
    KEY,
    NEW,
    PERIOD_S,
    Desk,
    counted,
    far_away,
    planned,
    reported,
)
from tests.messages.runs import RUN
from tests.sim.toy import waste


def asked(number=0, point=0, **changes):
    return waste(number, point, **changes).request


def of(bodies, kind):
    return [body for body in bodies if isinstance(body, kind)]


def targets(order):
    return [stop.target for stop in order.stops]


def busy_desk(**changes):
    """v0 and v1 idle at home; p0 asked for, planned and ordered."""
    desk = Desk(**changes)
    desk.hear(reported("v0"), reported("v1"), seconds=0)
    desk.next_round(asked(0))
    return desk


def chosen(desk):
    """The vehicle the last order went to."""
    return desk.issued()[-1].vehicle


def test_a_wish_becomes_an_order_that_verifies():
    desk = busy_desk()
    (order,) = of([m.body for m in desk.commands()], FlyRoute)
    assert targets(order) == ["p0", "home"]
    (envelope,) = desk.commands()
    verifier = Verifier({"dispatch": KEY.public}, {"dispatch": frozenset({"FlyRoute"})}, RUN)
    assert verifier.check(decode(encode(envelope)), desk.now_ms) == ""
    assert envelope.expires_ms == desk.now_ms + LIFETIME_MS
    (issued,) = desk.issued()
    assert (issued.order_id, issued.vehicle, issued.verb) == (order.order_id, order.vehicle, "FlyRoute")
    assert (issued.counter, issued.targets) == (envelope.seq, ("p0", "home"))
    (plan,) = of([m.body for m in desk.said], PlanPublished)
    assert (plan.round_id, plan.offered, plan.assigned) == (1, 1, 1)


def test_everything_on_the_command_plane_is_signed():
    desk = busy_desk()
    desk.hear(said=[intent(desk, RevokeKey(alert_id="a", holder="dispatch"))])
    desk.hear(said=[intent(desk, QuarantineVehicle(alert_id="a", vehicle="v0", bring_home_by="anchors"))])
    keys = {"dispatch": [KEY, NEW], "authority": [AUTHORITY]}
    assert len(desk.commands()) == 3
    for envelope in desk.commands():
        verbs = {envelope.sender: frozenset({type(envelope.body).__name__})}
        checks = [
            Verifier({envelope.sender: k.public}, verbs, RUN).check(envelope, 0) for k in keys[envelope.sender]
        ]
        assert "" in checks


def test_rounds_are_held_every_period_and_only_when_there_is_something_to_plan():
    desk = Desk()
    assert desk.hear(reported("v0"), reported("v1"), seconds=0) == []
    assert desk.hear(asked(0)) == []
    assert desk.dispatcher.next_wake_ms() == 1000 * PERIOD_S
    assert len(of(desk.next_round(), FlyRoute)) == 1
    desk.answer()
    assert of(desk.next_round(), PlanPublished) == []


def test_what_is_assigned_is_not_planned_again_and_what_failed_is():
    desk = busy_desk()
    vehicle = chosen(desk)
    desk.answer(vehicle=vehicle)
    assert of(desk.next_round(), FlyRoute) == []
    failure = PickupFailed(vehicle=vehicle, pickup_id="p0", cause="not-found")
    (again,) = of(desk.next_round(failure, reported(vehicle)), FlyRoute)
    assert targets(again)[0] == "p0"
    desk.answer(vehicle=again.vehicle)
    failure = PickupFailed(vehicle=again.vehicle, pickup_id="p0", cause="not-found")
    (missed,) = of(desk.next_round(failure, reported(again.vehicle)), PickupMissed)
    assert (missed.pickup_id, missed.reason) == ("p0", "not-found")
    assert of(desk.next_round(), FlyRoute) == []


def test_a_plan_that_the_referee_refuses_is_never_flown():
    desk = Desk(solve=lambda problem, search: Result(Plan((), (), 0), 0, ()))
    desk.hear(reported("v0"), seconds=0)
    with pytest.raises(RunError, match="the referee refuses a plan"):
        desk.next_round(asked(0))
    assert desk.commands() == []


# ---- orders that come to nothing


@pytest.mark.parametrize("cause", ["replay", "stale", "bad-signature", "malformed"])
def test_an_order_that_is_refused_is_planned_anew(cause):
    desk = busy_desk()
    vehicle = chosen(desk)
    desk.answer(cause, vehicle=vehicle)
    assert desk.belief.pickups["p0"].status == "open"
    assert desk.belief.vehicles[vehicle].idle
    assert [targets(o) for o in of(desk.next_round(), FlyRoute)] == [["p0", "home"]]


def test_a_replay_of_an_order_that_was_taken_undoes_nothing():
    """The vehicle refuses the copy, and says so; the first answer is the one that counts."""
    desk = busy_desk()
    vehicle = chosen(desk)
    desk.answer(vehicle=vehicle)
    desk.answer("replay", vehicle=vehicle)
    assert desk.belief.pickups["p0"].status == "assigned"
    assert of(desk.next_round(), FlyRoute) == []


def test_the_word_of_another_vehicle_or_about_another_sender_is_no_answer():
    desk = busy_desk()
    vehicle = chosen(desk)
    desk.answer("replay", vehicle="v1" if vehicle == "v0" else "v0")
    desk.answer("replay", vehicle=vehicle, sender="thief")
    desk.answer("replay", vehicle=vehicle, order_id="o999")
    assert desk.belief.pickups["p0"].status == "assigned"


def test_an_order_that_nobody_answers_was_not_heard():
    desk = busy_desk()
    vehicle = chosen(desk)
    assert PERIOD_S * 1000 > ANSWER_WITHIN_MS
    assert [targets(o) for o in of(desk.next_round(), FlyRoute)] == [["p0", "home"]]
    assert desk.belief.vehicles[vehicle].idle is (chosen(desk) != vehicle)


def test_one_order_at_a_time_is_on_its_way_to_a_vehicle():
    solve, problems = counted(planned)
    desk = Desk(1, solve=solve, period_s=1)
    desk.hear(reported("v0"), seconds=0)
    desk.hear(asked(0))
    desk.hear(asked(1, 1))
    desk.hear()
    assert len(problems) == 1
    desk.answer()
    assert len(problems) == 2


# ---- loads


def loaded_desk(*facts, **changes):
    desk = Desk(**changes)
    got = PickupCollected(vehicle="v0", pickup_id="px", material="paper", scale_kg=2.0, volume_l=5.0)
    desk.hear(got, reported("v0", load_kg=2.0, load_l=5.0), *facts, seconds=0)
    return desk


def test_an_idle_vehicle_with_a_load_is_sent_to_the_nearest_that_takes_it():
    desk = loaded_desk()
    (order,) = of([m.body for m in desk.said], FlyRoute)
    assert (order.vehicle, targets(order)) == ("v0", ["home"])
    assert order.stops[0].unload
    vehicle = desk.belief.vehicles["v0"]
    assert (vehicle.idle, vehicle.free_site, vehicle.free_wh) == (False, "home", 599.4)
    assert vehicle.free_ms == 2000 + 0 + 60_000 + 90_000, "it stands there, unloads and has its battery swapped"


def test_one_that_was_refused_is_sent_elsewhere_and_at_last_nowhere():
    desk = loaded_desk()
    desk.answer()
    refused = [UnloadRefused(facility=f, vehicle="v0", cause="full") for f in ("home", "far")]
    (order,) = of(desk.next_round(refused[0], reported("v0", load_kg=2.0)), FlyRoute)
    assert targets(order) == ["far"]
    far_ms = int(desk.dispatcher._atlas.travel_ms[0][0, 2])
    assert desk.belief.vehicles["v0"].free_ms == desk.now_ms + 2000 + far_ms + 60_000
    assert desk.belief.vehicles["v0"].free_wh < 599.4
    assert desk.belief.vehicles["v0"].free_site == "far"
    desk.answer()
    assert of(desk.next_round(refused[1], reported("v0", "idle", "far", load_kg=2.0)), FlyRoute) == []
    emptied = Unloaded(facility="far", vehicle="v0", weighed_kg={"paper": 2.0}, volume_l=5.0, stock_kg=2.0)
    desk.next_round(emptied, reported("v0"), asked(0))
    assert targets(of([m.body for m in desk.said], FlyRoute)[-1]) == ["p0", "home"]


def test_a_mixed_load_goes_where_all_of_it_is_taken():
    desk = loaded_desk(PickupCollected(vehicle="v0", pickup_id="py", material="glass", scale_kg=1.0, volume_l=1.0))
    refused = UnloadRefused(facility="home", vehicle="v0", cause="full")
    desk.answer()
    assert of(desk.next_round(refused, reported("v0", load_kg=3.0)), FlyRoute) == [], "`far` takes paper only"


def test_nobody_is_sent_where_there_is_no_way():
    desk = Desk()
    there = far_away(desk.dispatcher._atlas, "far")
    desk.dispatcher._atlas_of = lambda shut, now_ms: there
    got = PickupCollected(vehicle="v0", pickup_id="px", material="paper", scale_kg=2.0, volume_l=5.0)
    refused = UnloadRefused(facility="home", vehicle="v0", cause="full")
    assert of(desk.hear(got, refused, reported("v0", load_kg=2.0), seconds=0), FlyRoute) == []


# ---- giving up


def test_what_cannot_be_done_in_time_any_more_is_missed_with_its_last_reason():
    desk = busy_desk()
    desk.answer(vehicle=chosen(desk))
    heavy = asked(1, 1, kg=50.0, latest_ms=desk.now_ms + 400_000)
    assert of(desk.next_round(heavy), PickupMissed) == []
    (missed,) = of(desk.next_round(), PickupMissed)
    assert (missed.pickup_id, missed.reason, missed.need, missed.limit) == ("p1", "too-heavy", 50.0, 5.6)


@pytest.mark.parametrize("open_to_bikes, reason", [(True, "fleet-busy"), (False, "no-legal-path")])
def test_what_only_a_busy_bike_could_reach_is_missed_because_the_fleet_was_busy(open_to_bikes, reason):
    """The bike says that it drives, and nothing more; the drone is free, and has no way there."""
    closed = far_away(ATLAS, "b3")
    bike = replace(ATLAS.types[0], name="bike", mass_exponent=1.0)
    ways = ATLAS if open_to_bikes else closed
    view = replace(
        closed,
        types=(closed.types[0], bike),
        travel_ms=(*closed.travel_ms, *ways.travel_ms),
        effort_h=(*closed.effort_h, *ways.effort_h),
    )
    desk = Desk(2)
    desk.dispatcher._atlas_of = lambda shut, now_ms: view
    rider = desk.belief.vehicles["v1"]
    rider.type, rider.idle, rider.free_ms, rider.state = 1, False, DAY_MS, "driving"
    desk.next_round(asked(1, 3, latest_ms=400_000))
    (missed,) = of(desk.next_round(), PickupMissed)
    assert (missed.pickup_id, missed.reason, missed.need, missed.limit) == ("p1", reason, 1.0, 0.0)


def test_what_no_round_was_in_time_for_is_missed_for_its_window():
    desk = busy_desk()
    brief = asked(1, 1, latest_ms=desk.now_ms + 61_000)
    desk.hear(brief)
    (missed,) = of(desk.next_round(), PickupMissed)
    assert (missed.pickup_id, missed.reason) == ("p1", "window")
    assert (missed.need, missed.limit) == (desk.now_ms + brief.service_ms, brief.latest_ms)
    last = asked(2, 2, latest_ms=DAY_MS)
    desk.hear(last)
    desk.dispatcher.finish()
    reasons = {m.body.pickup_id: m.body.reason for m in desk.bus.turn()}
    assert reasons["p2"] == "window"


def test_nonsense_is_refused_with_its_reason_and_breaks_nothing():
    desk = Desk()
    desk.hear(reported("v0"), seconds=0)
    said = desk.next_round(asked(0), asked(1, material="kryptonite"), asked(2, point_id="atlantis"))
    assert [(m.pickup_id, m.reason) for m in of(said, PickupMissed)] == [("p1", "malformed"), ("p2", "malformed")]
    assert [targets(o) for o in of(said, FlyRoute)] == [["p0", "home"]]


def test_at_the_end_of_the_day_all_that_is_open_is_missed():
    desk = Desk(vehicles=0)
    desk.hear(asked(0), asked(1))
    desk.dispatcher.finish()
    assert [m.body.pickup_id for m in desk.bus.turn()] == ["p0", "p1"]
    assert desk.belief.open == {}


def test_and_so_is_what_a_vehicle_did_not_bring():
    desk = Desk()
    desk.hear(reported("v0"), seconds=0)
    desk.next_round(asked(0))
    assert desk.belief.pickups["p0"].status == "assigned"
    desk.dispatcher.finish()
    (missed,) = [m.body for m in desk.bus.turn()]
    assert (missed.pickup_id, missed.reason, missed.need, missed.limit) == ("p0", "not-fetched", 1.0, 0.0)


# ---- intents


def intent(desk, body, key=BLUE, sender="respond"):
    desk.blue.key = key
    port = desk.blue if sender == "respond" else desk.bus.port(sender, key)
    port.say_signed(body)
    (message,) = desk.bus.turn()
    return message


QUARANTINE = QuarantineVehicle(alert_id="a1", vehicle="v0", bring_home_by="anchors")
REVOKE = RevokeKey(alert_id="a1", holder="dispatch")


def test_a_vehicle_under_quarantine_is_recalled_and_planned_without():
    desk = busy_desk()
    vehicle = chosen(desk)
    desk.answer(vehicle=vehicle)
    body = QuarantineVehicle(alert_id="a1", vehicle=vehicle, bring_home_by="anchors")
    said = desk.hear(said=[intent(desk, body)])
    assert of(said, VehicleQuarantined) == [VehicleQuarantined(vehicle=vehicle, alert_id="a1")]
    (recall,) = of(said, Recall)
    assert (recall.vehicle, recall.site, recall.navigation) == (vehicle, "home", "anchors")
    assert desk.belief.pickups["p0"].status == "open"
    assert desk.hear(said=[intent(desk, body)]) == [], "once per alert is enough"
    another = QuarantineVehicle(alert_id="a2", vehicle=vehicle, bring_home_by="anchors")
    again = desk.hear(said=[intent(desk, another)])
    assert (len(of(again, VehicleQuarantined)), len(of(again, Recall))) == (0, 1), "said once, called each time"
    desk.answer(vehicle=vehicle)
    (order,) = of(desk.next_round(reported(vehicle)), FlyRoute)
    assert order.vehicle != vehicle


def test_a_recall_that_is_refused_is_tried_again_but_not_for_ever():
    desk = busy_desk()
    desk.hear(said=[intent(desk, QUARANTINE)])
    tries = 1
    while of(desk.answer("replay"), Recall):
        tries += 1
        assert tries < 50
    assert tries == 5


def test_a_revoked_key_is_changed_before_anything_else_is_signed():
    desk = Desk()
    desk.hear(reported("v0"), reported("v1"), seconds=0)
    both = [intent(desk, QUARANTINE), intent(desk, REVOKE)]
    said = desk.hear(said=both)
    rotate, recall = (next(m for m in desk.commands() if isinstance(m.body, k)) for k in (RotateKey, Recall))
    verbs = {"authority": frozenset({"RotateKey"}), "dispatch": frozenset({"Recall"})}
    verifier = Verifier({"authority": AUTHORITY.public, "dispatch": KEY.public}, verbs, RUN)
    assert verifier.check(rotate, desk.now_ms) == ""
    verifier.rotate(rotate.body.holder, rotate.body.public_key)
    assert verifier.check(recall, desk.now_ms) == ""
    assert [i.verb for i in of(said, OrderIssued)] == ["RotateKey", "Recall"]


@pytest.mark.parametrize("holder", ["authority", "respond", "nobody"])
def test_other_keys_are_not_dispatchs_to_change(holder):
    desk = Desk()
    assert of(desk.hear(said=[intent(desk, RevokeKey(alert_id="a", holder=holder))]), Command) == []


@pytest.mark.parametrize("body", [QUARANTINE, REVOKE])
def test_intents_are_heeded_only_under_the_right_seal(body):
    """Otherwise anybody on the command plane could ground the fleet."""
    desk = Desk()
    good = intent(desk, body)
    unsigned = Envelope(sender="respond", seq=9, t_ms=0, body=body)
    for foul in (unsigned, intent(desk, body, key=KEY), intent(desk, body, key=BLUE, sender="red")):
        assert desk.hear(said=[foul]) == []
    assert desk.hear(said=[good]) != []
    assert desk.hear(said=[good]) == [], "a replay"


def test_an_intent_about_nobody_is_nothing():
    desk = Desk()
    ghost = QuarantineVehicle(alert_id="a1", vehicle="ghost", bring_home_by="gnss")
    assert desk.hear(said=[intent(desk, ghost)]) == []
