"""Whole mornings in Four Corners, good and bad: no pickup is ever lost sight of, and nobody is told two things."""

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from fleet.app.build import build
from fleet.app.run import Runner
from fleet.app.scenario import Scenario
from fleet.base.streams import Streams
from fleet.bus.memory import MemoryBus
from fleet.messages.codec import decode, encode, said_bytes
from fleet.messages.orders import FlyRoute, OrderIssued, PickupMissed, Recall, RotateKey, VehicleQuarantined
from fleet.messages.plane import Frame, Plane
from fleet.messages.reports import (
    OrderAnswered,
    PickupCollected,
    PickupFailed,
    PickupRequested,
    UnloadRefused,
    VehicleReported,
)
from fleet.messages.run_id import RunId
from fleet.messages.seal import KeyPair, Verifier
from fleet.messages.truth import LegFlown, WorldClosed
from fleet.record.digest import Digest

MAPS = Path(__file__).parents[2] / "maps"

PLAIN = {
    "name": "morning",
    "city": {"map": "four-corners.geojson"},
    "run": {"start": "08:00", "duration_h": 1.5},
    "weather": {"wind_mps": 4.0, "wind_from_deg": 250.0},
    "fleet": {"groups": [{"name": "light", "type": "light-collector", "count": 3}]},
    "dispatch": {"period_s": 120},
    "demand": {
        "processes": [
            {
                "name": "households",
                "per_day": 500,
                "materials": {"paper": 2, "glass": 1, "organics": 1},
                "volume_l": {"median": 12, "sigma": 0.5, "min": 2, "max": 38},
            }
        ]
    },
}
TOW = {"kind": "gps-tow", "rate_mps": 2.0, "onset": {"earliest_s": 400, "latest_s": 500}}
THIEF = {"kind": "stolen-key", "distance_m": 700.0, "wait_s": 60.0, "onset": {"earliest_s": 400, "latest_s": 500}}
WATCH = {"detectors": [{"kind": "executed-orders"}, {"kind": "range-check"}]}
SHORT = {"run": {"start": "08:00", "duration_h": 0.5}, "sensors": {"range_reach_m": 900.0}}

DAYS = {
    "good": {},
    "calm and charged": {"weather": {"wind_mps": 0}, "docking": {"charging": "charge", "charge_c_rate": 4.0}},
    "full": {"facilities": [{"id": "SITE", "capacity_kg": 12.0}]},
    "towed": SHORT | {"red": {"attacks": [TOW]}},
    "towed and watched": SHORT | {"red": {"attacks": [TOW]}, "blue": WATCH},
    "robbed": SHORT | {"red": {"attacks": [THIEF]}},
    "robbed and watched": SHORT | {"red": {"attacks": [THIEF]}, "blue": WATCH},
    "storm": {"weather": {"wind_mps": 11.0, "wind_from_deg": 20.0}},
    "quick": {"dispatch": {"period_s": 2, "lookahead_s": 600}, "run": {"start": "08:00", "duration_h": 0.5}},
}


class Day:
    """A run, and everything that was said in it."""

    def __init__(self, changes, *, seed=1, legs=True, frames_every=0):
        changes = dict(changes)
        if "facilities" in changes:
            site = next(s for s in _sites() if s.accepts)
            changes["facilities"] = [{**f, "id": site.id} for f in changes["facilities"]]
        scenario = Scenario.model_validate({**PLAIN, "seed": seed, **changes})
        self.parts = build(scenario, MAPS, MemoryBus, legs=legs)
        self.said, self.digest = [], Digest()
        self.belief = self.parts.dispatcher._belief
        Runner(self.parts, [self, self.digest], frames_every=frames_every).run()

    def hear(self, tick, batch):
        self.said += batch

    def heard(self, *kinds):
        return [m.body for m in self.said if isinstance(m.body, kinds)]


@cache
def _sites():
    return build(Scenario.model_validate(PLAIN), MAPS, MemoryBus, legs=False).setting.sites


@cache
def day(name, seed=1):
    return Day(DAYS[name], seed=seed)


CROSSED = ("full", 18)
"""In this day a vehicle says that it is idle at the very moment at which it is sent an order."""


@pytest.fixture(params=[*((name, 1) for name in DAYS), CROSSED], ids=lambda day: f"{day[0]}, seed {day[1]}")
def any_day(request):
    return day(*request.param)


def test_the_bad_days_are_bad():
    """Otherwise what is tested of them is tested of nothing."""
    assert day("full").heard(UnloadRefused)
    assert "lost" in {r.state for r in day("towed").heard(VehicleReported)}
    assert day("towed and watched").heard(VehicleQuarantined)
    assert {a.cause for a in day("robbed").heard(OrderAnswered)} == {"", "replay"}
    assert day("robbed and watched").heard(RotateKey)
    assert day("good").heard(PickupCollected)


def test_no_pickup_is_lost_sight_of(any_day):
    """Each one asked for is collected, or missed with a reason, or on the route of somebody on the way."""
    asked = [p.pickup_id for p in any_day.heard(PickupRequested)]
    collected = [p.pickup_id for p in any_day.heard(PickupCollected)]
    missed = {p.pickup_id: p.reason for p in any_day.heard(PickupMissed)}
    assert len(asked) == len(set(asked))
    assert len(collected) == len(set(collected))
    assert all(missed.values())
    last = {r.vehicle: r.state for r in any_day.heard(VehicleReported)}
    for pickup_id in set(asked) - set(collected) - set(missed):
        pickup = any_day.belief.pickups[pickup_id]
        assert pickup.status == "assigned"
        vehicle = any_day.belief.vehicles[pickup.vehicle]
        assert pickup_id in vehicle.assigned
        assert not vehicle.quarantined
        assert last[vehicle.id] not in ("lost", "idle") or vehicle.awaits


