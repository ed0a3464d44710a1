"""What really is. Only the recorder and the scorer may read it."""

from __future__ import annotations

from typing import Literal

import msgspec

from fleet.messages.plane import Truth


class AttackBegan(Truth, frozen=True, kw_only=True):
    """The red team's own label of what it does, from this moment."""

    attack_id: str
    attack_class: str
    entity: str


class AttackEnded(Truth, frozen=True, kw_only=True):
    """The attack of that label does nothing more."""

    attack_id: str


class TamperEffect(Truth, frozen=True, kw_only=True):
    """A primitive's measured effect on the world, `size` in the unit that `quantity` names."""

    tamper_id: str
    entity: str
    quantity: str
    size: float


class TroubleBegan(Truth, frozen=True, kw_only=True):
    """Something went wrong by itself, and nobody meant it: a gust, a worn scale, a bird. `size` is in `unit`."""

    trouble_id: str
    kind: str
    entity: str
    size: float
    unit: str


class TroubleEnded(Truth, frozen=True, kw_only=True):
    """The trouble of that label does nothing more. What is over as soon as it began never ends."""

    trouble_id: str


class MessagesLost(Truth, frozen=True, kw_only=True):
    """So many messages of one link were never heard.

    `direction` is "up" for what `who` said, "down" for what it was to hear. Telemetry frames are not counted.
    """

    who: str
    direction: Literal["up", "down"]
    cause: Literal["loss", "cut", "overflow", "on-the-way"]
    count: int


class WorldClosed(Truth, frozen=True, kw_only=True):
    """The books at the end of a run: worst residual of any event, and what lies where.

    `ledgers` holds every other ledger that was used: mass by what it really is ("kg/glass"), "items", "credits".
    """

    residual_kg: float
    residual_wh: float
    kg: dict[str, float]
    wh: dict[str, float]
    residual_items: float = 0.0
    residual_credits: float = 0.0
    ledgers: dict[str, dict[str, float]] = msgspec.field(default_factory=dict)


class LegFlown(Truth, frozen=True, kw_only=True):
    """One straight piece of a vehicle's way as it really was: where it was at both ends, and what it drew.

    `battery_wh` is what is left at the end, `payload_*` what was on board, `order_id` what it flew for (""
    for none). Legs are the bulk of the truth and all floats: the recorder keeps them in Parquet, they are
    not in the event log, and neither digest covers them (what they lead to is in the reports, which are).
    """

    vehicle: str
    phase: str
    t0_ms: int
    t1_ms: int
    x0_m: float
    y0_m: float
    x1_m: float
    y1_m: float
    energy_wh: float
    payload_kg: float
    payload_l: float
    battery_wh: float
    order_id: str
