"""What one link may do to what passes it, and what it may not."""

import itertools
import math
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.base.streams import Streams
from fleet.messages.envelope import Envelope
from fleet.messages.interception import Chain, Replay, Replayer, Rewrite, Rewriter, rewritten
from fleet.messages.links import Draws, Fault, Link
from fleet.messages.orders import FlyRoute, StopOrder
from fleet.messages.reports import PickupCollected, Unloaded

LATE_MS = 10**9
SIZE = 125

NOT_LOSSY = st.builds(
    Fault,
    latency_ms=st.integers(0, 5_000),
    jitter_ms=st.integers(0, 3_000),
    reorder=st.floats(0.0, 1.0),
    reorder_ms=st.integers(1, 4_000),
    bandwidth_bps=st.sampled_from([0.0, 300.0, 1e4, 1e7]),
    reads_per_s=st.sampled_from([0.0, 0.5, 3.0]),
    queue=st.just(1_000),
    from_ms=st.integers(0, 10_000),
    to_ms=st.integers(0, 60_000),
)
GAPS = st.lists(st.integers(0, 2_500), min_size=1, max_size=40)


def link_of(fault, name="up/v-1", seed=1):
    return Link(fault, Draws(Streams(seed).noise("links"), name), lambda message: SIZE)


def carry(link, gaps, upto_ms=LATE_MS):
    """Send 0, 1, 2... after these gaps: (when each was sent, what came out)."""
    now, sent, out = 0, [], []
    for number, gap in enumerate(gaps):
        now += gap
        sent.append(now)
        out += link.send(now, number)
    return sent, out + link.due(upto_ms)


@given(NOT_LOSSY, GAPS)
@settings(max_examples=150)
def test_nothing_is_lost_or_invented_without_loss(fault, gaps):
    link = link_of(fault)
    _, out = carry(link, gaps)
    assert sorted(due.message for due in out) == list(range(len(gaps)))
    assert not link.lost
    assert link.waiting == 0
    assert link.next_due_ms() is None


@given(NOT_LOSSY, GAPS)
@settings(max_examples=150)
def test_nothing_comes_early_and_what_comes_out_is_in_the_order_of_time(fault, gaps):
    sent, out = carry(link_of(fault), gaps)
    for at_ms, number in out:
        assert at_ms >= sent[number] + (fault.latency_ms if fault.active(sent[number]) else 0)
    assert [due.at_ms for due in out] == sorted(due.at_ms for due in out)


@given(NOT_LOSSY, GAPS)
def test_the_order_is_kept_but_for_what_is_held_back(fault, gaps):
    _, out = carry(link_of(Fault(**{**vars(fault), "reorder": 0.0})), gaps)
    assert [due.message for due in out] == list(range(len(gaps)))


@given(NOT_LOSSY, GAPS)
def test_when_one_looks_changes_nothing(fault, gaps):
    _, at_the_end = carry(link_of(fault), gaps)
    link, now, seen = link_of(fault), 0, []
    for number, gap in enumerate(gaps):
        for later in range(now, now + gap, 700):
            seen += link.due(later)
        now += gap
        seen += link.send(now, number)
    while (due_ms := link.next_due_ms()) is not None:
        assert due_ms >= 0
        now = max(now + 1, due_ms)
        seen += link.due(now)
    assert seen == at_the_end


def test_a_fault_without_effect_passes_everything_at_once():
    for fault in (Fault(), Fault(latency_ms=9_000, cut=True, from_ms=5_000_000)):
        sent, out = carry(link_of(fault), [0, 3, 0, 1_000])
        assert out == list(zip(sent, range(4), strict=True))


def test_the_loss_is_the_share_that_was_asked_for():
    n, share = 20_000, 0.07
    link = link_of(Fault(loss=share))
    _, out = carry(link, [1] * n)
    spread = math.sqrt(n * share * (1.0 - share))
    assert abs(link.lost["loss"] - n * share) < 4.0 * spread
    assert len(out) + link.lost["loss"] == n
    assert link.touched == link.lost["loss"]


def test_duplicates_follow_their_originals_in_the_share_that_was_asked_for():
    n, share = 20_000, 0.05
    link = link_of(Fault(duplicate=share))
    _, out = carry(link, [1] * n)
    copies = Counter(due.message for due in out)
    twice = sum(count == 2 for count in copies.values())
    assert set(copies.values()) == {1, 2}
    assert abs(twice - n * share) < 4.0 * math.sqrt(n * share)
    assert [due.message for due in out] == sorted(due.message for due in out)
    assert link.touched == twice


def test_held_back_messages_are_overtaken():
    n, share = 5_000, 0.1
    _, out = carry(link_of(Fault(reorder=share, reorder_ms=2_500)), [1_000] * n)
    numbers = [due.message for due in out]
    overtaken = sum(later < earlier for earlier, later in itertools.pairwise(numbers))
    held = sum(due.at_ms == 1_000 * (due.message + 1) + 2_500 for due in out)
    assert abs(held - n * share) < 4.0 * math.sqrt(n * share)
    assert overtaken > 0.6 * held


def test_jitter_is_even_up_to_its_most():
    _, out = carry(link_of(Fault(latency_ms=100, jitter_ms=50)), [1_000] * 4_000)
    extra = [due.at_ms - 1_000 * (due.message + 1) - 100 for due in out]
    assert min(extra) == 0
    assert max(extra) == 50
    assert abs(sum(extra) / len(extra) - 25.0) < 1.0


