"""Ranges against claims, with settings at their ends."""

import math

import msgspec
import pytest

from fleet.detect.checks import honest_traffic
from fleet.detect.range_check import RangeCheck, RangeCheckParams
from fleet.messages.reports import VehicleRoster


def highest(detector, traffic):
    """The highest score over a threshold heard on the way, as a multiple of it."""
    worst = 0.0
    for tick, inbox in enumerate(traffic):
        for suspicion in detector.score(1000 * tick, inbox):
            assert math.isfinite(suspicion.score)
            worst = max(worst, suspicion.score / detector.threshold())
        detector.learn(1000 * tick, inbox)
    return worst


def with_sigmas(traffic, sigma_m):
    """The same traffic under a roster that promises instruments this good."""
    (roster,) = traffic[0]
    assert isinstance(roster.body, VehicleRoster)
    body = msgspec.structs.replace(roster.body, anchor_sigma_m=sigma_m, gnss_sigma_m=sigma_m)
    return [[msgspec.structs.replace(roster, body=body)], *traffic[1:]]


def test_honest_noise_is_no_alarm_and_noise_beyond_the_promised_is():
    traffic = honest_traffic(seed=2)
    assert highest(RangeCheck(RangeCheckParams()), traffic) < 1.0
    assert highest(RangeCheck(RangeCheckParams()), with_sigmas(traffic, 0.1)) > 1.0


def test_perfect_instruments_can_be_promised():
    """Without noise the spread would be nothing, and every rounding an alarm."""
    assert highest(RangeCheck(RangeCheckParams()), with_sigmas(honest_traffic(seed=2), 0.0)) < math.inf


@pytest.mark.parametrize("days", [1e-9, 30.0, 1e6])
def test_any_budget_gives_a_threshold(days):
    threshold = RangeCheck(RangeCheckParams(false_alarm_days=days)).threshold()
    assert math.isfinite(threshold)
    assert threshold >= 0.0


def test_a_smaller_budget_gives_a_higher_threshold():
    few, many = (RangeCheck(RangeCheckParams(false_alarm_days=days)).threshold() for days in (300.0, 3.0))
    assert few > many


def test_the_memory_holds_a_frame_at_least():
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        RangeCheckParams(memory_s=0.5)
