"""What a client makes of what arrives, without a socket: numbers, snapshots, backlog, clock; and of silence."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.base.errors import MessageError, RunError
from fleet.bus import reading as module
from fleet.bus.lifeline import Lifeline
from fleet.bus.reading import Reading
from fleet.bus.wire import SeqSource, lifetime_ms, published, read_published
from fleet.messages.codec import encode
from fleet.messages.envelope import Envelope
from fleet.messages.notices import Beat, RunEnded, Snapshot
from tests.messages.runs import EARLIER, RUN

URL = "tcp://127.0.0.1:5570"
BASE = Snapshot(
    name="toy", run_id=RUN.digits, tick=5, now_ms=5_000, tick_ms=1000, end_ms=9_000, start_hour=8.0,
    speed=2.0, paused=False, numbers={"Beat": 10}, roster=None, frame=None, vehicles=(),
    open_pickups=(), collected=0, missed=0, alerts=(), airspace=(),
)  # fmt: skip


def parts(body, number=0, topic=None):
    envelope = encode(Envelope(sender="gate", seq=0, t_ms=0, body=body))
    return published(topic or type(body).__name__, number, envelope)


def beat(tick=6, speed=2.0, paused=False):
    return Beat(tick=tick, now_ms=1000 * tick, speed=speed, paused=paused)


def joined(snapshot=BASE, **changes):
    reader = Reading(URL, {"Beat", "Alert", "RunEnded"})
    reader.read(parts(msgspec.structs.replace(snapshot, **changes), topic=reader.ask_snapshot()), 100.0)
    assert reader.synchronised
    return reader


def given_out(reader):
    found = []
    while (message := reader.give(None)) is not None:
        found.append(message)
    return found


def test_what_the_snapshot_contains_is_passed_over_and_the_rest_counted():
    reader = Reading(URL, {"Beat"})
    topic = reader.ask_snapshot()
    assert reader.read(parts(beat(4), 9), 0.0) == ""
    assert reader.read(parts(BASE, topic=topic), 0.0) == topic
    for number in (8, 9, 10, 11, 14):
        reader.read(parts(beat(), number), 0.0)
    assert [m.body.tick for m in given_out(reader)] == [6, 6, 6]
    assert reader.missed == {"Beat": 2}


@given(st.lists(st.booleans(), max_size=60))
def test_what_came_and_what_was_missed_is_what_was_published(arrives):
    reader = joined(numbers={})
    last = max((n for n, there in enumerate(arrives) if there), default=-1)
    for number, there in enumerate(arrives):
        if there:
            reader.read(parts(beat(), number), 0.0)
    assert len(given_out(reader)) + reader.missed.get("Beat", 0) == last + 1


def test_anybody_elses_snapshot_is_none_of_ours():
    reader = joined()
    reader.read(parts(msgspec.structs.replace(BASE, tick=7), topic="?snapshot/" + "ab" * 16), 0.0)
    assert reader.snapshot.tick == 5


def test_a_second_snapshot_tells_what_was_missed_in_between():
    reader = joined()
    later = msgspec.structs.replace(BASE, tick=8, numbers={"Beat": 13, "Charged": 4})
    reader.read(parts(later, topic=reader.ask_snapshot()), 0.0)
    assert reader.missed == {"Beat": 3}, "what was not subscribed to is not missed"
    assert reader.snapshot.tick == 8


@pytest.mark.parametrize("change", [{}, {"numbers": {"Beat": 3}}, {"numbers": {"Beat": 99}, "tick": 90}])
def test_another_run_at_the_same_place_is_told_apart(change):
    reader = joined()
    with pytest.raises(RunError, match="another one answers"):
        reader.read(
            parts(msgspec.structs.replace(BASE, run_id=EARLIER.digits, **change), topic=reader.ask_snapshot()), 0.0
        )


def test_who_comes_after_the_end_is_told_so():
    ended = {"numbers": {"Beat": 11, "RunEnded": 1}}
    with pytest.raises(RunError, match="has ended"):
        joined(**ended)
    reader = joined()
    reader.read(parts(RunEnded(tick=9, status="complete", digest="d")), 0.0)
    reader.read(parts(msgspec.structs.replace(BASE, **ended), topic=reader.ask_snapshot()), 0.0)
    assert reader.over, "who heard the end himself is not surprised"


def test_too_much_waiting_loses_the_oldest_and_counts_it(monkeypatch):
    monkeypatch.setattr(module, "BACKLOG_MESSAGES", 3)
    reader = joined()
    for number in range(10, 15):
        reader.read(parts(beat(number), number), 0.0)
    assert [m.body.tick for m in given_out(reader)] == [12, 13, 14]
    assert reader.missed == {"Beat": 2}
    monkeypatch.setattr(module, "BACKLOG_BYTES", 10)
    reader.read(parts(beat(15), 15), 0.0)
    assert (reader.waiting, reader.missed) == (0, {"Beat": 3})


def test_the_end_is_the_end_once_it_is_given_out():
    reader = joined()
    ending = RunEnded(tick=9, status="complete", digest="d")
    reader.read(parts(ending), 0.0)
    assert (reader.over, reader.ended) == (True, None)
    assert given_out(reader)[0].body == reader.ended == ending


def test_the_clock_goes_on_between_beats_and_stands_in_a_pause():
    reader = joined()
    assert reader.now_ms(100.0) == 5_000
    assert reader.now_ms(101.0) == 7_000
    assert reader.expires_ms(101.0) == 7_000 + 10_000
    reader.read(parts(beat(9, paused=True), 10), 200.0)
    assert reader.now_ms(300.0) == 9_000
    reader.read(parts(beat(9, speed=1e6), 11), 200.0)
    assert reader.expires_ms(300.0) == 9_000 + 600_000, "never further ahead than is allowed"


@given(st.floats(0.0, 1e9))
def test_an_order_holds_five_seconds_of_either_clock_within_what_is_allowed(speed):
    assert min(600_000, 5_000) <= lifetime_ms(speed) <= 600_000
    if 0.0 < speed <= 120.0:
        assert lifetime_ms(speed) >= min(600_000, int(5_000 * speed))


@pytest.mark.parametrize(
    "wrong", [[], [b"Beat"], [b"Beat", b"1", b""], [b"\xff", bytes(8), b""], [b"B", bytes(8), b"", b""]]
)
def test_what_is_no_published_message_is_an_error(wrong):
    with pytest.raises(MessageError):
        read_published(wrong)


def test_a_counter_grows_from_the_clock_on():
    source = SeqSource()
    numbers = [source.next() for _ in range(1000)]
    assert numbers == sorted(set(numbers))
    assert numbers[0] > 1_700_000_000_000_000
    assert SeqSource().next() > numbers[0]


# ---- lifelines


def line(*events, locked=False, patience_s=5.0):
    life = Lifeline(URL, locked=locked, patience_s=patience_s)
    for at, event in enumerate(events):
        life.note(event, float(at))
    return life


@pytest.mark.parametrize(
    "events, locked, said",
    [
        ((), False, f"nobody answers at {URL} within 5 s"),
        (("reached",), False, "is it a run"),
        (("reached", "broken-off", "down"), True, "refuses this key"),
        (("reached", "broken-off", "down"), False, "a key is needed"),
        (("reached", "up"), False, f"the run at {URL} does not answer within 5 s"),
        (("reached", "up", "down"), False, f"the run at {URL} is gone"),
    ],
)
def test_silence_is_explained(events, locked, said):
    assert said in str(line(*events, locked=locked).silence(5.0))


@pytest.mark.parametrize(
    "event, locked, said",
    [("refused", True, "refuses this key"), ("other-lock", True, "--insecure"), ("other-lock", False, "--key")],
)
def test_what_is_hopeless_is_said_at_once(event, locked, said):
    with pytest.raises(RunError, match=said):
        line(event, locked=locked)


def test_a_lost_connection_has_a_while_to_come_back():
    life = line("reached", "up", "down")
    assert life.gives_up_s == 2.0 + 5.0
    life.check(6.9)
    with pytest.raises(RunError, match="is gone"):
        life.check(7.0)
    assert life.note("up", 6.9)
    assert life.gives_up_s is None
    life.check(1e9)


def test_a_lost_connection_is_spared_while_the_far_side_is_heard_on_another():
    life = line("reached", "up", "down")
    life.spare(6.0)
    life.check(10.9)
    with pytest.raises(RunError, match="is gone"):
        life.check(11.0)
    well = line("reached", "up")
    well.spare(6.0)
    assert well.gives_up_s is None


def test_a_connection_that_is_expected_must_come_about():
    life = line().twin()
    life.expect(1.0)
    life.expect(3.0)
    assert life.gives_up_s == 1.0 + 5.0
    assert not life.note("up", 3.0), "it was never lost"
    life.expect(4.0)
    assert life.gives_up_s is None
