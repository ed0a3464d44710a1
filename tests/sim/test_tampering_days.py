"""Random days under any tampering at all: the books close, no battery falls below zero, and the day repeats."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.messages.tamper import ForgeOrder, StartTamper, StopTamper, TamperAnswered
from fleet.messages.truth import LegFlown, WorldClosed
from fleet.sim.tampering import discover
from fleet.sim.tampering.primitive import AREA_WORD, Parameter
from tests.sim.test_random_worlds import FLEET, FOUL_STOP, WASTES, WORLD, stop_of
from tests.sim.test_tampering import SOUND
from tests.sim.toy import Toy, check_invariants, pickup, waste

OWN = [discover()[name] for name in SOUND]
MODEST = {"rate_per_min": 60.0, "duration_s": 120.0, "count": 20.0, "mass_kg": 0.5, "radius_m": 2000.0}
"""Upper ends that keep a random day small."""


def value(parameter: Parameter):
    if parameter.words:
        return st.sampled_from(["paper", "glass", "batteries"])
    reach = MODEST.get(parameter.name, 3000.0)
    low, high = max(parameter.low, -reach), min(parameter.high, reach)
    if parameter.whole:
        return st.integers(math.ceil(low), math.floor(high)).map(float)
    return st.floats(low, high, allow_nan=False)


def targets(primitive):
    kind = primitive.target
    names = [b.id for b in FLEET] if kind.startswith("vehicle") else ["dispatch"] if kind == "holder" else ["city"]
    return names + ([AREA_WORD] if kind.endswith("-or-area") else [])


@st.composite
def starts(draw):
    primitive = draw(st.sampled_from(OWN))
    target = draw(st.sampled_from(targets(primitive)))
    parameters = {p.name: draw(value(p)) for p in primitive.parameters_for(target)}
    name = f"t{draw(st.integers(0, 3))}"
    return StartTamper(tamper_id=name, primitive=primitive.name, target=target, parameters=parameters)


TAMPER = st.one_of(starts(), starts(), starts(), st.integers(0, 3).map(lambda n: StopTamper(tamper_id=f"t{n}")))
ROUTE = st.tuples(
    st.sampled_from(["append", "replace", "recall", "anchors", "forge"]),
    st.integers(0, 2),
    st.lists(FOUL_STOP, max_size=3),
)
DOINGS = st.lists(
    st.tuples(st.integers(0, 150), st.one_of(TAMPER, TAMPER, TAMPER, ROUTE)), min_size=3, max_size=14
)


def act(toy, doing, wastes):
    if not isinstance(doing, tuple):
        toy.bus.port("red").say(doing)
        return
    verb, vehicle, stops = doing
    stops = [stop_of(s, wastes) for s in stops]
    if verb in ("append", "replace"):
        toy.order(f"v{vehicle}", *stops, append=verb == "append")
    elif verb == "forge":
        order = toy.order(f"v{vehicle}", *stops)
        forged = next(m.body for m in reversed(toy.bus._said) if getattr(m.body, "order_id", "") == order)
        toy.bus.port("red").say(ForgeOrder(tamper_id=f"t{vehicle}", order=forged))
    else:
        toy.recall(f"v{vehicle}", "home", "gnss" if verb == "recall" else "anchors")


PAPER = {"point": 0, "kg": 1.0, "litres": 5.0, "material": "paper"}


def live(primitive, wastes, doings, **world):
    """A day on which v0 is in the air with paper on board when `primitive` is asked for; the rest is chance."""
    wastes = [PAPER, *wastes[1:]]
    waiting = tuple(waste(n, **w) for n, w in enumerate(wastes))
    toy = Toy(waiting=waiting, vehicles=FLEET, tampering=True, **world)
    toy.watch = check_invariants
    toy.order("v0", pickup(0), pickup(1, 2))
    toy.order("v1", stop_of(("pickup", 3), wastes))
    target, parameters = SOUND[primitive]
    while not (toy.body().load and toy.body().phase == "cruising"):
        toy.run(1)
    act(toy, StartTamper(tamper_id="t9", primitive=primitive, target=target, parameters=parameters), wastes)
    toy.run(2)
    assert [a.cause for a in toy.heard(TamperAnswered)] == [""]
    for wait, doing in doings:
        toy.run(wait)
        act(toy, doing, wastes)
    toy.run(400).close()
    check_invariants(toy)
    return toy


EVERY = pytest.mark.parametrize("primitive", SOUND)


@EVERY
@given(WASTES, DOINGS, WORLD)
@settings(max_examples=4, deadline=None)
def test_whatever_is_tampered_with_everything_stays_accounted_for(primitive, wastes, doings, world):
    toy = live(primitive, wastes, doings, **world)
    (closed,) = toy.heard(WorldClosed)
    assert max(closed.residual_kg, closed.residual_wh) < 1e-6
    assert abs(sum(closed.kg.values())) < 1e-5
    assert abs(sum(closed.wh.values())) < 1e-4
    aboard = sum(b.load_kg for b in toy.world.bodies)
    stock = sum(y.stock_kg for y in toy.world.parts.yards.values())
    waiting = sum(w.kg for w in toy.world.parts.waste.values() if w.there)
    generated = sum(w.kg for w in toy.setting.waiting if w.announced_ms < toy.now_ms)
    skimmed = closed.kg.get("skimmed", 0.0)
    assert math.isclose(aboard + stock + waiting + skimmed, generated, abs_tol=1e-6)
    assert math.isclose(closed.kg.get("swapped-out", 0.0), -closed.kg.get("swapped-in", 0.0), abs_tol=1e-9)
    flown = sum(leg.energy_wh for leg in toy.heard(LegFlown))
    assert math.isclose(closed.wh.get("flown", 0.0), flown, abs_tol=2e-3)
    assert len(toy.heard(TamperAnswered)) == sum(
        isinstance(m.body, StartTamper | StopTamper | ForgeOrder) for m in toy.said
    )


@EVERY
@given(WASTES, DOINGS, WORLD)
@settings(max_examples=1, deadline=None)
def test_a_tampered_day_repeats(primitive, wastes, doings, world):
    assert live(primitive, wastes, doings, **world).said == live(primitive, wastes, doings, **world).said
