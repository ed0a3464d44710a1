"""The blocking client over real sockets: joining, reading, counting losses, asking, and finding the run gone."""

import math
import re
import socket
import threading
import time

import msgspec
import numpy as np
import pytest

import fleet
from fleet.base.errors import RunError, UsageError
from fleet.bus import dial
from fleet.messages.control import PauseRun, SetSpeed, StepRun, StopRun
from fleet.messages.orders import Recall
from fleet.messages.reports import Charged
from fleet.messages.seal import Verifier
from fleet.messages.security import Alert
from fleet.messages.tamper import StartTamper
from tests.messages.runs import EARLIER, RUN

from .proxy import Proxy
from .toy_gate import CITY, VEHICLES, ToyGate, frame, identity

ALERT = Alert(
    alert_id="a",
    detector="range-check",
    attack_class="gps-tow",
    entity="light-01",
    score=2.0,
    threshold=1.0,
    evidence="",
)
CHARGED = Charged(site="depot", vehicle="light-01", delivered_wh=1.0, drawn_wh=1.1)
KIM, MALLORY, VERA = identity("kim", "operator"), identity("mallory", "red"), identity("vera", "viewer")


@pytest.fixture
def gate():
    with ToyGate() as toy:
        yield toy


def joined(gate, who=None, **options):
    return fleet.connect(gate.url, who, insecure=True, **options)


def names(messages):
    return [type(message.body).__name__ for message in messages]


# ---- reading


def test_a_client_is_ready_when_it_is_there(gate):
    gate.held_tick(frame(1))
    with joined(gate) as client:
        gate.held_tick(frame(2), ALERT)
        gate.end()
        assert (client.snapshot.tick, client.snapshot.numbers) == (1, {"TelemetryFrame": 1, "Beat": 1})
        assert client.vehicles == VEHICLES
        assert client.ended is None
        assert names(client) == ["TelemetryFrame", "Alert", "Beat", "RunEnded"]
        assert client.ended.status == "complete"
        assert client.missed == {}
        assert list(client) == [], "after the end there is nothing"


def test_frames_are_views_of_what_came(gate):
    with joined(gate) as client:
        gate.held_tick(frame(7))
        gate.end()
        (columns,) = client.frames()
    assert columns.tick == 7
    assert tuple(columns.vehicles) == VEHICLES
    assert columns.battery_wh.tolist() == [7.5] * 3
    assert columns.state_of(0) == "cruising"
    for array in (columns.x_m, columns.load_kg, columns.state):
        assert not array.flags.writeable
        assert not array.flags.owndata
        assert isinstance(array, np.ndarray)


def test_the_names_of_vehicles_can_be_picked_like_their_numbers(gate):
    with joined(gate) as client:
        gate.held_tick(frame(7))
        gate.end()
        (columns,) = client.frames()
    assert columns.vehicles[columns.battery_wh < 10].tolist() == list(VEHICLES)
    assert columns.vehicles[columns.battery_wh > 10].tolist() == []
    assert columns.vehicles[[2, 0]].tolist() == [VEHICLES[2], VEHICLES[0]]
    assert type(columns.vehicles[1]) is str, "so that it can be put into an order as it is"
    assert columns.x_m[columns.vehicles == VEHICLES[1]].shape == (1,)
    with pytest.raises(ValueError, match="read-only"):
        columns.vehicles[0] = "mine"


def test_what_is_lost_is_counted_by_topic(gate):
    with joined(gate) as client:
        gate.held_tick(frame(1))
        gate.lose("TelemetryFrame", 3)
        gate.lose("Alert", 2)
        gate.held_tick(frame(2), ALERT)
        gate.end()
        assert len(names(client)) == 6
        assert client.missed == {"TelemetryFrame": 3, "Alert": 2}


def test_a_client_gets_the_topics_it_asked_for(gate):
    with joined(gate, topics=("Alert",)) as client:
        gate.held_tick(frame(1), ALERT, CHARGED)
        gate.end()
        assert names(client) == ["Alert"]
        assert client.ended is not None
        with pytest.raises(UsageError, match="not subscribed to: Charged"):
            next(client.messages(("Charged",)))
    with pytest.raises(UsageError, match="no such topic: Alart"):
        joined(gate, topics=("Alart",))


def test_alerts_and_the_map(gate):
    with joined(gate) as client:
        gate.held_tick(ALERT)
        gate.held_tick(ALERT, CHARGED)
        assert client.city() == CITY
        assert client.city() is client.city()
        assert list(client.alerts(timeout_s=0.2)) == [ALERT, ALERT], "asking for the map loses nothing"
        began = time.monotonic()
        assert list(client.messages(timeout_s=0.05)) == []
        assert 0.04 < time.monotonic() - began < 2.0


