"""Guards with a drone of their own, sent after a vehicle to follow it or to force it down.

A guard's drone is a vehicle like any other: it climbs, flies lawful ways, draws on its battery and charges. What
is its own is where it aims: at the place that the vehicle reports (a lie leads it astray), until the vehicle is in
sight; from then on at the vehicle, and ahead of it by as much as it flies meanwhile. It aims anew every few
seconds and flies in closed form in between. Near enough over the ground, a guard who is to stop it forces it down,
and there it stays; that ends a foreign controller's grip. Before its own battery comes near the reserve it flies
to a charger, and sets off again once it is full.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from fleet.messages.envelope import Message
from fleet.messages.people import FollowVehicle, StandDown, StopVehicle
from fleet.messages.reports import OrderAnswered
from fleet.messages.seal import Verifier
from fleet.sim.people.guard import Chase, Guard
from fleet.sim.people.params import GuardParams
from fleet.sim.surroundings import Surroundings


def guard_ids(params: GuardParams) -> tuple[str, ...]:
    """What the drones of a group of guards are called."""
    width = max(2, len(str(params.count)))
    return tuple(f"{params.name}-{n + 1:0{width}d}" for n in range(params.count))


class GuardDesk:
    """Who takes the orders for all guards. `trusted` says whose."""

    def __init__(self, around: Surroundings, groups: Sequence[GuardParams]) -> None:
        self._world = around.world
        self._kernel = around.parts.kernel
        self._port = around.port_of("guards")
        self.trusted: Verifier = around.parts.guard_trust
        self.guards: dict[str, Guard] = {}
        for params in groups:
            for name in guard_ids(params):
                body = around.world.vehicle(name)
                if body is not None:
                    self.guards[name] = Guard(around, params, body)

    def hear(self, message: Message, now_ms: int) -> None:
        """Check an order, carry it out, and answer it; what is no order for guards is passed over."""
        order = message.body
        if not isinstance(order, FollowVehicle | StopVehicle | StandDown):
            return
        cause: str = self.trusted.check(message, now_ms)
        name = order.guard
        if not cause:
            name, cause = self._call_off(name) if isinstance(order, StandDown) else self._send(order)
        answer = OrderAnswered(
            vehicle=name, order_id=order.order_id, claimed_sender=message.sender, counter=message.seq, cause=cause
        )
        self._port.say(answer)

    def _call_off(self, name: str) -> tuple[str, str]:
        guard = self.guards.get(name)
        if guard is None:
            return name, "unknown-guard"
        guard.stand_down()
        return name, ""

    def _send(self, order: FollowVehicle | StopVehicle) -> tuple[str, str]:
        """Which guard goes, and why none does."""
        target = self._world.vehicle(order.vehicle)
        if target is None or order.vehicle in self.guards:
            return order.guard, "unknown-vehicle"
        if order.guard and order.guard not in self.guards:
            return order.guard, "unknown-guard"
        if not self.guards:
            return "", "no-guards"
        if target.held:
            return order.guard, "held"
        chase = Chase(order.order_id, target, stop=isinstance(order, StopVehicle))
        name = order.guard or self._on_it(order.vehicle) or self._nearest_free(chase)
        if not name or not self.guards[name].able:
            return name, "busy"
        if not self.guards[name].is_at(chase):
            self.guards[name].go(chase)
        return name, ""

    def _on_it(self, vehicle: str) -> str:
        """The guard who is after a vehicle already."""
        after = (name for name, g in self.guards.items() if g.chase is not None and g.chase.target.id == vehicle)
        return next(after, "")

    def _nearest_free(self, chase: Chase) -> str:
        motion, now = self._world.parts.motion, self._kernel.now_ms
        x, y, _ = motion.place_of(chase.target.index, now)
        free = [
            (math.dist((x, y), motion.place_of(g.body.index, now)[:2]), name)
            for name, g in self.guards.items()
            if g.free
        ]
        return min(free, default=(0.0, ""))[1]
