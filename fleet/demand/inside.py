"""What a pickup really consists of, where that is not all what it is called."""

from __future__ import annotations

from collections.abc import Iterable

EXACT = 1e-9
"""Shares that add up to more than 1 by no more than this add up to 1."""


def contents_of(material: str, kg: float, others: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Kilograms of each material in `kg` called `material`, of which `others` are (material, share of the mass).

    Empty where it is all what it is called.

    >>> contents_of("mixed", 2.0, [("glass", 0.25), ("lamps", 0.25)])
    {'mixed': 1.0, 'glass': 0.5, 'lamps': 0.5}
    """
    contents: dict[str, float] = {}
    left = 1.0
    for other, share in others:
        share = min(share, left)
        if share > 0.0 and kg > 0.0:
            contents[other] = contents.get(other, 0.0) + share * kg
            left -= share
    if not contents:
        return {}
    rest = kg - sum(contents.values())
    return {material: rest, **contents} if left > EXACT else contents
