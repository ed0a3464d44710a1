"""All wiring: from a scenario to the parts of a run. Constructor calls, and nothing about behaviour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from fleet.app.airspace import winds_of
from fleet.app.atlases import atlases
from fleet.app.feasible import require_feasible
from fleet.app.links import ends_of, require_present
from fleet.app.scenario import Scenario
from fleet.app.setting import demand_of, stage_of
from fleet.app.teams import RESPOND, attack_names, blue_team, first_key, red_team, run_of, team_senders
from fleet.app.trust import trust_intents, trust_orders
from fleet.app.warm import engine_warming
from fleet.base.flight import Wind
from fleet.base.streams import Streams
from fleet.bus.labels import SENDER as LABELS
from fleet.bus.labels import Labels
from fleet.bus.links import ROAD, Hearing, Links
from fleet.bus.siege import CommandSiege
from fleet.city.store import NOWHERE, PathStore
from fleet.dispatch.belief import Belief, VehicleBelief
from fleet.dispatch.dispatcher import AtlasOf, Dispatcher
from fleet.messages.notices import GATE
from fleet.messages.plane import Plane
from fleet.messages.port import Bus, Seat
from fleet.messages.roles import Role, outside_sender
from fleet.messages.run_id import RunId
from fleet.messages.seal import KeyPair, Verifier
from fleet.plan.params import SearchParams
from fleet.plan.planner import solve
from fleet.plan.problem import Problem
from fleet.plan.result import Manner, Result
from fleet.sim.annexes import Annexes, build_annexes
from fleet.sim.build import Setting, build_layers, build_sensors, build_terrain, build_world
from fleet.sim.kernel import Kernel
from fleet.sim.layers import Layers
from fleet.sim.sensors import Sensors
from fleet.sim.surroundings import Surroundings
from fleet.sim.tampering import Tampering, attack_classes
from fleet.sim.terrain import Terrain
from fleet.sim.world import World

VERBS = {
    "dispatch": frozenset({"FlyRoute", "Recall"}),
    "authority": frozenset({"RotateKey"}),
}
"""Which orders vehicles take from whom."""

BusOf = Callable[[Callable[[], int]], Bus]


@dataclass(frozen=True)
class Guests:
    """Whose orders and intents count though they come from outside: the public key of each sender.

    `run` is what they must have signed for.
    """

    run: RunId
    order_keys: Mapping[str, bytes] = field(default_factory=dict)
    locked: bool = False
    """Whether teams that take part from elsewhere sign with keys of their own, even those not known yet."""

    def orders(self) -> dict[str, bytes]:
        """The keys whose orders vehicles obey."""
        return self._of("operator")

    def intents(self) -> dict[str, bytes]:
        """The keys whose intents dispatch heeds; `respond` has another than its first if it signs elsewhere."""
        away = {name: self.order_keys[name] for name in (RESPOND,) if name in self.order_keys}
        return {**self._of("operator", "blue"), **away}

    def replaces(self, holder: str, first: bytes) -> bool:
        """Whether `holder`, being elsewhere, signs with another key than the `first` one that it has here."""
        return self.locked or self.order_keys.get(holder, first) != first

    def _of(self, *roles: Role) -> dict[str, bytes]:
        heads = tuple(outside_sender(role, "") for role in roles)
        return {sender: key for sender, key in self.order_keys.items() if sender.startswith(heads)}


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
    """Whether a watchman needs telemetry frames every tick."""
    intents: Verifier
    """Whose intents dispatch heeds."""
    links: Links
    siege: CommandSiege
    remarks: tuple[str, ...]
    """What is to be said of the scenario's files before the run, one line each."""


