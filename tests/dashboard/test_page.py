"""The page over HTTP and its WebSocket: locked, complete, and out of nobody's way."""

import json
import os
import re
import socket
import threading
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse
from websockets.exceptions import ConnectionClosed, InvalidStatus

import fleet.dashboard
from fleet.dashboard.audience import MAX_WAITING_BYTES
from fleet.dashboard.guard import Guard
from fleet.dashboard.page import Page
from fleet.dashboard.stage import Stage
from fleet.messages.codec import decode
from fleet.messages.control import PauseRun, SetSpeed, StepRun

from .play import Play
from .theatre import Onlooker, Theatre, await_that

HOME = "http://127.0.0.1:8570"
STATIC = Path(fleet.dashboard.__file__).parent / "static"


@pytest.fixture
def client():
    """An HTTP client of a page that knows no token yet; the run behind it has not begun."""
    stage = Stage(Play(3, blocks=2), None, clock=time.monotonic)
    with TestClient(Page(stage, Guard("127.0.0.1", 8570, "secret"), "Day", "0").app(), base_url=HOME) as opened:
        yield opened


def test_without_the_token_there_is_nothing_to_see(client):
    for path in ("/", "/?token=", "/?token=wrong"):
        answer = client.get(path)
        assert answer.status_code == 403
        assert "address that fleet printed" in answer.text
    client.cookies.set("fleet_8570", "wrong")
    assert client.get("/").status_code == 403


def test_the_token_becomes_a_cookie_that_scripts_and_other_sites_cannot_use(client):
    answer = client.get("/?token=secret")
    assert answer.status_code == 200
    assert re.search(r"fleet_8570=secret; HttpOnly; Path=/; SameSite=strict", answer.headers["set-cookie"])
    assert client.get("/").status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "secret" not in answer.text


def test_a_foreign_name_for_this_machine_is_refused(client):
    for path in ("/?token=secret", "/static/app.js"):
        assert client.get(path, headers={"host": "evil.example"}).status_code in (403, 404)


