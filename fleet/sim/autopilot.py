"""The autopilot: pure decisions on board. It sees its mission and an outlook, and names the next move.

No clock, no bus, no randomness, no world: each function is a row of a table and tested as one. The world
(`fleet.sim.world`) carries the moves out.
"""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from fleet.messages.orders import FlyRoute, Recall, StopOrder

ENERGY_MARGIN = 1.13
"""Energy is believed within this factor: one flight's error is cut at 12 %."""

_FAR_M = 1e6
_HEAVY_KG = 1e6


class Mission(msgspec.Struct, frozen=True):
    """The stops still ordered.

    `order_id` is the order that is being carried out, `step` how many of its stops are over, `stops` those that
    are not, `later` the orders that were appended to it. When all is done, the last order's id stays.
    """

    order_id: str = ""
    stops: tuple[StopOrder, ...] = ()
    step: int = 0
    later: tuple[tuple[str, tuple[StopOrder, ...]], ...] = ()

    @property
    def next_stop(self) -> StopOrder | None:
        """Where to go, or None when there is nothing more to do."""
        return self.stops[0] if self.stops else None

    def after_stop(self) -> Mission:
        """The mission once its next stop is over, done or given up."""
        rest = self.stops[1:]
        if rest or not self.later:
            return Mission(self.order_id, rest, self.step + 1, self.later)
        order_id, stops = self.later[0]
        return Mission(order_id, stops, 0, self.later[1:])


class Outlook(msgspec.Struct, frozen=True):
    """What the vehicle reckons before it leaves: energies of the next leg, and from there to a charger."""

    battery_wh: float
    reserve_wh: float
    leg_wh: float
    then_to_charger_wh: float
    docked: bool
    can_charge_here: bool
    full: bool


Move = Literal["fly", "rest", "divert", "charge-first", "give-up-stop"]


def sane(order: FlyRoute | Recall) -> bool:
    """Whether an order's numbers can be flown by at all.

    A signature says who wrote them, not that they are sound.
    """
    if isinstance(order, Recall):
        return _on_earth(order.x_m, order.y_m)
    return all(
        _on_earth(stop.x_m, stop.y_m) and 0.0 <= stop.mass_kg <= _HEAVY_KG and stop.service_ms >= 0
        for stop in order.stops
    )


def _on_earth(x_m: float, y_m: float) -> bool:
    return math.isfinite(x_m) and math.isfinite(y_m) and max(abs(x_m), abs(y_m)) <= _FAR_M


def take_order(mission: Mission, order: FlyRoute | Recall) -> Mission:
    """The mission after an order: appended to, or replaced."""
    if isinstance(order, Recall):
        home = StopOrder(kind="dock", target=order.site, x_m=order.x_m, y_m=order.y_m, unload=True, charge=True)
        return Mission(order.order_id, (home,))
    if not order.append or not mission.stops:
        return Mission(order.order_id, order.stops)
    if not order.stops:
        return mission
    return msgspec.structs.replace(mission, later=(*mission.later, (order.order_id, order.stops)))


def next_move(mission: Mission, outlook: Outlook) -> Move:
    """What to do now that nothing is being done.

    A leg is flown only if it, and the way from its end to a charger, fit above the reserve with a margin.
    Otherwise the vehicle charges where it stands, or diverts to the nearest charger; a stop that does not even
    fit a full battery is given up.
    """
    if mission.next_stop is None:
        return "rest" if outlook.docked else "divert"
    need = ENERGY_MARGIN * (outlook.leg_wh + outlook.then_to_charger_wh)
    if outlook.battery_wh - need >= outlook.reserve_wh:
        return "fly"
    if not outlook.docked:
        return "divert"
    if outlook.can_charge_here and not outlook.full:
        return "charge-first"
    return "give-up-stop" if outlook.full else "divert"
