"""A feeder as it is: who draws from it, who waits, what went through it. Closed form between events.

A load is granted if, with it, what is sent at the head (the loads and the losses on the way) stays within the
limit; else it waits, and so does everybody who came later (first come, first served). Only who could not begin
whoever else stopped holds up nobody: because its site is dark, or taps leave too little for it. Taps do not ask:
when they take the feeder over its limit, or make its load jump, it trips.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from fleet.sim.books import GRID, WH, Account, Books
from fleet.sim.kernel import Kernel
from fleet.sim.power import Begun, Cut

FEEDER_LOSS = "feeder-loss"
_SLACK = 1e-9
"""Loads that fill a feeder to the brim may add up to a little more in floating point."""

State = Literal["waiting", "on", "over"]


@dataclass(eq=False)
class FeederLoad:
    """One load (`fleet.sim.power.Load`). `forced` ones do not ask, and come back by themselves after the dark."""

    feeder: Feeder
    site: str
    kw: float
    account: Account
    meter: str = ""
    begun: Begun | None = None
    cut: Cut | None = None
    forced: bool = False
    state: State = "waiting"
    since_ms: int = 0
    wh: float = 0.0

    @property
    def on(self) -> bool:
        """Whether it draws now."""
        return self.state == "on"

    def stop(self) -> float:
        """See `Load`."""
        self.feeder.end(self)
        return self.wh

    def drawn_wh(self) -> float:
        """See `Load`."""
        self.feeder.settle()
        return self.wh


@dataclass(eq=False)
class Feeder:
    """`limit_kw` is inf, and `loss_share` 0, for the ideal grid of sites that hang on no feeder (id "").

    `dark` says whether a site has no power now. `passed` is told what went through which meter. `sent_wh` is what
    was sent at the head, `lost_wh` what of it was lost on the way.
    """

    id: str
    limit_kw: float
    loss_share: float
    kernel: Kernel
    books: Books
    dark: Callable[[str], bool]
    passed: Callable[[str, float], None]
    loads: list[FeederLoad] = field(default_factory=list)
    waiting: list[FeederLoad] = field(default_factory=list)
    sent_wh: float = 0.0
    lost_wh: float = 0.0

    @property
    def most_kw(self) -> float:
        """The largest load it can bear."""
        return self.limit_kw * (1.0 - self.loss_share)

    @property
    def beside_taps_kw(self) -> float:
        """The largest load it can bear beside those that did not ask."""
        return max(0.0, self.most_kw - math.fsum(load.kw for load in self.loads if load.forced))

    @property
    def head_kw(self) -> float:
        """What is sent into it now."""
        return math.fsum(load.kw for load in self.loads) / (1.0 - self.loss_share)

    def settle(self) -> None:
        """Book what everybody drew until now."""
        now = self.kernel.now_ms
        for load in self.loads:
            if now == load.since_ms:
                continue
            wh = load.kw * (now - load.since_ms) / 3600.0
            load.since_ms = now
            load.wh += wh
            self._book(load, wh)

    def _book(self, load: FeederLoad, wh: float) -> None:
        sent = wh / (1.0 - self.loss_share)
        way: Account = ("feeder", self.id)
        self.books.transfer(WH, GRID, way, sent)
        self.books.transfer(WH, way, (FEEDER_LOSS, self.id), sent - wh)
        self.books.transfer(WH, way, load.account, wh)
        self.sent_wh += sent
        self.lost_wh += sent - wh
        if load.meter:
            self.passed(load.meter, wh)

    def ask(self, load: FeederLoad) -> None:
        """Let a load wait for its turn, which may be now."""
        self.waiting.append(load)
        self.grant()

    def force(self, load: FeederLoad) -> bool:
        """Let a load begin without its turn. False if the feeder does not bear it: then it has not begun, and what
        happens is up to the caller."""
        if not self._bears(load):
            return False
        self._begin(load)
        return True

    def regrade(self, load: FeederLoad, kw: float) -> bool:
        """Let a load that was forced draw another power. False if the feeder does not bear it: it has ended."""
        self.settle()
        was_on = load.on
        load.kw = kw
        if not was_on:
            return True
        self.loads.remove(load)
        load.state = "waiting"
        return self.force(load)

    def _bears(self, load: FeederLoad) -> bool:
        return self._fit(self.loads, load)

    def _bears_beside_taps(self, load: FeederLoad) -> bool:
        return self._fit([other for other in self.loads if other.forced], load)

    def _fit(self, others: Iterable[FeederLoad], load: FeederLoad) -> bool:
        head = (math.fsum(other.kw for other in others) + load.kw) / (1.0 - self.loss_share)
        return head <= self.limit_kw * (1.0 + _SLACK)

    def grant(self) -> None:
        """Begin whoever is next, as long as there is room. Who waits in the dark, or for a tap to end, holds
        up nobody."""
        k = 0
        while k < len(self.waiting):
            load = self.waiting[k]
            if self.dark(load.site) or not self._bears_beside_taps(load):
                k += 1
                continue
            if not self._bears(load):
                return
            del self.waiting[k]
            self._begin(load)
            # Who began may have let others begin or stop.
            k = 0

    def _begin(self, load: FeederLoad) -> None:
        load.state, load.since_ms = "on", self.kernel.now_ms
        self.loads.append(load)
        if load.begun is not None:
            load.begun(load)

    def end(self, load: FeederLoad) -> None:
        """A load is over, whether it was on or waited."""
        if load.state == "over":
            return
        was_on = load.on
        if was_on:
            self.settle()
            self.loads.remove(load)
        else:
            self.waiting = [other for other in self.waiting if other is not load]
        load.state = "over"
        if was_on or not load.forced:
            self.grant()

    def drop(self, dark: Callable[[str], bool]) -> list[FeederLoad]:
        """Power is gone at some sites: what they drew ends, and is returned; forced loads wait for its return."""
        self.settle()
        gone = [load for load in self.loads if dark(load.site)]
        self.loads = [load for load in self.loads if not dark(load.site)]
        for load in gone:
            load.state = "waiting" if load.forced else "over"
        return [load for load in gone if not load.forced]
