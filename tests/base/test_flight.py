"""The physics of a leg: monotone where nature is, and equal to the figures it was taken from."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fleet.base.flight import (
    CLIMB_FACTOR,
    DESCENT_FACTOR,
    Airframe,
    Wind,
    effort_h,
    ground_speed_mps,
    ground_speed_one_mps,
)

SCOUT = Airframe(6.47, 0.894, 0.53, 12, 2.5, 2.0, 80)
LIGHT = Airframe(9.5, 1.341, 0.53, 12, 2.5, 2.0, 80)
HEAVY = Airframe(65, 5.91, 0.53, 15, 2.5, 2.0, 80)
SMALL = Airframe(3.715, 0.343, 0.53, 10, 2.5, 2.0, 80)

MASS = st.floats(0.0, 100.0)
AIRSPEED = st.floats(2.0, 40.0)
ANGLE = st.floats(-math.pi, math.pi)


@pytest.mark.parametrize(
    "airframe, payload_kg, powers_w",
    [
        (SCOUT, 2.73, (651, 868, 1105)),
        (LIGHT, 5.6, (946, 1394, 1896)),
        (HEAVY, 30.0, (8067, 11014, 14253)),
        (SMALL, 0.5, (458, 505, 553)),
    ],
)
def test_power_empty_half_full_is_that_of_the_table(airframe, payload_kg, powers_w):
    found = [airframe.power_w(share * payload_kg) for share in (0.0, 0.5, 1.0)]
    assert found == pytest.approx(powers_w, abs=1.0)


@pytest.mark.parametrize("airframe, k", [(SCOUT, 39.6), (LIGHT, 32.3), (HEAVY, 15.4), (SMALL, 63.9)])
def test_the_coefficient_of_the_short_form(airframe, k):
    assert airframe.power_coefficient == pytest.approx(k, abs=0.1)


def test_range_is_near_what_the_maker_of_the_heavy_one_says():
    """16 km full and 28 km empty, to an empty battery at 15 m/s; a simple formula is within 10 %."""
    km = [3968.8 / HEAVY.power_w(kg) * 15 * 3.6 for kg in (30.0, 0.0)]
    assert km == pytest.approx([16, 28], rel=0.1)


@given(a=MASS, b=MASS)
def test_power_grows_with_payload(a, b):
    low, high = sorted((a, b))
    assume(high - low > 1e-6)
    assert LIGHT.power_w(low) < LIGHT.power_w(high)


@given(a=st.floats(0, 1e5), b=st.floats(0, 1e5))
def test_effort_grows_with_distance(a, b):
    low, high = sorted((a, b))
    assume(high - low > 1e-6)
    assert effort_h(LIGHT, low) < effort_h(LIGHT, high)


def test_effort_is_climb_cruise_and_descent_each_by_its_factor():
    expected_s = CLIMB_FACTOR * 80 / 2.5 + 100.0 + DESCENT_FACTOR * 80 / 2.0
    assert effort_h(LIGHT, [100.0]).tolist() == pytest.approx([expected_s / 3600])
    higher = replace(LIGHT, cruise_height_m=120)
    assert effort_h(higher, 100.0) > effort_h(LIGHT, 100.0)


@given(airspeed=AIRSPEED, angle=ANGLE, low=st.floats(0, 1), high=st.floats(0, 1))
def test_a_stronger_head_wind_is_slower_and_a_tail_wind_faster(airspeed, angle, low, high):
    assume(high - low > 1e-6)
    dx, dy = math.sin(angle), math.cos(angle)

    def speed(along_mps):
        return float(ground_speed_mps(airspeed, dx, dy, Wind(along_mps * dx, along_mps * dy)))

    assume((1 - high) * airspeed > 0.6)
    assert speed(-high * airspeed) < speed(-low * airspeed)
    assert speed(high * airspeed) > speed(low * airspeed)


@given(airspeed=AIRSPEED, angle=ANGLE, east=st.floats(-30, 30), north=st.floats(-30, 30))
def test_crabbing_adds_up_to_the_airspeed(airspeed, angle, east, north):
    """Velocity over ground less the wind is a vector of the airspeed's length; NaN only where that cannot be."""
    dx, dy = 100 * math.sin(angle), 100 * math.cos(angle)
    speed = float(ground_speed_mps(airspeed, dx, dy, Wind(east, north)))
    unit = np.array([dx, dy]) / 100
    across = north * unit[0] - east * unit[1]
    if math.isnan(speed):
        headway = unit @ [east, north] + math.sqrt(max(0.0, airspeed**2 - across**2))
        assert abs(across) >= airspeed - 1e-9 or headway < 0.5 + 1e-9
    else:
        assert speed >= 0.5
        assert np.hypot(*(speed * unit - [east, north])) == pytest.approx(airspeed, rel=1e-9)


@given(
    airspeed=AIRSPEED,
    dx=st.floats(-2000, 2000),
    dy=st.floats(-2000, 2000),
    east=st.floats(-30, 30),
    north=st.floats(-30, 30),
)
def test_one_direction_is_as_fast_as_in_an_array(airspeed, dx, dy, east, north):
    wind = Wind(east, north)
    one, many = ground_speed_one_mps(airspeed, dx, dy, wind), float(ground_speed_mps(airspeed, dx, dy, wind))
    if math.isnan(one) or math.isnan(many):
        present = [speed for speed in (one, many) if not math.isnan(speed)]
        assert all(speed == pytest.approx(0.5, abs=1e-4) for speed in present), "only just, or only just not"
    else:
        assert one == pytest.approx(many, rel=1e-9)


@given(airspeed=AIRSPEED, angle=ANGLE)
def test_without_wind_ground_speed_is_airspeed(airspeed, angle):
    assert float(ground_speed_mps(airspeed, math.sin(angle), math.cos(angle), Wind())) == pytest.approx(airspeed)


def test_a_leg_of_no_length_is_flown_at_airspeed_and_arrays_are_taken():
    speeds = ground_speed_mps(10.0, [0.0, 1.0, 1.0], [0.0, 0.0, 0.0], Wind(-9.8, 0.0))
    assert speeds[0] == 10.0
    assert np.isnan(speeds[1:]).all()


@pytest.mark.parametrize(
    "from_deg, east, north", [(0, 0, -5), (90, -5, 0), (180, 0, 5), (270, 5, 0), (225, 3.5355, 3.5355)]
)
def test_wind_is_named_for_where_it_comes_from(from_deg, east, north):
    wind = Wind.blowing_from(5.0, from_deg)
    assert (wind.east_mps, wind.north_mps) == pytest.approx((east, north), abs=1e-4)