def test_a_client_that_does_not_read_keeps_a_bounded_queue_and_an_honest_count():
    big, published = msgspec.structs.replace(frame(1), x_m=bytes(60_000)), 1_000
    with ToyGate(frame_bytes=2**20) as gate, joined(gate, queue=10) as client:
        gate.say(*[big] * published)
        # What the sockets between held back comes first; the frame after it tells how much is missing.
        read = names(client.messages(timeout_s=0.2))
        gate.held_tick(frame(2))
        read += names(client.messages(timeout_s=0.2))
        came = read.count("TelemetryFrame")
        assert came + client.missed["TelemetryFrame"] == published + 1
        assert client.missed["TelemetryFrame"] > 0


# ---- asking


def test_orders_are_signed_counted_and_answered(gate):
    with joined(gate, KIM) as client:
        gate.held_tick()
        next(client.messages(("Beat",)))
        receipts = [client.pause(), client.resume(), client.step(3), client.speed(2), client.stop_run()]
        order = Recall(
            order_id=client.fresh_id(), vehicle="light-01", site="depot", x_m=1.0, y_m=2.0, navigation="gnss"
        )
        receipts.append(client.order(order))
    assert [receipt.tick for receipt in receipts] == [1] * 6
    assert [message.seq for message in gate.heard] == [receipt.seq for receipt in receipts]
    assert [message.body for message in gate.heard[2:]] == [
        StepRun(ticks=3),
        SetSpeed(factor=2.0),
        StopRun(),
        order,
    ]
    verbs = frozenset({"PauseRun", "ResumeRun", "StepRun", "SetSpeed", "StopRun", "Recall"})
    verifier = Verifier({"operator/kim": KIM.key.public}, {"operator/kim": verbs}, RUN)
    assert [verifier.check(message, 1_000) for message in gate.heard] == [""] * 6
    assert all(1_000 + 5_000 <= message.expires_ms <= 1_000 + 9_000 for message in gate.heard)


def test_a_refusal_is_a_receipt(gate):
    gate.judge = lambda message: "unknown-key"
    with joined(gate, KIM) as client:
        receipt = client.pause()
    assert (receipt.tick, receipt.cause) == (-1, "unknown-key")


def test_an_order_that_came_too_late_is_sent_once_more_by_the_runs_own_clock(gate):
    gate.judge = lambda message: "stale" if message.expires_ms < 1_000_000 else ""
    with joined(gate, KIM) as client:
        gate.tick = 2_000
        assert client.pause().cause == ""
        gate.judge = lambda message: "stale"
        assert client.pause().cause == "stale", "once, and not for ever"
    assert [message.expires_ms > 2_000_000 for message in gate.heard[:2]] == [False, True]
    assert len(gate.heard) == 4


def test_who_may_not_ask_is_told_before_anything_is_sent(gate):
    with joined(gate) as client, pytest.raises(UsageError, match="an order is signed"):
        client.pause()
    with joined(gate, VERA) as client:
        with pytest.raises(UsageError, match="viewer, which opens no command door"):
            client.order(PauseRun())
        with pytest.raises(UsageError, match="viewer, which opens no injection door"):
            client.inject("navigation.gnss-tow", "light-01")
    assert gate.heard == []


def test_what_no_run_takes_is_not_sent(gate):
    with joined(gate, KIM) as client:
        with pytest.raises(UsageError, match=r"^SetSpeed: factor: expected a number from 0 to 1e\+06, found nan$"):
            client.speed(math.nan)
        with pytest.raises(UsageError, match=r"^StepRun: ticks: expected a whole number from 1 to 1,000,000"):
            client.step(0)
    with joined(gate, MALLORY) as client, pytest.raises(UsageError, match=r"^StartTamper: parameters\.rate_mps: "):
        client.inject("navigation.gnss-tow", "light-01", rate_mps=math.inf)
    assert gate.heard == []


def test_an_injection_is_answered_with_its_tick(gate):
    with joined(gate, MALLORY) as client:
        answer = client.inject("navigation.gnss-tow", "light-01", rate_mps=1, mode="slow")
        assert (answer.effect_tick, answer.cause) == (1, "")
        stopped = client.stop(answer.tamper_id)
        assert stopped.tamper_id == answer.tamper_id
        gate.no_effect = "light-01 is not in the air"
        assert client.inject("navigation.gnss-tow", "light-01").cause == "light-01 is not in the air"
        gate.judge = lambda message: "not-allowed"
        refused = client.inject("navigation.gnss-tow", "light-01")
        assert (refused.effect_tick, refused.cause) == (-1, "not-allowed")
    first = gate.heard[0]
    assert (first.sender, first.signature, first.expires_ms) == ("red/mallory", b"", 0)
    assert first.body == StartTamper(
        tamper_id=answer.tamper_id, primitive="navigation.gnss-tow", target="light-01",
        parameters={"rate_mps": 1.0, "mode": "slow"},
    )  # fmt: skip
    assert len({message.body.tamper_id for message in gate.heard}) == 3


