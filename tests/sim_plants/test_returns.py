"""Products come back as waste in their time, and no gram more than was sold."""

import math
import statistics

import pytest

from fleet.messages.reports import PickupRequested
from fleet.sim.plants.recipe import ProductParams
from fleet.sim.plants.returns import lifetime_ms
from tests.sim_plants.works import Works

DAY_MS = 86_400_000
QUICK = {
    "takes": ["glass"],
    "products": {"jar": {"share": 1.0, "recyclable_share": 0.5, "returns_as": "glass", "lifetime_days": 0.02}},
    "kg_per_h": 100,
    "batch_kg": 50,
}
SITE = {
    "site": "home", "scale_sigma": 0.0, "lines": [{"recipe": "jars"}], "ships": [{"what": "jar", "at_kg": 1}],
}  # fmt: skip


def asked(works):
    return [m.body for m in works.toy.said if isinstance(m.body, PickupRequested)]


@pytest.mark.parametrize("shape", [0.7, 1.0, 3.0])
def test_a_lifetime_has_the_mean_that_is_stated(shape):
    product = ProductParams(
        share=1.0, recyclable_share=1.0, returns_as="glass", lifetime_days=10, lifetime_shape=shape
    )
    count = 20_000
    lives = [lifetime_ms(product, (n + 0.5) / count) / DAY_MS for n in range(count)]
    assert statistics.fmean(lives) == pytest.approx(10.0, rel=0.01)
    assert statistics.median(lives) == pytest.approx(
        10.0 / math.gamma(1 + 1 / shape) * math.log(2) ** (1 / shape), rel=0.01
    )


def test_what_was_shipped_comes_back_in_lots_as_far_as_it_can():
    works = Works(SITE, recipes={"jars": QUICK}).load(glass=100.0).run(24)
    lot_kg = 15.0 * 0.225
    back = asked(works)
    assert len(back) == int(50.0 / lot_kg)
    assert {b.material for b in back} == {"glass"}
    assert {b.point_id for b in back} <= {f"b{n}" for n in range(6)}
    assert len({b.point_id for b in back}) > 2
    assert all(b.declared_kg == pytest.approx(lot_kg, abs=1e-3) for b in back)
    works.close()
    assert works.account("kg", "market") == pytest.approx(50.0)
    assert works.account("kg", "waiting") == pytest.approx(len(back) * lot_kg)
    assert works.account("kg", "in-use") == pytest.approx(50.0 - len(back) * lot_kg)
    assert works.account("items", "returned") == -len(back)


def test_in_an_old_city_as_much_comes_back_as_the_mean_says():
    """1600 kg in use for half a day on the mean: half of it can come back, so 800 kg in a half day, at first."""
    slow = {**QUICK, "products": {"jar": {**QUICK["products"]["jar"], "lifetime_days": 50.0}}}
    works = Works(SITE, recipes={"jars": slow}, in_use_kg={"jar": 100_000.0}, end_h=24).run(24)
    expected = 100_000.0 * 0.5 / (15.0 * 0.225) / 50.0
    assert len(asked(works)) == pytest.approx(expected, abs=4 * math.sqrt(expected))
    works.close()


def test_one_seed_one_day_and_another_seed_another():
    def day(seed):
        works = Works(SITE, recipes={"jars": QUICK}, in_use_kg={"jar": 100.0}, setting={"seed": seed}, end_h=3)
        return [(b.pickup_id, b.point_id, b.earliest_ms) for b in asked(works.run(3))]

    assert day(1) == day(1)
    assert day(1) != day(2)


def test_nothing_is_asked_for_too_late_in_the_day():
    works = Works(SITE, recipes={"jars": QUICK}, in_use_kg={"jar": 500.0}, end_h=1).run(1)
    assert asked(works)
    assert all(b.latest_ms <= 3_600_000 and b.latest_ms - b.earliest_ms >= 600_000 for b in asked(works))
    works.close()
