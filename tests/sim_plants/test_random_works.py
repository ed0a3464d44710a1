"""Any recipes, any loads, any trouble: at every moment every kilogram and watt-hour is somewhere, and said so."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fleet.messages.plants import StockReported
from fleet.sim.books import CREDITS, ITEMS, KG, WH
from fleet.sim.grid.params import GridParams
from fleet.sim.plants.params import ShippingParams
from tests.sim_plants.recipes import recipes
from tests.sim_plants.works import Works

NAMES = st.sampled_from(["paper", "glass", "plastics", "batteries", "mixed"])
CONTENTS = st.dictionaries(NAMES, st.floats(0.001, 60.0), min_size=1, max_size=3)
DARK = [{"sites": ["home"], "from": "09:00", "until": "11:00"}]


@st.composite
def sites(draw):
    """A plant that may do everything, and the recipes of its lines."""
    made = draw(st.lists(recipes(takes=None), min_size=1, max_size=3))
    book = {f"recipe-{n}": recipe for n, recipe in enumerate(made)}
    outputs = sorted({name for recipe in made for name in (*recipe.products, *recipe.byproducts)})
    ships = [
        {"what": name, "at_kg": draw(st.floats(0.1, 30.0)), "to": draw(st.sampled_from(["market", "disposal"]))}
        for name in outputs
        if draw(st.booleans())
    ]
    site = {
        "site": "home",
        "workers": draw(st.integers(0, 3)),
        "lines": [
            {"recipe": name, "count": draw(st.integers(1, 2)), "workers": draw(st.integers(0, 1))} for name in book
        ],
        "store_kg": draw(st.sampled_from([0.5, 20.0, 1000.0])),
        "ships": ships,
        "stock_kg": draw(st.dictionaries(NAMES, st.floats(0.1, 100.0), max_size=2)),
        "assay": draw(
            st.sampled_from([None, {"materials": ["batteries", "glass"], "every_kg": 5, "limit": 0.01}])
        ),
        "send_back": draw(st.sampled_from([None, {"materials": ["batteries"], "window_min": 30}])),
        "closes_at": draw(st.sampled_from([None, "11:30"])),
    }
    return site, {name: recipe.model_dump(mode="json") for name, recipe in book.items()}


def closes(works) -> None:
    """The world settles, and nothing is missing from any ledger."""
    works.close()
    for ledger in works.books.ledgers:
        assert abs(math.fsum(works.books.totals(ledger).values())) < 1e-6, ledger
    for family in (KG, WH, ITEMS, CREDITS):
        assert works.books.residual[family] < 1e-6
    assert abs(works.account(KG, "converted")) < 1e-6
    assert abs(works.account(KG, "made")) < 1e-6


@given(sites(), st.lists(st.tuples(NAMES, CONTENTS, st.floats(0.0, 1.0)), max_size=8), st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_day_of_any_works_closes_its_books(made, loads, dark):
    site, book = made
    works = Works(
        site, recipes=book, setting={"grid": GridParams.model_validate({"outages": DARK if dark else []})}
    )
    for label, contents, hours in loads:
        works.load(**{label: contents}).run(hours)
    works.run(2.0)
    closes(works)


class Day(RuleBasedStateMachine):
    """One plant, and whoever has to do with it, in any order."""

    @initialize(made=sites())
    def open(self, made):
        site, book = made
        self.works = Works(site, recipes=book)
        self.brought = sum(site["stock_kg"].values())

    @rule(label=NAMES, contents=CONTENTS)
    def load(self, label, contents):
        self.works.load(**{label: contents})
        self.brought += sum(contents.values())

    @rule(hours=st.floats(0.01, 3.0))
    def wait(self, hours):
        self.works.run(hours)

    @rule(material=NAMES, part=st.floats(0.1, 1.0))
    def steal(self, material, part):
        yard = self.works.plant().yard
        kg = part * yard.stock.get(material, 0.0)
        if kg > 0.0:
            yard.stock[material] -= kg
            self.works.books.carry(("stock", "home"), ("withdrawn-silently", ""), {material: kg})
            self.brought -= kg

    @rule(share=st.floats(0.0, 1.0))
    def degrade(self, share):
        for line in self.works.plant().lines:
            line.shift = share

    @rule(name=st.sampled_from(["product-0", "byproduct-0", "byproduct-1"]))
    def ship(self, name):
        self.works.plant().ship(ShippingParams(what=name, at_kg=1.0, to="disposal"))

    @invariant()
    def nothing_is_lost(self):
        works, plant = self.works, self.works.plant()
        plant.settle()
        works.books.compare_contents(("stock", "home"), plant.yard.stock)
        held = ("stock", "in-process", "product", "by-product", "lost", "market", "disposal", "in-use", "waiting")
        there = math.fsum(works.account(KG, kind) for kind in held)
        assert there == pytest.approx(self.brought, abs=1e-6)
        for name in (*plant.stores.products, *plant.stores.byproducts):
            assert plant.stores.kg(name) >= 0.0

    @invariant()
    def reports_are_near_the_truth(self):
        """By the scales of the site: half a percent each, seldom off by five."""
        self.works.plant().report()
        self.works.toy.said += self.works.toy.bus.turn()
        stock = sum(self.works.heard(StockReported)[-1].stock_kg.values())
        assert stock == pytest.approx(self.works.plant().yard.stock_kg, rel=0.05, abs=0.01)

    def teardown(self):
        if hasattr(self, "works"):
            closes(self.works)


TestDay = Day.TestCase
TestDay.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
