"""Plants' batches are added up as they are told, and what is told twice counts once."""

import pytest

from fleet.messages.plants import BatchEnded
from fleet.report.districts import Districts
from fleet.report.measures import measures_of
from fleet.report.summary import summarise
from fleet.report.tally import Tally
from tests.record import run_of


def ended(kg, kwh):
    return BatchEnded(
        site="mill", line=0, recipe="paper-pulp", began_ms=0, input_kg={"paper": kg}, sorted_kg={},
        product_kg={"pulp": 0.8 * kg}, byproduct_kg={"sludge": 0.2 * kg}, lost_kg={}, kwh=kwh,
    )  # fmt: skip


def test_batches_are_added_up():
    tally = Tally()
    first = run_of.heard(ended(10.0, 4.0), t_ms=1000)
    for tick, batch in enumerate([first, first, run_of.heard(ended(5.0, 2.0), t_ms=2000, first=2)]):
        tally.hear(tick, batch)
    found = measures_of(summarise(tally, {}), Districts([]), tally.plant_kwh)
    assert (found["processed_kg"], found["batches"], found["plant_kwh"]) == (15.0, 2, 6.0)
    assert found["made_kg"] == pytest.approx(12.0)
    assert found["left_kg"] == pytest.approx(3.0)
    assert found["plant_wh_per_kg"] == 400.0


def test_a_run_without_plants_has_no_energy_per_kilogram():
    assert measures_of(summarise(Tally(), {}), Districts([]), 0.0)["plant_wh_per_kg"] is None
