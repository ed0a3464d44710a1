"""What a scenario says under `sensor_network`."""

from __future__ import annotations

from fleet.base.params import Params


class SensorNetworkParams(Params):
    """Sensors of the city that know no GNSS: anchors, tag readers, level sensors."""
