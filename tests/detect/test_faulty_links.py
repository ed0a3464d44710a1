"""Honest trouble on the way: rows that are missing or late are no evidence against anybody."""

import math

import msgspec
import numpy as np

from fleet.detect.checks import honest_traffic
from fleet.detect.range_check import RangeCheck, RangeCheckParams
from fleet.messages.frames import TelemetryFrame, pack, unpack


def highest(traffic):
    """The highest score over the threshold."""
    detector, worst = RangeCheck(RangeCheckParams()), 0.0
    for tick, inbox in enumerate(traffic):
        for suspicion in detector.score(1000 * tick, inbox):
            assert math.isfinite(suspicion.score)
            worst = max(worst, suspicion.score / detector.threshold())
        detector.learn(1000 * tick, inbox)
    return worst


def with_frames(traffic, change):
    def changed(message):
        if not isinstance(message.body, TelemetryFrame):
            return message
        return msgspec.structs.replace(message, body=change(message.body))

    return [[changed(message) for message in inbox] for inbox in traffic]


def silent(frame):
    """Every other vehicle is not heard, each time another half."""
    x, y = unpack(frame.x_m).copy(), unpack(frame.y_m).copy()
    x[frame.tick % 2 :: 2] = y[frame.tick % 2 :: 2] = np.nan
    return msgspec.structs.replace(frame, x_m=pack(x), y_m=pack(y))


def late(frame, *, said=True):
    """Every row is from where the vehicle was 5 s ago, at 12 m/s."""
    x = unpack(frame.x_m) - np.float32(60.0)
    age_ms = pack(np.full(len(x), 5_000), "<u4") if said else b""
    return msgspec.structs.replace(frame, x_m=pack(x), age_ms=age_ms)


def test_rows_that_are_missing_are_no_evidence():
    traffic = honest_traffic(seed=3)
    assert highest(with_frames(traffic, silent)) < 1.0
    assert highest(with_frames(traffic, lambda frame: silent(late(frame, said=False)))) > 1.0, (
        "the others still are"
    )


def test_rows_that_are_late_and_say_so_are_no_evidence():
    traffic = honest_traffic(seed=3)
    assert highest(with_frames(traffic, late)) == 0.0
    assert highest(with_frames(traffic, lambda frame: late(frame, said=False))) > 1.0
