"""The stores of one site: what its lines make, how much room there is, and what is promised to running batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

_SLACK = 1e-9


class Stores:
    """Products and by-products by name. `limits` are kilograms; of what is not in them there is `otherwise`."""

    def __init__(self, limits: Mapping[str, float], otherwise: float) -> None:
        self._limits = dict(limits)
        self._otherwise = otherwise
        self._promised: defaultdict[str, float] = defaultdict(float)
        self.products: dict[str, float] = {}
        self.byproducts: dict[str, float] = {}

    def kg(self, name: str) -> float:
        """How much of it there is."""
        return self.products.get(name, 0.0) + self.byproducts.get(name, 0.0)

    def has_room(self, wanted: Mapping[str, float]) -> bool:
        """Whether so much more of each would fit, once every running batch is in."""
        return all(
            self.kg(name) + self._promised[name] + kg <= self._limits.get(name, self._otherwise) + _SLACK
            for name, kg in wanted.items()
        )

    def promise(self, wanted: Mapping[str, float]) -> None:
        """Keep room for it."""
        for name, kg in wanted.items():
            self._promised[name] += kg

    def fill(
        self, promised: Mapping[str, float], products: Mapping[str, float], byproducts: Mapping[str, float]
    ) -> None:
        """A batch is in, and no room needs to be kept for it any more."""
        for name, kg in promised.items():
            self._promised[name] -= kg
        for store, made in ((self.products, products), (self.byproducts, byproducts)):
            for name, kg in made.items():
                store[name] = store.get(name, 0.0) + kg

    def empty(self, name: str) -> float:
        """Take all there is of it. Returns how much that was."""
        return self.products.pop(name, 0.0) + self.byproducts.pop(name, 0.0)