@engine_warming()
def build(
    scenario: Scenario,
    directory: Path,
    bus_of: BusOf,
    *,
    legs: bool,
    away: frozenset[str] = frozenset(),
    guests: Guests | None = None,
    store: PathStore = NOWHERE,
) -> Parts:
    """Everything, wired. `directory` is the scenario file's; `legs` says whether truth about flights is told.

    `away` names the teams ("red", "blue") that take part from elsewhere: they are left out. `guests` is who else
    may come in by the gate; None where there is no gate. `store` keeps networks of paths from run to run.

    Raises `InputError` for a map or table that is no good for the scenario, `InfeasibleError` if nobody could fly.
    """
    streams = Streams(scenario.seed)
    keys = {holder: first_key(streams, holder) for holder in (*VERBS, RESPOND)}
    setting, remarks = _setting(scenario, directory, streams, keys)
    layers, terrain = _ground(setting, store)
    kernel = Kernel()
    bus = bus_of(lambda: kernel.now_ms)
    around, annexes = _world(setting, kernel, terrain, streams, bus, legs=legs)
    world, flights = around.world, around.flights
    intents = _let_in(guests, streams, world, keys[RESPOND])
    atlas_of = atlases(scenario, setting, terrain, layers)
    dispatcher, vault = _mind(scenario, setting, atlas_of, streams, bus, keys, intents)
    _add_respond(vault, keys[RESPOND], away, guests)
    links = _links(scenario, setting, streams, kernel, bus, away, tampered=guests is not None)
    siege = _siege(scenario, streams, bus, alone=guests is None)
    injector = bus.port("injector"), bus.port("injector/truth")
    world.receivers.ears = annexes.troubles.road = links
    world.tampering = Tampering(world, flights, vault, *injector, road=links, siege=siege, annexes=annexes)
    seats = [
        Seat(world, frozenset({Plane.COMMAND, Plane.INJECTION})),
        Seat(Hearing("dispatch", dispatcher, links), frozenset({Plane.TELEMETRY, Plane.COMMAND})),
        *_teams(scenario, streams, bus, keys, links, away),
        Seat(links, frozenset()),
        Seat(siege, frozenset()),
        *([] if guests is None else [_labels(scenario, bus)]),
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
        intents=intents,
        links=links,
        siege=siege,
        remarks=remarks,
    )


def _world(
    setting: Setting, kernel: Kernel, terrain: Terrain, streams: Streams, bus: Bus, *, legs: bool
) -> tuple[Surroundings, Annexes]:
    """The world, and all that lives in it beside its vehicles."""
    world, flights = build_world(setting, kernel, terrain, streams, bus.port)
    around = Surroundings(setting, world, flights, streams, bus.port)
    world.annexes = annexes = build_annexes(around)
    if legs:
        flights.legs = bus.port("world/legs")
    return around, annexes


def _ground(setting: Setting, store: PathStore) -> tuple[Layers, Terrain]:
    """What can be reached from where at any moment, and at the first; raises `InfeasibleError`."""
    layers = build_layers(setting, store.network)
    terrain = build_terrain(setting, layers)
    require_feasible(setting, terrain)
    return layers, terrain


def _let_in(guests: Guests | None, streams: Streams, world: World, respond: KeyPair) -> Verifier:
    """Let guests give orders. By the verifier dispatch heeds their intents and `respond`'s; so do guards."""
    intents = Verifier({}, {}, respond.run)
    trust_intents(intents, world, RESPOND, respond.public, respond.run)
    if guests is None:
        return intents
    for sender, key in guests.intents().items():
        trust_intents(intents, world, sender, key, run_of(streams, sender, key, guests.run))
    for sender, key in guests.orders().items():
        trust_orders(world, sender, key, run_of(streams, sender, key, guests.run))
    return intents


def _mind(
    scenario: Scenario,
    setting: Setting,
    atlas_of: AtlasOf,
    streams: Streams,
    bus: Bus,
    keys: Mapping[str, KeyPair],
    intents: Verifier,
) -> tuple[Dispatcher, dict[str, Callable[[], KeyPair | None]]]:
    """Dispatch, and its keys, which a thief could steal as they are in force."""
    port, authority = bus.port("dispatch", keys["dispatch"]), bus.port("authority", keys["authority"])
    dispatcher = Dispatcher(
        atlas_of=atlas_of,
        belief=_belief(setting),
        params=scenario.dispatch,
        solve=_solve,
        port=port,
        authority=authority,
        new_key=lambda number: KeyPair(streams.secret(f"key/dispatch/{number}"), keys["dispatch"].run),
        trusted=intents,
    )
    return dispatcher, {
        "dispatch": lambda: port.key,
        "authority": lambda: authority.key,
    }


def _solve(problem: Problem, search: SearchParams) -> Result:
    """Nobody reads in a run what would admit a pickup that is left out."""
    manner = Manner(search.whole_pickups, search.cell_pickups, places_tried=search.places_tried)
    return solve(problem, search.budget(len(problem.pickups)), manner=manner)


