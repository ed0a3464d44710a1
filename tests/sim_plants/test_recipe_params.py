"""Recipes keep mass, or are refused; what comes out weighs what goes in."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fleet.base.materials import MATERIALS
from fleet.sim.plants.batch import outcome
from fleet.sim.plants.recipe import RecipeParams
from fleet.sim.plants.recipes import BUILT_IN_RECIPES
from tests.sim_plants.recipes import recipes

NAMES = sorted(MATERIALS)


def recipe(**changes) -> RecipeParams:
    plain = {"takes": ["paper"], "products": {"pulp": {"share": 0.8}}, "byproducts": {"sludge": {"share": 0.2}}}
    return RecipeParams.model_validate({**plain, **changes})


def fault(**changes) -> str:
    with pytest.raises(ValidationError) as caught:
        recipe(**changes)
    return str(caught.value)


def test_every_built_in_recipe_keeps_its_mass():
    assert len(BUILT_IN_RECIPES) == 15
    for name, found in BUILT_IN_RECIPES.items():
        total = math.fsum(found.shares.values()) + math.fsum(found.sorted.values())
        assert total == pytest.approx(1.0, abs=1e-12), name


def test_a_recipe_that_makes_mass_from_nothing_is_refused():
    text = fault(products={"pulp": {"share": 0.9}})
    assert "shares that add up to 1; they add up to 1.1: this recipe makes mass from nothing" in text


def test_a_recipe_that_loses_mass_in_silence_is_refused():
    assert "they add up to 0.7: this recipe loses mass without saying so" in fault(
        products={"pulp": {"share": 0.5}}
    )
    assert recipe(products={"pulp": {"share": 0.5}}, losses={"water": 0.3}).losses == {"water": 0.3}


def test_names_of_what_comes_out_differ():
    text = fault(products={"sludge": {"share": 0.8}})
    assert "names that differ" in text
    assert "`sludge` is there twice" in text


def test_a_material_nobody_knows_is_refused_with_a_hint():
    assert "did you mean `paper`?" in fault(takes=["papr"])


def test_a_line_that_sorts_needs_a_place_for_what_it_misses():
    text = fault(byproducts={}, products={"pulp": {"share": 1.0}}, finds=0.5)
    assert "a by-product, for what is not found" in text


def test_what_comes_back_needs_a_name_and_a_lifetime():
    assert "recyclable_share, returns_as and lifetime_days" in fault(
        products={"pulp": {"share": 0.8, "recyclable_share": 1}}
    )


CONTENTS = st.dictionaries(st.sampled_from(NAMES), st.floats(1e-3, 500.0), min_size=1, max_size=6)


@given(recipes(), CONTENTS, st.floats(0.0, 1.0))
def test_what_comes_out_weighs_what_goes_in(made, contents, shift):
    """Whatever the recipe, whatever lies in the batch, and whoever tampers with it."""
    given_in = contents if made.finds else {m: kg for m, kg in contents.items() if m in made.takes}
    out = outcome(made, given_in, shift)
    assert math.fsum(out.total.values()) == pytest.approx(math.fsum(given_in.values()), rel=1e-12, abs=1e-12)
    assert all(kg >= 0.0 for kg in out.total.values())


@given(recipes(), st.floats(0.01, 500.0), st.floats(0.0, 1.0))
def test_a_shift_moves_product_to_byproduct_and_nothing_else(made, kg, shift):
    contents = {made.takes[0]: kg}
    plain, shifted = outcome(made, contents), outcome(made, contents, shift)
    assert (shifted.lost, shifted.sorted) == (plain.lost, plain.sorted)
    moved = math.fsum(plain.products.values()) - math.fsum(shifted.products.values())
    most = math.fsum(plain.products.values()) if made.byproducts else 0.0
    assert moved == pytest.approx(min(shift * kg, most), abs=1e-9)


def test_sorting_finds_a_part_and_the_rest_is_in_the_residue():
    sorting = recipe(finds=0.75, sorted={"metals": 0.5}, products={}, byproducts={"residue": {"share": 0.5}})
    out = outcome(sorting, {"paper": 8.0, "batteries": 4.0})
    assert out.found == {"batteries": 3.0}
    assert out.sorted == {"metals": 4.0}
    assert out.byproducts == {"residue": 5.0}
