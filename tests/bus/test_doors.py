"""The six doors: opened together or not at all, locked, and shut to a revoked key within a second."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import zmq

from fleet.base.errors import RunError, UsageError
from fleet.bus.connections import Connections, cut, inode_of
from fleet.bus.doors import ANYBODY, Doors
from fleet.bus.endpoints import endpoints
from fleet.bus.gate import Gate
from fleet.bus.intake import Intake
from fleet.bus.keyring import Keyring
from fleet.bus.lock import SILENT_CONNECTIONS
from fleet.bus.picture import Picture, RunFacts
from fleet.bus.refusals import NAMED_SENDERS, Refusals
from fleet.messages.control import StopRun
from fleet.messages.envelope import Envelope
from fleet.messages.notices import MessagesRefused
from fleet.messages.reports import UnloadRefused
from fleet.messages.roles import DOORS, OPEN_TO, ROLES
from fleet.messages.tamper import StopTamper
from fleet.messages.truth import AttackEnded
from tests.bus.visitor import Visitor, keyring_with, request, signed, until

ROLE_AT = {
    "telemetry": "viewer", "command": "operator", "injection": "red", "truth": "recorder", "lockstep": "blue",
    "record": "recorder",
}  # fmt: skip
WHO = ("victim", "other")
ROOT = Path(__file__).parents[2]


def threads():
    return [t.name for t in threading.enumerate() if t.name.startswith("fleet-")]


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
        assert threads() == ["fleet-lock"]
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


# ---- who is thrown out


def serve_echo(doors, door, stop):
    """What a lock-step or record door does here: answers who has rights."""
    router = doors.socket(door)
    while not stop.is_set():
        while router.poll(5):
            parts = router.recv_multipart(copy=False)
            if doors.peer_of(parts[-1]).revoked:
                doors.refusals.add(door, "revoked")
            else:
                router.send_multipart([parts[0].bytes, b"!"])


def run_ticks(gate, stop, said):
    tick = 0
    while not stop.wait(0.002):
        now = [
            Envelope(sender="a", seq=tick, t_ms=0, body=UnloadRefused(facility="f", vehicle="v", cause="full")),
            Envelope(sender="a", seq=tick, t_ms=0, body=AttackEnded(attack_id="x")),
        ]
        gate.hear(tick, now)
        said += [m.body for m in gate.take(tick) if isinstance(m.body, MessagesRefused)]
        tick += 1


@pytest.mark.parametrize("scheme", ["tcp", "ipc"])
def test_a_revoked_key_is_cut_off_at_every_door_within_a_second(tmp_path, scheme):
    roles = {f"{who}-{door}": role for who in WHO for door, role in ROLE_AT.items()}
    ring, _ = keyring_with(tmp_path, **roles)
    endpoint = "tcp://127.0.0.1:*" if scheme == "tcp" else f"ipc://{tmp_path}/run"
    stop, said = threading.Event(), []
    with (
        Doors(endpoint, Keyring.open(ring.directory)) as doors,
        Gate(doors, Intake({}), tick_ms=1_000, picture=Picture(RunFacts("t", 1_000, 1, 0.0))) as gate,
    ):
        servers = [threading.Thread(target=run_ticks, args=(gate, stop, said))]
        servers += [threading.Thread(target=serve_echo, args=(doors, d, stop)) for d in ("lockstep", "record")]
        for server in servers:
            server.start()
        command = [sys.executable, str(Path(__file__).with_name("regulars.py"))]
        processes = {
            door: subprocess.Popen(
                [*command, door, doors.endpoints.of(door), *(tmp_path / f"{who}-{door}.key" for who in WHO)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
            for door in DOORS
        }  # fmt: skip
        try:
            for process in processes.values():
                assert process.stdout.readline() == "up\n"
            for door in DOORS:
                ring.revoke(f"victim-{door}")
            revoked_s = time.monotonic()
            until(lambda: time.monotonic() > revoked_s + 1.5)
            accounts = {door: json.loads(process.communicate("", 10)[0]) for door, process in processes.items()}
        finally:
            for process in processes.values():
                process.kill()
                process.communicate()
            stop.set()
            for server in servers:
                server.join()
    late = {door: round(victim["last_s"] - revoked_s, 3) for door, (victim, _) in accounts.items()}
    assert max(late.values()) < 1.0, late
    for door, (victim, other) in accounts.items():
        assert victim["got"] > 0
        assert other["last_s"] > revoked_s + 1.0, door
        assert other["missed"] == 0, door
    # They come back, and are refused by name.
    refused = {(body.door, body.claimed_sender) for body in said if body.cause == "revoked"}
    assert {(door, f"{role}/victim-{door}") for door, role in ROLE_AT.items()} <= refused


def test_a_reader_that_had_not_subscribed_is_cut_too(tmp_path):
    ring, people = keyring_with(tmp_path, kim="viewer")
    with (
        Doors("tcp://127.0.0.1:*", Keyring.open(ring.directory)) as doors,
        Gate(doors, Intake({}), tick_ms=1_000, picture=Picture(RunFacts("t", 1_000, 1, 0.0))) as gate,
        Visitor(doors.endpoints, people["kim"]) as visitor,
    ):
        made = visitor.socket(zmq.SUB, "telemetry")
        monitor = made.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)
        visitor.sockets.append(monitor)
        assert monitor.poll(5_000)
        ring.revoke("kim")
        until(lambda: doors.refusals.total)
        made.setsockopt(zmq.SUBSCRIBE, b"")
        gate.hear(0, [])
        assert not made.poll(200)
        made.disable_monitor()


def test_what_was_let_in_before_the_key_was_revoked_is_not_heard(tmp_path):
    ring, people = keyring_with(tmp_path, mal="red")
    with (
        Doors("tcp://127.0.0.1:*", ring) as doors,
        Gate(doors, Intake({}), tick_ms=1_000, picture=Picture(RunFacts("t", 1_000, 1, 0.0))) as gate,
        Visitor(doors.endpoints, people["mal"]) as visitor,
    ):
        visitor.asker("injection").send(request("red/mal", 1, StopTamper(tamper_id="t")))
        gate.wait(5.0)
        ring.revoke("mal")
        heard = gate.take(1)
        assert MessagesRefused(door="injection", cause="revoked", claimed_sender="red/mal", count=1) in [
            m.body for m in heard
        ]
        assert not [m for m in heard if isinstance(m.body, StopTamper)]


def test_a_revoked_operator_steers_nothing(tmp_path):
    ring, people = keyring_with(tmp_path, kim="operator")
    with (
        Doors("tcp://127.0.0.1:*", ring) as doors,
        Gate(doors, Intake(ring.trusted()), tick_ms=1_000, picture=Picture(RunFacts("t", 1_000, 1, 0.0))) as gate,
        Visitor(doors.endpoints, people["kim"]) as visitor,
    ):
        visitor.asker("command").send(signed(people["kim"].key, "operator/kim", 1, StopRun()))
        gate.wait(5.0)
        ring.revoke("kim")
        assert gate.take_control(1) == []
        said = [m.body for m in gate.take(1)]
        assert MessagesRefused(door="command", cause="revoked", claimed_sender="operator/kim", count=1) in said
        assert StopRun() not in said


def test_one_bad_look_at_the_keyring_is_survived(tmp_path, monkeypatch):
    ring, _ = keyring_with(tmp_path, kim="viewer")
    held = Keyring.open(ring.directory)
    look, looks = held.reload_if_changed, []

    def bad_once():
        looks.append(0)
        if len(looks) == 1:
            raise ValueError("a mistake of ours")
        return look()

    monkeypatch.setattr(held, "reload_if_changed", bad_once)
    with Doors("tcp://127.0.0.1:*", held) as doors:
        ring.revoke("kim")
        until(lambda: held.is_revoked("kim"))
        doors.require_guarded()


def test_a_broken_lock_ends_the_run_with_a_message(tmp_path, monkeypatch):
    ring, _ = keyring_with(tmp_path)
    monkeypatch.setattr("fleet.bus.lock.MOST_BAD_LOOKS", 0)

    def bad():
        raise ValueError("a mistake of ours")

    monkeypatch.setattr(ring, "reload_if_changed", bad)
    with (
        Doors("tcp://127.0.0.1:*", ring) as doors,
        Gate(doors, Intake({}), tick_ms=1_000, picture=Picture(RunFacts("t", 1_000, 1, 0.0))) as gate,
    ):
        until(lambda: "fleet-lock" not in threads())
        for ask in (lambda: gate.take(0), lambda: gate.hear(0, [])):
            with pytest.raises(RunError, match="the lock of the doors failed: a mistake of ours"):
                ask()


def test_open_doors_hold_as_many_connections_as_allowed():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
        with Doors("tcp://127.0.0.1:*"):
            assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("host", ["*", "0.0.0.0"])
def test_doors_open_to_everybody_are_reached_at_an_address(host, tmp_path):
    ring, _ = keyring_with(tmp_path)
    with Doors(f"tcp://{host}:*", ring) as doors:
        port = doors.endpoints.base.rpartition(":")[2]
        assert doors.endpoints.reachable == f"tcp://127.0.0.1:{port}"
    with pytest.raises(UsageError, match="which machine"):
        endpoints(f"tcp://{host}:5570", listen=False)


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
