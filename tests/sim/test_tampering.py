"""What the injection plane may ask, and why it is refused; a refusal changes nothing."""

import math

import pytest

from fleet.messages.tamper import StartTamper, StopTamper, TamperAnswered
from tests.sim.test_orders import pickup, still
from tests.sim.toy import Toy


def flying(*vehicles):
    toy = Toy(sensors=still(), tampering=True)
    for vehicle in vehicles:
        toy.order(vehicle, pickup(2))
    toy.run(40)
    return toy


def ask(toy, primitive="navigation.gnss-tow", target="v0", name="t", rate_mps=1.0, bearing_deg=0.0):
    parameters = {"rate_mps": rate_mps, "bearing_deg": bearing_deg}
    toy.bus.port("red").say(StartTamper(tamper_id=name, primitive=primitive, target=target, parameters=parameters))
    toy.run(2)
    return toy.heard(TamperAnswered)[-1].cause


@pytest.mark.parametrize(
    "request_of, why",
    [
        ({"primitive": "weather.hail"}, "unknown primitive; known: navigation.gnss-tow, control.steal-key"),
        ({"target": "nobody"}, "no vehicle 'nobody'"),
        ({"rate_mps": math.nan}, "finite"),
        ({"rate_mps": math.inf}, "finite"),
        ({"bearing_deg": math.nan}, "finite"),
        ({"primitive": "control.steal-key", "target": "respond"}, "no key of 'respond'"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(request_of, why):
    toy = flying("v0")
    assert why in ask(toy, **request_of)
    toy.run(5)
    assert toy.place()[1] == 0.0


def test_one_vehicle_is_towed_once_at_a_time():
    toy = flying("v0")
    assert ask(toy, name="first") == ""
    assert ask(toy, name="second", rate_mps=9.0) == "v0 is towed already"
    toy.bus.port("red").say(StopTamper(tamper_id="second"))
    toy.run(2)
    assert toy.heard(TamperAnswered)[-1].cause == "nothing running under this id"
    before = toy.place()[1]
    toy.run(5)
    assert toy.place()[1] == pytest.approx(before + 5.0)


def test_one_id_tows_one_vehicle():
    toy = flying("v0", "v1")
    assert ask(toy) == ""
    assert ask(toy, target="v1") == "v0 is towed under this id"
