"""Where everybody is, in closed form: one row per vehicle, valid between events.

Each vehicle is on one straight segment at constant velocity and constant drain. `nominal` is where the vehicle
believes to be; a towed GNSS receiver lets the body drift off it by `offset`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Motion:
    """Struct-of-arrays state of `count` vehicles. Distances metres, speeds m/s, times integer ms."""

    def __init__(self, count: int) -> None:
        self.t0_ms = np.zeros(count, dtype=np.int64)
        self.x_m, self.y_m, self.h_m = (np.zeros(count) for _ in range(3))
        self.vx_mps, self.vy_mps, self.vh_mps = (np.zeros(count) for _ in range(3))
        self.battery_wh, self.drain_w = np.zeros(count), np.zeros(count)
        self.offset_x_m, self.offset_y_m = np.zeros(count), np.zeros(count)
        self.tow_x_mps, self.tow_y_mps = np.zeros(count), np.zeros(count)

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

    def battery_of(self, i: int, now_ms: int) -> float:
        return float(self.battery_wh[i] - self.drain_w[i] * (now_ms - self.t0_ms[i]) / 3_600_000.0)

    def place_of(self, i: int, now_ms: int) -> tuple[float, float, float]:
        """(x, y, height) of one vehicle as it believes."""
        s = (now_ms - self.t0_ms[i]) / 1000.0
        return (
            float(self.x_m[i] + self.vx_mps[i] * s),
            float(self.y_m[i] + self.vy_mps[i] * s),
            float(self.h_m[i] + self.vh_mps[i] * s),
        )

    def offset_of(self, i: int, now_ms: int) -> tuple[float, float]:
        """How far one vehicle is from where it believes to be."""
        s = (now_ms - self.t0_ms[i]) / 1000.0
        return (
            float(self.offset_x_m[i] + self.tow_x_mps[i] * s),
            float(self.offset_y_m[i] + self.tow_y_mps[i] * s),
        )

    def true_of(self, i: int, now_ms: int) -> tuple[float, float]:
        """(x, y) of one vehicle as it is."""
        x, y, _ = self.place_of(i, now_ms)
        ox, oy = self.offset_of(i, now_ms)
        return x + ox, y + oy

    def correct(self, i: int, x: float, y: float) -> None:
        """Vehicle `i`, on the ground, now believes to be at (x, y); where it really is does not change."""
        self.offset_x_m[i] += self.x_m[i] - x
        self.offset_y_m[i] += self.y_m[i] - y
        self.x_m[i], self.y_m[i] = x, y

    def rebase(self, i: int, now_ms: int) -> None:
        """Make `now_ms` the start of vehicle `i`'s segment, changing nothing that is true."""
        x, y, h = self.place_of(i, now_ms)
        ox, oy = self.offset_of(i, now_ms)
        self.battery_wh[i] = self.battery_of(i, now_ms)
        self.x_m[i], self.y_m[i], self.h_m[i] = x, y, h
        self.offset_x_m[i], self.offset_y_m[i] = ox, oy
        self.t0_ms[i] = now_ms

    def drive(self, i: int, vx: float, vy: float, vh: float, drain_w: float) -> None:
        """Give vehicle `i` a velocity and a drain from its segment's start on."""
        self.vx_mps[i], self.vy_mps[i], self.vh_mps[i] = vx, vy, vh
        self.drain_w[i] = drain_w

    def rest(self, i: int, x: float, y: float) -> None:
        """Vehicle `i` stands on the ground at (x, y), where it believes to be."""
        self.x_m[i], self.y_m[i], self.h_m[i] = x, y, 0.0
        self.tow_x_mps[i] = self.tow_y_mps[i] = 0.0
        self.drive(i, 0.0, 0.0, 0.0, 0.0)
