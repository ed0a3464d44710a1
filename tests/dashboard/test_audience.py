"""Queues of browsers: short, never in the way, and what is lost is made good by a snapshot."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from fleet.dashboard.audience import Audience, Viewer

STATE = b"<state>"


def taken(viewer, state=STATE):
    """The next batch of a viewer for whom something waits."""
    return asyncio.run(asyncio.wait_for(viewer.take(lambda: state), 5))


def joined(limit_bytes=1_000):
    viewer = Viewer(limit_bytes)
    assert taken(viewer) == STATE
    return viewer


def test_the_state_comes_first_and_events_follow_in_order():
    viewer = joined()
    viewer.offer("Alert", b"a", is_frame=False)
    viewer.offer("Charged", b"b", is_frame=False)
    viewer.offer("Alert", b"c", is_frame=False)
    assert taken(viewer) == b"abc"
    assert viewer.dropped == 0


def test_of_frames_only_the_latest_waits():
    viewer = joined()
    for n in range(5):
        viewer.offer("TelemetryFrame", b"f%d" % n, is_frame=True)
    viewer.offer("Beat", b"beat", is_frame=True)
    assert taken(viewer) == b"f4beat"
    assert viewer.dropped == 4


def test_who_falls_behind_starts_over_with_a_snapshot():
    viewer = joined(limit_bytes=100)
    for _ in range(50):
        viewer.offer("Alert", b"0123456789", is_frame=False)
    assert viewer.waiting_bytes <= 110
    viewer.offer("Beat", b"beat", is_frame=True)
    assert taken(viewer, b"<new>") == b"<new>beat"
    assert viewer.dropped == 50
    viewer.offer("Alert", b"next", is_frame=False)
    assert taken(viewer) == b"next"


def test_a_refresh_throws_nothing_away():
    viewer = joined()
    viewer.offer("Alert", b"a", is_frame=False)
    viewer.refresh()
    viewer.offer("Alert", b"b", is_frame=False)
    assert taken(viewer, b"<new>") == b"ab<new>"
    assert viewer.dropped == 0


def test_nothing_is_given_before_there_is_a_state():
    async def scene():
        viewer = Audience().join()
        waiting = asyncio.create_task(viewer.take(lambda: states.get("now")))
        states = {}
        await asyncio.sleep(0)
        assert not waiting.done()
        states["now"] = STATE
        viewer.refresh()
        return await waiting

    assert asyncio.run(scene()) == STATE


@given(
    st.lists(
        st.tuples(st.sampled_from(["Beat", "TelemetryFrame", "Alert", "Charged"]), st.integers(1, 60)),
        max_size=200,
    )
)
def test_a_stopped_browser_takes_no_memory(offers):
    viewer = joined(limit_bytes=100)
    for topic, size in offers:
        viewer.offer(topic, bytes(size), is_frame=topic in ("Beat", "TelemetryFrame"))
        assert viewer.waiting_bytes <= 100 + 60 + 2 * 60


def test_the_house_can_be_full_and_remembers_what_those_who_left_lost():
    audience = Audience(most=2)
    first, second = audience.join(), audience.join()
    assert audience.join() is None
    for _ in range(3):
        audience.offer("Beat", b"b", is_frame=True)
    assert audience.dropped == 4
    audience.leave(first)
    audience.leave(first)
    assert len(audience) == 1
    assert audience.dropped == 4
    assert audience.join() is not None
    assert second.dropped == 2
