"""Devices: material that is hoarded somewhere, and lets whatever lies in it draw from the grid past every meter.

The physics of a siphon, and no more: kilograms cached give kilowatts tapped (`kw_per_kg`). Switching on what
the feeder cannot bear trips it, and so does switching off at once what was a large part of its load (its
voltage jumps).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.base.clock import DAY_MS, clock_ms, next_time_ms
from fleet.sim.books import INITIAL, Account
from fleet.sim.grid.feeder import FeederLoad
from fleet.sim.grid.params import DeviceParams
from fleet.sim.parts import Parts

if TYPE_CHECKING:
    from fleet.sim.grid.build import Grid


class Device:
    """One of them."""

    def __init__(self, grid: Grid, parts: Parts, params: DeviceParams) -> None:
        self._grid = grid
        self._p = parts
        self._params = params
        self._load: FeederLoad | None = None
        self._wanted = False
        self.kg = 0.0
        self._cache: Account = ("cached", params.id)

    def begin(self, start_hour: float) -> None:
        """The run begins: what is cached lies there, and it is switched on and off by the clock."""
        params, kernel = self._params, self._p.kernel
        if params.cached_kg:
            self._p.books.carry(INITIAL, self._cache, {params.material: params.cached_kg})
            self.kg = params.cached_kg
        on_ms, off_ms = self._times(start_hour)
        kernel.at(max(0, on_ms), self.switch, True)
        if off_ms is not None:
            kernel.at(off_ms, self.switch, False)
        if params.deposit_kg:
            kernel.at(self._period_ms, self._deposit)

    def _times(self, start_hour: float) -> tuple[int, int | None]:
        """When it is switched on and off, ms of the run: the first time that is not over when the run begins."""
        on_at, off_at, start_ms = self._params.on_at, self._params.off_at, round(3_600_000 * start_hour)
        if on_at is not None and off_at is not None:
            return next_time_ms(on_at, off_at, start_hour)
        on_ms, off_ms = (None if at is None else (clock_ms(at) - start_ms) % DAY_MS for at in (on_at, off_at))
        return on_ms or 0, off_ms

    @property
    def _period_ms(self) -> int:
        return round(60_000 * self._params.deposit_every_min)

    @property
    def kw(self) -> float:
        """What it draws when it is on."""
        return self.kg * self._params.kw_per_kg

    def switch(self, on: bool) -> None:
        """Let it draw, or not."""
        self._wanted = on
        self._draw()

    def _draw(self) -> None:
        if self._load is not None:
            self._grid.untap(self._load)
            self._load = None
        if self._wanted and self.kg:
            self._load = self._grid.tap(self._params.site, self.kw, ("tapped", self._params.id))

    def _deposit(self) -> None:
        """Take what it wants of the site's stock, as far as it is there; nobody says so."""
        params, yard = self._params, self._p.yards[self._params.site]
        kg = min(params.deposit_kg, yard.stock.get(params.material, 0.0))
        if kg > 0.0:
            self._p.books.carry(("stock", yard.id), self._cache, {params.material: kg})
            yard.stock[params.material] -= kg
            self.kg += kg
            if self._load is None:
                self._draw()
            else:
                self._grid.grow(self._load, self.kw)
        self._p.kernel.at(self._p.kernel.now_ms + self._period_ms, self._deposit)

    def settle(self) -> None:
        """Hold what lies in it against the books."""
        self._p.books.compare_contents(self._cache, {self._params.material: self.kg} if self.kg else {})
