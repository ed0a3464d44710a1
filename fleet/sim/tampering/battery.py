"""Batteries: what is drawn from them, and what their gauges show."""

from __future__ import annotations

from fleet.sim.body import Body
from fleet.sim.flights import Flights
from fleet.sim.lies import FalseGauge
from fleet.sim.tampering.primitive import Asked, Parameter, Primitive, Reach
from fleet.sim.tampering.vehicles import Hold, on_vehicles

_CAUSE = "tampering"


class _Drained:
    """A battery with one more consumer."""

    def __init__(self, flights: Flights, body: Body, power_w: float) -> None:
        self._flights = flights
        self._body = body
        self._before_wh = flights.leaks.drained_wh(body, _CAUSE)
        flights.leak(body, _CAUSE, power_w)

    def size(self) -> float:
        return self._flights.leaks.drained_wh(self._body, _CAUSE) - self._before_wh

    def let_go(self) -> None:
        self._flights.leak(self._body, _CAUSE, 0.0)


def _drain(reach: Reach, asked: Asked, body: Body) -> Hold | str:
    if body.leaks_w.of(_CAUSE):
        return f"{body.id} is drained already"
    return _Drained(reach.flights, body, asked.numbers["power_w"])


class _Miscounted:
    """A battery whose gauge is off."""

    def __init__(self, flights: Flights, body: Body, offset_wh: float) -> None:
        self._flights = flights
        self._body = body
        flights.motion.lies.shift_gauge(body.index, _CAUSE, offset_wh, body.kind.battery_wh)

    def size(self) -> float:
        motion, now, i = self._flights.motion, self._flights.kernel.now_ms, self._body.index
        return motion.gauge_of(i, now) - motion.battery_of(i, now)

    def let_go(self) -> None:
        self._flights.motion.lies.right_gauge(self._body.index, _CAUSE)


def _miscount(reach: Reach, asked: Asked, body: Body) -> Hold | str:
    motion = reach.flights.motion
    if motion.lies.is_shifted(body.index, _CAUSE):
        return f"{body.id}'s gauge is off already"
    gauge = FalseGauge(asked.numbers["offset_wh"], body.kind.battery_wh)
    left = motion.battery_of(body.index, reach.kernel.now_ms)
    if gauge.shows(left) == left:
        span = f"from {-left:.1f} to {body.kind.battery_wh - left:.1f}"
        return f"offset_wh: expected what the gauge can show, {span} but not 0, found {gauge.offset_wh:g}"
    return _Miscounted(reach.flights, body, gauge.offset_wh)


PRIMITIVES = (
    Primitive(
        name="battery.drain",
        target="vehicle-or-area",
        parameters=(Parameter("power_w", "extra draw", 0.1, 100_000.0),),
        text="Draws on the battery beside what the vehicle uses itself, in the air and on the ground, until it "
        "is stopped or the battery is empty. What is drawn goes to the account `drained`. Nothing falls from the "
        "sky: a vehicle whose charge no longer lasts comes down, and on the way down the motors come first.",
        where="battery in frames and reports falls faster; the meter of the next charge",
        quantity="drained_wh",
        begin=on_vehicles(_drain),
    ),
    Primitive(
        name="battery.false-soc",
        target="vehicle-or-area",
        parameters=(
            Parameter("offset_wh", "what the gauge shows more (or, below 0, less) than is left", -1e5, 1e5),
        ),
        text="The gauge shows more or less than is left, never below zero nor above full. The autopilot reads "
        "the same gauge: with too high a reading it sets out on legs it cannot finish, and comes down where the "
        "charge gives out; with too low a one it turns back, charges early and gives up stops within its reach. "
        "Chargers go by what is really missing.",
        where="battery_wh in frames and reports against energy flown and metered",
        quantity="gauge_error_wh",
        begin=on_vehicles(_miscount),
    ),
)
