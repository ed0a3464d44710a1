"""The barrier tick by tick, over real sockets: who is waited for, what the run says of who fails it, the end."""

from __future__ import annotations

import threading
import time

import pytest

from fleet.base.errors import RunError
from fleet.bus import lockstep
from fleet.bus.announcing import announcement
from fleet.bus.parts import STRAY_PARTS, receive_known
from fleet.bus.seating import SeatPlan
from fleet.messages.codec import encode
from fleet.messages.envelope import Envelope, Message
from fleet.messages.frames import TelemetryFrame
from fleet.messages.notices import ParticipantDropped, SeatRefused, SessionOver, TickOpened
from fleet.messages.orders import Recall, RevokeKey
from fleet.messages.plane import Body
from fleet.messages.security import Alert
from fleet.messages.tamper import StopTamper
from fleet.messages.truth import AttackEnded
from tests.bus.round_table import BLUE, LONG_S, RED, SHORT_S, Peer, Table

ALERT = Alert(
    alert_id="a1", detector="d", attack_class="c", entity="v-1", score=2.0, threshold=1.0, evidence="odd"
)


def message(body: Body, sender: str = "dispatch", seq: int = 0) -> Message:
    return Envelope(sender=sender, seq=seq, t_ms=0, body=body)


def frame(size: int) -> TelemetryFrame:
    rest = dict.fromkeys(("y_m", "height_m", "speed_mps", "battery_wh", "load_kg", "state"), b"")
    return TelemetryFrame(tick=0, x_m=b"\x01" * size, **rest)


def test_each_seat_hears_what_its_role_may_read_in_the_order_of_the_run(table: Table) -> None:
    barrier, (red, blue) = table.seat(RED, BLUE)
    batch = [
        message(ALERT),
        message(frame(100_000)),
        message(frame(4), seq=2),
        message(RevokeKey(alert_id="a", holder="dispatch")),
        message(StopTamper(tamper_id="t")),
        message(AttackEnded(attack_id="t")),
    ]
    barrier.open(3, 3_000, batch)
    opened = TickOpened(tick=3, now_ms=3_000)
    assert blue.hear() == [opened, batch[0].body, batch[1].body, batch[2].body]
    assert red.hear() == [opened, batch[0].body, batch[1].body, batch[2].body, batch[4].body]


