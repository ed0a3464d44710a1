"""Sites at work: pads and chargers with their queues, weighbridges, stocks, meters."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from fleet.base.streams import Noise
from fleet.messages.port import Port
from fleet.messages.reports import Charged, Unloaded, UnloadRefused, VehicleState
from fleet.sim.body import Body
from fleet.sim.flights import Flights
from fleet.sim.params import DockingParams

Done = Callable[[Body], None]
Tell = Callable[[Body, VehicleState], None]


class Places:
    """A number of equal places and a queue for them, first come first served."""

    def __init__(self, count: int) -> None:
        self.free = count
        self.waiting: deque[Callable[[], bool]] = deque()

    def ask(self, granted: Callable[[], bool]) -> bool:
        """Call `granted` now if a place is free (True), else when one is given back.

        `granted` says whether the place is still wanted; if not, it goes to the next in the queue.
        """
        if self.free > 0:
            self.free -= 1
            if not granted():
                self.give_back()
            return True
        self.waiting.append(granted)
        return False

    def give_back(self) -> None:
        """A place is no longer needed by whoever had it."""
        while self.waiting:
            if self.waiting.popleft()():
                return
        self.free += 1


@dataclass(slots=True)
class Dockyard:
    """A site as it is."""

    id: str
    node: int
    accepts: frozenset[str]
    capacity_kg: float
    pads: Places
    chargers: Places
    charger_count: int
    port: Port
    stock: dict[str, float] = field(default_factory=dict)
    weighings: int = 0

    @property
    def stock_kg(self) -> float:
        """What lies there now, of all materials."""
        return sum(self.stock.values(), 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Visit:
    """A vehicle on a place: which, since when, and whether it is there to charge."""

    places: Places
    yard: Dockyard
    since_ms: int
    charging: bool


class Docks:
    """What happens to a vehicle on a site's pads."""

    def __init__(self, flights: Flights, params: DockingParams, noise: Noise, sigma: float) -> None:
        self._kernel = flights.kernel
        self._motion = flights.motion
        self._books = flights.books
        self._leaks = flights.leaks
        self._params = params
        self._noise = noise
        self._sigma = sigma
        self._visits: dict[int, _Visit] = {}

    def unload(self, body: Body, yard: Dockyard, state: Tell, done: Done) -> None:
        """Wait for a pad, weigh in, empty the box."""
        if not body.load:
            done(body)
            return
        if self._refused(body, yard):
            done(body)
            return

        def begin() -> int:
            state(body, "unloading")
            return round(1000 * self._params.unload_s)

        def end() -> None:
            # Others may have filled the facility since this vehicle came.
            if not self._refused(body, yard):
                self._weigh_in(body, yard)
            done(body)

        self._visit(body, _Visit(yard.pads, yard, 0, False), begin, end, state)

    def _visit(
        self, body: Body, wish: _Visit, begin: Callable[[], int], end: Callable[[], None], state: Tell
    ) -> None:
        """Queue for a place, hold it for as many ms as `begin` says, give it back, `end`.

        A vehicle that is called away while it queues loses its turn; one that is called away from the place
        gives it back at once (`leave`).
        """
        turn = body.turn

        def granted() -> bool:
            if body.turn != turn:
                return False
            visit = replace(wish, since_ms=self._kernel.now_ms)
            self._visits[body.index] = visit
            self._kernel.at(self._kernel.now_ms + begin(), finish, visit)
            return True

        def finish(visit: _Visit) -> None:
            if self._visits.get(body.index) is not visit:
                return
            del self._visits[body.index]
            visit.places.give_back()
            end()

        if not wish.places.ask(granted):
            state(body, "queueing")

    def leave(self, body: Body) -> None:
        """A vehicle is called away: its place is free again, and what it charged so far it keeps."""
        visit = self._visits.pop(body.index, None)
        if visit is None:
            return
        visit.places.give_back()
        if visit.charging and self._params.charging == "charge":
            hours = (self._kernel.now_ms - visit.since_ms) / 3_600_000.0
            self._fill(body, visit.yard, hours * self._params.charge_c_rate * body.kind.battery_wh)

    def _refused(self, body: Body, yard: Dockyard) -> bool:
        """Whether the facility does not take the load; if so, it says why."""
        cause = self._refusal(body, yard)
        if cause:
            yard.port.say(UnloadRefused(facility=yard.id, vehicle=body.id, cause=cause))
        return bool(cause)

    def _refusal(self, body: Body, yard: Dockyard) -> Literal["", "material", "full"]:
        if not set(body.load) <= yard.accepts:
            return "material"
        return "full" if yard.stock_kg + body.load_kg > yard.capacity_kg else ""

    def _weigh_in(self, body: Body, yard: Dockyard) -> None:
        weighed: dict[str, float] = {}
        for material in sorted(body.load):
            kg = body.load[material]
            self._books.transfer("kg", ("aboard", body.id), ("stock", yard.id), kg)
            yard.stock[material] = yard.stock.get(material, 0.0) + kg
            yard.weighings += 1
            error = 1.0 + self._sigma * self._noise.one_normal(yard.node, yard.weighings)
            weighed[material] = round(kg * error, 3)
        litres, body.load, body.load_l = body.load_l, {}, 0.0
        self._books.compare("kg", ("aboard", body.id), body.load_kg)
        self._books.compare("kg", ("stock", yard.id), yard.stock_kg)
        yard.port.say(
            Unloaded(
                facility=yard.id,
                vehicle=body.id,
                weighed_kg=weighed,
                volume_l=round(litres, 1),
                stock_kg=round(yard.stock_kg, 3),
            )
        )

    def charge(self, body: Body, yard: Dockyard, state: Tell, done: Done) -> None:
        """Wait for a charger, swap or fill the battery."""
        if not yard.charger_count:
            done(body)
            return

        def begin() -> int:
            state(body, "charging")
            return self.charge_ms(body)

        def end() -> None:
            self._fill(body, yard, body.kind.battery_wh)
            done(body)

        self._visit(body, _Visit(yard.chargers, yard, 0, True), begin, end, state)

    def charge_ms(self, body: Body) -> int:
        """How long filling this vehicle's battery takes from now."""
        if self._params.charging == "swap":
            return round(1000 * self._params.swap_s)
        missing = 1.0 - self._motion.battery_of(body.index, self._kernel.now_ms) / body.kind.battery_wh
        return max(1, round(3_600_000 * missing / self._params.charge_c_rate))

    def _fill(self, body: Body, yard: Dockyard, most_wh: float) -> None:
        """Bring the battery up by what is missing, by `most_wh` at most."""
        i = body.index
        if body.leak_w:
            self._leaks.settle_parked(body)
        present = self._motion.battery_of(i, self._kernel.now_ms)
        delivered = min(most_wh, body.kind.battery_wh - present)
        drawn = delivered / self._params.charge_efficiency
        self._books.transfer("Wh", ("grid", ""), ("battery", body.id), delivered)
        self._books.transfer("Wh", ("grid", ""), ("charging-loss", ""), drawn - delivered)
        self._motion.rebase(i, self._kernel.now_ms)
        self._motion.battery_wh[i] = body.kind.battery_wh if delivered < most_wh else present + delivered
        self._books.compare("Wh", ("battery", body.id), float(self._motion.battery_wh[i]))
        if body.leak_w:
            self._leaks.stand(body)
        yard.port.say(
            Charged(site=yard.id, vehicle=body.id, delivered_wh=round(delivered, 3), drawn_wh=round(drawn, 3))
        )
