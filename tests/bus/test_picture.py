"""What a late joiner is told: the state after everything heard, and nothing of the truth."""

from __future__ import annotations

from fleet.bus.picture import Picture, RunFacts
from fleet.messages.envelope import Envelope
from fleet.messages.frames import TelemetryFrame, TruthFrame
from fleet.messages.orders import PickupMissed
from fleet.messages.reports import PickupCollected, PickupRequested, VehicleReported, VehicleRoster
from fleet.messages.security import Alert
from fleet.messages.standing import KEPT_ALERTS
from fleet.messages.truth import AttackBegan
from tests.messages.runs import RUN

FACTS = RunFacts("day", 1000, 3_600_000, 6.5, RUN)
ROSTER = VehicleRoster(
    vehicles=("a", "b"), anchors=(), anchor_x_m=(), anchor_y_m=(), anchor_sigma_m=1.0, gnss_sigma_m=1.0
)


def requested(name):
    return PickupRequested(
        pickup_id=name, point_id="p", district="d", x_m=0.0, y_m=0.0, material="glass", declared_kg=1.0,
        declared_l=1.0, earliest_ms=0, latest_ms=1, service_ms=1, priority=1, requester="r",
    )  # fmt: skip


def collected(name):
    return PickupCollected(vehicle="a", pickup_id=name, material="glass", scale_kg=1.0, volume_l=1.0)


def missed(name):
    return PickupMissed(pickup_id=name, reason="window", need=1.0, limit=0.0)


def reported(name, x_m):
    return VehicleReported(
        vehicle=name, state="idle", x_m=x_m, y_m=0.0, battery_wh=1.0, load_kg=0.0, load_l=0.0, order_id="",
        step=0, bound_for="",
    )  # fmt: skip


def alert(number):
    return Alert(
        alert_id=f"a{number}", detector="d", attack_class="c", entity="a", score=1.0, threshold=0.5, evidence=""
    )


def frame(tick, kind=TelemetryFrame, **columns):
    return kind(tick=tick, x_m=b"", y_m=b"", battery_wh=b"", **columns)


def telemetry(tick):
    return frame(tick, height_m=b"", speed_mps=b"", load_kg=b"", state=b"")


def seen(*ticks):
    """The snapshot after these bodies at ticks 0, 1, ..."""
    picture = Picture(FACTS)
    for tick, bodies in enumerate(ticks):
        batch = [Envelope(sender="x", seq=n, t_ms=0, body=body) for n, body in enumerate(bodies)]
        picture.hear(tick, batch)
    return picture.snapshot({"Beat": 3}, speed=2.0, paused=True)


def test_before_anything_is_heard():
    nothing = seen()
    assert (nothing.tick, nothing.now_ms, nothing.roster, nothing.frame) == (0, 0, None, None)
    assert (nothing.vehicles, nothing.open_pickups, nothing.alerts) == ((), (), ())
    assert (nothing.name, nothing.tick_ms, nothing.end_ms, nothing.start_hour) == ("day", 1000, 3_600_000, 6.5)


def test_the_last_of_each_is_kept():
    state = seen(
        [ROSTER, reported("b", 1.0), telemetry(0)], [reported("a", 2.0), reported("b", 3.0), telemetry(1)]
    )
    assert state.roster == ROSTER
    assert state.frame is not None
    assert state.frame.tick == 1
    assert [(v.vehicle, v.x_m) for v in state.vehicles] == [("b", 3.0), ("a", 2.0)]
    assert (state.tick, state.now_ms, state.speed, state.paused, state.numbers) == (
        1,
        1000,
        2.0,
        True,
        {"Beat": 3},
    )


def test_a_pickup_is_open_until_it_is_collected_or_missed():
    state = seen([requested(n) for n in "abcd"], [collected("a"), missed("b")], [collected("a")])
    assert [p.pickup_id for p in state.open_pickups] == ["c", "d"]
    assert (state.collected, state.missed) == (1, 1)


def test_what_is_collected_after_all_is_not_missed_and_what_is_settled_stays_so():
    state = seen([requested("a"), requested("b")], [missed("a")], [collected("a"), requested("a")], [missed("a")])
    assert [p.pickup_id for p in state.open_pickups] == ["b"]
    assert (state.collected, state.missed) == (1, 0)


def test_so_many_alerts_are_kept():
    state = seen([alert(n) for n in range(KEPT_ALERTS + 5)])
    assert [state.alerts[0].alert_id, state.alerts[-1].alert_id] == ["a5", f"a{KEPT_ALERTS + 4}"]


def test_nothing_of_the_truth_is_in_it():
    truth = [frame(0, TruthFrame), AttackBegan(attack_id="x", attack_class="c", entity="a")]
    assert seen(truth) == seen([])
