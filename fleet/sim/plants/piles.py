"""What lies at a site, by what it is called there: piles with whatever is really in them."""

from __future__ import annotations

from collections.abc import Mapping

from fleet.sim.body import add_to

_NOTHING = 1e-12
"""kg; less than that is a rounding error."""


class Piles:
    """The piles of one site. Together they are its stock, which others may take from or add to without asking.

    `settle` brings the piles in line with the stock: what has gone, has gone from every pile in proportion, and
    what came without a name lies on the pile of what it is.
    """

    def __init__(self, stock: dict[str, float]) -> None:
        self._stock = stock
        self._piles: dict[str, dict[str, float]] = {}

    def put(self, pile: str, contents: Mapping[str, float]) -> None:
        """Something that is in the stock already was put on a pile."""
        add_to(self._piles.setdefault(pile, {}), contents)

    def settle(self) -> None:
        """What the piles hold of each material is what the stock holds."""
        for material in sorted({*self._stock, *(m for pile in self._piles.values() for m in pile)}):
            there, piled = self._stock.get(material, 0.0), self.piled_kg(material)
            if there > piled + _NOTHING:
                self.put(material, {material: there - piled})
            elif there < piled - _NOTHING:
                for pile in self._piles.values():
                    if material in pile:
                        pile[material] *= max(0.0, there) / piled

    def piled_kg(self, material: str) -> float:
        """How much of a material lies on all piles."""
        return sum((pile.get(material, 0.0) for pile in self._piles.values()), 0.0)

    @property
    def names(self) -> list[str]:
        """Every pile that holds something."""
        return sorted(name for name in self._piles if self.kg(name) > _NOTHING)

    def kg(self, pile: str) -> float:
        """The mass of a pile."""
        return sum(self._piles.get(pile, {}).values(), 0.0)

    def of(self, pile: str, material: str) -> float:
        """How much of a material lies on a pile."""
        return self._piles.get(pile, {}).get(material, 0.0)

    def share(self, pile: str, kg: float) -> dict[str, float]:
        """What `kg` of a pile, well mixed, or all of it, hold."""
        contents = self._piles.get(pile, {})
        total = self.kg(pile)
        part = min(1.0, kg / total) if total > 0.0 else 0.0
        return {material: part * contents[material] for material in sorted(contents) if contents[material] > 0.0}

    def take(self, pile: str, contents: Mapping[str, float]) -> None:
        """So much of it leaves a pile and the stock. No more than is there can be asked for."""
        there = self._piles.get(pile, {})
        for material, kg in contents.items():
            _less(there, material, kg)
            _less(self._stock, material, kg)

    def add(self, pile: str, contents: Mapping[str, float]) -> None:
        """So much is put on a pile, and is in the stock from now on."""
        add_to(self._stock, contents)
        self.put(pile, contents)

    def pick(self, pile: str, material: str) -> float:
        """All of a material on a pile is put on the pile of its own name. Returns how much that was."""
        kg = self._piles.get(pile, {}).pop(material, 0.0)
        self.put(material, {material: kg})
        return kg


def _less(contents: dict[str, float], material: str, kg: float) -> None:
    left = contents.get(material, 0.0) - kg
    if left > _NOTHING:
        contents[material] = left
    else:
        contents.pop(material, None)
