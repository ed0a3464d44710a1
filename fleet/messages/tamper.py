"""The injection plane: how the red team asks, and what it is answered."""

from __future__ import annotations

from collections.abc import Mapping

from fleet.messages.orders import FlyRoute, QuarantineVehicle, Recall, RevokeKey, RotateKey
from fleet.messages.plane import Injection


class StartTamper(Injection, frozen=True, kw_only=True):
    """Start a primitive on a target. Parameters are numbers that carry their units in their names, or words."""

    tamper_id: str
    primitive: str
    target: str
    parameters: Mapping[str, float | str]


class StopTamper(Injection, frozen=True, kw_only=True):
    """End what `tamper_id` started."""

    tamper_id: str


class ForgeOrder(Injection, frozen=True, kw_only=True):
    """Put `order` on the command plane under the key that `tamper_id` stole, or give it the vehicle it flies."""

    tamper_id: str
    order: FlyRoute | Recall | RotateKey | QuarantineVehicle | RevokeKey


class TamperAnswered(Injection, frozen=True, kw_only=True):
    """Whether a request took effect, at which tick, and if not, why not."""

    tamper_id: str
    effect_tick: int
    cause: str
