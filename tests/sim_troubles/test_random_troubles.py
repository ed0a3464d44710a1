"""Random days full of trouble, with tampering besides: the books close, no battery falls below zero."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.messages.reports import VehicleReported
from fleet.messages.tamper import StartTamper, StopTamper
from fleet.messages.truth import LegFlown, WorldClosed
from fleet.sim.troubles.kind import Incident
from fleet.sim.troubles.registry import discover
from tests.sim.test_random_worlds import FLEET, HONEST_STOP, WASTES, WORLD, stop_of
from tests.sim.test_tampering import SOUND
from tests.sim.toy import SITES, Toy, check_invariants, waste

KINDS = discover()
ENTITIES = {
    "vehicle": [v.id for v in FLEET],
    "site": [s.id for s in SITES],
    "anchor": ["a0", "a1"],
    "pickup": [f"p{n}" for n in range(10)],
    "city": ["city"],
}
WEATHER = [name for name in KINDS if name.startswith(("weather", "gnss"))]


@st.composite
def strikes(draw, names=tuple(KINDS)):
    kind = KINDS[draw(st.sampled_from(names))]
    entity = draw(st.sampled_from(ENTITIES[kind.whom]))
    size = kind.size.drawn(draw(st.floats(0.01, 0.99)), draw(st.floats(0.01, 0.99)))
    lasts_ms = None
    if kind.lasts is not None:
        lasts_ms = round(1000 * kind.lasts.drawn(draw(st.floats(0.01, 0.6)), 1.0))
    return kind, entity, size, lasts_ms, draw(st.floats(0.0, 0.99))


ORDER = st.tuples(st.sampled_from(["append", "replace", "recall", "anchors"]), st.integers(0, 2),
                  st.lists(HONEST_STOP, max_size=4))  # fmt: skip
TAMPER = st.sampled_from([*SOUND, "stop"])


def doings(strike):
    doing = st.one_of(strike, strike, strike, ORDER, TAMPER)
    return st.lists(st.tuples(st.integers(0, 150), doing), min_size=4, max_size=16)


def act(toy, doing, wastes, number):
    if isinstance(doing, str):
        if doing == "stop":
            toy.bus.port("red").say(StopTamper(tamper_id="t"))
            return
        target, parameters = SOUND[doing]
        toy.bus.port("red").say(StartTamper(tamper_id="t", primitive=doing, target=target, parameters=parameters))
    elif len(doing) == 3:
        verb, vehicle, stops = doing
        if verb in ("recall", "anchors"):
            toy.recall(f"v{vehicle}", "home", "gnss" if verb == "recall" else "anchors")
        else:
            toy.order(f"v{vehicle}", *(stop_of(s, wastes) for s in stops), append=verb == "append")
    else:
        kind, entity, size, lasts_ms, share = doing
        toy.troubles.happen(kind, Incident(f"{kind.name}/{entity}/{number}", entity, size, share), lasts_ms)


def live(wastes, acts, **world):
    toy = Toy(waiting=tuple(waste(n, **w) for n, w in enumerate(wastes)), vehicles=FLEET, tampering=True, **world)
    toy.watch = check_invariants
    toy.order("v0", stop_of(("pickup", 0), wastes), stop_of(("dock", "home", True, True), wastes))
    toy.order("v1", stop_of(("pickup", 1), wastes))
    for number, (wait, doing) in enumerate(acts):
        toy.run(wait)
        act(toy, doing, wastes, number)
    toy.run(400).close()
    check_invariants(toy)
    return toy


@given(WASTES, doings(strikes()), WORLD)
@settings(max_examples=60, deadline=None)
def test_whatever_goes_wrong_everything_stays_accounted_for(wastes, acts, world):
    toy = live(wastes, acts, **world)
    (closed,) = toy.heard(WorldClosed)
    assert max(closed.residual_kg, closed.residual_wh, closed.residual_items) < 1e-6
    for ledger in ("items", "credits", *closed.ledgers):
        assert abs(sum(toy.books.totals(ledger).values())) < 1e-6
    flown = sum(leg.energy_wh for leg in toy.heard(LegFlown))
    assert math.isclose(closed.wh.get("flown", 0.0), flown, abs_tol=2e-3)
    for yard in toy.world.parts.yards.values():
        assert 0 <= yard.chargers.free <= yard.charger_count


@given(WASTES, doings(strikes()), WORLD)
@settings(max_examples=8, deadline=None)
def test_a_troubled_day_repeats(wastes, acts, world):
    assert live(wastes, acts, **world).said == live(wastes, acts, **world).said


@given(WASTES, st.lists(st.tuples(st.integers(0, 120), strikes(tuple(WEATHER))), min_size=3, max_size=10), WORLD)
@settings(max_examples=25, deadline=None)
def test_no_weather_and_no_echo_brings_anybody_down(wastes, acts, world):
    """They may cost part of the reserve: that is what it is for."""
    toy = live(wastes, acts, **world)
    assert "lost" not in {r.state for r in toy.heard(VehicleReported)}
    for leg in toy.heard(LegFlown):
        assert leg.battery_wh > 0.25 * next(b for b in toy.world.bodies if b.id == leg.vehicle).kind.reserve_wh
