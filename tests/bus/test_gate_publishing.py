"""What the gate publishes over real sockets, without keys: batches, beats, snapshots, the map, the end."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
import zmq

from fleet.base.errors import RunError
from fleet.bus.doors import Doors
from fleet.bus.gate import Gate
from fleet.bus.intake import Intake
from fleet.bus.picture import Picture, RunFacts
from fleet.bus.publisher import ASKS_PER_CONNECTION, ASKS_PER_SECOND
from fleet.bus.wire import CITY_ASKED, private_topic
from fleet.messages.codec import decode, encode
from fleet.messages.frames import TelemetryFrame, pack
from fleet.messages.notices import Beat, MessagesRefused, RunEnded
from fleet.messages.truth import AttackEnded
from tests.bus.at_the_gate import CITY, taken, told
from tests.bus.visitor import Visitor, published, until
from tests.messages.runs import RUN


def telemetry_frame(tick, rows):
    column = pack([0.0] * rows)
    return TelemetryFrame(
        tick=tick, x_m=column, y_m=column, height_m=column, speed_mps=column, battery_wh=column, load_kg=column,
        state=pack([0] * rows, "<u1"),
    )  # fmt: skip


def test_what_is_heard_is_published_in_its_order_and_the_beat_comes_last(gate, visitor):
    reader = visitor.reader(b"")
    gate.hear(3, [told(0), told(1), told(0, AttackEnded(attack_id="x"))])
    found = [published(reader) for _ in range(3)]
    assert [(topic, number) for topic, number, _ in found] == [
        ("UnloadRefused", 0),
        ("UnloadRefused", 1),
        ("Beat", 0),
    ]
    assert [body.facility for _, _, body in found[:2]] == ["f0", "f1"]
    assert found[2][2] == Beat(tick=3, now_ms=3_000, speed=0.0, paused=False)


def test_the_truth_is_published_at_its_own_door_only(gate, visitor):
    reader = visitor.reader(b"", door="truth")
    gate.hear(0, [told(0), told(0, AttackEnded(attack_id="x"))])
    assert [published(reader)[0] for _ in range(2)] == ["AttackEnded", "Beat"]


def test_nothing_of_the_truth_is_in_the_numbers_of_a_snapshot(gate, visitor):
    reader = visitor.reader(b"Beat")
    gate.hear(0, [told(0), told(0, AttackEnded(attack_id="x"))])
    published(reader)
    assert visitor.snapshot(reader).numbers == {"UnloadRefused": 1, "Beat": 1}


def test_numbers_count_what_nobody_heard(gate, visitor):
    for tick in range(4):
        gate.hear(tick, [told(tick)])
    reader = visitor.reader(b"UnloadRefused")
    gate.hear(4, [told(4)])
    topic, number, body = published(reader)
    assert (topic, number, body.facility) == ("UnloadRefused", 4, "f4")


def test_a_snapshot_and_what_follows_leave_no_gap(gate, visitor):
    """Readers come while a run goes on at full speed: each gets all from its snapshot's numbers on, in order."""
    joined = threading.Semaphore(0)
    outcomes = []

    def join():
        with Visitor(visitor.endpoints) as late:
            reader = late.reader(b"UnloadRefused", b"RunEnded", ready=False)
            # What came before the snapshot is in it already: it bears a lower number.
            expected = late.snapshot(reader).numbers.get("UnloadRefused", 0)
            joined.release()
            while True:
                topic, number, _ = published(reader)
                if topic == "RunEnded":
                    outcomes.append(expected)
                    return
                if number != expected:
                    outcomes.append(f"expected {expected}, found {number}")
                    return
                expected += 1

    readers = [threading.Thread(target=join) for _ in range(4)]
    tick = came = 0
    while came < len(readers) or tick < 1_000:
        if tick % 100 == 0 and tick // 100 < len(readers):
            readers[tick // 100].start()
        gate.hear(tick, [told(tick)])
        came += joined.acquire(blocking=False)
        tick += 1
        assert tick < 1_000_000, "the readers did not join"
    gate.end("complete", "d")
    for reader in readers:
        reader.join(10)
    assert outcomes == [tick] * len(readers)


def test_frames_are_wanted_only_while_somebody_subscribes_to_them(gate, visitor):
    assert not gate.watched
    alerts = visitor.reader(b"Alert")
    assert not gate.watched
    frames = visitor.reader(b"Telemetry")
    assert gate.watched
    frames.setsockopt(zmq.UNSUBSCRIBE, b"Telemetry")
    until(lambda: not gate.watched)
    everything = visitor.reader(b"")
    assert gate.watched
    everything.close()
    until(lambda: not gate.watched)
    alerts.close()


def test_a_reader_is_awaited(gate, visitor):
    assert not gate.await_reader(0.0)
    visitor.reader(b"Beat")
    assert gate.await_reader(5.0)


def test_long_frames_arrive_whole(gate, visitor):
    reader = visitor.reader(b"TelemetryFrame")
    frame = telemetry_frame(7, 10_000)
    gate.hear(7, [told(0, frame)])
    assert published(reader)[2] == frame


def test_the_map_is_given_on_request(gate, visitor):
    reader = visitor.reader(b"Beat")
    topic = private_topic(CITY_ASKED).encode()
    reader.setsockopt(zmq.SUBSCRIBE, topic)
    found = reader.recv_multipart()
    assert found[0] == topic
    assert decode(found[2]).body == CITY


def test_private_answers_come_under_the_exact_topic_only(gate, visitor):
    reader = visitor.reader(b"Beat")
    for topic in (b"?snapshot/short", b"?snapshot/" + b"g" * 32, b"?city/", b"?", b"?other/" + b"0" * 32):
        reader.setsockopt(zmq.SUBSCRIBE, topic)
    gate.hear(0, [])
    assert published(reader)[0] == "Beat"


def test_the_pace_is_told_at_once_and_again_at_every_tick(gate, visitor):
    reader = visitor.reader(b"Beat")
    gate.beat(10.0, True)
    gate.hear(1, [])
    assert [published(reader)[2] for _ in range(2)] == [
        Beat(tick=0, now_ms=0, speed=10.0, paused=True),
        Beat(tick=1, now_ms=1_000, speed=10.0, paused=True),
    ]
    assert visitor.snapshot(reader).paused


def test_the_end_is_the_last_word(gate, doors, visitor):
    reader, truth = visitor.reader(b""), visitor.reader(b"", door="truth")
    gate.hear(9, [told(0)])
    gate.end("interrupted", "abc")
    gate.close()
    doors.close()
    for each in (reader, truth):
        last = None
        while not isinstance(last, RunEnded):
            last = published(each)[2]
        assert last == RunEnded(tick=9, status="interrupted", digest="abc")


def test_a_reader_that_stopped_holds_nobody_up_and_knows_what_it_missed(visitor):
    rows = 10_000
    with (
        Doors("tcp://127.0.0.1:*", frame_bytes=25 * rows) as doors,
        Gate(doors, Intake({}, RUN), tick_ms=1_000, picture=Picture(RunFacts("t", 1_000, 1, 0.0, RUN))) as gate,
        Visitor(doors.endpoints) as reading,
        Visitor(doors.endpoints) as stopped,
    ):
        good = reading.reader(b"UnloadRefused")
        bad = stopped.socket(zmq.SUB, "telemetry")
        bad.setsockopt(zmq.RCVHWM, 1)
        bad.setsockopt(zmq.SUBSCRIBE, b"TelemetryFrame")
        until(lambda: gate.watched)
        frame = telemetry_frame(0, rows)
        for tick in range(600):
            gate.hear(tick, [told(tick, frame), told(tick)])
        numbers = [published(good)[1] for _ in range(600)]
        assert numbers == list(range(600))
        heard = []
        while bad.poll(300):
            heard.append(published(bad)[1])
        assert len(heard) < 600
        gate.hear(600, [told(600, frame)])
        heard.append(published(bad)[1])
        # The gaps tell exactly how many it did not get.
        assert heard[-1] == 600
        lost = sum(later - earlier - 1 for earlier, later in zip([-1, *heard], heard, strict=False))
        assert lost == 601 - len(heard)


def test_a_connection_cannot_subscribe_without_end(gate, doors, visitor):
    reader = visitor.socket(zmq.XSUB, "telemetry")
    reader.setsockopt(zmq.SNDHWM, 0)
    for number in range(1_200):
        reader.send(b"\x01topic-%d" % number)
    found = until(lambda: [m.body for m in gate.take(1) if isinstance(m.body, MessagesRefused)])
    assert {(body.door, body.cause) for body in found} == {("telemetry", "flood")}
    assert visitor.reader(b"Beat") is not None


@pytest.mark.parametrize("pause_s", [0.0, 2.0])
def test_a_connection_cannot_ask_for_the_map_without_end(gate, visitor, monkeypatch, pause_s):
    """Neither at once, nor a little each second; unsubscribing gives nothing back."""
    now_s = [0.0]

    def clock():
        now_s[0] += pause_s
        return now_s[0]

    monkeypatch.setattr("fleet.bus.publisher.time", SimpleNamespace(monotonic=clock))
    reader = visitor.socket(zmq.XSUB, "telemetry")
    reader.setsockopt(zmq.SNDHWM, 0)
    for _ in range(ASKS_PER_CONNECTION + 100 if pause_s else ASKS_PER_SECOND + 1):
        topic = private_topic(CITY_ASKED).encode()
        reader.send(b"\x01" + topic)
        reader.send(b"\x00" + topic)
    found = until(lambda: [m.body for m in gate.take(1) if isinstance(m.body, MessagesRefused)])
    assert {(body.door, body.cause) for body in found} == {("telemetry", "flood")}


def test_the_map_is_encoded_once(gate, visitor, monkeypatch):
    encoded = []
    monkeypatch.setattr("fleet.bus.relay.encode", lambda message: encoded.append(message.body) or encode(message))
    reader = visitor.reader(b"Beat")
    for _ in range(5):
        topic = private_topic(CITY_ASKED).encode()
        reader.setsockopt(zmq.SUBSCRIBE, topic)
        assert decode(reader.recv_multipart()[2]).body == CITY
    assert encoded.count(CITY) == 1


def test_rubbish_from_readers_is_counted(gate, visitor):
    reader = visitor.socket(zmq.XSUB, "telemetry")
    reader.send(b"\x07rubbish")
    assert taken(gate, 1)[0].body == MessagesRefused(
        door="telemetry", cause="malformed", claimed_sender="", count=1
    )


def test_a_broken_picture_ends_the_run_with_a_message(doors):
    class Broken:
        def hear(self, tick, batch):
            raise ValueError("a mistake of ours")

        def snapshot(self, numbers, *, speed, paused):
            raise AssertionError

    with Gate(doors, Intake({}, RUN), tick_ms=1_000, picture=Broken()) as gate:

        def hear():
            for _ in range(100):
                gate.hear(0, [])

        with pytest.raises(RunError, match="the gate failed: a mistake of ours"):
            hear()


def test_a_relay_that_dies_between_two_looks_is_not_waited_for(gate, monkeypatch):
    relay = gate._relay
    clear = relay._done.clear
    gate.close()

    def dies_first():
        relay._doorman.failure = ValueError("a mistake of ours")
        clear()

    monkeypatch.setattr(relay._done, "clear", dies_first)
    monkeypatch.setattr("fleet.bus.relay.PATIENCE_S", 0.05)
    relay._jobs.append(lambda: None)
    with pytest.raises(RunError, match="the gate failed: a mistake of ours"):
        relay._wait_until_done()
