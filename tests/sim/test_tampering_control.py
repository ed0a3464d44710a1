"""Who is obeyed when keys are stolen, orders are said again, and vehicles hear somebody else."""

import pytest

from fleet.messages.orders import FlyRoute, QuarantineVehicle, Recall, RotateKey
from fleet.messages.reports import OrderAnswered, VehicleReported
from fleet.messages.tamper import ForgeOrder, TamperAnswered
from fleet.sim.tampering.overheard import KEPT
from tests.sim.asking import ask, say, sizes, stop
from tests.sim.toy import THIEF, Toy, check_invariants, dock, junk, pickup, still


def morning():
    toy = Toy(sensors=still(), tampering=True)
    toy.order("v0", pickup(2), dock("home"))
    return toy.run(60)


def route(vehicle="v0", order_id="foul", *stops):
    return FlyRoute(order_id=order_id, vehicle=vehicle, append=False, stops=stops or (junk(500.0, -200.0),))


def forge(toy, order, name="t"):
    say(toy, ForgeOrder(tamper_id=name, order=order))
    toy.run(3)
    return toy.heard(TamperAnswered)[-1].cause


def answers(toy, order_id):
    return [a.cause for a in toy.heard(OrderAnswered) if a.order_id == order_id]


# ---- a stolen key


def test_a_stolen_key_signs_until_it_is_changed():
    toy = morning()
    assert ask(toy, "control.steal-key", "dispatch") == ""
    assert forge(toy, route(order_id="one")) == ""
    assert answers(toy, "one") == [""]
    toy.rotate("dispatch", THIEF.public)
    toy.run(2)
    assert forge(toy, route(order_id="two")) == ""
    assert answers(toy, "two") == ["bad-signature"]
    assert stop(toy) == ""
    assert sizes(toy)[-1] == ("dispatch", "forged_orders", 2.0)
    assert forge(toy, route(order_id="three")) == "nothing is under way under this id"
    assert answers(toy, "three") == []


def test_the_thief_counts_on_and_the_rightful_holder_is_late():
    toy = morning()
    ask(toy, "control.steal-key", "dispatch")
    forge(toy, route(order_id="one"))
    honest = toy.order("v0", dock("home"))
    toy.run(3)
    assert answers(toy, honest) == ["replay"]


def test_the_authoritys_key_locks_dispatch_out():
    toy = morning()
    toy.world.tampering._reach.vault["authority"] = lambda: toy.authority.key
    assert ask(toy, "control.steal-key", "authority") == ""
    assert forge(toy, RotateKey(order_id="mine", holder="dispatch", public_key=THIEF.public)) == ""
    assert answers(toy, "mine") == ["", ""]
    honest = toy.order("v0", dock("home"))
    toy.run(3)
    assert answers(toy, honest) == ["bad-signature"]


def test_a_key_that_is_not_there_cannot_be_stolen():
    cause = ask(morning(), "control.steal-key", "respond")
    assert cause == "target: expected a holder whose key is within reach (dispatch), found 'respond'"


# ---- a recorded order


def test_an_order_said_again_is_refused_and_only_that():
    toy = morning()
    first = toy.order("v0", dock("home"), append=True)
    second = toy.order("v0", dock("home"), append=True)
    toy.run(2)
    assert ask(toy, "control.replay", "dispatch", back=2.0) == ""
    toy.run(1)
    assert answers(toy, first) == ["", "replay"]
    assert answers(toy, second) == [""]
    assert [v for v in toy.heard(OrderAnswered) if v.cause and v.vehicle != "v0"] == []


def test_what_was_said_again_is_not_counted_as_the_latest():
    toy = morning()
    order = toy.order("v0", dock("home"), append=True)
    toy.run(2)
    for name in ("a", "b"):
        assert ask(toy, "control.replay", "dispatch", name=name, back=1.0) == ""
    toy.run(1)
    assert answers(toy, order) == ["", "replay", "replay"]


@pytest.mark.parametrize("target, back", [("dispatch", 2.0), ("authority", 1.0)])
def test_what_was_never_heard_cannot_be_said_again(target, back):
    cause = ask(morning(), "control.replay", target, back=back)
    assert cause == (
        f"target: expected a sender of {back:g} orders or more, found '{target}'; heard so far: dispatch"
    )


def test_only_so_many_orders_are_kept():
    toy = morning()
    for _ in range(2 * KEPT):
        toy.order("v0", dock("home"), append=True)
    toy.run(2)
    (kept,) = toy.world.tampering._reach.overheard._kept.values()
    assert len(kept) == KEPT
    assert ask(toy, "control.replay", "dispatch", back=float(KEPT)) == ""


# ---- a foreign controller


def test_a_captured_vehicle_obeys_whoever_holds_it_and_nobody_else():
    toy = morning()
    assert ask(toy, "control.foreign-controller") == ""
    assert forge(toy, route()) == ""
    assert (toy.body().mission.order_id, toy.body().bound_for) == ("foul", "nowhere")
    assert answers(toy, "foul") == []
    honest = toy.order("v0", dock("home"))
    home = toy.recall("v0")
    toy.run(3)
    assert answers(toy, honest) == answers(toy, home) == []
    toy.until("servicing")
    assert toy.place()[:2] == pytest.approx((500.0, -200.0))
    to_far = Recall(order_id="back", vehicle="v0", site="far", x_m=1500.0, y_m=0.0, navigation="gnss")
    assert forge(toy, to_far) == ""
    toy.until("idle")
    assert toy.body().site == "far"
    assert {"foul", "back"} <= {r.order_id for r in toy.heard(VehicleReported, "v0")}
    check_invariants(toy.close())


def test_let_go_it_listens_to_dispatch_again():
    toy = morning()
    ask(toy, "control.foreign-controller")
    toy.recall("v0")
    toy.run(3)
    assert stop(toy) == ""
    assert sizes(toy)[-1] == ("v0", "ignored_orders", 1.0)
    order = toy.recall("v0")
    toy.until("idle")
    assert answers(toy, order) == [""]
    assert toy.body().site == "home"


def test_a_captured_vehicle_still_learns_of_new_keys():
    toy = morning()
    ask(toy, "control.foreign-controller")
    toy.rotate("dispatch", THIEF.public)
    toy.run(2)
    stop(toy)
    toy.dispatch.key = THIEF
    order = toy.recall("v0")
    toy.run(3)
    assert answers(toy, order) == [""]


@pytest.mark.parametrize(
    "order, why",
    [
        (route("v1"), "order.vehicle: expected 'v0', found 'v1'"),
        (route("v0", "x", junk(float("nan"), 0.0)), "order: expected numbers that can be flown by"),
        (
            QuarantineVehicle(alert_id="a", vehicle="v0", bring_home_by="gnss"),
            "order: expected FlyRoute or Recall, found QuarantineVehicle",
        ),
    ],
)
def test_what_a_foreign_controller_cannot_ask(order, why):
    toy = morning()
    ask(toy, "control.foreign-controller")
    mission = toy.body().mission
    assert forge(toy, order) == why
    assert toy.body().mission == mission
    assert ask(toy, "control.foreign-controller", name="another") == "v0 is flown by a foreign controller already"
