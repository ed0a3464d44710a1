"""A world small enough to reckon by hand: a plain with one tower, three sites, six bins.

y 1200  swap o                     home    base, charges, takes everything ordinary
        |                          swap    charges only
  400  (tower)   b3                far     takes paper only, 10 kg at most, cannot charge
    0  home o-b0----b1----b2---o far       (b4 and b5 are elsewhere)
          x 0  300  600   900  1500
"""

import itertools
from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import numpy as np
from shapely import box

from fleet.app.links import ends_of
from fleet.base.flight import Wind
from fleet.base.streams import Streams
from fleet.bus.links import Links
from fleet.bus.memory import MemoryBus
from fleet.bus.siege import CommandSiege
from fleet.city.frame import Frame
from fleet.city.model import Building, City, Place, Site
from fleet.messages.envelope import Message
from fleet.messages.orders import FlyRoute, Recall, RotateKey, StopOrder
from fleet.messages.plane import Plane
from fleet.messages.reports import PickupRequested
from fleet.messages.seal import KeyPair
from fleet.sim.annexes import build_annexes
from fleet.sim.build import Setting, VehicleSpec, Waiting, build_layers, build_terrain, build_world
from fleet.sim.kernel import Kernel
from fleet.sim.params import BUILT_IN_TYPES, DockingParams, SensorParams
from fleet.sim.surroundings import Surroundings
from fleet.sim.tampering import Tampering
from tests.messages.runs import RUN

KEY, AUTHORITY, THIEF = (KeyPair(bytes([n]) * 32, RUN) for n in (1, 2, 3))
ORDINARY = frozenset({"paper", "glass", "organics", "plastics"})
TICK_MS = 1000

SITES = (
    Site("home", 0.0, 0.0, base=True, accepts=ORDINARY, capacity_kg=1000.0, pads=1, chargers=1),
    Site("swap", 0.0, 1200.0, chargers=1),
    Site("far", 1500.0, 0.0, base=True, accepts=frozenset({"paper"}), capacity_kg=10.0, pads=2),
)
POINTS = tuple(
    Place(f"b{n}", float(x), float(y))
    for n, (x, y) in enumerate([(300, 0), (600, 0), (900, 0), (600, 400), (-500, -500), (0, 800)])
)
CITY = City(
    name="toy",
    frame=Frame(7.0, 43.0),
    buildings=(Building("tower", box(-50, 350, 50, 450), 150.0),),
    sites=SITES,
    pickup_points=POINTS,
    anchors=(Place("a0", 0.0, 0.0), Place("a1", 1000.0, 0.0)),
)


def waste(number, point=0, kg=1.0, litres=5.0, material="paper", **changes) -> Waiting:
    """A pickup `p<number>` at bin `b<point>`; `changes` to what is asked for."""
    place = POINTS[point]
    announced = changes.pop("announced_ms", 0)
    declared = {"declared_kg": kg, "declared_l": litres}
    asked = {
        "pickup_id": f"p{number}", "point_id": place.id, "district": "", "x_m": place.x_m, "y_m": place.y_m,
        "material": material, **declared, "earliest_ms": 0, "latest_ms": 10**8, "service_ms": 30_000,
        "priority": 1, "requester": "r", **changes,
    }  # fmt: skip
    return Waiting(announced, PickupRequested(**asked), kg, litres)


def setting(**changes) -> Setting:
    plain = Setting(
        city=CITY,
        sites=SITES,
        points=POINTS,
        types=BUILT_IN_TYPES,
        vehicles=(VehicleSpec("v0", "light-collector", "home"), VehicleSpec("v1", "light-collector", "home")),
        waiting=tuple(waste(n, n) for n in range(6)),
        wind=Wind(),
        docking=DockingParams(),
        sensors=SensorParams(),
        trusted_keys={"dispatch": KEY.public, "authority": AUTHORITY.public},
        allowed_verbs={"dispatch": frozenset({"FlyRoute", "Recall"}), "authority": frozenset({"RotateKey"})},
        run=RUN,
    )
    return replace(plain, **changes)


