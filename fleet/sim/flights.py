"""Flying: a leg is a climb, straight pieces, a descent; each is one event, and closed-form in between."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec

from fleet.base.flight import CLIMB_FACTOR, CRUISE_FACTOR, DESCENT_FACTOR, HOVER_FACTOR
from fleet.base.streams import Noise
from fleet.messages.port import Port
from fleet.messages.truth import LegFlown
from fleet.sim.body import Body
from fleet.sim.books import Books
from fleet.sim.kernel import Kernel
from fleet.sim.motion import Motion
from fleet.sim.terrain import Line, Terrain

Arrived = Callable[[Body], None]

_NOISE_CUT = 3.0
_LONG_MS = 86_400_000
ERROR_CUT = 0.12
"""No flight draws more than this share above or below what is reckoned; `autopilot.ENERGY_MARGIN` covers it."""


class Phase(msgspec.Struct, frozen=True):
    """One straight piece: its name, where it ends, how long it lasts, what it draws of level power."""

    name: str
    x_m: float
    y_m: float
    h_m: float
    duration_ms: int
    factor: float


class _Flight(msgspec.Struct, frozen=True):
    """A flight under way. `turn` is the body's when it began; `downed` is called where it had to come down."""

    turn: int
    phases: list[Phase]
    arrived: Arrived
    downed: Arrived


