"""What really is. Only the recorder and the scorer may read it."""

from __future__ import annotations

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


class WorldClosed(Truth, frozen=True, kw_only=True):
    """The books at the end of a run: worst residual of any event, and what lies where."""

    residual_kg: float
    residual_wh: float
    kg: dict[str, float]
    wh: dict[str, float]


TRUTHS = (AttackBegan, AttackEnded, TamperEffect, WorldClosed)
