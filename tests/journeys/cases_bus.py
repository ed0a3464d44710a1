"""Live cases of `bus.*`: what the gate says was refused, and what participants no longer hear or say in time."""

from collections import Counter

from fleet.bus.intake import MESSAGES_PER_TICK
from fleet.messages.notices import GATE, MessagesRefused
from fleet.messages.orders import FlyRoute
from fleet.messages.reports import OrderAnswered
from fleet.messages.truth import MessagesLost, TamperEffect
from tests.journeys.live import Ask, Case, Live, start
from tests.journeys.stages import Run


def knock(primitive: str, per_tick: int):
    return lambda run: Ask(start(primitive, "command", per_tick=float(per_tick)), 100, 120)


def refused(cause: str, per_tick: int):
    """In every tick from the acknowledged one to the last, all of them are refused, for the right cause."""
    within = min(per_tick, MESSAGES_PER_TICK)
    wanted = Counter({cause: within, "flood": per_tick - within})

    def measure(live: Live) -> None:
        assert live.clean.of(MessagesRefused) == []
        said = live.attacked.of(MessagesRefused)
        assert {m.sender for _, m in said} == {GATE}
        ticks = range(live.e, live.ask.stop_tick + 2)
        for tick in ticks:
            counts = Counter()
            for t, m in said:
                if t == tick:
                    counts[m.body.cause] += m.body.count
            assert counts == +wanted
        assert {t for t, _ in said} == set(ticks)
        assert live.attacked.of(TamperEffect)[-1][1].body.size == per_tick * len(ticks)
        numbers = [m.seq for _, m in said]
        assert numbers == list(range(len(numbers)))

    return measure


def of_vehicle(run: Run, name: str, first: int, last: int) -> list:
    return [m for t, m in run.heard if m.sender == name and first <= t <= last and m.body.plane == 0]


def to_cut(run: Run) -> Ask:
    """Shortly before a vehicle says something in the clean run."""
    tick, name = next((t, m.sender) for t, m in run.heard if t > 100 and m.sender in run.names)
    return Ask(start("bus.cut", name, for_s=500.0), tick - 20, tick + 400, run.names.index(name))


def cut(live: Live) -> None:
    """Neither what it says nor what it is told gets through."""
    last = live.ask.stop_tick
    assert of_vehicle(live.clean, live.name, live.e, last)
    assert of_vehicle(live.attacked, live.name, live.e, last) == []
    lost = [m.body for _, m in live.attacked.of(MessagesLost)]
    assert {(body.who, body.cause) for body in lost} == {(live.name, "cut")}
    size = [m.body.size for _, m in live.attacked.of(TamperEffect)][-1]
    assert size == sum(body.count for body in lost) > 0


def to_slow(run: Run) -> Ask:
    """A vehicle that reads one message in 20 s hears an order 20 s after it was said, when it has long expired."""
    tick, message = next((t, m) for t, m in run.heard if t > 60 and isinstance(m.body, FlyRoute))
    row = run.names.index(message.body.vehicle)
    return Ask(start("bus.slow-reader", run.names[row], reads_per_s=0.05), tick - 5, tick + 40, row)


def slow(live: Live) -> None:
    def answered(run: Run) -> list:
        return [(t, m.body.cause) for t, m in run.of(OrderAnswered, live.name) if t >= live.e]

    at, cause = answered(live.clean)[0]
    assert cause == ""
    assert answered(live.attacked)[0] == (at + 19, "stale")


CASES = {
    "bus.malformed": Case(knock("bus.malformed", 40), refused("malformed", 40)),
    "bus.flood": Case(knock("bus.flood", 400), refused("unknown-key", 400)),
    "bus.unauthenticated-peer": Case(knock("bus.unauthenticated-peer", 5), refused("unknown-key", 5)),
    "bus.slow-reader": Case(to_slow, slow),
    "bus.cut": Case(to_cut, cut),
}
