"""What a scenario says under `grid`."""

from __future__ import annotations

from fleet.base.params import Params


class GridParams(Params):
    """The electricity of the city: feeders, meters, outages, and what hangs on them."""