def _teams(
    scenario: Scenario,
    streams: Streams,
    bus: Bus,
    keys: Mapping[str, KeyPair],
    links: Links,
    away: frozenset[str],
) -> list[Seat]:
    """The teams that are here: the enemy, who has no links, and the blue team, who has."""
    seats = [] if "red" in away else red_team(scenario, streams, bus)
    if "blue" not in away:
        blue = zip(team_senders(scenario, "blue"), blue_team(scenario, bus, keys[RESPOND]), strict=True)
        seats += [Seat(Hearing(name, seat.participant, links), seat.planes) for name, seat in blue]
    return seats


def _labels(scenario: Scenario, bus: Bus) -> Seat:
    """Who labels the attacks that come by the gate; those of the scenario label themselves."""
    labelled = frozenset(outside_sender("red", name) for name in attack_names(scenario))
    labels = Labels(bus.port(LABELS), labelled, attack_classes())
    return Seat(labels, frozenset({Plane.INJECTION, Plane.TRUTH}))


def _links(
    scenario: Scenario,
    setting: Setting,
    streams: Streams,
    kernel: Kernel,
    bus: Bus,
    away: frozenset[str],
    *,
    tampered: bool,
) -> Links:
    """The links of a run, laid on the road; `tampered` if somebody from outside may get at them."""
    blue = team_senders(scenario, "blue")
    if "blue" in away:
        require_present(scenario.links, blue)
    ends = ends_of([v.id for v in setting.vehicles], [s.id for s in setting.sites], () if "blue" in away else blue)
    links = Links(
        ends,
        [params.rule() for params in scenario.links],
        streams.noise("links"),
        lambda: kernel.now_ms,
        scenario.run.tick_ms,
        bus.port(ROAD),
    )
    if tampered or scenario.red.attacks:
        links.remember()
    bus.lay(links)
    return links


def _add_respond(
    vault: dict[str, Callable[[], KeyPair | None]], key: KeyPair, away: frozenset[str], guests: Guests | None
) -> None:
    """The guard's key can be stolen where it is the one that counts: not if the guard brings its own."""
    if "blue" not in away or guests is None or not guests.replaces(RESPOND, key.public):
        vault[RESPOND] = lambda: key


def _siege(scenario: Scenario, streams: Streams, bus: Bus, *, alone: bool) -> CommandSiege:
    """`alone` is a run without a gate: nobody else speaks in the gate's name, so it numbers for itself."""
    siege = CommandSiege(streams, scenario.run.tick_ms)
    if alone:
        siege.join(bus.port(GATE), count().__next__)
    return siege


def _setting(
    scenario: Scenario, directory: Path, streams: Streams, keys: Mapping[str, KeyPair]
) -> tuple[Setting, tuple[str, ...]]:
    """Whom and what the run is about, and remarks on the scenario's files."""
    stage = stage_of(scenario, directory)
    waiting, extra = demand_of(scenario, stage, streams)
    setting = Setting(
        city=stage.city,
        sites=stage.sites,
        points=(*stage.city.pickup_points, *extra),
        types=scenario.fleet.every_type,
        vehicles=stage.vehicles,
        waiting=waiting,
        wind=Wind.blowing_from(scenario.weather.wind_mps, scenario.weather.wind_from_deg),
        winds=winds_of(scenario.weather, scenario.run.span),
        closures=stage.closures,
        docking=scenario.docking,
        sensors=scenario.sensors,
        trusted_keys={holder: keys[holder].public for holder in VERBS},
        allowed_verbs=VERBS,
        run=keys["dispatch"].run,
        start_hour=scenario.run.span.start_hour,
        end_ms=scenario.run.span.end_ms,
        grid=scenario.grid,
        plants=scenario.plants,
        sensor_network=scenario.sensor_network,
        people=scenario.people,
        troubles=scenario.troubles,
    )
    return setting, stage.remarks


def _belief(setting: Setting) -> Belief:
    names = sorted({v.type_name for v in setting.collectors})
    vehicles = {
        v.id: VehicleBelief(
            id=v.id,
            type=names.index(v.type_name),
            free_ms=0,
            free_site=v.base,
            free_wh=setting.types[v.type_name].battery_wh,
        )
        for v in setting.collectors
    }
    site_xy = {site.id: (site.x_m, site.y_m) for site in setting.sites}
    return Belief(vehicles, site_xy, {*(point.id for point in setting.points), *site_xy})
