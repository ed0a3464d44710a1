"""From settings to a world: the constructor calls of the room, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fleet.base.flight import Wind
from fleet.base.streams import Streams
from fleet.base.winds import Winds
from fleet.city.density import Density
from fleet.city.model import City, Place, Site
from fleet.city.paths import Airspace
from fleet.city.sky import NetworkOf, Schedule
from fleet.messages.airspace import AIRSPACE
from fleet.messages.port import Port
from fleet.messages.reports import PickupRequested, VehicleRoster
from fleet.messages.run_id import RunId
from fleet.messages.seal import Verifier
from fleet.sim.body import Body, Waste
from fleet.sim.books import INITIAL, WH, Books
from fleet.sim.chargers import Chargers
from fleet.sim.docks import Docks
from fleet.sim.flights import Flights
from fleet.sim.grid.params import GridParams
from fleet.sim.kernel import Kernel
from fleet.sim.layers import Layers
from fleet.sim.motion import Motion
from fleet.sim.multipath import Echoes, Multipath
from fleet.sim.params import DockingParams, SensorParams, VehicleKind
from fleet.sim.parts import Parts
from fleet.sim.people.params import PeopleParams
from fleet.sim.plants.params import PlantsParams
from fleet.sim.ranging import Ranging
from fleet.sim.sensornet.params import SensorNetworkParams
from fleet.sim.sensors import Sensors
from fleet.sim.terrain import Terrain
from fleet.sim.troubles.params import TroublesParams
from fleet.sim.weighbridge import Weighbridge
from fleet.sim.world import World
from fleet.sim.yards import Dockyard, Places

PortOf = Callable[[str], Port]


@dataclass(frozen=True)
class VehicleSpec:
    """A vehicle to be: its id, its type's name, and the base it starts from.

    A `guard` flies for `people.guards`, and dispatch knows nothing of it.
    """

    id: str
    type_name: str
    base: str
    guard: bool = False


@dataclass(frozen=True)
class Waiting:
    """A pickup to come: what will be asked, when, and what will really be there."""

    announced_ms: int
    request: PickupRequested
    kg: float
    litres: float
    contents: Mapping[str, float] = field(default_factory=dict)
    """What is in it, kg of each material, where that is not all what it is called."""

    def waste(self, node: int) -> Waste:
        """What will be there."""
        return Waste.behind(self.request, node, self.kg, self.litres, self.contents)


@dataclass(frozen=True)
class Setting:
    """Everything a world is built from."""

    city: City
    sites: tuple[Site, ...]
    points: tuple[Place, ...]
    types: Mapping[str, VehicleKind]
    vehicles: tuple[VehicleSpec, ...]
    waiting: tuple[Waiting, ...]
    wind: Wind
    docking: DockingParams
    sensors: SensorParams
    trusted_keys: Mapping[str, bytes]
    allowed_verbs: Mapping[str, frozenset[str]]
    run: RunId
    """What those keys must have signed for."""
    winds: Winds | None = None
    """The wind by hour and height; None where it is always `wind`."""
    closures: Schedule = field(default_factory=Schedule)
    start_hour: float = 0.0
    """The city's clock when the run starts."""
    end_ms: int = 0
    """When it ends; 0 where nobody needs to know."""
    grid: GridParams = field(default_factory=GridParams)
    plants: PlantsParams = field(default_factory=PlantsParams)
    sensor_network: SensorNetworkParams = field(default_factory=SensorNetworkParams)
    people: PeopleParams = field(default_factory=PeopleParams)
    troubles: TroublesParams = field(default_factory=TroublesParams)

    @property
    def collectors(self) -> tuple[VehicleSpec, ...]:
        """The vehicles that dispatch plans with."""
        return tuple(v for v in self.vehicles if not v.guard)

    @property
    def air(self) -> Winds:
        """What blows when."""
        return Winds.constant(self.wind) if self.winds is None else self.winds


