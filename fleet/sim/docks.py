"""Sites at work: pads and chargers with their queues, weighbridges, stocks, meters."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from fleet.base.streams import Noise
from fleet.messages.port import Port
from fleet.messages.reports import Charged, Unloaded, UnloadRefused, VehicleState
from fleet.sim.body import Body
from fleet.sim.books import Books
from fleet.sim.kernel import Kernel
from fleet.sim.motion import Motion
from fleet.sim.params import DockingParams

Done = Callable[[Body], None]
Tell = Callable[[Body, VehicleState], None]


class Places:
    """A number of equal places and a queue for them, first come first served."""

    def __init__(self, count: int) -> None:
        self.free = count
        self.waiting: deque[Callable[[], None]] = deque()

    def ask(self, granted: Callable[[], None]) -> bool:
        """Call `granted` now if a place is free (True), else when one is given back."""
        if self.free > 0:
            self.free -= 1
            granted()
            return True
        self.waiting.append(granted)
        return False

    def give_back(self) -> None:
        if self.waiting:
            self.waiting.popleft()()
        else:
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

    @property
    def stock_kg(self) -> float:
        return sum(self.stock.values())


class Docks:
    """What happens to a vehicle on a site's pads."""

    def __init__(
        self, kernel: Kernel, motion: Motion, books: Books, params: DockingParams, noise: Noise, sigma: float
    ) -> None:
        self._kernel = kernel
        self._motion = motion
        self._books = books
        self._params = params
        self._noise = noise
        self._sigma = sigma
        self._weighings = 0

    def unload(self, body: Body, yard: Dockyard, state: Tell, done: Done) -> None:
        """Wait for a pad, weigh in, empty the box."""
        if not body.load:
            done(body)
            return
        cause = self._refusal(body, yard)
        if cause:
            yard.port.say(UnloadRefused(facility=yard.id, vehicle=body.id, cause=cause))
            done(body)
            return
        turn = body.turn

        def granted() -> None:
            if body.turn != turn:  # called away while it queued
                yard.pads.give_back()
                return
            state(body, "unloading")
            self._kernel.at(self._kernel.now_ms + round(1000 * self._params.unload_s), finish)

        def finish() -> None:
            yard.pads.give_back()
            if body.turn == turn:
                self._weigh_in(body, yard)
                done(body)

        if not yard.pads.ask(granted):
            state(body, "queueing")

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
            self._weighings += 1
            error = 1.0 + self._sigma * self._noise.one_normal(yard.node, self._weighings)
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
        turn = body.turn

        def granted() -> None:
            if body.turn != turn:
                yard.chargers.give_back()
                return
            state(body, "charging")
            self._kernel.at(self._kernel.now_ms + self.charge_ms(body), finish)

        def finish() -> None:
            yard.chargers.give_back()
            if body.turn == turn:
                self._fill(body, yard)
                done(body)

        if not yard.chargers.ask(granted):
            state(body, "queueing")

    def charge_ms(self, body: Body) -> int:
        """How long filling this vehicle's battery takes from now."""
        if self._params.charging == "swap":
            return round(1000 * self._params.swap_s)
        missing = 1.0 - self._motion.battery_of(body.index, self._kernel.now_ms) / body.kind.battery_wh
        return max(1, round(3_600_000 * missing / self._params.charge_c_rate))

    def _fill(self, body: Body, yard: Dockyard) -> None:
        i = body.index
        delivered = body.kind.battery_wh - self._motion.battery_of(i, self._kernel.now_ms)
        drawn = delivered / self._params.charge_efficiency
        self._books.transfer("Wh", ("grid", ""), ("battery", body.id), delivered)
        self._books.transfer("Wh", ("grid", ""), ("charging-loss", ""), drawn - delivered)
        self._motion.rebase(i, self._kernel.now_ms)
        self._motion.battery_wh[i] = body.kind.battery_wh
        self._books.compare("Wh", ("battery", body.id), float(self._motion.battery_wh[i]))
        yard.port.say(
            Charged(site=yard.id, vehicle=body.id, delivered_wh=round(delivered, 3), drawn_wh=round(drawn, 3))
        )
