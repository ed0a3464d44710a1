"""Where everybody is, in closed form: one row per vehicle, valid between events.

Each vehicle is on one straight segment at constant velocity and constant drain. `nominal` is where the vehicle
believes to be; a towed GNSS receiver lets the body drift off it by `offset`.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt

from fleet.sim.lies import Lies

Floats = npt.NDArray[np.float64]


def _one_by_one(*columns: Floats) -> list[memoryview[float]]:
    return [memoryview(cast("Any", column)) for column in columns]


class Motion:
    """Struct-of-arrays state of `count` vehicles. Distances metres, speeds m/s, times integer ms."""

    def __init__(self, count: int) -> None:
        self.t0_ms = np.zeros(count, dtype=np.int64)
        self.x_m, self.y_m, self.h_m = (np.zeros(count) for _ in range(3))
        self.vx_mps, self.vy_mps, self.vh_mps = (np.zeros(count) for _ in range(3))
        self.battery_wh, self.drain_w = np.zeros(count), np.zeros(count)
        self.offset_x_m, self.offset_y_m = np.zeros(count), np.zeros(count)
        self.tow_x_mps, self.tow_y_mps = np.zeros(count), np.zeros(count)
        self.lies = Lies()
        self._gauges = self.lies.gauges
        # The same memory, one number at a time: a memoryview gives plain floats at a third of NumPy's price.
        self._t0 = memoryview(cast("Any", self.t0_ms))
        self._x, self._y, self._h = _one_by_one(self.x_m, self.y_m, self.h_m)
        self._vx, self._vy, self._vh = _one_by_one(self.vx_mps, self.vy_mps, self.vh_mps)
        self._battery, self._drain = _one_by_one(self.battery_wh, self.drain_w)
        self._ox, self._oy = _one_by_one(self.offset_x_m, self.offset_y_m)
        self._tx, self._ty = _one_by_one(self.tow_x_mps, self.tow_y_mps)

    def _elapsed_s(self, now_ms: int) -> Floats:
        return (now_ms - self.t0_ms) / 1000.0

    def nominal(self, now_ms: int) -> tuple[Floats, Floats, Floats]:
        """(x, y, height) of every vehicle as it believes."""
        s = self._elapsed_s(now_ms)
        return self.x_m + self.vx_mps * s, self.y_m + self.vy_mps * s, self.h_m + self.vh_mps * s

    def true(self, now_ms: int) -> tuple[Floats, Floats]:
        """(x, y) of every vehicle as it is."""
        s = self._elapsed_s(now_ms)
        x = self.x_m + self.offset_x_m + (self.vx_mps + self.tow_x_mps) * s
        y = self.y_m + self.offset_y_m + (self.vy_mps + self.tow_y_mps) * s
        return x, y

    def batteries_wh(self, now_ms: int) -> Floats:
        """What is left in every battery."""
        return np.asarray(self.battery_wh - self.drain_w * self._elapsed_s(now_ms) / 3600.0)

    def since_ms(self, i: int) -> int:
        """When vehicle `i`'s present segment began."""
        return int(self._t0[i])

    def battery_of(self, i: int, now_ms: int) -> float:
        """What is left in one battery."""
        return float(self._battery[i] - self._drain[i] * (now_ms - self._t0[i]) / 3_600_000.0)

    def gauge_of(self, i: int, now_ms: int) -> float:
        """What the gauge on board says is left in one battery."""
        left = float(self._battery[i] - self._drain[i] * (now_ms - self._t0[i]) / 3_600_000.0)
        if not self._gauges or i not in self._gauges:
            return left
        return self._gauges[i].shows(left)

    def gauges_wh(self, now_ms: int) -> Floats:
        """What the gauges on board say, of all."""
        left = self.batteries_wh(now_ms)
        for i, gauge in self._gauges.items():
            left[i] = gauge.shows(float(left[i]))
        return left

    def place_of(self, i: int, now_ms: int) -> tuple[float, float, float]:
        """(x, y, height) of one vehicle as it believes."""
        s = (now_ms - self._t0[i]) / 1000.0
        return (
            self._x[i] + self._vx[i] * s,
            self._y[i] + self._vy[i] * s,
            self._h[i] + self._vh[i] * s,
        )

    def offset_of(self, i: int, now_ms: int) -> tuple[float, float]:
        """How far one vehicle is from where it believes to be."""
        s = (now_ms - self._t0[i]) / 1000.0
        return self._ox[i] + self._tx[i] * s, self._oy[i] + self._ty[i] * s

    def true_of(self, i: int, now_ms: int) -> tuple[float, float]:
        """(x, y) of one vehicle as it is."""
        x, y, _ = self.place_of(i, now_ms)
        ox, oy = self.offset_of(i, now_ms)
        return x + ox, y + oy

    def velocity_of(self, i: int) -> tuple[float, float]:
        """How fast one vehicle really moves over the ground, (x, y) m/s."""
        return self._vx[i] + self._tx[i], self._vy[i] + self._ty[i]

    def correct(self, i: int, x: float, y: float) -> None:
        """Vehicle `i`, at its segment's start, believes to be at (x, y); where it really is does not change."""
        self.offset_x_m[i] += self.x_m[i] - x
        self.offset_y_m[i] += self.y_m[i] - y
        self.x_m[i], self.y_m[i] = x, y

    def rebase(self, i: int, now_ms: int) -> None:
        """Make `now_ms` the start of vehicle `i`'s segment, changing nothing that is true."""
        elapsed_ms = now_ms - self._t0[i]
        if not elapsed_ms:
            return
        s = elapsed_ms / 1000.0
        self._battery[i] -= self._drain[i] * elapsed_ms / 3_600_000.0
        self._x[i] += self._vx[i] * s
        self._y[i] += self._vy[i] * s
        self._h[i] += self._vh[i] * s
        self._ox[i] += self._tx[i] * s
        self._oy[i] += self._ty[i] * s
        self._t0[i] = now_ms

    def drive(self, i: int, vx: float, vy: float, vh: float, drain_w: float) -> None:
        """Give vehicle `i` a velocity and a drain from its segment's start on."""
        self._vx[i], self._vy[i], self._vh[i] = vx, vy, vh
        self._drain[i] = drain_w

    def tow(self, i: int, vx: float, vy: float) -> None:
        """Let vehicle `i` drift off where it believes to be, from its segment's start on."""
        self._tx[i], self._ty[i] = vx, vy

    def freeze(self, i: int) -> None:
        """Vehicle `i` flies on as it does, and believes to stand still."""
        self._tx[i], self._ty[i] = self._vx[i], self._vy[i]
        self._vx[i] = self._vy[i] = 0.0

    def rest(self, i: int, x: float, y: float) -> None:
        """Vehicle `i` stands on the ground at (x, y), where it believes to be."""
        self._x[i], self._y[i], self._h[i] = x, y, 0.0
        self.tow(i, 0.0, 0.0)
        self.drive(i, 0.0, 0.0, 0.0, 0.0)
