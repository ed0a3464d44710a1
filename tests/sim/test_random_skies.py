"""Random days under a sky that changes: nobody enters what is closed, and nobody waits for ever."""

import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity, box

from fleet.base.flight import Wind
from fleet.base.winds import Winds, WindStep
from fleet.city.model import Zone
from fleet.city.sky import Closure, Schedule, circle
from fleet.messages.reports import VehicleReported
from tests.sim.test_random_worlds import FLEET, HONEST, WASTES, act, check_the_whole, stop_of
from tests.sim.toy import Toy, check_invariants, waste

LAST_S = 1500
"""Everything is open again after that."""


def shape(x, y, wide, deep, turn):
    """A box, turned by some degrees; without a turn the circle inside it."""
    if turn is None:
        return circle(x + wide / 2, y + deep / 2, min(wide, deep) / 2)
    return affinity.rotate(box(x, y, x + wide, y + deep), turn)


CLOSURES = st.lists(
    st.builds(
        lambda x, y, wide, deep, turn, start, lasts, notice, band: (
            shape(x, y, wide, deep, turn), start, min(start + lasts, LAST_S), notice, band
        ),
        st.integers(-700, 1500), st.integers(-700, 1200), st.integers(20, 900), st.integers(20, 900),
        st.none() | st.sampled_from([0.0, 0.0, 7.3, 17.0, 45.0]),
        st.integers(-100, LAST_S - 1), st.integers(1, 900), st.sampled_from([0, 0, 20, 120, 400]),
        st.sampled_from([(0, 120), (0, 120), (0, 50), (40, 120), (60, 80), (90, 120)]),
    ),
    min_size=1,
    max_size=4,
)  # fmt: skip
WINDS = st.none() | st.lists(
    st.tuples(st.integers(0, LAST_S), st.floats(-9, 9), st.floats(-9, 9)), min_size=2, max_size=4
).map(lambda rows: Winds(tuple(WindStep(1000 * at, 10.0, Wind(east, north)) for at, east, north in rows)))


class Guard:
    """Looks at every tick who is where, by the truth and not by what anybody plans with."""

    def __init__(self, closures):
        self.closures = closures
        self.areas = [shapely.buffer(c.zone.area, -0.01) for c in closures]
        self.outside = {}

    def __call__(self, toy):
        check_invariants(toy)
        for body in toy.world.bodies:
            x, y, h = toy.place(body.id)
            for number, closure in enumerate(self.closures):
                zone, key = closure.zone, (body.id, number)
                inside = (
                    h > 0 and zone.floor_m <= h < zone.ceiling_m and shapely.contains_xy(self.areas[number], x, y)
                )
                closed = closure.state(toy.now_ms - 1) == "closed" and closure.state(toy.now_ms - 2000) == "closed"
                falls = body.flight is not None and body.flight.last
                assert not (closed and inside and self.outside.get(key) and not falls), (
                    body.id,
                    closure,
                    body.phase,
                )
                self.outside[key] = not inside


def live(closures, wastes, doings, winds, seed):
    waiting = tuple(waste(n, **w) for n, w in enumerate(wastes))
    toy = Toy(waiting=waiting, vehicles=FLEET, closures=Schedule(closures), winds=winds, seed=seed)
    toy.watch = Guard(closures)
    for wait, verb, vehicle, stops, number in doings:
        toy.run(wait)
        act(toy, verb, f"v{vehicle}", [stop_of(s, wastes) for s in stops], number)
    toy.run(LAST_S + 600).close()
    return toy


def closures_of(rows):
    return tuple(
        Closure(Zone(f"z{n}", "", area, float(low), float(high)), 1000 * start, 1000 * end, 1000 * notice)
        for n, (area, start, end, notice, (low, high)) in enumerate(rows)
        if end > start
    )


@given(
    CLOSURES,
    WASTES,
    HONEST,
    WINDS,
    st.integers(0, 3),
)
@settings(max_examples=40, deadline=None)
def test_nobody_enters_what_is_closed_and_nobody_waits_for_ever(rows, wastes, doings, winds, seed):
    toy = live(closures_of(rows), wastes, doings, winds, seed)
    check_the_whole(toy)
    last = {report.vehicle: report.state for report in toy.heard(VehicleReported)}
    assert winds is not None or "grounded" not in last.values(), last


@given(CLOSURES, WASTES, HONEST, WINDS, st.integers(0, 3))
@settings(max_examples=5, deadline=None)
def test_a_day_repeats(rows, wastes, doings, winds, seed):
    closures = closures_of(rows)
    assert live(closures, wastes, doings, winds, seed).said == live(closures, wastes, doings, winds, seed).said
