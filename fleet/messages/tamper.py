"""The injection plane: how the red team asks, and what it is answered."""

from __future__ import annotations

from fleet.messages.orders import FlyRoute, Recall
from fleet.messages.plane import Injection


class StartTamper(Injection, frozen=True, kw_only=True):
    """Start a primitive on a target; parameters carry their units in their names."""

    tamper_id: str
    primitive: str
    target: str
    parameters: dict[str, float]


class StopTamper(Injection, frozen=True, kw_only=True):
    """End what `tamper_id` started."""

    tamper_id: str


class ForgeOrder(Injection, frozen=True, kw_only=True):
    """Put `order` on the command plane in the name of the key that `tamper_id` stole."""

    tamper_id: str
    order: FlyRoute | Recall


class TamperAnswered(Injection, frozen=True, kw_only=True):
    """Whether a request took effect, at which tick, and if not, why not."""

    tamper_id: str
    effect_tick: int
    cause: str
