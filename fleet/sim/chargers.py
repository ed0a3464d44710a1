"""How long a charger takes, and what it draws and gives.

Without a grid there is always power, and what is drawn is booked when a battery is filled. With one
(`Chargers.power`) a charger asks for a constant power before it begins, and what it draws goes by the account
("charger", site). A swap asks for what charging the old pack takes, over the time of the swap: a site's spare
packs are taken to be charged as fast as they are given out, but for those that the scenario says are there to
spare.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from fleet.messages.reports import Charged
from fleet.sim.body import Body
from fleet.sim.books import CHARGING_LOSS, GRID, WH, Account
from fleet.sim.flights import Flights
from fleet.sim.lies import FalseMeter
from fleet.sim.params import DockingParams
from fleet.sim.power import CHARGERS, Load, PowerSource
from fleet.sim.yards import Dockyard

_LEAST_SHARE = 0.1
"""Who would get less of a feeder than this beside its taps waits for their end: nobody charges for days."""

Hold = Callable[[int], None]
"""Told for how many ms the place is needed, once charging begins."""


class Spare(Protocol):
    """The charged spare packs of a site."""

    account: Account

    def level_wh(self) -> float:
        """What is in them now."""

    def take(self, wh: float) -> None:
        """So much leaves with a swap; the books are the taker's."""

    def put(self, wh: float) -> None:
        """So much comes back; the books are the giver's."""


@dataclass(eq=False)
class _Session:
    """A vehicle on a charger that hangs on a grid: its load, or what it was promised of the spare packs."""

    yard: Dockyard
    load: Load | None
    spare_wh: float = 0.0


