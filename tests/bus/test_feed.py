"""The record door: everything, in order, as fast as the recorder writes, and no silence about one that is gone."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
import zmq
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.base.errors import RunError
from fleet.bus.doors import Doors
from fleet.bus.feed import MESSAGES_PER_BATCH, Feed
from fleet.messages.codec import encode
from fleet.messages.envelope import Envelope
from fleet.messages.frames import RangeFrame, TelemetryFrame, pack
from fleet.messages.notices import Credit, FeedEnds
from fleet.messages.reports import VehicleRoster
from tests.bus.feed_recorder import INFO, PATIENCE_S, Reading, said, url_of
from tests.bus.visitor import until
from tests.messages.bodies import fixed

RESULTS = {"digest": "sha256:0"}


def frame(tick, vehicles=3):
    column = pack(np.full(vehicles, tick))
    body = TelemetryFrame(
        tick=tick, x_m=column, y_m=column, height_m=column, speed_mps=column, battery_wh=column, load_kg=column,
        state=pack(np.zeros(vehicles), "<u1"),
    )  # fmt: skip
    return Envelope(sender="world/frames", seq=tick, t_ms=1000 * tick, body=body)


def roster():
    return Envelope(sender="world/frames", seq=0, t_ms=0, body=fixed(VehicleRoster))


def hear_ticks(feed, ticks):
    for tick in ticks:
        feed.hear(tick, [said(tick)])


@pytest.fixture
def remarks():
    return []


@pytest.fixture
def doors(tmp_path):
    with Doors(f"ipc://{tmp_path}/run") as opened:
        yield opened


@pytest.fixture
def feed(doors, remarks):
    return Feed(doors, scenario="seed: 1\n", info=INFO, map_origin=(7.4, 43.7), say=remarks.append)


def test_everything_comes_in_order_and_then_the_end(doors, feed):
    reading = Reading(url_of(doors))
    assert feed.await_reader(PATIENCE_S)
    batches = [[said(2 * tick), said(2 * tick + 1), frame(tick)] for tick in range(200)]
    for tick, batch in enumerate(batches):
        feed.hear(tick, batch)
    feed.end("complete", RESULTS)
    reading.done()
    assert reading.got == list(enumerate(batches))
    assert reading.ended.status == "complete"
    assert json.loads(reading.ended.results_json) == RESULTS
    assert reading.start_info.scenario == "seed: 1\n"
    assert reading.start_info.info == {**INFO, "from_tick": 0, "map_origin": [7.4, 43.7]}
    assert (reading.start_info.from_tick, reading.start_info.map_origin) == (0, (7.4, 43.7))
    assert feed.attached == 0


@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:0", "inproc://feed"])
def test_over_every_transport(endpoint):
    context = zmq.Context() if endpoint.startswith("inproc") else None
    with Doors(endpoint, context=context) as doors:
        feed = Feed(doors, scenario="", info=INFO, map_origin=(0.0, 0.0))
        reading = Reading(url_of(doors), context)
        assert feed.await_reader(PATIENCE_S)
        for tick in range(100):
            feed.hear(tick, [said(tick)])
        feed.end("complete", {})
        reading.done()
    assert [messages for _, messages in reading.got] == [[said(tick)] for tick in range(100)]
    if context is not None:
        context.term()


def test_nobody_at_the_record_door_costs_nothing_and_can_be_waited_for(feed):
    assert not feed.await_reader(0.01)
    feed.hear(0, [said(0)])
    feed.end("complete", {})
    assert (feed.attached, feed.stalls) == (0, 0)


def test_what_no_recorder_keeps_is_not_sent(doors, feed):
    reading = Reading(url_of(doors))
    assert feed.await_reader(PATIENCE_S)
    ranges = Envelope(sender="w", seq=0, t_ms=0, body=RangeFrame(tick=0, vehicle=b"", anchor=b"", range_m=b""))
    feed.hear(0, [ranges])
    feed.hear(1, [said(0), ranges])
    feed.hear(2, [])
    feed.end("complete", {})
    assert reading.done().got == [(1, [said(0)])]


def test_a_tick_of_many_messages_comes_in_parts(doors, feed):
    reading = Reading(url_of(doors), window=2)
    assert feed.await_reader(PATIENCE_S)
    batch = [said(number) for number in range(5 * MESSAGES_PER_BATCH + 1)]
    feed.hear(7, batch)
    feed.end("complete", {})
    reading.done()
    assert [tick for tick, _ in reading.got] == [7] * 6
    assert [message for _, messages in reading.got for message in messages] == batch


def test_a_slow_recorder_loses_nothing_and_the_run_waits_and_says_so(doors, feed, remarks):
    gate = threading.Event()
    reading = Reading(url_of(doors), window=4, gate=gate)
    assert feed.await_reader(PATIENCE_S)
    held = threading.Thread(target=hear_ticks, args=(feed, range(300)), daemon=True)
    held.start()
    # Four batches are under way and none is written: the run stands still at the fifth, and says so.
    until(lambda: remarks, PATIENCE_S)
    assert feed.stalls == 1
    assert held.is_alive()
    assert "waits at tick 4 for the recorder" in remarks[0]
    gate.set()
    held.join(PATIENCE_S)
    feed.end("complete", {})
    assert reading.done().got == [(tick, [said(tick)]) for tick in range(300)]
    assert feed.waited_s >= 1.0
    assert "goes on after" in remarks[1]
    assert f"waited {feed.stalls} time(s)" in remarks[-1]


@settings(max_examples=15, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 7), max_size=30),
    windows=st.lists(st.integers(1, 70), min_size=1, max_size=3),
)
def test_whatever_the_windows_each_recorder_has_everything(sizes, windows):
    context = zmq.Context()
    with Doors("inproc://law", context=context) as doors:
        feed = Feed(doors, scenario="", info=INFO, map_origin=(0.0, 0.0))
        readings = [Reading("inproc://law", context, window) for window in windows]
        assert feed.await_reader(PATIENCE_S, len(windows))
        batches = [(tick, [said(n) for n in range(size)]) for tick, size in enumerate(sizes)]
        for tick, batch in batches:
            feed.hear(tick, batch)
        feed.end("complete", {})
        for reading in readings:
            assert reading.done().got == [(tick, batch) for tick, batch in batches if batch]
    context.term()


def test_a_late_recorder_knows_from_which_tick_and_has_the_roster(doors, feed):
    feed.hear(0, [roster()])
    for tick in range(1, 5):
        feed.hear(tick, [said(tick)])
    reading = Reading(url_of(doors))
    assert feed.await_reader(PATIENCE_S)
    for tick in range(5, 9):
        feed.hear(tick, [said(tick)])
    feed.end("interrupted", RESULTS)
    reading.done()
    assert reading.start_info.from_tick == 5
    assert reading.got == [(0, [roster()]), *((tick, [said(tick)]) for tick in range(5, 9))]
    assert reading.ended.status == "interrupted"


def test_one_that_cannot_write_ends_the_run_with_its_cause_and_the_others_have_the_tick(doors, feed):
    other = Reading(url_of(doors))
    failing = Reading(url_of(doors), window=1, ends="at once", cause="/r/events.jsonl: cannot write: disk full")
    assert feed.await_reader(PATIENCE_S, 2)
    with pytest.raises(RunError, match=r"the recorder .* stopped at tick [01]: /r/events.jsonl: cannot write"):
        hear_ticks(feed, range(3))
    feed.end("failed", {})
    failing.done()
    assert len(other.done().got) == feed._tick
    assert other.ended.status == "failed"


def test_one_whose_disk_is_full_at_the_very_end_fails_the_run_too(doors, feed):
    reading = Reading(url_of(doors), ends="failed", cause="no room for the last part")
    assert feed.await_reader(PATIENCE_S)
    feed.hear(0, [said(0)])
    with pytest.raises(RunError, match="no room for the last part"):
        feed.end("complete", {})
    reading.done()


def test_a_user_who_will_not_wait_for_a_recorder_is_heard(doors):
    def stop():
        raise KeyboardInterrupt

    feed = Feed(doors, scenario="", info=INFO, map_origin=(0.0, 0.0), meanwhile=stop)
    gate = threading.Event()
    reading = Reading(url_of(doors), window=1, gate=gate)
    assert feed.await_reader(PATIENCE_S)
    with pytest.raises(KeyboardInterrupt):
        hear_ticks(feed, range(3))
    gate.set()
    feed.end("failed", {})
    assert reading.done().ended.status == "failed"


@pytest.mark.parametrize("ends", ["at once", "gone", "stuck"])
def test_a_stranger_who_comes_late_cannot_end_the_run(doors, feed, remarks, monkeypatch, ends):
    monkeypatch.setattr("fleet.bus.feed.GUEST_PATIENCE_S", 0.1)
    monkeypatch.setattr("fleet.bus.feed.PROBE_MS", 20)
    feed.hear(0, [said(0)])
    gate = threading.Event()
    reading = Reading(
        url_of(doors), window=1, ends=ends, cause="because", gate=None if ends == "at once" else gate
    )
    assert feed.await_reader(PATIENCE_S)
    if ends == "gone":
        reading.leave_now.set()
    hear_ticks(feed, range(1, 10))
    assert feed.attached == 0
    assert "the run goes on without it" in remarks[0]
    feed.end("complete", {})
    gate.set()
    reading.done()
    if ends == "stuck":
        assert reading.ended.status == "interrupted"


def test_a_stranger_who_does_not_confirm_the_end_is_not_waited_for(doors, feed, remarks, monkeypatch):
    monkeypatch.setattr("fleet.bus.feed.GUEST_FAREWELL_S", 0.1)
    monkeypatch.setattr("fleet.bus.feed.PROBE_MS", 20)
    feed.hear(0, [said(0)])
    gate = threading.Event()
    reading = Reading(url_of(doors), gate=gate)
    assert feed.await_reader(PATIENCE_S)
    feed.hear(1, [said(1)])
    feed.end("complete", {})
    assert "does not confirm the end" in remarks[-1]
    gate.set()
    reading.done()


def test_one_that_its_user_takes_away_lets_the_run_go_on(doors, feed, remarks):
    reading = Reading(url_of(doors), window=1, ends="taken away")
    assert feed.await_reader(PATIENCE_S)
    hear_ticks(feed, range(3))
    feed.end("complete", {})
    reading.done()
    assert "was taken away" in remarks[0]


def test_noise_at_the_door_is_counted_and_harmless(doors, feed):
    context = zmq.Context()
    noisy = context.socket(zmq.DEALER)
    noisy.setsockopt(zmq.LINGER, 0)
    noisy.connect(doors.endpoints.of("record"))
    credit = encode(Envelope(sender="r", seq=0, t_ms=0, body=Credit(batches=-5)))
    end = encode(Envelope(sender="r", seq=0, t_ms=0, body=FeedEnds(status="complete", results_json="")))
    for parts in ([b""], [b"junk"], [b"", b"two"], [credit], [end], [encode(said(1))]):
        noisy.send_multipart(parts)
    until(lambda: feed.hear(0, []) or doors.refusals.total == 6, PATIENCE_S)
    reading = Reading(url_of(doors))
    assert feed.await_reader(PATIENCE_S)
    feed.hear(0, [said(0)])
    feed.end("complete", {})
    assert len(reading.done().got) == 1
    [refused] = doors.refusals.drain()
    assert (refused.door, refused.cause, refused.count) == ("record", "malformed", 6)
    context.destroy(linger=0)


def test_a_reader_that_allows_the_earth_is_not_believed(doors, feed):
    context = zmq.Context()
    greedy = context.socket(zmq.DEALER)
    greedy.setsockopt(zmq.LINGER, 0)
    greedy.connect(doors.endpoints.of("record"))
    greedy.send(encode(Envelope(sender="r", seq=0, t_ms=0, body=Credit(batches=2**62))))
    assert feed.await_reader(PATIENCE_S)
    [recorder] = feed._recorders.values()
    assert recorder.credit == 256
    context.destroy(linger=0)


READER = """
import sys
from fleet.bus.feed_reader import FeedReader
with FeedReader(sys.argv[1]) as reader:
    reader.begin(20.0)
    for tick, messages in reader.batches():
        print(tick, flush=True)
