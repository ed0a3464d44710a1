"""Flying: a leg is a climb, straight pieces, a descent; each is one event, and closed-form in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fleet.base.flight import CLIMB_FACTOR, CRUISE_FACTOR, DESCENT_FACTOR, HOVER_FACTOR
from fleet.base.streams import Noise
from fleet.city.flight_times import polyline_s
from fleet.messages.port import Port
from fleet.messages.truth import LegFlown
from fleet.sim.body import Body
from fleet.sim.books import Books
from fleet.sim.kernel import Kernel
from fleet.sim.motion import Motion
from fleet.sim.terrain import Terrain

Floats = npt.NDArray[np.float64]
Arrived = Callable[[Body], None]

_NOISE_CUT = 3.0


@dataclass(frozen=True, slots=True)
class Phase:
    """One straight piece: its name, where it ends, how long it lasts, what it draws of level power."""

    name: str
    x_m: float
    y_m: float
    h_m: float
    duration_ms: int
    factor: float


class Flights:
    """Starts, continues and breaks off flights. `legs` is where truth about them goes, or None."""

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

    def start(self, body: Body, line: Floats, arrived: Arrived) -> None:
        """Fly `line` from where the vehicle is, and land at its end. `arrived` is called on the ground."""
        self.settle(body)
        body.turn += 1
        body.node, body.site = -1, ""
        body.flights += 1
        draw = self._noise.one_normal(body.index, body.flights)
        body.energy_factor = 1.0 + self._sigma * min(_NOISE_CUT, max(-_NOISE_CUT, draw))
        self._next(body, body.turn, self._phases(body, line), 0, arrived)

    def _phases(self, body: Body, line: Floats) -> list[Phase]:
        frame, top = body.airframe, body.airframe.cruise_height_m
        x, y, h = self.motion.place_of(body.index, self.kernel.now_ms)
        phases: list[Phase] = []
        if h < top - 1e-6:
            phases.append(Phase("climbing", x, y, top, round(1000 * (top - h) / frame.climb_mps), CLIMB_FACTOR))
        for (px, py), seconds in zip(line[1:], polyline_s(line, frame.cruise_mps, self.terrain.wind), strict=True):
            if seconds > 0:
                phases.append(
                    Phase("cruising", float(px), float(py), top, max(1, round(1000 * seconds)), CRUISE_FACTOR)
                )
        end_x, end_y = float(line[-1][0]), float(line[-1][1])
        phases.append(
            Phase("descending", end_x, end_y, 0.0, round(1000 * top / frame.descent_mps), DESCENT_FACTOR)
        )
        return phases

    def _next(self, body: Body, turn: int, phases: list[Phase], k: int, arrived: Arrived) -> None:
        if turn != body.turn:
            return
        self.settle(body)
        if k == len(phases):
            self._land(body)
            arrived(body)
            return
        phase, i, motion = phases[k], body.index, self.motion
        x, y, h = float(motion.x_m[i]), float(motion.y_m[i]), float(motion.h_m[i])
        seconds = phase.duration_ms / 1000.0
        power = body.power_w() * phase.factor * body.energy_factor
        motion.tow_x_mps[i], motion.tow_y_mps[i] = self._tow(body)
        motion.drive(i, (phase.x_m - x) / seconds, (phase.y_m - y) / seconds, (phase.h_m - h) / seconds, power)
        body.phase, body.phase_power_w = phase.name, power
        self.kernel.at(self.kernel.now_ms + phase.duration_ms, self._next, body, turn, phases, k + 1, arrived)

    def _tow(self, body: Body) -> tuple[float, float]:
        return self.tow_mps.get(body.index, (0.0, 0.0)) if body.navigation == "gnss" else (0.0, 0.0)

    def settle(self, body: Body) -> None:
        """Close the running phase at this moment: book its energy, tell the truth about it, rebase."""
        now, i, motion = self.kernel.now_ms, body.index, self.motion
        t0 = int(motion.t0_ms[i])
        if body.phase and now > t0:
            spent = body.phase_power_w * (now - t0) / 3_600_000.0
            self.books.transfer("Wh", ("battery", body.id), ("flown", ""), spent)
            self._tell(body, t0, now, spent)
        motion.rebase(i, now)
        if body.phase:
            self.books.compare("Wh", ("battery", body.id), float(motion.battery_wh[i]))
        body.phase = ""

    def _tell(self, body: Body, t0: int, now: int, spent: float) -> None:
        if self.legs is None:
            return
        i, motion = body.index, self.motion
        x0, y0 = motion.x_m[i] + motion.offset_x_m[i], motion.y_m[i] + motion.offset_y_m[i]
        s = (now - t0) / 1000.0
        self.legs.say(
            LegFlown(
                vehicle=body.id,
                phase=body.phase,
                t0_ms=t0,
                t1_ms=now,
                x0_m=round(float(x0), 3),
                y0_m=round(float(y0), 3),
                x1_m=round(float(x0 + (motion.vx_mps[i] + motion.tow_x_mps[i]) * s), 3),
                y1_m=round(float(y0 + (motion.vy_mps[i] + motion.tow_y_mps[i]) * s), 3),
                energy_wh=round(spent, 6),
                payload_kg=round(body.load_kg, 6),
                payload_l=round(body.load_l, 3),
                battery_wh=round(motion.battery_of(i, now), 6),
                order_id=body.mission.order_id,
            )
        )

    def _land(self, body: Body) -> None:
        i = body.index
        self.motion.rest(i, float(self.motion.x_m[i]), float(self.motion.y_m[i]))

    def stop_here(self, body: Body) -> None:
        """Break the flight off where it is; the vehicle hovers, drawing hover power, until told otherwise."""
        self.settle(body)
        body.turn += 1
        i = body.index
        power = body.power_w() * HOVER_FACTOR * body.energy_factor
        self.motion.tow_x_mps[i] = self.motion.tow_y_mps[i] = 0.0
        self.motion.drive(i, 0.0, 0.0, 0.0, power)
        body.phase, body.phase_power_w = "holding", power

    def come_down(self, body: Body) -> None:
        """Stand on the ground right here; descent from a hover is not accounted for separately."""
        self.settle(body)
        body.turn += 1
        self._land(body)

    def retow(self, body: Body) -> None:
        """Apply a change of `tow_mps` to a flight under way."""
        if body.phase in ("climbing", "cruising", "descending"):
            i = body.index
            name, power = body.phase, body.phase_power_w
            self.settle(body)
            self.motion.tow_x_mps[i], self.motion.tow_y_mps[i] = self._tow(body)
            body.phase, body.phase_power_w = name, power

    def find_itself(self, body: Body) -> None:
        """Know again where it is: the believed place becomes the true one."""
        self.settle(body)
        i, motion = body.index, self.motion
        motion.x_m[i] += motion.offset_x_m[i]
        motion.y_m[i] += motion.offset_y_m[i]
        motion.offset_x_m[i] = motion.offset_y_m[i] = 0.0
        motion.tow_x_mps[i] = motion.tow_y_mps[i] = 0.0