def test_no_receipt_is_an_error_that_says_where_it_hangs(gate):
    gate.mute = True
    gate.speed = 40.0
    with joined(gate, KIM, timeout_s=0.1) as client:
        with pytest.raises(RunError, match=r"does not answer within 0\.2 s"):
            client.pause()
        gate.paused = True
        gate.held_tick()
        with pytest.raises(RunError, match=r"is paused and has not answered within 0\.2 s"):
            client.order(PauseRun())


def test_the_receipt_of_what_ended_the_run_may_come_after_its_end(gate):
    gate.before_receipt = lambda message: gate.publish_end()
    with joined(gate, KIM) as client:
        assert client.stop_run().cause == ""
        assert names(client) == ["RunEnded"]
        with pytest.raises(RunError, match="is over"):
            client.pause()


# ---- being gone


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(RunError, match=r"nobody answers at tcp://127.0.0.1:\d+ within 0.2 s"):
        fleet.connect(f"tcp://127.0.0.1:{port}", timeout_s=0.2)


def test_somebody_there_who_is_no_run():
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(RunError, match="is it a run"):
        fleet.connect(f"tcp://127.0.0.1:{listener.getsockname()[1]}", timeout_s=0.3)


@pytest.mark.parametrize("timeout_s", [-1.0, math.nan, math.inf, "5"])
def test_a_time_that_is_none(gate, timeout_s):
    told = f"timeout_s: expected a finite number of seconds from 0, found {timeout_s!r}"
    with pytest.raises(UsageError, match=re.escape(told)):
        fleet.connect(gate.url, timeout_s=timeout_s)
    with pytest.raises(UsageError, match=re.escape(told)):
        fleet.connect_async(gate.url, timeout_s=timeout_s)
    with joined(gate) as client, pytest.raises(UsageError, match=re.escape(told)):
        next(client.messages(timeout_s=timeout_s))


def test_a_url_that_is_none():
    with pytest.raises(UsageError, match="is not an endpoint"):
        fleet.connect("localhost:5570")


def test_a_run_that_vanishes_is_gone():
    with ToyGate() as gate:
        client = joined(gate, timeout_s=0.3)
        gate.held_tick()
    with client, pytest.raises(RunError, match="is gone"):
        for _ in client:
            pass


def test_doors_that_close_after_the_end_are_no_loss():
    with ToyGate() as gate:
        client = joined(gate, timeout_s=0.1)
        gate.end()
    with client:
        assert names(client) == ["RunEnded"]


def test_a_connection_that_comes_back_says_what_it_missed(gate):
    with Proxy(gate.url) as proxy, fleet.connect(proxy.url, insecure=True) as client:
        gate.held_tick(frame(1))
        assert len(names(client.messages(timeout_s=0.2))) == 2
        first = client.snapshot
        proxy.cut()
        gate.wait_for_no_reader()
        gate.held_tick(frame(2))
        gate.held_tick(frame(3))
        proxy.let_in()
        while client.snapshot is first:
            list(client.messages(timeout_s=0.02))
        gate.held_tick(frame(4))
        gate.end()
        assert names(client) == ["TelemetryFrame", "Beat", "RunEnded"]
        assert client.snapshot.tick == 3
        assert client.missed == {"TelemetryFrame": 2, "Beat": 2}


def test_a_half_open_connection_is_noticed(gate, monkeypatch):
    monkeypatch.setattr(dial, "HEARTBEAT_MS", 50)
    monkeypatch.setattr(dial, "HEARTBEAT_TIMEOUT_MS", 200)
    with Proxy(gate.url) as proxy, fleet.connect(proxy.url, insecure=True, timeout_s=0.3) as client:
        proxy.stall()
        began = time.monotonic()
        with pytest.raises(RunError, match="is gone"):
            list(client)
        assert time.monotonic() - began < 5.0


def test_another_run_at_the_same_place_is_not_taken_for_the_first():
    gate = ToyGate()
    with gate:
        client = fleet.connect(gate.url, insecure=True)
        gate.held_tick()
        gate.held_tick()
        list(client.messages(timeout_s=0.1))
    with ToyGate(gate.url, run=EARLIER), client, pytest.raises(RunError, match="another one answers there"):
        list(client)


def test_closing_twice_and_from_a_thread_that_reads_no_more(gate):
    client = joined(gate)
    reader = threading.Thread(target=lambda: list(client.messages(timeout_s=0.05)))
    reader.start()
    reader.join(timeout=10)
    client.close()
    client.close()
    assert not reader.is_alive()
