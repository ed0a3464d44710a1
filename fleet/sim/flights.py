"""Flying: a leg is a climb, straight pieces, a descent; each is one event, and closed-form in between."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec

from fleet.base.flight import (
    CLIMB_FACTOR,
    CRUISE_FACTOR,
    DESCENT_FACTOR,
    HOVER_FACTOR,
    MIN_HEADWAY_MPS,
)
from fleet.base.streams import Noise
from fleet.messages.port import Port
from fleet.messages.truth import LegFlown
from fleet.sim.body import Body, Flight, Phase
from fleet.sim.books import Books
from fleet.sim.kernel import Kernel
from fleet.sim.leaks import Leaks
from fleet.sim.motion import Motion
from fleet.sim.spoofs import Spoof
from fleet.sim.terrain import Line, Terrain

Arrived = Callable[[Body], None]

_NOISE_CUT = 3.0
_LONG_MS = 86_400_000
ERROR_CUT = 0.12
"""No flight draws more than this share above or below what is reckoned; `autopilot.ENERGY_MARGIN` covers it."""


LEVEL = frozenset({"cruising", "driving"})
IN_THE_AIR = frozenset({"climbing", "cruising", "descending", "holding"})
"""Phases of somebody who flies. Who holds on the street does not."""
ON_ITS_WAY = frozenset({"climbing", "cruising", "descending", "driving"})
"""Phases of somebody who moves."""


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
        self.leaks = Leaks(kernel, motion, books)
        self._spoofs: dict[int, Spoof] = {}
        self._strays: dict[int, dict[str, Spoof]] = {}
        self.legs: Port | None = None

    def start(self, body: Body, line: Line, arrived: Arrived, downed: Arrived, *, last: bool = False) -> None:
        """Fly `line` from where the vehicle is, and land at its end, `last` whatever happens there. `arrived` is
        called on the ground.

        The line's first point gives way to where the vehicle believes to be. Every piece must be flyable in
        the wind.
        """
        self._leave_ground(body)
        body.flight = Flight(body.turn, self._phases(body, line), arrived, downed, last=last)
        self._next(body, body.flight, 0)

    def head_for(self, body: Body, line: Line, arrived: Arrived, downed: Arrived) -> None:
        """Fly `line` as `start` does, and stay in the air at its end. It counts as the same flight in the air."""
        if body.phase not in IN_THE_AIR:
            self._leave_ground(body)
        else:
            self.settle(body)
            body.turn += 1
        phases = [phase for phase in self._phases(body, line) if phase.name != "descending"]
        body.flight = Flight(body.turn, phases, arrived, downed, stays=True)
        self._next(body, body.flight, 0)

    def _leave_ground(self, body: Body) -> None:
        """Begin a flight, which draws a little more or less than is reckoned."""
        self._take_off(body)
        if self._spoofs or self._strays:
            self._take_fix(body)
        draw = min(_NOISE_CUT, max(-_NOISE_CUT, self._noise.one_normal(body.index, body.flights)))
        body.energy_factor = 1.0 + min(ERROR_CUT, max(-ERROR_CUT, self._sigma * draw))

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
        level, pace = "cruising" if frame.flies else "driving", body.wear.pace.product
        if h < top - 1e-6:
            climb_ms = max(1, round(1000 * (top - h) / frame.climb_mps))
            phases.append(Phase("climbing", x, y, top, climb_ms, CLIMB_FACTOR))
        for (px, py), seconds in zip(line[1:], self.terrain.pieces_s(frame, line), strict=True):
            if seconds > 0:
                phases.append(Phase(level, px, py, top, max(1, round(1000 * seconds / pace)), CRUISE_FACTOR))
        if frame.flies:
            phases.append(_descent(body, line[-1][0], line[-1][1], top))
        return phases

    def _next(self, body: Body, flight: Flight, k: int) -> None:
        if flight.turn != body.turn:
            return
        self.settle(body)
        if k == len(flight.phases):
            if flight.stays:
                self.stop_here(body, flight.downed)
            else:
                self._land(body)
            flight.arrived(body)
            return
        phase, i, motion = flight.phases[k], body.index, self.motion
        now = self.kernel.now_ms
        x, y, h = motion.place_of(i, now)
        duration_ms = phase.duration_ms
        seconds = duration_ms / 1000.0
        flight.k, flight.ends_ms = k, now + duration_ms
        power = draw = self._power_in(body, phase)
        if body.leak_w:
            draw += self._leak_in(body, phase, power)
        motion.drive(i, (phase.x_m - x) / seconds, (phase.y_m - y) / seconds, (phase.h_m - h) / seconds, draw)
        body.phase, body.phase_power_w = phase.name, power
        if (self._spoofs or self._strays) and self._misled(body):
            duration_ms = _LONG_MS
        if phase.name != "descending":
            lasts_ms = self._lasts_ms(body, h, phase.h_m, duration_ms)
            if lasts_ms < duration_ms:
                self.kernel.at(now + lasts_ms, self._give_out, body, flight)
                return
        self.kernel.at(now + duration_ms, self._next, body, flight, k + 1)

    def _power_in(self, body: Body, phase: Phase) -> float:
        """What the motors draw in a phase: on the way down never more than the battery has."""
        power_w = body.power_w() * phase.factor * body.energy_factor
        if phase.name != "descending" or body.wear.drag.product <= 1.0:
            return power_w
        left_wh = self.motion.battery_of(body.index, self.kernel.now_ms)
        return min(power_w, max(0.0, left_wh * 3_600_000.0 / phase.duration_ms))

    def _lasts_ms(self, body: Body, h0_m: float, h1_m: float, duration_ms: int) -> int:
        """How long the present phase, from height `h0_m` to `h1_m`, may go on before the vehicle must descend."""
        left_wh = self.motion.battery_of(body.index, self.kernel.now_ms)
        spare = left_wh - _descent_wh(body, h0_m)
        power_w = body.phase_power_w + body.leak_w
        at_end = left_wh - power_w * duration_ms / 3_600_000.0 - _descent_wh(body, h1_m)
        if at_end >= 0.0:
            return duration_ms
        return max(0, int(duration_ms * spare / (spare - at_end)) - 2)

    def _give_out(self, body: Body, flight: Flight) -> None:
        """The battery asks for the ground, now."""
        if flight.turn == body.turn:
            self.come_down(body, flight.downed)

    def settle(self, body: Body) -> None:
        """Close the running phase at this moment: book its energy, tell the truth about it, rebase."""
        now, i, motion = self.kernel.now_ms, body.index, self.motion
        t0 = motion.since_ms(i)
        if body.phase and now > t0:
            spent = body.phase_power_w * (now - t0) / 3_600_000.0
            self.books.transfer("Wh", ("battery", body.id), ("flown", ""), spent)
            self._tell(body, t0, now, spent)
        if body.leak_w:
            self.leaks.book(body)
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
        if body.leak_w:
            self.leaks.stand(body)

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
        self._hover(body, downed)

    def _hover(self, body: Body, downed: Arrived) -> None:
        power = body.power_w() * HOVER_FACTOR * body.energy_factor
        self.motion.drive(body.index, 0.0, 0.0, 0.0, power + body.leak_w)
        body.phase, body.phase_power_w = "holding", power
        height_m = self.motion.place_of(body.index, self.kernel.now_ms)[2]
        lasts_ms = self._lasts_ms(body, height_m, height_m, _LONG_MS)
        body.flight = Flight(body.turn, [], downed, downed)
        self.kernel.at(self.kernel.now_ms + lasts_ms, self._give_out, body, body.flight)

    def come_down(self, body: Body, downed: Arrived) -> None:
        """Descend to the ground right here; `downed` is called there."""
        self.settle(body)
        body.turn += 1
        body.node, body.site = -1, ""
        x, y, h = self.motion.place_of(body.index, self.kernel.now_ms)
        phases = [_descent(body, x, y, h)] if h > 0.0 else []
        body.flight = Flight(body.turn, phases, downed, downed, last=True)
        self._next(body, body.flight, 0)

    # ---- tampering

    def _leak_in(self, body: Body, phase: Phase, power_w: float) -> float:
        """What a leak takes in a phase: on the last way down no more than the motors leave of the battery."""
        if phase.name != "descending":
            return body.leak_w
        left_wh = self.motion.battery_of(body.index, self.kernel.now_ms)
        spare_w = left_wh * 3_600_000.0 / phase.duration_ms - power_w
        return min(body.leak_w, max(0.0, spare_w))

    def spoof_of(self, body: Body) -> Spoof | None:
        """What is done to a vehicle's receiver, if anything."""
        return self._spoofs.get(body.index)

    def mislead(self, body: Body, spoof: Spoof | None) -> None:
        """From now on a vehicle's receiver does what `spoof` says; None lets it go."""
        before = self._shown(body)
        self._spoofs.pop(body.index, None)
        if spoof is not None:
            self._spoofs[body.index] = spoof
        self._look_where(body, before)

    def stray(self, body: Body, cause: str, spoof: Spoof | None) -> None:
        """The same by nobody's doing, each cause by itself. A receiver that is tampered with shows only that."""
        before, strays = self._shown(body), self._strays.setdefault(body.index, {})
        strays.pop(cause, None)
        if spoof is not None:
            strays[cause] = spoof
        elif not strays:
            del self._strays[body.index]
        if body.index not in self._spoofs:
            self._look_where(body, before)

    def _shown(self, body: Body) -> Spoof | None:
        """What a receiver is under: tampering, else what came last of what strayed."""
        spoof = self._spoofs.get(body.index)
        if spoof is None and body.index in self._strays:
            spoof = next(reversed(self._strays[body.index].values()), None)
        return spoof

    def _look_where(self, body: Body, before: Spoof | None) -> None:
        """Take the receiver's word for it in the air, now that it is under another spell than `before`."""
        if body.navigation != "gnss" or body.node >= 0:
            return
        now = self._shown(body)
        true = self.motion.true_of(body.index, self.kernel.now_ms)
        if now is not None:
            self.replan(body, now.fix(*true))
        else:
            self.replan(body, true if before is not None and before.heals else None)

    def leak(self, body: Body, cause: str, power_w: float) -> None:
        """Draw `power_w` on a vehicle's battery beside what it uses itself; 0 ends it. Each cause by itself."""
        name = body.phase
        self.settle(body)
        if power_w:
            body.leaks_w.put(cause, power_w)
        else:
            body.leaks_w.drop(cause)
        if name:
            self._go_on(body, name, None)
        else:
            self.leaks.stand(body)

    def replan(self, body: Body, fix: tuple[float, float] | None = None) -> None:
        """Fly on from here with the present load and leak, believing from now on to be at `fix`."""
        name = body.phase
        self.settle(body)
        self._go_on(body, name, fix)

    def _go_on(self, body: Body, name: str, fix: tuple[float, float] | None) -> None:
        flight, i = body.flight, body.index
        self.motion.tow(i, 0.0, 0.0)
        if fix is not None:
            self.motion.correct(i, *fix)
        if name == "holding" and flight is not None:
            flight.turn = -1
            self._hover(body, flight.downed)
        elif name and flight is not None:
            phases = self._ahead(body, flight)
            # What was scheduled for the flight so far is void.
            flight.turn = -1
            body.flight = msgspec.structs.replace(flight, turn=body.turn, phases=phases, k=0, ends_ms=0)
            self._next(body, body.flight, 0)

    def _ahead(self, body: Body, flight: Flight) -> list[Phase]:
        """What is left of a flight, from where the body believes to be.

        It makes for the end of each level piece as planned; a descent goes straight down. Where the wind leaves
        no headway on a piece that nobody planned, it is flown at the least headway there is.
        """
        x, y, _ = self.motion.place_of(body.index, self.kernel.now_ms)
        ahead: list[Phase] = []
        pace = body.wear.pace.product
        for n, phase in enumerate(flight.phases[flight.k :]):
            if phase.name in LEVEL:
                there = phase.x_m, phase.y_m
                (seconds,) = self.terrain.pieces_s(body.airframe, ((x, y), there))
                if not math.isfinite(seconds):
                    seconds = math.hypot(there[0] - x, there[1] - y) / MIN_HEADWAY_MPS
                duration_ms = max(1, round(1000 * seconds / pace)) if seconds > 0 else 0
                x, y = there
            else:
                duration_ms = phase.duration_ms if n else flight.ends_ms - self.kernel.now_ms
            if duration_ms > 0:
                ahead.append(msgspec.structs.replace(phase, x_m=x, y_m=y, duration_ms=duration_ms))
        return ahead

    def _take_fix(self, body: Body) -> None:
        """A receiver that is tampered with tells a vehicle where it is."""
        spoof = self._shown(body)
        if spoof is not None and body.navigation == "gnss":
            fix = spoof.fix(*self.motion.true_of(body.index, self.kernel.now_ms))
            if fix is not None:
                self.motion.correct(body.index, *fix)

    def _misled(self, body: Body) -> bool:
        """Let a phase that has begun go where the receiver leads it; whether it will never end by itself."""
        i, motion = body.index, self.motion
        spoof = self._shown(body) if body.navigation == "gnss" else None
        frozen = spoof is not None and spoof.kind == "freeze" and body.phase in LEVEL
        if frozen:
            motion.freeze(i)
        else:
            motion.tow(i, *((0.0, 0.0) if spoof is None else spoof.drift_mps))
        return frozen

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
    worst_w = body.power_w() * DESCENT_FACTOR * (1.0 + ERROR_CUT) + body.leak_w
    return worst_w * _descent_ms(body, height_m) / 3_600_000.0