@given(st.floats(100.0, 1e6), GAPS, st.integers(0, 2_000))
@settings(max_examples=100)
def test_bandwidth_is_never_exceeded_over_any_window(bandwidth_bps, gaps, jitter_ms):
    _, out = carry(link_of(Fault(bandwidth_bps=bandwidth_bps, jitter_ms=jitter_ms)), gaps)
    times = [due.at_ms for due in out]
    for first in range(len(times)):
        for last in range(first, len(times)):
            # The first one's bits may have come before the window; times are whole milliseconds, rounded up.
            window_s = (times[last] - times[first] + 1) / 1000.0
            assert (last - first) * SIZE * 8 <= bandwidth_bps * window_s + 1e-6


def test_a_slow_reader_takes_so_many_a_second_and_the_oldest_go():
    link = link_of(Fault(reads_per_s=2.0, queue=5))
    sent, out = carry(link, [0] * 20)
    assert link.lost == {"overflow": 14}
    assert [due.message for due in out] == [0, 15, 16, 17, 18, 19]
    assert [due.at_ms for due in out] == [500 * n for n in range(1, 7)]
    assert sent == [0] * 20


def test_a_cut_loses_what_is_said_in_its_window_only():
    link = link_of(Fault(cut=True, from_ms=2_000, to_ms=4_000))
    _, out = carry(link, [1_000] * 5)
    assert [due.message for due in out] == [0, 3, 4]
    assert link.lost == {"cut": 2}


ANY = st.builds(
    Fault,
    latency_ms=st.integers(0, 3_000),
    jitter_ms=st.integers(0, 3_000),
    loss=st.floats(0.0, 0.9),
    duplicate=st.floats(0.0, 1.0),
    reorder=st.floats(0.0, 1.0),
    bandwidth_bps=st.sampled_from([0.0, 2_000.0]),
    queue=st.integers(1, 20),
)


@given(ANY, GAPS)
def test_the_same_seed_gives_the_same_faults_whatever_other_links_carry(fault, gaps):
    noise = Streams(4).noise("links")
    alone = Link(fault, Draws(noise, "up/v-1"))
    beside, other = Link(fault, Draws(noise, "up/v-1")), Link(fault, Draws(noise, "up/v-2"))
    _, expected = carry(alone, gaps)
    carry(other, gaps[::-1] * 2)
    assert carry(beside, gaps)[1] == expected


@given(ANY, GAPS)
def test_the_books_of_a_link_are_closed(fault, gaps):
    link = link_of(fault)
    _, out = carry(link, gaps, upto_ms=sum(gaps))
    doubled = sum(
        link_of(fault)._draws(n, 1) < fault.duplicate
        for n in range(len(gaps))
        if not link_of(fault)._draws(n, 0) < fault.loss
    )
    assert len(out) + sum(link.lost.values()) + link.waiting == len(gaps) + doubled


def test_another_seed_or_name_gives_other_faults():
    fault = Fault(loss=0.5)
    runs = [[d.message for d in carry(link_of(fault, name, seed), [1] * 200)[1]] for name, seed in
            (("up/a", 1), ("up/b", 1), ("down/a", 1), ("up/a", 2))]  # fmt: skip
    assert len({tuple(run) for run in runs}) == 4


@given(ANY, ANY, GAPS)
@settings(max_examples=50)
def test_a_chain_is_its_links_one_behind_the_other(first, second, gaps):
    chain = Chain([link_of(first, "a"), link_of(second, "b")])
    _, together = carry(chain, gaps)
    one, two = link_of(first, "a"), link_of(second, "b")
    _, halfway = carry(one, gaps)
    out = []
    for at_ms, message in halfway:
        out += two.send(at_ms, message)
    assert together == out + two.due(LATE_MS)
    assert chain.take_losses() == one.lost + two.lost
    assert not chain.take_losses()


# ---- the man in the middle


def test_a_rewriting_reaches_every_number_of_its_name():
    stops = tuple(StopOrder(kind="pickup", target=t, x_m=1.0, y_m=2.0, service_ms=7) for t in "ab")
    route = FlyRoute(order_id="o", vehicle="v", append=False, stops=stops)
    moved = rewritten(route, Rewrite(field="x_m", plus=100.0))
    assert [(stop.x_m, stop.y_m) for stop in moved.stops] == [(101.0, 2.0)] * 2
    assert rewritten(route, Rewrite(field="service_ms", factor=1.5)).stops[0].service_ms == 10
    weighed = Unloaded(facility="f", vehicle="v", weighed_kg={"glass": 4.0}, volume_l=1.0, stock_kg=9.0)
    assert rewritten(weighed, Rewrite(field="weighed_kg", factor=0.5)).weighed_kg == {"glass": 2.0}
    assert rewritten(route, Rewrite(field="scale_kg", factor=0.0)) is route


def collected(number):
    body = PickupCollected(vehicle="v", pickup_id=f"p{number}", material="glass", scale_kg=10.0, volume_l=1.0)
    return Envelope(sender="v", seq=number, t_ms=0, body=body)


def test_a_rewriter_counts_what_it_changed_and_leaves_the_rest():
    on = [True]
    stage = Rewriter(Rewrite(field="scale_kg", factor=0.9), lambda: on[0])
    assert stage.send(5, collected(0))[0].message.body.scale_kg == 9.0
    on[0] = False
    assert stage.send(6, collected(1)) == [(6, collected(1))]
    assert stage.touched == 1


def test_old_reports_come_again_in_turn_until_it_is_over():
    stage = Replayer(Replay(period_ms=1_000), ["a", "b"], from_ms=1)
    assert stage.send(500, "new") == [(1, "a"), (500, "new")]
    assert stage.next_due_ms() == 1_001
    assert stage.due(3_000) == [(1_001, "b"), (2_001, "a")]
    stage.to_ms = 3_000
    assert stage.due(9_000) == []
    assert stage.next_due_ms() is None
    assert stage.touched == 3
