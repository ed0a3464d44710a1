"""Lines draw from the grid: they wait for power, and go on where they were when it comes back."""

import pytest

from fleet.messages.plants import BatchEnded, LineStopped
from fleet.sim.grid.params import GridParams
from tests.sim_plants.works import Works

PULP = {"recipe": "paper-pulp", "batch_kg": 10, "kg_per_h": 20}
"""Half an hour a batch, 4 kWh: 8 kW."""
SITE = {"site": "home", "scale_sigma": 0.0, "lines": [{**PULP, "count": 2}]}


def works(**grid) -> Works:
    params = GridParams.model_validate(grid)
    return Works(SITE, setting={"grid": params}).load(paper=20.0)


def ended(there):
    return [(m.body.line, m.t_ms / 60_000) for m in there.toy.said if isinstance(m.body, BatchEnded)]


def stops(there):
    return [body.cause for body in there.heard(LineStopped)]


def test_a_feeder_that_bears_one_line_lets_the_other_wait():
    there = works(feeders=[{"id": "f", "limit_kw": 9, "loss_share": 0.0, "sites": ["home"]}]).run(2)
    assert ended(there) == [(0, 30.0), (1, 60.0)]
    assert stops(there)[0] == "no-power"
    there.close()
    assert there.account("Wh", "heat") == pytest.approx(8000.0)


def test_a_line_that_needs_more_than_there_will_ever_be_stands_still():
    there = works(feeders=[{"id": "f", "limit_kw": 7, "loss_share": 0.0, "sites": ["home"]}]).run(2)
    assert (ended(there), stops(there)) == ([], ["no-power", "no-power"])
    assert there.plant().yard.stock == {"paper": 20.0}
    there.close()


def test_in_the_dark_a_batch_waits_and_then_goes_on():
    """Ten minutes of work, an hour without power, twenty minutes of work."""
    there = works(outages=[{"sites": ["home"], "from": "08:10", "until": "09:10"}]).run(2)
    assert ended(there) == [(0, 90.0), (1, 90.0)]
    assert stops(there) == ["no-power", "no-power", "no-input", "no-input"]
    there.close()
    assert there.account("Wh", "heat") == pytest.approx(8000.0)
    assert there.account("Wh", "lines") == pytest.approx(0.0, abs=1e-9)


def test_a_run_that_ends_in_the_dark_closes_its_books():
    there = works(outages=[{"sites": ["home"], "from": "08:10", "until": "20:00"}]).run(1)
    there.close()
    assert there.account("Wh", "heat") == pytest.approx(8000.0 / 3)
    assert there.account("kg", "in-process") == pytest.approx(20.0)


def test_losses_of_the_feeder_are_not_the_lines():
    there = works(feeders=[{"id": "f", "limit_kw": 100, "loss_share": 0.2, "sites": ["home"]}]).run(1)
    there.close()
    assert there.account("Wh", "heat") == pytest.approx(8000.0)
    assert there.account("Wh", "feeder-loss") == pytest.approx(2000.0)
