"""What a recipe is: which waste goes in, and what comes out of each kilogram of it."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field, model_validator

from fleet.base.params import MaterialName, NonNegative, Params, Positive, Share, refusal

OutputName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
"""What a recipe makes has a name of its own, which may be that of a material."""

Throughput = Annotated[float, Field(ge=0.01, le=1e6)]
BatchSize = Annotated[float, Field(ge=0.01, le=1e6)]

SHARES_WITHIN = 1e-9
"""So far the shares of a recipe may be from 1 in all."""


class ProductParams(Params):
    """Something of use that a recipe makes. What is shipped comes back as waste, if it has a lifetime."""

    share: Positive
    """Kilograms of it per kilogram that goes in."""
    recyclable_share: Share = 0.0
    """The part of it that can come back."""
    returns_as: MaterialName | None = None
    """What it is called then."""
    lifetime_days: Annotated[float, Field(gt=0.0, le=36_500.0)] | None = None
    """How long it is used, on average."""
    lifetime_shape: Annotated[float, Field(ge=0.3, le=20.0)] = 1.0
    """The shape of the Weibull distribution of its lifetime; 1 is the exponential one, more is less spread."""

    @model_validator(mode="after")
    def _returns_whole(self) -> ProductParams:
        given = [self.recyclable_share > 0.0, self.returns_as is not None, self.lifetime_days is not None]
        if any(given) and not all(given):
            expected = "recyclable_share, returns_as and lifetime_days together, or none of them"
            raise refusal(expected, "what comes back needs all three")
        return self


class ByproductParams(Params):
    """Something that a recipe leaves and nobody wants; its store fills unless it is shipped."""

    share: Positive
    toxicity: Share = 0.0
    """How harmful it is where it leaks, 0 to 1: nothing in the world depends on it, it is for whoever scores."""


class RecipeParams(Params):
    """How a line turns waste into something else. The shares of all that comes out must add up to 1."""

    takes: Annotated[tuple[MaterialName, ...], Field(min_length=1)]
    """What goes in; of several, the first that is there."""
    sorted: dict[MaterialName, NonNegative] = Field(default_factory=dict)
    """What of it becomes waste of another name, put back into the site's stock."""
    products: dict[OutputName, ProductParams] = Field(default_factory=dict)
    byproducts: dict[OutputName, ByproductParams] = Field(default_factory=dict)
    losses: dict[OutputName, NonNegative] = Field(default_factory=dict)
    """What is lost to the air or the drain, by its reason."""
    finds: Share = 0.0
    """A line that sorts puts aside this part of whatever else lies in its batch; the rest ends in the first
    by-product. With 0 the line takes only what it is made for, and leaves everything else lying."""
    heat_share: Share = 1.0
    """The part of its energy that becomes heat at the site; the rest is in what it makes."""
    kwh_per_kg: Annotated[float, Field(ge=0.0, le=1_000.0)] = 0.0
    kg_per_h: Throughput = 50.0
    batch_kg: BatchSize = 25.0

    @model_validator(mode="after")
    def _keeps_mass(self) -> RecipeParams:
        names = [*self.products, *self.byproducts, *self.losses]
        for name in names:
            if names.count(name) > 1:
                raise refusal(
                    "names that differ among products, by-products and losses", f"`{name}` is there twice"
                )
        total = math.fsum(self.shares.values()) + math.fsum(self.sorted.values())
        if abs(total - 1.0) > SHARES_WITHIN:
            wrong = "makes mass from nothing" if total > 1.0 else "loses mass without saying so"
            raise refusal("shares that add up to 1", f"they add up to {total:.10g}: this recipe {wrong}")
        if self.finds > 0.0 and not self.byproducts:
            raise refusal("a by-product, for what is not found", at=["finds"])
        return self

    @property
    def shares(self) -> dict[str, float]:
        """What of each kilogram becomes products, by-products and losses."""
        made = {name: product.share for name, product in self.products.items()}
        left = {name: byproduct.share for name, byproduct in self.byproducts.items()}
        return {**made, **left, **self.losses}
