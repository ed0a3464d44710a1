"""Level sensors: the truth in closed form, and an instrument that is wrong by as much as is stated."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.base.streams import Streams
from fleet.messages.reports import PickupCollected
from fleet.messages.sensornet import LevelsRead, SensorsPlaced
from fleet.sim.body import Waste
from fleet.sim.kernel import Kernel
from fleet.sim.sensornet.levels import Bin, Levels, bins_of
from fleet.sim.sensornet.params import LevelsParams, SensorNetworkParams
from tests.sim.toy import Toy, pickup, still, waste

EXACT = {"sigma": 0.0, "missing": 0.0, "dead_share": 0.0}


def lying(litres, *, there=False) -> Waste:
    return Waste("w", 3, "mixed", 1.0, litres, 0, 1, 0, there=there)


ASKS = st.lists(st.tuples(st.integers(1, 10**7), st.floats(0.1, 200.0)), min_size=1, max_size=6)


# ---- the truth


@given(ASKS)
def test_a_bin_fills_evenly_up_to_what_it_asks_for(gaps):
    asks = np.cumsum([gap for gap, _ in gaps]).tolist()
    wastes = [lying(litres) for _, litres in gaps]
    one = Bin("b", 0, asks, wastes)
    before = 0
    for at, w in zip(asks, wastes, strict=True):
        assert one.litres(before) == pytest.approx(0.0)
        assert one.litres((before + at) // 2) == pytest.approx(
            w.litres * ((before + at) // 2 - before) / (at - before)
        )
        assert one.litres(at - 1) == pytest.approx(w.litres * (1 - 1 / (at - before)))
        w.there = True
        assert one.litres(at) == pytest.approx(w.litres), "asking changes nothing in the bin"
        w.there = False
        before = at
    assert one.litres(before + 10**9) == 0.0


@given(ASKS)
def test_what_nobody_fetches_stays_in_it(gaps):
    asks = np.cumsum([gap for gap, _ in gaps]).tolist()
    one = Bin("b", 0, asks, [lying(litres, there=True) for _, litres in gaps])
    levels = [one.litres(t) for t in np.linspace(0, asks[-1] + 100, 50).astype(int).tolist()]
    assert levels == sorted(levels)
    assert levels[-1] == pytest.approx(sum(litres for _, litres in gaps))


def test_bins_are_those_that_are_asked_for_in_the_order_of_their_names():
    day = [(5, "y", "p0"), (7, "x", "p1"), (9, "z", "p2"), (11, "y", "p3")]
    wastes = {f"p{n}": lying(n) for n in range(4)}
    bins = bins_of(day, wastes, ["y", "x", "quiet"])
    assert [(b.point, tuple(b.asks_ms)) for b in bins] == [("quiet", ()), ("x", (7,)), ("y", (5, 11))]
    assert bins[0].litres(10**6) == 0.0


# ---- the instrument


def reports(bins, hours=400, **params) -> list[LevelsRead]:
    class Port:
        def __init__(self):
            self.said = []

        def say(self, body):
            self.said.append(body)

    kernel, port = Kernel(), Port()
    Levels(LevelsParams(**params), Streams(2).noise("levels"), kernel, port, bins).begin()
    kernel.advance(int(hours * 3_600_000) + 1)
    return port.said


def many(litres=60.0, n=200) -> list[Bin]:
    return [Bin(f"b{k}", k, (1,), (lying(litres, there=True),)) for k in range(n)]


def test_the_error_is_a_share_of_the_capacity():
    shown = np.concatenate([r.shares for r in reports(many(), 30, missing=0.0)])
    assert shown.mean() == pytest.approx(0.5, abs=0.005)
    assert shown.std() == pytest.approx(0.05, rel=0.05)


def test_nothing_below_empty_or_above_full_is_shown():
    for litres, edge in ((0.0, 0.0), (300.0, 1.0)):
        shown = np.concatenate([r.shares for r in reports(many(litres), 3)])
        assert ((shown >= 0.0) & (shown <= 1.0)).all()
        assert edge in shown


def test_some_reports_are_missing_and_some_sensors_are_dead():
    told = reports(many(), 40, missing=0.04, dead_share=0.1)
    assert len(told) == 80
    ever = {point for r in told for point in r.points}
    assert len(ever) / 200 == pytest.approx(0.9, abs=0.06)
    assert sum(len(r.points) for r in told) / (80 * len(ever)) == pytest.approx(0.96, abs=0.01)
    assert all(len(r.points) == len(r.shares) == len(set(r.points)) for r in told)


def test_one_sensor_more_shifts_no_other():
    few, lots = reports(many(n=20), 5), reports(many(n=40), 5)
    names = {b.point for b in many(n=20)}
    for a, b in zip(few, lots, strict=True):
        told = dict(zip(b.points, b.shares, strict=True))
        assert dict(zip(a.points, a.shares, strict=True)) == {p: s for p, s in told.items() if p in names}


# ---- in the world


def bin_day(**params) -> Toy:
    """A bin that asks twice, and a citizen at the same place, who is no bin."""
    waiting = (
        waste(0, 0, litres=30.0, announced_ms=600_000, requester="b0"),
        waste(1, 0, litres=12.0, announced_ms=1_200_000, requester="b0"),
        waste(2, 1, litres=9.0),
    )
    network = SensorNetworkParams(levels=LevelsParams(every_min=5, capacity_l=60, **{**EXACT, **params}))
    return Toy(sensors=still(), waiting=waiting, sensor_network=network)


def test_a_bin_is_read_as_it_fills_is_emptied_and_fills_again():
    toy = bin_day()
    toy.run(610)
    toy.order("v0", pickup(0, 0))
    toy.run(1_200)
    assert len(toy.heard(PickupCollected)) == 1
    assert {r.points for r in toy.heard(LevelsRead)} == {("b0",)}
    shares = [r.shares[0] for r in toy.heard(LevelsRead)]
    assert shares == pytest.approx([0.25, 0.5, 0.1, 0.2, 0.2, 0.2], abs=0.002)
    assert toy.heard(SensorsPlaced)[0].level_points == ("b0",)


def test_sensors_stand_where_the_scenario_puts_them():
    toy = bin_day(points=("b1", "b0")).run(310)
    assert toy.heard(LevelsRead)[0].points == ("b0", "b1")
    assert toy.heard(LevelsRead)[0].shares[1] == 0.0, "what a citizen leaves beside it is not in the bin"


def test_without_level_sensors_nothing_is_said_and_nothing_is_woken():
    toy = bin_day()
    plain = Toy(sensors=still(), waiting=toy.setting.waiting)
    plain.run(1000)
    assert not plain.heard(LevelsRead)
    assert plain.kernel.events < toy.run(1000).kernel.events
    assert replace(toy.setting, sensor_network=plain.setting.sensor_network) == plain.setting