def test_what_is_collected_or_missed_was_asked_for(any_day):
    asked = {p.pickup_id for p in any_day.heard(PickupRequested)}
    assert {p.pickup_id for p in any_day.heard(PickupCollected, PickupMissed)} <= asked


def test_the_books_close(any_day):
    (closed,) = any_day.heard(WorldClosed)
    assert max(closed.residual_kg, closed.residual_wh) < 1e-6
    assert abs(sum(closed.kg.values())) < 1e-5
    assert abs(sum(closed.wh.values())) < 1e-5


def test_every_message_survives_the_wire(any_day):
    """An integer or a NumPy number in a float field would change its bytes, and the digest, on another road."""
    for message in any_day.said:
        again = decode(encode(message))
        assert again == message
        assert said_bytes(again) == said_bytes(message), type(message.body).__name__


def test_every_command_is_signed_by_who_says_it(any_day):
    """Under one of the keys its sender had; what the thief signs carries dispatch's stolen key."""
    streams = Streams(any_day.parts.scenario.seed)
    for message in any_day.said:
        if message.body.plane is not Plane.COMMAND:
            continue
        assert message.signature
        assert message.expires_ms > message.t_ms
        verbs = {message.sender: frozenset({type(message.body).__name__})}
        run = RunId.of_seed(streams)
        keys = [KeyPair(streams.secret(f"key/{message.sender}/{n}"), run).public for n in range(4)]
        assert "" in [Verifier({message.sender: key}, verbs, run).check(message, message.t_ms) for key in keys]


def test_every_order_of_dispatch_is_announced_and_answered_once(any_day):
    announced = Counter((o.order_id, o.counter) for o in any_day.heard(OrderIssued) if o.verb != "RotateKey")
    given = Counter(
        (m.body.order_id, m.seq)
        for m in any_day.said
        if isinstance(m.body, FlyRoute | Recall) and m.body.order_id.startswith("o")
    )
    assert announced == given
    assert max(given.values()) == 1
    end_ms = any_day.parts.kernel.now_ms
    answers = {(a.order_id, a.counter) for a in any_day.heard(OrderAnswered)}
    late = {
        (m.body.order_id, m.seq)
        for m in any_day.said
        if isinstance(m.body, FlyRoute | Recall) and m.t_ms >= end_ms - 2000
    }
    assert set(given) - late <= answers


def test_nobody_is_sent_for_the_same_thing_while_another_is_on_the_way(any_day):
    """Between two orders for a pickup there is a failure, a refusal, a quarantine, or the end of the first."""
    holder = {}
    for message in any_day.said:
        body = message.body
        if isinstance(body, FlyRoute) and body.order_id.startswith("o"):
            for stop in body.stops:
                if stop.kind == "pickup":
                    assert stop.target not in holder, f"{stop.target} at {message.t_ms}"
                    holder[stop.target] = body.vehicle, body.order_id
        elif isinstance(body, PickupFailed | PickupCollected):
            holder.pop(body.pickup_id, None)
        elif isinstance(body, OrderAnswered) and body.cause:
            holder = {p: h for p, h in holder.items() if h[1] != body.order_id}
        elif isinstance(body, VehicleQuarantined) or (isinstance(body, VehicleReported) and body.state == "lost"):
            holder = {p: h for p, h in holder.items() if h[0] != body.vehicle}
        elif isinstance(body, VehicleReported) and body.state == "idle":
            over = _over(any_day, body)
            holder = {p: h for p, h in holder.items() if h[0] != body.vehicle or h[1] not in over}


def _over(any_day, idle):
    """The orders that a vehicle cannot have before it any more, now that it is idle: all it had heard by then."""
    issued = [o for o in any_day.heard(OrderIssued) if o.vehicle == idle.vehicle]
    last = max((o.counter for o in issued if o.order_id == idle.order_id), default=None)
    return {o.order_id for o in issued if last is None or o.counter <= last}


@pytest.mark.parametrize("name", ["good", "calm and charged", "full", "storm", "quick"])
def test_on_an_honest_day_orders_are_obeyed_and_reserves_kept(name):
    honest = day(name)
    assert {a.cause for a in honest.heard(OrderAnswered)} <= {""}
    reserve = {b.id: b.kind.reserve_wh for b in honest.parts.world.bodies}
    legs = honest.heard(LegFlown)
    assert all(leg.battery_wh >= reserve[leg.vehicle] - 1e-6 for leg in legs)
    assert "lost" not in {r.state for r in honest.heard(VehicleReported)}


def test_what_could_not_be_unloaded_is_brought_elsewhere_or_kept():
    full = day("full")
    refused = {r.facility for r in full.heard(UnloadRefused)}
    yards = full.parts.world._p.yards
    assert refused
    assert all(y.stock_kg <= y.capacity_kg for y in yards.values())
    loaded = {b.id: b.load_kg for b in full.parts.world.bodies if b.load_kg}
    for vehicle in loaded:
        assert not full.belief.vehicles[vehicle].idle or full.belief.vehicles[vehicle].load_kg > 0


@pytest.mark.parametrize("name", ["good", "robbed and watched"])
def test_a_watched_day_is_the_same_day(name):
    plain = day(name)
    for watched in (Day(DAYS[name], legs=False), Day(DAYS[name], frames_every=7)):
        assert watched.digest.hexdigest() == plain.digest.hexdigest()
    events = [m for m in plain.said if not isinstance(m.body, Frame | LegFlown)]
    assert len(events) > 50


def test_another_seed_is_another_day():
    assert day("good").digest.hexdigest() != day("good", 2).digest.hexdigest()
