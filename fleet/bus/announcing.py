"""The announcement of an order that comes from outside: whoever lets it in makes it, in its sender's name."""

from __future__ import annotations

from fleet.messages.orders import FlyRoute, OrderIssued, Recall


def announcement(order: FlyRoute | Recall, counter: int) -> OrderIssued:
    """What is announced of an order, as dispatch announces its own: deeds are held against it."""
    if isinstance(order, Recall):
        stops: tuple[tuple[str, float, float], ...] = ((order.site, order.x_m, order.y_m),)
    else:
        stops = tuple((stop.target, stop.x_m, stop.y_m) for stop in order.stops)
    return OrderIssued(
        order_id=order.order_id,
        vehicle=order.vehicle,
        verb=type(order).__name__,
        counter=counter,
        targets=tuple(target for target, _, _ in stops),
        x_m=tuple(x_m for _, x_m, _ in stops),
        y_m=tuple(y_m for _, _, y_m in stops),
    )
