"""Satellite navigation: a receiver shows what is not so. `fleet.sim.spoofs` says what follows from it."""

from __future__ import annotations

import math

from fleet.sim.body import Body
from fleet.sim.flights import ON_ITS_WAY, Flights
from fleet.sim.spoofs import Spoof
from fleet.sim.tampering.primitive import Asked, Parameter, Primitive, Reach
from fleet.sim.tampering.vehicles import Hold, on_vehicles

_DRAW_LANE = 2


class _Misled:
    """A receiver that is tampered with."""

    def __init__(self, flights: Flights, body: Body, spoof: Spoof) -> None:
        self._flights = flights
        self._body = body
        self._no_fix = flights.motion.lies.no_fix
        if spoof.kind == "jam":
            self._no_fix.add(body.index)
        flights.mislead(body, spoof)

    def size(self) -> float:
        return math.hypot(*self._flights.motion.offset_of(self._body.index, self._flights.kernel.now_ms))

    def let_go(self) -> None:
        self._no_fix.discard(self._body.index)
        self._flights.mislead(self._body, None)


def _unfit(reach: Reach, body: Body) -> str:
    """Why a vehicle's receiver cannot be tampered with now."""
    if body.navigation != "gnss":
        return f"{body.id} does not navigate by GNSS"
    if body.phase not in ON_ITS_WAY:
        return f"{body.id} is not in the air"
    spoof = reach.flights.spoof_of(body)
    return "" if spoof is None else f"{body.id}'s receiver is tampered with already, by a {spoof.kind}"


def _tow(reach: Reach, asked: Asked, body: Body) -> Hold | str:
    angle, rate = math.radians(asked.numbers["bearing_deg"]), asked.numbers["rate_mps"]
    spoof = Spoof("tow", rate * math.sin(angle), rate * math.cos(angle))
    return _unfit(reach, body) or _Misled(reach.flights, body, spoof)


def _bias(reach: Reach, asked: Asked, body: Body) -> Hold | str:
    spoof = Spoof("bias", asked.numbers["east_m"], asked.numbers["north_m"])
    return _unfit(reach, body) or _Misled(reach.flights, body, spoof)


def _freeze(reach: Reach, asked: Asked, body: Body) -> Hold | str:
    x, y, _ = reach.flights.motion.place_of(body.index, reach.kernel.now_ms)
    return _unfit(reach, body) or _Misled(reach.flights, body, Spoof("freeze", x, y))


def _jam(reach: Reach, asked: Asked, body: Body) -> Hold | str:
    """The error of reckoning has a direction of its own for each flight."""
    angle = 2.0 * math.pi * float(reach.draw.uniform(body.index, body.flights, _DRAW_LANE))
    drift = asked.numbers["drift_mps"]
    spoof = Spoof("jam", drift * math.sin(angle), drift * math.cos(angle))
    return _unfit(reach, body) or _Misled(reach.flights, body, spoof)


PRIMITIVES = (
    Primitive(
        name="navigation.gnss-tow",
        target="vehicle-or-area",
        parameters=(
            Parameter("rate_mps", "how fast the vehicle is led off its track", 0.0, 50.0),
            Parameter("bearing_deg", "where to, clockwise from north", -360.0, 360.0),
        ),
        text="Captures the receiver and leads its fix away so gently that it never jumps. The vehicle holds what "
        "it takes for its track; let go, it stays as far off as it is until a pad guides it in.",
        where="true place against reports and frames; ranges of anchors",
        quantity="offset_m",
        begin=on_vehicles(_tow),
        attack_class="gps-tow",
    ),
    Primitive(
        name="navigation.gnss-bias",
        target="vehicle-or-area",
        parameters=(
            Parameter("east_m", "by how much the fix jumps east", -10_000.0, 10_000.0),
            Parameter("north_m", "by how much the fix jumps north", -10_000.0, 10_000.0),
        ),
        text="The fix jumps by a fixed vector and keeps it. The autopilot believes it at once and makes for its "
        "next waypoint from there; in a descent it goes straight down. Let go, the fix jumps back.",
        where="frames jump; true place against reports and frames; ranges of anchors",
        quantity="offset_m",
        begin=on_vehicles(_bias),
    ),
    Primitive(
        name="navigation.gnss-freeze",
        target="vehicle-or-area",
        parameters=(),
        text="The fix stands still while the vehicle flies. The autopilot takes itself to be there, holds its "
        "course and speed towards its next waypoint and never arrives, until the fix is let go or the battery "
        "asks for the ground. Climb and descent, which go by the barometer, end as usual.",
        where="frames stand still at speed 0; true place against frames; ranges of anchors",
        quantity="offset_m",
        begin=on_vehicles(_freeze),
    ),
    Primitive(
        name="navigation.gnss-jam",
        target="vehicle-or-area",
        parameters=(
            Parameter("drift_mps", "error of reckoning without a fix, each flight in a direction of its own",
                      0.0, 20.0, default=0.5),
        ),
        text="No fix. Frames carry NaN for the place; the autopilot reckons on from its own velocity and drifts "
        "off. Reports carry what it reckons. With the fix back it knows its place again and corrects its course.",
        where="NaN in x_m and y_m of frames while in the air; true place against reports",
        quantity="offset_m",
        begin=on_vehicles(_jam),
    ),
)  # fmt: skip
"""Each holds over landings until it is stopped; on the ground, and on anchors, it waits. One per vehicle."""
