"""What comes in by the gate over real sockets, without keys: orders, control, tampering; answers and refusals."""

from __future__ import annotations

import threading

import pytest
import zmq

from fleet.bus.gate import Gate
from fleet.bus.intake import MESSAGES_PER_TICK, Intake
from fleet.bus.picture import Picture, RunFacts
from fleet.messages.codec import encode
from fleet.messages.control import PauseRun, ResumeRun, StepRun
from fleet.messages.envelope import Envelope
from fleet.messages.notices import JoinSeat, MessagesRefused, Receipt, SeatRefused
from fleet.messages.orders import FlyRoute, OrderIssued, Recall, StopOrder
from fleet.messages.seal import KeyPair
from fleet.messages.tamper import StartTamper, TamperAnswered
from tests.bus.at_the_gate import KIM, taken, told
from tests.bus.visitor import answer, published, request, signed, until
from tests.messages.runs import RUN

RECALL = Recall(order_id="o", vehicle="v", site="s", x_m=1.0, y_m=2.0, navigation="gnss")
START = StartTamper(tamper_id="t", primitive="p", target="v", parameters={})


def test_an_order_is_heard_announced_and_answered(gate, visitor):
    asker = visitor.asker("command")
    asker.send(signed(KIM, "operator/kim", 77, RECALL))
    order, issued = taken(gate, 4)
    assert (order.sender, order.seq, order.t_ms, order.body) == ("operator/kim", 77, 4_000, RECALL)
    assert issued.sender == "operator/kim"
    assert (issued.seq, issued.t_ms) == (0, 4_000)
    assert issued.body == OrderIssued(
        order_id="o", vehicle="v", verb="Recall", counter=77, targets=("s",), x_m=(1.0,), y_m=(2.0,)
    )
    assert answer(asker) == Receipt(seq=77, tick=4, cause="")
    assert gate.take(5) == []


def test_announcements_have_a_counter_of_their_own(gate, visitor):
    asker = visitor.asker("command")
    stops = (
        StopOrder(kind="dock", target="a", x_m=1.0, y_m=2.0),
        StopOrder(kind="dock", target="b", x_m=3.0, y_m=4.0),
    )
    route = FlyRoute(order_id="o", vehicle="v", append=False, stops=stops)
    for seq, body in enumerate((RECALL, PauseRun(), route)):
        asker.send(signed(KIM, "operator/kim", seq, body))
    heard = []
    until(lambda: heard.extend(taken(gate, 1)) or len(heard) == 5)
    issued = [m for m in heard if isinstance(m.body, OrderIssued)]
    assert [m.seq for m in issued] == [0, 1]
    assert (issued[1].body.targets, issued[1].body.x_m, issued[1].body.counter) == (("a", "b"), (1.0, 3.0), 2)


def test_refusals_are_answered_counted_and_said(gate, visitor):
    asker = visitor.asker("command")
    asker.send(b"rubbish")
    asker.send(signed(KeyPair(b"e" * 32, RUN), "operator/kim", 5, RECALL))
    asker.send_multipart([b"", signed(KIM, "operator/kim", 6, RECALL)])
    answers = [answer(asker) for _ in range(3)]
    assert answers == [
        Receipt(
            seq=-1, tick=-1, cause="malformed", reason="not a message of this bus: Expected `object`, got `int`"
        ),
        Receipt(seq=5, tick=-1, cause="bad-signature"),
        Receipt(seq=-1, tick=-1, cause="malformed", reason="not a message of this bus: Input data was truncated"),
    ]
    said = gate.take(2)
    assert {m.sender for m in said} == {"gate"}
    assert [m.seq for m in said] == [0, 1]
    assert [m.body for m in said] == [
        MessagesRefused(door="command", cause="bad-signature", claimed_sender="operator/kim", count=1),
        MessagesRefused(door="command", cause="malformed", claimed_sender="", count=2),
    ]
    assert gate.take(3) == []


def test_a_receipt_names_the_field_at_fault(gate, visitor):
    orders, requests = visitor.asker("command"), visitor.asker("injection")
    orders.send(signed(KIM, "operator/kim", 1, StepRun(ticks=0)))
    said = answer(orders)
    assert (said.seq, said.cause) == (1, "malformed")
    assert said.refusal == "malformed: ticks: expected a whole number from 1 to 1,000,000, found 0"
    wild = StartTamper(tamper_id="t", primitive="p", target="v", parameters={"rate_mps": 1e300})
    requests.send(request("red/guest", 1, wild))
    assert answer(requests).reason == "parameters.rate_mps: expected a number from -1e+12 to 1e+12, found 1e+300"


