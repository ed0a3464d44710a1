"""Dispatch in an outage: whom it believes, what it plans with, whom it sends to charge."""

from dataclasses import replace

from fleet.dispatch.params import DispatchParams
from fleet.dispatch.rounds import EXTRA_RESERVE, HAZARD_FACTOR, HAZMAT, ORDINARY, make_round
from fleet.dispatch.shortage import powered
from fleet.messages.envelope import Envelope
from fleet.messages.grid import GRID, PowerChanged
from fleet.messages.orders import FlyRoute
from fleet.messages.reports import PickupFailed
from tests.dispatch.desk import ATLAS, Desk, belief, reported
from tests.sim.toy import waste

HAZARDOUS = "batteries"


def changed(site, live=False, sender=GRID):
    return Envelope(sender=sender, seq=0, t_ms=0, body=PowerChanged(site=site, feeder="", live=live))


def asked(number, point=0, **changes):
    return waste(number, point, **changes).request


def with_hazards(view=ATLAS):
    """A town where one dock takes hazardous waste, and there is a second, certified type of vehicle."""
    docks = tuple(replace(d, accepts=d.accepts | {HAZARDOUS}) if d.id == "home" else d for d in view.docks)
    certified = replace(view.types[0], name="certified", certificates=frozenset({HAZMAT}))
    return replace(
        view, docks=docks, types=(view.types[0], certified),
        travel_ms=view.travel_ms * 2, effort_h=view.effort_h * 2,
    )  # fmt: skip


def problem(dark=()):
    mind = belief()
    mind.dark = set(dark)
    for request in (asked(0, 0), asked(1, 1, material=HAZARDOUS)):
        mind.hear(request, 0)
    return make_round(powered(with_hazards(), mind.dark), mind, DispatchParams(), 0).problem


def test_only_the_grid_is_believed_and_only_of_sites_there_are():
    desk = Desk()
    desk.hear(said=[changed("home", sender="v0"), changed("swap"), changed("nowhere")])
    assert desk.belief.dark == {"swap"}
    desk.hear(said=[changed("swap", live=True)])
    assert desk.belief.dark == set()


def test_plans_know_no_dark_charger_and_end_where_there_is_power():
    usual, short = problem(), problem(dark={"home"})
    home, swap = (next(n for n, d in enumerate(short.docks) if d.id == name) for name in ("home", "swap"))
    assert usual.docks[home].charger is not None
    assert short.docks[home].charger is None
    assert short.docks[home].accepts == usual.docks[home].accepts
    assert {vehicle.ends for vehicle in usual.vehicles} == {()}
    assert {vehicle.ends for vehicle in short.vehicles} == {(swap,)}


def test_plans_keep_more_reserve_and_put_hazards_first():
    usual, short = problem(), problem(dark={"home"})
    for before, now in zip(usual.types, short.types, strict=True):
        assert now.reserve_wh == before.reserve_wh + EXTRA_RESERVE * before.battery_wh
    before, now = ({p.id: p.penalty for p in problem.pickups} for problem in (usual, short))
    assert now["p0"] == before["p0"]
    assert now["p1"] == HAZARD_FACTOR * before["p1"]
    assert short.pickups[0].id == "p1"


def test_with_no_charger_left_certified_vehicles_are_kept_for_hazards():
    out = problem(dark={"home", "swap", "far"})
    assert {vehicle.ends for vehicle in out.vehicles} == {()}
    needs = {p.id: p.needs for p in out.pickups}
    assert needs == {"p0": {ORDINARY}, "p1": {HAZMAT}}
    assert [kind.certificates for kind in out.types] == [{ORDINARY}, {HAZMAT}]


def test_who_is_idle_in_the_dark_with_little_is_sent_to_charge():
    desk = Desk()
    desk.hear(reported("v0", battery_wh=300.0), reported("v1", battery_wh=580.0), said=[changed("home")])
    desk.next_round()
    sent = [(m.body.vehicle, [(s.target, s.charge) for s in m.body.stops]) for m in desk.commands()]
    assert sent == [("v0", [("swap", True)])]


def test_who_could_not_come_to_a_live_charger_stays():
    desk = Desk()
    desk.hear(reported("v0", battery_wh=125.0), reported("v1", battery_wh=580.0), said=[changed("home")])
    desk.next_round()
    assert not desk.commands()


def test_who_was_to_end_at_a_site_that_is_dark_now_is_sent_on():
    desk = Desk(vehicles=1)
    desk.hear(asked(0, 2))
    desk.next_round()
    desk.answer()
    vehicle = desk.belief.vehicles["v0"]
    assert not vehicle.idle
    end = vehicle.free_site
    desk.hear(reported("v0", state="climbing"), said=[changed(end)])
    vehicle.free_ms = desk.now_ms + 10_000_000
    desk.hear(seconds=600)
    last = desk.commands()[-1].body
    assert isinstance(last, FlyRoute)
    assert last.append
    assert [stop.charge for stop in last.stops] == [True]
    assert last.stops[0].target != end


def test_with_power_back_and_a_low_battery_it_is_charged_where_it_stands():
    desk = Desk(vehicles=1)
    desk.hear(reported("v0", battery_wh=125.0), said=[changed("home")])
    desk.next_round()
    assert not desk.commands()
    desk.hear(said=[changed("home", live=True)])
    desk.next_round()
    assert [(s.target, s.charge) for s in desk.commands()[-1].body.stops] == [("home", True)]


def test_a_stop_out_of_reach_for_want_of_power_is_nobody_s_failure():
    for dark, failures in ((set(), 1), ({"swap"}, 0)):
        mind = belief()
        mind.dark = dark
        mind.hear(asked(0), 0)
        mind.assign(mind.vehicles["v0"], "p0")
        mind.hear(PickupFailed(vehicle="v0", pickup_id="p0", cause="out-of-reach"), 0)
        assert mind.pickups["p0"].failures == failures
