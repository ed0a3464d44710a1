"""What vehicles of each type can reach at a moment: by street, or through the air that is open, in its wind.

Layers are worked out when somebody asks, and the last few of each type kept, so that world and dispatch, who ask
for the same, share them. The world says which of its zones are shut; dispatch says what zones it believes in,
which may be others under the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt

from fleet.base.flight import Wind
from fleet.base.winds import Winds
from fleet.city.hearsay import is_said_of, makes_ground
from fleet.city.model import City, Mode, Zone
from fleet.city.paths import Airspace
from fleet.city.sky import NetworkOf, Skies, Sky
from fleet.city.streets import StreetNetwork, Streets
from fleet.city.ways import Ways
from fleet.sim.params import StreetTypeParams, VehicleKind
from fleet.sim.terrain import Layer, layer_of

Floats = npt.NDArray[np.float64]
KEPT = 4
"""So many layers of a type are kept: now, without temporary zones, and what dispatch believes of either."""


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
        self._zones = dict(zones)
        self._believed: dict[str, Zone] = {}
        skies = {_real(name): _as(zone, _real(name)) for name, zone in zones.items()}
        self._skies = Skies(city, self._x, self._y, skies, network_of)
        self._streets: dict[str, tuple[Streets, StreetNetwork]] = {}
        self._kept: dict[str, Callable[[Ways, Wind], Layer]] = {
            name: lru_cache(KEPT)(partial(self._work_out, name)) for name in types
        }

    def wind(self, t_ms: int, height_m: float) -> Wind:
        """What blows at a height at a moment."""
        return self._winds.at(t_ms, height_m)

    def add(self, zone: Zone) -> None:
        """A zone that was not known at the beginning, or is another now."""
        self._zones[zone.id] = zone
        self._skies.add(_as(zone, _real(zone.id)))

    def of(self, type_name: str, shut: frozenset[str], t_ms: int) -> Layer:
        """The layer of a vehicle type at a moment, while the zones `shut` are announced or closed."""
        return self._of(type_name, map(_real, shut), t_ms)

    def as_believed(self, type_name: str, zones: Sequence[Zone], t_ms: int) -> Layer:
        """The layer of a vehicle type at a moment, if `zones` are what is announced or closed.

        They count as they were heard of, whatever is really known under their ids; where that is the same, to the
        rounding of messages, so is the layer. Those that have no inside are passed over.
        """
        names = (self._name(zone) for zone in zones)
        return self._of(type_name, [name for name in names if name], t_ms)

    def _name(self, zone: Zone) -> str:
        """The name under which `_skies` has this zone; "" where it cannot be one."""
        real = self._zones.get(zone.id)
        if real is not None and is_said_of(zone, real):
            return _real(zone.id)
        if not makes_ground(zone):
            return ""
        if self._believed.get(zone.id) != zone:
            self._believed[zone.id] = zone
            self._skies.add(_as(zone, _false(zone.id)))
        return _false(zone.id)

    def _of(self, type_name: str, shut: Iterable[str], t_ms: int) -> Layer:
        kind = self._types[type_name]
        if isinstance(kind, StreetTypeParams):
            return self._kept[type_name](self._by_street(kind.streets)[0], Wind())
        sky = self._skies.at(kind.cruise_height_m, frozenset(shut))
        return self._kept[type_name](sky, self.wind(t_ms, kind.cruise_height_m))

    def _work_out(self, type_name: str, ways: Ways, wind: Wind) -> Layer:
        kind = self._types[type_name]
        if isinstance(kind, StreetTypeParams):
            network = self._by_street(kind.streets)[1]
            return layer_of(ways, network, kind.airframe(), wind, self._chargers)
        assert isinstance(ways, Sky)
        return layer_of(ways, ways.network, kind.airframe(), wind, self._chargers)

    def _by_street(self, mode: Mode) -> tuple[Streets, StreetNetwork]:
        if mode not in self._streets:
            streets = Streets(self._city.streets, mode)
            self._streets[mode] = streets, streets.network(self._x, self._y)
        return self._streets[mode]


def _real(zone_id: str) -> str:
    """Names are marked, so that nobody's choice of an id mixes up what is and what is believed."""
    return f"is {zone_id}"


def _false(zone_id: str) -> str:
    return f"said {zone_id}"


def _as(zone: Zone, name: str) -> Zone:
    return replace(zone, id=name)
