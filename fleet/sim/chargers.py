"""How long a charger takes, and what it draws and gives."""

from __future__ import annotations

from fleet.messages.reports import Charged
from fleet.sim.body import Body
from fleet.sim.books import WH
from fleet.sim.flights import Flights
from fleet.sim.params import DockingParams
from fleet.sim.yards import Dockyard

GRID = ("grid", "")
CHARGING_LOSS = ("charging-loss", "")


class Chargers:
    """All chargers, of whatever site: they swap packs or fill them, as the scenario says."""

    def __init__(self, flights: Flights, params: DockingParams) -> None:
        self._kernel = flights.kernel
        self._motion = flights.motion
        self._books = flights.books
        self._leaks = flights.leaks
        self._params = params

    def charge_ms(self, body: Body, yard: Dockyard) -> int:
        """How long filling this vehicle's battery takes from now."""
        slowness = yard.wear.slowness.product
        if self._params.charging == "swap":
            return round(1000 * self._params.swap_s * slowness)
        missing = 1.0 - self._motion.battery_of(body.index, self._kernel.now_ms) / body.capacity_wh
        return max(1, round(3_600_000 * missing / self._params.charge_c_rate * slowness))

    def break_off(self, body: Body, yard: Dockyard, since_ms: int) -> None:
        """A vehicle is called away: what it charged since then it keeps. A pack is swapped whole or not at all."""
        if self._params.charging == "charge":
            hours = (self._kernel.now_ms - since_ms) / 3_600_000.0 / yard.wear.slowness.product
            self.fill(body, yard, hours * self._params.charge_c_rate * body.capacity_wh)

    def fill(self, body: Body, yard: Dockyard, most_wh: float) -> None:
        """Bring the battery up by what is missing, by `most_wh` at most."""
        i = body.index
        if body.leak_w:
            self._leaks.settle_parked(body)
        present = self._motion.battery_of(i, self._kernel.now_ms)
        # An aged pack may hold more from before than it can be filled to.
        delivered = max(0.0, min(most_wh, body.capacity_wh - present))
        drawn = delivered / self._params.charge_efficiency
        self._books.transfer(WH, GRID, ("battery", body.id), delivered)
        self._books.transfer(WH, GRID, CHARGING_LOSS, drawn - delivered)
        self._motion.rebase(i, self._kernel.now_ms)
        full = 0.0 < delivered < most_wh
        self._motion.battery_wh[i] = body.capacity_wh if full else present + delivered
        self._books.compare(WH, ("battery", body.id), float(self._motion.battery_wh[i]))
        if body.leak_w:
            self._leaks.stand(body)
        yard.port.say(
            Charged(
                site=yard.id,
                vehicle=body.id,
                delivered_wh=round(delivered, 3),
                drawn_wh=round(drawn * yard.wear.meter.product, 3),
            )
        )
