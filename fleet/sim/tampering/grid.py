"""The grid and its chargers: taps, meters that lie, and power that is taken away.

Feeders and their meters are there only where the scenario states `grid.feeders`.
"""

from __future__ import annotations

from functools import partial

from fleet.base.errors import did_you_mean
from fleet.sim.grid.build import FEEDER, Grid
from fleet.sim.lies import FalseMeter
from fleet.sim.power import CHARGERS
from fleet.sim.tampering.held import Held
from fleet.sim.tampering.primitive import Asked, Parameter, Primitive, Reach, Running

_NO_GRID = "this world has no grid"
_PER_WH = 1000.0


def _chargers_of(reach: Reach, site: str) -> str:
    """Why a site's chargers cannot be meant; "" where they can."""
    if reach.world.parts.yards[site].charger_count:
        return ""
    known = sorted(yard.id for yard in reach.world.parts.yards.values() if yard.charger_count)
    return f"target: expected a site with chargers ({', '.join(known)}), found {site!r}"


def _tap(reach: Reach, asked: Asked) -> Running | str:
    if reach.annexes is None:
        return _NO_GRID
    cause = _chargers_of(reach, asked.target)
    if cause:
        return cause
    grid = reach.annexes.grid
    load = grid.tap(asked.target, asked.numbers["power_w"] / 1000.0, ("tapped", asked.target))
    return Held(asked, load.drawn_wh, lambda: grid.untap(load))


def _misread(reach: Reach, asked: Asked, meter: str) -> Running | str:
    if reach.annexes is None:
        return _NO_GRID
    lies = reach.annexes.grid.meters.lies
    if meter in lies:
        return f"the meter of {asked.target} lies already"
    lie = FalseMeter(asked.numbers["reads_factor"], asked.numbers["offset_wh"])
    if lie == FalseMeter(1.0, 0.0):
        return "reads_factor: expected another than 1 where offset_wh is 0, found 1"
    lies[meter] = lie
    return Held(asked, lambda: lie.shows(_PER_WH) - _PER_WH, partial(lies.pop, meter))


def _misread_chargers(reach: Reach, asked: Asked) -> Running | str:
    return _chargers_of(reach, asked.target) or _misread(reach, asked, CHARGERS + asked.target)


def _misread_feeder(reach: Reach, asked: Asked) -> Running | str:
    known = [] if reach.annexes is None else [name for name in reach.annexes.grid.feeders if name]
    if asked.target not in known:
        hint = did_you_mean(asked.target, known)
        found = f"target: expected a feeder of the scenario, found {asked.target[:40]!r}"
        return found + (f"; {hint}" if hint else "")
    return _misread(reach, asked, FEEDER + asked.target)


class _Dark(Running):
    """Sites whose power is cut."""

    def __init__(self, reach: Reach, grid: Grid, asked: Asked, sites: tuple[str, ...]) -> None:
        self._asked = asked
        self._grid = grid
        self._sites = sites
        self._reason = f"tampering {asked.tamper_id}"
        self._holds = True
        grid.switch(sites, self._reason, dark=True)
        reach.kernel.at(reach.kernel.now_ms + round(1000 * asked.numbers["duration_s"]), self._over)

    def _over(self) -> None:
        if self._holds:
            self._asked.over()
            self.stop()

    def tell(self) -> None:
        for site in self._sites:
            self._asked.tell(site, 0.0 if self._grid.live(site) else 1.0)

    def stop(self) -> None:
        self._holds = False
        self._grid.switch(self._sites, self._reason, dark=False)


def _outage(reach: Reach, asked: Asked) -> Running | str:
    if reach.annexes is None:
        return _NO_GRID
    grid = reach.annexes.grid
    sites = tuple(site for feeder in grid.feeders_in(asked.target) for site in feeder.sites)
    if asked.target in reach.world.parts.yards:
        sites = (asked.target,)
    if not sites:
        known = [*reach.world.parts.yards, *grid.zones]
        hint = did_you_mean(asked.target, known)
        found = f"target: expected a site, or a zone of the grid, found {asked.target[:40]!r}"
        return found + (f"; {hint}" if hint else "")
    return _Dark(reach, grid, asked, sites)


_LIE = (
    Parameter("reads_factor", "what it shows over what it should", 0.0, 100.0, default=1.0),
    Parameter("offset_wh", "what it shows more each time it is read", -1e6, 1e6, default=0.0),
)

PRIMITIVES = (
    Primitive(
        name="charger.tap",
        target="site",
        parameters=(Parameter("power_w", "what is drawn", 1.0, 1e9),),
        text="Draws a constant power at a site with chargers, past its meters, until it is stopped. What is drawn "
        "goes to the account `tapped`. It does not ask whether the feeder bears it: chargers wait for what is "
        "left, and if it is too much, or begins or ends as too large a part of the limit, the feeder trips.",
        where="the feeder's MeterRead against those of its sites; chargers that wait; PowerChanged where it trips",
        quantity="tapped_wh",
        begin=_tap,
    ),
    Primitive(
        name="charger.false-meter",
        target="site",
        parameters=_LIE,
        text="The meter of a site's chargers shows something else than what went through it, never less "
        "than nothing. What is drawn is what it was.",
        where="MeterRead of the site, and drawn_wh in Charged, against the feeder's meter and delivered_wh",
        quantity="error_wh_per_kwh",
        begin=_misread_chargers,
    ),
    Primitive(
        name="grid.false-meter",
        target="feeder",
        parameters=_LIE,
        text="The same for the meter at the head of a feeder.",
        where="MeterRead of the feeder against the sum of those of its sites",
        quantity="error_wh_per_kwh",
        begin=_misread_feeder,
    ),
    Primitive(
        name="grid.outage",
        target="site-or-zone",
        parameters=(
            Parameter("duration_s", "how long, unless it is stopped before", 1.0, 86_400.0, default=86_400.0),
        ),
        text="Takes the power of a site, or of all sites of a zone, really away. Who is charging there keeps "
        "what it has, who flies there to charge turns to another charger, and nobody is charged before "
        "it is back.",
        where="PowerChanged; vehicles that queue elsewhere or say that they are grounded; MeterRead of nothing",
        quantity="dark",
        begin=_outage,
    ),
)
