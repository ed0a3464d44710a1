"""The two kinds of ways, by air and by street, as those see them who only want to know how long a way takes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fleet.base.flight import Wind
from fleet.city.flight_times import cruise_s
from fleet.city.paths import Airspace, PathNetwork
from fleet.city.sky import Sky
from fleet.city.streets import StreetNetwork, Streets

Ways = Airspace | Sky | Streets
"""Answers for any two points, and makes the network of many."""

Network = PathNetwork | StreetNetwork
"""The ways between all pairs of a set of points."""


def travel_s(network: Network, speed_mps: float, wind: Wind) -> npt.NDArray[np.float64]:
    """Seconds from row to column at `speed_mps`, climb and descent left out; inf where there is no way.

    On the street no wind is felt.
    """
    if isinstance(network, StreetNetwork):
        return network.length_m / speed_mps
    return cruise_s(network, speed_mps, wind)
