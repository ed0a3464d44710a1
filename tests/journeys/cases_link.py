"""Live cases of `link.*`: what of a vehicle's reports and frames is heard, and what of its orders it hears."""

from collections import Counter

import msgspec
import pytest

from fleet.messages.codec import said_bytes
from fleet.messages.envelope import Message
from fleet.messages.plane import Command, Telemetry
from fleet.messages.reports import OrderAnswered, VehicleReported
from fleet.messages.truth import MessagesLost, TamperEffect
from tests.journeys.live import Ask, Case, Live, cruising, start
from tests.journeys.stages import Run

HELD = 200


def ask_of(primitive: str, **parameters):
    """Asks for the first vehicle that cruises, for so long that it has something to say."""

    def prepare(run: Run) -> Ask:
        tick, row = cruising(run, 10)
        return Ask(start(primitive, run.names[row], **parameters), tick - 1, tick + HELD, row)

    return prepare


def ask_by_area(primitive: str, **parameters):
    """The same vehicle, by a circle that it does not leave."""

    def prepare(run: Run) -> Ask:
        tick, row = cruising(run, 10)
        x, y = run.samples[tick].true[row][:2]
        circle = {"x_m": round(x), "y_m": round(y), "radius_m": 20_000.0}
        return Ask(start(primitive, "area", **circle, **parameters), tick - 1, tick + HELD, row)

    return prepare


def ask_before_an_order(primitive: str, **parameters):
    """Asks shortly before the first order to a vehicle after a minute."""

    def prepare(run: Run) -> Ask:
        tick, message = next(
            (t, m) for t, m in run.heard if t > 60 and isinstance(m.body, Command) and hasattr(m.body, "vehicle")
        )
        row = run.names.index(message.body.vehicle)
        return Ask(start(primitive, run.names[row], direction="down", **parameters), tick - 5, tick + 30, row)

    return prepare


def reports(run: Run, live: Live, first: int, last: int) -> list[tuple[int, Message]]:
    """What was heard of the victim, in these ticks."""
    return [
        (t, m)
        for t, m in run.heard
        if m.sender == live.name and isinstance(m.body, Telemetry) and first <= t <= last
    ]


def bodies(found: list[tuple[int, Message]]) -> list[bytes]:
    return [said_bytes(m) for _, m in found]


def told(live: Live) -> float:
    return [m.body.size for _, m in live.attacked.of(TamperEffect) if m.body.entity == live.name][-1]


def lost(live: Live) -> int:
    return sum(m.body.count for _, m in live.attacked.of(MessagesLost) if m.body.who == live.name)


# ---- up


def dropped(live: Live) -> None:
    """Nothing of it is heard until it is let go; as much as it would have said is told as lost."""
    until = live.ask.stop_tick + 1
    missing = reports(live.clean, live, live.e, until)
    assert missing
    assert reports(live.attacked, live, live.e, until) == []
    assert lost(live) == told(live) > 0
    assert reports(live.attacked, live, until + 1, until + 600)


def delayed(live: Live) -> None:
    """What it says is heard, unchanged and in its order, so much later."""
    late = live.ask.request.parameters["delay_s"]
    clean = reports(live.clean, live, live.e, live.ask.stop_tick - 60)
    heard = reports(live.attacked, live, live.e, live.ask.stop_tick + 200)
    assert clean
    assert bodies(heard)[: len(clean)] == bodies(clean)
    for (t_clean, _), (t_late, m) in zip(clean, heard, strict=False):
        assert t_late - t_clean == pytest.approx(late, abs=1.0)
        assert 1000 * t_late >= m.t_ms + 1000 * late


def doubled(live: Live) -> None:
    """Each of its messages is heard twice in one tick, under one number."""
    clean = reports(live.clean, live, live.e, live.ask.stop_tick)
    first = clean[0][0]
    copies = Counter(bodies(reports(live.attacked, live, live.e, first)))
    assert copies == Counter(bodies([(t, m) for t, m in clean if t == first] * 2))
    assert told(live) >= len(clean) / 2


