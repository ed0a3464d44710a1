"""The wind by hour and height."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.base.flight import Wind
from fleet.base.winds import DAY_MS, Winds, WindStep

HOUR = 3_600_000
TABLE = (
    WindStep(6 * HOUR, 10.0, Wind(1.0, 0.0)),
    WindStep(6 * HOUR, 100.0, Wind(3.0, -2.0)),
    WindStep(12 * HOUR, 10.0, Wind(0.0, 5.0)),
)


@pytest.mark.parametrize(
    "height, east, north", [(0, 1.0, 0.0), (10, 1.0, 0.0), (55, 2.0, -1.0), (100, 3.0, -2.0), (500, 3.0, -2.0)]
)
def test_between_heights_each_component_is_on_a_line_and_beyond_them_it_stays(height, east, north):
    wind = Winds(TABLE, start_ms=7 * HOUR).at(0, height)
    assert (wind.east_mps, wind.north_mps) == pytest.approx((east, north))


def test_a_step_holds_until_the_next_and_the_last_until_the_first_of_the_next_day():
    winds = Winds(TABLE, start_ms=5 * HOUR)
    noon = Wind(0.0, 5.0)
    assert winds.at(0, 10) == noon  # 05:00: yesterday's
    assert winds.at(HOUR - 1, 10) == noon
    assert winds.at(HOUR, 10) == Wind(1.0, 0.0)
    assert winds.at(7 * HOUR, 80) == noon
    assert winds.at(DAY_MS + HOUR, 10) == Wind(1.0, 0.0)


@given(st.integers(0, DAY_MS), st.integers(0, 3 * DAY_MS))
def test_it_turns_when_it_says_it_does_and_not_before(start, t):
    winds = Winds(TABLE, start_ms=start)
    after = winds.next_ms(t)
    assert t < after <= t + DAY_MS
    assert winds.at(after - 1, 10) == winds.at(t, 10) != winds.at(after, 10)


def test_one_step_never_turns():
    assert Winds.constant(Wind(2.0, 1.0)).next_ms(0) is None
    assert Winds.constant(Wind(2.0, 1.0)).at(10**9, 50) == Wind(2.0, 1.0)
