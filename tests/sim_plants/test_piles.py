"""Piles and stock are one and the same mass, whoever takes from the stock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from fleet.sim.body import add_to
from fleet.sim.plants.piles import Piles

MATERIAL = st.sampled_from(["paper", "glass", "batteries", "mixed"])
KG = st.floats(1e-6, 100.0)


def test_what_lies_on_a_pile_is_not_always_what_it_is_called():
    stock = {"paper": 8.0, "batteries": 2.0}
    piles = Piles(stock)
    piles.put("paper", dict(stock))
    assert (piles.kg("paper"), piles.of("paper", "batteries"), piles.kg("batteries")) == (10.0, 2.0, 0.0)
    assert piles.share("paper", 5.0) == {"batteries": 1.0, "paper": 4.0}
    assert piles.pick("paper", "batteries") == 2.0
    assert (piles.names, piles.kg("batteries"), stock) == (
        ["batteries", "paper"],
        2.0,
        {"paper": 8.0, "batteries": 2.0},
    )


def test_what_is_gone_is_gone_from_every_pile_in_proportion():
    stock = {"paper": 10.0}
    piles = Piles(stock)
    piles.put("paper", {"paper": 6.0})
    piles.put("mixed", {"paper": 4.0})
    stock["paper"] = 5.0
    piles.settle()
    assert (piles.kg("paper"), piles.kg("mixed")) == (3.0, 2.0)


@given(KG)
def test_a_share_is_never_more_than_there_is(kg):
    piles = Piles({"paper": 3.0})
    piles.settle()
    assert sum(piles.share("paper", kg).values()) == pytest.approx(min(kg, 3.0))


class Yard(RuleBasedStateMachine):
    """Loads, lines, pickers and thieves, in any order."""

    def __init__(self):
        super().__init__()
        self.stock = {}
        self.piles = Piles(self.stock)

    @rule(pile=MATERIAL, contents=st.dictionaries(MATERIAL, KG, min_size=1))
    def load(self, pile, contents):
        add_to(self.stock, contents)
        self.piles.put(pile, contents)

    @rule(pile=MATERIAL, kg=KG)
    def take(self, pile, kg):
        before = sum(self.stock.values())
        share = self.piles.share(pile, kg)
        self.piles.take(pile, share)
        assert sum(self.stock.values()) == pytest.approx(before - sum(share.values()), abs=1e-9)

    @rule(pile=MATERIAL, contents=st.dictionaries(MATERIAL, KG, min_size=1))
    def put_back(self, pile, contents):
        self.piles.add(pile, contents)

    @rule(pile=MATERIAL, material=MATERIAL)
    def pick(self, pile, material):
        before = self.piles.piled_kg(material)
        self.piles.pick(pile, material)
        assert self.piles.piled_kg(material) == pytest.approx(before)

    @rule(material=MATERIAL, part=st.floats(0.0, 1.0))
    def steal(self, material, part):
        if material in self.stock:
            self.stock[material] *= part
            self.piles.settle()

    @rule(material=MATERIAL, kg=KG)
    def bring(self, material, kg):
        add_to(self.stock, {material: kg})
        self.piles.settle()

    @invariant()
    def agree(self):
        for material in ("paper", "glass", "batteries", "mixed"):
            assert self.piles.piled_kg(material) == pytest.approx(self.stock.get(material, 0.0), abs=1e-9)
        assert all(self.piles.kg(name) > 0.0 for name in self.piles.names)


TestYard = Yard.TestCase