def repeated(live: Live) -> None:
    """From the tick on, each tick one of its last reports is heard again, the oldest first, and all in turn."""
    before = bodies(reports(live.clean, live, 0, live.e - 1))[-32:]
    for n in range(10):
        now = bodies(reports(live.attacked, live, live.e + n, live.e + n))
        fresh = bodies(reports(live.clean, live, live.e + n, live.e + n))
        assert Counter(now) == Counter([*fresh, before[n % len(before)]])
    assert told(live) == pytest.approx(live.ask.stop_tick - live.e, abs=2)


def rewritten(live: Live) -> None:
    """The number is another by what was asked for, and nothing else is."""
    until = live.ask.stop_tick + 1
    clean = [m.body for _, m in reports(live.clean, live, live.e, until) if isinstance(m.body, VehicleReported)]
    seen = [m.body for _, m in reports(live.attacked, live, live.e, until) if isinstance(m.body, VehicleReported)]
    assert clean
    assert clean[0].battery_wh * 0.5 + 7.0 == pytest.approx(seen[0].battery_wh)
    assert msgspec.structs.replace(seen[0], battery_wh=clean[0].battery_wh) == clean[0]


# ---- down


def answers(run: Run, live: Live) -> list[tuple[int, str]]:
    return [(t, m.body.cause) for t, m in run.of(OrderAnswered, live.name) if t >= live.e]


def deaf(live: Live) -> None:
    """It says what it says anyway, and does not answer its order."""
    assert answers(live.clean, live)[0][1] == ""
    first = answers(live.clean, live)[0][0]
    assert [t for t, _ in answers(live.attacked, live) if t <= live.ask.stop_tick] == []
    assert lost(live) == told(live) > 0
    assert bodies(reports(live.attacked, live, 0, first - 1)) == bodies(reports(live.clean, live, 0, first - 1))


def refused(cause: str, nth: int):
    """Its order is answered at the same tick, and refused; with a copy, the original was taken."""

    def measure(live: Live) -> None:
        at = answers(live.clean, live)[0][0]
        causes = [c for t, c in answers(live.attacked, live) if t == at]
        assert causes[nth] == cause
        assert causes[:nth] == [""] * nth

    return measure


def stale(live: Live) -> None:
    """An order lives five seconds: one that comes seven after it was said, not one, is refused then."""
    at = answers(live.clean, live)[0][0]
    assert answers(live.attacked, live)[0] == (at + 6, "stale")


def silent(live: Live) -> None:
    """Neither way: nothing is heard of it, and its orders are lost."""
    dropped(live)
    directions = {m.body.direction for _, m in live.attacked.of(MessagesLost) if m.body.who == live.name}
    assert "up" in directions
    assert {m.body.cause for _, m in live.attacked.of(MessagesLost) if m.body.who == live.name} == {"cut"}


CASES = {
    "link.drop": Case(ask_of("link.drop"), dropped),
    "link.delay": Case(ask_of("link.delay", delay_s=7.0), delayed),
    "link.duplicate": Case(ask_of("link.duplicate"), doubled),
    "link.replay": Case(ask_of("link.replay"), repeated),
    "link.jam": Case(ask_of("link.jam"), silent),
    "link.rewrite": Case(ask_of("link.rewrite", field="battery_wh", factor=0.5, plus=7.0), rewritten),
}
AREA_CASES = {
    "link.drop": Case(ask_by_area("link.drop"), dropped),
    "link.jam": Case(ask_by_area("link.jam"), silent),
}
DOWN_CASES = {
    "link.drop": Case(ask_before_an_order("link.drop"), deaf),
    "link.delay": Case(ask_before_an_order("link.delay", delay_s=7.0), stale),
    "link.duplicate": Case(ask_before_an_order("link.duplicate"), refused("replay", 1)),
    "link.rewrite": Case(ask_before_an_order("link.rewrite", field="x_m", plus=50.0), refused("bad-signature", 0)),
}
