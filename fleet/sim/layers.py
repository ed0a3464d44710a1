"""What vehicles of each type can reach at a moment: by street, or through the air that is open, in its wind.

Layers are worked out when somebody asks and kept, so that world and dispatch, who ask for the same, share them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from fleet.base.flight import Wind
from fleet.base.winds import Winds
from fleet.city.model import City, Mode, Zone
from fleet.city.paths import Airspace
from fleet.city.sky import NetworkOf, Skies
from fleet.city.streets import StreetNetwork, Streets
from fleet.city.ways import Network, Ways
from fleet.sim.params import StreetTypeParams, VehicleKind
from fleet.sim.terrain import Layer, layer_of

Floats = npt.NDArray[np.float64]
NOTHING: frozenset[str] = frozenset()


class Layers:
    """The layers of a city with nodes at `x_m`, `y_m`, some of them with chargers."""

    def __init__(
        self,
        city: City,
        types: Mapping[str, VehicleKind],
        nodes: tuple[Floats, Floats, npt.NDArray[np.int64]],
        winds: Winds,
        zones: Mapping[str, Zone],
        network_of: NetworkOf = Airspace.network,
    ) -> None:
        self._city = city
        self._types = types
        self._x, self._y, self._chargers = nodes
        self._winds = winds
        self._skies = Skies(city, self._x, self._y, zones, network_of)
        self._streets: dict[str, tuple[Streets, StreetNetwork]] = {}
        self._kept: dict[tuple[str, Ways, Wind], Layer] = {}

    def wind(self, t_ms: int, height_m: float) -> Wind:
        """What blows at a height at a moment."""
        return self._winds.at(t_ms, height_m)

    def add(self, zone: Zone) -> None:
        """A zone that was not known at the beginning."""
        self._skies.add(zone)

    def of(self, type_name: str, shut: frozenset[str], t_ms: int) -> Layer:
        """The layer of a vehicle type at a moment, while the zones `shut` are announced or closed."""
        kind = self._types[type_name]
        if isinstance(kind, StreetTypeParams):
            return self._layer(type_name, *self._by_street(kind.streets), Wind())
        sky = self._skies.at(kind.cruise_height_m, shut)
        return self._layer(type_name, sky, sky.network, self.wind(t_ms, kind.cruise_height_m))

    def _layer(self, type_name: str, ways: Ways, network: Network, wind: Wind) -> Layer:
        key = type_name, ways, wind
        if key not in self._kept:
            airframe = self._types[type_name].airframe()
            self._kept[key] = layer_of(ways, network, airframe, wind, self._chargers)
        return self._kept[key]

    def _by_street(self, mode: Mode) -> tuple[Streets, StreetNetwork]:
        if mode not in self._streets:
            streets = Streets(self._city.streets, mode)
            self._streets[mode] = streets, streets.network(self._x, self._y)
        return self._streets[mode]
