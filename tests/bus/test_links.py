"""The links of a run on a road: who is hit, in which direction, what is told, and what stays as it was."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.base.streams import Streams
from fleet.bus.links import Ends, Hearing, Links, Rule
from fleet.bus.memory import MemoryBus
from fleet.messages.frames import RangeFrame, TelemetryFrame, pack, unpack
from fleet.messages.interception import Replay, Rewrite
from fleet.messages.links import Fault
from fleet.messages.orders import RevokeKey
from fleet.messages.plane import Plane
from fleet.messages.reports import UnloadRefused, VehicleReported
from fleet.messages.tamper import StopTamper
from fleet.messages.truth import AttackEnded, MessagesLost

VEHICLES = ("north-1", "north-2", "south-1")
ENDS = Ends(frozenset({*VEHICLES, "depot", "dispatch"}), VEHICLES, frozenset({"dispatch", "watchman"}))
TICK_MS = 1000


class Road:
    """A memory bus with links, a clock, and ports."""

    def __init__(self, *rules, seed=1):
        self.now_ms = 0
        self.bus = MemoryBus(lambda: self.now_ms)
        noise = Streams(seed).noise("links")
        self.links = Links(ENDS, rules, noise, lambda: self.now_ms, TICK_MS, self.bus.port("road"))
        self.bus.lay(self.links)

    def say(self, sender, number=0):
        self.bus.port(sender).say(UnloadRefused(facility="f", vehicle=f"{number}", cause="full"))

    def tick(self):
        """What is heard at the next tick."""
        self.now_ms += TICK_MS
        return self.bus.turn()

    def run(self, ticks):
        return [message for _ in range(ticks) for message in self.tick()]


def numbers(batch):
    return [(m.sender, m.seq) for m in batch if m.body.plane is Plane.TELEMETRY]


def lost(batch):
    return [m.body for m in batch if isinstance(m.body, MessagesLost)]


def test_only_those_the_pattern_names_are_hit_and_only_one_way():
    road = Road(Rule("north-*", "up", Fault(cut=True)))
    for sender in (*VEHICLES, "depot", "dispatch", "world", "watchman"):
        road.say(sender)
    batch = road.tick()
    assert {m.sender for m in batch} == {"south-1", "depot", "dispatch", "world", "watchman", "road"}
    assert lost(batch) == [
        MessagesLost(who=name, direction="up", cause="cut", count=1) for name in ("north-1", "north-2")
    ]
    assert road.links.hears("north-1", road.now_ms, batch[0]) == [batch[0]]


def test_labels_and_injections_go_over_no_link():
    road = Road(Rule("*", "up", Fault(cut=True)))
    for body in (AttackEnded(attack_id="x"), StopTamper(tamper_id="t")):
        road.bus.port("dispatch").say(body)
    assert [type(m.body) for m in road.tick()] == [StopTamper, AttackEnded]


def test_what_is_late_is_heard_at_the_first_tick_after_it_is_due():
    road = Road(Rule("dispatch", "up", Fault(latency_ms=2_300)))
    road.bus.port("dispatch").say(RevokeKey(alert_id="a", holder="h"))
    assert road.links.next_wake_ms() is None, "nothing was carried yet"
    heard = {tick: len(road.tick()) for tick in range(1, 6)}
    assert heard == {1: 0, 2: 0, 3: 1, 4: 0, 5: 0}
    assert road.links.next_wake_ms() is None


def test_a_run_is_woken_for_what_is_late():
    road = Road(Rule("dispatch", "up", Fault(latency_ms=40_000)))
    road.say("dispatch")
    road.tick()
    assert not road.bus.pending
    assert road.links.next_wake_ms() == 40_000


def test_a_doubled_message_is_one_message_twice():
    road = Road(Rule("depot", "up", Fault(duplicate=1.0)))
    road.say("depot")
    first, second = road.tick()
    assert first == second
    assert numbers([first]) == [("depot", 0)]


def test_what_is_under_way_when_the_run_ends_is_told():
    road = Road(Rule("depot", "up", Fault(latency_ms=60_000)))
    road.say("depot")
    road.tick()
    last = road.bus.turn()
    assert lost(last) == [MessagesLost(who="depot", direction="up", cause="on-the-way", count=1)]


def test_the_last_turn_of_a_run_is_a_tick_later_than_its_clock():
    road = Road(Rule("depot", "up", Fault(latency_ms=900)))
    road.tick()
    road.say("depot")
    assert numbers(road.bus.turn()) == [("depot", 0)]


def test_rules_on_one_link_act_one_behind_the_other():
    road = Road(Rule("*", "up", Fault(latency_ms=1_000)), Rule("depot", "up", Fault(latency_ms=2_000)))
    road.say("depot")
    road.say("dispatch")
    assert [numbers(road.tick()) for _ in range(3)] == [[("dispatch", 0)], [], [("depot", 0)]]


SAID = st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["north-1", "north-2", "depot"])), max_size=60)
HARM = st.builds(
    Fault,
    latency_ms=st.integers(0, 5_000),
    jitter_ms=st.integers(0, 5_000),
    loss=st.sampled_from([0.0, 0.3]),
    duplicate=st.sampled_from([0.0, 0.3]),
    reorder=st.sampled_from([0.0, 0.5]),
)


def heard_of(rules, said, who=None):
    """(tick, sender, seq) of everything that is heard."""
    road, out = Road(*rules), []
    for tick in range(60):
        for when, sender in said:
            if when == tick:
                road.say(sender)
        out += [(tick, m.sender, m.seq) for m in road.tick() if who in (None, m.sender) and m.sender != "road"]
    return out


@settings(max_examples=40, deadline=None)
@given(HARM, SAID)
def test_another_links_traffic_changes_nothing(fault, said):
    rules = [Rule("north-*", "up", fault)]
    alone = [(tick, sender) for tick, sender in said if sender == "north-1"]
    assert heard_of(rules, said, "north-1") == heard_of(rules, alone, "north-1")


@settings(max_examples=40, deadline=None)
@given(HARM, SAID)
def test_who_has_no_fault_is_heard_as_on_a_road_without_links(fault, said):
    plain = heard_of([], said, "depot")
    assert heard_of([Rule("north-*", "up", fault)], said, "depot") == plain
    assert heard_of([Rule("*", "up", Fault(latency_ms=9, loss=1.0, from_ms=10**9))], said) == heard_of([], said)


# ---- down


class Diary:
    def __init__(self):
        self.heard = []

    def on_tick(self, tick, now_ms, inbox):
        self.heard += [(tick, m.seq) for m in inbox]

    def next_wake_ms(self):
        return None


def test_a_slow_reader_hears_late_and_misses_the_oldest():
    road, diary = Road(Rule("watchman", "down", Fault(reads_per_s=1.0, queue=3))), Diary()
    seat = Hearing("watchman", diary, road.links)
    for number in range(10):
        road.say("depot", number)
    told = []
    for tick in range(1, 8):
        batch = road.tick()
        seat.on_tick(tick, road.now_ms, [m for m in batch if m.body.plane is Plane.TELEMETRY])
        told += lost(batch)
    assert diary.heard == [(1, 0), (2, 7), (3, 8), (4, 9)]
    assert told == [MessagesLost(who="watchman", direction="down", cause="overflow", count=6)]


def test_frames_do_not_shift_what_happens_to_messages():
    """Frames are said as people watch; what they draw is their own."""

    def heard(frames):
        road, diary = Road(Rule("watchman", "down", Fault(loss=0.5))), Diary()
        seat = Hearing("watchman", diary, road.links)
        for tick in range(1, 40):
            road.say("depot")
            inbox = road.tick()
            if frames:
                road.bus.port("world/frames").say(RangeFrame(tick=tick, vehicle=b"", anchor=b"", range_m=b""))
                inbox += road.bus.turn()
            seat.on_tick(tick, road.now_ms, [m for m in inbox if m.body.plane is Plane.TELEMETRY])
        return [m for m in diary.heard if m[1] >= 0]

    plain, watched = heard(False), heard(True)
    assert 5 < len(plain) < 35
    assert set(plain) <= set(watched)


# ---- rows of frames


def frame(tick):
    """Row r says x = 100 r + tick."""
    x = pack([100.0 * row + tick for row in range(3)])
    return TelemetryFrame(
        tick=tick,
        x_m=x,
        y_m=x,
        height_m=x,
        speed_mps=x,
        battery_wh=x,
        load_kg=x,
        state=pack([tick % 3] * 3, "<u1"),
    )


def frames_heard(road, ticks):
    """x, state and age by (tick, row)."""
    port, x, state, age = road.bus.port("world/frames"), [], [], []
    for tick in range(ticks):
        port.say(frame(tick))
        (message,) = [m for m in road.tick() if isinstance(m.body, TelemetryFrame)]
        assert message.body.tick == tick
        x.append(unpack(message.body.x_m))
        state.append(unpack(message.body.state, "<u1"))
        age.append(unpack(message.body.age_ms, "<u4") if message.body.age_ms else np.zeros(3, dtype="<u4"))
    return np.array(x), np.array(state), np.array(age)


def test_a_vehicle_that_is_cut_off_has_no_row_and_its_last_known_state():
    road = Road(Rule("north-2", "up", Fault(cut=True, from_ms=4_000, to_ms=8_000)))
    x, state, age = frames_heard(road, 12)
    ticks = np.arange(12)
    assert np.array_equal(np.isnan(x[:, 1]), (ticks >= 4) & (ticks < 8))
    assert np.array_equal(x[:, 0], ticks)
    assert np.array_equal(x[8:, 1], 100.0 + ticks[8:])
    assert list(state[:, 1]) == [0, 1, 2, 0, *[0] * 4, 2, 0, 1, 2]
    assert not age.any()


def test_rows_that_come_late_are_old_and_say_so():
    road = Road(Rule("south-1", "up", Fault(latency_ms=4_000)))
    x, _, age = frames_heard(road, 10)
    assert np.isnan(x[:3, 2]).all()
    assert np.array_equal(x[3:, 2], 200.0 + np.arange(7))
    assert list(age[3:, 2]) == [3_000] * 7
    assert not age[:, :2].any()


def test_fresh_frames_pass_as_they_are():
    road = Road(Rule("south-1", "up", Fault(cut=True, from_ms=5_000)))
    road.bus.port("world/frames").say(frame(1))
    assert road.tick()[0].body == frame(1)


def test_rows_are_drawn_by_tick_and_not_by_how_often_one_looks():
    rule = Rule("north-1", "up", Fault(loss=0.5))
    every, _, _ = frames_heard(Road(rule), 60)
    road, seen = Road(rule), []
    for tick in range(0, 60, 3):
        road.now_ms = 1000 * tick
        road.bus.port("world/frames").say(frame(tick))
        seen.append(unpack(road.tick()[0].body.x_m)[0])
    assert np.array_equal(np.isnan(every[::3, 0]), np.isnan(seen))
    assert 15 < np.isnan(every[:, 0]).sum() < 45


# ---- tampering


def report(road, x_m=1.0):
    road.bus.port("north-1").say(
        VehicleReported(vehicle="north-1", state="idle", x_m=x_m, y_m=0.0, battery_wh=5.0, load_kg=0.0, load_l=0.0,
                        order_id="", step=0, bound_for="")
    )  # fmt: skip


def test_what_is_laid_on_a_link_holds_until_it_is_taken_away():
    road = Road()
    assert road.links.idle
    report(road)
    road.tick()
    assert road.links.afflict("t", "north-1", "up", Rewrite(field="x_m", plus=10.0)) == ""
    report(road)
    assert road.tick()[0].body.x_m == 11.0
    assert road.links.touched("t") == 1
    road.links.relieve("t")
    report(road)
    assert road.tick()[0].body.x_m == 1.0
    assert road.links.touched("t") == 0


def test_rows_of_frames_are_rewritten_like_reports():
    road = Road()
    road.tick()
    road.links.afflict("t", "north-2", "up", Rewrite(field="x_m", factor=2.0, plus=1.0))
    road.bus.port("world/frames").say(frame(1))
    (message,) = road.tick()
    assert list(unpack(message.body.x_m)) == [1.0, 203.0, 201.0]
    assert message.body.y_m == frame(1).y_m


def test_old_reports_come_again_once_a_tick():
    road = Road()
    road.links.remember()
    for x_m in (1.0, 2.0):
        report(road, x_m)
        road.tick()
    assert road.links.afflict("t", "north-1", "up", Replay(period_ms=1000)) == ""
    assert [[m.seq for m in road.tick()] for _ in range(3)] == [[0], [1], [0]]
    assert road.links.next_wake_ms() is not None
    road.links.relieve("t")
    assert road.run(3) == []
    assert road.links.next_wake_ms() is None


@pytest.mark.parametrize(
    "name, direction, what, why",
    [
        ("nobody", "up", Fault(cut=True), "found 'nobody'"),
        ("depot", "down", Fault(cut=True), "a link down"),
        ("north-1", "down", Replay(period_ms=1000), "only what a vehicle reports"),
        ("depot", "up", Replay(period_ms=1000), "only what a vehicle reports"),
    ],
)
def test_a_link_that_is_not_there_is_named(name, direction, what, why):
    road = Road()
    assert why in road.links.afflict("t", name, direction, what)
    assert road.links.idle


def test_links_forget_what_was_taken_away():
    road = Road()
    for number in range(200):
        road.links.afflict(f"t{number}", "north-1", "up", Fault(latency_ms=1_500))
        report(road)
        road.tick()
        road.links.relieve(f"t{number}")
    way = road.links._ways["up"]["north-1"]
    assert len(way.chain.stages) < 6
    assert len(way.over) < 12
    assert way.rows == []


def test_a_message_in_many_links_stays_in_order_after_all_are_gone():
    road = Road()
    heard = []
    for number in range(12):
        if number % 4 == 0:
            road.links.afflict(f"t{number}", "north-1", "up", Fault(latency_ms=2_500))
        if number % 4 == 2:
            road.links.relieve(f"t{number - 2}")
        report(road, float(number))
        heard += road.tick()
    heard += road.run(10)
    assert [m.body.x_m for m in heard] == [float(n) for n in range(12)]
    assert not math.isnan(heard[-1].body.x_m)