def test_a_message_is_encoded_once_however_many_listen(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    barrier, peers = table.seat(RED, BLUE, SeatPlan("kim"), SeatPlan("eve"))
    encoded: list[Body] = []

    def counting(envelope: Envelope[Body]) -> bytes:
        encoded.append(envelope.body)
        return encode(envelope)

    monkeypatch.setattr(lockstep, "encode", counting)
    barrier.open(1, 1_000, [message(ALERT), message(AttackEnded(attack_id="t"))])
    assert encoded == [TickOpened(tick=1, now_ms=1_000), ALERT]
    assert [peer.hear()[1:] for peer in peers] == [[ALERT]] * 4


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_run_goes_on_when_all_have_answered_in_whatever_order(table: Table, order: tuple[int, ...]) -> None:
    barrier, peers = table.seat(RED, BLUE)
    said = [("red/tow-0", StopTamper(tamper_id="t")), ("watchman", ALERT)]
    for tick in (4, 9):
        barrier.open(tick, 1000 * tick, [])
        for number in order:
            peers[number].answer(tick, said[number], wake_ms=20_000 + number)
        found = sorted(barrier.collect(), key=lambda m: m.sender)
        assert [(m.sender, m.body) for m in found] == said
        assert barrier.next_wake_ms() == 20_000
    for peer in peers:
        peer.hear()


def test_a_seat_that_wants_nothing_is_never_woken(table: Table) -> None:
    barrier, (red,) = table.seat(RED)
    assert barrier.next_wake_ms() is None
    barrier.open(0, 0, [])
    red.answer(0)
    assert barrier.collect() == []
    assert barrier.next_wake_ms() is None


def test_orders_of_an_operators_seat_are_announced_under_numbers_of_their_own(table: Table) -> None:
    barrier, (kim,) = table.seat(SeatPlan("kim"))
    for tick in (1, 2):
        barrier.open(tick, 1000 * tick, [])
        order = Recall(order_id=f"o{tick}", vehicle="v", site="s", x_m=1.0, y_m=2.0, navigation="gnss")
        kim.answer(tick, ("operator/kim", order))
        said, announced = barrier.collect()
        assert said.body == order
        assert announced.body == announcement(order, said.seq)
        assert (announced.sender, announced.seq, announced.t_ms) == ("operator/kim", tick - 1, 1000 * tick)


# ---- who fails


def test_a_wait_for_an_answer_can_be_ended(table: Table) -> None:
    barrier, _ = table.seat(RED)

    def stop() -> None:
        raise KeyboardInterrupt

    barrier._meanwhile = stop
    barrier.open(1, 1_000, [])
    with pytest.raises(KeyboardInterrupt):
        barrier.collect()


def test_of_a_stranger_no_more_is_kept_than_tells_that_it_is_one(table: Table) -> None:
    stranger = table.come()
    stranger.socket.send_multipart([b"x"] * 5_000)
    assert len(receive_known(table.doors.socket("lockstep"), ())) == STRAY_PARTS


def test_a_silent_seat_ends_the_run_with_its_name_the_tick_and_the_patience(table: Table) -> None:
    barrier, (red, _) = table.seat(RED, BLUE, patience_s=SHORT_S)
    barrier.open(412, 412_000, [])
    red.answer(412)
    with pytest.raises(RunError, match=r"seat `blue` is silent at tick 412: no answer within 0\.3 s"):
        barrier.collect()


def test_a_silent_seat_can_be_dropped_and_the_run_hears_of_it(table: Table) -> None:
    barrier, (red, blue) = table.seat(RED, BLUE, patience_s=SHORT_S, drop=True)
    barrier.open(3, 3_000, [])
    red.answer(3, ("red/tow-0", StopTamper(tamper_id="t")))
    said, dropped = barrier.collect()
    assert said.body == StopTamper(tamper_id="t")
    assert dropped.body == ParticipantDropped(seat="blue", cause="silent")
    assert (dropped.sender, dropped.seq, dropped.t_ms) == ("gate", 0, 3_000)
    assert table.doors.next_notice() == 1
    blue.hear()
    (over,) = blue.hear()
    assert isinstance(over, SessionOver)
    assert over.cause == "dropped at tick 3: no answer within 0.3 s"
    barrier.open(4, 4_000, [])
    blue.answer(4, ("watchman", ALERT))
    answering = threading.Timer(0.2, red.answer, (4,))
    answering.start()
    assert barrier.collect() == []
    answering.join()
    assert blue.hear() == [SeatRefused(cause="you have no seat in this run")]


def test_a_seat_that_is_gone_is_noticed_long_before_patience_ends(table: Table) -> None:
    barrier, (red, blue) = table.seat(RED, BLUE)
    barrier.open(7, 7_000, [])
    red.answer(7)
    blue.hear()
    blue.close()
    began = time.monotonic()
    with pytest.raises(RunError, match="seat `blue` is gone at tick 7: its connection ended"):
        barrier.collect()
    assert time.monotonic() - began < LONG_S / 3


def test_a_seat_that_was_gone_before_the_tick_is_dropped_as_gone(table: Table) -> None:
    barrier, (red, blue) = table.seat(RED, BLUE, drop=True)
    blue.close()
    barrier.open(1, 1_000, [])
    red.answer(1)
    assert [m.body for m in barrier.collect()] == [ParticipantDropped(seat="blue", cause="gone")]
    assert [holder.seat for holder in barrier.holders] == ["red"]


def test_all_dropped_in_one_tick_are_told_in_the_order_of_their_names(table: Table) -> None:
    barrier, peers = table.seat(SeatPlan("zoe"), RED, BLUE, drop=True, patience_s=SHORT_S)
    barrier.open(1, 1_000, [])
    for peer in peers:
        peer.socket.send(b"\xc1")
    found = barrier.collect()
    assert [(m.seq, m.body) for m in found] == [
        (number, ParticipantDropped(seat=seat, cause="broken"))
        for number, seat in enumerate(["blue", "red", "zoe"])
    ]
    barrier.open(2, 2_000, [message(ALERT)])
    assert barrier.collect() == []
    assert barrier.next_wake_ms() is None


def test_an_answer_out_of_line_is_not_taken(table: Table) -> None:
    barrier, (red, blue) = table.seat(RED, BLUE, drop=True)
    barrier.open(1, 1_000, [])
    red.answer(1, ("red/tow-0", StopTamper(tamper_id="t")), ("watchman", ALERT))
    blue.answer(1)
    assert [m.body for m in barrier.collect()] == [ParticipantDropped(seat="red", cause="broken")]


def test_who_answers_twice_loses_the_seat(table: Table) -> None:
    barrier, (red, _) = table.seat(RED, BLUE)
    barrier.open(1, 1_000, [])
    red.answer(1)
    red.answer(1)
    with pytest.raises(RunError, match="seat `red` is broken at tick 1: it answered twice"):
        barrier.collect()


def test_strangers_cannot_hold_the_run_up(table: Table) -> None:
    barrier, (red,) = table.seat(RED)
    stranger, late = table.come(), table.come()
    for number in range(300):
        stranger.socket.send_multipart([b"\xc1" * (number % 9)] * (1 + number % 3))
    late.ask("red")
    barrier.open(1, 1_000, [])
    answering = threading.Timer(0.2, red.answer, (1, ("red/tow-0", StopTamper(tamper_id="t"))))
    answering.start()
    assert [m.body for m in barrier.collect()] == [StopTamper(tamper_id="t")]
    answering.join()
    assert late.hear() == [SeatRefused(cause="the run has begun")]
    assert stranger.hear() == [SeatRefused(cause="you have no seat in this run")]


# ---- the end


def test_the_end_is_told_and_waited_for(table: Table) -> None:
    barrier, peers = table.seat(RED, BLUE)
    ended: list[Body] = []

    def leave(peer: Peer) -> None:
        ended.extend(peer.hear())
        peer.close()

    leaving = [threading.Thread(target=leave, args=(peer,)) for peer in peers]
    for each in leaving:
        each.start()
    began = time.monotonic()
    barrier.finish()
    assert time.monotonic() - began < lockstep.FAREWELL_S
    for each in leaving:
        each.join(LONG_S)
    assert ended == [SessionOver(cause="")] * 2
    barrier.finish("again")


def test_the_end_does_not_wait_for_ever(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockstep, "FAREWELL_S", SHORT_S)
    barrier, (red,) = table.seat(RED)
    barrier.finish("interrupted")
    assert red.hear() == [SessionOver(cause="interrupted")]
