"""What is wrong with `plants` in a scenario once its map, its sites and its vehicles are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fleet.base.errors import Fault, did_you_mean
from fleet.base.materials import MATERIALS
from fleet.city.model import Site
from fleet.sim.ground import Ground, fault
from fleet.sim.plants.params import LineParams, PlantParams, PlantsParams
from fleet.sim.plants.recipe import RecipeParams

LEAST_BATCH_S = 1.0


def faults(params: PlantsParams, ground: Ground) -> Iterator[Fault]:
    """Every fault; each path starts at the section."""
    sites = {site.id: site for site in ground.sites}
    products = params.products
    for name in params.in_use_kg:
        if name not in products or products[name].returns_as is None:
            again = [product for product in products if products[product].returns_as is not None]
            yield fault(f"in_use_kg.{name}", "a product that comes back", repr(name), did_you_mean(name, again))
    supply, book, seen = _supply(params, ground), params.book, set[str]()
    for number, plant in enumerate(params.sites):
        here = f"sites.{number}"
        site = sites.get(plant.site)
        if site is None:
            yield fault(f"{here}.site", "a site of the map", repr(plant.site), did_you_mean(plant.site, sites))
            continue
        if plant.site in seen:
            yield fault(f"{here}.site", "each site once", repr(plant.site))
            continue
        seen.add(plant.site)
        yield from _plant_faults(here, plant, site, book)
        yield from _supply_faults(here, plant, site, book, supply)


def _supply(params: PlantsParams, ground: Ground) -> frozenset[str]:
    """What comes to plants at all: from citizens, from other plants, from the market."""
    sent = (plant.send_back.materials for plant in params.sites if plant.send_back is not None)
    returned = (p.returns_as for p in params.products.values() if p.returns_as is not None)
    return ground.demanded.union(*sent, returned if params.in_use_kg else ())


def _plant_faults(here: str, plant: PlantParams, site: Site, book: Mapping[str, RecipeParams]) -> Iterator[Fault]:
    made: set[str] = set()
    for n, line in enumerate(plant.lines):
        if line.recipe not in book:
            hint = did_you_mean(line.recipe, book) or "known: " + ", ".join(book)
            yield fault(f"{here}.lines.{n}.recipe", "a recipe", repr(line.recipe), hint)
            continue
        recipe = book[line.recipe]
        made |= {*recipe.products, *recipe.byproducts}
        yield from _batch_faults(f"{here}.lines.{n}", line, recipe, site)
        if line.workers > plant.workers:
            expected = f"at most the site's workers, {plant.workers}"
            yield fault(f"{here}.lines.{n}.workers", expected, str(line.workers))
    for name in plant.stores_kg:
        if name not in made:
            yield _unmade(f"{here}.stores_kg.{name}", name, made)
    for n, shipping in enumerate(plant.ships):
        if shipping.what not in made:
            yield _unmade(f"{here}.ships.{n}.what", shipping.what, made)
    if sum(plant.stock_kg.values()) > site.capacity_kg:
        expected = f"at most what the site holds, {site.capacity_kg:g} kg"
        yield fault(f"{here}.stock_kg", expected, f"{sum(plant.stock_kg.values()):g} kg")
    hazardous = sorted(m for m in site.accepts & MATERIALS.keys() if MATERIALS[m].hazardous)
    if hazardous and not plant.licensed:
        yield fault(f"{here}.licensed", "a licence, for a site that accepts " + ", ".join(hazardous), "none")
    for n, material in enumerate(plant.send_back.materials if plant.send_back is not None else ()):
        if material in site.accepts:
            expected = "a material that the site does not accept: it would come back at once"
            yield fault(f"{here}.send_back.materials.{n}", expected, repr(material))


def _batch_faults(here: str, line: LineParams, recipe: RecipeParams, site: Site) -> Iterator[Fault]:
    """A batch that is over at once would be followed by countless others, and a huge one never begins."""
    kg, kg_per_h = line.batch_kg or recipe.batch_kg, line.kg_per_h or recipe.kg_per_h
    if kg * 3600.0 < LEAST_BATCH_S * kg_per_h:
        expected = f"batches that take at least {LEAST_BATCH_S:g} s each"
        yield fault(here, expected, f"{kg:g} kg at {kg_per_h:g} kg/h")
    if kg > site.capacity_kg:
        expected = f"batches of at most what the site holds, {site.capacity_kg:g} kg"
        yield fault(here, expected, f"{kg:g} kg", "no batch would ever begin")


def _unmade(path: str, name: str, made: set[str]) -> Fault:
    hint = did_you_mean(name, sorted(made)) or f"they make: {', '.join(sorted(made)) or 'nothing'}"
    return fault(path, "what a line of the site makes", repr(name), hint)


def _supply_faults(
    here: str, plant: PlantParams, site: Site, book: Mapping[str, RecipeParams], supply: frozenset[str]
) -> Iterator[Fault]:
    """A plant, or a line of it, that nobody supplies would stand still and say nothing."""
    if not site.accepts and not plant.stock_kg:
        expected = "a site that accepts materials, or stock_kg to begin with: nobody supplies this one"
        yield fault(f"{here}.site", expected, repr(plant.site))
        return
    comes = (site.accepts & supply) | plant.stock_kg.keys()
    if not comes:
        wanted = ", ".join(sorted(site.accepts))
        expected = f"a site that accepts what somebody asks to have fetched; it accepts {wanted}"
        yield fault(f"{here}.site", expected, repr(plant.site), "nobody supplies this one")
        return
    recipes = [book[line.recipe] for line in plant.lines if line.recipe in book]
    inside = set(comes).union(*(recipe.sorted for recipe in recipes))
    sorts = any(recipe.finds > 0.0 for recipe in recipes) or plant.assay is not None
    for n, line in enumerate(plant.lines):
        if line.recipe not in book or sorts:
            continue
        if not inside & set(book[line.recipe].takes):
            takes = ", ".join(book[line.recipe].takes)
            expected = f"a recipe for what comes to the site ({', '.join(sorted(inside))})"
            hint = f"it takes {takes}, and nobody supplies that here"
            yield fault(f"{here}.lines.{n}.recipe", expected, repr(line.recipe), hint)
