"""The summary counts what was said, and the record alone gives the same text."""

from __future__ import annotations

import json

import pytest

from fleet.base.errors import InputError
from fleet.messages import orders, reports, security
from fleet.record.digest import Digest
from fleet.record.writer import RunRecorder
from fleet.report.summary import summarise, summary_from_record
from fleet.report.tally import Tally
from fleet.report.text import render
from tests.record import run_of

INFO = {"name": "small", "seed": 7, "version": "0.1.0"}

EXPECTED = """\
run           small, seed 7, fleet 0.1.0
simulated     0 h 02 min in 4.0 s of wall time, 25 times as fast as real
pickups       3 requested, 2 served (66.7%), 0 open at the end
  in window   1
  late        1
  waited      0.5 min on the mean, 95 % at most 0.7 min
  missed      1: window 1
  attempts    0 failed
collected     4.2 kg, 8 l
  glass       3.0 kg, 6 l
  paper       1.2 kg, 2 l
unloaded      0.0 kg in 0 loads, 0 refused
flown         0.0 km in 3 legs, 7 Wh
charged       0 Wh delivered, 0 Wh drawn
utilisation   25.0% of the time of 2 vehicles
orders        0 given, 0 refused
alerts        1; 0 vehicles quarantined
books         residual 1.5e-12 kg, -2e-09 Wh
"""


def tally_of(*bodies, t_ms=0):
    tally = Tally()
    tally.hear(0, run_of.heard(*bodies, t_ms=t_ms))
    return tally


def recorded(directory, run, status="complete", rows_per_part=2):
    """Record a run and summarise it live, as the application does."""
    recorder, digest, tally = RunRecorder(directory, rows_per_part=rows_per_part), Digest(), Tally()
    recorder.open("seed: 7\n", INFO)
    for tick, batch in run:
        for listener in (recorder, digest, tally):
            listener.hear(tick, batch)
    results = {"wall_s": 4.0, "digest": digest.hexdigest(), "digest_world": digest.world_hexdigest()}
    if status == "complete":
        recorder.close(results)
    else:
        recorder.abort(status, results)
    return summarise(tally, {**INFO, **results, "status": status})


def test_the_text_says_what_happened(tmp_path):
    summary = recorded(tmp_path, run_of.a_run())
    text = render(summary)
    assert text.startswith(EXPECTED)
    assert text.endswith(f"digest        {summary.digest}\ndigest_world  {summary.digest_world}\n")


@pytest.mark.parametrize("status", ["complete", "interrupted"])
@pytest.mark.parametrize("ticks", [0, 3, 7])
def test_the_record_alone_gives_the_same_summary(tmp_path, status, ticks):
    live = recorded(tmp_path, run_of.a_run()[:ticks], status)
    again = summary_from_record(tmp_path)
    assert again == live
    assert render(again) == render(live)
    assert ("status        interrupted\n" in render(again)) == (status == "interrupted")


def test_many_legs_sum_to_the_same_live_and_recorded(tmp_path):
    legs = [(k, run_of.heard(run_of.leg(k, t1_ms=k))) for k in range(400)]
    live = recorded(tmp_path, legs, rows_per_part=90)
    assert live.legs == 400
    assert live.flown_wh == pytest.approx(sum(1.1 * k for k in range(400)), abs=0.2)
    assert summary_from_record(tmp_path) == live


def test_an_altered_event_log_is_refused(tmp_path):
    recorded(tmp_path, run_of.a_run())
    path = tmp_path / "events.jsonl"
    path.write_text(path.read_text().replace('"scale_kg":3.0', '"scale_kg":2.0'))
    with pytest.raises(InputError, match=r"digest: expected sha256:\w+ as in run.json.*altered"):
        summary_from_record(tmp_path)


def test_json_carries_every_number(tmp_path):
    summary = recorded(tmp_path, run_of.a_run())
    found = json.loads(summary.as_json())
    assert found["missed"] == {"window": 1}
    assert (found["in_window"], found["speed_factor"]) == (1, 25.0)
    assert found["digest"] == summary.digest