def test_control_is_handed_out_at_once_and_heard_with_the_next_tick(gate, visitor):
    asker = visitor.asker("command")
    asker.send(signed(KIM, "operator/kim", 1, PauseRun()))
    gate.wait(5.0)
    assert [m.body for m in gate.take_control()] == [PauseRun()]
    assert gate.take_control() == []
    asker.send(signed(KIM, "operator/kim", 2, RECALL))
    asker.send(signed(KIM, "operator/kim", 3, ResumeRun()))
    assert [m.body for m in until(gate.take_control)] == [ResumeRun()]
    assert [m.body for m in gate.take(8)][:2] == [PauseRun(), RECALL]
    assert [answer(asker).tick for _ in range(3)] == [8, 8, 8]


def test_an_order_to_the_run_that_comes_between_two_looks_is_not_lost(gate, visitor):
    asker = visitor.asker("command")
    assert gate.take_control(8) == []
    asker.send(signed(KIM, "operator/kim", 1, PauseRun()))
    gate.wait(5.0)
    assert gate.take(8) == [], "whoever is told that it was heard may rely on its being obeyed"
    assert [m.body for m in gate.take_control(9)] == [PauseRun()]
    assert [m.body for m in gate.take(9)] == [PauseRun()]
    assert answer(asker) == Receipt(seq=1, tick=9, cause="")
    assert (gate.take_control(10), gate.take(10)) == ([], [])


def test_in_a_long_pause_answers_do_not_wait(gate, visitor):
    asker = visitor.asker("command")
    asker.send(signed(KIM, "operator/kim", 1, RECALL))
    gate.wait(5.0)
    assert gate.take_control(9) == []
    assert answer(asker) == Receipt(seq=1, tick=9, cause="")
    assert len(gate.take(9)) == 2
    asker.send(signed(KIM, "operator/kim", 2, RECALL, expires_ms=10_000))
    taken(gate, 10)
    assert answer(asker) == Receipt(seq=2, tick=10, cause="")
    asker.send(signed(KIM, "operator/kim", 3, RECALL, expires_ms=9_999))
    assert answer(asker) == Receipt(seq=3, tick=-1, cause="stale")


def test_what_comes_too_late_is_told_so(gate, visitor):
    asker = visitor.asker("command")
    asker.send(signed(KIM, "operator/kim", 1, RECALL))
    gate.wait(5.0)
    gate.end("complete", "d")
    assert answer(asker) == Receipt(seq=1, tick=-1, cause="late")
    asker.send(signed(KIM, "operator/kim", 2, RECALL))
    assert answer(asker) == Receipt(seq=2, tick=-1, cause="late")


def test_what_comes_after_the_last_look_is_late_too(gate, visitor, monkeypatch):
    asker = visitor.asker("command")
    asker.send(signed(KIM, "operator/kim", 1, RECALL))
    gate.wait(5.0)
    monkeypatch.setattr(gate, "_fetch", lambda: None)
    gate.end("complete", "d")
    assert answer(asker) == Receipt(seq=1, tick=-1, cause="late")


def test_what_waits_is_bounded_and_room_comes_back(gate, visitor, monkeypatch):
    monkeypatch.setattr("fleet.bus.relay.MOST_WAITING", 2)
    asker = visitor.asker("command")
    for seq in range(3):
        asker.send(signed(KIM, "operator/kim", seq, RECALL))
    assert answer(asker) == Receipt(seq=2, tick=-1, cause="flood")
    taken(gate, 1)
    assert [answer(asker).seq for _ in range(2)] == [0, 1]
    asker.send(signed(KIM, "operator/kim", 3, RECALL))
    taken(gate, 2)
    assert answer(asker) == Receipt(seq=3, tick=2, cause="")


