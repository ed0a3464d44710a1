"""From settings to things: the grid of a run, and what happens when power goes and comes back.

Who draws says so (`draw`), and waits where the feeder bears no more. A site is dark while anything keeps it so:
an outage, a trip, somebody's hand. Vehicles on its chargers keep what they have, terrain and vehicles know its
chargers as dead from that moment, and `PowerChanged` tells everybody else.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable

from fleet.messages.grid import GRID as SENDER
from fleet.messages.grid import PowerChanged
from fleet.sim.books import WH, Account
from fleet.sim.grid.devices import Device
from fleet.sim.grid.feeder import FEEDER_LOSS, Feeder, FeederLoad
from fleet.sim.grid.meters import Meter, Meters
from fleet.sim.grid.outages import dark_times
from fleet.sim.grid.packs import Packs
from fleet.sim.grid.params import FeederParams, GridParams
from fleet.sim.parts import Annex
from fleet.sim.power import CHARGERS, LINES, Begun, Cut
from fleet.sim.surroundings import Surroundings

TRIP = "trip"
"""Why a feeder's sites are dark after it tripped."""
FEEDER = "feeder/"
"""Begins the name of the meter at the head of a feeder."""


class Grid(Annex):
    """What the chargers, plants and devices of a run draw from (`fleet.sim.power.PowerSource`)."""

    def __init__(self, around: Surroundings, params: GridParams) -> None:
        self._around = around
        self._params = params
        self._p = around.parts
        self._stated = {feeder.id: feeder for feeder in params.feeders}
        self._why: dict[str, set[str]] = {}
        self._taps: list[FeederLoad] = []
        self.passed_wh: dict[str, float] = defaultdict(float)
        """What went through each meter, by its name."""
        self.feeders: dict[str, Feeder] = {"": self._feeder("", math.inf, 0.0)}
        """By id; "" is the ideal grid of all sites on no feeder."""
        self._feeder_of: dict[str, Feeder] = {}
        for stated in params.feeders:
            feeder = self.feeders[stated.id] = self._feeder(stated.id, stated.limit_kw, stated.loss_share)
            self._feeder_of |= dict.fromkeys(stated.sites, feeder)
        self.meters = self._make_meters()
        self._p.chargers.lies = self.meters.lies
        self._devices = [Device(self, self._p, params_) for params_ in params.devices]
        self._packs: dict[str, Packs] = {}
        if params.stated:
            self._p.chargers.power = self
            self._p.chargers.packs = self._packs

    def _feeder(self, name: str, limit_kw: float, loss_share: float) -> Feeder:
        return Feeder(
            name, limit_kw, loss_share, self._p.kernel, self._p.books, lambda site: not self.live(site), self._pass
        )

    def _pass(self, meter: str, wh: float) -> None:
        self.passed_wh[meter] += wh

    def _make_meters(self) -> Meters:
        params, meters = self._params.meters, []
        for stated in self._params.feeders:
            port = self._around.port_of(SENDER)
            meters.append(Meter(FEEDER + stated.id, stated.id, "", port, params.feeder_sigma))
        for yard in self._p.yards.values():
            if yard.charger_count:
                name, feeder = CHARGERS + yard.id, self.feeder_of(yard.id).id
                meters.append(Meter(name, feeder, yard.id, yard.port, params.charger_sigma, yard.wear.meter))
        for plant in self._around.setting.plants.sites:
            yard = self._p.yards[plant.site]
            name, feeder = LINES + yard.id, self.feeder_of(yard.id).id
            meters.append(Meter(name, feeder, yard.id, yard.port, params.charger_sigma, yard.wear.meter))
        return Meters(meters, params, self._around.streams.noise("grid/meters"))

    # ---- annex

    def begin(self) -> None:
        params, kernel = self._params, self._p.kernel
        if not params.stated:
            return
        for yard in self._p.yards.values():
            if yard.charger_count and params.spare_wh_per_charger:
                self._packs[yard.id] = Packs(self, self._p, yard, params)
        setting = self._around.setting
        for number, (from_ms, until_ms, sites) in enumerate(dark_times(params, setting, self._around.streams)):
            kernel.at(from_ms, self.switch, sites, f"outage {number}", True)
            kernel.at(until_ms, self.switch, sites, f"outage {number}", False)
        for device in self._devices:
            device.begin(setting.start_hour)
        kernel.at(self.meters.interval_ms, self._read)

    def _read(self) -> None:
        now = self._p.kernel.now_ms
        for feeder in self.feeders.values():
            feeder.settle()
        self.meters.read(now, self._counted_wh)
        end_ms = self._around.setting.end_ms
        if not end_ms or now + self.meters.interval_ms <= end_ms:
            self._p.kernel.at(now + self.meters.interval_ms, self._read)

    def _counted_wh(self, meter: Meter) -> float:
        return self.passed_wh[meter.name] if meter.site else self.feeders[meter.feeder].sent_wh

    def settle(self) -> None:
        """Bring every feeder up to now, and hold what it lost and passed on against the books."""
        books = self._p.books
        for feeder in self.feeders.values():
            feeder.settle()
            if feeder.sent_wh:
                books.compare(WH, ("feeder", feeder.id), 0.0)
                books.compare(WH, (FEEDER_LOSS, feeder.id), feeder.lost_wh)
        self._p.chargers.settle()
        for packs in self._packs.values():
            packs.settle()
        for device in self._devices:
            device.settle()

    # ---- power source

    def feeder_of(self, site: str) -> Feeder:
        """The feeder of a site, which is the ideal grid where the scenario states none."""
        return self._feeder_of.get(site, self.feeders[""])

    def live(self, site: str) -> bool:
        """See `PowerSource`."""
        return not self._why.get(site)

    def most_kw(self, site: str) -> float:
        """See `PowerSource`."""
        return self.feeder_of(site).most_kw

    def beside_taps_kw(self, site: str) -> float:
        """See `PowerSource`."""
        return self.feeder_of(site).beside_taps_kw

    def draw(
        self, site: str, kw: float, account: Account, *, meter: str = "", begun: Begun | None = None,
        cut: Cut | None = None,
    ) -> FeederLoad:  # fmt: skip
        """See `PowerSource`."""
        feeder = self.feeder_of(site)
        load = FeederLoad(feeder, site, kw, account, meter, begun, cut)
        feeder.ask(load)
        return load

    # ---- taps

    def tap(self, site: str, kw: float, account: Account) -> FeederLoad:
        """Draw past all meters, without asking: the feeder may trip."""
        feeder = self.feeder_of(site)
        load = FeederLoad(feeder, site, kw, account, forced=True)
        self._taps.append(load)
        if self.live(site):
            feeder.settle()
            if not feeder.force(load) or self._jumps(feeder, kw):
                self.trip(feeder)
        return load

    def untap(self, load: FeederLoad) -> None:
        """End a tap; a large one that ends at once makes the feeder trip, too."""
        was_on = load.on
        self._taps = [tap for tap in self._taps if tap is not load]
        load.stop()
        if was_on and self._jumps(load.feeder, load.kw):
            self.trip(load.feeder)

    def grow(self, load: FeederLoad, kw: float) -> None:
        """Let a tap draw more: it trips the feeder if that is too much, and not because it jumps."""
        if not load.feeder.regrade(load, kw):
            self.trip(load.feeder)

    def _jumps(self, feeder: Feeder, kw: float) -> bool:
        stated = self._stated.get(feeder.id)
        return stated is not None and kw > stated.trip_step_share * stated.limit_kw

    def trip(self, feeder: Feeder) -> None:
        """Its protection opens: it is dark until it is closed again."""
        stated = self._stated[feeder.id]
        now = self._p.kernel.now_ms
        self._p.kernel.at(now, self.switch, stated.sites, TRIP, True)
        self._p.kernel.at(now + round(60_000 * stated.reclose_min), self.switch, stated.sites, TRIP, False)

    # ---- dark and light

    def feeders_in(self, zone: str) -> tuple[FeederParams, ...]:
        """The feeders of a zone."""
        return tuple(feeder for feeder in self._params.feeders if feeder.area == zone)

    @property
    def zones(self) -> tuple[str, ...]:
        """Every zone there is a feeder of."""
        return tuple(sorted({feeder.area for feeder in self._params.feeders}))

    def switch(self, sites: Iterable[str], reason: str, dark: bool) -> None:
        """From now on `reason` keeps these sites dark, or no longer does."""
        changed = []
        for site in sorted(set(sites)):
            was_live, why = self.live(site), self._why.setdefault(site, set())
            if dark:
                why.add(reason)
            else:
                why.discard(reason)
            if self.live(site) != was_live:
                changed.append(site)
        if changed:
            self._tell(changed, live=not dark)
            self._feed(changed, live=not dark)
            self._around.world.blackout.react(frozenset(changed), live=not dark)

    def _tell(self, sites: Iterable[str], *, live: bool) -> None:
        port, yards, terrain = self._around.port_of(SENDER), self._p.yards, self._p.terrain
        for site in sites:
            yards[site].live = live
            port.say(PowerChanged(site=site, feeder=self.feeder_of(site).id, live=live))
        terrain.power(frozenset(yard.node for yard in yards.values() if not yard.live))

    def _feed(self, sites: Iterable[str], *, live: bool) -> None:
        """Take from these sites what they draw, or let them draw again."""
        feeders = {feeder.id: feeder for feeder in map(self.feeder_of, sites)}
        for feeder in feeders.values():
            feeder.settle()
            gone = [] if live else feeder.drop(lambda site: not self.live(site))
            if not live:
                for site in sites:
                    self._p.docks.power_lost(self._p.yards[site])
            for load in gone:
                if load.cut is not None:
                    load.cut(load)
            if live:
                self._reconnect(feeder)
            feeder.grant()

    def _reconnect(self, feeder: Feeder) -> None:
        """Taps come back with the power, whether the feeder bears that or not."""
        for tap in self._taps:
            if tap.feeder is feeder and not tap.on and self.live(tap.site) and not feeder.force(tap):
                self.trip(feeder)
                return
