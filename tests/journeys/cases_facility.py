"""Live cases of `facility.*`: what lies at a plant, in its stores, and what its scales and assays say."""

from dataclasses import replace

import pytest

from fleet.messages.plants import Assayed, BatchEnded, StockReported
from fleet.messages.reports import Unloaded
from fleet.messages.truth import WorldClosed
from fleet.sim.plants.params import PlantsParams
from tests.journeys.live import Ask, Case, Live, start
from tests.journeys.stages import Run, Scene
from tests.sim.toy import waste

INSIDE = "{declared: paper, material: glass, mass: 0.2}"
LINE = {"recipe": "paper-pulp", "batch_kg": 0.5, "kg_per_h": 30}
ASSAY = {"materials": ["glass"], "every_kg": 0.5, "sigma": 0.001, "limit": 1}
SCENE = Scene(
    changes=(
        f"demand.processes.0.inside=[{INSIDE}]",
        "demand.processes.0.materials={paper: 1}",
        "demand.processes.0.per_day=1500",
        f"plants.sites=[{{site: plant, lines: [{LINE}], assay: {ASSAY}}}]",
    ),
    town={
        "plants": PlantsParams(sites=({"site": "home", "lines": [LINE], "assay": ASSAY},)),
        "waiting": tuple(
            replace(waste(n, n % 6, announced_ms=5000 * n), contents={"paper": 0.8, "glass": 0.2})
            for n in range(12)
        ),
    },
)
"""A plant that pulps paper with glass in it."""


def site_of(run: Run) -> str:
    return next(iter(run.world.annexes.plants.sites))


def plant_of(run: Run):
    return run.world.annexes.plants.sites[site_of(run)]


def before_first(run: Run, kind: type) -> int:
    """The tick before anything of a kind is said by the plant."""
    return next(t for t, m in run.heard if isinstance(m.body, kind) and m.sender == site_of(run)) - 1


def last_tick(run: Run) -> int:
    return max(run.samples) - 5


def said(run: Run, kind: type, after: int, until: int = 10**9) -> list:
    return [
        m.body
        for t, m in run.heard
        if isinstance(m.body, kind) and m.sender == site_of(run) and after < t <= until
    ]


def account(run: Run, name: str) -> float:
    ((_, closed),) = run.of(WorldClosed)
    return closed.body.kg.get(name, 0.0)


# ---- recipe


def to_degrade(run: Run) -> Ask:
    asked = start("facility.degraded-recipe", site_of(run), shift_share=0.2)
    return Ask(asked, before_first(run, Unloaded) - 5, last_tick(run))


def degraded(live: Live) -> None:
    """A fifth of all that went in is sludge that should be pulp; batches claim what they always did."""
    clean, attacked = plant_of(live.clean), plant_of(live.attacked)
    ended = said(live.attacked, BatchEnded, live.e)
    put_in = 0.5 * len(ended)
    assert len(ended) == len(said(live.clean, BatchEnded, live.e)) > 2
    assert attacked.stores.byproducts["sludge"] - clean.stores.byproducts["sludge"] == pytest.approx(0.2 * put_in)
    assert clean.stores.products["pulp"] - attacked.stores.products["pulp"] == pytest.approx(0.2 * put_in)
    for batch in ended:
        assert batch.product_kg["pulp"] == pytest.approx(0.85 * 0.5, rel=0.05)
        assert batch.byproduct_kg["sludge"] == pytest.approx(0.15 * 0.5, rel=0.05)
    told = said(live.attacked, StockReported, live.e)[-1].byproduct_kg["sludge"]
    assert told == pytest.approx(attacked.stores.byproducts["sludge"], rel=0.05), "the store's scale sees it"


# ---- scale


def to_bias(run: Run) -> Ask:
    ticks = [t for t, m in run.of(Unloaded) if m.sender == site_of(run)]
    asked = start("facility.biased-scale", site_of(run), factor=0.5)
    gap = next(n for n in range(len(ticks) - 1) if ticks[n + 1] > ticks[n] + 10)
    return Ask(asked, ticks[0] - 5, ticks[gap] + 5)


def biased(live: Live) -> None:
    """Half of what is there while it holds, all of it before and afterwards; the world does not change."""
    weighed = [
        (t, sum(m.body.weighed_kg.values()), sum(c.body.weighed_kg.values()))
        for (t, m), (_, c) in zip(live.attacked.of(Unloaded), live.clean.of(Unloaded), strict=True)
        if m.sender == site_of(live.clean)
    ]
    for tick, attacked, clean in weighed:
        factor = 0.5 if live.e < tick <= live.ask.stop_tick + 1 else 1.0
        assert attacked == pytest.approx(factor * clean, abs=0.002)
    assert weighed[0][1] < 0.6 * weighed[0][2]
    stock = said(live.attacked, StockReported, live.e, live.ask.stop_tick)
    for said_now, true in zip(stock, said(live.clean, StockReported, live.e, live.ask.stop_tick), strict=True):
        assert sum(said_now.stock_kg.values()) == pytest.approx(0.5 * sum(true.stock_kg.values()), abs=0.005)
    assert plant_of(live.attacked).yard.stock == plant_of(live.clean).yard.stock


# ---- assay


def to_hide(run: Run) -> Ask:
    return Ask(
        start("facility.biased-assay", site_of(run), factor=0.0), before_first(run, Assayed) - 5, last_tick(run)
    )


def hidden(live: Live) -> None:
    clean = [a.share for a in said(live.clean, Assayed, live.e) if a.pile == "paper"]
    attacked = [a.share for a in said(live.attacked, Assayed, live.e) if a.pile == "paper"]
    assert len(clean) == len(attacked) > 1
    assert min(clean) > 0.1
    assert max(attacked) < 0.01
    assert plant_of(live.attacked).yard.stock == plant_of(live.clean).yard.stock


# ---- stock


def to_rob(run: Run) -> Ask:
    tick = last_tick(run) - 30
    asked = start("facility.silent-withdrawal", site_of(run), mass_kg=0.1, material="glass")
    return Ask(asked, tick, tick + 10)


def robbed(live: Live) -> None:
    """A hundred grams less, in the stock and in no message."""
    clean, attacked = plant_of(live.clean).yard.stock, plant_of(live.attacked).yard.stock
    assert clean["glass"] - attacked["glass"] == pytest.approx(0.1)
    assert {m: kg for m, kg in clean.items() if m != "glass"} == {
        m: kg for m, kg in attacked.items() if m != "glass"
    }
    assert account(live.attacked, "withdrawn-silently") == pytest.approx(0.1)
    assert account(live.clean, "withdrawn-silently") == 0.0
    assert len(said(live.attacked, object, live.e)) == len(said(live.clean, object, live.e))


CASES = {
    "facility.degraded-recipe": Case(to_degrade, degraded, SCENE),
    "facility.biased-scale": Case(to_bias, biased, SCENE),
    "facility.biased-assay": Case(to_hide, hidden, SCENE),
    "facility.silent-withdrawal": Case(to_rob, robbed, SCENE),
}
