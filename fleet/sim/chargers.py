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

    def charge_ms(self, body: Body) -> int:
        """How long filling this vehicle's battery takes from now."""
        if self._params.charging == "swap":
            return round(1000 * self._params.swap_s)
        missing = 1.0 - self._motion.battery_of(body.index, self._kernel.now_ms) / body.kind.battery_wh
        return max(1, round(3_600_000 * missing / self._params.charge_c_rate))

    def break_off(self, body: Body, yard: Dockyard, since_ms: int) -> None:
        """A vehicle is called away: what it charged since then it keeps. A pack is swapped whole or not at all."""
        if self._params.charging == "charge":
            hours = (self._kernel.now_ms - since_ms) / 3_600_000.0
            self.fill(body, yard, hours * self._params.charge_c_rate * body.kind.battery_wh)

    def fill(self, body: Body, yard: Dockyard, most_wh: float) -> None:
        """Bring the battery up by what is missing, by `most_wh` at most."""
        i = body.index
        if body.leak_w:
            self._leaks.settle_parked(body)
        present = self._motion.battery_of(i, self._kernel.now_ms)
        delivered = min(most_wh, body.kind.battery_wh - present)
        drawn = delivered / self._params.charge_efficiency
        self._books.transfer(WH, GRID, ("battery", body.id), delivered)
        self._books.transfer(WH, GRID, CHARGING_LOSS, drawn - delivered)
        self._motion.rebase(i, self._kernel.now_ms)
        self._motion.battery_wh[i] = body.kind.battery_wh if delivered < most_wh else present + delivered
        self._books.compare(WH, ("battery", body.id), float(self._motion.battery_wh[i]))
        if body.leak_w:
            self._leaks.stand(body)
        yard.port.say(
            Charged(site=yard.id, vehicle=body.id, delivered_wh=round(delivered, 3), drawn_wh=round(drawn, 3))
        )
