"""Asking for tampering in the toy world (`tests/sim/toy.py`), and what comes of it."""

from fleet.messages.tamper import StartTamper, StopTamper, TamperAnswered
from fleet.messages.truth import TamperEffect


def say(toy, body):
    toy.bus.port("red").say(body)


def ask(toy, primitive="navigation.gnss-tow", target="v0", name="t", **parameters):
    """Ask, and give the answer's cause."""
    if primitive == "navigation.gnss-tow":
        parameters = {"rate_mps": 1.0, "bearing_deg": 0.0} | parameters
    say(toy, StartTamper(tamper_id=name, primitive=primitive, target=target, parameters=parameters))
    toy.run(2)
    return toy.heard(TamperAnswered)[-1].cause


def stop(toy, name="t"):
    say(toy, StopTamper(tamper_id=name))
    toy.run(2)
    return toy.heard(TamperAnswered)[-1].cause


def sizes(toy):
    return [(e.entity, e.quantity, e.size) for e in toy.heard(TamperEffect)]


def area(x_m, y_m, radius_m):
    return {"x_m": float(x_m), "y_m": float(y_m), "radius_m": float(radius_m)}


def played(toy, asks, seconds=300):
    """(tick, message) of all that is heard while it is asked for `asks`, bodies by tick."""
    heard = []
    for tick in range(seconds):
        for body in asks.get(tick, ()):
            say(toy, body)
        toy.run(1)
        heard += [(tick, m) for m in toy.said]
        toy.said.clear()
    return heard