def _nodes(
    setting: Setting,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Where sites and then pickup points are, and which of them have chargers."""
    places: list[Site | Place] = [*setting.sites, *setting.points]
    chargers = np.array([n for n, site in enumerate(setting.sites) if site.chargers], dtype=np.int64)
    return np.array([p.x_m for p in places]), np.array([p.y_m for p in places]), chargers


def build_terrain(setting: Setting, known: Layers | None = None) -> Terrain:
    """Nodes in the order sites, pickup points; a layer for each vehicle type in use, as it is at the beginning.

    `known` are the layers of this setting where somebody has them already.
    """
    places: list[Site | Place] = [*setting.sites, *setting.points]
    names = tuple(place.id for place in places)
    used = sorted({v.type_name for v in setting.vehicles})
    shut = frozenset(setting.closures.standing(0))
    return Terrain(names, _nodes(setting), used, known or build_layers(setting), shut)


def build_layers(setting: Setting, network_of: NetworkOf = Airspace.network) -> Layers:
    """What can be reached from where, at any moment of the run; `network_of` may know networks from before."""
    zones = setting.closures.zones
    return Layers(setting.city, setting.types, _nodes(setting), setting.air, zones, network_of)


def build_world(
    setting: Setting, kernel: Kernel, terrain: Terrain, streams: Streams, port_of: PortOf
) -> tuple[World, Flights]:
    """The world at its first moment: everybody parked and full, nothing announced yet."""
    motion, books = Motion(len(setting.vehicles)), Books()
    sensors = setting.sensors
    flights = Flights(
        kernel, motion, books, terrain, streams.noise("sim/flight-energy"), sensors.flight_energy_sigma
    )
    weighbridge = Weighbridge(books, streams.noise("sensor/weighbridge"), sensors.weighbridge_sigma)
    chargers = Chargers(flights, setting.docking)
    parts = Parts(
        kernel=kernel,
        motion=motion,
        books=books,
        terrain=terrain,
        flights=flights,
        weighbridge=weighbridge,
        chargers=chargers,
        docks=Docks(kernel, setting.docking, weighbridge, chargers),
        bodies=tuple(_bodies(setting, terrain, motion, books, port_of)),
        yards={site.id: _yard(node, site, port_of) for node, site in enumerate(setting.sites)},
        waste={w.request.pickup_id: w.waste(terrain.node_of[w.request.point_id]) for w in setting.waiting},
        day=tuple((w.announced_ms, w.request) for w in setting.waiting),
        scale_noise=streams.noise("sensor/vehicle-scale"),
        scale_sigma=sensors.vehicle_scale_sigma,
        citizens=port_of("citizens"),
        truth=port_of("world"),
        airspace=port_of(AIRSPACE),
        closures=setting.closures,
        winds=setting.air,
        airspace_trust=Verifier({}, {}, setting.run),
        guard_trust=Verifier({}, {}, setting.run),
        stock_trust=Verifier({}, {}, setting.run),
        tamper_draw=streams.noise("sim/tampering"),
    )
    world = World(parts)
    for waiting in setting.waiting:
        kernel.at(waiting.announced_ms, world.announce, waiting.request)
    return world, flights


def _bodies(setting: Setting, terrain: Terrain, motion: Motion, books: Books, port_of: PortOf) -> list[Body]:
    bodies = []
    for index, spec in enumerate(setting.vehicles):
        kind = setting.types[spec.type_name]
        node = terrain.node_of[spec.base]
        airframe = kind.airframe()
        motion.rest(index, float(terrain.x_m[node]), float(terrain.y_m[node]))
        motion.battery_wh[index] = kind.battery_wh
        books.transfer(WH, INITIAL, ("battery", spec.id), kind.battery_wh)
        bodies.append(
            Body(
                id=spec.id,
                index=index,
                kind_name=spec.type_name,
                kind=kind,
                airframe=airframe,
                port=port_of(spec.id),
                verifier=Verifier(setting.trusted_keys, setting.allowed_verbs, setting.run),
                node=node,
                site=spec.base,
                power_coefficient=airframe.power_coefficient,
            )
        )
    return bodies


def _yard(node: int, site: Site, port_of: PortOf) -> Dockyard:
    return Dockyard(
        id=site.id,
        node=node,
        accepts=site.accepts,
        capacity_kg=site.capacity_kg,
        pads=Places(site.pads),
        chargers=Places(site.chargers),
        charger_count=site.chargers,
        port=port_of(site.id),
    )


def build_sensors(setting: Setting, streams: Streams, motion: Motion) -> Sensors:
    """The instruments of a world."""
    return Sensors(setting.sensors, streams, motion, build_ranging(setting, streams, motion))


def build_ranging(setting: Setting, streams: Streams, motion: Motion) -> Ranging:
    """The anchors of the map, and the echoes that disturb them."""
    x = np.array([a.x_m for a in setting.city.anchors], dtype=float)
    y = np.array([a.y_m for a in setting.city.anchors], dtype=float)
    asked, noise = setting.sensor_network.anchors.multipath, streams.noise("sensor/range")
    if asked is None:
        return Ranging(setting.sensors, noise, motion, x, y)
    density, least = Density(setting.city.buildings), asked.built_up_share
    echoes = Echoes(asked.share, asked.mean_m, asked.tau_s)
    multipath = Multipath(echoes, streams.noise("sensornet/multipath"), lambda a, b: density.at(a, b) >= least)
    return Ranging(setting.sensors, noise, motion, x, y, multipath)


def roster(setting: Setting) -> VehicleRoster:
    """The order of rows in frames, and where the anchors stand."""
    anchors = setting.city.anchors
    return VehicleRoster(
        vehicles=tuple(v.id for v in setting.vehicles),
        anchors=tuple(a.id for a in anchors),
        anchor_x_m=tuple(round(a.x_m, 3) for a in anchors),
        anchor_y_m=tuple(round(a.y_m, 3) for a in anchors),
        anchor_sigma_m=setting.sensors.range_sigma_m,
        gnss_sigma_m=setting.sensors.gnss_sigma_m,
    )
