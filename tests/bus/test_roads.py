"""The road keeps its promises, and the suite that says so catches roads that do not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.base.errors import MessageError
from fleet.bus import checks
from fleet.bus.memory import MemoryBus
from fleet.bus.order import inbox
from fleet.messages.orders import RevokeKey
from fleet.messages.plane import Plane
from fleet.messages.port import PlaneCount
from fleet.messages.reports import UnloadRefused
from fleet.messages.tamper import StopTamper
from fleet.messages.truth import AttackEnded

BODIES = (
    UnloadRefused(facility="f", vehicle="v", cause="full"),
    RevokeKey(alert_id="a", holder="h"),
    StopTamper(tamper_id="t"),
    AttackEnded(attack_id="x"),
)


def test_the_road_keeps_every_promise():
    checks.check_bus(MemoryBus)


class LosesOne(MemoryBus):
    def turn(self):
        return super().turn()[:-1]


class Unsorted(MemoryBus):
    def turn(self):
        return super().turn()[::-1]


class Redates(MemoryBus):
    def __init__(self, clock):
        super().__init__(lambda: clock() + 1)


@pytest.mark.parametrize("make", [LosesOne, Unsorted, Redates])
def test_the_suite_catches_a_broken_road(make):
    with pytest.raises(AssertionError, match="expected"):
        checks.check_bus(make)


@settings(max_examples=30, deadline=None)
@given(
    said=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(BODIES)), max_size=40),
    turns=st.sets(st.integers(0, 40)),
)
def test_turns_lose_nothing_and_add_nothing(said, turns):
    bus = MemoryBus(lambda: 5)
    heard = []
    for number, (sender, body) in enumerate(said):
        bus.port(sender).say(body)
        if number in turns:
            heard += bus.turn()
    heard += bus.turn()
    assert sorted((m.sender, str(m.body)) for m in heard) == sorted((s, str(b)) for s, b in said)
    for sender in "abc":
        for plane in Plane:
            numbers = [m.seq for m in heard if (m.sender, m.body.plane) == (sender, plane)]
            assert numbers == list(range(len(numbers)))


def test_time_is_the_clocks():
    now = [0]
    bus = MemoryBus(lambda: now[0])
    port = bus.port("a")
    port.say(BODIES[0])
    now[0] = 250
    port.say(BODIES[0])
    assert [message.t_ms for message in bus.turn()] == [0, 250]


def test_a_failed_signature_costs_no_number():
    port = MemoryBus(lambda: 0).port("a")
    with pytest.raises(MessageError, match="`a` has no key to sign a RevokeKey"):
        port.say_signed(BODIES[1])
    assert port.say(BODIES[1]) == 0


def test_a_reader_sees_its_planes_only():
    bus = MemoryBus(lambda: 0)
    for body in BODIES:
        bus.port("a").say(body)
    batch = bus.turn()
    assert [m.body for m in inbox(batch, frozenset({Plane.TELEMETRY, Plane.INJECTION}))] == [
        BODIES[0],
        BODIES[2],
    ]
    assert inbox(batch, frozenset()) == []


def test_statistics_count_what_waits():
    bus = MemoryBus(lambda: 0)
    for _ in range(3):
        bus.port("a").say(BODIES[0])
    assert bus.statistics()[Plane.TELEMETRY] == PlaneCount(3, 0, 3)
    bus.turn()
    bus.port("a").say(BODIES[0])
    assert bus.statistics()[Plane.TELEMETRY] == PlaneCount(4, 3, 3)
    assert bus.statistics()[Plane.LOCKSTEP] == PlaneCount(0, 0, 0)
