"""Dispatch hears that airspace is closed, plans with what is left, and blames nobody for it."""

from fleet.dispatch.dispatcher import ASK_AGAIN_MS, MAX_RECALLS
from fleet.messages.airspace import AIRSPACE, AirspaceChanged
from fleet.messages.envelope import Envelope
from fleet.messages.orders import FlyRoute, PickupMissed
from fleet.messages.reports import PickupFailed
from tests.dispatch.desk import ATLAS, PERIOD_S, Desk, far_away, reported
from tests.sim.toy import waste

MINUTE = 60_000


def asked(number=0, point=0, **changes):
    return waste(number, point, **changes).request


def of(bodies, kind):
    return [body for body in bodies if isinstance(body, kind)]


def changed(state, zone="fair", sender=AIRSPACE, **other):
    said = {
        "zone": zone, "reason": "", "state": state, "floor_m": 0.0, "ceiling_m": 120.0, "from_ms": 0,
        "until_ms": -1, "x_m": (), "y_m": (),
    }  # fmt: skip
    return Envelope(sender=sender, seq=0, t_ms=0, body=AirspaceChanged(**said | other))


def desk_with_a_zone(**changes):
    """Round bin b0 there is a zone; the desk, and what it asked the atlas for."""
    wishes = []

    def atlas_of(shut, now_ms):
        zones = [body.zone for body in shut]
        assert zones == sorted(set(zones))
        wishes.append((set(zones), now_ms))
        return far_away(ATLAS, "b0") if "fair" in zones else ATLAS

    desk = Desk(atlas_of=atlas_of, **changes)
    desk.hear(reported("v0"), reported("v1"), seconds=0)
    return desk, wishes


def test_it_plans_with_what_is_open_now_at_the_hour_of_planning():
    desk, wishes = desk_with_a_zone()
    desk.hear(said=[changed("announced"), changed("closed", "b")])
    desk.next_round()
    assert wishes[-1] == ({"fair", "b"}, desk.now_ms)
    desk.hear(said=[changed("closed"), changed("open", "b"), changed("open", "never heard of")])
    desk.next_round()
    assert wishes[-1] == ({"fair"}, desk.now_ms)


def test_only_the_sky_itself_is_believed():
    desk, wishes = desk_with_a_zone()
    desk.hear(said=[changed("closed", sender="v1")])
    desk.next_round()
    assert wishes[-1][0] == set()


def test_what_lies_inside_waits_and_is_fetched_when_it_opens():
    desk, _ = desk_with_a_zone()
    desk.hear(said=[changed("closed")])
    assert of(desk.next_round(asked(0)), FlyRoute) == []
    desk.hear(said=[changed("open")])
    (order,) = of(desk.next_round(), FlyRoute)
    assert order.stops[0].target == "p0"


def test_what_is_never_open_in_time_is_missed_for_that_reason():
    desk, _ = desk_with_a_zone()
    desk.hear(said=[changed("closed")])
    said = desk.next_round(asked(0, latest_ms=9 * MINUTE)) + desk.next_round()
    (missed,) = of(said, PickupMissed)
    assert (missed.reason, missed.need, missed.limit) == ("closed-airspace", 1.0, 0.0)


def test_a_place_that_is_never_open_is_missed_for_want_of_a_way():
    walled = far_away(ATLAS, "b0")
    desk = Desk(atlas_of=lambda shut, now_ms: walled)
    desk.hear(reported("v0"), seconds=0)
    said = desk.next_round(asked(0, latest_ms=9 * MINUTE)) + desk.next_round()
    assert [m.reason for m in of(said, PickupMissed)] == ["no-legal-path"]


def test_closed_airspace_is_nobody_s_failure():
    desk, _ = desk_with_a_zone()
    desk.next_round(asked(0))
    for _ in range(4):
        vehicle = desk.issued()[-1].vehicle
        desk.answer(vehicle=vehicle)
        desk.hear(PickupFailed(vehicle=vehicle, pickup_id="p0", cause="closed-airspace"))
        assert desk.belief.pickups["p0"].status == "open"
        desk.hear(reported(vehicle))
        desk.next_round()
    assert desk.belief.pickups["p0"].failures == 0
    assert desk.belief.pickups["p0"].status == "assigned"