class Chargers:
    """All chargers, of whatever site: they swap packs or fill them, as the scenario says."""

    def __init__(self, flights: Flights, params: DockingParams) -> None:
        self._kernel = flights.kernel
        self._motion = flights.motion
        self._books = flights.books
        self._leaks = flights.leaks
        self._params = params
        self._sessions: dict[int, _Session] = {}
        self.power: PowerSource | None = None
        self.packs: Mapping[str, Spare] = {}
        self.lies: Mapping[str, FalseMeter] = {}
        """What tampering does to meters, by their names."""

    @property
    def efficiency(self) -> float:
        """Battery over meter."""
        return self._params.charge_efficiency

    def serves(self, body: Body, yard: Dockyard) -> bool:
        """Whether this vehicle can be charged there now."""
        if not yard.charger_count:
            return False
        return yard.live or self._spare(yard) >= self._missing_wh(body) > 0.0

    def _spare(self, yard: Dockyard) -> float:
        packs = self.packs.get(yard.id) if self._params.charging == "swap" else None
        return 0.0 if packs is None else packs.level_wh()

    def _missing_wh(self, body: Body) -> float:
        return max(0.0, body.capacity_wh - self._motion.battery_of(body.index, self._kernel.now_ms))

    def charge_ms(self, body: Body, yard: Dockyard) -> int:
        """How long filling this vehicle's battery takes from now."""
        slowness = yard.wear.slowness.product
        if self._params.charging == "swap":
            return round(1000 * self._params.swap_s * slowness)
        missing = 1.0 - self._motion.battery_of(body.index, self._kernel.now_ms) / body.capacity_wh
        return max(1, round(3_600_000 * missing / self._params.charge_c_rate * slowness))

    def needs_power(self, body: Body) -> bool:
        """Whether what is done for a vehicle at a charger ends with the power: all but a swap of a spare pack."""
        session = self._sessions.get(body.index)
        return session is None or session.load is not None

    def begin(self, body: Body, yard: Dockyard, hold: Hold, waits: Callable[[], None]) -> None:
        """A vehicle stands at a charger: `hold` is called when charging begins, which may be now; else `waits`."""
        if self.power is None:
            hold(self.charge_ms(body, yard))
            return
        missing = self._missing_wh(body)
        if 0.0 < missing <= self._spare(yard):
            self.packs[yard.id].take(missing)
            self._books.transfer(WH, self.packs[yard.id].account, ("charger", yard.id), missing)
            self._sessions[body.index] = _Session(yard, None, missing)
            hold(self.charge_ms(body, yard))
            return
        duration_ms, needed_kwms = self.charge_ms(body, yard), 3600.0 * missing / self.efficiency
        most, room = self.power.most_kw(yard.id), self.power.beside_taps_kw(yard.id)
        if room >= _LEAST_SHARE * most:
            most = room
        if needed_kwms > most * duration_ms:
            duration_ms = int(needed_kwms / most) + 1
        begun: list[Load] = []

        def start(load: Load) -> None:
            begun.append(load)
            hold(duration_ms)

        account: Account = ("charger", yard.id)
        load = self.power.draw(yard.id, needed_kwms / duration_ms, account, meter=CHARGERS + yard.id, begun=start)
        self._sessions[body.index] = _Session(yard, load)
        if not begun:
            waits()

    def break_off(self, body: Body, yard: Dockyard, since_ms: int) -> None:
        """A vehicle is called away: what it charged since then it keeps. A pack is swapped whole or not at all."""
        session = self._sessions.pop(body.index, None)
        if session is not None:
            self._end(body, session, kept=self._params.charging == "charge")
        elif self._params.charging == "charge" and self.power is None:
            hours = (self._kernel.now_ms - since_ms) / 3_600_000.0 / yard.wear.slowness.product
            self.fill(body, yard, hours * self._params.charge_c_rate * body.capacity_wh)

    def fill(self, body: Body, yard: Dockyard, most_wh: float) -> None:
        """Bring the battery up by what is missing, by `most_wh` at most."""
        session = self._sessions.pop(body.index, None)
        if session is not None:
            self._end(body, session, kept=True)
            return
        present = self._present(body)
        # An aged pack may hold more from before than it can be filled to.
        delivered = max(0.0, min(most_wh, body.capacity_wh - present))
        drawn = delivered / self._params.charge_efficiency
        self._books.transfer(WH, GRID, ("battery", body.id), delivered)
        self._books.transfer(WH, GRID, CHARGING_LOSS, drawn - delivered)
        full = 0.0 < delivered < most_wh
        self._put(body, body.capacity_wh if full else present + delivered)
        self._say(body, yard, delivered, drawn)

    def _present(self, body: Body) -> float:
        if body.leak_w:
            self._leaks.settle_parked(body)
        return self._motion.battery_of(body.index, self._kernel.now_ms)

    def _put(self, body: Body, battery_wh: float) -> None:
        i = body.index
        self._motion.rebase(i, self._kernel.now_ms)
        self._motion.battery_wh[i] = battery_wh
        self._books.compare(WH, ("battery", body.id), float(self._motion.battery_wh[i]))
        if body.leak_w:
            self._leaks.stand(body)

    def _say(self, body: Body, yard: Dockyard, delivered: float, drawn: float) -> None:
        lie = self.lies.get(CHARGERS + yard.id)
        metered = drawn if lie is None else lie.shows(drawn)
        yard.port.say(
            Charged(
                site=yard.id,
                vehicle=body.id,
                delivered_wh=round(delivered, 3),
                drawn_wh=round(metered * yard.wear.meter.product, 3),
            )
        )

    # ---- on a grid

    def _end(self, body: Body, session: _Session, *, kept: bool) -> None:
        """What was drawn for a vehicle is its own, or goes to the spare packs, or is lost."""
        yard, books = session.yard, self._books
        account: Account = ("charger", yard.id)
        drawn = session.spare_wh if session.load is None else session.load.stop()
        came = session.spare_wh if session.load is None else drawn * self.efficiency
        if not kept:
            self._give_up(yard, account, drawn, came)
            return
        present = self._present(body)
        delivered = max(0.0, min(came, body.capacity_wh - present))
        books.transfer(WH, account, ("battery", body.id), delivered)
        books.transfer(WH, account, CHARGING_LOSS, drawn - delivered)
        self._put(body, present + delivered)
        self._say(body, yard, delivered, 0.0 if session.load is None else drawn)

    def _give_up(self, yard: Dockyard, account: Account, drawn: float, came: float) -> None:
        packs = self.packs.get(yard.id)
        if packs is not None:
            packs.put(came)
            self._books.transfer(WH, account, packs.account, came)
            drawn -= came
        self._books.transfer(WH, account, CHARGING_LOSS, drawn)

    def settle(self) -> None:
        """Hold what was drawn for those who charge at this moment against the books."""
        held: dict[str, float] = {}
        for session in self._sessions.values():
            wh = session.spare_wh if session.load is None else session.load.drawn_wh()
            held[session.yard.id] = held.get(session.yard.id, 0.0) + wh
        for site in sorted(held):
            self._books.compare(WH, ("charger", site), held[site])
