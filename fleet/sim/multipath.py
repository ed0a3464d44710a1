"""Echoes: in built-up places a range is now and then too long, for a while, by what the signal went round.

For every pair of a vehicle and an anchor time is cut into stretches of `tau_s`, each pair at moments of its own.
In a stretch that chance picks (`share` of them) the range is too long by an exponentially distributed excess of
mean `mean_m`, as long as the vehicle is in a built-up place. It is never too short: the direct way is the
shortest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fleet.base.streams import Noise

Floats = npt.NDArray[np.float64]
_PHASE_LANE, _PICK_LANE, _SIZE_LANE = 5, 6, 7


@dataclass(frozen=True)
class Echoes:
    """How often, how much, how long."""

    share: float
    mean_m: float
    tau_s: float


class BuiltUp(Protocol):
    """Whoever knows the built-up places."""

    def __call__(self, x_m: Floats, y_m: Floats) -> npt.NDArray[np.bool_]:
        """Whether places are built up."""


class Multipath:
    """The echoes of all pairs; a function of (pair, time), so that reading changes nothing."""

    def __init__(self, settings: Echoes, noise: Noise, built_up: BuiltUp) -> None:
        self._settings = settings
        self._noise = noise
        self._built_up = built_up

    def excess_m(self, pair: npt.NDArray[np.int64], x_m: Floats, y_m: Floats, now_ms: int) -> Floats:
        """By how much the ranges of pairs are too long now, with the vehicles at these places."""
        s = self._settings
        stretch = np.floor(now_ms / (1000.0 * s.tau_s) + self._noise.uniform(pair, 0, _PHASE_LANE)).astype(
            np.int64
        )
        picked = self._noise.uniform(pair, stretch, _PICK_LANE) < s.share
        size_m = -s.mean_m * np.log(self._noise.uniform(pair, stretch, _SIZE_LANE))
        return np.asarray(np.where(picked & self._built_up(x_m, y_m), size_m, 0.0))
