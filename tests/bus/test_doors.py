"""The six doors: opened together or not at all, locked, and shut to a revoked key within a second."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import zmq

from fleet.base.errors import UsageError
from fleet.bus.connections import Connections, cut, inode_of
from fleet.bus.doors import ANYBODY, Doors
from fleet.bus.endpoints import endpoints
from fleet.bus.lock import SILENT_CONNECTIONS
from fleet.bus.refusals import NAMED_SENDERS, Refusals
from fleet.messages.roles import DOORS, OPEN_TO, ROLES
from tests.bus.visitor import Visitor, keyring_with, until

ROLE_AT = {
    "telemetry": "viewer", "command": "operator", "injection": "red", "truth": "recorder", "lockstep": "blue",
    "record": "recorder",
}  # fmt: skip
WHO = ("victim", "other")
ROOT = Path(__file__).parents[2]


def threads():
    return sorted(t.name for t in threading.enumerate() if t.name.startswith("fleet-"))


# ---- opening


@pytest.mark.parametrize("number", range(len(DOORS)))
def test_a_taken_port_is_named_and_nothing_stays_open(number):
    wanted = endpoints("tcp://127.0.0.1:*")
    base = int(wanted.base.rpartition(":")[2])
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", base + number))
        squatter.listen()
        with pytest.raises(
            UsageError, match=rf"cannot listen at `tcp://127.0.0.1:{base + number}` \({DOORS[number]}\)"
        ):
            Doors(wanted.base)
    with Doors(wanted.base) as doors:
        assert doors.endpoints == wanted


def test_a_taken_port_leaves_no_lock_behind(tmp_path):
    ring, _ = keyring_with(tmp_path)
    with Doors("tcp://127.0.0.1:*", ring) as first:
        with pytest.raises(UsageError, match="cannot listen at"):
            Doors(first.endpoints.base, ring)
        assert threads() == ["fleet-floods", "fleet-lock"]
    assert threads() == []


@pytest.mark.parametrize("endpoint", ["tcp://0.0.0.0:*", "tcp://0.0.0.0:5570", "tcp://10.0.0.1:5570"])
def test_strangers_need_keys(endpoint):
    with pytest.raises(UsageError, match="can be reached from other machines: it needs keys"):
        Doors(endpoint)


def test_keys_do_not_lock_a_process_against_itself(tmp_path):
    ring, _ = keyring_with(tmp_path)
    with pytest.raises(UsageError, match="keys do not lock doors inside one process"):
        Doors("inproc://run", ring)


def test_one_context_has_one_lock(tmp_path):
    ring, _ = keyring_with(tmp_path)
    context = zmq.Context()
    with (
        Doors("tcp://127.0.0.1:*", ring, context=context),
        pytest.raises(UsageError, match="cannot have a lock of their own"),
    ):
        Doors("tcp://127.0.0.1:*", ring, context=context)
    context.term()


def test_without_keys_everybody_is_anybody():
    with Doors("inproc://run") as doors, Visitor(doors.endpoints) as visitor:
        asker = doors.context.socket(zmq.DEALER)
        asker.connect(doors.endpoints.of("command"))
        asker.send(b"hello")
        frame = doors.socket("command").recv_multipart(copy=False)[-1]
        assert doors.peer_of(frame) == ANYBODY
        assert not doors.revoked("anybody")
        asker.close(linger=0)
        assert visitor.identity is None


# ---- who may come in


def reaches(visitor, door):
    """Whether a connection comes about at a door; what the monitor says first is believed."""
    made = visitor.context.socket(zmq.DEALER if OPEN_TO[door] and door not in ("telemetry", "truth") else zmq.SUB)
    visitor.sockets.append(made)
    identity = visitor.identity
    if identity is not None:
        made.setsockopt(zmq.CURVE_PUBLICKEY, identity.curve_public)
        made.setsockopt(zmq.CURVE_SECRETKEY, identity.curve_secret)
        made.setsockopt(zmq.CURVE_SERVERKEY, identity.server_public)
    failed = (
        zmq.EVENT_HANDSHAKE_FAILED_AUTH
        | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
        | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    )
    monitor = made.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | failed)
    visitor.sockets.append(monitor)
    made.connect(visitor.endpoints.of(door))
    assert monitor.poll(5_000)
    event = int.from_bytes(monitor.recv_multipart()[0][:2], "little")
    made.disable_monitor()
    return event == zmq.EVENT_HANDSHAKE_SUCCEEDED


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("scheme", ["tcp", "ipc"])
def test_each_role_opens_its_doors_and_no_other(tmp_path, role, scheme):
    ring, people = keyring_with(tmp_path, kim=role)
    endpoint = "tcp://127.0.0.1:*" if scheme == "tcp" else f"ipc://{tmp_path}/run"
    with Doors(endpoint, ring) as doors, Visitor(doors.endpoints, people["kim"]) as visitor:
        opened = {door for door in DOORS if reaches(visitor, door)}
        assert opened == {door for door in DOORS if role in OPEN_TO[door]}
        said = doors.refusals.drain()
        assert {(body.door, body.cause, body.claimed_sender) for body in said} == {
            (door, "not-allowed", f"{role}/kim") for door in DOORS if door not in opened
        }


def test_strange_keys_wrong_servers_and_no_keys_are_refused_and_counted(tmp_path):
    ring, _ = keyring_with(tmp_path / "ours", kim="operator")
    _, strangers = keyring_with(tmp_path / "theirs", kim="operator")
    stranger = strangers["kim"]
    with Doors("tcp://127.0.0.1:*", ring) as doors:
        right_server = replace(stranger, server_public=ring.server_public)
        for identity in (stranger, right_server, None):

            def refused(identity=identity):
                # Both ends find out that the locks differ; who hangs up before the door knows is not counted.
                with Visitor(doors.endpoints, identity) as visitor:
                    assert not reaches(visitor, "command")
                return doors.refusals.drain()

            found = until(refused)
            assert {(body.door, body.cause, body.claimed_sender) for body in found} == {
                ("command", "unknown-key", "")
            }


def test_a_peer_is_known_by_its_key(tmp_path):
    ring, people = keyring_with(tmp_path, kim="operator")
    with Doors("tcp://127.0.0.1:*", ring) as doors, Visitor(doors.endpoints, people["kim"]) as visitor:
        visitor.asker("command").send(b"hello")
        frame = doors.socket("command").recv_multipart(copy=False)[-1]
        peer = doors.peer_of(frame)
        assert (peer.name, peer.role, peer.revoked) == ("kim", "operator", False)
        ring.revoke("kim")
        peer = doors.peer_of(frame)
        assert (peer.name, peer.role, peer.revoked) == ("kim", "operator", True)
        assert doors.revoked("kim")


def test_what_cannot_speak_the_language_is_dropped(tmp_path):
    ring, people = keyring_with(tmp_path, kim="operator")
    with Doors("tcp://127.0.0.1:*", ring) as doors, Visitor(doors.endpoints, people["kim"]) as visitor:
        base = int(doors.endpoints.base.rpartition(":")[2])
        for number in range(len(DOORS)):
            with socket.create_connection(("127.0.0.1", base + number)) as plain:
                plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        assert reaches(visitor, "command")


def test_half_open_connections_do_not_pile_up(tmp_path):
    ring, people = keyring_with(tmp_path, vi="viewer")
    with Doors("tcp://127.0.0.1:*", ring) as doors, Visitor(doors.endpoints, people["vi"]) as visitor:
        place = ("127.0.0.1", int(doors.endpoints.base.rpartition(":")[2]))
        silent = [socket.create_connection(place) for _ in range(SILENT_CONNECTIONS + 20)]

        def cut_off():
            over = 0
            for each in silent:
                each.setblocking(False)
                try:
                    # A greeting of a few bytes comes first; an empty answer or an error is the end.
                    while each.recv(64):
                        pass
                    over += 1
                except BlockingIOError:
                    pass
                except OSError:
                    over += 1
            return over >= 20

        until(cut_off)
        assert reaches(visitor, "telemetry")
        for each in silent:
            each.close()


# ---- connections


def pair():
    here, there = socket.socketpair()
    there.settimeout(0.2)
    return here, there


def test_a_connection_is_cut_by_its_owner():
    connections = Connections()
    one, far_one = pair()
    two, far_two = pair()
    connections.claim(one.fileno(), "kim")
    connections.claim(two.fileno(), "lee")
    assert connections.cut("kim") == 1
    assert far_one.recv(1) == b""
    two.send(b"x")
    assert far_two.recv(1) == b"x"
    assert connections.cut("kim") == 0
    for each in (one, far_one, two, far_two):
        each.close()


def test_a_descriptor_used_again_is_another_connection():
    connections = Connections()
    one, far_one = pair()
    fd = one.fileno()
    connections.claim(fd, "kim")
    two, far_two = pair()
    os.dup2(two.fileno(), fd)
    assert not connections.claimed(fd, 0)
    assert connections.cut("kim") == 0
    two.send(b"x")
    assert far_two.recv(1) == b"x"
    for each in (one, far_one, two, far_two):
        each.close()


def test_what_is_no_socket_is_left_alone(tmp_path):
    with (tmp_path / "file").open("w") as stream:
        assert inode_of(stream.fileno()) == 0
        assert not cut(stream.fileno(), 0)
        stream.write("still open")
    assert inode_of(10_000) == 0
    assert not cut(10_000, 5)


# ---- counts


def test_counts_are_bounded_and_add_up():
    refusals = Refusals()
    for number in range(1_000):
        refusals.add("command", "replay", f"operator/n{number}")
    refusals.add("command", "replay", "\x1b[2J", 7)
    said = refusals.drain()
    assert len(said) == NAMED_SENDERS + 1
    assert sum(body.count for body in said) == refusals.total == 1_007
    assert said[0].claimed_sender == ""
    assert refusals.drain() == []
