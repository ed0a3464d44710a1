"""All wiring: from a scenario to the parts of a run. Constructor calls, and nothing about behaviour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fleet.app.feasible import require_feasible
from fleet.app.scenario import Scenario
from fleet.app.setting import demand_of, stage_of
from fleet.base.flight import Wind
from fleet.base.streams import Streams
from fleet.city.model import Site
from fleet.detect.detector import discover as detector_kinds
from fleet.detect.watch import Watchman
from fleet.dispatch.belief import Belief, VehicleBelief
from fleet.dispatch.dispatcher import Dispatcher
from fleet.dispatch.rounds import Atlas
from fleet.messages.plane import Plane
from fleet.messages.port import Bus, Participant
from fleet.messages.seal import KeyPair, Verifier
from fleet.plan.cells import solve_cells
from fleet.plan.problem import Dock, VehicleType
from fleet.plan.travel import travel_matrices
from fleet.redteam.attack import Means
from fleet.redteam.attack import discover as attack_kinds
from fleet.respond.playbook import Playbook
from fleet.sim.build import Setting, build_sensors, build_terrain, build_world
from fleet.sim.kernel import Kernel
from fleet.sim.params import BUILT_IN_TYPES, VehicleTypeParams
from fleet.sim.sensors import Sensors
from fleet.sim.tampering import Tampering
from fleet.sim.terrain import Terrain
from fleet.sim.world import World

VERBS = {
    "dispatch": frozenset({"FlyRoute", "Recall"}),
    "authority": frozenset({"RotateKey"}),
}
"""Which orders vehicles take from whom."""

INTENTS = frozenset({"QuarantineVehicle", "RevokeKey"})
"""Which intents dispatch heeds from `respond`."""

BusOf = Callable[[Callable[[], int]], Bus]


@dataclass(frozen=True)
class Seat:
    """A participant, and the planes it may read."""

    participant: Participant
    planes: frozenset[Plane]


@dataclass(frozen=True)
class Parts:
    """A run that is ready to start."""

    scenario: Scenario
    setting: Setting
    kernel: Kernel
    bus: Bus
    world: World
    dispatcher: Dispatcher
    seats: tuple[Seat, ...]
    sensors: Sensors
    frames: bool
    """Whether anybody inside needs telemetry frames every tick."""


def build(scenario: Scenario, directory: Path, bus_of: BusOf, *, legs: bool) -> Parts:
    """Everything, wired. `directory` is the scenario file's; `legs` says whether truth about flights is told.

    Raises `InputError` for a map or table that is not valid, or does not fit the scenario, and
    `InfeasibleError` if nobody could fly anywhere.
    """
    streams = Streams(scenario.seed)
    keys = {holder: KeyPair(streams.secret(f"key/{holder}/0")) for holder in (*VERBS, "respond")}
    setting = _setting(scenario, directory, streams, keys)
    terrain = build_terrain(setting)
    require_feasible(setting, terrain)
    kernel = Kernel()
    bus = bus_of(lambda: kernel.now_ms)
    world, flights = build_world(setting, kernel, terrain, streams, bus.port)
    dispatch_port = bus.port("dispatch", keys["dispatch"])
    dispatcher = Dispatcher(
        atlas=_atlas(scenario, setting, terrain),
        belief=_belief(setting),
        params=scenario.dispatch,
        solve=solve_cells,
        port=dispatch_port,
        authority=bus.port("authority", keys["authority"]),
        new_key=lambda number: KeyPair(streams.secret(f"key/dispatch/{number}")),
        trusted=Verifier({"respond": keys["respond"].public}, {"respond": INTENTS}),
    )
    if legs:
        flights.legs = bus.port("world/legs")
    if scenario.red.attacks:
        world.tampering = Tampering(
            flights,
            world.bodies,
            {"dispatch": lambda: dispatch_port.key},
            bus.port("injector"),
            bus.port("injector/truth"),
        )
    seats = [
        Seat(world, frozenset({Plane.COMMAND, Plane.INJECTION})),
        Seat(dispatcher, frozenset({Plane.TELEMETRY, Plane.COMMAND})),
        *_red(scenario, streams, bus),
        *_blue(scenario, bus, keys["respond"]),
    ]
    return Parts(
        scenario=scenario,
        setting=setting,
        kernel=kernel,
        bus=bus,
        world=world,
        dispatcher=dispatcher,
        seats=tuple(seats),
        sensors=build_sensors(setting, streams, flights.motion),
        frames=bool(scenario.blue.detectors),
    )


def _setting(scenario: Scenario, directory: Path, streams: Streams, keys: dict[str, KeyPair]) -> Setting:
    stage = stage_of(scenario, directory)
    waiting, extra = demand_of(scenario, stage, streams)
    return Setting(
        city=stage.city,
        sites=stage.sites,
        points=(*stage.city.pickup_points, *extra),
        types={**BUILT_IN_TYPES, **scenario.fleet.types},
        vehicles=stage.vehicles,
        waiting=waiting,
        wind=Wind.blowing_from(scenario.weather.wind_mps, scenario.weather.wind_from_deg),
        docking=scenario.docking,
        sensors=scenario.sensors,
        trusted_keys={holder: keys[holder].public for holder in VERBS},
        allowed_verbs=VERBS,
    )


def _atlas(scenario: Scenario, setting: Setting, terrain: Terrain) -> Atlas:
    names = sorted({v.type_name for v in setting.vehicles})
    legs = [
        travel_matrices(
            terrain.layers[name].network,
            setting.types[name].airframe(),
            setting.wind,
            scenario.dispatch.energy_margin,
        )
        for name in names
    ]
    return Atlas(
        types=tuple(_vehicle_type(name, setting.types[name]) for name in names),
        docks=tuple(_dock(scenario, setting, node, site) for node, site in enumerate(setting.sites)),
        capacity_kg={site.id: site.capacity_kg for site in setting.sites},
        node_of={name: node for node, name in enumerate(terrain.names)},
        x_m=terrain.x_m,
        y_m=terrain.y_m,
        travel_ms=tuple(travel for travel, _ in legs),
        effort_h=tuple(effort for _, effort in legs),
        end_ms=scenario.run.span.end_ms,
    )


def _vehicle_type(name: str, kind: VehicleTypeParams) -> VehicleType:
    return VehicleType(
        name=name,
        empty_kg=kind.empty_kg,
        payload_kg=kind.payload_kg,
        volume_l=kind.volume_l,
        battery_wh=kind.battery_wh,
        reserve_wh=kind.reserve_wh,
        power_coefficient=kind.airframe().power_coefficient,
        hazmat=kind.hazmat,
    )


def _dock(scenario: Scenario, setting: Setting, node: int, site: Site) -> Dock:
    """Charging is planned for its longest: from the reserve to full."""
    docking = scenario.docking
    shares = [1.0 - setting.types[v.type_name].reserve_share for v in setting.vehicles]
    fill_s = 3600.0 * max(shares) / docking.charge_c_rate
    charge_s = docking.swap_s if docking.charging == "swap" else fill_s
    return Dock(
        id=site.id,
        node=node,
        accepts=site.accepts,
        unload_ms=round(1000 * docking.unload_s),
        charge_ms=round(1000 * charge_s) if site.chargers else None,
    )


def _belief(setting: Setting) -> Belief:
    names = sorted({v.type_name for v in setting.vehicles})
    vehicles = {
        v.id: VehicleBelief(
            id=v.id,
            type=names.index(v.type_name),
            free_ms=0,
            free_site=v.base,
            free_wh=setting.types[v.type_name].battery_wh,
        )
        for v in setting.vehicles
    }
    site_xy = {site.id: (site.x_m, site.y_m) for site in setting.sites}
    return Belief(vehicles, site_xy, {point.id for point in setting.points})


def _red(scenario: Scenario, streams: Streams, bus: Bus) -> Sequence[Seat]:
    kinds = {kind.params: kind for kind in attack_kinds().values()}
    seats = []
    for number, params in enumerate(scenario.red.attacks):
        kind = kinds[type(params)]
        name = f"{kind.kind}-{number}"
        means = Means(
            attack_id=name,
            injection=bus.port(f"red/{name}"),
            truth=bus.port(f"red/{name}"),
            rng=streams.generator(f"red/{name}"),
        )
        attack = kind.make(params, means)
        seats.append(Seat(attack, frozenset({Plane.TELEMETRY, Plane.INJECTION})))
    return seats


def _blue(scenario: Scenario, bus: Bus, key: KeyPair) -> Sequence[Seat]:
    kinds = {kind.params: kind for kind in detector_kinds().values()}
    detectors = [kinds[type(params)].make(params) for params in scenario.blue.detectors]
    if not detectors:
        return []
    eyes = frozenset({Plane.TELEMETRY})
    seats = [Seat(Watchman(detectors, bus.port("watchman")), eyes)]
    if scenario.blue.respond:
        seats.append(Seat(Playbook(bus.port("respond", key)), eyes))
    return seats