@cache
def _layers(wind, types):
    vehicles = tuple(VehicleSpec(name, name, "home") for name, _ in types)
    return build_layers(setting(wind=wind, vehicles=vehicles, types=dict(types)))


class Toy:
    """A world, a road, and a hand that gives orders. Everything that was said is in `said`."""

    def __init__(self, *, seed=1, legs=True, tampering=False, **changes) -> None:
        self.setting = setting(**changes)
        self.kernel = Kernel()
        self.bus = MemoryBus(lambda: self.kernel.now_ms)
        names = sorted({v.type_name for v in self.setting.vehicles})
        if self.setting.closures.closures or self.setting.winds is not None or "city" in changes:
            self.terrain = build_terrain(self.setting)
        else:
            types = tuple((name, self.setting.types[name]) for name in names)
            self.terrain = build_terrain(self.setting, _layers(self.setting.wind, types))
        self.world, self.flights = build_world(
            self.setting, self.kernel, self.terrain, Streams(seed), self.bus.port
        )
        self.motion, self.books = self.flights.motion, self.flights.books
        if legs:
            self.flights.legs = self.bus.port("world/legs")
        self.dispatch = self.bus.port("dispatch", KEY)
        self.authority = self.bus.port("authority", AUTHORITY)
        self.siege = CommandSiege(Streams(seed), TICK_MS)
        self.siege.join(self.bus.port("gate"), itertools.count().__next__)
        around = Surroundings(self.setting, self.world, self.flights, Streams(seed), self.bus.port)
        self.annexes = self.world.annexes = build_annexes(around)
        self.troubles = self.annexes.troubles
        if tampering:
            hand = Tampering(
                self.world, self.flights, {"dispatch": lambda: self.dispatch.key},
                self.bus.port("injector"), self.bus.port("injector/truth"),
                road=self._lay_links(seed), siege=self.siege, annexes=self.annexes,
            )  # fmt: skip
            self.world.tampering = hand
        self.troubles.road = self.world.receivers.ears
        self.said: list[Message] = []
        self.tick = 0
        self.orders = 0
        self.watch = lambda toy: None
        self.world.start()
        self._turn()

    def _lay_links(self, seed) -> Links:
        ends = ends_of([v.id for v in self.setting.vehicles], [s.id for s in SITES])
        noise, road = Streams(seed).noise("links"), self.bus.port("road")
        links = self.world.receivers.ears = Links(ends, (), noise, lambda: self.kernel.now_ms, TICK_MS, road)
        links.remember()
        self.bus.lay(links)
        return links

    # ---- orders

    def order(self, vehicle: str, *stops: StopOrder, append=False) -> str:
        self.orders += 1
        order_id = f"o{self.orders}"
        self.dispatch.say_signed(FlyRoute(order_id=order_id, vehicle=vehicle, append=append, stops=stops))
        return order_id

    def recall(self, vehicle: str, site="home", navigation="gnss", at=None) -> str:
        self.orders += 1
        x, y = at or next((s.x_m, s.y_m) for s in SITES if s.id == site)
        body = Recall(order_id=f"o{self.orders}", vehicle=vehicle, site=site, x_m=x, y_m=y, navigation=navigation)
        self.dispatch.say_signed(body)
        return body.order_id

    def rotate(self, holder: str, public_key: bytes) -> None:
        self.authority.say_signed(RotateKey(order_id="key", holder=holder, public_key=public_key))

    # ---- time

    def _turn(self) -> None:
        batch = self.bus.turn()
        self.said += batch
        inbox = [m for m in batch if m.body.plane in (Plane.COMMAND, Plane.INJECTION)]
        self.world.on_tick(self.tick, self.tick * TICK_MS, inbox)
        self.siege.on_tick(self.tick, self.tick * TICK_MS, [])

    def run(self, seconds: float) -> "Toy":
        for _ in range(round(1000 * seconds / TICK_MS)):
            self.tick += 1
            self.kernel.advance(self.tick * TICK_MS)
            self.watch(self)
            self._turn()
        return self

    def until(self, state: str, vehicle="v0", most_s=4000) -> "Toy":
        """Run for a tick at least, until a vehicle's body is in a state (its phase, in the air)."""
        body = self.body(vehicle)
        for _ in range(most_s):
            self.run(1)
            if state in (body.state, body.phase):
                return self
        raise AssertionError(f"{vehicle} never came to {state!r}; it is {body.state!r}")

    def close(self) -> "Toy":
        self.world.close()
        self.said += self.bus.turn()
        return self

    # ---- looking

    @property
    def now_ms(self) -> int:
        return self.kernel.now_ms

    def body(self, vehicle="v0"):
        return next(b for b in self.world.bodies if b.id == vehicle)

    def battery_wh(self, vehicle="v0") -> float:
        return self.motion.battery_of(self.body(vehicle).index, self.now_ms)

    def place(self, vehicle="v0") -> tuple[float, float, float]:
        """(x, y, height) as it really is."""
        i = self.body(vehicle).index
        return (*self.motion.true_of(i, self.now_ms), self.motion.place_of(i, self.now_ms)[2])

    def heard(self, kind, vehicle: str | None = None) -> list:
        return [
            m.body
            for m in self.said
            if isinstance(m.body, kind) and vehicle in (None, getattr(m.body, "vehicle", None))
        ]

    def states(self, vehicle="v0") -> list[str]:
        return [
            m.body.state for m in self.said if type(m.body).__name__ == "VehicleReported" and m.sender == vehicle
        ]

    def account(self, ledger: str, kind: str) -> float:
        return self.books.totals(ledger).get(kind, 0.0)


