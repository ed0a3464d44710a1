"""The pace of a live run, on a clock that only moves when somebody waits."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.app.pace import MAX_FACTOR, PAUSED_BEAT_S, LivePace
from fleet.app.run import Interrupted
from fleet.messages.control import PauseRun, ResumeRun, SetSpeed, StepRun, StopRun
from fleet.messages.envelope import Envelope


class Desk:
    """A remote and a wall clock: orders come at their time, and waiting is what makes time go by."""

    def __init__(self, *orders):
        self.orders = sorted(orders, key=lambda order: order[0])
        self.now_s = 100.0
        self.beats = []
        self.said = []
        self.stop_at_s = math.inf

    def take_control(self, tick=None):
        due = [body for at_s, body in self.orders if at_s <= self.now_s]
        self.orders = [(at_s, body) for at_s, body in self.orders if at_s > self.now_s]
        return [Envelope(sender="operator/kim", seq=n, t_ms=0, body=body) for n, body in enumerate(due)]

    def wait(self, timeout_s):
        assert 0.0 < timeout_s < 1.0, "it looks up often, and never waits for less than nothing"
        next_s = min([at_s for at_s, _ in self.orders], default=math.inf)
        self.now_s = min(self.now_s + timeout_s, max(next_s, self.now_s + 1e-3))

    def beat(self, speed, paused):
        self.beats.append((round(self.now_s, 3), speed, paused))

    def pace(self, factor, **rest):
        return LivePace(
            1000,
            self,
            factor=factor,
            now_s=lambda: self.now_s,
            say=self.said.append,
            stop_asked=lambda: self.now_s >= self.stop_at_s,
            **rest,
        )

    def began(self, pace, ticks, work_s=0.0):
        """When each tick began, in seconds since the start; `work_s` is what holding a tick takes."""
        start_s, at = self.now_s, []
        for tick in ticks:
            pace.wait(tick)
            at.append(self.now_s - start_s)
            self.now_s += work_s
        return at


@given(factor=st.floats(0.01, 1e4), work=st.lists(st.floats(0.0, 0.9), min_size=1, max_size=60))
def test_ticks_come_when_they_are_due_and_no_drift_gathers(factor, work):
    desk = Desk()
    pace = desk.pace(factor)
    tick_s = 1.0 / factor
    for tick, part in enumerate(work):
        pace.wait(tick)
        assert desk.now_s - 100.0 == pytest.approx(tick * tick_s, abs=1e-6 + 1e-9 * tick)
        desk.now_s += part * tick_s


def test_as_fast_as_it_goes_never_waits():
    desk = Desk()
    assert desk.began(desk.pace(0.0), range(1000)) == [0.0] * 1000


def test_a_hiccup_is_made_good():
    desk = Desk()
    pace = desk.pace(10.0)
    assert desk.began(pace, range(3)) == pytest.approx([0.0, 0.1, 0.2])
    desk.now_s += 0.35
    assert desk.began(pace, range(3, 8)) == pytest.approx([0.0, 0.0, 0.0, 0.05, 0.15])
    assert desk.said == []


def test_a_run_that_cannot_keep_up_says_so_now_and_then_and_goes_on_from_where_it_is():
    desk = Desk()
    pace = desk.pace(10.0)
    at = desk.began(pace, range(1, 601), work_s=0.2)
    assert at[-1] == pytest.approx(599 * 0.2)
    assert set(desk.said) == {"cannot keep up with speed 10: it was 5; going on from here"}
    assert 3 <= len(desk.said) <= 5


def test_pause_resume_step_and_speed():
    desk = Desk(
        (100.25, PauseRun()), (105.0, StepRun(ticks=2)), (110.0, ResumeRun()), (110.5, SetSpeed(factor=1.0))
    )
    pace = desk.pace(10.0)
    at = desk.began(pace, range(10))
    assert at[:3] == pytest.approx([0.0, 0.1, 0.2])
    assert at[3:5] == pytest.approx([5.0, 5.1], abs=0.02)
    assert at[5:10] == pytest.approx([10.0, 10.1, 10.2, 10.3, 10.4], abs=0.02)
    assert desk.began(pace, range(10, 13))[1:] == pytest.approx([1.0 + 0.1, 2.0 + 0.1], abs=0.03)
    assert pace.factor == 1.0


def test_a_paused_run_tells_it_about_once_a_second():
    desk = Desk((110.0, ResumeRun()))
    desk.pace(10.0, paused=True).wait(0)
    beats = [at_s for at_s, _, paused in desk.beats if paused]
    assert len(beats) in (11, 12)
    assert all(b - a >= PAUSED_BEAT_S - 1e-6 for a, b in pairwise(beats[1:]))
    assert desk.beats[-1][1:] == (10.0, False)


@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf, 2 * MAX_FACTOR])
def test_a_speed_that_is_none_is_not_taken(wrong):
    desk = Desk((99.0, SetSpeed(factor=wrong)), (99.0, StepRun(ticks=0)))
    pace = desk.pace(10.0)
    assert desk.began(pace, range(3)) == pytest.approx([0.0, 0.1, 0.2])
    assert pace.factor == 10.0
    assert len(desk.said) == 2
    assert all("operator/kim asked for" in text for text in desk.said)


def test_a_stop_lets_one_more_tick_begin_at_once_in_which_it_is_heard():
    desk = Desk((103.0, StopRun()))
    pace = desk.pace(10.0, paused=True)
    pace.wait(0)
    assert pace.stopped_by == "operator/kim"
    assert desk.now_s == pytest.approx(103.0, abs=0.02)


def test_the_user_may_stop_a_paused_run():
    desk = Desk()
    desk.stop_at_s = 107.0
    with pytest.raises(Interrupted):
        desk.pace(10.0, paused=True).wait(0)
    assert desk.now_s < 107.2


def test_whether_the_wall_clock_counts():
    assert Desk().pace(1.0).timed
    assert Desk().pace(0.0, paused=True).timed
    assert not Desk().pace(0.0).timed
