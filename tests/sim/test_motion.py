"""Positions and batteries in closed form are what small steps come to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.sim.motion import Motion

V = st.floats(-30, 30)
SEGMENT = st.tuples(st.integers(1, 40_000), V, V, V, st.floats(0, 5000), V, V)
"""Milliseconds, velocity, drain, tow."""


@given(st.lists(SEGMENT, min_size=1, max_size=6), st.integers(0, 2))
@settings(max_examples=60)
def test_closed_form_against_small_steps(segments, row):
    motion = Motion(3)
    motion.battery_wh[row] = 600.0
    x = y = h = tx = ty = 0.0
    wh, now = 600.0, 0
    for ms, vx, vy, vh, watts, ox, oy in segments:
        motion.rebase(row, now)
        motion.drive(row, vx, vy, vh, watts)
        motion.tow_x_mps[row], motion.tow_y_mps[row] = ox, oy
        steps = 200
        dt = ms / 1000 / steps
        for _ in range(steps):
            x, y, h, wh = x + vx * dt, y + vy * dt, h + vh * dt, wh - watts * dt / 3600
            tx, ty = tx + ox * dt, ty + oy * dt
        now += ms
        assert motion.place_of(row, now) == pytest.approx((x, y, h), abs=1e-6)
        assert motion.true_of(row, now) == pytest.approx((x + tx, y + ty), abs=1e-6)
        assert motion.battery_of(row, now) == pytest.approx(wh, abs=1e-6)


@given(SEGMENT, st.integers(0, 50_000), st.integers(0, 50_000))
def test_rows_say_the_same_as_arrays_and_rebasing_changes_nothing(segment, first_ms, more_ms):
    _, vx, vy, vh, watts, ox, oy = segment
    motion = Motion(2)
    motion.battery_wh[:] = 600.0
    motion.drive(1, vx, vy, vh, watts)
    motion.tow_x_mps[1], motion.tow_y_mps[1] = ox, oy
    now = first_ms + more_ms

    def all_of():
        return (
            *motion.place_of(1, now),
            *motion.offset_of(1, now),
            *motion.true_of(1, now),
            motion.battery_of(1, now),
        )

    before = all_of()
    assert [float(a[1]) for a in motion.nominal(now)] == pytest.approx(before[:3])
    assert [float(a[1]) for a in motion.true(now)] == pytest.approx(before[5:7])
    assert float(motion.batteries_wh(now)[1]) == pytest.approx(before[7])
    motion.rebase(1, first_ms)
    assert all_of() == pytest.approx(before, abs=1e-9)
    assert motion.place_of(0, now) == (0.0, 0.0, 0.0)


def test_correcting_a_belief_moves_nobody():
    motion = Motion(1)
    motion.x_m[0], motion.y_m[0], motion.offset_x_m[0] = 10.0, 20.0, 3.0
    motion.correct(0, 12.0, 19.0)
    assert motion.place_of(0, 0)[:2] == (12.0, 19.0)
    assert motion.true_of(0, 0) == (13.0, 20.0)


def test_resting_stops_everything():
    motion = Motion(1)
    motion.drive(0, 1, 2, 3, 400)
    motion.tow_x_mps[0] = 5.0
    motion.rest(0, 7.0, 8.0)
    assert motion.place_of(0, 99_000) == (7.0, 8.0, 0.0)
    assert motion.true_of(0, 99_000) == (7.0, 8.0)
    assert np.all(motion.batteries_wh(99_000) == 0.0)
