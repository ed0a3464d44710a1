"""Charged spare packs of a site that swaps: what it can still give in the dark.

Packs are counted in watt-hours, not in pieces. A swap takes from them what the vehicle's pack lacks; what was
taken is charged again, at a stated power, as soon as the feeder has room for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.sim.books import CHARGING_LOSS, INITIAL, WH, Account
from fleet.sim.grid.params import GridParams
from fleet.sim.parts import Parts
from fleet.sim.power import Load
from fleet.sim.yards import Dockyard

if TYPE_CHECKING:
    from fleet.sim.grid.build import Grid

_ENOUGH_WH = 1e-3


class Packs:
    """The spare packs of one site, full when the run begins."""

    def __init__(self, grid: Grid, parts: Parts, yard: Dockyard, params: GridParams) -> None:
        self._grid = grid
        self._p = parts
        self._yard = yard
        self.account: Account = ("packs", yard.id)
        self._charging: Account = ("packs-charging", yard.id)
        self._efficiency = parts.chargers.efficiency
        self._full_wh = yard.charger_count * params.spare_wh_per_charger
        self._kw = min(yard.charger_count * params.spare_kw_per_charger, grid.most_kw(yard.id))
        self.wh = self._full_wh
        """What is in them, but for what came since the load was last looked at."""
        self._load: Load | None = None
        self._seen_wh = 0.0
        parts.books.transfer(WH, INITIAL, self.account, self.wh)

    def level_wh(self) -> float:
        """What is in them now."""
        load = self._load
        if load is not None:
            drawn = load.drawn_wh()
            new, self._seen_wh = drawn - self._seen_wh, drawn
            self._store(new)
        return self.wh

    def _store(self, drawn_wh: float) -> None:
        stored = min(drawn_wh * self._efficiency, self._full_wh - self.wh)
        books = self._p.books
        books.transfer(WH, self._charging, self.account, stored)
        books.transfer(WH, self._charging, CHARGING_LOSS, drawn_wh - stored)
        self.wh += stored

    def take(self, wh: float) -> None:
        """So much leaves with a swap, and is charged again; the books are the taker's."""
        self.level_wh()
        self.wh -= wh
        self._recharge()

    def put(self, wh: float) -> None:
        """A pack comes back with so much in it; the books are the giver's."""
        self.level_wh()
        self.wh += wh
        self._full_wh = max(self._full_wh, self.wh)

    def _recharge(self) -> None:
        if self._load is None and self._full_wh - self.wh > _ENOUGH_WH:
            self._seen_wh = 0.0
            self._load = self._grid.draw(
                self._yard.id, self._kw, self._charging,
                meter=f"chargers/{self._yard.id}", begun=self._begun, cut=self._cut,
            )  # fmt: skip

    def _begun(self, load: Load) -> None:
        hours = (self._full_wh - self.wh) / self._efficiency / (1000.0 * self._kw)
        self._p.kernel.at(self._p.kernel.now_ms + max(1, round(3_600_000 * hours)), self._full, load)

    def _full(self, load: Load) -> None:
        """They should be full; if others took from them meanwhile, it goes on."""
        if load is not self._load or not load.on:
            return
        self.level_wh()
        load.stop()
        self._load = None
        self._recharge()

    def _cut(self, load: Load) -> None:
        if load is self._load:
            self.level_wh()
            self._load = None
            self._recharge()

    def settle(self) -> None:
        """Hold what is in them against the books."""
        self._p.books.compare(WH, self.account, self.level_wh())
        self._p.books.compare(WH, self._charging, 0.0)
