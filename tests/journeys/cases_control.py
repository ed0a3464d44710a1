"""Live cases of `control.*`: what is obeyed, what is refused, what is not even answered."""

import numpy as np

from fleet.messages.codec import encode
from fleet.messages.orders import FlyRoute
from fleet.messages.plane import Plane
from fleet.messages.reports import OrderAnswered, VehicleReported
from tests.journeys.live import Ask, Case, Live, forge, start
from tests.journeys.stages import Run


def ordered(run: Run, after: int) -> tuple[int, int]:
    """(tick, row) of an order of dispatch, the first that is heard after a tick."""
    for tick, message in run.of(FlyRoute):
        if tick > after:
            return tick, run.names.index(message.body.vehicle)
    raise AssertionError("no order so late")


def answers(run: Run, vehicle: str, order_id: str) -> list[tuple[int, str]]:
    return [(t, m.body.cause) for t, m in run.of(OrderAnswered, vehicle) if m.body.order_id == order_id]


# ---- a stolen key


def to_steal(run: Run) -> Ask:
    tick, row = ordered(run, 60)
    x, y, _ = run.samples[tick].believed[row]
    more = {tick + n: [forge(run.names[row], f"forged-{n}", float(x) + 150.0, float(y) + 150.0)] for n in (30, 60)}
    return Ask(start("control.steal-key", "dispatch"), tick + 20, tick + 50, row, more)


def stolen(live: Live) -> None:
    """What is forged while the key is held is signed by dispatch, obeyed, and reported; after that, nothing is."""
    said = [t for t, m in live.attacked.of(FlyRoute, live.name) if m.body.order_id == "forged-30"]
    (asked,) = [t for t in live.ask.more if t < live.ask.stop_tick]
    assert said == [asked + 2]
    assert answers(live.attacked, live.name, "forged-30") == [(asked + 3, "")]
    assert "forged-30" in {m.body.order_id for _, m in live.attacked.of(VehicleReported, live.name)}
    assert answers(live.attacked, live.name, "forged-60") == []


# ---- a recorded order


def to_replay(run: Run) -> Ask:
    tick, row = ordered(run, 60)
    return Ask(start("control.replay", "dispatch", back=1.0), tick + 20, tick + 40, row)


def replayed(live: Live) -> None:
    """The very bytes again, refused by name; nobody flies otherwise."""
    orders = [(t, encode(m)) for t, m in live.attacked.heard if m.body.plane is Plane.COMMAND]
    (again,) = [data for t, data in orders if t == live.e + 1]
    assert again in [data for t, data in orders if t < live.e]
    refused = [(t, m.body.cause) for t, m in live.attacked.of(OrderAnswered) if m.body.cause]
    assert refused == [(live.e + 2, "replay")]
    for tick, state in live.clean.samples.items():
        assert np.array_equal(state.true, live.attacked.samples[tick].true)


# ---- a foreign controller


def to_capture(run: Run) -> Ask:
    tick, row = ordered(run, 100)
    x, y, _ = run.samples[tick].believed[row]
    more = {tick - 5: [forge(run.names[row], "foreign", float(x) + 120.0, float(y) + 120.0)]}
    return Ask(start("control.foreign-controller", run.names[row]), tick - 10, tick + 400, row, more)


def captured(live: Live) -> None:
    """Dispatch is not answered; the foreign order, on no bus and under no key, is flown at once."""
    held = range(live.e, live.ask.stop_tick + 1)
    theirs = [m.body.order_id for t, m in live.attacked.of(FlyRoute, live.name) if t in held]
    assert theirs
    assert all(answers(live.attacked, live.name, order) == [] for order in theirs)
    assert answers(live.clean, live.name, theirs[0])[0][1] == ""
    assert "foreign" not in {m.body.order_id for _, m in live.attacked.of(FlyRoute)}
    reports = [(t, m.body.bound_for) for t, m in live.attacked.of(VehicleReported, live.name)]
    assert (live.e + 6, "meeting") in reports
    assert live.attacked.samples[live.e + 5].phases[live.v] in ("climbing", "cruising")


CASES = {
    "control.steal-key": Case(to_steal, stolen),
    "control.replay": Case(to_replay, replayed),
    "control.foreign-controller": Case(to_capture, captured),
}
