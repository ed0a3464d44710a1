"""Every primitive of the registry, live: a clean run and an attacked one of the same seed, side by side.

The direct effect is there from the acknowledged tick on, with the asked size, measured from the state of the world
and not from what tampering says of itself; before that tick the two logs are byte-equal. A primitive without a
case in some `cases_*.py` beside this file fails.

How many seeds on each of the two maps: the variable FLEET_SEEDS, 5 at most; without it one seed on the small one.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from functools import cache

import pytest

import tests.journeys
from fleet.messages.truth import WorldClosed
from fleet.sim.tampering import discover
from fleet.sim.tampering.checks import check_live
from tests.journeys.live import Case, Live
from tests.journeys.stages import Asks, Corners, Run, Scene, Town

pytestmark = pytest.mark.slow
MODULES = [
    importlib.import_module(f"tests.journeys.{m.name}")
    for m in pkgutil.iter_modules(tests.journeys.__path__)
    if m.name.startswith("cases_")
]
CASES: dict[str, Case] = {name: case for module in MODULES for name, case in module.CASES.items()}
AREA_CASES: dict[str, Case] = {
    name: case for module in MODULES for name, case in getattr(module, "AREA_CASES", {}).items()
}
SEEDS = range(1, 1 + min(5, int(os.environ.get("FLEET_SEEDS", "1"))))
STAGES = {f"{kind.__name__.lower()}-{seed}": (kind, seed) for kind in (Corners, Town) for seed in SEEDS}
CORNERS, TOWN = "corners-1", pytest.param("town-1", marks=pytest.mark.thorough)
"""Stages for what is tried with one seed."""


def live(stage: str, scene: Scene, asks: Asks) -> Run:
    kind, seed = STAGES[stage]
    return kind(seed, scene).live(asks)


@cache
def clean(stage: str, scene: Scene) -> Run:
    return live(stage, scene, {})


def hold(case: Case, stage: str) -> None:
    """Live through both runs, check what holds for every primitive, and measure."""
    before, runs = clean(stage, case.scene), []
    ask = case.prepare(before)

    def play(asks: Asks) -> list:
        runs.append(live(stage, case.scene, asks) if asks else before)
        return runs[-1].heard

    pair = check_live(play, ask.request, at_tick=ask.at_tick, stop_tick=ask.stop_tick, more=ask.more)
    ((_, closed),) = runs[1].of(WorldClosed)
    assert max(closed.body.residual_kg, closed.body.residual_wh) < 1e-6
    case.measure(Live(before, runs[1], ask, pair.effect_tick))


def test_every_primitive_has_a_case():
    assert CASES.keys() == discover().keys()


@pytest.mark.parametrize("stage", [CORNERS, TOWN, *(stage for stage in STAGES if not stage.endswith("-1"))])
@pytest.mark.parametrize("primitive", sorted(discover()))
def test_the_effect_is_there_from_the_acknowledged_tick_on(primitive, stage):
    hold(CASES[primitive], stage)


@pytest.mark.parametrize("stage", [CORNERS, TOWN])
@pytest.mark.parametrize("primitive", sorted(AREA_CASES))
def test_so_it_is_by_area(primitive, stage):
    hold(AREA_CASES[primitive], stage)
