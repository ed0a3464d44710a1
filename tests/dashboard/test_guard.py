"""Who may open the page, and what it may ask for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.base.errors import MessageError, UsageError
from fleet.dashboard.asks import order_of
from fleet.dashboard.guard import Guard
from fleet.dashboard.serving import address, listen
from fleet.messages.control import PauseRun, ResumeRun, SetSpeed, StepRun

HOME = Guard("127.0.0.1", 8570, "secret")
OPEN = Guard("0.0.0.0", 8570, "secret")

CASES = [
    (HOME, "127.0.0.1:8570", "http://127.0.0.1:8570", True),
    (HOME, "localhost:8570", "http://localhost:8570", True),
    (HOME, "LOCALHOST:8570", "http://localhost:8570", True),
    (HOME, "localhost:8570", "http://127.0.0.1:8570", False),
    (HOME, "127.0.0.1:8570", "http://127.0.0.1:9999", False),
    (HOME, "127.0.0.1:8570", "http://evil.example", False),
    (HOME, "127.0.0.1:8570", "null", False),
    (HOME, "127.0.0.1:8570", None, False),
    (HOME, "evil.example:8570", "http://evil.example:8570", False),
    (HOME, "127.0.0.1", "http://127.0.0.1", False),
    (HOME, "", "http://", False),
    (OPEN, "10.0.0.7:8570", "http://10.0.0.7:8570", True),
    (OPEN, "tower.lan:8570", "https://tower.lan:8570", True),
    (OPEN, "tower.lan:8570", "http://evil.example", False),
    (Guard("::1", 80, "s"), "[::1]", "http://[::1]", True),
]


@pytest.mark.parametrize("guard, host, origin, let_in", CASES)
def test_host_and_origin(guard, host, origin, let_in):
    headers = {"host": host} | ({} if origin is None else {"origin": origin})
    assert (guard.refusal(headers, script=True) == "") is let_in


def test_a_page_load_needs_no_origin_but_the_right_host():
    assert HOME.refusal({"host": "127.0.0.1:8570"}, script=False) == ""
    assert HOME.refusal({"host": "evil.example"}, script=False) != ""


@pytest.mark.parametrize(
    "token, known", [("secret", True), ("Secret", False), ("", False), (None, False), ("sécret", False)]
)
def test_the_token(token, known):
    assert HOME.knows(token) is known


ASKS = [
    ('{"do": "pause"}', PauseRun()),
    ('{"do": "resume"}', ResumeRun()),
    ('{"do": "step"}', StepRun(ticks=1)),
    ('{"do": "step", "ticks": 60}', StepRun(ticks=60)),
    ('{"do": "speed", "factor": 0}', SetSpeed(factor=0.0)),
    ('{"do": "speed", "factor": 12.5}', SetSpeed(factor=12.5)),
]


@pytest.mark.parametrize("text, order", ASKS)
def test_what_may_be_asked_for(text, order):
    assert order_of(text) == order


NONSENSE = [
    "", "{}", "[]", "null", '{"do": "stop"}', '{"do": "pause", "x": 1}', '{"do": "step", "ticks": 0}',
    '{"do": "step", "ticks": 1e9}', '{"do": "speed", "factor": -1}', '{"do": "speed", "factor": 1e999}',
    '{"do": "speed", "factor": NaN}', '{"do": "speed"}', "[" * 900, " " * 2_000,
]  # fmt: skip


@pytest.mark.parametrize("text", NONSENSE)
def test_what_may_not(text):
    with pytest.raises(MessageError):
        order_of(text)


@given(st.text())
def test_no_text_does_harm(text):
    with pytest.raises(MessageError):
        order_of(text)


ADDRESSES = [
    (":8570", "127.0.0.1:8570"),
    ("localhost:1", "127.0.0.1:1"),
    ("0.0.0.0:65535", "0.0.0.0:65535"),
    ("[::1]:9464", "[::1]:9464"),
]


@pytest.mark.parametrize("text, where", ADDRESSES)
def test_addresses(text, where):
    assert str(address(text, "--http")) == where


@pytest.mark.parametrize(
    "text", ["", "8570", ":", ":x", ":65536", "host.name:80", "::1:80", "1.2.3.4:5:6", "1.2.3.400:80"]
)
def test_what_is_no_address(text):
    with pytest.raises(UsageError, match="--http: expected HOST:PORT"):
        address(text, "--http")


def test_a_taken_port_is_one_clear_line():
    held = listen(":0", "--http")
    held.socket.listen()
    with (
        held.socket,
        pytest.raises(UsageError, match=f"--http: cannot listen at 127.0.0.1:{held.port}: Address already in use"),
    ):
        listen(f":{held.port}", "--http")