def pickup(number: int, point: int | None = None, **changes) -> StopOrder:
    place = POINTS[number if point is None else point]
    plain = StopOrder(kind="pickup", target=f"p{number}", x_m=place.x_m, y_m=place.y_m, mass_kg=1.0)
    return _replace(plain, changes)


def dock(site: str, *, unload=False, charge=False, **changes) -> StopOrder:
    place = next(s for s in SITES if s.id == site)
    plain = StopOrder(kind="dock", target=site, x_m=place.x_m, y_m=place.y_m, unload=unload, charge=charge)
    return _replace(plain, changes)


def junk(x=400.0, y=-300.0, **changes) -> StopOrder:
    plain = StopOrder(kind="pickup", target="nowhere", x_m=x, y_m=y, service_ms=20_000)
    return _replace(plain, changes)


def _replace(stop: StopOrder, changes: dict) -> StopOrder:
    return StopOrder(**{name: getattr(stop, name) for name in stop.__struct_fields__} | changes)


def light(**changes) -> dict:
    """The light collector with other properties, as the type `odd`."""
    return {"odd": BUILT_IN_TYPES["light-collector"].model_copy(update=changes)}


def still(**changes) -> SensorParams:
    """Instruments and flights without any error."""
    exact = {"flight_energy_sigma": 0.0, "vehicle_scale_sigma": 0.0, "weighbridge_sigma": 0.0}
    return SensorParams(**exact | changes)


def check_invariants(toy: Toy, *, tolerance=1e-6) -> None:
    """What holds at every moment of every run."""
    for ledger in ("kg", "Wh"):
        assert abs(sum(toy.books.totals(ledger).values())) < tolerance
        assert toy.books.residual[ledger] < tolerance
    batteries = toy.motion.batteries_wh(toy.now_ms)
    assert np.all(batteries >= -1e-9), batteries
    for body in toy.world.bodies:
        assert body.load_kg <= body.kind.payload_kg + 1e-9
        assert body.load_l <= body.kind.volume_l + 1e-6
        assert batteries[body.index] <= body.kind.battery_wh + 1e-9


def wh(body, hours: Iterable[float], kg: float) -> float:
    """Wh of level-flight hours with `kg` on board, without flight error."""
    return body.airframe.power_w(kg) * sum(hours)
