"""From settings to things."""

from __future__ import annotations

from collections.abc import Sequence

from fleet.city.frame import Frame
from fleet.messages.envelope import Message
from fleet.messages.reports import PickupCollected, PickupRequested
from fleet.sim.body import Waste
from fleet.sim.parts import Annex
from fleet.sim.people.counters import Counters
from fleet.sim.people.credits import Credits
from fleet.sim.people.festivals import Crowd
from fleet.sim.people.guards import GuardDesk
from fleet.sim.people.market import Market
from fleet.sim.people.params import PeopleParams
from fleet.sim.people.place_params import PlaceParams, Spot, find
from fleet.sim.people.scavengers import Scavenger
from fleet.sim.sensornet.orphans import PASSER_BY
from fleet.sim.surroundings import Surroundings


class People(Annex):
    """The people of a run. What the scenario has none of is None, or empty."""

    def __init__(self, around: Surroundings, params: PeopleParams) -> None:
        setting = around.setting
        self._spots: Sequence[Spot] = (*setting.sites, *setting.points)
        self._frame: Frame = setting.city.frame
        self.credits: Credits | None = None
        self.counters: Counters | None = None
        if params.citizens is not None:
            festivals = (festival.name for festival in params.festivals)
            nobody = frozenset(("unknown", PASSER_BY, *(spot.id for spot in self._spots), *festivals))
            self._notice = params.citizens.notice_collected
            self.credits = Credits(around, params.citizens, nobody)
            self.counters = Counters(around, params.citizens, self.credits)
        self.markets = {m.name: self._market(around, params, n) for n, m in enumerate(params.markets)}
        self.scavengers = tuple(self._scavengers(around, params))
        self.crowds = tuple(Crowd(around, f, self._at(f.at)) for f in params.festivals)
        self.guards = GuardDesk(around, params.guards)

    def _at(self, place: PlaceParams) -> tuple[float, float]:
        found = find(place, self._frame, self._spots)
        assert found is not None, f"{place.id} is on the map: the scenario was checked"
        return found

    def _market(self, around: Surroundings, params: PeopleParams, n: int) -> Market:
        market = params.markets[n]
        return Market(market, self._at(market.at), around.parts.books, around.parts.truth)

    def _scavengers(self, around: Surroundings, params: PeopleParams) -> list[Scavenger]:
        found = []
        for group in params.scavengers:
            for n in range(group.count):
                name = f"{group.name}-{n + 1:02d}"
                rng = around.streams.generator(f"people/scavenger/{name}")
                market = self.markets[group.market]
                found.append(Scavenger(name, group, around.parts, self._at(group.home), market, rng))
        return found

    def begin(self) -> None:
        if self.counters is not None:
            self.counters.begin()
        for scavenger in self.scavengers:
            scavenger.begin()
        for crowd in self.crowds:
            crowd.begin()

    def hear(self, message: Message, now_ms: int) -> None:
        self.guards.hear(message, now_ms)

    def takes(self, request: PickupRequested) -> bool:
        """Whether a citizen brings what he would have asked a pickup for."""
        return self.counters is not None and self.counters.takes(request)

    def collected(self, report: PickupCollected, waste: Waste) -> None:
        """Credit who asked."""
        if self.credits is not None and self.credits.is_citizen(waste.requester):
            who, name, kg = waste.requester, report.material, report.scale_kg
            self.credits.earn(who, waste.id, name, kg, waste.contents, self._notice)

    def settle(self) -> None:
        """Hold what everybody has against the books."""
        for book in (self.credits, self.counters, *self.markets.values(), *self.scavengers):
            if book is not None:
                book.settle()
