"""What the plants of a run made of what they received, as they tell it: batch by batch, from their own meters.

Processed is what went into batches that ended; made are products, left by-products. What is sorted goes back into
stock and is processed again as something else, so a kilogram may be processed twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fleet.messages.envelope import Message
from fleet.messages.plants import BatchEnded, LineStopped


class Works:
    """A `fleet.messages.port.Listener` that adds up batches. All fields may be read at any time."""

    def __init__(self) -> None:
        self.batches = 0
        self.processed_kg = 0.0
        self.made_kg = 0.0
        self.left_kg = 0.0
        self.kwh = 0.0
        self.stops: Counter[str] = Counter()
        """How often a line could not begin a batch, by cause."""
        self._heard: set[tuple[str, int, int]] = set()

    def hear(self, tick: int, batch: Sequence[Message]) -> None:
        """Count everything heard at `tick`, what is told twice once."""
        for message in batch:
            body = message.body
            if not isinstance(body, (BatchEnded, LineStopped)):
                continue
            number = (message.sender, message.seq, message.t_ms)
            if number in self._heard:
                continue
            self._heard.add(number)
            if isinstance(body, LineStopped):
                self.stops[body.cause] += 1
            else:
                self._ended(body)

    def _ended(self, body: BatchEnded) -> None:
        self.batches += 1
        self.processed_kg += sum(body.input_kg.values())
        self.made_kg += sum(body.product_kg.values())
        self.left_kg += sum(body.byproduct_kg.values())
        self.kwh += body.kwh
