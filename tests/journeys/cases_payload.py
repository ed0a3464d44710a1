"""Live cases of `payload.*`: what is on board, what facilities weigh, where a vehicle stands and what it says."""

import math

import numpy as np
import pytest

from fleet.messages.reports import PickupCollected, Unloaded, VehicleReported
from fleet.messages.truth import WorldClosed
from tests.journeys.cases_navigation import between
from tests.journeys.live import Ask, Case, Live, cruising, start
from tests.journeys.stages import Run


def loads(live: Live, tick: int) -> tuple[dict[str, float], dict[str, float]]:
    return live.clean.samples[tick].loads[live.v], live.attacked.samples[tick].loads[live.v]


def account(live: Live, name: str) -> float:
    ((_, closed),) = live.attacked.of(WorldClosed)
    return closed.body.kg.get(name, 0.0)


def weighed(run: Run, live: Live) -> dict[str, float]:
    """What the next facility weighed in from the victim."""
    return next(m.body.weighed_kg for t, m in run.of(Unloaded, live.name) if t > live.e)


# ---- skim


def to_skim(run: Run) -> Ask:
    tick, row = cruising(run, 10, loaded=True)
    return Ask(start("payload.skim", run.names[row], mass_kg=0.4), tick - 1, tick + 5, row)


def skimmed(live: Live) -> None:
    before, after = loads(live, live.e - 1)
    assert before == after
    clean, attacked = loads(live, live.e)
    assert sum(clean.values()) - sum(attacked.values()) == pytest.approx(0.4)
    assert attacked.keys() == clean.keys()
    assert account(live, "skimmed") == pytest.approx(0.4)
    assert between(live, "battery_wh", live.e) == 0.0
    assert between(live, "battery_wh", live.e + 5) > 0.02, "lighter, it draws less"
    short = sum(weighed(live.clean, live).values()) - sum(weighed(live.attacked, live).values())
    assert short == pytest.approx(0.4, abs=0.15)


# ---- swap


def to_swap(run: Run) -> Ask:
    tick, row = cruising(run, 10, loaded=True)
    (material, *_) = sorted(run.samples[tick].loads[row])
    asked = {"material": material, "replacement": "textiles"}
    return Ask(start("payload.swap", run.names[row], **asked), tick - 1, tick + 5, row)


def swapped(live: Live) -> None:
    clean, attacked = loads(live, live.e)
    out = live.ask.request.parameters["material"]
    assert out not in attacked
    assert attacked["textiles"] == pytest.approx(clean[out])
    assert sum(attacked.values()) == pytest.approx(sum(clean.values()))
    assert account(live, "swapped-out") == pytest.approx(clean[out])
    assert account(live, "swapped-in") == pytest.approx(-clean[out])
    assert live.attacked.samples[live.e].battery_wh == pytest.approx(live.clean.samples[live.e].battery_wh)


# ---- mislabel


def to_mislabel(run: Run) -> Ask:
    tick, message = run.of(PickupCollected)[0]
    row = run.names.index(message.body.vehicle)
    return Ask(start("payload.mislabel", run.names[row], material="lamps"), tick - 30, tick + 5, row)


def mislabelled(live: Live) -> None:
    """Said lamps, carried what it was; when it is let go, names are true again."""
    true = {m.body.pickup_id: m.body.material for _, m in live.clean.of(PickupCollected, live.name)}
    said = [(t, m.body) for t, m in live.attacked.of(PickupCollected, live.name)]
    held = [body for t, body in said if live.e < t <= live.ask.stop_tick]
    assert [body.material for body in held] == ["lamps"]
    assert list(loads(live, said[0][0])[1]) == [true[held[0].pickup_id]]
    assert all(b.material == true.get(b.pickup_id, b.material) for t, b in said if t > live.ask.stop_tick + 1)


# ---- a stop on the way


def to_stop(run: Run) -> Ask:
    tick, row = cruising(run, 12)
    x, y, _ = run.samples[tick].believed[row]
    asked = {"x_m": round(float(x) + 40.0), "y_m": round(float(y) + 40.0), "duration_s": 3600.0}
    return Ask(start("payload.undeclared-stop", run.names[row], **asked), tick - 1, tick + 150, row)


def stopped(live: Live) -> None:
    """It stands where it was told to, on the ground, and claims to cruise until it is let go; then it goes on."""
    place = np.array([live.ask.request.parameters[c] for c in ("x_m", "y_m")])
    held = range(live.e, live.ask.stop_tick + 1)
    states = {t: live.attacked.samples[t] for t in held}
    standing = [t for t, s in states.items() if s.believed[live.v][2] == 0.0]
    assert len(standing) == pytest.approx(150 - 46, abs=4), "some 5 s of way there, 40 s of descent"
    assert all(math.dist(states[t].true[live.v], place) < 0.5 for t in standing)
    for state in states.values():
        assert state.told_states[live.v] == "cruising"
        assert state.told_height[live.v] == pytest.approx(80.0)
        assert state.told_speed[live.v] == pytest.approx(12.0)
    reports = [(t, m.body.bound_for, m.body.state) for t, m in live.attacked.of(VehicleReported, live.name)]
    assert not [t for t, _, _ in reports if t in range(live.e + 1, live.ask.stop_tick + 2)]
    goal = [b for t, b, _ in reports if t <= live.e][-1]
    assert next((b, s) for t, b, s in reports if t > live.e)[0] == goal
    assert live.attacked.samples[live.ask.stop_tick + 1].phases[live.v] == "climbing"


CASES = {
    "payload.skim": Case(to_skim, skimmed),
    "payload.swap": Case(to_swap, swapped),
    "payload.mislabel": Case(to_mislabel, mislabelled),
    "payload.undeclared-stop": Case(to_stop, stopped),
}
