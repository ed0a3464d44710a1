"""The plug: how chargers, plants and devices ask for electricity, and are told that it came or went.

`Grid` (`fleet.sim.grid`) is behind it. A load is constant from when it begins to when it stops; what it drew is
known in closed form at any moment, and booked to its account.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from fleet.sim.books import Account


class Load(Protocol):
    """What somebody draws, or waits to draw: `kw` all the time that it is on."""

    kw: float

    @property
    def on(self) -> bool:
        """Whether it draws now."""

    def stop(self) -> float:
        """Draw no more, or wait no longer; the watt-hours drawn in all, which are booked. May be called again."""

    def drawn_wh(self) -> float:
        """The watt-hours drawn until now, which are booked."""


CHARGERS = "chargers/"
"""Begins the name of the meter that sees what a site's chargers draw."""
LINES = "lines/"
"""Begins the name of the meter that sees what a site's lines draw."""
Begun = Callable[[Load], None]
Cut = Callable[[Load], None]


class PowerSource(Protocol):
    """Who gives it."""

    def live(self, site: str) -> bool:
        """Whether there is power at a site."""

    def most_kw(self, site: str) -> float:
        """More than this is never given to one load there; inf where there is no limit."""

    def beside_taps_kw(self, site: str) -> float:
        """What of `most_kw` those leave who draw without asking, as they do now."""

    def draw(
        self, site: str, kw: float, account: Account, *, meter: str = "", begun: Begun | None = None,
        cut: Cut | None = None,
    ) -> Load:  # fmt: skip
        """Draw `kw` at a site onto `account`: at once if the feeder bears it, else when it does, first come first
        served; also one that is dark is waited for.

        `begun` is called when it begins, which may be before this returns; `cut` when the power failed: the load
        is over then, and who wants more must ask again. `meter` is the meter that sees it, "" for none.
        """