def test_an_empty_run_has_a_text():
    text = render(summarise(Tally(), {}))
    assert "0 requested, 0 served, 0 open" in text
    assert "wall time not known" in text
    assert "books         not closed" in text


def test_a_pickup_given_up_and_collected_after_all_is_served():
    missed = orders.PickupMissed(pickup_id="a", reason="battery", need=1.0, limit=0.0)
    tally = tally_of(run_of.requested("a"), run_of.requested("b"), missed, run_of.collected("a"))
    summary = summarise(tally, {})
    assert (summary.served, summary.missed, summary.open) == (1, {}, 1)


def test_a_pickup_is_late_after_its_window_only():
    for t_ms, late in ((100_000, 0), (100_001, 1)):
        tally = tally_of(run_of.requested("a", latest_ms=100_000), run_of.collected("a"), t_ms=t_ms)
        assert tally.late == late


def test_a_pickup_waits_from_its_request_or_its_window():
    tally = Tally()
    asked = [run_of.requested(name, earliest_ms=early) for name, early in (("a", 0), ("b", 50_000), ("c", 0))]
    tally.hear(10, run_of.heard(*asked, t_ms=10_000))
    tally.hear(11, run_of.heard(asked[0], t_ms=11_000))
    tally.hear(70, run_of.heard(run_of.collected("a"), run_of.collected("b"), t_ms=70_000))
    summary = summarise(tally, {})
    assert (summary.wait_mean_s, summary.wait_p95_s) == (40.0, 60.0)
    assert "  waited      0.7 min on the mean, 95 % at most 1.0 min\n" in render(summary)


def test_refusals_failures_and_unloads_are_counted_by_cause():
    tally = tally_of(
        reports.PickupFailed(vehicle="v", pickup_id="a", cause="gone"),
        reports.PickupFailed(vehicle="v", pickup_id="a", cause="out-of-reach"),
        reports.PickupFailed(vehicle="v", pickup_id="b", cause="out-of-reach"),
        reports.Unloaded(
            facility="f", vehicle="v", weighed_kg={"glass": 1.5, "paper": 2.0}, volume_l=3.0, stock_kg=9.0
        ),
        reports.UnloadRefused(facility="f", vehicle="v", cause="full"),
        reports.Charged(site="s", vehicle="v", delivered_wh=90.0, drawn_wh=100.0),
        reports.OrderAnswered(vehicle="v", order_id="o", claimed_sender="d", counter=0, cause="replay"),
        reports.OrderAnswered(vehicle="v", order_id="o", claimed_sender="d", counter=0, cause=""),
        reports.OrderAnswered(vehicle="", order_id="c", claimed_sender="o", counter=0, cause="malformed"),
        orders.Recall(order_id="o", vehicle="v", site="s", x_m=0.0, y_m=0.0, navigation="gnss"),
        orders.VehicleQuarantined(vehicle="v", alert_id="a"),
        run_of.reported("v", "lost"),
    )
    text = render(summarise(tally, {}))
    assert "3 failed: out-of-reach 2, gone 1" in text
    assert "3.5 kg in 1 loads, 1 refused: full 1" in text
    assert "90 Wh delivered, 100 Wh drawn" in text
    assert "1 given, 1 refused: replay 1" in text
    assert "1 vehicles quarantined" in text
    assert "1 vehicles; 1 lost" in text


def test_utilisation_counts_time_still_running():
    tally = tally_of(run_of.roster())
    tally.hear(1, run_of.heard(run_of.reported("v-0", "cruising"), t_ms=40_000))
    tally.hear(2, run_of.heard(run_of.reported("v-1", "idle"), t_ms=100_000))
    assert tally.utilisation == pytest.approx(60 / 200)


def test_what_a_tally_does_not_know_it_passes_over():
    tally = tally_of(orders.RevokeKey(alert_id="a", holder="h"), run_of.frame(1))
    assert summarise(tally, {}) == summarise(tally_of(), {})
    assert tally_of(*[run_of.alert("x")] * 2).alerts == 2
    assert issubclass(security.Alert, object)
