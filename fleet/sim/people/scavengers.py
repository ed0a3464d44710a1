"""People who take what sells from waiting pickups before the fleet comes: on foot, by eye, and untold.

A round is a chain of walks, an event each: from home to what is worth most per metre of way, there and on to the
market, to the next while there is room in the bag, and to the market. What was emptied a vehicle finds gone; what
was thinned out weighs less than was declared. That is all that anybody can see of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from fleet.base.clock import DAY_MS
from fleet.base.materials import MATERIALS
from fleet.messages.people import Scavenged
from fleet.sim.body import Waste, add_to
from fleet.sim.books import CREDITS, ITEMS, Account
from fleet.sim.parts import Parts
from fleet.sim.people.market import Market, worth
from fleet.sim.people.params import ScavengerParams

DETOUR = 1.3
_CRUMB_KG = 1e-9
_STEP_M = 25.0
"""Whatever is nearer than this counts as so far off."""


class Scavenger:
    """One of them, named `id`."""

    def __init__(
        self,
        name: str,
        params: ScavengerParams,
        parts: Parts,
        home: tuple[float, float],
        market: Market,
        rng: np.random.Generator,
    ) -> None:
        self.id = name
        self._params = params
        self._parts = parts
        self._home = self._at = home
        self._market = market
        self._rng = rng
        self._out = False
        self.bag: dict[str, float] = {}
        self.items = 0
        self.cash = 0.0

    @property
    def _account(self) -> Account:
        return "scavenged", self.id

    @property
    def _purse(self) -> Account:
        return "scavenger", self.id

    def begin(self) -> None:
        """Set off on the first round, some time."""
        kernel = self._parts.kernel
        gap_ms = round(float(self._rng.exponential(DAY_MS / self._params.per_day)))
        kernel.at(kernel.now_ms + gap_ms, self._round)

    def _round(self) -> None:
        self.begin()
        if not self._out:
            self._out, self._at = True, self._home
            self._look_round()

    def _look_round(self) -> None:
        """Make for what is worth most on the way to the market; for the market where nothing is."""
        room_kg = self._params.capacity_kg - sum(self.bag.values())
        best: tuple[float, str] = (0.0, "")
        for waste in self._parts.waste.values():
            if waste.there and not waste.blocked and room_kg > _CRUMB_KG:
                best = max(best, (self._worth_per_m(waste, room_kg), waste.id))
        if best[0] > 0.0:
            waste = self._parts.waste[best[1]]
            self._walk(self._place(waste), self._arrive, waste)
        elif self.bag:
            self._walk(self._market.place, self._sell)
        else:
            self._out = False

    def _place(self, waste: Waste) -> tuple[float, float]:
        terrain = self._parts.terrain
        return float(terrain.x_m[waste.node]), float(terrain.y_m[waste.node])

    def _worth_per_m(self, waste: Waste, room_kg: float) -> float:
        place = self._place(waste)
        there_m = math.dist(self._at, place)
        if there_m > self._params.reach_m:
            return 0.0
        return worth(self._pick(waste, room_kg)) / max(_STEP_M, there_m + math.dist(place, self._market.place))

    def _pick(self, waste: Waste, room_kg: float) -> dict[str, float]:
        """What would be taken of it: what sells best first, as far as there is room."""
        kinds = [MATERIALS[name] for name in sorted(waste.contents) if name in MATERIALS]
        wanted = [
            kind
            for kind in sorted(kinds, key=lambda kind: -kind.credit_per_kg)
            if not kind.hazardous and kind.credit_per_kg >= max(self._params.least_credit_per_kg, 1e-9)
        ]
        picked: dict[str, float] = {}
        for kind in wanted:
            kg = min(waste.contents[kind.name], room_kg)
            if kg > _CRUMB_KG:
                picked[kind.name] = kg
                room_kg -= kg
        return picked

    def _walk(self, place: tuple[float, float], then: Callable[..., None], *what: Waste) -> None:
        kernel = self._parts.kernel
        walk_ms = round(1000.0 * DETOUR * math.dist(self._at, place) / self._params.speed_mps)
        self._at = place
        kernel.at(kernel.now_ms + walk_ms, then, *what)

    def _arrive(self, waste: Waste) -> None:
        room_kg = self._params.capacity_kg - sum(self.bag.values())
        picked = self._pick(waste, room_kg) if waste.there and not self._watched(waste) else {}
        if not picked:
            # Somebody was first, or is there: this round is over, lest it go on for ever about one place.
            self._walk(self._market.place, self._sell)
            return
        self._take(waste, picked)
        self._look_round()

    def _watched(self, waste: Waste) -> bool:
        return any(body.state == "servicing" and body.node == waste.node for body in self._parts.bodies)

    def _take(self, waste: Waste, picked: dict[str, float]) -> None:
        waiting, books = ("waiting", waste.id), self._parts.books
        books.carry(waiting, self._account, picked)
        add_to(self.bag, picked)
        left = {name: kg - picked.get(name, 0.0) for name, kg in waste.contents.items()}
        waste.contents = {name: kg for name, kg in left.items() if kg > 0.0}
        kg = sum(waste.contents.values(), 0.0)
        waste.litres *= kg / waste.kg
        waste.kg = kg
        if not waste.contents:
            waste.there = False
            self.items += 1
            books.transfer(ITEMS, waiting, self._account, 1)
        books.compare_contents(waiting, waste.contents)
        rounded = {name: round(picked[name], 3) for name in sorted(picked)}
        self._parts.truth.say(
            Scavenged(scavenger=self.id, pickup_id=waste.id, kg=rounded, left_kg=round(waste.kg, 3))
        )

    def _sell(self) -> None:
        if self.bag:
            self.cash += self._market.buy(self.id, self._account, self._purse, self.bag)
            self.bag = {}
        self._out = False

    def settle(self) -> None:
        """Hold bag and purse against the books."""
        books = self._parts.books
        books.compare_contents(self._account, self.bag)
        books.compare(ITEMS, self._account, self.items)
        books.compare(CREDITS, self._purse, self.cash)
