"""The command door beset from within: everything is refused, counted for the right cause, and said by the gate."""

from collections import Counter
from itertools import count

import pytest

from fleet.base.errors import MessageError
from fleet.base.streams import Streams
from fleet.bus.intake import MESSAGES_PER_TICK
from fleet.bus.memory import MemoryBus
from fleet.bus.siege import INTRUDER, CommandSiege
from fleet.messages.codec import decode
from fleet.messages.notices import GATE, MessagesRefused


def besieged(how, per_tick, ticks, seed=1):
    """What the gate says in each tick."""
    bus = MemoryBus(lambda: 0)
    siege = CommandSiege(Streams(seed), 1000)
    siege.join(bus.port(GATE), count().__next__)
    assert siege.begin("t", how, per_tick) == ""
    said = []
    for tick in range(ticks):
        siege.on_tick(tick, 1000 * tick, [])
        said.append(bus.turn())
    return siege, said


@pytest.mark.parametrize(
    "how, cause, claimed",
    [("malformed", "malformed", ""), ("flood", "unknown-key", INTRUDER), ("stranger", "unknown-key", INTRUDER)],
)
@pytest.mark.parametrize("per_tick", [1, MESSAGES_PER_TICK, 3 * MESSAGES_PER_TICK])
def test_all_are_refused_and_counted(how, cause, claimed, per_tick):
    siege, said = besieged(how, per_tick, 4)
    for batch in said:
        counts = Counter()
        for message in batch:
            assert message.sender == GATE
            assert isinstance(message.body, MessagesRefused)
            assert message.body.door == "command"
            counts[message.body.cause, message.body.claimed_sender] += message.body.count
        assert counts.pop((cause, claimed)) == min(per_tick, MESSAGES_PER_TICK)
        assert sum(counts.values()) == per_tick - min(per_tick, MESSAGES_PER_TICK)
        assert {cause for cause, _ in counts} <= {"flood"}
    assert siege.refused("t") == 4 * per_tick


def test_it_is_the_same_every_time():
    assert besieged("stranger", 5, 3)[1] == besieged("stranger", 5, 3)[1]


def test_garbage_is_no_message():
    siege, _ = besieged("malformed", 1, 1)
    for number in range(500):
        with pytest.raises(MessageError):
            decode(siege._garbage("t", number, 0))


def test_it_wakes_the_run_only_while_it_lasts():
    siege, _ = besieged("flood", 1, 3)
    assert siege.next_wake_ms() == 3_000
    siege.end("t")
    assert siege.next_wake_ms() is None
    siege.on_tick(3, 3_000, [])
    assert siege.refused("t") == 0


def test_one_id_besets_once():
    siege, _ = besieged("flood", 1, 1)
    assert siege.begin("t", "malformed", 1) == "something is under way under this id"


def test_beside_a_gate_it_says_the_same_in_the_same_tick_under_the_gates_next_number():
    bus = MemoryBus(lambda: 0)
    siege = CommandSiege(Streams(1), 1000)
    siege.join(bus.port("outside"), count(5).__next__)
    siege.begin("t", "malformed", 7)
    siege.on_tick(1, 1_000, [])
    (said,) = bus.turn()
    assert (said.sender, said.seq, said.t_ms) == (GATE, 5, 1_000)
    assert said.body == MessagesRefused(door="command", cause="malformed", claimed_sender="", count=7)


def test_in_a_replay_it_is_dumb():
    siege = CommandSiege(Streams(1), 1000)
    siege.begin("t", "malformed", 7)
    siege.on_tick(1, 1_000, [])
    assert siege.refused("t") == 7