"""


@pytest.fixture
def spawn_reader():
    children = []

    def spawn(url):
        child = subprocess.Popen([sys.executable, "-c", READER, url], stdout=subprocess.PIPE, text=True)
        children.append(child)
        return child

    yield spawn
    for child in children:
        child.kill()
        child.wait()
        child.stdout.close()


@pytest.mark.parametrize("scheme", [pytest.param("ipc", marks=pytest.mark.thorough), "tcp"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_recorder_killed_or_stopped_ends_the_run_with_its_name(tmp_path, spawn_reader, scheme, how):
    endpoint = f"ipc://{tmp_path}/run" if scheme == "ipc" else "tcp://127.0.0.1:0"
    with Doors(endpoint, silence_s=1.0) as doors:
        feed = Feed(doors, scenario="", info=INFO, map_origin=(0.0, 0.0))
        child = spawn_reader(url_of(doors))
        assert feed.await_reader(PATIENCE_S)
        feed.hear(0, [said(0)])
        assert child.stdout.readline() == "0\n"
        child.send_signal(how)
        with pytest.raises(RunError, match=r"the recorder .*[0-9]\)? is gone at tick \d+: its connection broke"):
            hear_ticks(feed, range(1, 10**6))
        assert feed.attached == 0
        feed.end("failed", {})


def test_a_recorder_that_dies_while_nothing_is_said_is_noticed(doors, feed, spawn_reader):
    child = spawn_reader(url_of(doors))
    assert feed.await_reader(PATIENCE_S)
    feed.hear(0, [said(0)])
    assert child.stdout.readline() == "0\n"
    feed.look()
    assert feed.attached == 1
    child.kill()
    with pytest.raises(RunError, match=r"the recorder .* is gone at tick 1: its connection broke"):
        until(feed.look, PATIENCE_S)
    assert feed.attached == 0


def test_a_recorder_that_dies_before_it_confirms_the_end_fails_the_run(doors, feed, spawn_reader):
    child = spawn_reader(url_of(doors))
    assert feed.await_reader(PATIENCE_S)
    feed.hear(0, [said(0)])
    assert child.stdout.readline() == "0\n"
    # This reader leaves without a word when it has read the end.
    with pytest.raises(RunError, match="is gone at tick 1"):
        feed.end("complete", {})


def test_one_that_never_confirms_holds_a_broken_run_only_a_moment(doors, feed, remarks, monkeypatch):
    monkeypatch.setattr("fleet.bus.feed.PROBE_MS", 20)
    gate = threading.Event()
    reading = Reading(url_of(doors), gate=gate)
    assert feed.await_reader(PATIENCE_S)
    feed.hear(0, [said(0)])
    feed.end("failed", {}, patience_s=0.1)
    assert "does not confirm the end" in remarks[-1]
    feed.end("complete", {})
    gate.set()
    assert reading.done().ended.status == "failed"