class Flights:
    """Starts, continues and breaks off flights. `legs` is where truth about them goes, or None.

    No battery is ever flown below zero: a vehicle whose charge would not last to the end of a phase, and from
    there to the ground, comes down before that, wherever it is.
    """

    def __init__(
        self, kernel: Kernel, motion: Motion, books: Books, terrain: Terrain, noise: Noise, sigma: float
    ) -> None:
        self.kernel = kernel
        self.motion = motion
        self.books = books
        self.terrain = terrain
        self._noise = noise
        self._sigma = sigma
        self.tow_mps: dict[int, tuple[float, float]] = {}
        self.legs: Port | None = None

    def start(self, body: Body, line: Line, arrived: Arrived, downed: Arrived) -> None:
        """Fly `line` from where the vehicle is, and land at its end. `arrived` is called on the ground.

        The line's first point gives way to where the vehicle believes to be. Every piece must be flyable in
        the wind.
        """
        self._take_off(body)
        draw = min(_NOISE_CUT, max(-_NOISE_CUT, self._noise.one_normal(body.index, body.flights)))
        body.energy_factor = 1.0 + min(ERROR_CUT, max(-ERROR_CUT, self._sigma * draw))
        self._next(body, _Flight(body.turn, self._phases(body, line), arrived, downed), 0)

    def _take_off(self, body: Body) -> None:
        self.settle(body)
        body.turn += 1
        body.node, body.site = -1, ""
        body.flights += 1

    def _phases(self, body: Body, line: Line) -> list[Phase]:
        frame, top = body.airframe, body.airframe.cruise_height_m
        x, y, h = self.motion.place_of(body.index, self.kernel.now_ms)
        line = [(x, y), *line[1:]]
        phases: list[Phase] = []
        if h < top - 1e-6:
            climb_ms = max(1, round(1000 * (top - h) / frame.climb_mps))
            phases.append(Phase("climbing", x, y, top, climb_ms, CLIMB_FACTOR))
        for (px, py), seconds in zip(line[1:], self.terrain.pieces_s(frame, line), strict=True):
            if seconds > 0:
                phases.append(Phase("cruising", px, py, top, max(1, round(1000 * seconds)), CRUISE_FACTOR))
        phases.append(_descent(body, line[-1][0], line[-1][1], top))
        return phases

    def _next(self, body: Body, flight: _Flight, k: int) -> None:
        if flight.turn != body.turn:
            return
        self.settle(body)
        if k == len(flight.phases):
            self._land(body)
            flight.arrived(body)
            return
        phase, i, motion = flight.phases[k], body.index, self.motion
        now = self.kernel.now_ms
        x, y, h = motion.place_of(i, now)
        seconds = phase.duration_ms / 1000.0
        power = body.power_w() * phase.factor * body.energy_factor
        motion.tow(i, *self._tow(body))
        motion.drive(i, (phase.x_m - x) / seconds, (phase.y_m - y) / seconds, (phase.h_m - h) / seconds, power)
        body.phase, body.phase_power_w = phase.name, power
        if phase.name != "descending":
            lasts_ms = self._lasts_ms(body, h, phase.h_m, phase.duration_ms)
            if lasts_ms < phase.duration_ms:
                self.kernel.at(now + lasts_ms, self._give_out, body, flight.turn, flight.downed)
                return
        self.kernel.at(now + phase.duration_ms, self._next, body, flight, k + 1)

    def _lasts_ms(self, body: Body, h0_m: float, h1_m: float, duration_ms: int) -> int:
        """How long the present phase, from height `h0_m` to `h1_m`, may go on before the vehicle must descend."""
        left_wh = self.motion.battery_of(body.index, self.kernel.now_ms)
        spare = left_wh - _descent_wh(body, h0_m)
        at_end = left_wh - body.phase_power_w * duration_ms / 3_600_000.0 - _descent_wh(body, h1_m)
        if at_end >= 0.0:
            return duration_ms
        return max(0, int(duration_ms * spare / (spare - at_end)) - 2)

    def _give_out(self, body: Body, turn: int, downed: Arrived) -> None:
        """The battery asks for the ground, now."""
        if turn == body.turn:
            self.come_down(body, downed)

    def _tow(self, body: Body) -> tuple[float, float]:
        return self.tow_mps.get(body.index, (0.0, 0.0)) if body.navigation == "gnss" else (0.0, 0.0)

    def settle(self, body: Body) -> None:
        """Close the running phase at this moment: book its energy, tell the truth about it, rebase."""
        now, i, motion = self.kernel.now_ms, body.index, self.motion
        t0 = motion.since_ms(i)
        if body.phase and now > t0:
            spent = body.phase_power_w * (now - t0) / 3_600_000.0
            self.books.transfer("Wh", ("battery", body.id), ("flown", ""), spent)
            self._tell(body, t0, now, spent)
        motion.rebase(i, now)
        if body.phase:
            self.books.compare("Wh", ("battery", body.id), motion.battery_of(i, now))
        body.phase = ""

    def _tell(self, body: Body, t0: int, now: int, spent: float) -> None:
        if self.legs is None:
            return
        i, motion = body.index, self.motion
        (x0, y0), (x1, y1) = motion.true_of(i, t0), motion.true_of(i, now)
        self.legs.say(
            LegFlown(
                vehicle=body.id,
                phase=body.phase,
                t0_ms=t0,
                t1_ms=now,
                x0_m=round(x0, 3),
                y0_m=round(y0, 3),
                x1_m=round(x1, 3),
                y1_m=round(y1, 3),
                energy_wh=round(spent, 6),
                payload_kg=round(body.load_kg, 6),
                payload_l=round(body.load_l, 3),
                battery_wh=round(motion.battery_of(i, now), 6),
                order_id=body.mission.order_id,
            )
        )

    def _land(self, body: Body) -> None:
        x, y, _ = self.motion.place_of(body.index, self.kernel.now_ms)
        self.motion.rest(body.index, x, y)

    def stop_here(self, body: Body, downed: Arrived) -> None:
        """Break the flight off where it is; the vehicle hovers until told otherwise, or until it must land."""
        self.settle(body)
        body.turn += 1
        i = body.index
        self.motion.tow(i, 0.0, 0.0)
        height_m = self.motion.place_of(i, self.kernel.now_ms)[2]
        if height_m <= 0.0:
            self._land(body)
            return
        power = body.power_w() * HOVER_FACTOR * body.energy_factor
        self.motion.drive(i, 0.0, 0.0, 0.0, power)
        body.phase, body.phase_power_w = "holding", power
        lasts_ms = self._lasts_ms(body, height_m, height_m, _LONG_MS)
        self.kernel.at(self.kernel.now_ms + lasts_ms, self._give_out, body, body.turn, downed)

    def come_down(self, body: Body, downed: Arrived) -> None:
        """Descend to the ground right here; `downed` is called there."""
        self.settle(body)
        body.turn += 1
        body.node, body.site = -1, ""
        x, y, h = self.motion.place_of(body.index, self.kernel.now_ms)
        phases = [_descent(body, x, y, h)] if h > 0.0 else []
        self._next(body, _Flight(body.turn, phases, downed, downed), 0)

    def retow(self, body: Body) -> None:
        """Apply a change of `tow_mps` to a flight under way."""
        if body.phase in ("climbing", "cruising", "descending"):
            i = body.index
            name, power = body.phase, body.phase_power_w
            self.settle(body)
            self.motion.tow(i, *self._tow(body))
            body.phase, body.phase_power_w = name, power

    def find_itself(self, body: Body) -> None:
        """Know again where it is: the believed place becomes the true one."""
        self.settle(body)
        i, motion = body.index, self.motion
        motion.x_m[i] += motion.offset_x_m[i]
        motion.y_m[i] += motion.offset_y_m[i]
        motion.offset_x_m[i] = motion.offset_y_m[i] = 0.0
        motion.tow_x_mps[i] = motion.tow_y_mps[i] = 0.0


def _descent_ms(body: Body, height_m: float) -> int:
    return max(1, math.ceil(1000.0 * height_m / body.airframe.descent_mps - 1e-6))


def _descent(body: Body, x_m: float, y_m: float, height_m: float) -> Phase:
    return Phase("descending", x_m, y_m, 0.0, _descent_ms(body, height_m), DESCENT_FACTOR)


def _descent_wh(body: Body, height_m: float) -> float:
    """What landing from `height_m` draws at worst; nothing on the ground."""
    if height_m <= 0.0:
        return 0.0
    worst_w = body.power_w() * DESCENT_FACTOR * (1.0 + ERROR_CUT)
    return worst_w * _descent_ms(body, height_m) / 3_600_000.0
