"""Random days: whatever is ordered, forged or towed, every kilogram and every watt-hour stays accounted for."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.base.flight import Wind
from fleet.messages.reports import PickupCollected, VehicleReported
from fleet.messages.tamper import StartTamper, StopTamper
from fleet.messages.truth import LegFlown, WorldClosed
from fleet.sim.build import VehicleSpec
from fleet.sim.params import DockingParams, SensorParams
from tests.sim.toy import POINTS, Toy, check_invariants, dock, junk, pickup, waste

TEN = 10
FLEET = tuple(
    VehicleSpec(f"v{n}", kind, base)
    for n, (kind, base) in enumerate([("light-collector", "home"), ("heavy-collector", "far"), ("scout", "home")])
)

WASTE = st.builds(
    dict,
    point=st.integers(0, len(POINTS) - 1),
    kg=st.sampled_from([0.0, 0.4, 1.0, 2.5, 5.0, 12.0]),
    litres=st.sampled_from([1.0, 8.0, 30.0]),
    material=st.sampled_from(["paper", "glass", "batteries"]),
    announced_ms=st.sampled_from([0, 60_000, 900_000]),
    earliest_ms=st.sampled_from([0, 300_000]),
    service_ms=st.sampled_from([0, 30_000]),
)
HONEST_STOP = st.one_of(
    st.integers(0, TEN - 1).map(lambda n: ("pickup", n)),
    st.tuples(st.sampled_from(["home", "swap", "far"]), st.booleans(), st.booleans()).map(lambda d: ("dock", *d)),
)
FOUL_STOP = st.one_of(
    HONEST_STOP,
    st.tuples(st.floats(-3000, 3000), st.floats(-3000, 3000), st.floats(0, 50)).map(lambda j: ("junk", *j)),
    st.tuples(st.integers(0, TEN - 1), st.floats(-500, 500), st.floats(-500, 500)).map(lambda j: ("moved", *j)),
)


def acts(stop, verbs):
    wait = st.integers(0, 240)
    return st.lists(
        st.tuples(wait, st.sampled_from(verbs), st.integers(0, 2), st.lists(stop, max_size=4), st.integers(0, 3)),
        min_size=1,
        max_size=9,
    )


HONEST = acts(HONEST_STOP, ["append"])
FOUL = acts(FOUL_STOP, ["append", "replace", "replace", "recall", "anchors", "tow", "let-go"])


def stop_of(said, wastes):
    kind, *rest = said
    if kind == "pickup":
        return pickup(rest[0], wastes[rest[0]]["point"], mass_kg=wastes[rest[0]]["kg"])
    if kind == "dock":
        return dock(rest[0], unload=rest[1], charge=rest[2])
    if kind == "junk":
        return junk(rest[0], rest[1], mass_kg=rest[2])
    place = POINTS[wastes[rest[0]]["point"]]
    return pickup(rest[0], wastes[rest[0]]["point"], x_m=place.x_m + rest[1], y_m=place.y_m + rest[2])


def act(toy, verb, vehicle, stops, number):
    if verb in ("append", "replace"):
        toy.order(vehicle, *stops, append=verb == "append")
    elif verb in ("recall", "anchors"):
        toy.recall(vehicle, ["home", "swap", "far", "home"][number], "gnss" if verb == "recall" else "anchors")
    elif verb == "tow":
        parameters = {"rate_mps": 0.05 * 10.0**number, "bearing_deg": 90.0 * number}
        toy.bus.port("red").say(
            StartTamper(tamper_id="t", primitive="navigation.gnss-tow", target=vehicle, parameters=parameters)
        )
    else:
        toy.bus.port("red").say(StopTamper(tamper_id="t"))


def live(wastes, doings, **world):
    """Live through a random day, with everything checked at every tick; gives the world after its end."""
    waiting = tuple(waste(n, **w) for n, w in enumerate(wastes))
    toy = Toy(waiting=waiting, vehicles=FLEET, tampering=True, **world)
    toy.watch = check_invariants
    for wait, verb, vehicle, stops, number in doings:
        toy.run(wait)
        act(toy, verb, f"v{vehicle}", [stop_of(s, wastes) for s in stops], number)
    toy.run(600).close()
    check_invariants(toy)
    return toy


def check_the_whole(toy):
    """Accounts are what is where; reports tell of everything that moved."""
    (closed,) = toy.heard(WorldClosed)
    assert max(closed.residual_kg, closed.residual_wh) < 1e-6
    assert abs(sum(closed.kg.values())) < 1e-5
    aboard = sum(b.load_kg for b in toy.world.bodies)
    stock = sum(y.stock_kg for y in toy.world._p.yards.values())
    waiting = sum(w.kg for w in toy.world._p.waste.values() if w.there)
    generated = sum(w.kg for w in toy.setting.waiting if w.announced_ms < toy.now_ms)
    assert math.isclose(aboard + stock + waiting, generated, abs_tol=1e-6)
    assert math.isclose(
        closed.wh.get("flown", 0.0), sum(leg.energy_wh for leg in toy.heard(LegFlown)), abs_tol=1e-3
    )
    taken = [c.pickup_id for c in toy.heard(PickupCollected)]
    assert len(taken) == len(set(taken)), "nothing is collected twice"
    for yard in toy.world._p.yards.values():
        assert 0 <= yard.chargers.free <= yard.charger_count
        assert yard.stock_kg <= yard.capacity_kg


WORLD = st.fixed_dictionaries(
    {
        "wind": st.sampled_from([Wind(), Wind(5.0, 3.0), Wind(0.0, 11.0)]),
        "docking": st.sampled_from([DockingParams(), DockingParams(charging="charge", charge_c_rate=3.0)]),
        "sensors": st.sampled_from([SensorParams(), SensorParams(flight_energy_sigma=0.2)]),
        "seed": st.integers(0, 3),
    }
)
WASTES = st.lists(WASTE, min_size=TEN, max_size=TEN)


@given(WASTES, HONEST, WORLD)
@settings(max_examples=25, deadline=None)
def test_an_honest_day_never_touches_the_reserve(wastes, doings, world):
    toy = live(wastes, doings, **world)
    check_the_whole(toy)
    reserves = {b.id: b.kind.reserve_wh for b in toy.world.bodies}
    for leg in toy.heard(LegFlown):
        assert leg.battery_wh >= reserves[leg.vehicle] - 1e-6
    assert "lost" not in {r.state for r in toy.heard(VehicleReported)}


@given(WASTES, FOUL, WORLD)
@settings(max_examples=60, deadline=None)
def test_a_foul_day_closes_its_books_all_the_same(wastes, doings, world):
    check_the_whole(live(wastes, doings, **world))


@given(WASTES, FOUL, WORLD)
@settings(max_examples=10, deadline=None)
def test_a_day_repeats(wastes, doings, world):
    assert live(wastes, doings, **world).said == live(wastes, doings, **world).said
