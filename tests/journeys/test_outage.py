"""Four hours without 30 % of the chargers: nobody falls, service goes on, and is back soon after the power."""

from __future__ import annotations

import runpy

import pytest

from fleet.study.model import Point
from tests.journeys.stages import ROOT

TOOL = runpy.run_path(str(ROOT / "tools" / "outage.py"))
FROM, UNTIL = TOOL["FROM"], TOOL["UNTIL"]
run, back_min = TOOL["run"], TOOL["back_min"]


def days(name: str, share: float, *changes: str) -> tuple[dict, dict]:
    """What came of a day with an outage of this share, and of the same day without."""
    scenario = str(ROOT / "configs" / name)
    cut = f'grid.outages=[{{share_of_chargers: {share}, from: "{FROM}", until: "{UNTIL}"}}]'
    return tuple(run(Point("", 1, "", scenario, (*changes, *more))) for more in ((cut,), ()))


def kept(there: dict, free: dict, what: str) -> float:
    return there[what] / free[what]


def nobody_falls(there: dict) -> None:
    assert there["lost"] == there["stranded"] == 0
    assert there["over_reserve_wh"] >= 0.0
    assert there["residual"] < 1e-6


def holds_what_is_promised(there: dict, free: dict) -> None:
    nobody_falls(there)
    assert there["dark_share"] >= 0.3
    for what in ("served", "meanwhile"):
        assert kept(there, free, what) >= 0.6
        if free.get(f"{what} hazardous", 0):
            assert kept(there, free, f"{what} hazardous") >= 0.85
    back = back_min(there, free)
    assert back is not None
    assert back <= 45.0


@pytest.mark.slow
@pytest.mark.parametrize("charging", ["swap", "charge"])
def test_a_small_town_keeps_its_service(charging):
    changes = ("run.duration_h=10", "demand.processes.0.per_day=200", f"docking.charging={charging}")
    holds_what_is_promised(*days("four-corners.yaml", 0.3, *changes))


@pytest.mark.slow
def test_in_a_small_town_all_in_the_dark_nobody_falls():
    there, free = days("four-corners.yaml", 1.0, "run.duration_h=10", "demand.processes.0.per_day=200")
    nobody_falls(there)
    assert 0.0 < kept(there, free, "meanwhile") < 0.5, "batteries are all there is"
    assert back_min(there, free) <= 45.0


@pytest.mark.thorough
@pytest.mark.parametrize("share", [0.3, 0.6])
def test_neo_terra_keeps_its_service(share):
    holds_what_is_promised(*days("neo-terra.yaml", share))
