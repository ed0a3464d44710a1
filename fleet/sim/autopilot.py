"""The autopilot: pure decisions on board. It sees its mission and an outlook, and names the next move.

No clock, no bus, no randomness, no world: each function is a row of a table and tested as one. The world
(`fleet.sim.world`) carries the moves out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from fleet.messages.orders import FlyRoute, Recall, StopOrder

ENERGY_MARGIN = 1.13
"""Energy is believed within this factor: one flight's error is cut at 12 %."""


@dataclass(frozen=True, slots=True)
class Mission:
    """The stops still ordered. `step` counts the stops of `order_id` that are over."""

    order_id: str = ""
    stops: tuple[StopOrder, ...] = ()
    step: int = 0

    @property
    def next_stop(self) -> StopOrder | None:
        return self.stops[0] if self.stops else None

    def after_stop(self) -> Mission:
        return replace(self, stops=self.stops[1:], step=self.step + 1)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the vehicle reckons before it leaves: energies of the next leg, and from there to a charger."""

    battery_wh: float
    reserve_wh: float
    leg_wh: float
    then_to_charger_wh: float
    docked: bool
    can_charge_here: bool
    full: bool


Move = Literal["fly", "rest", "divert", "charge-first", "give-up-stop"]


def take_order(mission: Mission, order: FlyRoute | Recall) -> Mission:
    """The mission after an order: appended to, or replaced."""
    if isinstance(order, Recall):
        home = StopOrder(kind="dock", target=order.site, x_m=order.x_m, y_m=order.y_m, unload=True, charge=True)
        return Mission(order.order_id, (home,))
    if order.append and mission.stops:
        return Mission(order.order_id, mission.stops + order.stops, 0)
    return Mission(order.order_id, order.stops)


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
