"""Dispatch hears that airspace is closed, plans with what is left, and blames nobody for it."""

from fleet.messages.airspace import AIRSPACE, AirspaceChanged
from fleet.messages.envelope import Envelope
from fleet.messages.orders import FlyRoute, PickupMissed
from fleet.messages.reports import PickupFailed
from tests.dispatch.desk import ATLAS, Desk, far_away, reported
from tests.sim.toy import waste

MINUTE = 60_000


def asked(number=0, point=0, **changes):
    return waste(number, point, **changes).request


def of(bodies, kind):
    return [body for body in bodies if isinstance(body, kind)]


def changed(state, zone="fair", sender=AIRSPACE):
    body = AirspaceChanged(
        zone=zone, reason="", state=state, floor_m=0.0, ceiling_m=120.0, from_ms=0, until_ms=-1, x_m=(), y_m=()
    )
    return Envelope(sender=sender, seq=0, t_ms=0, body=body)


def desk_with_a_zone(**changes):
    """Round bin b0 there is a zone; the desk, and what it asked the atlas for."""
    wishes = []

    def atlas_of(shut, now_ms):
        wishes.append((set(shut), now_ms))
        return far_away(ATLAS, "b0") if "fair" in shut else ATLAS

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
