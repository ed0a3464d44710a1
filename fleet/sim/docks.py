"""What happens to a vehicle on a site's pads: it queues, is emptied, is charged, or is called away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from fleet.messages.reports import VehicleState
from fleet.sim.body import Body
from fleet.sim.chargers import Chargers, Hold
from fleet.sim.kernel import Kernel
from fleet.sim.params import DockingParams
from fleet.sim.weighbridge import Weighbridge
from fleet.sim.yards import Dockyard, Places

Done = Callable[[Body], None]
Tell = Callable[[Body, VehicleState], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Visit:
    """A vehicle on a place, or wishing for one: since when, whether it is there to charge, and what it does
    then."""

    body: Body
    places: Places
    yard: Dockyard
    charging: bool
    done: Done
    since_ms: int = 0


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

        def begin(hold: Hold) -> None:
            state(body, "unloading")
            hold(round(1000 * self._params.unload_s))

        def end() -> None:
            # Others may have filled the facility since this vehicle came.
            if not self._weighbridge.refuses(body, yard):
                self._weighbridge.weigh_in(body, yard)
            done(body)

        self._visit(_Visit(body, yard.pads, yard, False, done), begin, end, state)

    def charge(self, body: Body, yard: Dockyard, state: Tell, done: Done) -> None:
        """Wait for a charger and for power, swap or fill the battery. In the dark nothing is waited for."""
        if not yard.charger_count or (not yard.live and not self._chargers.serves(body, yard)):
            done(body)
            return

        def begin(hold: Hold) -> None:
            def charging(ms: int) -> None:
                state(body, "charging")
                hold(ms)

            def waits() -> None:
                if body.state != "queueing":
                    state(body, "queueing")

            self._chargers.begin(body, yard, charging, waits)

        def end() -> None:
            self._chargers.fill(body, yard, body.capacity_wh)
            done(body)

        def dark() -> bool:
            """Whether there is no power any more, which whoever waited learns when it is its turn."""
            if yard.live or self._chargers.serves(body, yard):
                return False
            turn = body.turn
            self._kernel.at(self._kernel.now_ms, lambda: done(body) if body.turn == turn else None)
            return True

        self._visit(_Visit(body, yard.chargers, yard, True, done), begin, end, state, dark)

    def power_lost(self, yard: Dockyard) -> None:
        """There is no power at a site any more: who is charging there keeps what it has, and goes on."""
        here = [
            visit
            for visit in self._visits.values()
            if visit.yard is yard and visit.charging and self._chargers.needs_power(visit.body)
        ]
        for visit in here:
            del self._visits[visit.body.index]
            self._chargers.break_off(visit.body, yard, visit.since_ms)
        for visit in here:
            visit.places.give_back()
        for visit in here:
            visit.done(visit.body)

    def leave(self, body: Body) -> None:
        """A vehicle is called away: its place is free again, and what it charged so far it keeps."""
        visit = self._visits.pop(body.index, None)
        if visit is None:
            return
        visit.places.give_back()
        if visit.charging:
            self._chargers.break_off(body, visit.yard, visit.since_ms)

    def _visit(
        self,
        wish: _Visit,
        begin: Callable[[Hold], None],
        end: Callable[[], None],
        state: Tell,
        dark: Callable[[], bool] = lambda: False,
    ) -> None:
        """Queue for a place, hold it for as many ms as `begin` says, give it back, `end`; not where it is `dark`.

        A vehicle that is called away while it queues loses its turn; one that is called away from the place
        gives it back at once (`leave`).
        """
        body, turn = wish.body, wish.body.turn

        def granted() -> bool:
            if body.turn != turn:
                return False
            if dark():
                return False
            visit = replace(wish, since_ms=self._kernel.now_ms)
            self._visits[body.index] = visit
            begin(lambda ms: self._kernel.at(self._kernel.now_ms + ms, finish, visit))
            return True

        def finish(visit: _Visit) -> None:
            if self._visits.get(body.index) is not visit:
                return
            del self._visits[body.index]
            visit.places.give_back()
            end()

        if not wish.places.ask(granted):
            state(body, "queueing")
