"""Executed against ordered: whatever a vehicle says it obeys must have been announced by its author.

Dispatch announces every order with its id and counter. A vehicle answers every order it takes. An obeyed order
that nobody announced, or whose counter is not the announced one, was signed by somebody else with a good key.
The test is exact: it has no noise, hence no false alarms, and its threshold is a formality.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from fleet.base.params import Params
from fleet.detect.detector import DetectorKind, Suspicion
from fleet.messages.envelope import Message
from fleet.messages.orders import OrderIssued
from fleet.messages.reports import OrderAnswered

KIND = "executed-orders"


class ExecutedOrdersParams(Params):
    """Nothing to set."""

    kind: Literal["executed-orders"] = "executed-orders"


class ExecutedOrders:
    """Holds answers against announcements."""

    name = KIND
    attack_class = "stolen-key"

    def __init__(self, params: ExecutedOrdersParams) -> None:
        self._announced: set[tuple[str, str, int]] = set()

    def score(self, now_ms: int, inbox: Sequence[Message]) -> list[Suspicion]:
        fresh = {_announcement(m.sender, m.body) for m in inbox if isinstance(m.body, OrderIssued)}
        suspicions = []
        for message in inbox:
            body = message.body
            if not isinstance(body, OrderAnswered) or body.cause or body.vehicle != message.sender:
                continue
            key = (body.claimed_sender, body.order_id, body.counter)
            if key not in self._announced and key not in fresh:
                said = f"obeyed order {body.order_id!r}, counter {body.counter}, that was never announced"
                suspicions.append(Suspicion(body.vehicle, 1.0, said))
        return suspicions

    def learn(self, now_ms: int, inbox: Sequence[Message]) -> None:
        self._announced |= {_announcement(m.sender, m.body) for m in inbox if isinstance(m.body, OrderIssued)}

    def threshold(self) -> float:
        return 0.5


def _announcement(sender: str, body: OrderIssued) -> tuple[str, str, int]:
    return (sender, body.order_id, body.counter)


DETECTOR = DetectorKind(KIND, ExecutedOrdersParams, ExecutedOrders)