def test_the_files_of_the_page(client):
    kinds = {"app.js": "text/javascript", "style.css": "text/css", "favicon.svg": "image/svg+xml"}
    for name, kind in kinds.items():
        answer = client.get(f"/static/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
    assert client.get("/favicon.ico").status_code == 200
    for name in ("nothing.js", "..%2fpage.py", "%2e%2e/page.py", "../../app/cli.py"):
        assert client.get(f"/static/{name}").status_code == 404


def test_the_page_is_plain_and_asks_nobody_else():
    script = (STATIC / "app.js").read_text(encoding="utf-8")
    assert len(script.splitlines()) <= 300
    assert "innerHTML" not in script
    for file in STATIC.iterdir():
        addresses = set(re.findall(r"https?://[^\s\"')]+", file.read_text(encoding="utf-8")))
        assert addresses <= {"http://www.w3.org/2000/svg"}


def refused(client, **headers):
    """The status with which a WebSocket is refused."""
    with (
        pytest.raises(WebSocketDenialResponse) as caught,
        client.websocket_connect("ws://127.0.0.1:8570/bus", headers=headers),
    ):
        raise AssertionError("let in")
    return caught.value.status_code


def test_another_page_cannot_open_the_socket(client):
    client.get("/?token=secret")
    assert refused(client, origin="http://evil.example") == 403
    assert refused(client, origin="http://127.0.0.1:9999") == 403
    assert refused(client) == 403
    assert refused(client, origin="http://evil.example", host="evil.example") == 403
    client.cookies.clear()
    assert refused(client, origin=HOME) == 403


def test_the_page_itself_can(client):
    client.get("/?token=secret")
    with client.websocket_connect("ws://127.0.0.1:8570/bus", headers={"origin": HOME}) as opened:
        assert opened.receive_json() == {"title": "Day", "version": "0", "steer": False}


def test_a_late_joiner_is_given_city_and_state_and_then_what_comes():
    play = Play(5, blocks=4)
    with Theatre(play) as theatre:
        theatre.do(play.tick)
        theatre.do(lambda: play.collect(0))
        with theatre.browser() as socket_:
            onlooker = Onlooker(socket_)
            assert onlooker.hello["steer"] is True
            first = [message.body for _, message in onlooker.read()]
            assert [type(body).__name__ for body in first[:2]] == ["CityMap", "Snapshot"]
            assert json.loads(first[0].geojson)["name"] == "Blocks"
            assert (first[1].tick, first[1].collected, len(first[1].open_pickups)) == (1, 1, 29)
            theatre.do(play.tick)
            assert onlooker.until("TelemetryFrame").body == play.frame()


def test_bytes_are_passed_on_as_they_came():
    play = Play(5, blocks=2)
    with Theatre(play) as theatre, theatre.browser() as socket_:
        onlooker = Onlooker(socket_)
        onlooker.until("Snapshot")
        sent = []
        theatre.do(lambda: sent.append(play._sealed(play.alarm(0))))
        number, message = next((n, m) for n, m in onlooker.read() if type(m.body).__name__ == "Alert")
        assert number == 0
        assert message == decode(sent[0])


def test_buttons_become_orders_and_refusals_are_told():
    play = Play(2, blocks=2)
    with Theatre(play) as theatre, theatre.browser() as socket_:
        onlooker = Onlooker(socket_)
        assert onlooker.ask(do="pause") == {"answer": "PauseRun", "cause": ""}
        assert onlooker.ask(do="speed", factor=20) == {"answer": "SetSpeed", "cause": ""}
        assert onlooker.ask(do="step", ticks=3) == {"answer": "StepRun", "cause": ""}
        assert play.orders == [PauseRun(), SetSpeed(factor=20.0), StepRun(ticks=3)]
        play.refuse = "not-allowed"
        assert onlooker.ask(do="resume")["cause"] == "not-allowed"
        assert "not a request" in onlooker.ask(do="destroy")["cause"]


def test_who_may_not_steer_cannot_be_made_to():
    play = Play(2, blocks=2)
    with Theatre(play, steered=False) as theatre, theatre.browser() as socket_:
        onlooker = Onlooker(socket_)
        assert onlooker.hello["steer"] is False
        assert onlooker.ask(do="pause")["cause"] == "not-allowed"
        assert play.orders == []


def test_what_the_bus_lost_is_made_good_by_a_fresh_snapshot():
    play = Play(3, blocks=2)
    with Theatre(play) as theatre, theatre.browser() as socket_:
        onlooker = Onlooker(socket_)
        onlooker.until("Snapshot")
        play.lose = {"PickupCollected"}
        theatre.do(lambda: play.collect(0))
        play.lose = set()
        theatre.do(lambda: play.collect(1))
        assert onlooker.until("Snapshot").body.collected == 2
        lost = {
            labels: n
            for metric, values in theatre.stage.meters.read()
            for labels, n in values
            if "lost" in metric.name
        }
        assert lost == {("PickupCollected",): 1}


def test_lost_frames_are_no_reason_to_start_over():
    play = Play(3, blocks=2)
    with Theatre(play) as theatre, theatre.browser() as socket_:
        onlooker = Onlooker(socket_)
        onlooker.until("Snapshot")
        play.lose = {"TelemetryFrame", "Beat"}
        theatre.do(play.tick)
        play.lose = set()
        theatre.do(play.tick)
        onlooker.until("TelemetryFrame")
        theatre.do(lambda: play.alarm(0))
        assert [type(message.body).__name__ for _, message in onlooker.read()] == ["Alert"]


def test_the_end_can_still_be_looked_at():
    play = Play(3, blocks=2)
    with Theatre(play) as theatre:
        theatre.do(play.end)
        theatre.do(theatre.stage.leave)
        with theatre.browser() as socket_:
            onlooker = Onlooker(socket_)
            assert onlooker.until("RunEnded").body.digest == "ab" * 32


def test_a_run_that_is_gone_sends_everybody_home():
    play = Play(3, blocks=2)
    with Theatre(play) as theatre, theatre.browser() as socket_:
        onlooker = Onlooker(socket_)
        onlooker.until("Snapshot")
        theatre.do(theatre.stage.leave)
        with pytest.raises(ConnectionClosed):
            onlooker.until("RunEnded")
        with pytest.raises(InvalidStatus, match="503"):
            theatre.browser()


def stopped_browser(theatre):
    """A connection that says what a page says and then never reads."""
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.connect(("127.0.0.1", theatre.port))
    opened.sendall(
        f"GET /bus HTTP/1.1\r\nHost: 127.0.0.1:{theatre.port}\r\nOrigin: {theatre.origin}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Cookie: fleet_{theatre.port}=a-token\r\n\r\n".encode()
    )
    return opened


def resident_bytes():
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_stopped_browser_delays_nobody_and_takes_no_memory():
    play = Play(2_000, blocks=2, pickups=400)
    with Theatre(play) as theatre, stopped_browser(theatre), theatre.browser() as socket_:
        onlooker = Onlooker(socket_)
        await_that(lambda: len(theatre.stage.audience) == 2, "both browsers")
        onlooker.until("Snapshot")
        reading = threading.Thread(target=onlooker.until, args=("RunEnded",))
        reading.start()
        before = resident_bytes()
        for n in range(300):
            theatre.do(play.tick)
            theatre.do(lambda n=n: [play.say(report) for report in play.reports()[n : n + 100]])
        waiting = [viewer.waiting_bytes for viewer in theatre.stage.audience._viewers]
        theatre.do(play.end)
        reading.join(20)
        assert not reading.is_alive()
        assert max(waiting) < MAX_WAITING_BYTES + 200_000
        assert resident_bytes() - before < 60e6
        # Seen through the numbers: what the live browser read and what it skipped is everything.
        numbers = [n for n, m in onlooker.heard if type(m.body).__name__ == "VehicleReported"]
        assert numbers == list(range(30_000)), "events are not lost to a browser that reads"
