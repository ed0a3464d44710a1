"""What a scenario says under `plants`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from fleet.base.clock import ClockTime
from fleet.base.params import MaterialName, NonNegative, Params, Positive, Share, refusal
from fleet.messages.plants import PlantKind
from fleet.sim.plants.recipe import BatchSize, OutputName, ProductParams, RecipeParams, Throughput
from fleet.sim.plants.recipes import BUILT_IN_RECIPES


class LineParams(Params):
    """Equal lines that work by one recipe."""

    recipe: str
    """A name under plants.recipes, or a built-in recipe."""
    count: Annotated[int, Field(ge=1, le=100)] = 1
    kg_per_h: Throughput | None = None
    batch_kg: BatchSize | None = None
    """Throughput and batch of each, where they are not the recipe's."""
    workers: Annotated[int, Field(ge=0, le=1000)] = 0
    """How many it keeps busy while it works."""


class AssayParams(Params):
    """Samples of what comes in: how much there is in a pile that it is not called."""

    materials: Annotated[tuple[MaterialName, ...], Field(min_length=1)]
    """What is looked for."""
    every_kg: Annotated[float, Field(ge=0.01, le=1e6)] = 50.0
    """A sample of a pile each time that so much more was put on it."""
    sigma: Share = 0.01
    """Standard error of the share found."""
    limit: Share = 0.02
    """A share found above this has the pile picked through, and all of the material put on a pile of its own."""


class ShippingParams(Params):
    """When a store is emptied."""

    what: OutputName
    at_kg: Positive | None = None
    """As soon as there is so much of it."""
    every_h: Annotated[float, Field(ge=0.01, le=168.0)] | None = None
    """And so often since the start of the run."""
    to: Literal["market", "disposal"] = "market"

    @model_validator(mode="after")
    def _is_ever(self) -> ShippingParams:
        if self.at_kg is None and self.every_h is None:
            raise refusal("at_kg, every_h, or both")
        return self


class SendBackParams(Params):
    """What a site does not keep: the fleet is asked to fetch it, as from any citizen."""

    materials: Annotated[tuple[MaterialName, ...], Field(min_length=1)]
    at_kg: Annotated[float, Field(ge=0.01, le=1e6)] = 0.5
    """As soon as so much of it is known to be there."""
    volume_l: Annotated[float, Field(ge=1.0, le=1000.0)] = 20.0
    """At most so much in one pickup."""
    window_min: Annotated[float, Field(ge=10.0, le=10_080.0)] = 120.0
    """How long one waits; what is not fetched by then is asked for again."""


class WithdrawalParams(Params):
    """Who may have stock given out, and how much."""

    operators: tuple[str, ...] = ()
    """Names of the operators whose orders count; none is every operator."""
    bearers: tuple[str, ...] = ()
    """To whom it is given; none is anybody."""
    most_kg: Positive = 50.0
    """In one order."""
    most_kg_per_day: Positive = 200.0
    """In 24 hours from the start of the run, and so on."""


class PlantParams(Params):
    """A site of the map, or of `facilities`, that works on what it receives."""

    site: str
    kind: PlantKind = "mechanical"
    licensed: bool = True
    """Without a licence it may take nothing hazardous."""
    lines: Annotated[tuple[LineParams, ...], Field(max_length=100)] = ()
    workers: Annotated[int, Field(ge=0, le=10_000)] = 0
    store_kg: NonNegative = 1_000.0
    """How much of each product and by-product there is room for, unless `stores_kg` says so."""
    stores_kg: dict[OutputName, NonNegative] = Field(default_factory=dict)
    stock_kg: dict[MaterialName, Positive] = Field(default_factory=dict)
    """What lies there when the run begins."""
    scale_sigma: Annotated[float, Field(ge=0.0, le=0.5)] = 0.005
    """Error of its scales, as a share of the reading."""
    assay: AssayParams | None = None
    ships: Annotated[tuple[ShippingParams, ...], Field(max_length=100)] = ()
    send_back: SendBackParams | None = None
    withdrawals: WithdrawalParams | None = None
    opens_at: ClockTime | None = None
    closes_at: ClockTime | None = None
    """With both, every day; with one of them, once: a plant that is shut down, or one that opens for the first
    time. While it is closed it takes no loads and begins no batches; its chargers stay open."""

    @model_validator(mode="after")
    def _opens(self) -> PlantParams:
        if self.opens_at is not None and self.opens_at == self.closes_at:
            raise refusal("another time than opens_at", at=["closes_at"])
        return self


class ReturnParams(Params):
    """How products come back as waste: as pickups of citizens, at any place that takes the material."""

    volume_l: Annotated[float, Field(ge=1.0, le=1000.0)] = 15.0
    """Of one pickup."""
    window_min: Annotated[float, Field(ge=10.0, le=1_440.0)] = 120.0
    service_s: Annotated[float, Field(ge=0.0, le=3_600.0)] = 60.0


class PlantsParams(Params):
    """Sites that work on what they receive: recipes, lines, assays, stores, shipping."""

    recipes: dict[OutputName, RecipeParams] = Field(default_factory=dict)
    """Beside the built-in ones, or instead of those of the same name."""
    sites: Annotated[tuple[PlantParams, ...], Field(max_length=10_000)] = ()
    in_use_kg: dict[OutputName, Annotated[float, Field(ge=0.0, le=1e6)]] = Field(default_factory=dict)
    """How much of each product is in use in the city when the run begins; it comes back in its time."""
    returns: ReturnParams = ReturnParams()

    @property
    def book(self) -> Mapping[str, RecipeParams]:
        """Every recipe by name."""
        return {**BUILT_IN_RECIPES, **self.recipes}

    @property
    def products(self) -> dict[str, ProductParams]:
        """Every product by name; where recipes of one product differ, as in the first that a line works by."""
        used = [line.recipe for plant in self.sites for line in plant.lines if line.recipe in self.book]
        found: dict[str, ProductParams] = {}
        for name in (*used, *self.book):
            for product, params in self.book[name].products.items():
                found.setdefault(product, params)
        return found
