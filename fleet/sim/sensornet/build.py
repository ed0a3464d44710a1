"""From settings to things."""

from __future__ import annotations

from fleet.sim.parts import Annex
from fleet.sim.sensornet.params import SensorNetworkParams
from fleet.sim.surroundings import Surroundings


class SensorNet(Annex):
    """The anchors, readers and level sensors of a run."""

    def __init__(self, around: Surroundings, params: SensorNetworkParams) -> None:
        self._around = around
        self._params = params
