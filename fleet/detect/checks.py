"""What every detector must pass; public, so that one of your own can be held to it too.

    check_detector(lambda: MyDetector(MyParams()))

runs a scripted hour of bus traffic past fresh detectors and raises `AssertionError` with what is wrong.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from fleet.base.streams import Streams
from fleet.detect.detector import Detector, Suspicion
from fleet.messages.envelope import Envelope, Message
from fleet.messages.frames import RangeFrame, TelemetryFrame, pack
from fleet.messages.orders import OrderIssued
from fleet.messages.plane import Body
from fleet.messages.reports import OrderAnswered, VehicleRoster
from fleet.messages.truth import AttackBegan

Make = Callable[[], Detector]

_VEHICLES, _ANCHORS = ("a-01", "a-02", "a-03"), 9
_TICKS = 240


def check_detector(make: Make) -> None:
    """All checks of this file."""
    traffic = honest_traffic(seed=1)
    _check_names(make())
    _check_scoring_changes_nothing(make(), traffic)
    _check_repeats(make, traffic)
    _check_survives_oddities(make())
    _check_ignores_truth(make, traffic)
    _check_quiet(make(), traffic)


def honest_traffic(seed: int) -> list[list[Message]]:
    """One inbox per tick: a roster, honest telemetry and ranges, orders announced and obeyed."""
    noise = Streams(seed).noise("check")
    xs, ys = _anchor_places()
    rows = np.arange(len(_VEHICLES))
    inboxes: list[list[Message]] = [[_said("world/frames", 0, 0, _roster(xs, ys))]]
    for tick in range(1, _TICKS):
        x = 150.0 + 60.0 * rows + 0.5 * tick
        y = 200.0 + 40.0 * rows
        pair = np.arange(len(_VEHICLES) * _ANCHORS).reshape(len(_VEHICLES), _ANCHORS)
        ranges = np.hypot(x[:, None] - xs, y[:, None] - ys) + 3.0 * noise.normal(pair, tick)
        claimed_x = x + 2.0 * noise.drift(rows, float(tick), 45.0, 5)
        claimed_y = y + 2.0 * noise.drift(rows, float(tick), 45.0, 6)
        inbox = [
            _said("world/frames", tick, 2 * tick, _telemetry(tick, claimed_x, claimed_y)),
            _said("world/frames", tick, 2 * tick + 1, _ranges(tick, pair, ranges)),
        ]
        if tick % 30 == 0:
            inbox.append(_said("dispatch", tick, tick, _issued(tick)))
        if tick % 30 == 1 and tick > 1:
            inbox.append(_said("a-01", tick, tick, _answered(tick - 1)))
        inboxes.append(inbox)
    return inboxes


def _anchor_places() -> tuple[np.ndarray, np.ndarray]:
    """A square grid, 300 m apart: (x, y) in metres."""
    row, column = np.divmod(np.arange(_ANCHORS), 3)
    return 300.0 * column, 300.0 * row


def _said(sender: str, tick: int, seq: int, body: Body) -> Message:
    # `Message` is an envelope of the union of all bodies; here the body is any one of them.
    return Envelope(sender=sender, seq=seq, t_ms=1000 * tick, body=body)  # type: ignore[arg-type]


def _roster(xs: np.ndarray, ys: np.ndarray) -> VehicleRoster:
    return VehicleRoster(
        vehicles=_VEHICLES,
        anchors=tuple(f"n{i}" for i in range(_ANCHORS)),
        anchor_x_m=tuple(float(v) for v in xs),
        anchor_y_m=tuple(float(v) for v in ys),
        anchor_sigma_m=3.0,
        gnss_sigma_m=2.0,
    )


def _telemetry(tick: int, x: np.ndarray, y: np.ndarray) -> TelemetryFrame:
    flat = pack(np.full(len(_VEHICLES), 10.0))
    return TelemetryFrame(
        tick=tick,
        x_m=pack(x),
        y_m=pack(y),
        height_m=flat,
        speed_mps=flat,
        battery_wh=flat,
        load_kg=flat,
        state=pack(np.full(len(_VEHICLES), 2), "<u1"),
    )


def _ranges(tick: int, pair: np.ndarray, ranges: np.ndarray) -> RangeFrame:
    vehicle, anchor = np.divmod(pair.ravel(), _ANCHORS)
    return RangeFrame(
        tick=tick, vehicle=pack(vehicle, "<u2"), anchor=pack(anchor, "<u2"), range_m=pack(ranges.ravel())
    )


def _issued(tick: int) -> OrderIssued:
    return OrderIssued(
        order_id=f"o{tick}", vehicle="a-01", verb="FlyRoute", counter=tick, targets=(), x_m=(), y_m=()
    )


def _answered(issued: int) -> OrderAnswered:
    return OrderAnswered(
        vehicle="a-01", order_id=f"o{issued}", claimed_sender="dispatch", counter=issued, cause=""
    )


def _play(detector: Detector, traffic: Sequence[Sequence[Message]]) -> list[list[Suspicion]]:
    heard = []
    for tick, inbox in enumerate(traffic):
        heard.append(detector.score(1000 * tick, inbox))
        detector.learn(1000 * tick, inbox)
    return heard


def _check_names(detector: Detector) -> None:
    assert detector.name, "a detector has a name"
    assert detector.attack_class, "a detector says what its alarms mean"
    assert math.isfinite(detector.threshold()), "the threshold is a number before anything was heard"


def _check_scoring_changes_nothing(detector: Detector, traffic: Sequence[Sequence[Message]]) -> None:
    for tick, inbox in enumerate(traffic):
        before = pickle.dumps(detector)
        first = detector.score(1000 * tick, inbox)
        assert pickle.dumps(detector) == before, f"score changed the detector at tick {tick}"
        assert detector.score(1000 * tick, inbox) == first, f"scored twice, answered differently at tick {tick}"
        detector.learn(1000 * tick, inbox)


def _check_repeats(make: Make, traffic: Sequence[Sequence[Message]]) -> None:
    assert _play(make(), traffic) == _play(make(), traffic), "two fresh detectors heard the same, said otherwise"


def _check_survives_oddities(detector: Detector) -> None:
    """Frames before any roster and of an empty one; vehicles and anchors nobody knows; frames cut short, empty,
    and with numbers that are not finite."""
    empty, nan = np.zeros(0), np.full(3, np.nan)
    strange = [
        _said("world/frames", 1, 0, _telemetry(1, np.zeros(3), np.zeros(3))),
        _said("world/frames", 1, 1, _ranges(1, np.array([[7]]), np.array([[5.0]]))),
        _said("world/frames", 1, 2, _ranges(1, empty.astype(int), empty)),
        _said("world/frames", 1, 3, _ranges(1, np.array([[9 * 40_000, 8]]), np.array([[5.0, np.inf]]))),
        _said("nobody", 1, 0, _answered(99)),
    ]
    claims_nan = [_said("world/frames", 1, 0, _telemetry(1, nan, nan)), *strange[1:]]
    too_short = [_said("world/frames", 1, 0, _telemetry(1, empty, empty)), *strange[1:]]
    nobody = msgspec.structs.replace(_roster(empty, empty), vehicles=(), anchors=())
    rosters = [[_said("world/frames", 1, 0, roster)] for roster in (nobody, _roster(*_anchor_places()))]
    inboxes = [[], strange, rosters[0], strange, rosters[1], strange, claims_nan, too_short, []]
    for tick, inbox in enumerate(inboxes):
        for suspicion in detector.score(1000 * tick, inbox):
            assert math.isfinite(suspicion.score), "scores are finite"
        detector.learn(1000 * tick, inbox)
        assert math.isfinite(detector.threshold()), "the threshold is a number, whatever was heard"


def _check_ignores_truth(make: Make, traffic: Sequence[Sequence[Message]]) -> None:
    """Were truth to leak into an inbox, it must change nothing."""
    label = _said("red", 1, 0, AttackBegan(attack_id="x", attack_class="x", entity="a-01"))
    leaked = [[label, *inbox] for inbox in traffic]
    assert _play(make(), leaked) == _play(make(), traffic), "the truth channel made a difference"


def _check_quiet(detector: Detector, traffic: Sequence[Sequence[Message]]) -> None:
    for tick, inbox in enumerate(traffic):
        loud = [s for s in detector.score(1000 * tick, inbox) if s.score > detector.threshold()]
        assert not loud, f"alarm on honest traffic at tick {tick}: {loud[0]}"
        detector.learn(1000 * tick, inbox)