def test_who_is_grounded_is_told_to_forget_its_route_and_is_not_planned_with():
    desk, _ = desk_with_a_zone(vehicles=1)
    desk.next_round(asked(0))
    desk.answer(vehicle="v0")
    said = desk.hear(reported("v0", state="grounded"))
    (order,) = of(said, FlyRoute)
    assert (order.append, order.stops) == (False, ())
    assert desk.belief.pickups["p0"].status == "open"
    desk.answer(vehicle="v0")
    assert of(desk.next_round(), FlyRoute) == []
    desk.hear(reported("v0"))
    assert len(of(desk.next_round(), FlyRoute)) == 1


# ---- what a message says is what is believed


def test_what_is_replaced_under_its_name_is_what_was_said_last():
    believed = []
    desk = Desk(atlas_of=lambda shut, now_ms: (believed.append(tuple(shut)), ATLAS)[1])
    for floor_m in (0.0, 60.0):
        desk.hear(said=[changed("closed", floor_m=floor_m)])
        desk.next_round()
        assert [body.floor_m for body in believed[-1]] == [floor_m]


def test_what_is_to_end_is_over_then_though_nobody_says_so():
    desk, wishes = desk_with_a_zone()
    until_ms = 3 * PERIOD_S * 1000
    desk.hear(said=[changed("closed", until_ms=until_ms), changed("closed", "b")])
    while desk.now_ms < until_ms:
        desk.next_round()
        assert wishes[-1] == ({"fair", "b"}, desk.now_ms)
    desk.next_round()
    assert wishes[-1] == ({"b"}, desk.now_ms)
    desk.hear(said=[changed("closed", until_ms=until_ms)])
    desk.next_round()
    assert wishes[-1][0] == {"b"}, "it came too late to be true"


# ---- calling off


def called_off(**report):
    """v0 had a route, and says that it is grounded."""
    desk, _ = desk_with_a_zone(vehicles=1)
    desk.next_round(asked(0))
    desk.answer()
    (order,) = of(desk.hear(reported(state="grounded", **report)), FlyRoute)
    assert order.stops == ()
    return desk


def test_who_was_called_off_is_not_planned_with_before_it_says_that_it_is_idle():
    """It still has a pickup on board, and nobody knows when it will be where."""
    desk = called_off(load_kg=5.0)
    desk.answer()
    desk.hear(reported(state="climbing", load_kg=5.0, battery_wh=200.0))
    desk.belief.vehicles["v0"].free_ms = 0
    assert of(desk.next_round(asked(1, point=1), asked(2, point=2)), FlyRoute) == []
    desk.hear(reported(load_kg=0.0))
    assert [o.vehicle for o in of(desk.next_round(), FlyRoute)] == ["v0"]


def test_who_is_not_heard_to_be_idle_is_asked_again():
    desk = called_off()
    since_ms = desk.now_ms
    desk.answer()
    while desk.now_ms + 1000 * PERIOD_S < since_ms + ASK_AGAIN_MS:
        assert of(desk.next_round(), FlyRoute) == []
    (order,) = of(desk.next_round() + desk.next_round(), FlyRoute)
    assert (order.vehicle, order.append, order.stops) == ("v0", True, ())
    desk.answer()
    desk.hear(reported())
    assert [o.stops[0].target for o in of(desk.next_round(), FlyRoute)] == ["p0"]


def test_who_is_grounded_before_it_answered_is_called_off_once_it_did():
    desk, _ = desk_with_a_zone(vehicles=1)
    desk.next_round(asked(0))
    assert of(desk.hear(reported(state="grounded")), FlyRoute) == []
    desk.answer()
    assert desk.belief.pickups["p0"].status == "assigned"
    (order,) = of(desk.next_round(), FlyRoute)
    assert (order.append, order.stops) == (False, ())
    assert desk.belief.pickups["p0"].status == "open"
    desk.answer()
    assert of(desk.next_round(), FlyRoute) == [], "once is enough"


def test_to_call_off_is_tried_again_a_few_times_when_the_order_is_refused():
    desk = called_off()
    for _ in range(MAX_RECALLS - 1):
        (order,) = of(desk.answer(cause="replayed"), FlyRoute)
        assert (order.append, order.stops) == (False, ())
    assert of(desk.answer(cause="replayed"), FlyRoute) == []


def test_who_is_idle_anyhow_is_not_called_off_again():
    desk = called_off()
    desk.hear(reported())
    assert all(o.stops for o in of(desk.answer(cause="replayed"), FlyRoute))
    assert [o.stops[0].target for o in of(desk.next_round(), FlyRoute)] == ["p0"]
