"""A feeder: never above its limit, first come first served, every watt-hour in an account."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.sim.books import WH, Books
from fleet.sim.grid.feeder import FEEDER_LOSS, Feeder, FeederLoad
from fleet.sim.kernel import Kernel


class Line:
    """A feeder by itself, with sites that can be dark."""

    def __init__(self, limit_kw=10.0, loss_share=0.0):
        self.kernel, self.books = Kernel(), Books()
        self.dark, self.passed, self.begun = set(), {}, []
        self.feeder = Feeder(
            "f", limit_kw, loss_share, self.kernel, self.books, lambda site: site in self.dark, self._pass
        )

    def _pass(self, meter, wh):
        self.passed[meter] = self.passed.get(meter, 0.0) + wh

    def ask(self, kw, site="a", name="x", meter=""):
        load = FeederLoad(self.feeder, site, kw, ("load", name), meter, begun=lambda _: self.begun.append(name))
        self.feeder.ask(load)
        return load

    def wait(self, seconds):
        self.kernel.advance(self.kernel.now_ms + round(1000 * seconds))

    def settle(self):
        self.feeder.settle()
        assert abs(sum(self.books.totals(WH).values())) < 1e-6
        assert abs(self.books.balance(WH, ("feeder", "f"))) < 1e-6
        assert self.books.balance(WH, (FEEDER_LOSS, "f")) == pytest.approx(self.feeder.lost_wh)


def test_a_load_draws_its_power_for_its_time_and_the_loss_comes_on_top():
    line = Line(limit_kw=10.0, loss_share=0.2)
    load = line.ask(6.0, meter="m")
    line.wait(600)
    assert load.stop() == pytest.approx(1000.0)
    line.settle()
    assert line.passed == {"m": pytest.approx(1000.0)}
    assert line.feeder.sent_wh == pytest.approx(1250.0)
    assert line.books.balance(WH, ("grid", "")) == pytest.approx(-1250.0)


def test_who_does_not_fit_waits_and_nobody_overtakes():
    line = Line(limit_kw=10.0)
    first = line.ask(6.0, name="first")
    second = line.ask(6.0, name="second")
    third = line.ask(1.0, name="third")
    assert line.begun == ["first"], "the third would fit, but the second was there before"
    line.wait(10)
    first.stop()
    assert line.begun == ["first", "second", "third"]
    assert first.stop() == pytest.approx(6.0 * 10 / 3.6)
    line.wait(10)
    assert second.drawn_wh() == pytest.approx(6.0 * 10 / 3.6), "from when it began, not from when it asked"
    assert third.drawn_wh() == pytest.approx(1.0 * 10 / 3.6)


def test_who_waits_can_give_up_and_lets_the_next_one_in():
    line = Line(limit_kw=10.0)
    line.ask(8.0, name="first")
    second = line.ask(8.0, name="second")
    line.ask(2.0, name="third")
    assert second.stop() == 0.0
    assert line.begun == ["first", "third"]


def test_who_waits_in_the_dark_holds_up_nobody():
    line = Line(limit_kw=10.0)
    line.dark.add("b")
    line.ask(6.0, site="b", name="dark")
    line.ask(6.0, name="lit")
    assert line.begun == ["lit"]
    line.dark.clear()
    line.feeder.grant()
    assert line.begun == ["lit"]


def test_who_waits_for_a_tap_to_end_holds_up_nobody_and_has_its_turn_then():
    line = Line(limit_kw=10.0)
    tap = FeederLoad(line.feeder, "a", 6.0, ("tapped", ""), forced=True)
    assert line.feeder.force(tap)
    line.ask(5.0, name="large")
    line.ask(3.0, name="small")
    line.ask(3.0, name="second small")
    assert line.begun == ["small"], "two of them would not fit beside the tap"
    tap.stop()
    assert line.begun == ["small", "large"]


def test_when_power_goes_only_loads_of_dark_sites_end_and_taps_come_back():
    line = Line()
    here, there = line.ask(2.0, site="a"), line.ask(2.0, site="b")
    tap = FeederLoad(line.feeder, "b", 1.0, ("tapped", ""), forced=True)
    assert line.feeder.force(tap)
    line.wait(3600)
    line.dark.add("b")
    assert line.feeder.drop(lambda site: site in line.dark) == [there]
    line.wait(3600)
    assert here.drawn_wh() == pytest.approx(4000.0)
    assert there.drawn_wh() == pytest.approx(2000.0)
    assert tap.drawn_wh() == pytest.approx(1000.0)
    line.dark.clear()
    assert line.feeder.force(tap)
    line.wait(3600)
    assert tap.stop() == pytest.approx(2000.0)
    line.settle()


def test_what_is_forced_and_too_much_does_not_begin():
    line = Line(limit_kw=10.0)
    line.ask(6.0)
    assert not line.feeder.force(FeederLoad(line.feeder, "a", 6.0, ("tapped", ""), forced=True))
    assert line.feeder.head_kw == 6.0
    tap = FeederLoad(line.feeder, "a", 4.0, ("tapped", ""), forced=True)
    assert line.feeder.force(tap)
    assert not line.feeder.regrade(tap, 5.0)
    assert line.feeder.head_kw == 6.0


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["ask", "stop", "dark", "light", "wait"]),
        st.integers(0, 9),
        st.floats(0.0, 12.0),
        st.sampled_from("ab"),
    ),
    max_size=40,
)


@given(MOVES, st.floats(1.0, 20.0), st.floats(0.0, 0.4))
def test_whatever_happens_the_limit_holds_and_the_books_close(moves, limit_kw, loss_share):
    line = Line(limit_kw, loss_share)
    loads, expected, asked = [], {}, []
    for kind, number, size, site in moves:
        if kind == "ask":
            kw = min(size, line.feeder.most_kw)
            load = line.ask(kw, site, name=str(len(loads)), meter=site)
            loads.append(load)
            asked.append(load)
        elif kind == "stop" and loads:
            loads[number % len(loads)].stop()
        elif kind == "dark":
            line.dark.add(site)
            line.feeder.drop(lambda s: s in line.dark)
            line.feeder.grant()
        elif kind == "light":
            line.dark.discard(site)
            line.feeder.grant()
        elif kind == "wait":
            for load in loads:
                if load.on:
                    expected[id(load)] = expected.get(id(load), 0.0) + load.kw * round(1000 * size) / 3600.0
            line.wait(size)
        assert line.feeder.head_kw <= limit_kw * (1 + 1e-6)
        assert not any(load.on and load.site in line.dark for load in loads)
        waiting = [load for load in line.feeder.waiting if load.site not in line.dark]
        if waiting:
            head = (math.fsum(load.kw for load in line.feeder.loads) + waiting[0].kw) / (1 - loss_share)
            assert head > limit_kw, "somebody waits although there is room"
    line.settle()
    for load in loads:
        assert load.drawn_wh() == pytest.approx(expected.get(id(load), 0.0), abs=1e-9)
    for site in "ab":
        total = sum(load.wh for load in loads if load.site == site)
        assert line.passed.get(site, 0.0) == pytest.approx(total, abs=1e-9)
