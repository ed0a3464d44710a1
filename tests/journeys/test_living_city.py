"""A day of Neo-Terra with everything on: plants, grid, sensors, people, trouble; judged from the record."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.judge import Record

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "fleet", "run", "configs/living-city.yaml", "--json", "--quiet"]
pytestmark = [pytest.mark.slow, pytest.mark.thorough]


def run(*arguments: str) -> dict[str, Any]:
    done = subprocess.run([*COMMAND, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Record]:
    directory = tmp_path_factory.mktemp("runs") / "day"
    return run("--seed", "4", "-o", str(directory)), Record(directory, ROOT / "maps" / "neo-terra.geojson")


def test_every_ledger_closes(day: tuple[dict[str, Any], Record]) -> None:
    ((_, closed),) = day[1].bodies("WorldClosed")
    worst = [closed[f"residual_{family}"] for family in ("kg", "wh", "items", "credits")]
    assert max(worst) < 1e-6
    ledgers = {"kg": closed["kg"], "Wh": closed["wh"], **closed["ledgers"]}
    # Each balance is rounded to six decimals.
    assert all(abs(sum(kinds.values())) < 1e-6 * len(kinds) for kinds in ledgers.values())
    assert {"items", "credits", "kg/glass", "kg/batteries", "kg/cullet"} <= ledgers.keys()


def test_what_each_kind_of_account_weighs_is_the_sum_of_its_materials(day: tuple[dict[str, Any], Record]) -> None:
    ((_, closed),) = day[1].bodies("WorldClosed")
    sums: defaultdict[str, float] = defaultdict(float)
    for ledger, kinds in closed["ledgers"].items():
        for kind, kg in kinds.items():
            sums[kind] += kg if ledger.startswith("kg/") else 0.0
    assert {kind: pytest.approx(kg, abs=1e-4) for kind, kg in closed["kg"].items()} == {
        kind: kg for kind, kg in sums.items() if kind in closed["kg"]
    }


def test_all_of_it_happens(day: tuple[dict[str, Any], Record]) -> None:
    told = {
        "BatchEnded", "StockReported", "Assayed", "Shipped", "SiteOpened", "PowerChanged", "MeterRead", "TagsSeen",
        "LevelsRead", "CreditEarned", "Deposited", "CrowdCounted", "AirspaceChanged", "Scavenged", "MarketBought",
        "TroubleBegan", "TroubleEnded",
    }  # fmt: skip
    assert {name for name in told if not list(day[1].bodies(name))} == set()


def test_trouble_is_of_many_kinds_and_often_enough(day: tuple[dict[str, Any], Record]) -> None:
    kinds = Counter(body["kind"] for _, body in day[1].bodies("TroubleBegan"))
    drone_days = day[0]["vehicles"] * 10 / 24
    assert len(kinds) >= 12
    assert sum(kinds.values()) >= drone_days / 4


def test_what_must_not_fly_goes_by_street(day: tuple[dict[str, Any], Record]) -> None:
    taken = [body for _, body in day[1].bodies("PickupCollected") if body["pickup_id"].startswith("hazards/")]
    assert len(taken) > 10
    assert {body["vehicle"].split("-")[0] for body in taken} <= {"hazmat", "courier"}


def test_the_city_lives_on_in_it(day: tuple[dict[str, Any], Record]) -> None:
    assert day[0]["served"] / day[0]["requested"] > 0.85


def test_the_same_day_again(day: tuple[dict[str, Any], Record]) -> None:
    again = run("--seed", "4")
    assert (again["digest"], again["digest_world"]) == (day[0]["digest"], day[0]["digest_world"])
