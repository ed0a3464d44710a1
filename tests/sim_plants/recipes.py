"""Random recipes for properties."""

from hypothesis import strategies as st

from fleet.base.materials import MATERIALS
from fleet.sim.plants.recipe import RecipeParams


@st.composite
def recipes(draw, takes=None):
    """Anything that a scenario may say; the last share is whatever is missing."""
    count = draw(st.integers(1, 7))
    weights = draw(st.lists(st.integers(1, 100), min_size=count, max_size=count))
    shares = [weight / sum(weights) for weight in weights]
    kinds = draw(
        st.lists(st.sampled_from(["product", "byproduct", "loss", "sorted"]), min_size=count, max_size=count)
    )
    names = draw(st.permutations(sorted(MATERIALS)))
    parts = {"products": {}, "byproducts": {}, "losses": {}, "sorted": {}}
    for number, (share, kind) in enumerate(zip(shares, kinds, strict=True)):
        if kind == "product":
            parts["products"][f"product-{number}"] = {"share": share}
        elif kind == "byproduct":
            parts["byproducts"][f"byproduct-{number}"] = {"share": share}
        elif kind == "loss":
            parts["losses"][f"loss-{number}"] = share
        else:
            parts["sorted"][names[number]] = share
    finds = draw(st.sampled_from([0.0, 0.0, 0.5, 1.0])) if parts["byproducts"] else 0.0
    return RecipeParams.model_validate(
        {
            "takes": takes or draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True)),
            "finds": finds,
            "heat_share": draw(st.sampled_from([0.0, 0.5, 1.0])),
            "kwh_per_kg": draw(st.sampled_from([0.0, 0.3, 2.0])),
            "kg_per_h": draw(st.floats(0.5, 500.0)),
            "batch_kg": draw(st.floats(0.05, 30.0)),
            **parts,
        }
    )
