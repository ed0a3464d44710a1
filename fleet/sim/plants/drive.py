"""What a line draws: it asks for power before it works, waits for it, and may lose it."""

from __future__ import annotations

from collections.abc import Callable

from fleet.sim.kernel import Kernel
from fleet.sim.power import LINES, Load, PowerSource


class Drive:
    """The power of one line. `changed` is called, at the same moment but not within, when it comes or goes."""

    def __init__(self, source: PowerSource, kernel: Kernel, site: str, changed: Callable[[], None]) -> None:
        self._source = source
        self._kernel = kernel
        self._site = site
        self._changed = changed
        self._load: Load | None = None
        self._before_wh = self._passed_wh = 0.0

    def asks(self, kw: float) -> bool:
        """Whether it has so much now; if not, it waits for it, unless there will never be so much."""
        if kw <= 0.0:
            return True
        if self._load is None and kw <= self._source.most_kw(self._site):
            account = ("lines", self._site)
            self._load = self._source.draw(
                self._site, kw, account, meter=LINES + self._site, begun=self._begun, cut=self._cut
            )
        return self._load is not None and self._load.on

    def rests(self) -> None:
        """It draws no more, and waits for nothing."""
        if self._load is not None:
            self._before_wh += self._load.stop()
            self._load = None

    def drawn_wh(self) -> float:
        """What it drew since this was asked last; it lies on the account `lines` of the site."""
        now_wh = self._before_wh + (0.0 if self._load is None else self._load.drawn_wh())
        fresh, self._passed_wh = now_wh - self._passed_wh, now_wh
        return fresh

    def _begun(self, load: Load) -> None:
        # Power that is there at once needs no telling: whoever asked sees it.
        if self._load is load:
            self._kernel.at(self._kernel.now_ms, self._changed)

    def _cut(self, load: Load) -> None:
        if self._load is load:
            self._before_wh += load.drawn_wh()
            self._load = None
            self._kernel.at(self._kernel.now_ms, self._changed)
