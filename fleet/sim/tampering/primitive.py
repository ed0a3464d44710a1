"""What a tamper primitive is: its name, whom it can touch, its parameters, and how it takes hold.

A new family is one new file in this room with `PRIMITIVES = (Primitive(...), ...)`; it is found by itself. `begin`
is given what tampering can reach (`Reach`) and the request after all checks (`Asked`). It gives back what holds
from now on (`Running`), or text that says why nothing does; a refusal must have changed nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from fleet.base.streams import Noise
from fleet.messages.interception import Road, Siege
from fleet.messages.orders import FlyRoute, QuarantineVehicle, Recall, RevokeKey, RotateKey
from fleet.messages.port import Port
from fleet.messages.seal import KeyPair
from fleet.sim.annexes import Annexes
from fleet.sim.flights import Flights
from fleet.sim.kernel import Kernel
from fleet.sim.tampering.overheard import Overheard
from fleet.sim.world import World

TargetKind = Literal[
    "vehicle", "vehicle-or-area", "site", "holder", "city", "city-or-area", "door", "participant",
    "anchor-or-area", "tag", "vehicle-or-tag", "feeder", "site-or-zone",
]  # fmt: skip
"""What a request may name: a vehicle's id; that, or the word `area`; a site's id; a holder of keys; the word
`city`; that, or `area`; a door of the bus; whoever has a link to it; an anchor of the map, or `area`; a tag; a
vehicle or a tag; a feeder of the grid; a site, or a zone of the grid. An area is the circle of the parameters in
`AREA`."""

AREA_WORD, CITY_WORD = "area", "city"
FarOrder = FlyRoute | Recall | RotateKey | QuarantineVehicle | RevokeKey
Vault = Mapping[str, Callable[[], KeyPair | None]]
"""Whose key may be stolen, and how to get at the one in force."""


@dataclass(frozen=True)
class Parameter:
    """A number from `low` to `high` (`whole`: an integer), or one of `words`; without default it must be given."""

    name: str
    text: str
    low: float = -1e6
    high: float = 1e6
    default: float | str | None = None
    words: tuple[str, ...] = ()
    whole: bool = False

    @property
    def expected(self) -> str:
        """What it may be, in words."""
        if self.words:
            return f"one of {', '.join(self.words)}"
        return f"a {'whole ' if self.whole else ''}number from {self.low:.10g} to {self.high:.10g}"

    def takes(self, found: float | str) -> bool:
        """Whether it may be that."""
        if self.words or isinstance(found, str):
            return found in self.words
        return self.low <= found <= self.high and (not self.whole or found == int(found))


FAR_M = 1e6
AREA = (
    Parameter("x_m", "centre of the area, metres east", -FAR_M, FAR_M),
    Parameter("y_m", "centre of the area, metres north", -FAR_M, FAR_M),
    Parameter("radius_m", "radius of the area", 1.0, FAR_M),
)
"""What a request on the target `area` must give besides."""


@dataclass(frozen=True)
class Area:
    """A circle on the map."""

    x_m: float
    y_m: float
    radius_m: float

    def holds(self, x_m: float, y_m: float) -> bool:
        """Whether a place lies in it."""
        return math.hypot(x_m - self.x_m, y_m - self.y_m) <= self.radius_m


@dataclass(frozen=True)
class Asked:
    """A request after all checks, parameters complete. `area` is None unless the target is one.

    `tell` says the measured effect on an entity on the truth plane; `over` says that it has ended by itself.
    """

    tamper_id: str
    target: str
    numbers: Mapping[str, float]
    words: Mapping[str, str]
    area: Area | None
    tell: Callable[[str, float], None]
    over: Callable[[], None]


@dataclass(frozen=True)
class Reach:
    """What tampering can lay hands on. A family that needs more adds a field with a default.

    `port` answers and puts forged envelopes on the bus; `draw` is randomness by (entity, number); `road` has the
    links, `siege` besets the doors of the bus.
    """

    world: World
    flights: Flights
    kernel: Kernel
    port: Port
    vault: Vault
    overheard: Overheard
    draw: Noise
    road: Road | None = None
    siege: Siege | None = None
    annexes: Annexes | None = None
    """The grid, the plants, the sensor network, the people; None in a world that has none of them."""


class Running(Protocol):
    """What holds until it is stopped. Derive from it to inherit that nothing can be forged by it."""

    def stop(self) -> None:
        """Let go: undo what can be undone. The effect was told just before."""

    def tell(self) -> None:
        """Say the effect on each entity on the truth plane, as `Asked.tell` does."""

    def forge(self, order: FarOrder, tick: int, now_ms: int) -> tuple[int, str]:
        """Put an order through by what is held: (tick of its effect, "" or why there is none)."""
        return tick, "no key is stolen and no vehicle flown under this id"


Begin = Callable[[Reach, Asked], Running | str]


@dataclass(frozen=True)
class Primitive:
    """One thing that can be tampered with.

    `quantity` names what `TamperEffect` measures, with its unit; `where` tells readers where the effect shows.
    `delay_ticks` is how many ticks after the request is heard the effect is there. `attack_class` is what labels
    call it, in the words that detectors use where one looks for it; the primitive's own name unless given.
    """

    name: str
    target: TargetKind
    parameters: tuple[Parameter, ...]
    text: str
    where: str
    quantity: str
    begin: Begin
    delay_ticks: int = 0
    attack_class: str = ""

    def __post_init__(self) -> None:
        if not self.attack_class:
            object.__setattr__(self, "attack_class", self.name)

    @property
    def family(self) -> str:
        """The part of the name before the dot."""
        return self.name.partition(".")[0]

    def parameters_for(self, target: str) -> tuple[Parameter, ...]:
        """What a request on this target may give."""
        by_area = target == AREA_WORD and self.target.endswith("-or-area")
        return (*AREA, *self.parameters) if by_area else self.parameters
