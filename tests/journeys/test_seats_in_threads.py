"""Seats in threads of this process: the order of speaking changes nothing, and an agent of one's own may fly."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fleet import __version__
from fleet.app.join import JoinOptions, join, join_team
from fleet.app.run import Company, Runner
from fleet.app.seats import Locked, SeatOptions, barrier_for
from fleet.app.teams import blue_team, first_key, red_team
from fleet.base.streams import Streams
from fleet.bus.doors import Doors
from fleet.bus.keyring import Keyring
from fleet.bus.memory import MemoryBus
from fleet.bus.seat import SeatWish, serve_seat
from fleet.messages.envelope import Message
from fleet.messages.orders import Recall
from fleet.messages.port import KeyedPort, Participant, Seat
from fleet.messages.reports import OrderAnswered, VehicleReported
from fleet.record.digest import Digest
from tests.journeys.both_teams import DEADLINE_S, SMALL, TEAMS, Tape, inside, scenario
from tests.messages.runs import RUN

pytestmark = pytest.mark.slow


PEOPLE = frozenset({"operator/kim"})


class After:
    """A participant that answers a tick only when another has answered it."""

    def __init__(self, inner: Participant, mine: Turn, other: Turn | None) -> None:
        self._inner = inner
        self._mine = mine
        self._other = other

    def on_tick(self, tick: int, now_ms: int, inbox: Sequence[Message]) -> None:
        if self._other is not None:
            self._other.wait(tick)
        self._inner.on_tick(tick, now_ms, inbox)

    def next_wake_ms(self) -> int | None:
        # Asked last in a tick, a moment before the answer goes out.
        self._mine.done()
        return self._inner.next_wake_ms()


class Turn:
    """How many ticks somebody has answered."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._answered = 0
        self._ticks: list[int] = []

    def done(self) -> None:
        with self._condition:
            self._answered += 1
            self._condition.notify_all()

    def wait(self, tick: int) -> None:
        self._ticks.append(tick)
        with self._condition:
            assert self._condition.wait_for(lambda: self._answered >= len(self._ticks), DEADLINE_S)


def in_order(seed: int, first: str) -> str:
    """The digest of a run in which `first` always answers first."""
    loaded = scenario(seed)
    streams = Streams(seed)
    second = "blue" if first == "red" else "red"
    turns = {first: Turn(), second: Turn()}
    digest = Digest()

    def make(team: str) -> Callable[..., list[Seat]]:
        def made(granted: object, bus: MemoryBus) -> list[Seat]:
            blue = team == "blue"
            seats = (
                blue_team(loaded.scenario, bus, first_key(streams, "respond"))
                if blue
                else red_team(loaded.scenario, streams, bus)
            )
            # The last of a team's participants is asked last; the first one waits for the other team.
            wait = turns[first] if team == second else None
            head = After(seats[0].participant, Turn(), wait)
            tail = After(seats[-1].participant, turns[team], None)
            middle = seats[1:-1]
            return [Seat(head, seats[0].planes), *middle, Seat(tail, seats[-1].planes)]

        return made

    with Doors("tcp://127.0.0.1:*") as doors, ThreadPoolExecutor(2) as pool:
        parts = loaded.build(MemoryBus, away=frozenset(TEAMS))
        barrier = barrier_for(parts, doors, SeatOptions(TEAMS))
        served = [
            pool.submit(serve_seat, SeatWish(doors.endpoints.base, team, __version__, team), make(team))
            for team in TEAMS
        ]
        barrier.await_seats(DEADLINE_S)
        Runner(parts, [digest], company=Company(team=barrier)).run()
        barrier.finish()
        assert all(each.result(DEADLINE_S).said for each in served)
    return digest.hexdigest()


@pytest.mark.thorough
def test_who_answers_first_changes_nothing() -> None:
    assert in_order(1, "red") == in_order(1, "blue") == inside(1)


@pytest.mark.thorough
def test_one_team_may_be_inside_and_the_other_elsewhere() -> None:
    for team in TEAMS:
        loaded, digest = scenario(1), Digest()
        with Doors("tcp://127.0.0.1:*") as doors, ThreadPoolExecutor(1) as pool:
            options = SeatOptions((team,))
            parts = loaded.build(MemoryBus, away=options.away)
            barrier = barrier_for(parts, doors, options)
            served = pool.submit(join_team, loaded.scenario, team, JoinOptions(doors.endpoints.base))
            barrier.await_seats(DEADLINE_S)
            Runner(parts, [digest], company=Company(team=barrier)).run()
            barrier.finish()
            assert served.result(DEADLINE_S).said > 0
        assert digest.hexdigest() == inside(1)


class Caller:
    """An agent that calls the first vehicle it hears of home, once; it keeps what was answered."""

    def __init__(self, port: KeyedPort) -> None:
        self._port = port
        self.called = ""
        self.answers: list[str] = []

    def on_tick(self, tick: int, now_ms: int, inbox: Sequence[Message]) -> None:
        for message in inbox:
            body = message.body
            if isinstance(body, VehicleReported) and body.state == "climbing" and not self.called:
                self.called = body.vehicle
                self._port.say_signed(
                    Recall(order_id="home-1", vehicle=body.vehicle, site="s", x_m=0.0, y_m=0.0, navigation="gnss")
                )
            elif isinstance(body, OrderAnswered) and body.order_id == "home-1":
                self.answers.append(body.cause)

    def next_wake_ms(self) -> int | None:
        return None


@pytest.mark.parametrize("with_keys", [False, True])
def test_an_agent_of_ones_own_gives_orders_from_its_seat(with_keys: bool, tmp_path: Path) -> None:
    ring = Keyring.make(tmp_path / "ring") if with_keys else None
    key = None
    if ring is not None:
        key = tmp_path / "kim.key"
        ring.new("kim", "operator", key)
    loaded, tape = scenario(1, SMALL), Tape()
    agents: list[Caller] = []

    def agent(port: KeyedPort) -> Caller:
        agents.append(Caller(port))
        return agents[-1]

    def public_of(name: str) -> bytes:
        holder = ring.holder(name) if ring is not None else None
        assert holder is not None
        return holder.order_public

    with Doors("tcp://127.0.0.1:*", ring) as doors, ThreadPoolExecutor(1) as pool:
        options = SeatOptions(("pilot",))
        assert options.agents
        parts = loaded.build(MemoryBus)
        barrier = barrier_for(
            parts, doors, options, locked=Locked(public_of, RUN) if with_keys else None, reserved=PEOPLE
        )
        served = pool.submit(join, doors.endpoints.base, "pilot", agent, key=key)
        barrier.await_seats(DEADLINE_S)
        Runner(parts, [tape], company=Company(team=barrier)).run()
        barrier.finish()
        assert served.result(DEADLINE_S).said == 1
    assert [m.sender for m in tape.of(Recall) if m.body.order_id == "home-1"] == ["operator/pilot"]
    answers = [m.body for m in tape.of(OrderAnswered) if m.body.order_id == "home-1"]
    assert [(a.vehicle, a.claimed_sender) for a in answers] == [(agents[0].called, "operator/pilot")]
    # The site is none of the city's: the vehicle trusts the order, and says what is wrong with it.
    assert agents[0].answers == [answers[0].cause]
    assert answers[0].cause not in ("unknown-key", "bad-signature", "replay", "stale", "not-allowed")
