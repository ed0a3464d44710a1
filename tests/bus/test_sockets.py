"""What only the socket road has: viewers, strangers, endpoints, and the end."""

from __future__ import annotations

import socket

import pytest
import zmq

from fleet.base.errors import RunError, UsageError
from fleet.bus.endpoints import endpoints
from fleet.bus.sockets import SocketBus
from fleet.messages import codec
from fleet.messages.envelope import Envelope
from fleet.messages.orders import RevokeKey
from fleet.messages.reports import UnloadRefused
from fleet.messages.security import Alert

REFUSED = UnloadRefused(facility="f", vehicle="v", cause="full")
INTENT = RevokeKey(alert_id="a", holder="h")


@pytest.fixture
def bus():
    with SocketBus(lambda: 7, "tcp://127.0.0.1:0", patience_s=5.0) as road:
        yield road


@pytest.fixture
def context():
    with zmq.Context() as made:
        yield made


def test_a_viewer_sees_telemetry_in_the_order_of_the_run_and_nothing_else(bus, context):
    with context.socket(zmq.SUB) as viewer:
        viewer.connect(bus.telemetry_endpoint)
        viewer.subscribe(b"")
        assert bus.await_reader(5.0)
        for sender in "ba":
            bus.port(sender).say(REFUSED)
            bus.port(sender).say(INTENT)
        batch = bus.turn()
        bus.port("a").say(REFUSED)
        last = bus.turn()
        seen = []
        for _ in range(3):
            assert viewer.poll(5_000)
            seen.append(viewer.recv_multipart())
        assert not viewer.poll(0)
    assert [topic for topic, _ in seen] == [b"UnloadRefused"] * 3
    assert [codec.decode(payload) for _, payload in seen] == [*batch[:2], *last]


def test_a_viewer_may_choose_by_type(bus, context):
    alert = Alert(alert_id="a", detector="d", attack_class="c", entity="e", score=2.0, threshold=1.0, evidence="")
    with context.socket(zmq.SUB) as viewer:
        viewer.connect(bus.telemetry_endpoint)
        viewer.subscribe(b"Alert")
        assert bus.await_reader(5.0)
        bus.port("a").say(REFUSED)
        bus.port("a").say(alert)
        assert len(bus.turn()) == 2
        assert viewer.poll(5_000)
        assert viewer.recv_multipart()[0] == b"Alert"


def test_nobody_watching_is_noticed(bus):
    assert not bus.await_reader(0.0)
    assert not bus.watched


def test_a_viewer_that_leaves_is_forgotten(bus, context):
    viewer = context.socket(zmq.SUB)
    viewer.connect(bus.telemetry_endpoint)
    viewer.subscribe(b"")
    assert bus.await_reader(5.0)
    viewer.close(linger=0)
    for _ in range(1_000):
        bus.turn()
        if not bus.watched:
            break
        bus._publisher.poll(10)
    assert not bus.watched


@pytest.mark.parametrize(
    "payload", [b"", b"\xc1", codec.encode(Envelope(sender="dispatch", seq=0, t_ms=0, body=INTENT))]
)
def test_a_stranger_is_refused_and_the_run_goes_on(bus, context, payload):
    with context.socket(zmq.DEALER) as stranger:
        stranger.connect(bus.command_endpoint)
        stranger.send(payload)
        assert bus._router.poll(5_000)
        bus.port("a").say(INTENT)
        assert [message.sender for message in bus.turn()] == ["a"]
        for _ in range(1_000):
            if bus.refused:
                break
            bus._router.poll(10)
            assert bus.turn() == []
    assert bus.refused == 1
    assert bus.malformed == 0


def test_our_own_malformed_bytes_are_counted_and_not_fatal(bus):
    class Odd(RevokeKey, frozen=True, tag="Odd"):
        pass

    bus.port("a").forward(Envelope(sender="a", seq=0, t_ms=0, body=Odd(alert_id="a", holder="h")))
    bus.port("a").say(INTENT)
    assert [message.body for message in bus.turn()] == [INTENT]
    assert bus.malformed == 1
    assert not bus.pending


def test_a_lost_command_stops_the_run_with_a_clear_text():
    with SocketBus(lambda: 0, "inproc://lost", patience_s=0.02) as bus:
        bus.port("a").say(INTENT)
        bus._router.recv()
        with pytest.raises(RunError, match=r"did not deliver 1 message\(s\) within 0.02 s"):
            bus.turn()


def test_no_two_runs_share_an_identity():
    with SocketBus(lambda: 0, "inproc://one") as one, SocketBus(lambda: 0, "inproc://two") as two:
        one.port("a").say(INTENT)
        two.port("a").say(INTENT)
        assert one._identities.isdisjoint(two._identities)
        assert len(one.turn()) == len(two.turn()) == 1


def test_closing_twice_is_harmless():
    bus = SocketBus(lambda: 0, "inproc://twice")
    bus.close()
    bus.close()
    assert bus._context.closed


def test_the_command_plane_takes_the_next_endpoint():
    assert endpoints("tcp://localhost:5570") == ("tcp://127.0.0.1:5570", "tcp://127.0.0.1:5571")
    assert endpoints("tcp://127.0.0.5:0") == ("tcp://127.0.0.5:*", "tcp://127.0.0.5:*")
    assert endpoints("inproc://x") == ("inproc://x", "inproc://x-command")


@pytest.mark.parametrize(
    "endpoint, text",
    [
        ("tcp://0.0.0.0:5570", "use 127.0.0.1"),
        ("tcp://*:5570", "use 127.0.0.1"),
        ("tcp://example.org:5570", "use 127.0.0.1"),
        ("tcp://192.168.1.2:5570", "use 127.0.0.1"),
        ("tcp://127.0.0.1", "not an endpoint"),
        ("tcp://127.0.0.1:http", "not an endpoint"),
        ("tcp://127.0.0.1:65535", "below 65535"),
        ("tcp://127.0.0.1:99999", "below 65535"),
        ("udp://127.0.0.1:1", "not an endpoint"),
        ("127.0.0.1:5570", "not an endpoint"),
        ("ipc://", "not an endpoint"),
        ("ipc://*", "not an endpoint"),
        ("", "not an endpoint"),
        ("ipc:///nowhere/at/all", "cannot listen"),
        ("ipc:///tmp/" + "x" * 200, "cannot listen"),
    ],
)
def test_an_endpoint_that_cannot_be_is_a_usage_error(endpoint, text):
    with pytest.raises(UsageError, match=text):
        SocketBus(lambda: 0, endpoint)


def test_an_address_in_use_is_a_usage_error():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=r"cannot listen at .*in use"):
            SocketBus(lambda: 0, f"tcp://127.0.0.1:{port}")


def test_another_runs_ipc_socket_is_not_taken_over(tmp_path):
    endpoint = f"ipc://{tmp_path / 'road'}"
    with SocketBus(lambda: 0, endpoint) as bus:
        with pytest.raises(UsageError, match="in use by another run"):
            SocketBus(lambda: 0, endpoint)
        bus.port("a").say(INTENT)
        assert len(bus.turn()) == 1


def test_a_users_file_is_not_removed(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    with pytest.raises(UsageError, match="not a socket"):
        SocketBus(lambda: 0, f"ipc://{precious}")
    assert precious.read_text() == "keep me"
