"""What a kind of trouble is: whom it befalls, how often, how badly, how long, who says so, and what it does.

A new kind is an entry in the `KINDS` of a file of this room; it is found by itself. `begin` is given what trouble
can lay hands on (`Reach`) and the incident as it was drawn; it lets it happen and says how it ends, or gives None
if it cannot befall this one now (a gust does nothing to who stands in a shed), and then has changed nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from fleet.messages.interception import Road
from fleet.sim.body import Body
from fleet.sim.books import Books
from fleet.sim.flights import Flights
from fleet.sim.kernel import Kernel
from fleet.sim.motion import Motion
from fleet.sim.parts import Parts
from fleet.sim.world import World
from fleet.sim.yards import Dockyard

Whom = Literal["vehicle", "site", "anchor", "pickup", "city"]
"""A rate is per day of each vehicle, site, anchor or city; for pickups it is the share that is hit."""

GUESS = "a guess"
_STANDARD = NormalDist()


@dataclass(frozen=True)
class Amount:
    """A number that is drawn anew each time: two of three lie between `median / spread` and `median * spread`.

    None lies below `low` or above `high`. `signed` ones are below zero as often as above.
    """

    unit: str
    median: float
    spread: float
    low: float
    high: float
    signed: bool = False

    def drawn(self, level: float, side: float, median: float | None = None) -> float:
        """The amount at `level` (0 to 1) of the distribution; the sign is that of `side` - 0.5.

        >>> Amount("s", 60.0, 2.0, 10.0, 300.0).drawn(0.5, 0.9)
        60.0
        """
        middle = self.median if median is None else median
        size = min(self.high, max(self.low, middle * math.pow(self.spread, _STANDARD.inv_cdf(level))))
        return -size if self.signed and side < 0.5 else size


@dataclass(frozen=True)
class Incident:
    """One trouble as it was drawn. `share` is one more number between 0 and 1, for whatever else is by chance."""

    id: str
    entity: str
    size: float
    share: float


@dataclass(frozen=True)
class Reach:
    """What trouble can lay hands on. `road` has the links of a run, where there are any."""

    world: World
    flights: Flights
    anchors: Mapping[str, int]
    road: Road | None = None

    @property
    def parts(self) -> Parts:
        """What the world is made of."""
        return self.world.parts

    @property
    def kernel(self) -> Kernel:
        """The clock."""
        return self.flights.kernel

    @property
    def motion(self) -> Motion:
        """Where everybody is."""
        return self.flights.motion

    @property
    def books(self) -> Books:
        """What is where."""
        return self.flights.books

    def body(self, name: str) -> Body:
        """The vehicle of this name."""
        body = self.world.vehicle(name)
        assert body is not None
        return body

    def yard(self, name: str) -> Dockyard:
        """The site of this name."""
        return self.parts.yards[name]

    def fly_on(self, body: Body) -> None:
        """After a change of what a vehicle draws or how fast it is: it goes on so, or thinks again."""
        if body.phase:
            self.flights.replan(body)
            self.world.overhead.reconsider(body)


@dataclass(frozen=True)
class Happened:
    """It did happen. `end` undoes what can be undone; `size` is what it came to, where it is not the one drawn."""

    end: Callable[[], None] | None = None
    size: float | None = None


Begin = Callable[[Reach, Incident], Happened | None]


@dataclass(frozen=True)
class Kind:
    """A kind of trouble. `lasts` None is to the end of the run, or that it is over at once.

    `rate` is what a calm world has. `air` says that the rate is that of the time in the air. `after_s` is how long
    after a pickup was announced it happens, on average; `where` tells readers where it shows, `source` where rate
    and size are from.
    """

    name: str
    whom: Whom
    rate: float
    size: Amount
    lasts: Amount | None
    text: str
    where: str
    source: str
    begin: Begin
    air: bool = False
    after_s: float = 0.0


def seconds(median: float, spread: float, low: float, high: float) -> Amount:
    """How long something lasts."""
    return Amount("s", median, spread, low, high)
