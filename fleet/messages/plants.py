"""What sites that work on waste tell, and what may be ordered of their stock. All they tell is a claim: their own
scales and assays are behind it, and whoever runs them.

Masses are kilograms by name: waste by what it is called there, products and by-products by the names of their
recipes.
"""

from __future__ import annotations

from typing import Literal

from fleet.messages.plane import Command, Telemetry

PlantKind = Literal["nanofactory", "mechanical", "manual"]
StopCause = Literal["no-input", "no-room", "no-power", "no-workers", "closed"]
"""Why a line stands still."""


class SiteOpened(Telemetry, frozen=True, kw_only=True):
    """A plant takes loads and works from now on: what kind it is, whether it has a licence, what it can do."""

    site: str
    kind: PlantKind
    licensed: bool
    recipes: tuple[str, ...]


class SiteClosed(Telemetry, frozen=True, kw_only=True):
    """A plant takes no loads and begins no batch; what is under way is finished, and chargers stay open."""

    site: str


class BatchEnded(Telemetry, frozen=True, kw_only=True):
    """A line has done a batch. What went in, and what is said to have come out: back into stock (sorted), into the
    stores, and into the air. `kwh` is what its meter saw."""

    site: str
    line: int
    recipe: str
    began_ms: int
    input_kg: dict[str, float]
    sorted_kg: dict[str, float]
    product_kg: dict[str, float]
    byproduct_kg: dict[str, float]
    lost_kg: dict[str, float]
    kwh: float


class StockReported(Telemetry, frozen=True, kw_only=True):
    """What lies at a plant now, as its scales show: waste by what it is called, and what is in its stores."""

    site: str
    stock_kg: dict[str, float]
    product_kg: dict[str, float]
    byproduct_kg: dict[str, float]


class Assayed(Telemetry, frozen=True, kw_only=True):
    """A sample of what is called `pile` was looked at: the share of `material` in it, with its standard error."""

    site: str
    sample: int
    pile: str
    material: str
    share: float
    sigma: float


class Shipped(Telemetry, frozen=True, kw_only=True):
    """A store was emptied: so much of a product or by-product went to the market, or to be disposed of."""

    site: str
    what: str
    scale_kg: float
    to: Literal["market", "disposal"]


class LineStopped(Telemetry, frozen=True, kw_only=True):
    """A line that has nothing under way cannot begin a batch, and why; said once for each new cause."""

    site: str
    line: int
    recipe: str
    cause: StopCause


class WithdrawStock(Command, frozen=True, kw_only=True):
    """Give `kg` of what lies at a site under the name of `material` to `bearer`, who is there to take it."""

    order_id: str
    site: str
    material: str
    kg: float
    bearer: str


class Withdrawn(Telemetry, frozen=True, kw_only=True):
    """A site gave out stock on an order; `scale_kg` is what its scale showed."""

    site: str
    order_id: str
    material: str
    scale_kg: float
    bearer: str
