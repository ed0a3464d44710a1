"""What happens to a vehicle on a site's pads: it queues, is emptied, is charged, or is called away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from fleet.messages.reports import VehicleState
from fleet.sim.body import Body
from fleet.sim.chargers import Chargers
from fleet.sim.kernel import Kernel
from fleet.sim.params import DockingParams
from fleet.sim.weighbridge import Weighbridge
from fleet.sim.yards import Dockyard, Places

Done = Callable[[Body], None]
Tell = Callable[[Body, VehicleState], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Visit:
    """A vehicle on a place: which, since when, and whether it is there to charge."""

    places: Places
    yard: Dockyard
    since_ms: int
    charging: bool


class Docks:
    """The visits of all vehicles to all sites."""

    def __init__(
        self, kernel: Kernel, params: DockingParams, weighbridge: Weighbridge, chargers: Chargers
    ) -> None:
        self._kernel = kernel
        self._params = params
        self._weighbridge = weighbridge
        self._chargers = chargers
        self._visits: dict[int, _Visit] = {}

    def unload(self, body: Body, yard: Dockyard, state: Tell, done: Done) -> None:
        """Wait for a pad, weigh in, empty the box."""
        if not body.load:
            done(body)
            return
        if self._weighbridge.refuses(body, yard):
            done(body)
            return

        def begin() -> int:
            state(body, "unloading")
            return round(1000 * self._params.unload_s)

        def end() -> None:
            # Others may have filled the facility since this vehicle came.
            if not self._weighbridge.refuses(body, yard):
                self._weighbridge.weigh_in(body, yard)
            done(body)

        self._visit(body, _Visit(yard.pads, yard, 0, False), begin, end, state)

    def charge(self, body: Body, yard: Dockyard, state: Tell, done: Done) -> None:
        """Wait for a charger, swap or fill the battery."""
        if not yard.charger_count:
            done(body)
            return

        def begin() -> int:
            state(body, "charging")
            return self._chargers.charge_ms(body, yard)

        def end() -> None:
            self._chargers.fill(body, yard, body.capacity_wh)
            done(body)

        self._visit(body, _Visit(yard.chargers, yard, 0, True), begin, end, state)

    def leave(self, body: Body) -> None:
        """A vehicle is called away: its place is free again, and what it charged so far it keeps."""
        visit = self._visits.pop(body.index, None)
        if visit is None:
            return
        visit.places.give_back()
        if visit.charging:
            self._chargers.break_off(body, visit.yard, visit.since_ms)

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
