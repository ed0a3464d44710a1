"""The event loop: time never runs back, equal times run in the order in which they were asked for."""

from hypothesis import given
from hypothesis import strategies as st

from fleet.sim.kernel import Kernel


def test_equal_times_keep_their_order():
    kernel, seen = Kernel(), []
    for name in "abc":
        kernel.at(500, seen.append, name)
    kernel.at(499, seen.append, "first")
    kernel.advance(1000)
    assert seen == ["first", "a", "b", "c"]
    assert kernel.events == 4


def test_what_is_due_at_the_very_moment_waits():
    kernel, seen = Kernel(), []
    kernel.at(1000, seen.append, "x")
    kernel.advance(1000)
    assert (seen, kernel.now_ms, kernel.peek_ms) == ([], 1000, 1000)
    kernel.advance(1001)
    assert (seen, kernel.now_ms, kernel.peek_ms) == (["x"], 1001, None)


def test_the_past_is_now():
    kernel, seen = Kernel(), []
    kernel.at(700, seen.append, 0)
    kernel.advance(1000)
    kernel.at(300, lambda: seen.append(kernel.now_ms))
    kernel.at(900, lambda: seen.append(kernel.now_ms))
    kernel.advance(2000)
    assert seen == [0, 1000, 1000]


def test_what_is_asked_for_from_within_runs_in_the_same_advance():
    kernel, seen = Kernel(), []

    def again(n):
        seen.append((n, kernel.now_ms))
        if n:
            kernel.at(kernel.now_ms, again, n - 1)
            kernel.at(kernel.now_ms + 100, seen.append, n)

    kernel.at(50, again, 2)
    kernel.advance(200)
    assert seen == [(2, 50), (1, 50), (0, 50), 2, 1]


@given(
    asked=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), max_size=30),
    beats=st.lists(st.integers(1, 900), min_size=1, max_size=12),
)
def test_time_goes_one_way_however_it_is_cut(asked, beats):
    """Each callback asks for a second one; the beats at which we look do not change what happens when."""

    def run(stops):
        kernel, seen = Kernel(), []

        def first(k, then):
            seen.append((kernel.now_ms, k))
            kernel.at(then, lambda: seen.append((kernel.now_ms, -k - 1)))

        for k, (t, then) in enumerate(asked):
            kernel.at(t, first, k, then)
        for t in [*stops, 20_000]:
            kernel.advance(t)
        return seen

    ticks = [sum(beats[: n + 1]) for n in range(len(beats))]
    seen = run(ticks)
    times = [t for t, _ in seen]
    assert times == sorted(times)
    assert len(seen) == 2 * len(asked)
    assert seen == run([])
