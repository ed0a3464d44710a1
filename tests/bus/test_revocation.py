"""A revoked key is shut out of every door within a second; other keys notice nothing."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import zmq

from fleet.base.errors import RunError, UsageError
from fleet.bus.doors import Doors
from fleet.bus.endpoints import endpoints
from fleet.bus.gate import Gate
from fleet.bus.intake import Intake
from fleet.bus.keyring import Keyring
from fleet.bus.picture import Picture, RunFacts
from fleet.messages.control import StopRun
from fleet.messages.envelope import Envelope
from fleet.messages.notices import MessagesRefused
from fleet.messages.reports import UnloadRefused
from fleet.messages.roles import DOORS
from fleet.messages.tamper import StopTamper
from fleet.messages.truth import AttackEnded
from tests.bus.visitor import Visitor, keyring_with, request, signed, until
from tests.messages.runs import RUN

ROLE_AT = {
    "telemetry": "viewer", "command": "operator", "injection": "red", "truth": "recorder", "lockstep": "blue",
    "record": "recorder",
}  # fmt: skip
WHO = ("victim", "other")
ROOT = Path(__file__).parents[2]


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


@pytest.mark.parametrize("scheme", ["tcp", pytest.param("ipc", marks=pytest.mark.thorough)])
def test_a_revoked_key_is_cut_off_at_every_door_within_a_second(tmp_path, scheme):
    roles = {f"{who}-{door}": role for who in WHO for door, role in ROLE_AT.items()}
    ring, _ = keyring_with(tmp_path, **roles)
    endpoint = "tcp://127.0.0.1:*" if scheme == "tcp" else f"ipc://{tmp_path}/run"
    stop, said = threading.Event(), []
    with (
        Doors(endpoint, Keyring.open(ring.directory)) as doors,
        Gate(doors, Intake({}, RUN), tick_ms=1_000, picture=Picture(RunFacts("t", 1_000, 1, 0.0, RUN))) as gate,
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
        Gate(doors, Intake({}, RUN), tick_ms=1_000, picture=Picture(RunFacts("t", 1_000, 1, 0.0, RUN))) as gate,
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
        Gate(doors, Intake({}, RUN), tick_ms=1_000, picture=Picture(RunFacts("t", 1_000, 1, 0.0, RUN))) as gate,
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
        Gate(
            doors, Intake(ring.trusted(), RUN), tick_ms=1_000, picture=Picture(RunFacts("t", 1_000, 1, 0.0, RUN))
        ) as gate,
        Visitor(doors.endpoints, people["kim"]) as visitor,
    ):
        visitor.asker("command").send(signed(people["kim"].key.for_run(RUN), "operator/kim", 1, StopRun()))
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
        Gate(doors, Intake({}, RUN), tick_ms=1_000, picture=Picture(RunFacts("t", 1_000, 1, 0.0, RUN))) as gate,
    ):
        until(lambda: "fleet-lock" not in {thread.name for thread in threading.enumerate()})
        for ask in (lambda: gate.take(0), lambda: gate.hear(0, [])):
            with pytest.raises(RunError, match="the lock of the doors failed: a mistake of ours"):
                ask()


def _highest_descriptor() -> int:
    return max(int(entry.name) for entry in Path("/proc/self/fd").iterdir())


def test_open_doors_hold_as_many_connections_as_allowed():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        # Above what this process has open already, and below what it may have.
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256 + _highest_descriptor()), hard))
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
