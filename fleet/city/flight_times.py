"""How long the cruise between any two points of a network takes in a constant wind."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fleet.base.flight import Wind, ground_speed_mps
from fleet.city.paths import PathNetwork

Floats = npt.NDArray[np.float64]


def cruise_s(network: PathNetwork, airspeed_mps: float, wind: Wind) -> Floats:
    """Seconds from row to column along the shortest legal path; inf where there is none, or too much wind."""
    dx = network.x_m[None, :] - network.x_m[:, None]
    dy = network.y_m[None, :] - network.y_m[:, None]
    with np.errstate(invalid="ignore"):
        seconds = network.length_m / ground_speed_mps(airspeed_mps, dx, dy, wind)
    bent = network.bent()
    length = np.hypot(bent.dx, bent.dy)
    for row, col, sign in ((bent.row, bent.col, 1.0), (bent.col, bent.row, -1.0)):
        part = length / ground_speed_mps(airspeed_mps, sign * bent.dx, sign * bent.dy, wind)
        seconds[row, col] = 0.0
        np.add.at(seconds, (row, col), part)
    barred = np.isnan(seconds) | np.isinf(network.length_m)
    return np.asarray(np.where(barred, np.inf, seconds))
