"""The dashboard as the process that it is: it listens, follows a real gate, steers, and goes when it should."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from websockets.sync.client import connect

from fleet.app import dashboard
from fleet.base.errors import UsageError
from fleet.bus.keyfile import IdentityFile
from fleet.messages.control import SetSpeed
from fleet.messages.roles import MAY_SAY
from fleet.messages.seal import SecretKey
from tests.bus.played_run import PlayedRun

from .theatre import Onlooker, await_that

NOWHERE = "tcp://127.0.0.1:9"


def identity(secret, role="operator"):
    return IdentityFile(
        name="page", role=role, curve_public="", curve_secret="", order_secret=secret.hex(), server_public=""
    )


def is_alive(pid):
    """Whether a process runs; one that only waits for its parent to look does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextlib.contextmanager
def onlooker(running):
    """The page's WebSocket, opened as a browser does: the token first, for the cookie."""
    with urllib.request.urlopen(running.url, timeout=20) as answer:
        cookie = answer.headers["set-cookie"].partition(";")[0]
    origin = running.url.partition("/?")[0]
    with connect(
        origin.replace("http", "ws") + "/bus", origin=origin, additional_headers={"Cookie": cookie}, proxy=None,
        max_size=None,
    ) as opened:  # fmt: skip
        yield Onlooker(opened)


def test_it_follows_a_run_and_steers_it():
    secret = secrets.token_bytes(32)
    run = PlayedRun(trusted={"operator/page": (SecretKey(secret).public, MAY_SAY["operator"])}, tick_s=0.02)
    try:
        with dashboard.start(
            run.url, identity(secret), http=":0", metrics=":0", title="A day", insecure=True
        ) as running:
            assert running.alive
            with onlooker(running) as page:
                assert page.hello["title"] == "A day"
                assert page.hello["steer"] is True
                assert page.until("Snapshot").body.name == "played"
                assert page.until("TelemetryFrame").body.tick > 0
                assert page.ask(do="speed", factor=20) == {"answer": "SetSpeed", "cause": ""}
                assert run.heard(SetSpeed) == [SetSpeed(factor=20.0)]
                assert page.ask(do="pause")["cause"] == ""
                text = urllib.request.urlopen(running.metrics_url, timeout=20).read().decode()
                assert "fleet_dashboard_viewers 1.0" in text
                assert 'fleet_vehicles{state="cruising"}' in text
        assert not running.alive
        running.stop()
    finally:
        run.close()


def test_the_last_word_of_a_run_reaches_the_page_before_both_go():
    run = PlayedRun(tick_s=0.02)
    try:
        with dashboard.start(run.url, http=":0", insecure=True) as running, onlooker(running) as page:
            page.until("TelemetryFrame")
            run.stop()
            running.stop()
            assert page.until("RunEnded").body.status == "interrupted"
    finally:
        run.close()


def test_page_and_metrics_can_do_without_each_other():
    with dashboard.start(NOWHERE, http=None, metrics=":0", insecure=True) as running:
        assert running.url is None
        with urllib.request.urlopen(running.metrics_url, timeout=20) as answer:
            assert "# TYPE fleet_ticks_total counter" in answer.read().decode()
        # A name that a foreign page made point here.
        request = urllib.request.Request(running.metrics_url, headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(request, timeout=20)
    with dashboard.start(NOWHERE, http=":0", metrics=None, insecure=True) as running:
        assert running.metrics_url is None
        with onlooker(running) as page:
            assert page.hello["steer"] is False


def test_a_taken_port_and_a_foreign_address_are_one_clear_line():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        with pytest.raises(UsageError, match=f"--http: cannot listen at 127.0.0.1:{port}: Address already in use"):
            dashboard.start(NOWHERE, http=f":{port}", insecure=True)
    with pytest.raises(UsageError, match="--metrics: expected HOST:PORT"):
        dashboard.start(NOWHERE, http=":0", metrics="nonsense", insecure=True)


def test_secrets_are_not_among_the_arguments():
    secret = secrets.token_bytes(32)
    with dashboard.start(NOWHERE, identity(secret), http=":0", insecure=True) as running:
        arguments = Path(f"/proc/{running.pid}/cmdline").read_bytes()
        assert secret.hex().encode() not in arguments
        assert b"token" not in arguments


STARTER = """
import sys, time
from fleet.app import dashboard
running = dashboard.start("tcp://127.0.0.1:9", http=":0", insecure=True)
print(running.pid, flush=True)
time.sleep(600)
"""


def test_it_does_not_outlive_whoever_started_it():
    with subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        try:
            assert is_alive(pid)
        finally:
            parent.kill()
    await_that(lambda: not is_alive(pid), "the end of the dashboard")


def test_a_ctrl_c_for_the_run_is_not_for_the_page():
    with dashboard.start(NOWHERE, http=":0", insecure=True) as running:
        assert os.getpgid(running.pid) != os.getpgid(0)
        os.kill(running.pid, signal.SIGTERM)
        await_that(lambda: not running.alive, "the end after SIGTERM")


def test_nothing_of_the_working_directory_is_run(tmp_path, monkeypatch):
    from fleet.app.dashboard import start

    (tmp_path / "msgspec.py").write_text("open('seen', 'w').close()\n")
    monkeypatch.chdir(tmp_path)
    with start("tcp://127.0.0.1:1", http="127.0.0.1:0", insecure=True) as board:
        assert board.url is not None
    assert not (tmp_path / "seen").exists()
