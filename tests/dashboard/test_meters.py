"""Numbers for Prometheus: right, in its own text format, and never more series than is healthy."""

import sys

import pytest
from prometheus_client.parser import text_string_to_metric_families

from fleet.base.errors import UsageError
from fleet.dashboard.exposition import exposition
from fleet.dashboard.meters import METRICS, MOST_SERIES, Meters
from fleet.messages.notices import Beat, MessagesRefused
from fleet.messages.orders import PickupMissed
from fleet.messages.reports import Charged, OrderAnswered, PickupCollected
from fleet.messages.security import Alert

from .play import Play


class Clock:
    """Seconds that pass when told."""

    now_s = 100.0

    def __call__(self):
        return self.now_s


def samples(meters):
    """Name and labels to value, as Prometheus would read it."""
    text, kind = exposition(meters.read)()
    assert kind.startswith("text/plain")
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


@pytest.fixture
def play():
    return Play(18, blocks=2, pickups=4)


def test_a_run_in_numbers(play):
    clock = Clock()
    meters = Meters(clock)
    play.at = 7
    meters.begin(play.state())
    for body in (
        PickupCollected(vehicle="d", pickup_id="p0", material="glass", scale_kg=2.5, volume_l=9.0),
        PickupCollected(vehicle="d", pickup_id="p1", material="glass", scale_kg=1.0, volume_l=9.0),
        PickupMissed(pickup_id="p2", reason="window", need=2.0, limit=1.0),
        Charged(site="s", vehicle="d", delivered_wh=40.0, drawn_wh=50.0),
        OrderAnswered(vehicle="d", order_id="o", claimed_sender="dispatch", counter=1, cause=""),
        OrderAnswered(vehicle="d", order_id="o", claimed_sender="thief", counter=1, cause="bad-signature"),
        OrderAnswered(vehicle="", order_id="c", claimed_sender="operator/kim", counter=1, cause="bad-signature"),
        MessagesRefused(door="command", cause="replay", claimed_sender="", count=12),
        play.frame(),
    ):
        meters.hear(body)
    meters.lose("Alert", 3)
    meters.look_on(2, 5)
    found = samples(meters)
    assert found[("fleet_simulated_seconds",)] == 7.0
    assert found[("fleet_ticks_total",)] == 7
    assert found[("fleet_pickups_requested_total",)] == 4
    assert found[("fleet_pickups_collected_total",)] == 2
    assert found[("fleet_pickups_missed_total", ("reason", "window"))] == 1
    assert found[("fleet_collected_kilograms_total", ("material", "glass"))] == 3.5
    assert found[("fleet_charged_watthours_total",)] == 40.0
    assert found[("fleet_orders_refused_total", ("cause", "bad-signature"))] == 1
    assert found[("fleet_messages_refused_total", ("cause", "replay"), ("door", "command"))] == 12
    assert found[("fleet_bus_messages_lost_total", ("topic", "Alert"))] == 3
    assert found[("fleet_vehicles", ("state", "cruising"))] == 2
    assert found[("fleet_vehicles", ("state", "lost"))] == 0
    assert found[("fleet_battery_wh_min",)] == 100.0
    assert found[("fleet_battery_wh_median",)] == 108.5
    assert found[("fleet_dashboard_viewers",)] == 2


def test_the_speed_is_what_was_measured(play):
    clock = Clock()
    meters = Meters(clock)
    meters.begin(play.state())
    for tick in range(60):
        meters.hear(Beat(tick=tick, now_ms=1000 * tick, speed=0.0, paused=False))
        clock.now_s += 0.5
    assert samples(meters)[("fleet_speed_ratio",)] == pytest.approx(2.0, rel=0.1)
    clock.now_s += 60.0
    assert samples(meters)[("fleet_speed_ratio",)] < 0.1


def test_whoever_invents_labels_is_counted_under_other(play):
    meters = Meters(Clock())
    meters.begin(play.state())
    for n in range(3 * MOST_SERIES):
        meters.hear(
            Alert(
                alert_id=str(n),
                detector=f"d{n}",
                attack_class="x",
                entity="e",
                score=1.0,
                threshold=1.0,
                evidence="",
            )
        )
    found = {key: value for key, value in samples(meters).items() if key[0] == "fleet_alerts_total"}
    assert len(found) <= MOST_SERIES + 1
    assert sum(found.values()) == 3 * MOST_SERIES


def test_names_are_as_prometheus_wants_them(play):
    meters = Meters(Clock())
    meters.begin(play.state())
    for metric in METRICS:
        assert metric.name.startswith("fleet_")
        assert not metric.name.endswith("_total")
        assert metric.text.endswith(".")
    assert {metric.name for metric, _ in meters.read()} == {metric.name for metric in METRICS}


def test_without_the_extra_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(
        UsageError, match=r"--metrics needs prometheus-client: pip install 'fleet-orchestrator\[metrics\]'"
    ):
        exposition(Meters(Clock()).read)
