"""Who gets a seat, and which answers of a seat are believed: rules without a socket."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as replace_in

from fleet.base.errors import MessageError
from fleet.bus import seating
from fleet.bus.doors import ANYBODY, NOBODY, Peer
from fleet.bus.seating import Answers, Holder, SeatPlan, admit
from fleet.messages.codec import encode
from fleet.messages.control import PauseRun
from fleet.messages.envelope import Envelope
from fleet.messages.notices import JoinSeat, TickDone
from fleet.messages.orders import RevokeKey
from fleet.messages.plane import Body, Plane
from fleet.messages.security import Alert
from fleet.messages.tamper import StopTamper
from fleet.messages.truth import AttackEnded

VERSION = "1.2"
NOW_MS = 7_000
ALERT = Alert(
    alert_id="a1", detector="d", attack_class="c", entity="v-1", score=2.0, threshold=1.0, evidence="odd"
)
INTENT = RevokeKey(alert_id="a1", holder="dispatch")
BLUE = SeatPlan("blue", "blue", ("watchman", "respond"))


def ask(**changes: Any) -> JoinSeat:
    return JoinSeat(**{"seat": "blue", "version": VERSION, "role": "blue", **changes})


def say(body: Body, sender: str = "watchman", **changes: Any) -> bytes:
    return encode(Envelope(**{"sender": sender, "seq": 0, "t_ms": NOW_MS, "body": body, **changes}))


def done(tick: int = 7, wake_ms: int = -1) -> bytes:
    return say(TickDone(tick=tick, next_wake_ms=wake_ms), "blue")


def answers(holder: Holder | None = None) -> Answers:
    return Answers(holder or Holder("blue", "blue", BLUE.senders, ANYBODY))


def test_a_team_speaks_under_the_names_it_would_have_inside() -> None:
    assert admit(BLUE, ask(), ANYBODY, VERSION, set()) == Holder("blue", "blue", BLUE.senders, ANYBODY)


def test_an_agent_bears_its_role_in_its_name() -> None:
    found = admit(SeatPlan("kim"), ask(seat="kim", role="operator"), ANYBODY, VERSION, set())
    assert isinstance(found, Holder)
    assert (found.senders, found.planes) == (("operator/kim",), frozenset({Plane.TELEMETRY}))


def test_with_keys_the_role_is_that_of_the_key_whatever_is_asked() -> None:
    found = admit(SeatPlan("kim"), ask(seat="kim", role="blue"), Peer("eve", "red"), VERSION, set())
    assert isinstance(found, Holder)
    assert (found.role, found.senders) == ("red", ("red/kim",))


@pytest.mark.parametrize(
    ("asked", "peer", "spoken_for", "cause"),
    [
        (ask(version="1.1"), ANYBODY, set(), "version"),
        (ask(role="red"), ANYBODY, set(), "is for the role blue, yours is red"),
        (ask(), Peer("eve", "red"), set(), "is for the role blue, yours is red"),
        (ask(), Peer("vera", "viewer"), set(), "the role viewer takes no seat"),
        (ask(), Peer("rec", "recorder"), set(), "the role recorder takes no seat"),
        (ask(), NOBODY, set(), "revoked"),
        (ask(), replace(NOBODY, name="kim", role="blue"), set(), "revoked"),
        (ask(), ANYBODY, {"respond"}, "would speak as respond"),
    ],
)
def test_why_a_seat_is_not_given(asked: JoinSeat, peer: Peer, spoken_for: set[str], cause: str) -> None:
    found = admit(BLUE, asked, peer, VERSION, spoken_for)
    assert isinstance(found, str)
    assert cause in found


def test_what_is_said_is_taken_and_the_numbers_go_on() -> None:
    checked = answers()
    first = checked.read([done(wake_ms=9_000), say(ALERT), say(INTENT, "respond")], 7, NOW_MS)
    assert [m.body for m in first] == [ALERT, INTENT]
    assert checked.wake_ms == 9_000
    second = checked.read([done(8), say(ALERT, seq=1, t_ms=8_000)], 8, 8_000)
    assert [m.seq for m in second] == [1]
    assert checked.wake_ms is None


def test_red_says_injections_and_labels_each_counted_by_plane() -> None:
    red = answers(Holder("red", "red", ("red/tow-0",), ANYBODY))
    parts = [say(StopTamper(tamper_id="t"), "red/tow-0"), say(AttackEnded(attack_id="t"), "red/tow-0")]
    assert len(red.read([done(), *parts], 7, NOW_MS)) == 2


@pytest.mark.parametrize(
    ("parts", "cause"),
    [
        ([], "no parts"),
        ([b"\xc1"], "not a message"),
        ([say(ALERT)], "expected TickDone, found Alert"),
        ([done(6)], "expected TickDone of tick 7, found tick 6"),
        ([done(8)], "expected TickDone of tick 7, found tick 8"),
        ([done(), b""], "not a message"),
        ([done(), say(ALERT, "dispatch")], "not a sender of this seat"),
        ([done(), say(ALERT, "blue")], "not a sender of this seat"),
        ([done(), say(StopTamper(tamper_id="t"))], "may not say StopTamper"),
        ([done(), say(AttackEnded(attack_id="t"))], "may not say AttackEnded"),
        ([done(), done()], "not a sender of this seat"),
        ([done(), say(ALERT, t_ms=6_000)], "expected t_ms 7000, found 6000"),
        (
            [done(), say(replace_in(ALERT, score=math.inf))],
            r"watchman: score: expected a number from .*, found inf",
        ),
        (
            [done(), say(replace_in(ALERT, evidence="x" * 300))],
            r"watchman: evidence: expected a text of at most",
        ),
        ([done(), say(ALERT, seq=1)], "expected number 0, found 1"),
        ([done(), say(ALERT), say(ALERT)], "expected number 1, found 0"),
        ([done(), say(ALERT, v=2)], "wire version"),
    ],
)
def test_an_answer_that_is_wrong_says_why(parts: list[bytes], cause: str) -> None:
    with pytest.raises(MessageError, match=cause):
        answers().read(parts, 7, NOW_MS)


@pytest.mark.parametrize(
    ("parts", "ready"),
    [
        ([done(-1)], True),
        ([], False),
        ([done(0)], False),
        ([b"\xc1"], False),
        ([done(-1), say(ALERT, t_ms=0)], False),
    ],
)
def test_only_one_thing_may_be_said_before_the_first_tick(parts: list[bytes], ready: bool) -> None:
    assert answers().ready(parts) is ready


def test_an_operator_does_not_order_the_run_itself_from_its_seat() -> None:
    operator = answers(Holder("kim", "operator", ("operator/kim",), ANYBODY))
    with pytest.raises(MessageError, match="may not say PauseRun"):
        operator.read([done(), say(PauseRun(), "operator/kim")], 7, NOW_MS)


def test_there_is_a_most_that_can_be_said_in_one_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seating, "MAX_ANSWER", 2)
    three = [say(ALERT, seq=number) for number in range(3)]
    with pytest.raises(MessageError, match="at most 2 messages, found 3"):
        answers().read([done(), *three], 7, NOW_MS)


@given(
    st.lists(st.binary(max_size=40) | st.sampled_from([done(), say(ALERT), say(INTENT, "respond")]), max_size=4)
)
def test_any_bytes_are_an_answer_or_a_message_error(parts: list[bytes]) -> None:
    try:
        found = answers().read(parts, 7, NOW_MS)
    except MessageError:
        return
    assert parts[0] == done()
    assert len(found) == len(parts) - 1