def test_what_steers_is_bounded_too_and_a_held_run_can_still_be_let_go_on(gate, visitor, monkeypatch):
    monkeypatch.setattr("fleet.bus.relay.MOST_WAITING", 2)
    monkeypatch.setattr("fleet.bus.relay.MOST_WAITING_CONTROLS", 3)
    asker = visitor.asker("command")
    bodies = [PauseRun()] * 6 + [ResumeRun()] * 4
    for seq, body in enumerate(bodies):
        asker.send(signed(KIM, "operator/kim", seq, body))
    assert [answer(asker) for _ in range(2)] == [Receipt(seq=n, tick=-1, cause="flood") for n in (5, 9)]
    held = []
    until(lambda: held.extend(gate.take_control(1)) or len(held) == 8)
    assert [m.seq for m in held] == [0, 1, 2, 3, 4, 6, 7, 8]
    assert len(gate.take(1)) == 8 + 1
    asker.send(signed(KIM, "operator/kim", 10, PauseRun()))
    assert [m.seq for m in until(gate.take_control)] == [10]


def test_tampering_is_answered_to_who_asked_for_it(gate, visitor):
    one, other = visitor.asker("injection"), visitor.asker("injection")
    one.send(request("red/one", 1, START))
    assert [m.body for m in taken(gate, 1)] == [START]
    assert answer(one) == Receipt(seq=1, tick=1, cause="")
    other.send(request("red/other", 1, START))
    assert answer(other) == Receipt(seq=1, tick=-1, cause="not-allowed")
    gate.hear(1, [told(1, START, "red/one")])
    effect = TamperAnswered(tamper_id="t", effect_tick=2, cause="")
    gate.hear(2, [told(0, effect, "injector")])
    assert answer(one) == effect
    other.setsockopt(zmq.RCVTIMEO, 50)
    with pytest.raises(zmq.Again):
        other.recv()


def test_a_flood_stops_neither_publishing_nor_anybody_else(gate, visitor, doors):
    flooder, asker, reader = visitor.asker("command"), visitor.asker("command"), visitor.reader(b"UnloadRefused")
    flooder.setsockopt(zmq.SNDHWM, 0)
    total = 20_000
    for _ in range(total):
        flooder.send(b"x" * 50)
    asker.send(signed(KIM, "operator/kim", 1, RECALL))
    for tick in range(50):
        gate.hear(tick, [told(tick)])
    assert [published(reader)[1] for _ in range(50)] == list(range(50))
    assert any(m.body == RECALL for m in taken_until(gate, RECALL))
    until(lambda: doors.refusals.total == total, 20.0)
    counts = {m.body.cause: m.body.count for m in gate.take(2) if isinstance(m.body, MessagesRefused)}
    assert set(counts) <= {"malformed", "flood"}


def taken_until(gate, body):
    heard = []
    until(lambda: heard.extend(gate.take(1)) or any(m.body == body for m in heard))
    return heard


def test_refusals_add_up_over_ticks(gate, visitor, doors):
    asker = visitor.asker("injection")
    total = 3 * MESSAGES_PER_TICK
    for _ in range(total):
        asker.send(b"x")
    counted = 0

    def everything():
        nonlocal counted
        counted += sum(m.body.count for m in gate.take(1))
        return counted == total

    until(everything)
    assert doors.refusals.total == total


# ---- a door at which nobody is waited for


@pytest.fixture
def waiting_for_nobody(doors):
    picture = Picture(RunFacts("test", 1_000, 60_000, 8.0, RUN))
    with Gate(doors, Intake({}, RUN), tick_ms=1_000, picture=picture, unattended=("lockstep",)) as found:
        yield found


def test_whoever_comes_to_an_unattended_door_is_sent_away_and_nothing_piles_up(waiting_for_nobody, visitor, doors):
    """Ten thousand messages from connections that come and go: each is read, counted, and let go of."""
    join = encode(Envelope(sender="red", seq=0, t_ms=0, body=JoinSeat(seat="red", version="1.2", role="red")))
    connections, each = 100, 100
    for number in range(connections):
        asker = visitor.asker("lockstep")
        for _ in range(each):
            asker.send(join if number % 2 else b"rubbish")
        for _ in range(each):
            assert answer(asker) == SeatRefused(cause="this run waits for nobody")
        asker.close()
    counted = 0

    def everything():
        nonlocal counted
        for message in waiting_for_nobody.take(1):
            refused = message.body
            assert (refused.door, refused.cause, refused.claimed_sender) == ("lockstep", "not-allowed", "")
            counted += refused.count
        return counted >= connections * each

    until(everything, 20.0)
    assert counted == doors.refusals.total == connections * each


# ---- the end


def test_closing_twice_does_nothing(gate, doors):
    gate.close()
    gate.close()
    doors.close()
    doors.close()
    assert not [t.name for t in threading.enumerate() if t.name.startswith("fleet-")]
