"""Who looks on when a load is weighed in. Nobody does, unless an annex of the world puts itself there."""

from __future__ import annotations

from typing import Protocol

from fleet.sim.body import Body
from fleet.sim.yards import Dockyard


class Witness(Protocol):
    """Something that is at the gate."""

    def unloaded(self, body: Body, yard: Dockyard) -> None:
        """A site has weighed in a vehicle's whole load."""
