"""What legs take, as the planner sees them: a margin on energy, times rounded up."""

from __future__ import annotations

import numpy as np

from fleet.base.flight import Mover, Wind, effort_h
from fleet.city.ways import Network, travel_s
from fleet.plan.problem import UNREACHABLE_MS, Floats, Matrix


def travel_matrices(network: Network, airframe: Mover, wind: Wind, energy_margin: float) -> tuple[Matrix, Floats]:
    """(`travel_ms`, `effort_h`) between all nodes of `network`, each (n, n), for vehicles with this airframe.

    A leg from a node to itself costs nothing. `energy_margin` multiplies the effort: what one flight may draw
    above the mean.
    """
    seconds = travel_s(network, airframe.cruise_mps, wind)
    vertical = airframe.climb_s + airframe.descent_s
    reachable = np.isfinite(seconds)
    travel = np.where(reachable, np.ceil(1000.0 * (np.where(reachable, seconds, 0.0) + vertical)), UNREACHABLE_MS)
    effort = np.where(reachable, energy_margin * effort_h(airframe, np.where(reachable, seconds, 0.0)), np.inf)
    np.fill_diagonal(travel, 0)
    np.fill_diagonal(effort, 0.0)
    return travel.astype(np.int64), effort
