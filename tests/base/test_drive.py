"""A vehicle on the street: power in proportion to the mass, and an airframe to whoever asks for one."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.base.drive import Chassis
from fleet.base.flight import Airframe, effort_h

BIKE = Chassis.consuming(15.0, at_kg=75.0, empty_kg=135.0, cruise_mps=4.2)
kg = st.floats(0.0, 200.0)


def test_at_the_load_it_is_rated_for_it_draws_what_it_is_rated_at():
    hours_per_km = 1000.0 / 4.2 / 3600.0
    assert BIKE.power_w(75.0) * hours_per_km == pytest.approx(15.0)
    assert BIKE.power_w(150.0) / BIKE.power_w(0.0) == pytest.approx(285.0 / 135.0)


@given(kg, kg)
def test_power_is_proportional_to_all_that_moves(a, b):
    assert BIKE.power_w(a) * (135.0 + b) == pytest.approx(BIKE.power_w(b) * (135.0 + a))
    assert BIKE.power_w(a) == pytest.approx(BIKE.power_coefficient * (135.0 + a) ** BIKE.mass_exponent)


@given(st.floats(0.0, 1e5))
def test_a_leg_is_all_way_and_no_climb(seconds):
    assert float(effort_h(BIKE, seconds)) == pytest.approx(seconds / 3600.0)


def test_who_asks_an_airframe_gets_an_answer_from_a_chassis_too():
    asked = {field.name for field in fields(Airframe)} - {"rotor_disc_m2", "efficiency"}
    asked |= {"flies", "mass_exponent", "climb_s", "descent_s", "power_coefficient", "power_w"}
    assert all(hasattr(BIKE, name) for name in asked)
    assert not BIKE.flies
    assert 10.0 / BIKE.climb_mps == 0.0
