"""One vehicle as it is: what it carries, what it was told, whom it trusts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from fleet.base.flight import Mover
from fleet.base.materials import MATERIALS
from fleet.messages.orders import Navigation
from fleet.messages.port import Port
from fleet.messages.reports import PickupRequested, VehicleState
from fleet.messages.seal import Verifier
from fleet.sim.autopilot import Mission
from fleet.sim.params import VehicleKind
from fleet.sim.wear import Sums, Wear

_LEAST_SHOWN_KG = 0.001
"""A scale that is set too low still tells something from nothing: dispatch sends whoever has a load to unload."""


class Phase(msgspec.Struct, frozen=True):
    """One straight piece of a way: its name, its end, how long it lasts, its factor on level power."""

    name: str
    x_m: float
    y_m: float
    h_m: float
    duration_ms: int
    factor: float


class Flight(msgspec.Struct):
    """A flight under way, in phase number `k`, which ends at `ends_ms`.

    `turn` is the body's when it began; `arrived` is called at its end, `downed` where it had to come down. `last`
    says that it goes down at the end whatever happens: there is nowhere else to go. Who `stays` hovers at its end.
    """

    turn: int
    phases: list[Phase]
    arrived: Callable[[Body], None]
    downed: Callable[[Body], None]
    k: int = 0
    ends_ms: int = 0
    last: bool = False
    stays: bool = False


def add_to(contents: dict[str, float], more: Mapping[str, float]) -> None:
    """Put `more` kilograms of each material to those that are there."""
    for material, kg in more.items():
        contents[material] = contents.get(material, 0.0) + kg


@dataclass(slots=True)
class Body:
    """A vehicle. `node` is where it stands, -1 on its way; `site` the site it is docked at, "" if at none.

    `load` is what is on board by what it is called, `inside` what is really in each of these; `items` counts the
    pickups in the box.

    `turn` counts what it was told to begin: a timeout that carries an older number is void. `flight` is the last
    one it began. `scale_error` is what the scale shows of a kilogram since the last of its `weighings`. `wear` is
    what weather, age and mishaps make of it, `leaks_w` are extra draws on the battery, by what causes them. The
    rest is tampering's: `label` what it calls whatever it collects ("": by its name) and `mislabelled` how often
    that was wrong, `captured` whether a foreign controller flies it and `ignored` how many orders it passed over
    meanwhile. Who is `held` was forced down by a guard, for good.
    """

    id: str
    index: int
    kind_name: str
    kind: VehicleKind
    airframe: Mover
    port: Port
    verifier: Verifier
    node: int
    site: str
    power_coefficient: float
    mission: Mission = field(default_factory=Mission)
    state: VehicleState = "idle"
    load: dict[str, float] = field(default_factory=dict)
    inside: dict[str, dict[str, float]] = field(default_factory=dict)
    load_l: float = 0.0
    items: int = 0
    turn: int = 0
    flights: int = 0
    weighings: int = 0
    scale_error: float = 1.0
    energy_factor: float = 1.0
    bound_for: str = ""
    navigation: Navigation = "gnss"
    phase: str = ""
    phase_power_w: float = 0.0
    flight: Flight | None = None
    wear: Wear = field(default_factory=Wear)
    leaks_w: Sums = field(default_factory=Sums)
    label: str = ""
    mislabelled: int = 0
    captured: bool = False
    ignored: int = 0
    held: bool = False

    @property
    def leak_w(self) -> float:
        """What is drawn on the battery beside what the vehicle uses itself."""
        return self.leaks_w.total

    @property
    def capacity_wh(self) -> float:
        """What the battery holds when it is full, at its age."""
        return self.kind.battery_wh * self.wear.capacity.product

    @property
    def load_kg(self) -> float:
        """What is on board, of all materials."""
        return sum(self.load.values(), 0.0)

    @property
    def scale_kg(self) -> float:
        """What its scale shows of the load, as of the last weighing. It is tared whenever the box is empty."""
        load_kg = self.load_kg
        if load_kg < _LEAST_SHOWN_KG / 2.0:
            return 0.0
        shown = load_kg * self.scale_error * self.wear.scale.product + self.wear.scale_zero_kg.total
        return max(_LEAST_SHOWN_KG, shown)

    @property
    def contents(self) -> dict[str, float]:
        """What is really on board, kg of each material."""
        total: dict[str, float] = {}
        for contents in self.inside.values():
            add_to(total, contents)
        return total

    def take(self, label: str, contents: Mapping[str, float], litres: float) -> None:
        """One more item in the box, called `label`."""
        self.load[label] = self.load.get(label, 0.0) + sum(contents.values())
        add_to(self.inside.setdefault(label, {}), contents)
        self.load_l += litres
        self.items += 1

    def empty(self) -> None:
        """Nothing is on board any more."""
        self.load, self.inside, self.load_l, self.items = {}, {}, 0.0, 0

    def power_w(self, extra_kg: float = 0.0) -> float:
        """Level power with the present load and `extra_kg` more, as the vehicle draws it now."""
        mass = self.airframe.empty_kg + self.load_kg + extra_kg
        power = self.power_coefficient * mass * float(mass ** (self.airframe.mass_exponent - 1.0))
        return power * self.wear.drag.product


@dataclass(slots=True)
class Waste:
    """A pickup as it is: what really lies there, and whether it still does.

    `material` is what it is called, and `contents` what is in it, kg of each material, which nobody sees before it
    is sorted or assayed. Without `contents` it is all that it is called. `tag` is what the tag on it says where
    that is wrong, `blocked` how many things stand before it, `requester` who asked.
    """

    id: str
    node: int
    material: str
    kg: float
    litres: float
    earliest_ms: int
    latest_ms: int
    service_ms: int
    hazardous: bool = False
    there: bool = False
    contents: dict[str, float] = field(default_factory=dict)
    tag: str = ""
    blocked: int = 0
    requester: str = ""

    def __post_init__(self) -> None:
        if not self.contents and self.kg > 0.0:
            self.contents = {self.material: self.kg}

    @classmethod
    def behind(
        cls,
        request: PickupRequested,
        node: int,
        kg: float,
        litres: float,
        contents: Mapping[str, float] | None = None,
    ) -> Waste:
        """What really lies where a pickup is asked for: all that the request says is so, but for the amounts."""
        return cls(
            id=request.pickup_id,
            node=node,
            material=request.material,
            kg=kg,
            litres=litres,
            earliest_ms=request.earliest_ms,
            latest_ms=request.latest_ms,
            service_ms=request.service_ms,
            hazardous=MATERIALS[request.material].hazardous,
            contents=dict(contents or {}),
            requester=request.requester,
        )
