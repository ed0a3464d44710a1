"""Orders to give stock out: who may have how much, what the scale shows, and why not."""

from __future__ import annotations

import math

from fleet.base.clock import DAY_MS
from fleet.messages.envelope import Message
from fleet.messages.plants import Withdrawn, WithdrawStock
from fleet.messages.roles import outside_sender
from fleet.sim.books import KG
from fleet.sim.plants.params import WithdrawalParams
from fleet.sim.plants.plant import Plant


class Counter:
    """Where one site gives out its stock."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._day = 0
        self._given_kg = 0.0

    def hear(self, message: Message, order: WithdrawStock) -> str:
        """Carry out an order whose signature holds, or say why not: "" is done."""
        cause = self._refusal(message.sender, order)
        if cause:
            return cause
        plant = self._plant
        plant.piles.settle()
        # It is weighed out until the scale, which is tared before, shows what was ordered.
        kg = order.kg / max(1e-6, plant.scale_error())
        if kg > plant.piles.kg(order.material):
            return "not-enough"
        contents, site = plant.piles.share(order.material, kg), plant.yard.id
        plant.piles.take(order.material, contents)
        books = plant.house.parts.books
        books.carry(("stock", site), ("withdrawn", order.bearer), contents)
        books.compare(KG, ("stock", site), plant.yard.stock_kg)
        self._given_kg += order.kg
        plant.yard.port.say(
            Withdrawn(
                site=site,
                order_id=order.order_id,
                material=order.material,
                scale_kg=round(order.kg, 3),
                bearer=order.bearer,
            )
        )
        plant.stir()
        plant.report()
        return ""

    def _refusal(self, sender: str, order: WithdrawStock) -> str:
        limits = self._plant.params.withdrawals
        if limits is None:
            return "no-withdrawals"
        if not (math.isfinite(order.kg) and order.kg > 0.0 and order.bearer):
            return "malformed"
        if self._plant.yard.closed:
            return "closed"
        if limits.operators and sender not in {outside_sender("operator", name) for name in limits.operators}:
            return "not-allowed"
        if limits.bearers and order.bearer not in limits.bearers:
            return "unknown-bearer"
        return self._beyond(limits, order.kg)

    def _beyond(self, limits: WithdrawalParams, kg: float) -> str:
        day = self._plant.house.parts.kernel.now_ms // DAY_MS
        if day != self._day:
            self._day, self._given_kg = day, 0.0
        if kg > limits.most_kg:
            return "too-much"
        return "too-much-today" if self._given_kg + kg > limits.most_kg_per_day else ""
