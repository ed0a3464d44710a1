"""Who sits at the barrier before the first tick, over real sockets: seats given, refused, freed, waited for."""

from __future__ import annotations

import threading

import pytest

from fleet.base.errors import RunError
from fleet.bus import lockstep
from fleet.bus.lockstep import Barrier
from fleet.bus.seating import SeatPlan, Terms
from fleet.messages.notices import SeatGranted, SeatRefused, SessionOver
from tests.bus.round_table import BLUE, LONG_S, RED, SHORT_S, VERSION, Table
from tests.bus.visitor import until
from tests.messages.runs import RUN


def test_seats_are_given_and_everybody_else_is_told_why_not(table: Table) -> None:
    barrier = table.barrier(RED, SeatPlan("kim"))
    wrong = [("pete", VERSION, "no seat `pete`"), ("kim", "1.1", "version"), ("tow-1", VERSION, "no seat")]
    strangers = [table.come() for _ in wrong]
    for peer, (seat, version, _) in zip(strangers, wrong, strict=True):
        peer.ask(seat, version)
    garbage = table.come()
    garbage.socket.send_multipart([b"\xc1", b"", b"x"])
    red, kim, late = table.come(), table.come(), table.come()
    red.ask("red")
    seating = threading.Thread(target=barrier.await_seats, args=(LONG_S,))
    seating.start()
    assert red.hear() == [
        SeatGranted(seat="red", senders=("red/tow-0",), tick_ms=1000, seed=-1, secret=b"", run_id=RUN.digits)
    ]
    red.ready()
    late.ask("red")
    for peer, (_, _, cause) in zip(strangers, wrong, strict=True):
        (refused,) = peer.hear()
        assert isinstance(refused, SeatRefused)
        assert cause in refused.cause
    assert garbage.hear() == [SeatRefused(cause="expected JoinSeat")]
    assert late.hear() == [SeatRefused(cause="seat `red` is taken")]
    kim.ask("kim")
    assert kim.hear() == [
        SeatGranted(seat="kim", senders=("operator/kim",), tick_ms=1000, seed=-1, secret=b"", run_id=RUN.digits)
    ]
    kim.ready()
    seating.join(LONG_S)
    assert [holder.seat for holder in table.seated] == ["red", "kim"]
    assert [holder.seat for holder in barrier.holders] == ["kim", "red"]


def test_a_seat_that_nobody_takes_is_named(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    barrier = table.barrier(RED, BLUE)
    red = table.come()
    red.ask("red")
    monkeypatch.setattr(lockstep, "FAREWELL_S", SHORT_S)
    with pytest.raises(RunError, match=r"nobody took seat `blue` within 0\.3 s"):
        barrier.await_seats(SHORT_S)
    assert isinstance(red.hear()[0], SeatGranted)
    assert red.hear() == [SessionOver(cause="the run did not begin")]


def test_who_leaves_before_the_first_tick_frees_the_seat(table: Table) -> None:
    barrier = table.barrier(RED, BLUE)
    first = table.come()
    first.ask("red")
    seating = threading.Thread(target=barrier.await_seats, args=(LONG_S,))
    seating.start()
    assert isinstance(first.hear()[0], SeatGranted)
    first.close()
    until(lambda: barrier.holders == (), LONG_S)
    second, blue = table.come(), table.come()
    second.ask("red")
    assert isinstance(second.hear()[0], SeatGranted)
    blue.ask("blue")
    for peer in (second, blue):
        peer.ready()
    seating.join(LONG_S)
    assert [holder.seat for holder in barrier.holders] == ["blue", "red"]


def test_who_speaks_before_the_first_tick_loses_the_seat(table: Table) -> None:
    barrier = table.barrier(RED, BLUE)
    hasty, red, blue = table.come(), table.come(), table.come()
    hasty.ask("red")
    hasty.answer(0)
    seating = threading.Thread(target=barrier.await_seats, args=(LONG_S,))
    seating.start()
    assert isinstance(hasty.hear()[0], SeatGranted)
    assert isinstance(hasty.hear()[0], SeatRefused)
    for peer, seat in ((red, "red"), (blue, "blue")):
        peer.ask(seat)
        assert isinstance(peer.hear()[0], SeatGranted)
        peer.ready()
    seating.join(LONG_S)
    assert [holder.seat for holder in table.seated] == ["red", "red", "blue"]


def test_who_is_not_ready_is_waited_for_and_named(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockstep, "FAREWELL_S", SHORT_S)
    barrier = table.barrier(RED)
    table.come().ask("red")
    with pytest.raises(RunError, match=r"whoever took seat `red` was not ready within 0\.3 s"):
        barrier.await_seats(SHORT_S)


def test_who_speaks_between_the_seats_and_the_first_tick_has_answered_wrongly(table: Table) -> None:
    barrier, (red,) = table.seat(RED)
    red.ask("red")
    barrier.open(0, 0, [])
    with pytest.raises(RunError, match="seat `red` is broken at tick 0: its answer is wrong: expected TickDone"):
        barrier.collect()


def test_what_is_called_while_it_waits_can_end_the_wait(table: Table) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    barrier = Barrier(table.doors, [RED], Terms(VERSION, 1000, RUN), meanwhile=stop)
    with pytest.raises(KeyboardInterrupt):
        barrier.await_seats(LONG_S)


def test_who_names_its_own_connection_gets_no_seat(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockstep, "FAREWELL_S", SHORT_S)
    barrier = table.barrier(RED)
    red = table.come(b"it-is-me")
    red.ask("red")
    with pytest.raises(RunError, match="nobody took seat `red`"):
        barrier.await_seats(SHORT_S)
    (refused,) = red.hear()
    assert isinstance(refused, SeatRefused)
    assert "ZMQ_ROUTING_ID" in refused.cause


def test_only_a_plan_with_a_seed_tells_it_and_who_signs_is_given_a_secret(table: Table) -> None:
    plan = SeatPlan("red", "red", ("red/tow-0",), 5)
    terms = Terms(VERSION, 1000, RUN)
    barrier = Barrier(table.doors, [plan, BLUE], terms, secret_of=lambda h: b"s" if h.seat == "blue" else b"")
    red, blue = table.come(), table.come()
    for peer, seat in ((red, "red"), (blue, "blue")):
        peer.ask(seat)
        peer.ready()
    barrier.await_seats(LONG_S)
    told = [peer.hear()[0] for peer in (red, blue)]
    assert [(g.seed, g.secret) for g in told if isinstance(g, SeatGranted)] == [(5, b""), (-1, b"s")]
