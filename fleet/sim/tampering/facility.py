"""Facilities: what comes out of their recipes, what their scales and assays show, and what leaves them unsaid."""

from __future__ import annotations

from fleet.base.materials import MATERIALS
from fleet.sim.books import KG
from fleet.sim.plants.plant import Plant
from fleet.sim.tampering.held import Held
from fleet.sim.tampering.primitive import Asked, Parameter, Primitive, Reach, Running

SILENTLY = ("withdrawn-silently", "")
"""The account of what left a site's stock unsaid."""


def _plant(reach: Reach, asked: Asked) -> Plant | str:
    plants = {} if reach.annexes is None else reach.annexes.plants.sites
    return plants.get(asked.target) or f"{asked.target} is no plant: it works on nothing"


def _degrade(reach: Reach, asked: Asked) -> Running | str:
    plant = _plant(reach, asked)
    if isinstance(plant, str):
        return plant
    lines = [line for line in plant.lines if line.recipe.products and line.recipe.byproducts]
    if not lines:
        return f"{asked.target} has no line that makes both a product and a by-product"
    if any(line.shift for line in lines):
        return f"the recipes of {asked.target} are degraded already"
    before = sum(line.moved_kg for line in lines)

    def shift(share: float) -> None:
        for line in lines:
            line.shift = share

    shift(asked.numbers["shift_share"])
    return Held(asked, lambda: sum(line.moved_kg for line in lines) - before, lambda: shift(0.0))


def _bias_scale(reach: Reach, asked: Asked) -> Running | str:
    scale, factor = reach.world.parts.yards[asked.target].wear.scale, asked.numbers["factor"]
    if factor == 1.0:
        return "factor: expected another than 1"
    layer = f"tampered/{asked.tamper_id}"
    scale.put(layer, factor)
    return Held(asked, lambda: factor, lambda: scale.drop(layer))


def _bias_assay(reach: Reach, asked: Asked) -> Running | str:
    plant = _plant(reach, asked)
    if isinstance(plant, str):
        return plant
    assays, factor = plant.assays, asked.numbers["factor"]
    if not assays.there:
        return f"{asked.target} assays nothing"
    if assays.factor != 1.0:
        return f"the assays of {asked.target} are off already"
    if factor == 1.0:
        return "factor: expected another than 1"
    assays.factor = factor

    def let_go() -> None:
        assays.factor = 1.0

    return Held(asked, lambda: factor, let_go)


def _withdraw(reach: Reach, asked: Asked) -> Running | str:
    """It is gone at once, and stays gone."""
    yard, books = reach.world.parts.yards[asked.target], reach.world.parts.books
    material, kg = asked.words["material"], asked.numbers["mass_kg"]
    there = yard.stock.get(material, 0.0)
    if kg > there:
        return f"mass_kg: expected at most the {material} that {asked.target} has, {there:.3f}, found {kg:g}"
    yard.stock[material] = there - kg
    books.carry(("stock", yard.id), SILENTLY, {material: kg})
    books.compare(KG, ("stock", yard.id), yard.stock_kg)
    return Held(asked, lambda: kg, lambda: None)


PRIMITIVES = (
    Primitive(
        name="facility.degraded-recipe",
        target="site",
        parameters=(Parameter("shift_share", "kg that become by-product, per kg of input", 0.001, 1.0),),
        text="Of every kilogram that goes into a batch begun from now on, so much becomes by-product that should "
        "have become product, as far as the recipe makes any. BatchEnded goes on claiming what the recipe says; "
        "what lies in the stores is weighed as it is.",
        where="stores in StockReported against the sum of BatchEnded; by-products fill faster, lines stop for "
        "want of room, and less is shipped",
        quantity="moved_kg",
        begin=_degrade,
    ),
    Primitive(
        name="facility.biased-scale",
        target="site",
        parameters=(Parameter("factor", "what the scales show of a kilogram", 0.1, 10.0),),
        text="Every scale of the site, the weighbridge first, shows so many times what is on it. What is given "
        "out on an order is weighed with it, too, so that too much or too little leaves.",
        where="weighed_kg and stock_kg in Unloaded against what vehicles said they collected; StockReported; "
        "Withdrawn",
        quantity="scale_factor",
        begin=_bias_scale,
    ),
    Primitive(
        name="facility.biased-assay",
        target="site",
        parameters=(Parameter("factor", "what an assay shows of the true share; 0 hides it", 0.0, 100.0),),
        text="Every assay of the site shows so many times the share that is there, never above 1. With 0 nothing "
        "is found any more, and nothing is sent back.",
        where="share in Assayed against other samples of the same source, and what sorting finds later",
        quantity="assay_factor",
        begin=_bias_assay,
    ),
    Primitive(
        name="facility.silent-withdrawal",
        target="site",
        parameters=(
            Parameter("mass_kg", "how much is taken; no more than is there", 0.001, 100_000.0),
            Parameter("material", "what is taken, as it really is", words=tuple(MATERIALS)),
        ),
        text="Stock leaves the site, now, without an order and without a word. It goes to the account "
        "`withdrawn-silently`; what the site says of its stock later is what is left.",
        where="StockReported, or stock_kg in Unloaded, against what came in, was processed, shipped and withdrawn",
        quantity="withdrawn_kg",
        begin=_withdraw,
    ),
)
