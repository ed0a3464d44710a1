"""What faulty links bring twice, or late, is not counted twice."""

from fleet.messages import plants, reports
from fleet.report.summary import summarise
from fleet.report.tally import Tally
from fleet.report.text import render
from tests.record import run_of


def tally_of(*batches):
    tally = Tally()
    for tick, batch in enumerate(batches):
        tally.hear(tick, batch)
    return tally


def test_a_copy_adds_nothing():
    said = run_of.heard(
        run_of.collected("p"),
        reports.Unloaded(facility="f", vehicle="v-0", weighed_kg={"glass": 3.0}, volume_l=1.0, stock_kg=3.0),
        reports.Charged(site="f", vehicle="v-0", delivered_wh=5.0, drawn_wh=6.0),
        reports.PickupFailed(vehicle="v-0", pickup_id="q", cause="gone"),
        reports.OrderAnswered(vehicle="v-0", order_id="o", claimed_sender="d", counter=1, cause="replay"),
        run_of.alert("v-0"),
        plants.BatchEnded(
            site="f", line=0, recipe="glass-cullet", began_ms=0, input_kg={"glass": 3.0}, sorted_kg={},
            product_kg={"cullet": 2.8}, byproduct_kg={"fines": 0.2}, lost_kg={}, kwh=0.1,
        ),
    )  # fmt: skip
    once, twice = tally_of(said), tally_of(said, said[::-1])
    assert vars(once) | {"_count": None} == vars(twice) | {"_count": None}
    assert once.unloads == once.alerts == once.batches == 1
    assert twice.processed_kg["product"] == 2.8
    assert "in 1 batches: products 2.8 kg, by-products 0.2 kg\n" in render(summarise(twice, {}))
    assert "batches" not in render(summarise(tally_of(), {}))


def test_a_second_collection_of_the_same_kind_is_another():
    first = run_of.heard(run_of.collected("p"), first=0)
    second = run_of.heard(run_of.collected("q"), first=1)
    assert tally_of(first, second).collected_kg["glass"] == 6.0


def test_an_old_report_heard_late_does_not_turn_time_back():
    busy = run_of.heard(run_of.reported("v-0", "cruising"), t_ms=1_000)
    idle = run_of.heard(run_of.reported("v-0", "idle"), t_ms=5_000, first=1)
    tally = tally_of(busy, idle, busy, idle, busy)
    assert tally._busy_ms == 4_000
    assert tally.utilisation == 4_000 / 5_000
