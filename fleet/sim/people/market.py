"""The underground market: it buys from scavengers for cash, and resells by the lot. Nobody reports any of it."""

from __future__ import annotations

from collections.abc import Mapping

from fleet.base.materials import MATERIALS
from fleet.messages.people import MarketBought
from fleet.messages.port import Port
from fleet.sim.body import add_to
from fleet.sim.books import CREDITS, Account, Books
from fleet.sim.people.params import MarketParams


def worth(contents: Mapping[str, float]) -> float:
    """What the city would credit for this, were it sorted."""
    return sum((MATERIALS[name].credit_per_kg * contents[name] for name in sorted(contents)), 0.0)


class Market:
    """One market, at (x, y). `cash` is below zero while it has paid more than it got."""

    def __init__(self, params: MarketParams, place: tuple[float, float], books: Books, truth: Port) -> None:
        self._params = params
        self._books = books
        self._truth = truth
        self.place = place
        self.stock: dict[str, float] = {}
        self.resold: dict[str, float] = {}
        self.cash = 0.0

    @property
    def _account(self) -> Account:
        return "market", self._params.name

    @property
    def _cash(self) -> Account:
        return "market-cash", self._params.name

    def buy(self, seller: str, source: Account, purse: Account, contents: Mapping[str, float]) -> float:
        """Take `contents` from the account `source` and pay into `purse`; what was paid."""
        paid = self._params.pays_share * worth(contents)
        self._books.carry(source, self._account, contents)
        self._books.transfer(CREDITS, self._cash, purse, paid)
        add_to(self.stock, contents)
        self.cash -= paid
        rounded = {name: round(contents[name], 3) for name in sorted(contents)}
        self._truth.say(MarketBought(market=self._params.name, seller=seller, kg=rounded, cash=round(paid, 4)))
        if sum(self.stock.values()) >= self._params.lot_kg:
            self._resell()
        return paid

    def _resell(self) -> None:
        got = self._params.resells_share * worth(self.stock)
        self._books.carry(self._account, ("resold", self._params.name), self.stock)
        self._books.transfer(CREDITS, ("buyers", ""), self._cash, got)
        add_to(self.resold, self.stock)
        self.stock = {}
        self.cash += got

    def settle(self) -> None:
        """Hold store, cash and what was resold against the books."""
        self._books.compare_contents(self._account, self.stock)
        self._books.compare_contents(("resold", self._params.name), self.resold)
        self._books.compare(CREDITS, self._cash, self.cash)
