"""One batch, worked out when it begins: what goes in, what comes out, how long it takes, what it draws."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fleet.messages.plants import StopCause
from fleet.sim.body import add_to
from fleet.sim.plants.drive import Drive
from fleet.sim.plants.params import LineParams
from fleet.sim.plants.piles import Piles
from fleet.sim.plants.recipe import RecipeParams

Masses = dict[str, float]
Cause = StopCause | Literal[""]
"""Why a line stands; "" where it works."""


@dataclass(frozen=True)
class Outcome:
    """Kilograms by name. `sorted` is what became waste of other names, `found` what else lay in it."""

    sorted: Masses
    found: Masses
    products: Masses
    byproducts: Masses
    lost: Masses

    @property
    def stored(self) -> Masses:
        """What needs room in the stores."""
        return {**self.products, **self.byproducts}

    @property
    def back(self) -> Masses:
        """What goes back into stock."""
        back = dict(self.sorted)
        add_to(back, self.found)
        return back

    @property
    def total(self) -> Masses:
        """All of it by name, where two may bear the same."""
        total: Masses = {}
        for part in (self.sorted, self.found, self.products, self.byproducts, self.lost):
            add_to(total, part)
        return total


@dataclass(frozen=True)
class Batch:
    """`given` is what goes in, by what it is; `piles` by what it was called, and how it is taken from each.

    `claimed` is what the plant says comes out: the recipe to the letter, also where that is not what happens.
    """

    piles: Mapping[str, Masses]
    given: Masses
    outcome: Outcome
    claimed: Outcome
    began_ms: int
    lasts_ms: int
    kwh: float

    @property
    def kw(self) -> float:
        """What it draws while it is worked on."""
        return self.kwh * 3_600_000 / self.lasts_ms


def outcome(recipe: RecipeParams, given: Mapping[str, float], shift: float = 0.0) -> Outcome:
    """What becomes of `given`. A `shift` above 0 makes so much of each kilogram a by-product instead of a product.

    Nothing is lost: what comes out weighs what goes in, to the rounding of floats.
    """
    own = math.fsum(kg for material, kg in given.items() if material in recipe.takes)
    foreign = {material: kg for material, kg in given.items() if material not in recipe.takes}
    per_kg = own / (math.fsum(recipe.shares.values()) + math.fsum(recipe.sorted.values()))
    products = {name: per_kg * product.share for name, product in recipe.products.items()}
    byproducts = {name: per_kg * byproduct.share for name, byproduct in recipe.byproducts.items()}
    found = {material: recipe.finds * kg for material, kg in foreign.items() if recipe.finds > 0.0}
    if byproducts:
        first = next(iter(byproducts))
        byproducts[first] += math.fsum(foreign[material] - found.get(material, 0.0) for material in foreign)
        made = math.fsum(products.values())
        if shift > 0.0 and made > 0.0:
            moved = min(shift * per_kg, made)
            byproducts[first] += moved
            products = {name: kg * (1.0 - moved / made) for name, kg in products.items()}
    return Outcome(
        sorted={material: per_kg * share for material, share in recipe.sorted.items()},
        found=found,
        products=products,
        byproducts=byproducts,
        lost={name: per_kg * share for name, share in recipe.losses.items()},
    )


class Line:
    """A line of a plant. `cause` is why it stands, "" while it works.

    A batch that loses its power waits in the line, and `since_ms` is -1; else it has gone on since then, with
    `left_ms` to go. `turn` counts how often it was begun or held up. `shift` is tampering's
    (`outcome`), and `moved_kg` what became by-product by it.
    """

    def __init__(self, number: int, params: LineParams, recipe: RecipeParams, drive: Drive) -> None:
        self.number = number
        self.drive = drive
        self.since_ms = -1
        self.left_ms = 0
        self.turn = 0
        self.name = params.recipe
        self.recipe = recipe
        self.workers = params.workers
        self.batch: Batch | None = None
        self.cause: Cause = "no-input"
        self.shift = 0.0
        self.moved_kg = 0.0
        self._kg_per_h = params.kg_per_h or recipe.kg_per_h
        self._batch_kg = params.batch_kg or recipe.batch_kg

    def next_batch(self, piles: Piles, now_ms: int) -> Batch | None:
        """A full batch of what lies there; None where there is not enough."""
        taken, left = {}, self._batch_kg
        for pile in self.recipe.takes:
            portion = self._portion(piles, pile, left)
            if portion:
                taken[pile] = portion
                left -= sum(portion.values())
        if left > 1e-9 * self._batch_kg:
            return None
        given: Masses = {}
        for portion in taken.values():
            add_to(given, portion)
        kg = sum(given.values())
        claimed = outcome(self.recipe, given)
        return Batch(
            piles=taken,
            given=given,
            outcome=outcome(self.recipe, given, self.shift) if self.shift else claimed,
            claimed=claimed,
            began_ms=now_ms,
            lasts_ms=max(1, round(3_600_000 * kg / self._kg_per_h)),
            kwh=kg * self.recipe.kwh_per_kg,
        )

    def _portion(self, piles: Piles, pile: str, kg: float) -> Masses:
        """Of what lies on a pile; a line that does not sort takes what it is made for, and leaves the rest."""
        if kg <= 0.0:
            return {}
        if self.recipe.finds > 0.0:
            return piles.share(pile, kg)
        there = min(kg, piles.of(pile, pile))
        return {pile: there} if there > 0.0 else {}
